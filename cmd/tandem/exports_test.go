package main

import (
	"go/types"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// promised are exported names that no other package uses, each with the reason why it is exported all the same.
var promised = map[string]string{
	"tandem/cmd/tandem/flags.Config.BeforeResolve": "kong calls it",
	"tandem/decoders.EntropyBound":                 "a policy of one's own may build on it",
	"tandem/decoders.Factor":                       "a policy of one's own may build on it",
	"tandem/decoders.Quota":                        "a policy of one's own may build on it",
	"tandem/evals.Auto":                            "the command line gives a Mode by its value",
	"tandem/evals.Ask":                             "a step of the package's doc, to be taken by itself",
	"tandem/evals.Extract":                         "a step of the package's doc, to be taken by itself",
	"tandem/evals.Extractor":                       "Extract for other texts than completions",
	"tandem/evals.Extractor.Extract":               "Extract for other texts than completions",
	"tandem/evals.Verdict":                         "a step of the package's doc, to be taken by itself",
	"tandem/transformer.Holder":                    "what a session may offer stands there with a name",
}

// TestExports finds exported names that no other package uses: what only its own package needs is written in lower case, and
// what nobody needs goes. What counts as used, too: a method that an interface asks for, a type that an exported name mentions,
// and a constant of an exported type that its own package uses.
func TestExports(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems leave parts of the program out")
	}
	loaded := loadModule(t)
	used, interfaces := usedNames(loaded), interfacesOf(loaded)
	unused := map[string]string{}
	for _, p := range loaded {
		if p.ForTest == "" && p.Name != "main" {
			mentioned := mentionedTypes(p.Types)
			for _, object := range exportedObjects(p.Types, interfaces) {
				if name := nameOf(object); !used[name] && !mentioned[object] {
					unused[name] = p.Fset.Position(object.Pos()).String()
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unused)) {
		if promised[name] == "" {
			t.Errorf("%s: no other package uses %s", unused[name], name)
		}
	}
	for name := range promised {
		if unused[name] == "" {
			t.Errorf("%s is promised but used, or gone", name)
		}
	}
}

func loadModule(t *testing.T) []*packages.Package {
	mode := packages.NeedName | packages.NeedImports | packages.NeedForTest | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo
	loaded, err := packages.Load(&packages.Config{Mode: mode, Tests: true}, "tandem/...")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range loaded {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
	}
	return loaded
}

// nameOf is package.Name, or package.Type.Method; the same for each variant of a package that the tests compile.
func nameOf(object types.Object) string {
	name := object.Name()
	if f, ok := object.(*types.Func); ok && f.Signature().Recv() != nil {
		receiver := f.Signature().Recv().Type()
		if pointer, ok := receiver.(*types.Pointer); ok {
			receiver = pointer.Elem()
		}
		if named, ok := receiver.(*types.Named); ok {
			name = named.Obj().Name() + "." + name
		}
	}
	return strings.TrimSuffix(object.Pkg().Path(), "_test") + "." + name
}

// usedNames are the names of the module that a package other than their own uses, or an example of how it is used from outside;
// and the constants of a type of their own that any package uses.
func usedNames(loaded []*packages.Package) map[string]bool {
	used := map[string]bool{}
	for _, p := range loaded {
		own := strings.TrimSuffix(p.Types.Path(), "_test")
		for ident, object := range p.TypesInfo.Uses {
			if object.Pkg() == nil || !strings.HasPrefix(object.Pkg().Path(), "tandem/") {
				continue
			}
			f, function := object.(*types.Func)
			if function {
				object = f.Origin()
			} else if object.Parent() != object.Pkg().Scope() {
				continue // a field or a local name
			}
			file := filepath.Base(p.Fset.Position(ident.Pos()).Filename)
			example := p.Name != object.Pkg().Name() && strings.HasPrefix(file, "example")
			value := isTypedConst(object) && !strings.HasSuffix(file, "_test.go")
			if object.Pkg().Path() != own || example || value {
				used[nameOf(object)] = true
			}
		}
	}
	return used
}

func isTypedConst(object types.Object) bool {
	_, constant := object.(*types.Const)
	_, named := object.Type().(*types.Named)
	return constant && named
}

// exportedObjects are a package's exported names and the methods of its exported types, without those that an interface asks for.
func exportedObjects(p *types.Package, interfaces []*types.Interface) (objects []types.Object) {
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		objects = append(objects, object)
		named, ok := object.Type().(*types.Named)
		if _, isType := object.(*types.TypeName); !ok || !isType || types.IsInterface(named) {
			continue
		}
		for method := range named.Methods() {
			if method.Exported() && !asked(named, method, interfaces) {
				objects = append(objects, method)
			}
		}
	}
	return objects
}

// asked says that an interface which the type satisfies has the method, or that package errors looks for it.
func asked(named *types.Named, method *types.Func, interfaces []*types.Interface) bool {
	if slices.Contains([]string{"Is", "As", "Unwrap"}, method.Name()) {
		return types.Implements(types.NewPointer(named), types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
	}
	return slices.ContainsFunc(interfaces, func(i *types.Interface) bool {
		m, _, _ := types.LookupFieldOrMethod(i, false, method.Pkg(), method.Name())
		return m != nil && types.Implements(types.NewPointer(named), i)
	})
}

// interfacesOf are the interfaces that the module's packages and those that they import declare.
func interfacesOf(loaded []*packages.Package) (interfaces []*types.Interface) {
	seen := map[*types.Package]bool{}
	var visit func(p *types.Package)
	visit = func(p *types.Package) {
		if seen[p] {
			return
		}
		seen[p] = true
		for _, name := range p.Scope().Names() {
			if i, ok := p.Scope().Lookup(name).Type().Underlying().(*types.Interface); ok {
				interfaces = append(interfaces, i)
			}
		}
		for _, imported := range p.Imports() {
			visit(imported)
		}
	}
	for _, p := range loaded {
		if p.ForTest == "" {
			visit(p.Types)
		}
	}
	return append(interfaces, ofErrors()...)
}

// ofErrors are the interfaces that package errors asks for without a name: Unwrap and Is.
func ofErrors() (interfaces []*types.Interface) {
	fault := types.Universe.Lookup("error").Type()
	for name, signature := range map[string]*types.Signature{
		"Unwrap": types.NewSignatureType(nil, nil, nil, nil, types.NewTuple(types.NewVar(0, nil, "", fault)), false),
		"Is": types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewVar(0, nil, "target", fault)),
			types.NewTuple(types.NewVar(0, nil, "", types.Typ[types.Bool])), false),
	} {
		interfaces = append(interfaces, types.NewInterfaceType([]*types.Func{types.NewFunc(0, nil, name, signature)}, nil).Complete())
	}
	return interfaces
}

