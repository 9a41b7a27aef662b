package evals

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"tandem/internal/smallfile"
)

// ownName is how a file's prompt may be named: as the settings of decoders can hold it.
var ownName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// ReadPrompt reads a prompt of a file, whose name without folder and ending becomes the prompt's. A file that ends in .yaml has the keys
// text or user, system, assistant, behind, answer and stops (Prompt). Any other is the text itself: a template of the whole
// prompt, whose answers go on with the task; its last newline does not count.
func ReadPrompt(path string) (p Prompt, err error) {
	data, err := smallfile.Read(path, "a prompt")
	if err != nil {
		return p, err
	}
	ending := filepath.Ext(path)
	if ending == ".yaml" || ending == ".yml" {
		err = yaml.UnmarshalWithOptions(data, &p, yaml.Strict())
	} else {
		p.Text = strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	}
	if err != nil {
		return p, fmt.Errorf("%s: %s", path, strings.Join(strings.Fields(yaml.FormatError(err, false, false)), " "))
	}
	p.Name = strings.TrimSuffix(filepath.Base(path), ending)
	if p.Answer == "" {
		p.Answer = Completion
		if p.User != "" {
			p.Answer = Chat
		}
	}
	if err := p.check(); err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// check says what is wrong with a file's prompt.
func (p Prompt) check() error {
	taken := slices.ContainsFunc(promptTable, func(one Prompt) bool { return one.Name == p.Name })
	switch {
	case taken || p.Name == "auto" || !ownName.MatchString(p.Name):
		return fmt.Errorf("a prompt cannot be named %q: give the file another name, of letters, digits, dots and dashes", p.Name)
	case (p.Text == "") == (p.User == ""):
		return fmt.Errorf("give either text, all that the model is told, or user, what the chat template goes around")
	case p.Answer != Completion && p.Answer != Chat:
		return fmt.Errorf("answer is completion or chat, not %q", p.Answer)
	case p.Text != "" && (p.System != "" || p.Assistant != "" || p.Behind != ""):
		return fmt.Errorf("system, assistant and behind go with user, not with text")
	case !strings.Contains(p.Text+p.User, "prompt"):
		return fmt.Errorf("the task is not in it: write {{ prompt }} where it goes")
	case p.Stops != nil && len(p.Stops) == 0: // in a header it would be nil, and a run could not be scored again
		return fmt.Errorf("stops holds no stop word: leave it out for those of the suite")
	case slices.Contains(p.Stops, ""):
		return fmt.Errorf("a stop word is empty")
	}
	return nil
}
