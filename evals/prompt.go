package evals

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/datasets"
	"tandem/record"
	"tandem/transformer/chat"
	"tandem/transformer/jinja"
)

// A Prompt is a way to ask. Its texts are Jinja templates over a task's fields: prompt, suffix, task_id and entry_point. Text is all
// that the model is given; where User stands in place of it, the checkpoint's chat template is put around.
type Prompt struct {
	Name      string   `yaml:"-"`
	Text      string   `yaml:"text"`
	System    string   `yaml:"system"`
	User      string   `yaml:"user"`
	Assistant string   `yaml:"assistant"` // the beginning of the answer, with which the prompt ends
	Behind    string   `yaml:"behind"`    // what would follow in a whole answer, such as the end of a code block (chat.Template.Begun)
	Answer    Mode     `yaml:"answer"`    // Completion: cut at stop words, goes on with the task's prompt. Chat: the program within it
	Stops     []string `yaml:"stops"`     // nil: those of the task's kind, or of a chat answer the end of the code block asked for

	kinds []datasets.Kind // of tasks that it is for; nil: all
	about string
}

// CompletionPrompt is the name of the prompt that gives the task's text as it is.
const CompletionPrompt = "completion"

// chatPrompt is the name of the usual prompt of a checkpoint with a chat template.
const chatPrompt = "chat"

// The texts of EvalPlus 0.3.1 [evalplus/codegen.py, provider/utility.py] and of lm-evaluation-harness 0.4.13 [lm_eval/tasks/humaneval].
const (
	evalPlusUser = "Please provide a self-contained Python script that solves the following problem in a markdown code block:\n" +
		"```\n{{ prompt | trim }}\n```\n"
	evalPlusAssistant = "Below is a Python script with a self-contained function that solves the problem and passes corresponding tests:\n```python\n"
	lmEvalUser        = "Write a solution to the following problem and make sure that it passes the tests:\n```python\n{{ prompt }}\n```\n"
	lmEvalAssistant   = "Here is the completed function:\n```python\n{{ prompt }}\n"
)

// lmEvalStops are those of humaneval_instruct, and the end of the code block at which its filter cuts.
var lmEvalStops = []string{"\nclass", "\ndef", "\n#", "\nif", "\nprint", "```"}

var onlyCode = []datasets.Kind{datasets.Code}

// promptTable is the table of prompts; of those of one name the first that is for a task's kind counts.
var promptTable = []Prompt{
	{Name: CompletionPrompt, Answer: Completion, about: "the task's text as it is"},
	{Name: "fenced", Answer: Completion, Text: "```python\n{{ prompt }}", kinds: onlyCode, about: "the same in an open code block, without a chat template"},
	{Name: chatPrompt, Answer: Chat, User: evalPlusUser, kinds: onlyCode, about: "an instruction in the checkpoint's chat template"},
	{Name: chatPrompt, Answer: Chat, User: `{{ prompt.removesuffix("\n[BEGIN]\n") }}`, kinds: []datasets.Kind{datasets.Program}},
	{Name: chatPrompt, Answer: Chat, User: "{{ prompt | trim }}", kinds: []datasets.Kind{datasets.Calls, datasets.Number, datasets.Sudoku, datasets.Countdown}},
	{Name: "evalplus", Answer: Chat, User: evalPlusUser, Assistant: evalPlusAssistant, Behind: "\n```\n", Stops: []string{"\n```\n"}, kinds: onlyCode,
		about: "EvalPlus's instruction and the beginning of the answer"},
	{Name: "lm-eval", Answer: Completion, User: lmEvalUser, Assistant: lmEvalAssistant, Stops: lmEvalStops, kinds: onlyCode,
		about: "humaneval_instruct of lm-evaluation-harness"},
}

// PromptNames are the names of the table, each with what it is: "completion (the task's text as it is)".
func PromptNames() (names []string) {
	for _, p := range promptTable {
		if p.about != "" {
			names = append(names, p.Name+" ("+p.about+")")
		}
	}
	return names
}

// Prompts are the ways in which a checkpoint may be asked a suite's tasks.
type Prompts struct {
	Suite datasets.Suite
	Chat  *chat.Template // the checkpoint's; nil: it has none
	Own   []Prompt       // beside those of the table

	// Server says that an endpoint is asked: it puts a chat template of its own around messages.
	Server bool
}

// find is the prompt of a name for a kind of tasks.
func (p Prompts) find(name string, kind datasets.Kind) (found Prompt, err error) {
	known := false
	for _, one := range slices.Concat(promptTable, p.Own) {
		if one.Name != name {
			continue
		}
		known = true
		if one.kinds == nil || slices.Contains(one.kinds, kind) {
			return one, nil
		}
	}
	if known {
		return found, fmt.Errorf("prompt %s is not for suite %s: choose another, such as %s", name, p.Suite.Name, CompletionPrompt)
	}
	names := PromptNames()
	for _, one := range p.Own {
		names = append(names, one.Name)
	}
	return found, fmt.Errorf("no prompt is named %q; there are auto, %s", name, strings.Join(names, ", "))
}

