package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hubOf serves the embedded checkpoint as the repository org/tiny of a hub. slow, where it is not nil, holds the end of the weights
// back until it is closed.
func hubOf(t *testing.T, slow chan struct{}) string {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	dir := "../../transformer/checkpoint/embedded"
	mux := http.NewServeMux()
	mux.HandleFunc("/api/models/org/tiny/revision/main", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"sha": %q, "cardData": {"license": "apache-2.0"}}`, commit)
	})
	mux.HandleFunc("/api/models/org/tiny/tree/"+commit, func(w http.ResponseWriter, r *http.Request) {
		var list []map[string]any
		for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Error(err)
			}
			sum := sha256.Sum256(text)
			list = append(list, map[string]any{"type": "file", "path": name, "size": len(text), "oid": strings.Repeat("0", 40),
				"lfs": map[string]any{"oid": hex.EncodeToString(sum[:]), "size": len(text)}})
		}
		json.NewEncoder(w).Encode(list)
	})
	mux.HandleFunc("/org/tiny/resolve/"+commit+"/", func(w http.ResponseWriter, r *http.Request) {
		name := filepath.Base(r.URL.Path)
		if slow == nil || name != "model.safetensors" || r.Header.Get("Range") != "" {
			http.ServeFile(w, r, filepath.Join(dir, name))
			return
		}
		text, _ := os.ReadFile(filepath.Join(dir, name))
		w.Write(text[:len(text)/2])
		w.(http.Flusher).Flush()
		<-slow
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// tandem runs a command line and returns its status and what it printed.
func tandem(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, &out, &errs, args)
	return status, out.String(), errs.String()
}

// TestModelsOfTheHub: a model is fetched by its name on the hub, shown, decoded, and found damaged; Ctrl-C keeps what there is, and the
// same command goes on.
func TestModelsOfTheHub(t *testing.T) {
	store, slow := t.TempDir(), make(chan struct{})
	t.Setenv("TANDEM_MODELS", store)
	t.Setenv("HF_ENDPOINT", hubOf(t, slow))
	t.Setenv("COLUMNS", "80")
	status, _, errs := tandem(t.Context(), "run", "--model", "org/tiny")
	if status != 2 || !strings.HasSuffix(errs, ", or fetch it from the hub with `tandem models fetch org/tiny`\n") {
		t.Errorf("before the fetch: %d, %q", status, errs)
	}

	ctx, interrupt := context.WithCancel(t.Context())
	part := filepath.Join(store, "org--tiny", "model.safetensors.part")
	go func() {
		for ctx.Err() == nil {
			if info, err := os.Stat(part); err == nil && info.Size() > 1e6 {
				interrupt()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	status, _, errs = tandem(ctx, "models", "fetch", "org/tiny")
	close(slow)
	if status != 2 || !strings.HasSuffix(errs, "tandem: fetch org/tiny: interrupted; `tandem models fetch org/tiny` goes on, --from DIR takes a copy\n") {
		t.Errorf("interrupted: %d, %q", status, errs)
	}
	if info, err := os.Stat(part); err != nil || info.Size() < 1e6 {
		t.Errorf("the part is gone: %v", err)
	}
	status, out, errs := tandem(t.Context(), "models", "fetch", "org/tiny")
	if want := "org/tiny\t10.6 MB\t" + filepath.Join(store, "org--tiny") + "\n"; status != 0 || out != want {
		t.Fatalf("%d, %q, %q, want %q", status, out, errs, want)
	}

	status, out, errs = tandem(t.Context(), "models", "show", "org/tiny", "--threads", "1")
	for _, want := range []string{"repository    org/tiny\n", "revision      0123456789abcdef", "licence       apache-2.0", "parameters    5,246,976",
		"special ids   end 0, mask 1", "K/V of 480", "block of 32", "must commit to win"} {
		if !strings.Contains(out, want) {
			t.Errorf("show says nothing of %q: %d, %s%s", want, status, out, errs)
		}
	}
	for line := range strings.Lines(out) {
		if text := strings.TrimSuffix(line, "\n"); len([]rune(text)) > 80 && !strings.HasPrefix(text, "at ") {
			t.Errorf("wider than the terminal: %q", text)
		}
	}
	status, _, errs = tandem(t.Context(), "run", "--model", "org/tiny", "--limit", "1", "--repeats", "1", "--judge", "none", "--max-tokens", "8", "--out", t.TempDir())
	if status != 0 || !strings.Contains(errs, "(5.2M parameters") {
		t.Errorf("run: %d, %s", status, errs)
	}
	if status, out, _ = tandem(t.Context(), "models", "verify"); status != 0 || strings.Count(out, "present\torg/tiny\t") != 3 {
		t.Errorf("verify: %d, %q", status, out)
	}
	if err := os.WriteFile(filepath.Join(store, "org--tiny", "tokenizer.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, out, _ = tandem(t.Context(), "models", "verify", "org/tiny"); status != 1 || !strings.Contains(out, "damaged\torg/tiny\t"+store) {
		t.Errorf("verify of a damaged one: %d, %q", status, out)
	}
	status, _, errs = tandem(t.Context(), "run", "--model", "org/tiny")
	if status != 2 || !strings.Contains(errs, "tokenizer.json is damaged: `tandem models fetch org/tiny` mends it") {
		t.Errorf("run of a damaged one: %d, %q", status, errs)
	}
	if status, out, _ = tandem(t.Context(), "models", "list", "--json"); status != 0 || !strings.Contains(out, `"name": "org/tiny"`) {
		t.Errorf("list: %d", status)
	}
}
