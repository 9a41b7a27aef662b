package evals

import (
	"strings"
	"testing"
	"time"

	"tandem/datasets"
)

func TestEvalPlus(t *testing.T) {
	path := write(t, "out.jsonl", `{"task_id": "a", "completion": "  x < 1", "passed": true, "verdict": "pass"}
{"task_id": "a", "solution": "s", "passed": false, "verdict": "time limit"}
{"task_id": "b", "solution": "s", "passed": false, "verdict": "sandbox error"}
`)
	for _, c := range []struct{ suite, want string }{
		{"humaneval", `{"date":"2026-01-02 03:04","hash":"h","eval":{"a":[{"task_id":"a","solution":"def a():\n  x < 1","base_status":"pass","plus_status":null},` +
			`{"task_id":"a","solution":"s","base_status":"timeout","plus_status":null}],"b":[{"task_id":"b","solution":"s","base_status":null,"plus_status":null}]}}`},
		{"humaneval-plus", `{"date":"2026-01-02 03:04","hash":"h","eval":{"a":[{"task_id":"a","solution":"def a():\n  x < 1","base_status":"pass","plus_status":"pass"},` +
			`{"task_id":"a","solution":"s","base_status":null,"plus_status":"timeout"}],"b":[{"task_id":"b","solution":"s","base_status":null,"plus_status":null}]}}`},
	} {
		s := datasets.Suite{Name: c.suite, SHA256: "h", Tasks: suite.Tasks}
		e, err := ReadEvalPlus(path, s, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := e.write(&out); err != nil {
			t.Fatal(err)
		}
		got := strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(strings.ReplaceAll(out.String(), "  x <", "\x00"))
		want := strings.ReplaceAll(c.want, "  x <", "\x00")
		if got != want {
			t.Errorf("%s:\n%s, want\n%s", c.suite, got, want)
		}
	}
	if _, err := ReadEvalPlus(write(t, "in.jsonl", `{"task_id": "a", "completion": ""}`), suite, time.Now()); err == nil {
		t.Error("a line without a verdict was taken")
	}
}
