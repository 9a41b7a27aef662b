package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tandem/transformer/jinja"
)

// golden is what testdata/golden.py wrote.
type golden struct {
	Conversations map[string]struct {
		Messages  []Message
		Generate  bool
		Begun     bool
		Tools     json.RawMessage
		Variables map[string]any
	}
	Templates map[string]struct {
		SHA256 string
		Tokens map[string]string
		Cases  map[string]struct {
			Want          *string
			SHA256, Error string
		}
	}
}

var now = time.Date(2025, 3, 7, 9, 5, 1, 0, time.UTC)

// TestGolden: published templates give transformers' texts byte for byte, and fail where they fail there. TANDEM_TEMPLATES names a
// folder of those that are not committed.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var want golden
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for name, of := range want.Templates {
		t.Run(name, func(t *testing.T) {
			source := readTemplate(t, name)
			template := New(source, of.Tokens)
			if template.SHA256() != of.SHA256 {
				t.Fatalf("%s.jinja is not the template that the texts are of", name)
			}
			for conversation, c := range of.Cases {
				got, err := renderCase(t, template, want, conversation)
				sum := sha256.Sum256([]byte(got))
				switch {
				case c.Error != "" && err == nil:
					t.Errorf("%s: %q; transformers fails: %s", conversation, got, c.Error)
				case c.Error != "":
				case err != nil:
					t.Errorf("%s: %v", conversation, err)
				case c.Want != nil && got != *c.Want:
					t.Errorf("%s:\n%q, want\n%q", conversation, got, *c.Want)
				case c.Want == nil && hex.EncodeToString(sum[:]) != c.SHA256:
					t.Errorf("%s: %q is not transformers' text", conversation, got)
				}
			}
		})
	}
}

func readTemplate(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/templates/" + name + ".jinja")
	if errors.Is(err, fs.ErrNotExist) {
		folder := os.Getenv("TANDEM_TEMPLATES")
		if folder == "" {
			t.Skip("its licence keeps this template out of the repository: testdata/golden.py writes it into a folder; name that in TANDEM_TEMPLATES")
		}
		data, err = os.ReadFile(filepath.Join(folder, name+".jinja"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func renderCase(t *testing.T, template *Template, g golden, conversation string) (string, error) {
	t.Helper()
	c := g.Conversations[conversation]
	o := Options{Generate: c.Generate, Variables: c.Variables, Now: now}
	if c.Tools != nil {
		var err error
		if o.Tools, err = jinja.FromJSON(c.Tools); err != nil {
			t.Fatal(err)
		}
	}
	if c.Begun {
		return template.Begun(c.Messages[:len(c.Messages)-1], "Sure:\n```python\n", "", o) // as its last message says
	}
	return template.Render(c.Messages, o)
}

// A beginning that something follows keeps its last newline, which the template would trim.
func TestBegun(t *testing.T) {
	trims := New("{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{% endfor %}", nil)
	ask := []Message{Say("user", "q")}
	for behind, want := range map[string]string{"": "<user>q<assistant>```python", "\n```\n": "<user>q<assistant>```python\n"} {
		if got, err := trims.Begun(ask, "```python\n", behind, Options{}); err != nil || got != want {
			t.Errorf("%q, error %v; want %q", got, err, want)
		}
	}
	drops := New("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}", nil)
	if got, err := drops.Begun(ask, "x", "", Options{}); err == nil {
		t.Errorf("%q from a template that writes no answers", got)
	}
	if len(ask) != 1 {
		t.Error("the messages were changed")
	}
}

// Each file that may hold a template is found, the newer ones first.
func TestRead(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		files fstest.MapFS
		want  string // the text; empty: no template
		err   string
	}{
		{fstest.MapFS{}, "", ""},
		{fstest.MapFS{"tokenizer_config.json": file(`{"chat_template": null}`)}, "", ""},
		{fstest.MapFS{"tokenizer_config.json": file(`{"chat_template": "a{{ bos_token }}{{ eos_token }}{{ pad_token }}", "bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null}`)},
			"a<s></s>", ""},
		{fstest.MapFS{"tokenizer_config.json": file(`{"chat_template": [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "b"}]}`)}, "b", ""},
		{fstest.MapFS{"tokenizer_config.json": file(`{"chat_template": [{"name": "rag", "template": "x"}]}`)}, "", "default"},
		{fstest.MapFS{"tokenizer_config.json": file(`{"chat_template": 5}`)}, "", "fetch it again"},
		{fstest.MapFS{"tokenizer_config.json": file(`{`)}, "", "tokenizer_config.json"},
		{fstest.MapFS{"tokenizer_config.json": file(`{"chat_template": "a", "bos_token": "<s>"}`), "chat_template.jinja": file("c{{ bos_token }}\n")}, "c<s>", ""},
		{fstest.MapFS{"chat_template.json": file(`{"chat_template": "d"}`)}, "d", ""},
		{fstest.MapFS{"chat_template.jinja": &fstest.MapFile{Mode: fs.ModeDir}}, "", "no regular file"},
		{fstest.MapFS{"chat_template.jinja": file("{% include 'x' %}")}, "", "include"},
	} {
		got := ""
		template, err := Read(c.files)
		if err == nil && template != nil {
			got, err = template.Render(nil, Options{})
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) || c.err == "" && err != nil || got != c.want {
			t.Errorf("%v: %q, error %v; want %q, %q", c.files, got, err, c.want, c.err)
		}
	}
}
