package bench

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/datasets"
	"tandem/decoders"
	"tandem/evals"
	"tandem/record"
	"tandem/transformer/chat"
)

// framed is letters with a token before every text that wants it.
type framed struct{ letters }

func (framed) Frame() (before, after []int32) { return []int32{7}, nil }

// asking is a setup of three decoders: completions, a fenced prompt, and one with a chat template.
func asking(t *testing.T, template string) Setup {
	t.Helper()
	s := setup()
	s.Tokenizer = framed{}
	suite := datasets.Suite{Name: "letters", Tasks: []datasets.Example{{TaskID: "t0", Prompt: "a\ndef", EntryPoint: "f"}, {TaskID: "t1", Prompt: "b", EntryPoint: "f", Level: 3}}}
	prompts := evals.Prompts{Suite: suite, Chat: chat.New(template, map[string]string{"bos_token": "<s>"})}
	var plan []decoders.Settings
	for _, name := range []string{"ar/prompt=completion", "ar/prompt=fenced", "ar/prompt=chat"} {
		of, err := decoders.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		plan = append(plan, of)
	}
	plan, err := PlanPrompts(append(plan, decoders.Settings{Family: decoders.AR}), "auto", prompts)
	if err != nil || len(plan) != 3 { // the last is ar/prompt=chat once more
		t.Fatalf("%v, %v", plan, err)
	}
	s.Decoders, s.Header.Decoders = nil, nil
	for _, of := range plan {
		s.Decoders = append(s.Decoders, script{name: of.Name()})
		s.Header.Decoders = append(s.Header.Decoders, of.Info())
	}
	longest, err := s.Ask(prompts, plan, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(s.Others["ar/prompt=chat"][0].Text); longest != want {
		t.Errorf("the longest prompt has %d tokens, want %d", longest, want)
	}
	return s
}

const template = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"

// Each decoder is asked by its own prompt; a completion gets the tokenizer's frame, a chat template writes its own; the header and
// each record say what was given.
func TestPromptsOfDecoders(t *testing.T) {
	s := asking(t, template)
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if _, err := Run(t.Context(), path, s); err != nil {
		t.Fatal(err)
	}
	header, _, err := record.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range header.Prompts {
		names = append(names, p.Name+"/"+p.Answer)
	}
	if !slices.Equal(names, []string{"completion/completion", "fenced/completion", "chat/chat"}) || header.Prompts[2].Template == "" {
		t.Errorf("%+v", header.Prompts)
	}
	for _, r := range read(t, path) {
		if want := map[string]int{"t1": 3}[r.Task]; r.Level != want {
			t.Errorf("%s, %s: level %d, want %d", r.Task, r.Decoder, r.Level, want)
		}
		ids := map[string][]int32{
			"ar":               append([]int32{7}, s.Tokenizer.Encode("b")...),
			"ar/prompt=fenced": append([]int32{7}, s.Tokenizer.Encode("```python\nb")...),
			"ar/prompt=chat":   s.Tokenizer.Encode(s.Others["ar/prompt=chat"][1].Text),
		}[r.Decoder]
		if r.Task == "t1" && (r.PromptSHA256 != hashOf(ids) || r.PromptTokens != len(ids)) {
			t.Errorf("%s: %d tokens with the hash %s", r.Decoder, r.PromptTokens, r.PromptSHA256)
		}
	}
	if text := s.Others["ar/prompt=chat"][1].Text; !strings.HasPrefix(text, "<s>Please") {
		t.Errorf("the chat prompt is %q", text)
	}
}

// A run with another chat template is another run.
func TestAnotherTemplateIsAnotherRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if _, err := Run(t.Context(), path, asking(t, template)); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), path, asking(t, template+"!"))
	var mismatch *Mismatch
	if !errors.As(err, &mismatch) || !strings.Contains(mismatch.Now, "chat template") || mismatch.Now == mismatch.Before {
		t.Errorf("error %v", err)
	}
}

// What an answer is ends at a stop word: so do the useful tokens, and a decoder that asks. The completion keeps the word, by which
// it is scored. At a forced length all tokens count.
func TestStopWordEndsTheCount(t *testing.T) {
	for _, length := range []string{natural, forced} {
		s := asking(t, template)
		s.Header.Plan.Length = length
		path := filepath.Join(t.TempDir(), "run.jsonl")
		if _, err := Run(t.Context(), path, s); err != nil {
			t.Fatal(err)
		}
		for _, r := range read(t, path) {
			if r.Task != "t0" || r.Decoder != "ar" { // it writes its prompt once more: the token 7, "a", a newline, "def"
				continue
			}
			want, stop := 2, record.StopWord
			if length == forced {
				want, stop = 6, record.StopEOS
			}
			if r.Tokens != want || r.Stop != stop || r.Completion != "\aa\ndef" {
				t.Errorf("%s: %d tokens, stop %s, %q", length, r.Tokens, r.Stop, r.Completion)
			}
		}
	}
}
