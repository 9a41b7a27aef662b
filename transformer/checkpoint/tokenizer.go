package checkpoint

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tandem/transformer/checkpoint/gguf"
	"tandem/transformer/tokenizer"
)

// LoadTokenizer reads the tokenizer of a checkpoint and no weights. The path is a folder that holds tokenizer.json, such a file
// itself, or a GGUF file. Errors are one line and name the path.
func LoadTokenizer(path string) (t *tokenizer.Tokenizer, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("tokenizer %s: no such file or folder; name a tokenizer.json, a folder that holds one, "+
			"or a .gguf file", path)
	case strings.EqualFold(filepath.Ext(path), ".gguf"):
		t, err = ggufTokenizer(path)
	case info.IsDir():
		t, err = folder{os.DirFS(path), path}.tokenizer()
	default:
		t, err = parseTokenizer(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer %s: %w", path, err)
	}
	return t, nil
}

// EmbeddedTokenizer reads the tokenizer of the checkpoint in the binary.
func EmbeddedTokenizer() (*tokenizer.Tokenizer, error) {
	dir, err := fs.Sub(files, "embedded")
	if err != nil {
		return nil, err
	}
	return parseTokenizer(dir, "tokenizer.json")
}

func ggufTokenizer(path string) (*tokenizer.Tokenizer, error) {
	file, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Tokenizer()
}

func parseTokenizer(dir fs.FS, name string) (*tokenizer.Tokenizer, error) {
	data, err := readFile(dir, name, tokenizer.MaxBytes)
	if err != nil {
		return nil, err
	}
	t, err := tokenizer.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}
