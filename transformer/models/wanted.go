package models

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// small are the files beside the weights that Tandem reads or may learn to read.
var small = []string{"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
	"chat_template.json", "chat_template.jinja", "vocab.json", "merges.txt", "added_tokens.json", "model.safetensors.index.json"}

// wanted picks the files of a repository that a fetch downloads, the small ones first.
func wanted(all []File, e Entry) (files []File, err error) {
	if e.File != "" {
		files = slices.DeleteFunc(slices.Clone(all), func(f File) bool { return f.Path != e.File })
		if len(files) == 0 {
			return nil, fmt.Errorf("%s has no file %s%s", e.Repository, e.File, offered(all))
		}
		return files, nil
	}
	single := slices.ContainsFunc(all, func(f File) bool { return f.Path == "model.safetensors" })
	weights := false
	for _, f := range all {
		shard, _ := path.Match("model-*-of-*.safetensors", f.Path)
		switch {
		case slices.Contains(small, f.Path):
		case f.Path == "model.safetensors", shard && !single:
			weights = true
		default:
			continue
		}
		files = append(files, f)
	}
	slices.SortStableFunc(files, func(a, b File) int { return int(max(-1, min(1, a.Bytes-b.Bytes))) })
	if !weights {
		return nil, noWeights(all, e)
	}
	return files, nil
}

// noWeights says what to do about a repository without model.safetensors.
func noWeights(all []File, e Entry) error {
	has := func(pattern string) bool {
		return slices.ContainsFunc(all, func(f File) bool { ok, _ := path.Match(pattern, path.Base(f.Path)); return ok })
	}
	switch {
	case has("pytorch_model*.bin"):
		return fmt.Errorf("%s has its weights in pytorch_model.bin alone: convert them by AutoModelForCausalLM.from_pretrained(%q).save_pretrained(FOLDER), "+
			"which writes model.safetensors, and take that folder", e.Repository, e.Repository)
	case has("*.gguf"):
		return fmt.Errorf("%s holds GGUF files: name one%s", e.Repository, offered(all))
	}
	return fmt.Errorf("%s has no model.safetensors", e.Repository)
}

// offered names GGUF files.
func offered(all []File) string {
	var names []string
	for _, f := range all {
		if strings.HasSuffix(f.Path, ".gguf") {
			names = append(names, f.Path)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", such as " + strings.Join(names[:min(len(names), 4)], ", ")
}

// safe refuses a listing that names a place outside of the model's folder, or hashes that are none.
func safe(files []File) error {
	for _, f := range files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) || f.Bytes < 0 || !digest.MatchString(f.SHA256+f.Git) {
			return fmt.Errorf("the hub lists a file %q of %d bytes with the hash %q: nothing is fetched", f.Path, f.Bytes, f.SHA256+f.Git)
		}
	}
	return nil
}

// digest is the form of a SHA-256 or of git's SHA-1.
var digest = regexp.MustCompile(`^([0-9a-f]{64}|[0-9a-f]{40})$`)
