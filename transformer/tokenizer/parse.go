package tokenizer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tandem/transformer/strictjson"
)

// file is the part of tokenizer.json that Encode, Decode and Frame depend on. Truncation and padding are left to the caller.
type file struct {
	AddedTokens   []addedEntry   `json:"added_tokens"`
	Normalizer    *component     `json:"normalizer"`
	PreTokenizer  *component     `json:"pre_tokenizer"`
	PostProcessor *postProcessor `json:"post_processor"`
	Decoder       *component     `json:"decoder"`
	Model         *model         `json:"model"`
}

type addedEntry struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
}

// component is a normalizer, a pre-tokenizer or a decoder.
type component struct {
	Type             string      `json:"type"`
	Normalizers      []component `json:"normalizers"`
	PreTokenizers    []component `json:"pretokenizers"`
	Decoders         []component `json:"decoders"`
	Behavior         string      `json:"behavior"`
	Invert           bool        `json:"invert"`
	AddPrefixSpace   bool        `json:"add_prefix_space"`
	UseRegex         *bool       `json:"use_regex"`
	IndividualDigits bool        `json:"individual_digits"`
	Pattern          pattern     `json:"pattern"`
}

type pattern struct {
	Regex *string `json:"Regex"`
}

type model struct {
	Type                    string           `json:"type"`
	Dropout                 *float64         `json:"dropout"`
	Unknown                 *string          `json:"unk_token"`
	FuseUnknown             bool             `json:"fuse_unk"`
	ContinuingSubwordPrefix string           `json:"continuing_subword_prefix"`
	EndOfWordSuffix         string           `json:"end_of_word_suffix"`
	ByteFallback            bool             `json:"byte_fallback"`
	IgnoreMerges            bool             `json:"ignore_merges"`
	Vocab                   map[string]int32 `json:"vocab"`
	Merges                  []pair           `json:"merges"`
}

// pair is a merge: ["a","b"], or "a b" in older files.
type pair [2]string

func (p *pair) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var list []string
	if d.PeekKind() == '"' {
		var s string
		if err := json.UnmarshalDecode(d, &s); err != nil {
			return err
		}
		list = strings.Split(s, " ")
	} else if err := json.UnmarshalDecode(d, &list); err != nil {
		return err
	}
	return p.set(list)
}

func (p *pair) set(list []string) error {
	if len(list) != 2 || list[0] == "" || list[1] == "" {
		return fmt.Errorf("merge %q does not name two tokens", list)
	}
	*p = pair{list[0], list[1]}
	return nil
}

// MaxBytes is the size of the largest file that Parse reads. The largest published ones have 33 MB.
const MaxBytes = 64 << 20

// maxID bounds the ids, so that a damaged file cannot ask for a huge table.
const maxID = 1 << 22

// Parse reads a tokenizer.json. What it does not implement is an error: other models than byte-level BPE, and unknown
// pre-tokenizers and normalizers. It never guesses, because text that is split wrongly still decodes to the same text, so that
// nobody would notice.
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

// build takes over a file's parts, one after another.
func build(f *file) (*Tokenizer, error) {
	t := &Tokenizer{}
	for _, step := range []func(*file) error{t.readModel, t.readAdded, t.readNormalizer, t.readPreTokenizer, t.readPostProcessor, checkDecoder} {
		if err := step(f); err != nil {
			return nil, fmt.Errorf("tokenizer: %w", err)
		}
	}
	return t, nil
}

func (t *Tokenizer) readModel(f *file) error {
	m := f.Model
	switch {
	case m == nil || len(m.Vocab) == 0:
		return errors.New("no model with a vocabulary")
	case m.Type != "BPE" && m.Type != "":
		return fmt.Errorf("model type %q is not supported; only byte-level BPE is", m.Type)
	case m.ByteFallback:
		return errors.New("byte_fallback (SentencePiece) is not supported; only byte-level BPE is")
	case m.Dropout != nil && *m.Dropout != 0:
		return errors.New("BPE with dropout gives other tokens on every call and is not supported")
	case m.ContinuingSubwordPrefix != "" || m.EndOfWordSuffix != "":
		return errors.New("BPE with a subword prefix or suffix is not supported; only byte-level BPE is")
	}
	if many := f.unmerged(); many > 0 {
		return fmt.Errorf("no merges, but %d tokens of several bytes that no text would ever become: merges is empty or missing; fetch it again", many)
	}
	t.wholePieces = m.IgnoreMerges
	t.ids, t.merges = make(map[string]int32, len(m.Vocab)), make(map[uint64]merge, len(m.Merges))
	for entry, id := range m.Vocab {
		raw, ok := rawBytes(entry)
		if !ok {
			raw = []byte(entry) // an added token that the vocabulary lists too; merges do not reach it
		}
		if err := t.setPiece(id, raw); err != nil {
			return err
		}
		if ok {
			t.ids[string(raw)] = id
		}
	}
	if err := t.readBytes(m); err != nil {
		return err
	}
	for rank, p := range m.Merges {
		left, ok1 := m.Vocab[p[0]]
		right, ok2 := m.Vocab[p[1]]
		id, ok3 := m.Vocab[p[0]+p[1]]
		if !ok1 || !ok2 || !ok3 {
			return fmt.Errorf("merge %d, %q + %q, uses a token that is not in the vocabulary", rank, p[0], p[1])
		}
		t.merges[pairOf(left, right)] = merge{rank: int32(rank), id: id}
	}
	return nil
}

