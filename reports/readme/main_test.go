package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/internal/golden"
)

// TestReadme: README and docs/RESULTS.md show the results that they name. `make readme` writes them anew.
func TestReadme(t *testing.T) {
	for path, part := range map[string]string{"../../README.md": "verdict", "../../docs/RESULTS.md": "table"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "<!-- begin: "+part+" ") {
			t.Errorf("%s has no %s of results", path, part)
		}
		filled, err := fill(string(text), filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, path, []byte(filled))
	}
}

// TestRun: the parts are written, the rest stays, and filling what is filled changes nothing.
func TestRun(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "run"), os.DirFS("testdata/run")); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("run/frontier.png", "a picture")
	write("run/errors.md", "| build | alarms |\n")
	write("README.md", "before\n<!-- begin: table run 80 -->\nold\n<!-- end -->\nbetween\n<!-- begin: verdict run -->\n<!-- end -->\n"+
		"<!-- begin: chart run frontier pass rate against speed -->\n<!-- end -->\n<!-- begin: file run/errors.md -->\n<!-- end -->\nafter\n")
	for range 2 {
		if err := run([]string{filepath.Join(root, "README.md")}); err != nil {
			t.Fatal(err)
		}
		filled, err := os.ReadFile(filepath.Join(root, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, "testdata/README.md", filled)
	}
}

func TestBadParts(t *testing.T) {
	for text, want := range map[string]string{
		"<!-- begin: table run 80 -->\n":                            "has no end",
		"<!-- begin: table run 80 --><!-- end -->":                  "lines of their own",
		"<!-- begin: table run wide -->\n<!-- end -->":              "wide",
		"<!-- begin: tables run -->\n<!-- end -->":                  "write table FOLDER WIDTH",
		"<!-- begin: verdict none -->\n<!-- end -->":                "none/summary.json",
		"<!-- begin: chart run nothing a picture -->\n<!-- end -->": "nothing.png",
	} {
		if _, err := fill(text, "testdata"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if err := run(nil); err == nil {
		t.Error("no files are filled")
	}
}