// Resolve checks a name, and says which prompt "auto" is: chat where the checkpoint has a chat template and the suite such a prompt,
// else completion.
func (p Prompts) Resolve(name string) (string, error) {
	if name == "auto" {
		if _, err := p.Resolve(chatPrompt); err != nil {
			return CompletionPrompt, nil
		}
		return chatPrompt, nil
	}
	for _, task := range p.Suite.Tasks {
		found, err := p.find(name, task.Kind)
		if err != nil {
			return "", err
		}
		if p.Server && found.User != "" && found.Assistant != "" {
			return "", fmt.Errorf("prompt %s begins the answer itself, which an endpoint's messages cannot: choose %s", name, chatPrompt)
		}
		if found.User != "" && p.Chat == nil && !p.Server {
			return "", fmt.Errorf("prompt %s needs a chat template, and the checkpoint has none: choose %s or fenced", name, CompletionPrompt)
		}
	}
	return name, nil
}

// A Message is a part of what an endpoint is asked.
type Message struct{ Role, Text string }

// An Asked task is one that a model is given.
type Asked struct {
	Text     string
	Messages []Message // in place of the text, where a server puts its chat template around them
	Framed   bool      // the tokenizer's own tokens, such as BOS, go before the text: it is no chat template's, which writes them itself
	End      Ending    // where an answer ends; each decoding takes a copy
}

// promptDate is what a chat template takes for today, so that a run's prompts are the same on all days: the date that Llama's
// templates have where they cannot ask.
var promptDate = time.Date(2024, time.July, 26, 0, 0, 0, 0, time.UTC)

// Ask gives the text of each task, in the suite's order, and what a results file keeps of the prompt. The name must be resolved.
func (p Prompts) Ask(name string) (asked []Asked, info record.PromptInfo, err error) {
	hash := sha256.New()
	info.Name = name
	for i, task := range p.Suite.Tasks {
		prompt, err := p.find(name, task.Kind)
		if err != nil {
			return nil, info, err
		}
		if i == 0 {
			info.Answer, info.Stops = string(prompt.Answer), prompt.Stops
			if prompt.Answer == Chat {
				info.Assistant = prompt.Assistant
			}
			if prompt.User != "" && !p.Server {
				info.Template = p.Chat.SHA256()
			}
		}
		one, err := p.ask(prompt, task)
		if err != nil {
			return nil, info, fmt.Errorf("prompt %s, task %s: %w", name, task.TaskID, err)
		}
		if one.End, err = newEnding(info, task); err != nil {
			return nil, info, fmt.Errorf("prompt %s, task %s: %w", name, task.TaskID, err)
		}
		for _, m := range one.Messages {
			hash.Write([]byte(m.Role + "\x00" + m.Text + "\x00"))
		}
		hash.Write([]byte(one.Text + "\x00"))
		asked = append(asked, one)
	}
	info.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return asked, info, nil
}

// ask is a task's text.
func (p Prompts) ask(prompt Prompt, task datasets.Example) (Asked, error) {
	if prompt.User == "" {
		text := Ask(task)
		var err error
		if prompt.Text != "" {
			text, err = fill(prompt.Text, task)
		}
		return Asked{Text: text, Framed: true}, err
	}
	system, err := fill(prompt.System, task)
	user, err2 := fill(prompt.User, task)
	begun, err3 := fill(prompt.Assistant, task)
	if err := errors.Join(err, err2, err3); err != nil {
		return Asked{}, err
	}
	if p.Server {
		return Asked{Messages: slices.DeleteFunc([]Message{{"system", system}, {"user", user}}, func(m Message) bool { return m.Text == "" })}, nil
	}
	messages := []chat.Message{chat.Say("user", user)}
	if system != "" {
		messages = slices.Insert(messages, 0, chat.Say("system", system))
	}
	o := chat.Options{Generate: true, Now: promptDate}
	if begun != "" {
		text, err := p.Chat.Begun(messages, begun, prompt.Behind, o)
		return Asked{Text: text}, err
	}
	text, err := p.Chat.Render(messages, o)
	return Asked{Text: text}, err
}

// fill renders a prompt's text for a task. A newline at its end stays.
func fill(text string, task datasets.Example) (string, error) {
	if text == "" {
		return "", nil
	}
	template, err := jinja.Parse(text + "\n")
	if err != nil {
		return "", err
	}
	template.Strict = true
	return template.Render(map[string]any{"prompt": task.Prompt, "suffix": task.Suffix, "task_id": task.TaskID, "entry_point": task.EntryPoint}, promptDate)
}
