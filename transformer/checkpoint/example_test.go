package checkpoint_test

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tandem/transformer/checkpoint"
)

func ExampleEmbedded() {
	m, err := checkpoint.Embedded("")
	if err != nil {
		panic(err)
	}
	ids := m.Tokenizer.Encode("def double(x):\n    return 2 * x\n")
	fmt.Println(m.Config.Layers, "layers,", m.Config.BlockSizes, m.Weights.Dtype)
	fmt.Print(m.Tokenizer.Decode(ids))
	// Output:
	// 6 layers, [4 8 16 32] bf16
	// def double(x):
	//     return 2 * x
}

// FuzzTokenizer: what is encoded decodes to the same text, up to the NFC that the tokenizer's file asks for.
func FuzzTokenizer(f *testing.F) {
	m, err := checkpoint.Embedded("")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "def f(x):\n\treturn x\n\n", "  a  b \r\n", "naïve café 東京 🙂", "<|mask|>x<|endoftext|>", "12345 'll"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		ids := m.Tokenizer.Encode(text)
		for _, id := range ids {
			if id < 0 || int(id) >= m.Config.Vocab {
				t.Fatalf("%q: token %d is outside the vocabulary", text, id)
			}
		}
		if got := m.Tokenizer.Decode(ids); got != norm.NFC.String(text) {
			t.Errorf("%q came back as %q", text, got)
		}
	})
}
