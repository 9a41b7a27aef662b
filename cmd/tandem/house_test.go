package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// How long functions and this package may be.
const (
	mostLines   = 60  // of a function
	mostOfAVerb = 150 // lines of this package without its tests, for each verb
)

// flagName is that of a command-line flag in a text.
var flagName = regexp.MustCompile(`(^|[\s'"(])--[a-z]`)

// foreignFlags are files whose texts name flags of other programs.
var foreignFlags = map[string]bool{
	"bench/environment.go":                      true, // python3
	"bench/ab/build.go":                         true, // git
	"bench/ab/errorrate/main.go":                true, // tandem, which it calls
	"evals/sandbox/runner.go":                   true, // containers
	"transformer/models/package.go":             true, // pip
	"transformer/cuda/kernels/kernels.go":       true, // the compiler
	"transformer/cuda/kernels/compile/nvrtc.go": true,
}

// TestHouse: functions are short, this package is thin, and no library names a flag: what to do on the command line is said here.
func TestHouse(t *testing.T) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir, lines := strings.TrimSpace(string(root)), 0
	err = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		name, err := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.ToSlash(filepath.Dir(name)) == "cmd/tandem" {
			lines += bytes.Count(text, []byte("\n"))
		}
		return inspect(t, name, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	verbs := reflect.TypeFor[cli]().NumField() - 1 // --version is none
	if most := verbs * mostOfAVerb; lines == 0 || lines >= most {
		t.Errorf("cmd/tandem has %d lines for %d verbs, want fewer than %d", lines, verbs, most)
	}
}

// inspect reports long functions and, outside cmd, flags in a file's texts.
func inspect(t *testing.T, name string, text []byte) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	library := !strings.HasPrefix(name, "cmd/") && !foreignFlags[name]
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if lines := files.Position(n.End()).Line - files.Position(n.Pos()).Line + 1; lines > mostLines {
				t.Errorf("%s: %s has %d lines, more than %d", name, n.Name.Name, lines, mostLines)
			}
		case *ast.BasicLit:
			if library && n.Kind == token.STRING && flagName.MatchString(n.Value) {
				t.Errorf("%s: a library names a flag: %s", files.Position(n.Pos()), n.Value)
			}
		}
		return true
	})
	return nil
}
