package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

const line = `{"task_id":"a/0","prompt":"def f():\n","canonical_solution":"    pass\n","test":"def check(c):\n    pass\n","entry_point":"f"}`

func TestRead(t *testing.T) {
	text := line + "\n\n" + strings.Replace(line, "a/0", "a/1", 1)
	suite, err := Read("a", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(text))
	if len(suite.Tasks) != 2 || suite.Tasks[1].TaskID != "a/1" || suite.Tasks[0].EntryPoint != "f" || suite.SHA256 != hex.EncodeToString(hash[:]) {
		t.Errorf("read %+v", suite)
	}
}

func TestReadNamesTheFault(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "\n\n", "holds no task"},
		{"not JSON", line + "\n{", "line 2"},
		{"repeated id", line + "\n" + line, `"a/0" occurs twice`},
		{"no test", strings.Replace(line, "test", "tests", 1), `field "test" is missing`},
		{"level", strings.Replace(line, `"f"}`, `"f","level":6}`, 1), "level 6 is not one of 1 to 5"},
		{"no entry point", strings.Replace(line, `"f"}`, `""}`, 1), `field "entry_point" is missing`},
	} {
		_, err := Read("a", strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.name, err, c.want)
		}
	}
}

// FuzzRead: whatever the bytes, Read gives an error or tasks that survive being written and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(line))
	f.Add([]byte("{}\n[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		suite, err := Read("fuzz", bytes.NewReader(data))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, suite.Tasks); err != nil {
			t.Fatal(err)
		}
		if again, err := Read("fuzz", &out); err != nil || len(again.Tasks) != len(suite.Tasks) {
			t.Errorf("%d tasks, read again %d: %v", len(suite.Tasks), len(again.Tasks), err)
		}
	})
}
