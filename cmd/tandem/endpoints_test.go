package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/datasets/basics"
	"tandem/decoders/endpoint/mock"
	"tandem/reports"
)

// secret is a key that must stand in no result, error or page.
const secret = "sk-secret-of-the-test-98765"

// mocked starts two mock servers, of which the first fails at times, and returns the file of endpoints that names them.
func mocked(t *testing.T) (file string) {
	t.Helper()
	t.Setenv("TANDEM_TEST_KEY", secret)
	answer := mock.Answers(known(basics.Suite()), 1)
	var text strings.Builder
	text.WriteString("endpoints:\n")
	for _, m := range []struct {
		name, kind string
		config     mock.Config
	}{
		{"slow", "openai-chat", mock.Config{Kind: mock.AR, Rate: 4000, First: 20 * time.Millisecond}},
		{"fast", "anthropic", mock.Config{Kind: mock.Diffusion, Rate: 40000, Block: 64, First: 5 * time.Millisecond}},
		{"plain", "openai-completions", mock.Config{Kind: mock.AR, Rate: 20000}},
		{"uncounted", "openai-chat", mock.Config{Kind: mock.AR, Rate: 20000, NoUsage: true}},
		{"failing", "openai-chat", mock.Config{Kind: mock.AR, Rate: 20000, Faults: []string{"denied", "killed", mock.None, "busy-long", "usage-high"}}},
	} {
		m.config.Answer = answer
		handler, err := mock.New(m.config)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		fmt.Fprintf(&text, "- name: %s\n  kind: %s\n  base_url: %s/v1\n  model: %s-model\n  key_env: TANDEM_TEST_KEY\n"+
			"  prices: {date: 2026-11-25, input: 1, output: 10}\n", m.name, m.kind, server.URL, m.name)
	}
	file = filepath.Join(t.TempDir(), "endpoints.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// verb runs a command line of this process.
func verb(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	status = run(t.Context(), &out, &errors, args)
	return status, out.String(), errors.String()
}

// summaryOf reads the summary of a folder of results.
func summaryOf(t *testing.T, dir string) (s reports.Summary) {
	t.Helper()
	s, err := reports.ReadSummary(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// noSecret looks for the key in a whole folder, and in texts.
func noSecret(t *testing.T, dir string, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, text := range texts {
		if strings.Contains(text, secret) {
			t.Errorf("the key is printed: %s", text)
		}
	}
}

// TestEndpoints: servers alone are asked, judged, paired and reported without a model, and what is unknown of them is left out.
func TestEndpoints(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 judges the programs")
	}
	file, out := mocked(t), t.TempDir()
	args := []string{"run", "--endpoints", file, "--decoders", "endpoint/slow,endpoint/fast/concurrency=4", "--limit", "12", "--repeats", "2",
		"--max-tokens", "1000", "--model", "no/such/model", "--sandbox", "weak", "--raw", "--out", out, "--wide"}
	status, stdout, stderr := verb(t, args...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	noSecret(t, out, stdout, stderr)
	s := summaryOf(t, out)
	for _, d := range s.Decoders {
		if d.Passed == nil || *d.Passed != 12 || d.TokensPerSecond == nil || d.SecondsToFirst == nil || d.Endpoint == nil || d.Endpoint.FirstByte == nil ||
			d.DollarsPerMillion == nil || d.DollarsPerSolved == nil || d.Endpoint.TokenSources["server_usage"] != 24 {
			t.Errorf("%+v, %+v", d, d.Endpoint)
		}
		if d.Forwards != 0 || d.TokensPerForward != nil || d.CeilingShare != nil || d.ForwardsPerSecond != nil || d.PeakMemory != nil {
			t.Errorf("%s has what nobody knows: %+v", d.Name, d)
		}
	}
	if len(s.Comparisons) != 1 || s.Comparisons[0].Speedup == nil || s.Comparisons[0].Speedup.Value <= 1 || s.Comparisons[0].SameQuality == nil {
		t.Errorf("%+v", s.Comparisons)
	}
	if !slices.ContainsFunc(s.Warnings, func(w reports.Warning) bool { return w.Code == "endpoint" }) || s.Model.Name != "slow-model, fast-model" {
		t.Errorf("%+v, model %q", s.Warnings, s.Model.Name)
	}
	text, _ := os.ReadFile(filepath.Join(out, "summary.json"))
	for _, key := range []string{"NaN", `"forwards"`, `"positions"`, `"canvas"`, `"device"`, `"parameters"`, `"threads"`} {
		if strings.Contains(string(text), key) {
			t.Errorf("summary.json holds %s", key)
		}
	}
	if record, _ := os.ReadFile(filepath.Join(out, "run.jsonl")); bytes.Contains(record, []byte(`"rows"`)) || bytes.Contains(record, []byte(`"canvas"`)) {
		t.Error("a record of an endpoint has rows or a canvas")
	}
	for _, want := range []string{"endpoint fast", "fast-model at http://127.0.0.1", "measured through an API", "over the network and wins", "$/Mtok"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the table lacks %q:\n%s", want, stdout)
		}
	}
	if raw, _ := os.ReadFile(filepath.Join(out, "raw.jsonl")); bytes.Count(raw, []byte("\n")) != 48 || !bytes.Contains(raw, []byte("content_block_delta")) {
		t.Errorf("raw.jsonl has %d lines", bytes.Count(raw, []byte("\n")))
	}
	if _, _, stderr := verb(t, args...); !strings.Contains(stderr, "holds all 48 examples of this run already") {
		t.Errorf("the same command again: %s", stderr)
	}
}

// TestEndpointsBesideModel: a server is paired with the model of this machine, task by task, where both are asked alike; errors and
// counts that are none are warned of.
func TestEndpointsBesideModel(t *testing.T) {
	file, out := mocked(t), t.TempDir()
	status, _, stderr := verb(t, "run", "--endpoints", file, "--decoders", "ar,endpoint/plain,endpoint/uncounted,endpoint/failing", "--limit", "5",
		"--repeats", "1", "--max-tokens", "1000", "--judge", "none", "--device", "cpu", "--out", out)
	if status != 2 || !strings.Contains(stderr, "lower --max-tokens") {
		t.Fatalf("the model has fewer positions: status %d: %s", status, stderr)
	}
	status, stdout, stderr := verb(t, "run", "--endpoints", file, "--decoders", "ar,endpoint/plain,endpoint/uncounted,endpoint/failing", "--limit", "5",
		"--repeats", "1", "--judge", "none", "--device", "cpu", "--out", out)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	noSecret(t, out, stdout, stderr)
	s := summaryOf(t, out)
	heads := map[string]reports.Comparison{}
	for _, c := range s.Comparisons {
		heads[c.Head] = c
		if c.Base != "ar" {
			t.Errorf("%s is compared with %s", c.Head, c.Base)
		}
	}
	if heads["endpoint/plain"].Speedup == nil && heads["endpoint/plain"].NotMeasured == "" || heads["endpoint/uncounted/prompt=chat"].Speedup != nil {
		t.Errorf("%+v", heads)
	}
	warned := map[string]string{}
	for _, w := range s.Warnings {
		warned[w.Code] = w.Text
	}
	if !strings.Contains(warned["chunk_count"], "endpoint/uncounted") || !strings.Contains(warned["faults"], "1 cut off, 2 status, 1 usage") {
		t.Errorf("%q", warned)
	}
	if s.Decoders[0].Forwards == 0 || s.Decoders[0].Endpoint != nil || s.Model.Parameters == 0 {
		t.Errorf("%+v", s.Decoders[0])
	}
}

// TestEndpointsBad: one line says what is wrong, before anything is asked.
func TestEndpointsBad(t *testing.T) {
	file := mocked(t)
	for args, want := range map[string]string{
		"--decoders endpoint/slow":                                     "name the file that says what it is with --endpoints",
		"--decoders endpoint/slo --endpoints " + file:                  "has no such endpoint; it has failing, fast, plain, slow, uncounted",
		"--decoders endpoint --endpoints " + file:                      "which endpoint? write endpoint/NAME",
		"--decoders endpoint/slow/block=4 --endpoints " + file:         "unknown setting \"block\"; endpoint knows concurrency, rate, arrivals, ramp, temperature, top_p, prompt",
		"--decoders endpoint/slow/prompt=evalplus --endpoints " + file: "begins the answer itself",
		"--decoders endpoint/slow --length forced --endpoints " + file: "cannot be forced",
		"--decoders endpoint/slow --energy 20s --endpoints " + file:    "only endpoints are asked",
		"--decoders endpoint/slow --endpoints /no/such.yaml":           "--endpoints: stat /no/such.yaml: no such file",
	} {
		status, _, stderr := verb(t, append(strings.Fields("run --judge none --limit 1 --out "+t.TempDir()), strings.Fields(args)...)...)
		if status != 2 || !strings.Contains(stderr, want) || strings.Count(stderr[strings.Index(stderr, "tandem: "):], "\n") != 1 {
			t.Errorf("%s: status %d, %s, want %q", args, status, stderr, want)
		}
	}
	t.Setenv("TANDEM_TEST_KEY", "")
	if status, _, stderr := verb(t, "run", "--judge", "none", "--endpoints", file, "--decoders", "endpoint/slow", "--out", t.TempDir()); status != 2 ||
		!strings.Contains(stderr, "the environment variable TANDEM_TEST_KEY holds no key") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestMock: the server of the command line says where it serves, answers what endpoints ask, and prints the truth.
func TestMock(t *testing.T) {
	t.Setenv("TANDEM_TEST_KEY", secret)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stderr, out := io.Pipe()
	var stdout bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, &stdout, out, strings.Fields("mock --listen 127.0.0.1:0 --kind diffusion --rate 20000 --block 16 --first 5 --right 50"))
	}()
	line, err := bufio.NewReader(stderr).ReadString('\n')
	address := regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/v1`).FindString(line)
	if err != nil || address == "" {
		t.Fatalf("%q: %v", line, err)
	}
	file := filepath.Join(t.TempDir(), "e.yaml")
	os.WriteFile(file, []byte("endpoints:\n- {name: m, kind: openai-completions, base_url: \""+address+"\", model: m, key_env: TANDEM_TEST_KEY}\n"), 0o644)
	results := t.TempDir()
	if status, _, stderr := verb(t, "run", "--endpoints", file, "--decoders", "endpoint/m", "--limit", "4", "--repeats", "1", "--max-tokens", "1000",
		"--sandbox", "weak", "--out", results); status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	cancel()
	if status := <-ended; status != 0 {
		t.Errorf("status %d", status)
	}
	tokens, sum := summaryOf(t, results).Decoders[0].Tokens, 0
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	for _, line := range lines[1:] { // the first is the warm-up
		var one truth
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Error(err)
		}
		sum += one.Tokens
	}
	if len(lines) != 5 || sum != tokens {
		t.Errorf("%d requests of %d tokens, measured %d", len(lines), sum, tokens)
	}
	if s := summaryOf(t, results); s.Decoders[0].Passed != nil && *s.Decoders[0].Passed != 2 {
		t.Errorf("%g of 4 tasks passed, want half", *s.Decoders[0].Passed)
	}
	for args, want := range map[string]string{"--rate 0": "rate must be above 0", "--faults nope": "there are broken, busy,", "--right 101": "--right must be", "--jitter 100": "jitter must be",
		"--listen nowhere": "--listen: "} {
		if status, _, stderr := verb(t, append([]string{"mock"}, strings.Fields(args)...)...); status != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %s", args, status, stderr)
		}
	}
}
