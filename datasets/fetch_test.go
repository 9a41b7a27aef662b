package datasets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/internal/fetch"
)

// content is a file of 300,000 bytes that no two parts of are alike.
var content = func() []byte {
	r, text := rand.New(rand.NewPCG(1, 2)), make([]byte, 300_000)
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	return text
}()

// published is a source of that file at the given places.
func published(urls ...string) Source {
	return Source{Name: "s", Folder: "folder", Files: []File{{Path: "sub/f.gz", URLs: urls, SHA256: hash(content), Bytes: int64(len(content))}}}
}

// server serves the file and writes down the ranges that it was asked for. The first cut answers end in the middle.
func server(t *testing.T, cut int, ranges *[]string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*ranges = append(*ranges, r.Header.Get("Range"))
		if len(*ranges) <= cut {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Write(content[:100_000])
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "f.gz", time.Time{}, bytes.NewReader(content))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func quiet(File, int64) {}

func TestFetchResumes(t *testing.T) {
	var ranges []string
	s, cache := published(server(t, 1, &ranges)), t.TempDir()
	err := s.Fetch(t.Context(), cache, quiet)
	if err == nil || !strings.Contains(err.Error(), "after 100000 of 300000 bytes") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("half a download: %v", err)
	}
	if status, err := s.check(cache, s.Files[0]); status != fetch.Partial || err != nil {
		t.Errorf("half a download is %s, %v", status, err)
	}
	if err := s.Fetch(t.Context(), cache, quiet); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(cache, "folder/sub/f.gz"))
	if err != nil || !bytes.Equal(got, content) || len(ranges) != 2 || ranges[1] != "bytes=100000-" {
		t.Errorf("%d bytes, %v, asked for %q", len(got), err, ranges)
	}
	if err := s.Fetch(t.Context(), cache, quiet); err != nil || len(ranges) != 2 {
		t.Errorf("a file that is there was asked for again: %v, %q", err, ranges)
	}
	left, _ := filepath.Glob(filepath.Join(cache, "folder/sub/*"))
	if len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

// TestFetchWithoutRanges: a server that sends the whole file again is taken from its beginning.
func TestFetchWithoutRanges(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(content) }))
	defer plain.Close()
	s, cache := published(plain.URL), t.TempDir()
	part := filepath.Join(cache, "folder/sub/f.gz"+fetch.PartSuffix)
	if err := os.MkdirAll(filepath.Dir(part), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(part, content[:5], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Fetch(t.Context(), cache, quiet); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.check(cache, s.Files[0]); status != fetch.Present {
		t.Errorf("the file is %s", status)
	}
}

func TestFetchRefuses(t *testing.T) {
	other := bytes.Clone(content)
	other[7]++
	serve := func(text []byte, status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			w.Write(text)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, c := range []struct{ name, url, want string }{
		{"other bytes", serve(other, 200), "the manifest says"},
		{"too long", serve(append(other, 1), 200), "more than the 300000 bytes"},
		{"too short", serve(content[:9], 200), "it ended after 9 of 300000 bytes"},
		{"not found", serve(nil, 404), "404 Not Found"},
		{"no network", gone.URL, "connection refused"},
	} {
		s, cache := published(c.url), t.TempDir()
		err := s.Fetch(t.Context(), cache, quiet)
		if !errors.Is(err, ErrFetch) || !errors.As(err, new(*SuiteError)) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.name, err, c.want)
		}
		if _, err := os.Stat(filepath.Join(cache, "folder/sub/f.gz")); err == nil {
			t.Errorf("%s: a file under the final name", c.name)
		}
	}
	// Another place is tried where one fails.
	s, cache := published(serve(other, 200), gone.URL, serve(content, 200)), t.TempDir()
	if err := s.Fetch(t.Context(), cache, quiet); err != nil {
		t.Errorf("the third place has it: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Fetch(ctx, t.TempDir(), quiet); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTake(t *testing.T) {
	s, cache, from := published(), t.TempDir(), filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(from, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Take(cache, from); err != nil {
		t.Fatal(err)
	}
	if status, err := s.check(cache, s.Files[0]); status != fetch.Present || err != nil {
		t.Errorf("taken: %s, %v", status, err)
	}
	if err := os.WriteFile(from, content[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Take(cache, from); err == nil || !strings.Contains(err.Error(), "the manifest says") {
		t.Errorf("another file: %v", err)
	}
	if status, _ := s.check(cache, s.Files[0]); status != fetch.Present {
		t.Errorf("the file that was there is %s now", status)
	}
	left, _ := filepath.Glob(filepath.Join(cache, "folder/sub/*"))
	if len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

// TestFetchStalled: a server that stops sending is given up, and the next one is asked.
func TestFetchStalled(t *testing.T) {
	was := stall
	stall = 100 * time.Millisecond
	defer func() { stall = was }()
	text := []byte(strings.Repeat("x", 1000))
	done := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(text[:500])
		w.(http.Flusher).Flush()
		<-done
	}))
	defer slow.Close()
	defer close(done)
	whole := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	}))
	defer whole.Close()
	sum := fmt.Sprintf("%x", sha256.Sum256(text))
	s := Source{Name: "x", Files: []File{{Path: "x", URLs: []string{slow.URL}, SHA256: sum, Bytes: 1000}}}
	dir := t.TempDir()
	if err := s.Fetch(t.Context(), dir, func(File, int64) {}); err == nil || !strings.Contains(err.Error(), "sent nothing for 100ms") {
		t.Errorf("error %v", err)
	}
	s.Files[0].URLs = append(s.Files[0].URLs, whole.URL)
	if err := s.Fetch(t.Context(), dir, func(File, int64) {}); err != nil {
		t.Errorf("with a second server: %v", err)
	}
}

// TestFetchForeignPart: a part with other bytes is no reason to give a server up.
func TestFetchForeignPart(t *testing.T) {
	text := []byte(strings.Repeat("x", 1000))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	}))
	defer server.Close()
	for _, size := range []int{10, 1000} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x"+fetch.PartSuffix), bytes.Repeat([]byte("y"), size), 0o644); err != nil {
			t.Fatal(err)
		}
		s := Source{Name: "x", Files: []File{{Path: "x", URLs: []string{server.URL}, SHA256: fmt.Sprintf("%x", sha256.Sum256(text)), Bytes: 1000}}}
		if err := s.Fetch(t.Context(), dir, func(File, int64) {}); err != nil {
			t.Errorf("a part of %d other bytes: %v", size, err)
		}
	}
}

// TestFetchLeavesNothing: a server that cannot be reached leaves no empty part behind.
func TestFetchLeavesNothing(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	s, cache := published(gone.URL), t.TempDir()
	if err := s.Fetch(t.Context(), cache, quiet); err == nil {
		t.Fatal("fetched from nowhere")
	}
	if status, err := s.check(cache, s.Files[0]); status != fetch.Absent || err != nil {
		t.Errorf("the file is %s, %v", status, err)
	}
}
