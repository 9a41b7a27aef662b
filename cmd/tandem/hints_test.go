package main

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"tandem/bench"
	"tandem/bench/ab"
	"tandem/bench/history"
	"tandem/bench/metric"
	"tandem/datasets"
	"tandem/device"
	"tandem/evals"
	"tandem/record"
	"tandem/record/jsonl"
)

// TestHints: errors of libraries get the words of the command line, whatever is wrapped around them; others stay as they are.
func TestHints(t *testing.T) {
	suite := func(err error) error { return &datasets.SuiteError{Suite: "s", Err: fmt.Errorf("s: %w", err)} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{&jsonl.Busy{Path: "f"}, "another process is writing f: wait for it, or choose another --out"},
		{&bench.Mismatch{Path: "f", Before: "a", Now: "b"}, "f: cannot resume: that run had a; this one has b; choose another --out or delete it"},
		{&ab.Mismatch{Path: "f"}, "f holds rounds of other builds, or of these with other arguments; choose another --out or delete it"},
		{&evals.Foreign{Path: "f", Reason: "holds notes"}, "f holds notes: choose another --out or delete it"},
		{&record.Missing{Path: "f"}, "f does not exist: tandem run writes it"},
		{&history.Missing{Path: "f"}, "f holds no history: tandem history add DIR begins it, --db names another"},
		{&history.Damaged{Path: "f", Finding: "x"}, "f is damaged (x): put a whole copy in its place, or add the runs again to another --db"},
		{&history.Busy{Path: "f"}, "another process is writing to f: try again when it is done"},
		{&history.Empty{What: "the values"}, "none of the values is chosen: see tandem history list and show"},
		{&history.Mixed{What: "suite", Values: []string{"a", "b"}}, "a file holds runs of one suite, and these are of 2: a; b: choose one with --machine, --suite or --model, or take --format json"},
		{&metric.Empty{Path: "f"}, "f holds no records: let tandem run finish at least one example"},
		{&device.Unusable{Err: errors.New("the driver is old: update it")}, "the driver is old: update it, or use --device cpu"},
		{&device.Unusable{Err: device.ErrWrong}, "the device is not to be trusted: use --device cpu, and report it"},
		{suite(datasets.ErrNotFetched), "s: is not on this machine: fetch it with `tandem datasets fetch s`, or name its file with --data"},
		{suite(datasets.ErrDamaged), "s: is damaged; delete it and run `tandem datasets fetch s`"},
		{suite(datasets.ErrFetch), "s: fetch; `tandem datasets fetch s` goes on, --from FILE takes a copy"},
		{errors.New("else"), "else"},
	} {
		var out bytes.Buffer
		if status := fail(&out, fmt.Errorf("here: %w", c.err)); status != 2 || out.String() != "tandem: here: "+c.want+"\n" {
			t.Errorf("status %d, %q, want %q", status, out.String(), c.want)
		}
	}
}
