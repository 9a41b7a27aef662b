package datasets

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestWriteIsReadBack(t *testing.T) {
	tasks := []Example{
		{TaskID: "a/0", Prompt: "def f(x):\n    \"\"\"x > 1 & x < 3\"\"\"\n", CanonicalSolution: "    return x\n", Test: "def check(c):\n    pass\n", EntryPoint: "f"},
		{TaskID: "a/1", Prompt: "p", CanonicalSolution: "", Test: "t", EntryPoint: "g"},
	}
	var out bytes.Buffer
	if err := Write(&out, tasks); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "x > 1 & x < 3") {
		t.Errorf("characters are escaped for HTML: %s", out.String())
	}
	suite, err := Read("a", &out)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(suite.Tasks, tasks) {
		t.Errorf("read back %+v", suite.Tasks)
	}
}

// full is a disk with no room left.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWriteNamesTheTask(t *testing.T) {
	err := Write(full{}, []Example{{TaskID: "a/7"}})
	if err == nil || !strings.Contains(err.Error(), "a/7") || !strings.Contains(err.Error(), "no space") {
		t.Errorf("got %v", err)
	}
}
