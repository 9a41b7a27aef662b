package checkpoint

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tandem/transformer"
	"tandem/transformer/checkpoint/gguf"
)

// ReadConfig reads the blueprint of a checkpoint without its weights: from a folder's config.json or a GGUF file's metadata. Its
// Name is that of Load.
func ReadConfig(path string) (transformer.Config, error) {
	if strings.EqualFold(filepath.Ext(path), ".gguf") {
		return readGGUFConfig(path)
	}
	if err := isFolder(path); err != nil {
		return transformer.Config{}, err
	}
	name := filepath.Base(filepath.Clean(path))
	c, _, err := folder{os.DirFS(path), path}.config(name)
	if err != nil {
		return c, fmt.Errorf("checkpoint %s: %w", name, err)
	}
	return c, nil
}

// EmbeddedConfig is that of the checkpoint in the binary.
func EmbeddedConfig() (transformer.Config, error) {
	dir, err := fs.Sub(files, "embedded")
	if err != nil {
		return transformer.Config{}, err
	}
	c, _, err := folder{dir, ""}.config("embedded")
	return c, err
}

// config reads config.json, and generation_config.json where there is one, and the family that they are of.
func (d folder) config(name string) (c transformer.Config, f family, err error) {
	data, err := readFile(d.files, "config.json", maxConfig)
	if err != nil {
		if !d.has("config.json") {
			err = d.advise(err)
		}
		return c, f, err
	}
	f, keys, err := findFamily(data)
	if err == nil {
		c, err = f.config(keys)
	}
	if err != nil {
		return c, f, fmt.Errorf("config.json: %w", err)
	}
	c.Name = name
	ends, err := generationEnds(d.files)
	if err != nil || ends == nil {
		return c, f, err
	}
	c.EOSTokens = ends
	if err := c.Validate(); err != nil {
		return c, f, fmt.Errorf("generation_config.json: %w", err)
	}
	return c, f, nil
}

func readGGUFConfig(path string) (transformer.Config, error) {
	file, err := gguf.Open(path)
	if err != nil {
		return transformer.Config{}, fmt.Errorf("checkpoint %s: %w", path, err)
	}
	defer file.Close()
	c, err := file.Config()
	if err != nil {
		return c, fmt.Errorf("checkpoint %s: %w", path, err)
	}
	c.Name = ggufName(path)
	return c, nil
}

// isFolder says what to name in place of a path that is none.
func isFolder(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("checkpoint %s: no such folder; name one that holds config.json, tokenizer.json and model.safetensors", path)
	}
	if !info.IsDir() {
		return fmt.Errorf("checkpoint %s: not a folder; name the one that holds config.json, or a .gguf file", path)
	}
	return nil
}
