package tokenizer

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// TestOracle compares with Hugging Face's tokenizers on texts that are hard to split, for each pattern that has a scanner
// and one that has none, for digits, and for vocabularies that lack bytes; testdata/oracle.py wrote the file.
func TestOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Tokenizer map[string]json.RawMessage
		Texts     []string
		Cases     []struct {
			Name   string
			Stages map[string]json.RawMessage
			IDs    [][]int32
		}
	}
	if err := json.Unmarshal(data, &oracle); err != nil {
		t.Fatal(err)
	}
	for _, c := range oracle.Cases {
		for stage, value := range c.Stages {
			oracle.Tokenizer[stage] = value
		}
		file, err := json.Marshal(oracle.Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := Parse(file)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if len(c.IDs) != len(oracle.Texts) || len(c.IDs) < 50 {
			t.Fatalf("%s: %d encodings of %d texts", c.Name, len(c.IDs), len(oracle.Texts))
		}
		for i, text := range oracle.Texts {
			if got := tok.Encode(text); !slices.Equal(got, c.IDs[i]) {
				t.Errorf("%s: Encode(%q) = %v, want %v", c.Name, text, got, c.IDs[i])
			}
		}
	}
}
