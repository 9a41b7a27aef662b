package tokenizer

import (
	"errors"
	"fmt"

	"tandem/transformer/strictjson"
)

// MaxBytes is the size of the largest file that Parse reads. The largest published ones have 33 MB.
const MaxBytes = 64 << 20

// maxID bounds the ids, so that a damaged file cannot ask for a huge table.
const maxID = 1 << 22

// Parse reads a tokenizer.json. What it does not implement is an error: other models than BPE, and unknown pre-tokenizers,
// normalizers, decoders and post-processors. It never guesses, because text that is split wrongly still decodes to the same
// text, so that nobody would notice.
func Parse(data []byte) (*Tokenizer, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("tokenizer: %d bytes are more than the %d that any published one needs", len(data), MaxBytes)
	}
	var f file
	if err := strictjson.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("tokenizer: not a tokenizer.json: %w", err)
	}
	return build(&f)
}

// A builder makes a tokenizer of a file's parts, one after another.
type builder struct {
	*Tokenizer
	names []string // of the tokens, as the file writes them; "" where an id is unused
}

func build(f *file) (*Tokenizer, error) {
	b := builder{Tokenizer: &Tokenizer{}}
	for _, step := range []func(*file) error{b.checkModel, b.readPreTokenizer, b.readModel, b.readNormalizer, b.readAdded,
		b.readDecoder, b.readPostProcessor} {
		if err := step(f); err != nil {
			return nil, fmt.Errorf("tokenizer: %w", err)
		}
	}
	return b.Tokenizer, nil
}

// checkModel refuses what no later step reads.
func (b *builder) checkModel(f *file) error {
	m := f.Model
	switch {
	case m == nil || len(m.Vocab) == 0:
		return errors.New("no model with a vocabulary")
	case m.Type != "BPE" && m.Type != "":
		return fmt.Errorf("model type %q is not supported; only BPE is, byte-level or with byte_fallback", m.Type)
	case m.Dropout != nil && *m.Dropout != 0:
		return errors.New("BPE with dropout gives other tokens on every call and is not supported")
	case m.ContinuingSubwordPrefix != "" || m.EndOfWordSuffix != "":
		return errors.New("BPE with a subword prefix or suffix is not supported")
	}
	return nil
}

// setName takes a free id.
func (b *builder) setName(id int32, name string) error {
	if id < 0 || id >= maxID {
		return fmt.Errorf("token %q has id %d, outside 0-%d", name, id, maxID-1)
	}
	if more := int(id) + 1 - len(b.names); more > 0 {
		b.names = append(b.names, make([]string, more)...)
	}
	if b.names[id] != "" {
		return fmt.Errorf("tokens %q and %q share the id %d: each needs its own", b.shown(b.names[id]), b.shown(name), id)
	}
	b.names[id] = name
	return nil
}

// shown is a token as a text has it.
func (b *builder) shown(name string) string {
	if b.model.byteLevel {
		return bytesOf(name)
	}
	return name
}

// readAdded takes the added tokens. Those that are looked for in the normalized text are normalized first.
func (b *builder) readAdded(f *file) error {
	b.addedIDs = make(map[string]int32, len(f.AddedTokens))
	for _, a := range f.AddedTokens {
		if a.Content == "" {
			return fmt.Errorf("added token %d is empty", a.ID)
		}
		id, known := b.addedIDs[a.Content]
		if !known {
			id, known = f.Model.Vocab[a.Content]
		}
		if known && id != a.ID {
			return fmt.Errorf("added token %q has the ids %d and %d: keep the one that the model was trained with", a.Content, id, a.ID)
		}
		if !known {
			if err := b.setName(a.ID, a.Content); err != nil {
				return err
			}
		}
		b.addedIDs[a.Content] = a.ID
		t := addedToken{content: a.Content, id: a.ID, lstrip: a.LStrip, rstrip: a.RStrip, singleWord: a.SingleWord}
		group := &b.added[0]
		if a.Normalized {
			group = &b.added[1]
			if t.content = b.normalize(a.Content); t.content == "" {
				return fmt.Errorf("added token %q is empty once it is normalized", a.Content)
			}
			b.names[a.ID] = t.content // and so it is decoded
		}
		group.add(t)
	}
	return nil
}

func (b *builder) readNormalizer(f *file) error {
	for _, c := range flatten(f.Normalizer, func(c component) []component { return c.Normalizers }) {
		n, err := newNormalizer(c)
		if err != nil {
			return err
		}
		b.normalizers = append(b.normalizers, n)
	}
	return nil
}

// readPreTokenizer makes the stages. ByteLevel, which says that the model knows bytes and not characters, must be the last.
func (b *builder) readPreTokenizer(f *file) error {
	if f.PreTokenizer == nil && !f.Model.ByteFallback {
		return errors.New("no pre_tokenizer; only BPE that is byte-level or has byte_fallback is supported")
	}
	for _, c := range flatten(f.PreTokenizer, func(c component) []component { return c.PreTokenizers }) {
		if b.model.byteLevel {
			return fmt.Errorf("pre-tokenizer %q after ByteLevel is not supported", c.Type)
		}
		list, err := b.newStages(c)
		if err != nil {
			return fmt.Errorf("pre-tokenizer %q: %w", c.Type, err)
		}
		b.stages = append(b.stages, list...)
	}
	switch {
	case b.model.byteLevel && f.Model.ByteFallback:
		return errors.New("byte_fallback behind the pre-tokenizer ByteLevel is not supported")
	case !b.model.byteLevel && !f.Model.ByteFallback:
		return errors.New("pre_tokenizer has no ByteLevel; only BPE that is byte-level or has byte_fallback is supported")
	}
	return nil
}

// newStages makes the stages of a component that is no Sequence.
func (b *builder) newStages(c component) (list []stage, err error) {
	switch c.Type {
	case "ByteLevel":
		if b.model.byteLevel = true; c.AddPrefixSpace != nil && *c.AddPrefixSpace {
			list = append(list, prefixSpace)
		}
		if c.UseRegex == nil || *c.UseRegex {
			re, err := compile(gpt2Pattern)
			return append(list, isolate(re.find)), err
		}
		return list, nil
	case "Digits":
		return []stage{digitStage(c.IndividualDigits)}, nil
	case "Metaspace":
		s, err := metaspaceStage(c)
		return []stage{s}, err
	case "Split":
		s, err := splitStage(c)
		return []stage{s}, err
	}
	return nil, errors.New("it is not supported; ByteLevel, Digits, Metaspace, Sequence and Split are")
}
