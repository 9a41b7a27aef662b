package checkpoint

import (
	"slices"
	"strings"
)

// names turn Llama's names of tensors into those of a file.
type names struct {
	*strings.Replacer
	skips []string
}

// skip says whether a tensor belongs to no language model.
func (n names) skip(tensor string) bool {
	return slices.ContainsFunc(n.skips, func(prefix string) bool { return strings.HasPrefix(tensor, prefix) })
}

// names are the family's for a file with the given tensors.
func (f family) names(tensors map[string]tensor) names {
	for _, layout := range f.layouts {
		n := names{strings.NewReplacer(layout...), f.skips}
		if _, ok := tensors[n.Replace(embedding)]; ok {
			return n
		}
	}
	layout := []string{}
	if f.layouts != nil {
		layout = f.layouts[0] // an error then names the tensor that published files have
	}
	return names{strings.NewReplacer(layout...), f.skips}
}

// embedding is the tensor that tells layouts apart.
const embedding = "model.embed_tokens.weight"
