package tokenizer

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
)

// TestFeatures compares with Hugging Face's tokenizers each feature of tokenizer.json, with small files and texts that are hard
// to split; testdata/features.py wrote the file.
func TestFeatures(t *testing.T) {
	data, err := os.ReadFile("testdata/features.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Bases map[string]map[string]json.RawMessage
		Texts []string
		Cases []struct {
			Name, Base   string
			Changes      map[string]json.RawMessage
			IDs, Decoded string
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 60 || len(golden.Texts) < 100 {
		t.Fatalf("%d cases, %d texts", len(golden.Cases), len(golden.Texts))
	}
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			file := maps.Clone(golden.Bases[c.Base])
			for part, value := range c.Changes {
				if part == "model" {
					value = changed(t, file[part], value)
				}
				file[part] = value
			}
			data, err := json.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			tok, err := Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			ids, decoded := hashes(t, c.IDs, len(golden.Texts)), hashes(t, c.Decoded, len(golden.Texts))
			for i, text := range golden.Texts {
				got := tok.Encode(text)
				if list, _ := json.Marshal(got); !bytes.Equal(sum(string(list)), ids[i]) {
					t.Errorf("Encode(%.100q) = %v, which Hugging Face's is not", text, got)
				} else if back := tok.Decode(got); !bytes.Equal(sum(lossy(back)), decoded[i]) {
					t.Errorf("Decode(%v) = %.100q, which Hugging Face's is not", got, back)
				}
			}
		})
	}
}

// changed is a model in which some fields are others.
func changed(t *testing.T, model, changes json.RawMessage) json.RawMessage {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(model, &fields); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(changes, &fields); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lossy is a text without what is no UTF-8 and without U+FFFD: of a character of which a part is missing, Hugging Face's
// tokenizers make some of these.
func lossy(text string) string {
	return string(slices.DeleteFunc([]rune(text), func(r rune) bool { return r == '\uFFFD' }))
}
