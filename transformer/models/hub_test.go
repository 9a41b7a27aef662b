package models

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A fakeHub imitates the Hugging Face hub: its API, small files that it sends itself, and large ones (LFS) that it redirects to
// another host with a signed address.
type fakeHub struct {
	t        *testing.T
	hub, cdn *httptest.Server
	token    string // wanted of whoever asks, "" for none
	licence  string
	files    map[string][]byte
	lfs      func(name string) bool
	fault    func(w http.ResponseWriter, r *http.Request, times int) bool // true: it has answered; times counts the address's requests

	mutex    sync.Mutex
	requests map[string]int // by path
	ranges   []string       // of the large files
	heard    []string       // what the CDN got as Authorization
}

const (
	sha   = "0123456789abcdef0123456789abcdef01234567"
	other = "89abcdef0123456789abcdef0123456789abcdef"
)

// noise is a text of so many bytes of which no two parts are alike.
func noise(bytes int, seed uint64) []byte {
	r, text := rand.New(rand.NewPCG(seed, 2)), make([]byte, bytes)
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	return text
}

// newHubOf starts a hub with one repository, org/model, and points the environment at it.
func newHubOf(t *testing.T, files map[string][]byte) *fakeHub {
	h := &fakeHub{t: t, files: files, licence: "mit", requests: map[string]int{},
		lfs: func(name string) bool {
			return strings.HasSuffix(name, ".safetensors") || strings.HasSuffix(name, ".gguf")
		}}
	h.hub, h.cdn = httptest.NewServer(http.HandlerFunc(h.serve)), httptest.NewServer(http.HandlerFunc(h.send))
	t.Cleanup(h.hub.Close)
	t.Cleanup(h.cdn.Close)
	t.Setenv(endpointVariable, h.hub.URL)
	t.Setenv(tokenVariable, "")
	was := pause
	pause = time.Millisecond
	t.Cleanup(func() { pause = was })
	return h
}

// model is a small repository with a few files that nobody needs.
func model() map[string][]byte {
	return map[string][]byte{"config.json": []byte(`{"architectures": ["LlamaForCausalLM"]}`), "tokenizer.json": noise(5000, 1), "README.md": noise(100, 2),
		"model.safetensors": noise(300_000, 3), "pytorch_model.bin": noise(100, 4), "onnx/model.onnx": noise(100, 5), "consolidated.safetensors": noise(9, 6)}
}

// count counts a request and lets the fault answer it.
func (h *fakeHub) count(w http.ResponseWriter, r *http.Request) (answered bool) {
	h.mutex.Lock()
	h.requests[r.URL.Path]++
	times := h.requests[r.URL.Path]
	h.mutex.Unlock()
	return h.fault != nil && h.fault(w, r, times)
}