// readBytes finds the tokens of single bytes. A vocabulary may lack some (SmolLM2's lacks 21): as in Hugging Face's
// tokenizers, text loses them, or they become the unknown token where the file names one. None lacks printable ASCII.
func (t *Tokenizer) readBytes(m *model) error {
	unknown := int32(-1)
	if m.Unknown != nil {
		id, ok := m.Vocab[*m.Unknown]
		if !ok {
			return fmt.Errorf("unk_token %q is not in the vocabulary", *m.Unknown)
		}
		unknown = id
	}
	for b := range 256 {
		id, ok := t.ids[string([]byte{byte(b)})]
		switch {
		case ok:
			t.bytes[b] = id
		case b >= ' ' && b <= '~':
			return fmt.Errorf("vocabulary has no token for byte 0x%02x, so it is not byte-level", b)
		case unknown >= 0 && m.FuseUnknown:
			return fmt.Errorf("vocabulary has no token for byte 0x%02x, and fuse_unk is not supported", b)
		default:
			t.bytes[b] = unknown
		}
	}
	return nil
}

// unmerged is how many tokens nothing makes, where there are no merges: those of several bytes that no text is searched for.
func (f *file) unmerged() (many int) {
	m := f.Model
	if len(m.Merges) > 0 || m.IgnoreMerges {
		return 0
	}
	added := make(map[string]bool, len(f.AddedTokens))
	for _, a := range f.AddedTokens {
		added[a.Content] = true
	}
	for entry := range m.Vocab {
		if raw, ok := rawBytes(entry); ok && len(raw) > 1 && !added[entry] {
			many++
		}
	}
	return many
}

// setPiece takes a free id.
func (t *Tokenizer) setPiece(id int32, raw []byte) error {
	if id < 0 || id >= maxID {
		return fmt.Errorf("token %q has id %d, outside 0-%d", raw, id, maxID-1)
	}
	for int(id) >= len(t.pieces) {
		t.pieces = append(t.pieces, nil)
	}
	if t.pieces[id] != nil {
		return fmt.Errorf("tokens %q and %q share the id %d: each needs its own", t.pieces[id], raw, id)
	}
	t.pieces[id] = raw
	return nil
}

func (t *Tokenizer) readAdded(f *file) error {
	t.addedIDs = make(map[string]int32, len(f.AddedTokens))
	for _, a := range f.AddedTokens {
		if a.SingleWord {
			return fmt.Errorf("added token %q is single_word, which is not supported", a.Content)
		}
		if a.Content == "" {
			return fmt.Errorf("added token %d is empty", a.ID)
		}
		id, known := t.addedIDs[a.Content]
		if !known {
			id, known = f.Model.Vocab[a.Content]
		}
		if known && id != a.ID {
			return fmt.Errorf("added token %q has the ids %d and %d: keep the one that the model was trained with", a.Content, id, a.ID)
		}
		if known {
			t.pieces[id] = nil // the vocabulary lists it, too
		}
		if err := t.setPiece(a.ID, []byte(a.Content)); err != nil {
			return err
		}
		t.addedIDs[a.Content] = a.ID
		group := &t.added[0]
		if a.Normalized {
			group = &t.added[1]
		}
		group.add(addedToken{content: a.Content, id: a.ID, lstrip: a.LStrip, rstrip: a.RStrip})
	}
	return nil
}

func (t *Tokenizer) readNormalizer(f *file) error {
	for _, n := range flatten(f.Normalizer, func(c component) []component { return c.Normalizers }) {
		if n.Type != "NFC" {
			return fmt.Errorf("normalizer %q is not supported; only NFC is", n.Type)
		}
		t.nfc = true
	}
	return nil
}

func (t *Tokenizer) readPreTokenizer(f *file) error {
	if f.PreTokenizer == nil {
		return errors.New("no pre_tokenizer; only byte-level BPE is supported")
	}
	byteLevel := false
	for _, p := range flatten(f.PreTokenizer, func(c component) []component { return c.PreTokenizers }) {
		switch {
		case byteLevel:
			return fmt.Errorf("pre-tokenizer %q after ByteLevel is not supported", p.Type)
		case p.Type == "ByteLevel" && p.AddPrefixSpace:
			return errors.New("pre-tokenizer ByteLevel with add_prefix_space is not supported")
		case p.Type == "ByteLevel":
			if byteLevel = true; p.UseRegex == nil || *p.UseRegex {
				t.stages = append(t.stages, scan(splitGPT2))
			}
		case p.Type == "Digits":
			next := splitDigits
			if !p.IndividualDigits {
				next = splitNumbers
			}
			t.stages = append(t.stages, scan(next))
		case p.Type == "Split":
			s, err := newStage(p)
			if err != nil {
				return err
			}
			t.stages = append(t.stages, s)
		default:
			return fmt.Errorf("pre-tokenizer %q is not supported; ByteLevel, Digits and Split are", p.Type)
		}
	}
	if !byteLevel {
		return errors.New("pre_tokenizer has no ByteLevel; only byte-level BPE is supported")
	}
	return nil
}

func checkDecoder(f *file) error {
	for _, d := range flatten(f.Decoder, func(c component) []component { return c.Decoders }) {
		if d.Type != "ByteLevel" {
			return fmt.Errorf("decoder %q is not supported; only ByteLevel is", d.Type)
		}
	}
	return nil
}

// flatten lists the parts of a component, which may be a Sequence or nil.
func flatten(c *component, parts func(component) []component) []component {
	if c == nil {
		return nil
	}
	if c.Type != "Sequence" {
		return []component{*c}
	}
	var out []component
	for _, p := range parts(*c) {
		out = append(out, flatten(&p, parts)...)
	}
	return out
}
