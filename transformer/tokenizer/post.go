package tokenizer

import (
	"fmt"
	"slices"
)

// postProcessor is a post-processor of tokenizer.json, as far as it concerns a single sequence. ByteLevel and Sequence have
// no fields of their own here.
type postProcessor struct {
	Type          string                  `json:"type"`
	Processors    []postProcessor         `json:"processors"`
	Single        []templatePart          `json:"single"`
	SpecialTokens map[string]templateWord `json:"special_tokens"`
}

// templatePart is either a special token or the sequence itself.
type templatePart struct {
	SpecialToken *struct {
		ID string `json:"id"`
	} `json:"SpecialToken"`
	Sequence *struct {
		ID string `json:"id"`
	} `json:"Sequence"`
}

// templateWord is what a special token of a template becomes.
type templateWord struct {
	IDs []int32 `json:"ids"`
}

// Frame returns the tokens that a single sequence stands between where a model expects a whole text: BOS and EOS, as the
// file's post-processor has them. Either is empty where there are none. Encode adds neither; a chat template writes its own.
func (t *Tokenizer) Frame() (before, after []int32) { return t.before, t.after }

func (b *builder) readPostProcessor(f *file) error {
	if f.PostProcessor == nil {
		return nil
	}
	if err := b.frame(*f.PostProcessor); err != nil {
		return fmt.Errorf("post-processor: %w", err)
	}
	for _, id := range slices.Concat(b.before, b.after) {
		if b.Piece(id) == nil {
			return fmt.Errorf("post-processor: token %d is not in the vocabulary", id)
		}
	}
	return nil
}

// frame puts the tokens of p around those that are there already.
func (t *Tokenizer) frame(p postProcessor) error {
	switch p.Type {
	case "ByteLevel": // changes offsets alone
		return nil
	case "Sequence":
		for _, part := range p.Processors {
			if err := t.frame(part); err != nil {
				return err
			}
		}
		return nil
	case "TemplateProcessing":
		before, after, err := p.template()
		if err != nil {
			return err
		}
		t.before, t.after = append(before, t.before...), append(t.after, after...)
		return nil
	}
	return fmt.Errorf("%q is not supported; ByteLevel, Sequence and TemplateProcessing are", p.Type)
}

// template is what stands before and behind the sequence, which the template must name once.
func (p postProcessor) template() (before, after []int32, err error) {
	sequences := 0
	for _, part := range p.Single {
		switch {
		case part.Sequence != nil && part.Sequence.ID == "A":
			sequences++
		case part.SpecialToken != nil:
			word, ok := p.SpecialTokens[part.SpecialToken.ID]
			if !ok {
				return nil, nil, fmt.Errorf("the template's token %q is not among its special_tokens", part.SpecialToken.ID)
			}
			if sequences == 0 {
				before = append(before, word.IDs...)
			} else {
				after = append(after, word.IDs...)
			}
		default:
			return nil, nil, fmt.Errorf("a part of the template is neither a special token nor the sequence A")
		}
	}
	if sequences != 1 {
		return nil, nil, fmt.Errorf("the template names the sequence A %d times; once is supported", sequences)
	}
	return before, after, nil
}