func (h *fakeHub) serve(w http.ResponseWriter, r *http.Request) {
	if h.count(w, r) {
		return
	}
	if h.token != "" && r.Header.Get("Authorization") != "Bearer "+h.token {
		w.Header().Set("X-Error-Code", "GatedRepo")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch path := r.URL.Path; {
	case path == "/api/models/org/model/revision/main", path == "/api/models/org/model/revision/v2":
		json.NewEncoder(w).Encode(map[string]any{"sha": sha, "cardData": map[string]any{"license": h.licence}, "siblings": nil})
	case path == "/api/models/org/model/tree/"+sha:
		h.tree(w, r)
	case strings.HasPrefix(path, "/org/model/resolve/"+sha+"/"):
		h.resolve(w, r, strings.TrimPrefix(path, "/org/model/resolve/"+sha+"/"))
	default:
		if strings.HasPrefix(path, "/api/models/org/model/") {
			w.Header().Set("X-Error-Code", "RevisionNotFound")
		} else {
			w.Header().Set("X-Error-Code", "RepoNotFound")
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

// tree lists two files a page.
func (h *fakeHub) tree(w http.ResponseWriter, r *http.Request) {
	var names []string
	for name := range h.files {
		names = append(names, name)
	}
	slices.Sort(names)
	var from int
	fmt.Sscan(r.URL.Query().Get("cursor"), &from)
	page := []map[string]any{{"type": "directory", "path": "onnx", "oid": other, "size": 0}}
	for _, name := range names[from:min(from+2, len(names))] {
		text := h.files[name]
		entry := map[string]any{"type": "file", "path": name, "size": len(text), "oid": gitSum(text)}
		if h.lfs(name) {
			entry["lfs"] = map[string]any{"oid": sum256(text), "size": len(text), "pointerSize": 130}
		}
		page = append(page, entry)
	}
	if from+2 < len(names) {
		w.Header().Set("Link", fmt.Sprintf(`<https://elsewhere.example%s?recursive=true&cursor=%d>; rel="next"`, r.URL.Path, from+2))
	}
	json.NewEncoder(w).Encode(page)
}

func (h *fakeHub) resolve(w http.ResponseWriter, r *http.Request, name string) {
	text, ok := h.files[name]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case h.lfs(name):
		w.Header().Set("X-Linked-ETag", `"`+sum256(text)+`"`)
		http.Redirect(w, r, h.cdn.URL+"/"+name+"?signature=secret", http.StatusFound)
	default:
		w.Header().Set("ETag", `"`+gitSum(text)+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	}
}

// send is the other host.
func (h *fakeHub) send(w http.ResponseWriter, r *http.Request) {
	h.mutex.Lock()
	h.heard = append(h.heard, r.Header.Get("Authorization"))
	h.ranges = append(h.ranges, r.Header.Get("Range"))
	h.mutex.Unlock()
	if h.count(w, r) {
		return
	}
	text := h.files[strings.TrimPrefix(r.URL.Path, "/")]
	w.Header().Set("ETag", `"`+sum256(text)[:16]+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

func sum256(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func gitSum(text []byte) string {
	sum := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(text)), text...))
	return hex.EncodeToString(sum[:])
}

// quiet are options that say nothing.
func quiet() Options { return Options{Report: func(done, total int64) {}, Say: func(string) {}} }

func entry(t *testing.T, name string) Entry {
	t.Helper()
	e, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// holds compares a folder's files with those of the hub.
func (h *fakeHub) holds(folder string, names ...string) {
	h.t.Helper()
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !bytes.Equal(got, h.files[name]) {
			h.t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	left, _ := os.ReadDir(folder)
	var found []string
	for _, entry := range left {
		if entry.Name() != lockName {
			found = append(found, entry.Name())
		}
	}
	slices.Sort(names)
	if !slices.Equal(found, names) {
		h.t.Errorf("the folder holds %q, want %q", found, names)
	}
}

// TestHubFetch: what Tandem reads is fetched and nothing else, checked, and locked with revision and hashes; the listing is followed
// over its pages, and the licence is the hub's.
func TestHubFetch(t *testing.T) {
	h, s, o := newHubOf(t, model()), Store(t.TempDir()), quiet()
	var last, total int64
	o.Report = func(done, of int64) { last, total = done, of }
	l, err := s.Fetch(t.Context(), entry(t, "org/model"), o)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(string(s), "org--model")
	h.holds(folder, "config.json", "tokenizer.json", "model.safetensors")
	if l.Revision != sha || l.Licence != "mit" || l.Repository != "org/model" || len(l.Files) != 3 || l.Bytes() != last || last != total {
		t.Errorf("lock %+v, reported %d of %d", l, last, total)
	}
	for _, f := range l.Files {
		if f.SHA256 != sum256(h.files[f.Path]) {
			t.Errorf("%s is locked with %s", f.Path, f.SHA256)
		}
	}
	read, err := ReadLock(folder)
	if err != nil || !read.Fetched.Equal(l.Fetched) || time.Since(read.Fetched) > time.Minute {
		t.Errorf("the lock on disk: %+v, %v", read, err)
	}
	if path, err := s.Path("org/model"); err != nil || path != folder {
		t.Errorf("Path: %s, %v", path, err)
	}
	before := len(h.ranges)
	if _, err := s.Fetch(t.Context(), entry(t, "org/model"), o); err != nil || len(h.ranges) != before {
		t.Errorf("a model that is there was asked for again: %v", err)
	}
}

// TestHubToken: the token goes to the hub, and never to the host that it redirects to, nor into an error or a file.
func TestHubToken(t *testing.T) {
	h, s := newHubOf(t, model()), Store(t.TempDir())
	h.token = "hf_secret"
	_, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet())
	if err == nil || !strings.Contains(err.Error(), "its licence must be accepted on "+h.hub.URL+"/org/model first, and then HF_TOKEN be set") {
		t.Errorf("without a token: %v", err)
	}
	t.Setenv(tokenVariable, "hf_wrong")
	_, err = s.Fetch(t.Context(), entry(t, "org/model"), quiet())
	if err == nil || !strings.Contains(err.Error(), "the token in HF_TOKEN has no access; accept the licence") || strings.Contains(err.Error(), "hf_") {
		t.Errorf("with a wrong token: %v", err)
	}
	t.Setenv(tokenVariable, "hf_secret\n")
	if _, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet()); err != nil {
		t.Fatal(err)
	}
	if len(h.heard) == 0 || slices.ContainsFunc(h.heard, func(s string) bool { return s != "" }) {
		t.Errorf("the other host heard %q", h.heard)
	}
	filepath.WalkDir(string(s), func(path string, _ os.DirEntry, _ error) error {
		if text, _ := os.ReadFile(path); bytes.Contains(text, []byte("hf_secret")) {
			t.Errorf("%s holds the token", path)
		}
		return nil
	})
}

// TestHubResumes: a body that breaks off goes on where it stopped, in the same fetch and in the next one, at the same revision.
func TestHubResumes(t *testing.T) {
	h, s := newHubOf(t, model()), Store(t.TempDir())
	h.fault = func(w http.ResponseWriter, r *http.Request, times int) bool {
		if r.URL.Path != "/model.safetensors" || times > 1 {
			return false
		}
		w.Header().Set("ETag", `"`+sum256(h.files["model.safetensors"])[:16]+`"`)
		w.Header().Set("Content-Length", "300000")
		w.Write(h.files["model.safetensors"][:100_000])
		panic(http.ErrAbortHandler)
	}
	var said []string
	o := quiet()
	o.Say = func(text string) { said = append(said, text) }
	if _, err := s.Fetch(t.Context(), entry(t, "org/model"), o); err != nil {
		t.Fatal(err)
	}
	h.holds(filepath.Join(string(s), "org--model"), "config.json", "tokenizer.json", "model.safetensors")
	if want := []string{"", "bytes=100000-"}; !slices.Equal(h.ranges, want) {
		t.Errorf("asked for %q, want %q", h.ranges, want)
	}
	if len(said) != 1 || !strings.Contains(said[0], "after 100000 of 300000 bytes") || strings.Contains(said[0], "signature") {
		t.Errorf("said %q", said)
	}
}

// TestHubGoesOn: the next fetch takes the revision with which the first began, whatever main is now.
func TestHubGoesOn(t *testing.T) {
	h, s := newHubOf(t, model()), Store(t.TempDir())
	h.fault = func(w http.ResponseWriter, r *http.Request, times int) bool {
		if r.URL.Path == "/model.safetensors" {
			http.Error(w, "", http.StatusForbidden)
		}
		return r.URL.Path == "/model.safetensors"
	}
	e := entry(t, "org/model")
	if _, err := s.Fetch(t.Context(), e, quiet()); err == nil {
		t.Fatal("fetched what is forbidden")
	}
	if _, err := s.Path("org/model"); !s.unfinished(e) || err == nil {
		t.Errorf("half a model can be loaded: %v", err)
	}
	h.fault = func(w http.ResponseWriter, r *http.Request, times int) bool {
		if strings.HasPrefix(r.URL.Path, "/api") {
			t.Errorf("%s was asked again", r.URL)
		}
		return false
	}
	if l, err := s.Fetch(t.Context(), e, quiet()); err != nil || l.Revision != sha || s.unfinished(e) {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestHubFaults: failures in passing are overcome; others are one line that says what to do, and leave no file under a final name.
func TestHubFaults(t *testing.T) {
	weights := func(do func(h *fakeHub, w http.ResponseWriter, times int) bool) func(*fakeHub) {
		return func(h *fakeHub) {
			h.fault = func(w http.ResponseWriter, r *http.Request, times int) bool {
				return r.URL.Path == "/model.safetensors" && do(h, w, times)
			}
		}
	}
	status := func(code, until int) func(*fakeHub, http.ResponseWriter, int) bool {
		return func(_ *fakeHub, w http.ResponseWriter, times int) bool {
			if times < until {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(code)
			}
			return times < until
		}
	}
	wrong := func(h *fakeHub, w http.ResponseWriter, times int) bool {
		w.Write(noise(300_000, 9))
		return true
	}
	for _, c := range []struct {
		name, want string // "" is a fetch that succeeds
		do         func(*fakeHub)
	}{
		{"503 twice", "", weights(status(503, 3))},
		{"429 once", "", weights(status(429, 2))},
		{"429 for an hour", "asks to wait for 1h0m0s", weights(func(_ *fakeHub, w http.ResponseWriter, _ int) bool {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
			return true
		})},
		{"gone", "the server says 404 Not Found: there is no repository", weights(status(404, 99))},
		{"other bytes", "has SHA-256 " + sum256(noise(300_000, 9))[:12] + ", the manifest says " + sum256(model()["model.safetensors"])[:12], weights(wrong)},
		{"too long", "more than the 300000 bytes", weights(func(h *fakeHub, w http.ResponseWriter, _ int) bool { w.Write(noise(400_000, 9)); return true })},
		{"other small file", "has git's SHA-1", func(h *fakeHub) {
			h.fault = func(w http.ResponseWriter, r *http.Request, times int) bool {
				if strings.HasSuffix(r.URL.Path, "/config.json") {
					w.Write(bytes.Repeat([]byte(" "), len(h.files["config.json"])))
				}
				return strings.HasSuffix(r.URL.Path, "/config.json")
			}
		}},
		{"a range that the server does not have", "", weights(func(h *fakeHub, w http.ResponseWriter, times int) bool {
			if times == 1 {
				w.Header().Set("Content-Length", "300000")
				w.Write(h.files["model.safetensors"][:100_000])
				panic(http.ErrAbortHandler)
			}
			if times == 2 {
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			}
			return times == 2
		})},
		{"no API", "does not answer as the Hugging Face hub does", func(h *fakeHub) {
			h.fault = func(w http.ResponseWriter, r *http.Request, times int) bool { fmt.Fprint(w, "<html>"); return true }
		}},
		{"no commit", "the hub names no commit", func(h *fakeHub) {
			h.fault = func(w http.ResponseWriter, r *http.Request, times int) bool {
				fmt.Fprint(w, `{"sha": "main"}`)
				return true
			}
		}},
		{"a disk that is full", "it needs 305 kB more, and the disk of", func(h *fakeHub) { free = func(string) (uint64, error) { return 1000, nil } }},
	} {
		t.Run(c.name, func(t *testing.T) {
			was := free
			defer func() { free = was }()
			h, s := newHubOf(t, model()), Store(t.TempDir())
			c.do(h)
			_, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet())
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				h.holds(filepath.Join(string(s), "org--model"), "config.json", "tokenizer.json", "model.safetensors")
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "signature=") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
			for _, name := range []string{"model.safetensors", lockName} {
				if _, err := os.Stat(filepath.Join(string(s), "org--model", name)); err == nil {
					t.Errorf("%s lies there", name)
				}
			}
		})
	}
}

// TestHubNames: what the hub does not have is said.
func TestHubNames(t *testing.T) {
	files := model()
	files["../evil.gguf"] = noise(10, 7)
	files["a/q4.gguf"] = noise(1000, 8)
	h, s := newHubOf(t, files), Store(t.TempDir())
	for name, want := range map[string]string{
		"org/none":                 "there is no repository " + h.hub.URL + "/org/none",
		"org/model@v9":             "there is no revision v9 of " + h.hub.URL + "/org/model",
		"org/model/none.gguf":      "org/model has no file none.gguf, such as ../evil.gguf, a/q4.gguf",
		"org/model@" + other:       "there is no revision " + other,
		"org/model/x/../../z.gguf": "is no name of a model",
	} {
		e, err := Find(name)
		if err == nil {
			_, err = s.Fetch(t.Context(), e, quiet())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := s.Fetch(t.Context(), Entry{Name: "evil", Repository: "org/model", File: "../evil.gguf"}, quiet()); err == nil || !strings.Contains(err.Error(), "nothing is fetched") {
		t.Errorf("a file outside of the folder: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(string(s), "[^.]*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	e, err := entry(t, "org/model@v2").WithFile("a/q4.gguf")
	if err != nil {
		t.Fatal(err)
	}
	if l, err := s.Fetch(t.Context(), e, quiet()); err != nil || l.Revision != sha || len(l.Files) != 1 {
		t.Fatalf("%+v, %v", l, err)
	}
	want := filepath.Join(string(s), "org--model@v2--a--q4.gguf", "a/q4.gguf")
	if path, err := s.Path("org/model@v2/a/q4.gguf"); err != nil || path != want {
		t.Errorf("Path: %s, %v", path, err)
	}
}

// TestHubWithoutSafetensors: repositories that hold something else say what to do.
func TestHubWithoutSafetensors(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"pytorch": {"pytorch_model-00001-of-00002.bin", "which writes model.safetensors"},
		"gguf":    {"model-q8_0.gguf", "holds GGUF files: name one, such as model-q8_0.gguf"},
		"nothing": {"README.md", "has no model.safetensors"},
	} {
		newHubOf(t, map[string][]byte{"config.json": []byte("{}"), c.file: noise(100, 1)})
		_, err := Store(t.TempDir()).Fetch(t.Context(), entry(t, "org/model"), quiet())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	sharded := map[string][]byte{"config.json": []byte("{}"), "model.safetensors.index.json": []byte("{}"),
		"model-00001-of-00002.safetensors": noise(5000, 1), "model-00002-of-00002.safetensors": noise(4000, 2), "tokenizer.json": []byte("{}")}
	h, s := newHubOf(t, sharded), Store(t.TempDir())
	if _, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet()); err != nil {
		t.Fatal(err)
	}
	h.holds(filepath.Join(string(s), "org--model"), "config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
		"model-00002-of-00002.safetensors", "tokenizer.json")
}

// TestHubTogether: fetches of one model at once wait for each other, and it is downloaded once.
func TestHubTogether(t *testing.T) {
	h, s := newHubOf(t, model()), Store(t.TempDir())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	h.holds(filepath.Join(string(s), "org--model"), "config.json", "tokenizer.json", "model.safetensors")
	if len(h.ranges) != 1 {
		t.Errorf("the weights were asked for %d times", len(h.ranges))
	}
}

// TestHubMends: a fetched file that was damaged is found and fetched again, at the locked revision.
func TestHubMends(t *testing.T) {
	h, s := newHubOf(t, model()), Store(t.TempDir())
	l, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet())
	if err != nil {
		t.Fatal(err)
	}
	folder := s.folder(entry(t, "org/model"))
	damaged := bytes.Clone(h.files["model.safetensors"])
	damaged[1234]++
	if err := os.WriteFile(filepath.Join(folder, "model.safetensors"), damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	files, whole, err := l.verify(folder)
	if err != nil || whole || files[2].Status != "damaged" || files[0].Status != "present" {
		t.Errorf("%+v, %v, %v", files, whole, err)
	}
	if _, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet()); err != nil {
		t.Fatal(err)
	}
	if _, whole, err := l.verify(folder); !whole || err != nil {
		t.Errorf("after another fetch: %v, %v", whole, err)
	}
	os.Truncate(filepath.Join(folder, "config.json"), 3)
	if _, err := s.Path("org/model"); err == nil || !strings.Contains(err.Error(), "config.json is damaged") {
		t.Errorf("a file that is cut off: %v", err)
	}
}

// TestHubEndpoint: a bad address is refused without being shown, and a password in a good one is used and not shown.
func TestHubEndpoint(t *testing.T) {
	h, s := newHubOf(t, model()), Store(t.TempDir())
	for _, bad := range []string{"ftp://user:pw@host", "host", "://"} {
		t.Setenv(endpointVariable, bad)
		if _, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet()); err == nil || !strings.Contains(err.Error(), "HF_ENDPOINT is no address") || strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	address, err := url.Parse(h.hub.URL)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("user", "pw")
	t.Setenv(endpointVariable, address.String()+"/")
	if _, err := s.Fetch(t.Context(), entry(t, "org/none"), quiet()); err == nil || strings.Contains(err.Error(), "pw") {
		t.Errorf("a password in an error: %v", err)
	}
	if _, err := s.Fetch(t.Context(), entry(t, "org/model"), quiet()); err != nil {
		t.Error(err)
	}
}
