package tokenizer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// real is what Hugging Face's tokenizers makes of texts with the files of real models; testdata/real.py wrote it.
type real struct {
	Texts []string
	Files []struct {
		Name, SHA256  string
		Before, After []int32
		IDs           map[string]string // by group of texts
		Decoded       string
	}
}

// realFile reads a file of TANDEM_TOKENIZERS, or skips the test.
func realFile(tb testing.TB, name string) []byte {
	tb.Helper()
	dir := os.Getenv("TANDEM_TOKENIZERS")
	if dir == "" {
		tb.Skip("set TANDEM_TOKENIZERS to the folder that `make tokenizers` fills to compare the tokenizers of real models")
	}
	data, err := os.ReadFile(filepath.Join(dir, name, "tokenizer.json"))
	if err != nil {
		tb.Skipf("%v: `make tokenizers` fetches it", err)
	}
	return data
}

// TestReal: with real files, tokens and decoded texts are Hugging Face's, of texts that are hard to split and of two suites.
func TestReal(t *testing.T) {
	data, err := os.ReadFile("testdata/real.json")
	if err != nil {
		t.Fatal(err)
	}
	var want real
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if len(want.Texts) < 200 || len(want.Files) < 15 {
		t.Fatalf("%d texts, %d files", len(want.Texts), len(want.Files))
	}
	groups := map[string][]string{"hard": want.Texts, "humaneval": humanEval(t), "mbpp": mbpp(t)}
	for _, f := range want.Files {
		t.Run(f.Name, func(t *testing.T) {
			data := realFile(t, f.Name)
			if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 {
				t.Fatalf("%s is another file than the one that real.json is of", f.Name)
			}
			tok, err := Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			if before, after := tok.Frame(); !slices.Equal(before, f.Before) || !slices.Equal(after, f.After) {
				t.Errorf("frame %v, %v, want %v, %v", before, after, f.Before, f.After)
			}
			for name, texts := range groups {
				if texts == nil {
					continue
				}
				sums := hashes(t, f.IDs[name], len(texts))
				for i, text := range texts {
					ids := tok.Encode(text)
					if list, _ := json.Marshal(ids); !bytes.Equal(sum(string(list)), sums[i]) {
						t.Errorf("%s %d: %.200q has other tokens: %v", name, i, text, ids[:min(40, len(ids))])
					}
				}
			}
			for i, sums := 0, hashes(t, f.Decoded, len(want.Texts)); i < len(sums); i++ {
				if got := tok.Decode(tok.Encode(want.Texts[i])); !bytes.Equal(sum(got), sums[i]) {
					t.Errorf("%.200q is decoded as %.200q", want.Texts[i], got)
				}
			}
		})
	}
}

func sum(text string) []byte {
	s := sha256.Sum256([]byte(text))
	return s[:3]
}

// hashes are the sums of so many texts.
func hashes(t *testing.T, packed string, n int) (out [][]byte) {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(packed)
	if err != nil || len(data) != 3*n {
		t.Fatalf("%d bytes of hashes for %d texts: %v", len(data), n, err)
	}
	return slices.Collect(slices.Chunk(data, 3))
}

// suite reads a file of TANDEM_DATA by lines, nil where it is not there.
func suite(t testing.TB, name string, zipped bool) (lines [][]byte) {
	t.Helper()
	dir := os.Getenv("TANDEM_DATA")
	data, err := os.ReadFile(filepath.Join(dir, name))
	if dir == "" || err != nil {
		t.Logf("%s is left out: set TANDEM_DATA to the folder of the fetched suites", name)
		return nil
	}
	if zipped {
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		data = b.Bytes()
	}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	for scanner.Buffer(nil, 1<<20); scanner.Scan(); {
		lines = append(lines, slices.Clone(scanner.Bytes()))
	}
	return lines
}

func humanEval(t testing.TB) (out []string) {
	for _, line := range suite(t, "humaneval/HumanEval.jsonl.gz", true) {
		var task struct {
			Prompt   string
			Solution string `json:"canonical_solution"`
			Test     string
		}
		if err := json.Unmarshal(line, &task); err != nil {
			t.Fatal(err)
		}
		out = append(out, task.Prompt+task.Solution+task.Test)
	}
	return out
}

func mbpp(t testing.TB) (out []string) {
	for _, line := range suite(t, "mbpp/mbpp.jsonl", false) {
		var task struct {
			Text, Code string
			Tests      []string `json:"test_list"`
		}
		if err := json.Unmarshal(line, &task); err != nil {
			t.Fatal(err)
		}
		text := task.Text + "\n"
		for i, test := range task.Tests {
			if i > 0 {
				text += "\n"
			}
			text += test
		}
		out = append(out, text+"\n"+task.Code)
	}
	return out
}

// BenchmarkEncode has the speed on prose and code with files of real models, the words of which are new in each run but for
// those that a tokenizer remembers.
func BenchmarkEncode(b *testing.B) {
	text := benchText(b)
	for _, name := range []string{"qwen2_5", "llama3", "deepseek_v3", "mistral_nemo", "llama2", "gpt2", "gemma3"} {
		b.Run(name, func(b *testing.B) {
			tok, err := Parse(realFile(b, name))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				tok.Encode(text)
			}
		})
	}
}

// benchText is the texts of real.json and those of the suites that are there, one after another.
func benchText(b *testing.B) string {
	data, err := os.ReadFile("testdata/real.json")
	if err != nil {
		b.Fatal(err)
	}
	var golden real
	if err := json.Unmarshal(data, &golden); err != nil {
		b.Fatal(err)
	}
	return strings.Join(slices.Concat(golden.Texts, humanEval(b), mbpp(b)), "\n")
}
