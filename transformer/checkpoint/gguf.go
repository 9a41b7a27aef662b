package checkpoint

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"tandem/transformer"
	"tandem/transformer/chat"
	"tandem/transformer/checkpoint/gguf"
)

// ggufName is the model's name: that of the file without its ending.
func ggufName(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }

// loadGGUF reads a GGUF file.
func loadGGUF(path string, dtype transformer.Dtype) (*Model, error) {
	file, err := gguf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", path, err)
	}
	m := &Model{Name: ggufName(path)}
	if err := m.fromGGUF(file, dtype); err != nil {
		return nil, errors.Join(fmt.Errorf("checkpoint %s: %w", path, err), file.Close())
	}
	m.keep(file)
	return m, nil
}

func (m *Model) fromGGUF(file *gguf.File, dtype transformer.Dtype) (err error) {
	if m.Config, err = file.Config(); err != nil {
		return err
	}
	m.Config.Name = m.Name
	if m.Tokenizer, err = file.Tokenizer(); err != nil {
		return err
	}
	source, special, err := file.ChatTemplate()
	if err != nil {
		return err
	}
	if source != "" {
		m.Chat = chat.New(source, special)
	}
	if size := m.Tokenizer.Size(); size > m.Config.Vocab {
		return fmt.Errorf("the tokenizer has %d entries, vocab_size is %d: convert the model again", size, m.Config.Vocab)
	}
	if m.Weights, err = file.Weights(dtype); err != nil {
		return err
	}
	m.Weights.Config.Name = m.Name
	m.Parameters = transformer.Parameters(m.Config)
	return nil
}
