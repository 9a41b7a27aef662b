package evals

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/datasets"
	"tandem/transformer/chat"
)

func smollm2(t *testing.T) *chat.Template {
	source, err := os.ReadFile("../transformer/chat/testdata/templates/SmolLM2-135M-Instruct.jinja")
	if err != nil {
		t.Fatal(err)
	}
	return chat.New(string(source), map[string]string{"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"})
}

// TestPromptTable: the prompts are those that EvalPlus's and lm-evaluation-harness's own code make, byte for byte.
// testdata/prompts.py wrote the file.
func TestPromptTable(t *testing.T) {
	data, err := os.ReadFile("testdata/prompts.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Task    string
		Prompts map[string]string
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	p := Prompts{Suite: datasets.Suite{Name: "one", Tasks: []datasets.Example{{TaskID: "t", Prompt: golden.Task, EntryPoint: "pick"}}}, Chat: smollm2(t)}
	for _, prompt := range promptTable {
		if prompt.about == "" {
			continue
		}
		want, ok := golden.Prompts[prompt.Name]
		asked, info, err := p.Ask(prompt.Name)
		if err != nil || !ok || asked[0].Text != want {
			t.Errorf("%s: %v\n%v, want\n%q", prompt.Name, err, asked, want)
			continue
		}
		if chats := prompt.User != ""; asked[0].Framed == chats || (info.Template != "") != chats || len(info.SHA256) != 64 {
			t.Errorf("%s: framed %t, %+v", prompt.Name, asked[0].Framed, info)
		}
	}
}

func TestResolve(t *testing.T) {
	suite := func(kinds ...datasets.Kind) (s datasets.Suite) {
		s.Name = "mine"
		for _, kind := range kinds {
			s.Tasks = append(s.Tasks, datasets.Example{Kind: kind})
		}
		return s
	}
	with := smollm2(t)
	for _, c := range []struct {
		name      string
		suite     datasets.Suite
		template  *chat.Template
		want, err string
	}{
		{"auto", suite(datasets.Code), with, "chat", ""},
		{"auto", suite(datasets.Code), nil, "completion", ""},
		{"auto", suite(datasets.Infill), with, "completion", ""},
		{"auto", suite(datasets.Code, datasets.Infill), with, "completion", ""},
		{"auto", suite(datasets.Calls, datasets.Number, datasets.Program, datasets.Sudoku, datasets.Countdown), with, "chat", ""},
		{"fenced", suite(datasets.Code), nil, "fenced", ""},
		{"chat", suite(datasets.Code), nil, "", "needs a chat template"},
		{"chat", suite(datasets.Infill), with, "", "prompt chat is not for suite mine"},
		{"evalplus", suite(datasets.Number), with, "", "not for suite mine"},
		{"chatty", suite(datasets.Code), with, "", `no prompt is named "chatty"; there are auto, completion (`},
		{"mine", suite(datasets.Code), with, "mine", ""},
	} {
		p := Prompts{Suite: c.suite, Chat: c.template, Own: []Prompt{{Name: "mine", Text: "{{ prompt }}"}}}
		got, err := p.Resolve(c.name)
		if got != c.want || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v; want %q, %q", c.name, got, err, c.want, c.err)
		}
	}
}

// The examples in docs/prompts are prompts.
// TestServerPrompts: an endpoint that chats gets messages, without a chat template of ours, and no answer that is begun.
func TestServerPrompts(t *testing.T) {
	p := Prompts{Suite: datasets.Suite{Name: "one", Tasks: []datasets.Example{{TaskID: "t", Prompt: "def f():\n", EntryPoint: "f"}}}, Server: true,
		Own: []Prompt{{Name: "terse", System: "Code alone.", User: "{{ prompt }}", Answer: Chat}}}
	if name, err := p.Resolve("auto"); name != chatPrompt || err != nil {
		t.Errorf("auto is %s: %v", name, err)
	}
	if _, err := p.Resolve("evalplus"); err == nil || !strings.Contains(err.Error(), "begins the answer itself") {
		t.Errorf("evalplus: %v", err)
	}
	asked, info, err := p.Ask("terse")
	if err != nil || asked[0].Text != "" || info.Template != "" || !slices.Equal(asked[0].Messages, []Message{{"system", "Code alone."}, {"user", "def f():\n"}}) {
		t.Errorf("%+v, %+v, %v", asked, info, err)
	}
	other, third, _ := p.Ask(chatPrompt)
	if len(other[0].Messages) != 1 || third.SHA256 == info.SHA256 {
		t.Errorf("%+v, %+v", other, third)
	}
	if asked, _, err := p.Ask(CompletionPrompt); err != nil || asked[0].Text != "def f():\n" || asked[0].Messages != nil {
		t.Errorf("%+v, %v", asked, err)
	}
}

func TestPromptFiles(t *testing.T) {
	task := datasets.Example{TaskID: "t", Prompt: "def f():\n    '''{{ x }}'''\n", EntryPoint: "f"}
	p := Prompts{Suite: datasets.Suite{Tasks: []datasets.Example{task}}, Chat: smollm2(t)}
	for file, want := range map[string]string{
		"commented.txt": "# Python 3.11, tested\n" + task.Prompt,
		"terse.yaml": "<|im_start|>system\nYou are an expert Python programmer who answers with code alone.<|im_end|>\n<|im_start|>user\nComplete the function f. " +
			"Answer with the whole function in one code block.\n\n```python\ndef f():\n    '''{{ x }}'''\n```\n<|im_end|>\n<|im_start|>assistant\n```python\n",
	} {
		own, err := ReadPrompt("../docs/prompts/" + file)
		if err != nil {
			t.Fatal(err)
		}
		p.Own = []Prompt{own}
		asked, info, err := p.Ask(own.Name)
		if err != nil || asked[0].Text != want || info.Name != strings.TrimSuffix(file, filepath.Ext(file)) {
			t.Errorf("%s: %v\n%v, want\n%q", file, err, asked, want)
		}
	}
}

func TestBadPromptFiles(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, err string }{
		"a.txt":      {"no task", "write {{ prompt }}"},
		"chat.txt":   {"{{ prompt }}", `cannot be named "chat"`},
		"b c.txt":    {"{{ prompt }}", "another name"},
		"d.yaml":     {"user: '{{ prompt }}'\ntext: '{{ prompt }}'\n", "either text"},
		"e.yaml":     {"usr: '{{ prompt }}'\n", "usr"},
		"f.yaml":     {"user: '{{ prompt }}'\nanswer: maybe\n", "completion or chat"},
		"g.yaml":     {"text: '{{ prompt }}'\nsystem: x\n", "go with user"},
		"h.yaml":     {"user: '{{ prompt }}'\nstops: ['']\n", "empty"},
		"i.yaml":     {"user: '{{ prompt }}'\nstops: []\n", "leave it out"},
		"absent.txt": {"", "no such file"},
	} {
		path := filepath.Join(dir, name)
		if c.text != "" {
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if p, err := ReadPrompt(path); err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %+v, error %v; want one line with %q", name, p, err, c.err)
		}
	}
	suite := datasets.Suite{Tasks: []datasets.Example{{TaskID: "t", Prompt: "x"}}}
	mistyped := Prompts{Suite: suite, Own: []Prompt{{Name: "own", Text: "{{ promt }}", Answer: Completion}}}
	if asked, _, err := mistyped.Ask("own"); err == nil || !strings.Contains(err.Error(), "promt is undefined") {
		t.Errorf("%v, error %v", asked, err)
	}
}
