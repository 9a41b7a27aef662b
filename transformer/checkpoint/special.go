package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"tandem/transformer"
	"tandem/transformer/strictjson"
	"tandem/transformer/tokenizer"
)

// special fills in what ends a text, the mask, and how the model was trained to fill it in.
func (f family) special(c config, out *transformer.Config) error {
	if err := c.tokens(); err != nil {
		return err
	}
	out.EOSTokens = c.EOS
	if !c.has("eos_token_id") {
		out.EOSTokens = slices.DeleteFunc(slices.Clone(f.end), func(id int32) bool { return int(id) >= c.vocab() })
	}
	if out.MaskToken = or(c.Mask, f.mask); c.Mask == nil && f.mask == 0 {
		out.MaskToken = -1
	}
	if int(out.MaskToken) >= c.vocab() {
		return fmt.Errorf("mask_token_id is missing, and %d, which this architecture's models have, lies outside the vocabulary of %d: %s",
			f.mask, c.vocab(), mend)
	}
	sizes := c.BlockSizes
	if size := max(or(c.BlockSize, 0), or(c.BlockLength, 0)); size > 0 && len(sizes) == 0 {
		sizes = []int{size}
	}
	out.Shifted, out.Attention = f.shifted, f.attention
	switch {
	case c.Causal:
		out.Attention = transformer.CausalMasks
	case f.explicit, f.attention == transformer.CausalMasks:
	case f.attention == transformer.WholeSequence && len(sizes) > 0:
		return fmt.Errorf("a block size of %d contradicts the architecture, whose models attend to the whole text: remove it, or fetch config.json again",
			sizes[0])
	case f.attention == transformer.BlockCausal && len(sizes) == 0:
		out.BlockSizes = []int{f.block}
	case f.attention == "" && len(sizes) > 0 && out.MaskToken >= 0:
		out.Attention, out.BlockSizes = transformer.BlockCausal, sizes
	default:
		out.BlockSizes = sizes
	}
	return nil
}

// tokens reports an id outside the vocabulary. Older files write -1 for a padding that they do not have.
func (c config) tokens() error {
	for _, t := range []struct {
		name string
		ids  ids
	}{{"eos", c.EOS}, {"bos", c.BOS}, {"pad", c.Pad}, {"mask", ids{or(c.Mask, 0)}}} {
		for _, id := range t.ids {
			if none := t.name == "pad" && id == -1; !none && (id < 0 || int(id) >= c.vocab()) {
				return fmt.Errorf("%s_token_id: %s token %d lies outside the vocabulary of %d: %s", t.name, t.name, id, c.vocab(), mend)
			}
		}
	}
	return nil
}

// generationEnds are the ends of a text that generation_config.json names. As in transformers' generate they replace those of
// config.json, with which nil leaves the model.
func generationEnds(dir fs.FS) (ids, error) {
	const name = "generation_config.json"
	if _, err := fs.Stat(dir, name); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	data, err := readFile(dir, name, maxConfig)
	if err != nil {
		return nil, err
	}
	var generation struct {
		EOS ids `json:"eos_token_id"`
	}
	if err := strictjson.Unmarshal(data, &generation); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return generation.EOS, nil
}

// checkMask reports a mask that text may hold, or that also ends a text: decoders ban it, and would never end.
func checkMask(c transformer.Config, t *tokenizer.Tokenizer) error {
	switch {
	case c.MaskToken < 0:
		return nil
	case slices.Contains(c.EOSTokens, c.MaskToken):
		return fmt.Errorf("mask token %d also ends a text: mask_token_id or eos_token_id is wrong; %s", c.MaskToken, mend)
	case !t.Added(c.MaskToken):
		return fmt.Errorf("mask token %d is no added token of tokenizer.json but %q, which text may hold: mask_token_id is wrong; %s",
			c.MaskToken, t.Piece(c.MaskToken), mend)
	}
	return nil
}
