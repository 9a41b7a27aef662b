package models

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tandem/transformer"
)

// TestCatalogue: each entry is complete, its names are its own, and its twin is an autoregressive one of the same shape.
func TestCatalogue(t *testing.T) {
	byName, seen := map[string]Entry{}, map[string]bool{}
	for _, e := range catalogue {
		byName[e.Name] = e
	}
	for _, e := range catalogue {
		if seen[e.Name] || e.Repository != "" && seen[e.Repository] {
			t.Errorf("%s stands twice", e.Name)
		}
		seen[e.Name], seen[e.Repository] = true, e.Repository != ""
		if !regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`).MatchString(e.Name) || strings.Contains(e.Name, "--") {
			t.Errorf("%s is no name for a folder and a command line", e.Name)
		}
		if e.Repository != "" && !hubName.MatchString(e.Repository) || (e.Repository == "") != (e.Package != nil) {
			t.Errorf("%s: repository %q, package %v", e.Name, e.Repository, e.Package)
		}
		if e.Parameters() < 1e8 || (e.Geometry == "") != (e.Numbers > 0) {
			t.Errorf("%s: %d parameters", e.Name, e.Parameters())
		}
		if _, err := transformer.Geometry(e.Geometry); e.Geometry != "" && err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
		if err := safe(e.Files); err != nil || len(e.Files) > 0 && e.Package == nil && !commit.MatchString(e.Revision) {
			t.Errorf("%s: files without a commit, or %v", e.Name, err)
		}
		twin, ok := byName[e.Twin]
		if e.Twin != "" && e.Twin != e.Name && (!ok || twin.Diffusion || !e.Diffusion || twin.Geometry != e.Geometry) {
			t.Errorf("%s: its twin %s is none", e.Name, e.Twin)
		}
	}
	if twins := byName["qwen2.5-7b"].Twins(); len(twins) != 3 || twins[0] != "dream-7b" {
		t.Errorf("the twins of qwen2.5-7b are %q", twins)
	}
	if twins := byName["dream-7b"].Twins(); len(twins) != 1 || twins[0] != "qwen2.5-7b" {
		t.Errorf("the twins of dream-7b are %q", twins)
	}
	if bytes, known := byName["smollm2-135m-instruct"].Bytes(); bytes != 98362432 || !known {
		t.Errorf("the packaged model has %d bytes, %v", bytes, known)
	}
	if bytes, known := byName["smollm2-135m"].Bytes(); bytes != 2*134515008 || known {
		t.Errorf("a model of 135M in bf16 has about %d bytes, %v", bytes, known)
	}
}

func TestFind(t *testing.T) {
	for name, want := range map[string]Entry{
		"Qwen/Qwen3-8B":               {Name: "qwen3-8b", Repository: "Qwen/Qwen3-8B"},
		"qwen3-8b":                    {Name: "qwen3-8b", Repository: "Qwen/Qwen3-8B"},
		"Qwen/Qwen3-8B@main":          {Name: "Qwen/Qwen3-8B@main", Repository: "Qwen/Qwen3-8B", Revision: "main"},
		"a/b":                         {Name: "a/b", Repository: "a/b"},
		"a/b@" + sha + "/x/Q4_0.gguf": {Name: "a/b@" + sha + "/x/Q4_0.gguf", Repository: "a/b", Revision: sha, File: "x/Q4_0.gguf"},
	} {
		e, err := Find(name)
		if err != nil || e.Name != want.Name || e.Repository != want.Repository || e.Revision != want.Revision || e.File != want.File {
			t.Errorf("%s is %+v, %v", name, e, err)
		}
	}
	for _, name := range []string{"", "qwen9", "/a/b", "./a", "a/b/c", "a/b.gguf", "../b", "a/..", "a/b@", "a/b/../../c.gguf", "a//b", `a\b`, "a/b/\x00.gguf"} {
		if e, err := Find(name); !errors.Is(err, ErrNoName) {
			t.Errorf("%q is %+v, %v", name, e, err)
		}
	}
	if _, err := entry(t, "a/b/c.gguf").WithFile("d.gguf"); err == nil {
		t.Error("a second file of one")
	}
}

// TestPath: what is not there says how it is called.
func TestPath(t *testing.T) {
	s := Store(t.TempDir())
	var missing *NotFetched
	if _, err := s.Path("qwen3-8b"); !errors.As(err, &missing) || missing.Name != "qwen3-8b" || missing.Hub {
		t.Errorf("one of the catalogue: %v", err)
	}
	if _, err := s.Path("a/b"); !errors.As(err, &missing) || missing.Name != "a/b" || !missing.Hub {
		t.Errorf("one of the hub: %v", err)
	}
	folder := s.folder(entry(t, "qwen3-8b"))
	for text, want := range map[string]string{
		"{": "delete it and fetch the model again", `{"schema": 9}`: "schema 9 with 0 files",
		`{"schema": 1, "files": [{"path": "../../x"}]}`: "bad file name",
	} {
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, lockName), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Path("qwen3-8b"); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("a lock %s: %v", text, err)
		}
	}
}

// TestDamagedLock: a list leaves out what it cannot read, and a check of all models does not call that whole.
func TestDamagedLock(t *testing.T) {
	s := Store(t.TempDir())
	folder := s.folder(entry(t, "a/b"))
	for text, want := range map[string]string{
		"{": "delete it and fetch the model again", `{"schema": 1, "name": "a/b", "files": [{"path": "x", "sha256": "short", "bytes": 1}]}`: "",
	} {
		put(t, folder, map[string][]byte{lockName: []byte(text)})
		list, err := s.List()
		if err != nil {
			t.Fatal(err)
		}
		if pin := list[len(list)-1].Pin(); want == "" && pin != "short" {
			t.Errorf("pin %q", pin)
		}
		if _, whole, err := s.Verify(nil); whole || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("a lock %s: whole %v, %v", text, whole, err)
		}
	}
}

// TestLockForm: scripts may rely on the keys of a lock.
func TestLockForm(t *testing.T) {
	text, err := json.Marshal(Lock{Schema: 1, Name: "n", Repository: "r", Revision: "c", Files: []File{{Path: "p", SHA256: "s", Bytes: 1}}})
	want := `{"schema":1,"name":"n","repository":"r","revision":"c","fetched":"0001-01-01T00:00:00Z","files":[{"path":"p","sha256":"s","bytes":1}]}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.00 kB", 98362432: "98.4 MB", 15231233024: "15.2 GB", 999999999: "1.00 GB"} {
		if got := Size(bytes); got != want {
			t.Errorf("%d is %s, want %s", bytes, got, want)
		}
	}
}
