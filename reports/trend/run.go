// Package trend is what `tandem history` says: of runs over months, which figure changed, when, and for the worse or not.
//
//  1. Add makes entries of a history from runs' folders.
//  2. Of seeks changes in each series of a history.
//  3. Examine looks for changes for the worse among the newest runs: what a gate stands on.
//  4. List, Table, Points and Finding.Text lay them out; SaveCharts draws them.
package trend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/bench/history"
	"tandem/bench/stats"
	"tandem/record"
	"tandem/reports"
)

// Add writes runs into the history in a file, all of them or none. A path is a run's folder or its summary.json, of any version
// that wrote one; the folder of builds that took turns (tandem ab); a dump of a history; or a CSV for Apache Otava. done has a
// line for each run, notes one for each file that holds more than was taken.
func Add(db string, paths []string) (done, notes string, err error) {
	var runs []history.Run
	var from []string
	for _, path := range paths {
		more, ignored, err := read(path)
		if err != nil {
			return "", "", err
		}
		if len(ignored) > 0 {
			notes += fmt.Sprintf("%s: columns that hold no numbers are left out: %s\n", path, strings.Join(ignored, ", "))
		}
		runs, from = append(runs, more...), append(from, slices.Repeat([]string{path}, len(more))...)
	}
	outcomes, err := history.Add(db, runs)
	for i, o := range outcomes {
		done += fmt.Sprintf("%s\t%s\t%s\t%s\n", o, runs[i].Started.UTC().Format(day), short(runs[i].Commit), from[i])
	}
	return done, notes, err
}

// read reads the runs of a path. A folder without summary.json is a *record.Missing.
func read(path string) (runs []history.Run, ignored []string, err error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if _, err := os.Stat(filepath.Join(path, turnsFile)); err == nil {
			run, err := readTurns(path)
			return []history.Run{run}, nil, err
		}
		path = filepath.Join(path, record.SummaryFile)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &record.Missing{Path: path}
	}
	if err != nil {
		return nil, nil, err
	}
	if filepath.Ext(path) == ".csv" {
		return history.ReadOtava(text, strings.TrimSuffix(filepath.Base(path), ".csv"))
	}
	var dump history.Dump
	if json.Unmarshal(text, &dump) == nil && dump.Runs != nil {
		runs, err := dump.Checked()
		if err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
		return runs, nil, err
	}
	run, err := readRun(path)
	return []history.Run{run}, nil, err
}

// readRun reads a summary.json.
func readRun(path string) (history.Run, error) {
	s, err := reports.ReadSummary(path)
	if err != nil {
		return history.Run{}, err
	}
	if s.Environment.Started.IsZero() || s.Suite.Name == "" || len(s.Decoders) == 0 {
		return history.Run{}, fmt.Errorf("%s is no summary of a run: it lacks environment.started, suite.name or decoders", path)
	}
	return entry(s), nil
}

// entry is what a history keeps of a summary.
func entry(s reports.Summary) history.Run {
	tasks := s.Suite.Tasks
	if s.Plan.Limit > 0 {
		tasks = min(tasks, s.Plan.Limit)
	}
	r := history.Run{
		Machine: history.Fingerprint(s.Environment), Commit: s.Environment.Commit, Started: s.Environment.Started,
		Suite: named(s.Suite.Name, s.Suite.SHA256), Model: named(s.Model.Name, s.Model.SHA256) + "/" + s.Model.Dtype,
		Plan: fmt.Sprintf("tasks=%d/samples=%d/batch=%d/tokens=%d/%s", tasks, s.Plan.Samples, s.Plan.Batch, s.Plan.MaxTokens, s.Plan.Length),
	}
	for _, w := range s.Warnings {
		if w.Severity == reports.Error || w.Code == "older_summary" {
			r.Unmeasured = w.Text
		}
		r.Unfinished = r.Unfinished || w.Code == "unfinished"
	}
	prompts := map[string]string{}
	for _, d := range s.Decoders {
		r.Values = append(r.Values, values(d)...)
		prompts[d.Name] = shortHash(d.Prompts)
	}
	for _, c := range s.Comparisons {
		if c.Speedup != nil {
			r.Values = append(r.Values, history.Value{Decoder: c.Head, Metric: "speedup", Base: c.Base, Prompts: prompts[c.Head], Interval: *c.Speedup})
		}
	}
	return r
}

// named is a name with the beginning of the hash of what it names.
func named(name, sha256 string) string { return name + "@" + shortHash(sha256) }

func shortHash(sha256 string) string { return sha256[:min(12, len(sha256))] }

// values are a decoder's. Counts are those of one decoding, exact: over all decodings of the plan, whichever were timed. Where
// decodings failed there are none, since those that are left are others.
func values(d reports.Decoder) (out []history.Value) {
	add := func(metric string, v *stats.Interval) {
		if v != nil {
			out = append(out, history.Value{Decoder: d.Name, Metric: metric, Prompts: shortHash(d.Prompts), Interval: *v})
		}
	}
	point := func(value float64) *stats.Interval { return &stats.Interval{Value: value, Low: value, High: value} }
	pointer := func(value *float64) *stats.Interval {
		if value == nil {
			return nil
		}
		return point(*value)
	}
	if d.Errors == 0 && d.Decodings > 0 && d.Forwards > 0 {
		n := float64(d.Decodings)
		add("forwards", point(float64(d.Forwards)/n))
		add("positions", point(float64(d.Positions)/n))
		add("tokens", point(float64(d.Tokens)/n))
		add("tokens_per_forward", point(float64(d.Tokens)/float64(d.Forwards)))
	}
	add("pass_at_1", d.Pass1)
	if d.PeakMemory != nil {
		add("peak_memory_bytes", point(float64(*d.PeakMemory)))
	}
	add("tokens_per_second", d.TokensPerSecond)
	add("seconds_per_task", d.SecondsPerTask)
	add("seconds_to_first_token", d.SecondsToFirst)
	add("ceiling_share", pointer(d.CeilingShare))
	add("joules_per_token", pointer(d.JoulesPerToken))
	return out
}
