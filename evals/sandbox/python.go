package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoPython says that there is nothing to run the programs with.
var ErrNoPython = errors.New("python3 is not installed or not on the PATH: install Python 3.8 or later")

// An interpreter is a Python and where its files lie.
type interpreter struct {
	Path    string   // the executable, without symbolic links
	Version string   // "3.11.7"
	Roots   []string // directories that it reads from, its libraries among them
}

// describePython makes an interpreter describe itself. A shim on the PATH (pyenv, asdf) leads to the real one.
const describePython = `import json, os, sys
print(json.dumps({"Path": os.path.realpath(sys.executable), "Version": sys.version.split()[0],
    "Roots": [sys.base_prefix, sys.base_exec_prefix] + [os.path.realpath(p) for p in sys.path if os.path.isdir(p)]}))`

// findPythons returns the interpreters on the PATH in its order, or the named one alone.
func findPythons(name string) ([]interpreter, error) {
	candidates := []string{name}
	if name == "" {
		candidates = nil
		for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
			candidates = append(candidates, filepath.Join(dir, "python3"))
		}
	}
	var found []interpreter
	var problem error
	for _, path := range candidates {
		path, err := exec.LookPath(path)
		if err != nil {
			continue
		}
		python, err := describe(path)
		if err != nil {
			problem = err
			continue
		}
		if !slices.ContainsFunc(found, func(p interpreter) bool { return p.Path == python.Path }) {
			found = append(found, python)
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case problem != nil:
		return nil, problem
	case name != "":
		return nil, fmt.Errorf("%s: %w", name, ErrNoPython)
	}
	return nil, ErrNoPython
}

// describe asks the interpreter at path where it lives.
func describe(path string) (interpreter, error) {
	var python interpreter
	var complaint strings.Builder
	cmd := exec.Command(path, "-I", "-S", "-c", describePython)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return python, fmt.Errorf("%s does not run: %w: %s", path, err, firstLine(complaint.String()))
	}
	if err := json.Unmarshal(out, &python); err != nil {
		return python, fmt.Errorf("%s is no python3: %w", path, err)
	}
	return python, nil
}

// systemRoots are the places that any dynamically linked program reads.
var systemRoots = []string{"/usr", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store", "/etc/ld.so.cache"}

// view lists the directories and files that a program may read: none lies below another one.
func (p interpreter) view() []string {
	var roots []string
	wanted := append(slices.Clone(systemRoots), p.Roots...)
	slices.SortStableFunc(wanted, func(a, b string) int { return len(a) - len(b) })
	for _, path := range append(wanted, p.Path) {
		covered := slices.ContainsFunc(roots, func(r string) bool { return path == r || strings.HasPrefix(path, r+"/") })
		if _, err := os.Lstat(path); err == nil && !covered && path != "/" {
			roots = append(roots, path)
		}
	}
	return roots
}

// firstLine returns the first line of s that is not blank, at most 200 bytes of it.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.ToValidUTF8(line[:min(len(line), 200)], "")
}
