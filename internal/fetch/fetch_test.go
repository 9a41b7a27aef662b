package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var content = bytes.Repeat([]byte("0123456789abcdef"), 1000)

// published is a file with that content at the given places.
func published(t *testing.T, urls ...string) File {
	sum := sha256.Sum256(content)
	return File{URLs: urls, Path: filepath.Join(t.TempDir(), "sub", "f"), Bytes: int64(len(content)), Sum: Sum(hex.EncodeToString(sum[:]))}
}

func serve(t *testing.T, handle http.HandlerFunc) string {
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

// cut sends the first half and breaks off.
func cut(w http.ResponseWriter, text []byte) {
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.Write(text[:len(text)/2])
	panic(http.ErrAbortHandler)
}

// TestChanged: a file that changes on the server between two tries is taken from its beginning, whether the server heeds If-Range or
// not: two versions are never joined.
func TestChanged(t *testing.T) {
	old := bytes.ToUpper(content)
	for _, heeds := range []bool{true, false} {
		var asked []string
		f := published(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Header.Get("Range")+" "+r.Header.Get("If-Range"))
			if len(asked) == 1 {
				w.Header().Set("ETag", `"old"`)
				cut(w, old)
			}
			w.Header().Set("ETag", `"new"`)
			if !heeds {
				r.Header.Del("If-Range")
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		}))
		if err := (Client{Tries: 3, Pause: time.Millisecond}).Fetch(t.Context(), f, func(int64) {}); err != nil {
			t.Errorf("heeds %v: %v", heeds, err)
		}
		if status, err := f.Check(); status != Present || err != nil || asked[1] != `bytes=8000- "old"` {
			t.Errorf("heeds %v: %s, %v, asked for %q", heeds, status, err, asked)
		}
	}
}

// TestPatience: tries are counted anew after each that brought something, and a server's own wait is heeded.
func TestPatience(t *testing.T) {
	var tries int
	f := published(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries <= 6 {
			var from int
			fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-", from))
			if from > 0 {
				w.WriteHeader(http.StatusPartialContent)
			}
			w.Write(content[from : from+100])
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	if err := (Client{Tries: 2, Pause: time.Millisecond}).Fetch(t.Context(), f, func(int64) {}); err != nil || tries != 7 {
		t.Errorf("%d tries: %v", tries, err)
	}

	var waits []time.Duration
	busy := published(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	client := Client{Tries: 5, Again: func(err error, wait time.Duration) { waits = append(waits, wait); cancel() }}
	err := client.Fetch(ctx, busy, func(int64) {})
	if err == nil || !strings.Contains(err.Error(), "429 Too Many Requests and asks to wait for 30s") || len(waits) != 1 || waits[0] != 30*time.Second {
		t.Errorf("waits %v: %v", waits, err)
	}
	var dead int
	gone := published(t, serve(t, func(w http.ResponseWriter, r *http.Request) { dead++; w.WriteHeader(http.StatusBadGateway) }))
	if err := (Client{Tries: 3, Pause: time.Millisecond}).Fetch(t.Context(), gone, func(int64) {}); err == nil || dead != 3 {
		t.Errorf("%d tries of a server that stays broken: %v", dead, err)
	}
}

// TestRead: small answers are bounded, and tried again as files are.
func TestRead(t *testing.T) {
	var tries int
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("X-Mark", "m")
		w.Write(content)
	})
	client := Client{Tries: 2, Pause: time.Millisecond}
	body, header, err := client.Read(t.Context(), url, int64(len(content)))
	if err != nil || !bytes.Equal(body, content) || header.Get("X-Mark") != "m" {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if _, _, err := client.Read(t.Context(), url, 10); err == nil || !strings.Contains(err.Error(), "more than 10 bytes") {
		t.Errorf("a long answer: %v", err)
	}
	var status *StatusError
	lost := serve(t, http.NotFound)
	if _, _, err := client.Read(t.Context(), lost+"/x?signature=secret", 10); !errors.As(err, &status) || status.Code != 404 || strings.Contains(err.Error(), "secret") {
		t.Errorf("not found: %v", err)
	}
}

// TestUnanswered: nobody at the other end passes, a certificate that is not trusted does not, and no error shows a signature or a password.
func TestUnanswered(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	untrusted := httptest.NewTLSServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer untrusted.Close()
	var p *passing
	for address, passes := range map[string]bool{
		strings.Replace(closed.URL, "http://", "http://user:pw@", 1) + "/f?signature=secret": true, untrusted.URL + "/f?signature=secret": false,
	} {
		_, _, err := Client{}.get(t.Context(), address, 0, "")
		if errors.As(err, &p) != passes || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "pw") {
			t.Errorf("%v passes: %v", err, !passes)
		}
	}
	redirected := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, closed.URL+"/f?signature=secret", http.StatusFound)
	})
	if _, _, err := (Client{}).get(t.Context(), redirected, 0, ""); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("behind a redirect: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0,
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0} {
		if got := retryAfter(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
	if got := retryAfter(time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)); got < 50*time.Second || got > time.Minute {
		t.Errorf("in a minute is %v", got)
	}
}

// TestSum: both kinds of hash, of a text whose hashes git and sha256sum give.
func TestSum(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for sum, want := range map[Sum]Status{
		"ce013625030ba8dba906f756967f9e9ca394464a":                         Present, // git hash-object
		"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03": Present, // sha256sum
		"ce013625030ba8dba906f756967f9e9ca394464b":                         Damaged,
	} {
		if got, err := (File{Path: path, Sum: sum}).Check(); got != want || err != nil {
			t.Errorf("%s: %s, %v", sum, got, err)
		}
	}
}
