package ab

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// An action is action.yml, as far as a runner reads it.
type action struct {
	Inputs map[string]struct {
		Default string `yaml:"default"`
	} `yaml:"inputs"`
	Runs struct {
		Steps []struct {
			ID  string            `yaml:"id"`
			Env map[string]string `yaml:"env"`
			Run string            `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"runs"`
}

var input = regexp.MustCompile(`\$\{\{ inputs\.(\w+) \}\}`)

// TestAction runs the steps of action.yml as GitHub's runner does, with two binaries of the same code: the gates pass, the table is in
// the job summary, and the verdict is an output.
func TestAction(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs tandem")
	}
	text, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a action
	if err := yaml.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tandem := filepath.Join(dir, "tandem")
	if out, err := exec.Command("go", "build", "-o", tandem, "tandem/cmd/tandem").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	given := map[string]string{"base": tandem, "head": tandem, "limit": "2", "budget": "1ms", "out": "out"}
	root, _ := filepath.Abs("../..")
	summary, output := filepath.Join(dir, "summary.md"), filepath.Join(dir, "output")
	for _, step := range a.Runs.Steps {
		cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", step.Run)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "TANDEM="+tandem, "GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH="+root, "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+output)
		for name, value := range step.Env {
			value = input.ReplaceAllStringFunc(value, func(whole string) string {
				key := input.FindStringSubmatch(whole)[1]
				one, known := a.Inputs[key]
				if !known {
					t.Errorf("%s of step %s names the input %s, which there is not", name, step.ID, key)
				}
				if v, ok := given[key]; ok {
					return v
				}
				return one.Default
			})
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		var log bytes.Buffer
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 { // 1: a false alarm on a machine as busy as this may be
			t.Fatalf("step %s: %v\n%s", step.ID, err, log.String())
		}
	}
	if page, _ := os.ReadFile(summary); !strings.Contains(string(page), "| forwards") {
		t.Errorf("no table in the job summary: %s", page)
	}
	if lines, _ := os.ReadFile(output); !strings.HasPrefix(string(lines), "verdict=") {
		t.Errorf("outputs: %s", lines)
	}
	for _, file := range []string{"ab.json", "changes.md", "junit.xml", "benchmark.json"} {
		if _, err := os.Stat(filepath.Join(dir, "out", file)); err != nil {
			t.Error(err)
		}
	}
}
