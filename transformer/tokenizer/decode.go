package tokenizer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A decoder says what tokens stand for in a text.
type decoder struct {
	token   func(entry string) string // a token of the vocabulary
	leading func(entry string) string // the first token of a text, where that is something else
	strip   string                    // is dropped from the beginning of the text, at most times often
	times   int
}

// bytesOf is the decoder ByteLevel: what a token of printable characters stands for. One that has others stands for itself.
func bytesOf(entry string) string {
	if raw, ok := rawBytes(entry); ok {
		return string(raw)
	}
	return entry
}

// byteOfName is the byte that <0x0A> and the like stand for.
func byteOfName(entry string) (b byte, ok bool) {
	if len(entry) != 6 || !strings.HasPrefix(entry, "<0x") || entry[5] != '>' {
		return 0, false
	}
	n, err := strconv.ParseUint(entry[3:5], 16, 8)
	return byte(n), err == nil
}

// newDecoder makes a decoder of components, which tell each token by itself until Fuse joins them.
func newDecoder(list []component) (decoder, error) {
	d, fused := decoder{token: func(entry string) string { return entry }}, false
	for _, c := range list {
		if err := d.append(c, &fused); err != nil {
			return d, fmt.Errorf("decoder %q: %w", c.Type, err)
		}
	}
	return d, nil
}

func (d *decoder) append(c component, fused *bool) error {
	switch {
	case c.Type == "Fuse":
		*fused = true
		return nil
	case c.Type == "Strip":
		if !*fused || c.Stop > 0 || d.strip != "" {
			return errors.New("it is supported once, behind Fuse, and with a stop of 0")
		}
		d.strip, d.times = c.Content, c.Start
		return nil
	case *fused:
		return errors.New("it is not supported behind Fuse")
	case c.Type == "ByteLevel":
		d.then(bytesOf)
	case c.Type == "ByteFallback":
		d.then(func(entry string) string {
			if b, ok := byteOfName(entry); ok {
				return string([]byte{b})
			}
			return entry
		})
	case c.Type == "Replace":
		replace, err := c.replacer()
		if err != nil {
			return err
		}
		d.then(replace)
	case c.Type == "Metaspace":
		return d.metaspace(c)
	default:
		return errors.New("it is not supported; ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Sequence and Strip are")
	}
	return nil
}

// then does one thing more to each token.
func (d *decoder) then(do func(string) string) {
	token, leading := d.token, d.leading
	d.token = func(entry string) string { return do(token(entry)) }
	if leading != nil {
		d.leading = func(entry string) string { return do(leading(entry)) }
	}
}

// metaspace turns the visible character into a space, or into nothing where the text's first space was put before it.
func (d *decoder) metaspace(c component) error {
	scheme, err := c.scheme()
	if err != nil {
		return err
	}
	if token := d.token; scheme != "never" {
		d.leading = func(entry string) string { return strings.ReplaceAll(token(entry), c.Replacement, "") }
	}
	token := d.token
	d.token = func(entry string) string { return strings.ReplaceAll(token(entry), c.Replacement, " ") }
	return nil
}

// readDecoder finds what each token stands for.
func (b *builder) readDecoder(f *file) error {
	list := flatten(f.Decoder, func(c component) []component { return c.Decoders })
	switch {
	case len(list) == 0 && !b.model.byteLevel:
		return errors.New("no decoder; only byte-level BPE needs none")
	case len(list) == 0:
		list = []component{{Type: "ByteLevel"}}
	}
	d, err := newDecoder(list)
	if err != nil {
		return err
	}
	b.strip, b.times = d.strip, d.times
	b.pieces = make([][]byte, len(b.names))
	for id, name := range b.names {
		if name == "" {
			continue
		}
		b.pieces[id] = []byte(d.token(name))
		if d.leading == nil {
			continue
		}
		if leading := d.leading(name); leading != string(b.pieces[id]) {
			if b.leading == nil {
				b.leading = map[int32]string{}
			}
			b.leading[int32(id)] = leading
		}
	}
	return nil
}