// mentionedTypes are the types that a package's exported functions, methods, fields, variables and types mention.
func mentionedTypes(p *types.Package) map[types.Object]bool {
	mentioned := map[types.Object]bool{}
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		named, ok := object.Type().(*types.Named)
		if _, isType := object.(*types.TypeName); isType && ok {
			mention(mentioned, named.Underlying())
			for m := range named.Methods() {
				if m.Exported() {
					mention(mentioned, m.Type())
				}
			}
		} else if _, constant := object.(*types.Const); !constant {
			mention(mentioned, object.Type())
		}
	}
	return mentioned
}

// mention adds the types that have a name within t.
func mention(mentioned map[types.Object]bool, t types.Type) {
	switch t := t.(type) {
	case *types.Alias:
		mentioned[t.Obj()] = true
	case *types.Named:
		mentioned[t.Obj()] = true
		for argument := range t.TypeArgs().Types() {
			mention(mentioned, argument)
		}
	case interface{ Elem() types.Type }: // pointers, slices, arrays, maps and channels
		mention(mentioned, t.Elem())
		if m, ok := t.(*types.Map); ok {
			mention(mentioned, m.Key())
		}
	case *types.Signature:
		for _, list := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range list.Variables() {
				mention(mentioned, v.Type())
			}
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() {
				mention(mentioned, f.Type())
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			mention(mentioned, m.Type())
		}
	}
}
