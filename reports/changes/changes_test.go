package changes

import (
	"encoding/json"
	"encoding/xml"
	"testing"

	"tandem/bench/compare"
	"tandem/internal/golden"
)

func number64(v float64) *float64 { return &v }

// sample is a comparison with a row of each verdict, and a gate of each end.
func sample() compare.Result {
	const d = "diffusion/block=16"
	return compare.Result{
		Schema: compare.Schema,
		Base:   compare.About{Name: "main", Runs: 3, Commit: "abf0cf6d1e22", Suite: "basics", Model: "embedded"},
		Heads:  []compare.About{{Name: "pull|7", Runs: 1, Commit: "0123456789ab", Suite: "basics", Model: "embedded"}},
		Rows: []compare.Row{
			{Decoder: "ar", Metric: "forwards", Base: 41.5, HeadValue: 41.5, Exact: true, P: number64(1), Verdict: compare.Same},
			{Decoder: d, Metric: "pass_at_1", Base: 0.98, HeadValue: 0.86, Change: -0.12, Low: number64(-0.19), High: number64(-0.06), P: number64(0.0001),
				Adjusted: number64(0.0004), Points: true, Tasks: 164, Verdict: compare.Worse},
			{Decoder: d, Metric: "speedup", Unit: "x", Base: 1.92, HeadValue: 2.11, Change: 0.099, Low: number64(0.03), High: number64(0.17), P: number64(0.004),
				Adjusted: number64(0.012), Verdict: compare.Better},
			{Decoder: d, Metric: "tokens_per_second", Unit: "tok/s", Base: 2500, HeadValue: 2400, Change: -0.04, Low: number64(-0.5), High: number64(0.84),
				P: number64(0.8), Adjusted: number64(0.8), Verdict: compare.Undecided, Needed: 17},
			{Decoder: d, Metric: "peak_memory_bytes", Unit: "B", Base: 1 << 24, HeadValue: 1 << 24, Low: number64(0), High: number64(0), Verdict: compare.Same},
		},
		Outputs: []compare.Difference{{Decoder: d, Task: "basics/7", Token: 12, Base: " return", HeadPiece: "\n", BaseLen: 30, HeadLen: 28}},
		Gates: []compare.GateResult{
			{Gate: "quality", Decoder: d, Metric: "pass_at_1", Verdict: compare.Worse, Reason: "-12.0 pt [-19.0, -6.0]"},
			{Gate: "speed", Decoder: d, Metric: "tokens_per_second", Verdict: compare.Undecided, Passed: true, Reason: "-4.0% [-50.0, +84.0]"},
			{Gate: "must know, 100%", Decoder: d, Metric: "tokens_per_second", Verdict: compare.Undecided, Undecided: true, Reason: "-4.0% [-50.0, +84.0]"},
			{Gate: "forwards", Decoder: "ar", Metric: "forwards", Verdict: compare.Same, Passed: true, Reason: "exactly the same"},
		},
		Warnings: []compare.Warning{{Code: "few_repeats", Text: "main has 3 repeats: at least 6 are needed for a speed that means much", Severity: "caution"}},
	}
}

// TestFormats: every format is what its golden file holds.
func TestFormats(t *testing.T) {
	for _, f := range formats {
		text, err := f.Write(sample(), 80)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		golden.Equal(t, "testdata/"+f.Name+".txt", text)
	}
}

// TestMachineReadable: what programs read is well formed, and JUnit's counts are those of its cases.
func TestMachineReadable(t *testing.T) {
	for _, name := range []string{"json", "gha"} {
		text, _ := Find(name).Write(sample(), 0)
		if !json.Valid(text) {
			t.Errorf("%s is no JSON: %s", name, text)
		}
	}
	text, _ := Find("junit").Write(sample(), 0)
	var suite struct {
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Failure *struct{} `xml:"failure"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal(text, &suite); err != nil {
		t.Fatal(err)
	}
	failures, skipped := 0, 0
	for _, c := range suite.Cases {
		if c.Failure != nil {
			failures++
		}
		if c.Skipped != nil {
			skipped++
		}
	}
	if failures != suite.Failures || skipped != suite.Skipped || failures != 2 || skipped != 1 {
		t.Errorf("%d failures and %d skipped, but says %d and %d", failures, skipped, suite.Failures, suite.Skipped)
	}
}
