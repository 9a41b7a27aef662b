package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestStampsAgree builds a program of stamp.go alone, in a repository of its own, with the Makefile and without.
func TestStampsAgree(t *testing.T) {
	for _, tool := range []string{"git", "make", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, from := range map[string]string{"Makefile": "../../Makefile", ".gitignore": "../../.gitignore", "cmd/tandem/stamp.go": "stamp.go"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		write(name, string(text))
	}
	write("go.mod", "module tandem\n\ngo 1.26\n")
	write("cmd/tandem/main.go", `package main

import (
	"fmt"
	"runtime/debug"
)

func main() {
	stamp(debug.ReadBuildInfo())
	fmt.Println(version, commit)
}
`)
	run := func(name string, args ...string) string {
		t.Helper()
		command := exec.Command(name, args...)
		command.Dir = dir
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	check := func(form string) {
		t.Helper()
		run("make", "build")
		run("go", "build", "-buildvcs=true", "-o", "bin/plain", "./cmd/tandem")
		made, plain := run("bin/tandem"), run("bin/plain")
		if made != plain || !regexp.MustCompile("^"+form+"$").MatchString(made) {
			t.Errorf("make build says %q, go build %q; want %s", made, plain, form)
		}
	}
	run("git", "init", "-q")
	run("git", "add", ".")
	run("git", "-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false", "commit", "-qm", "first")
	check(`v0\.0\.0-\d{14}-[0-9a-f]{12} [0-9a-f]{12}`)
	write("new.txt", "not committed")
	check(`v0\.0\.0-\d{14}-[0-9a-f]{12}\+dirty [0-9a-f]{12}\+dirty`)
	run("git", "add", ".")
	run("git", "-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false", "commit", "-qm", "second")
	run("git", "tag", "v1.2.3")
	check(`v1\.2\.3 [0-9a-f]{12}`)
}
