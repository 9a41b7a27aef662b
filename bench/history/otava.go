package history

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/bench/metric"
)

// The columns of Otava's files that are no metrics. Otava itself wants time, and takes the others as attributes.
var attributes = []string{"time", "commit", "machine", "suite", "model", "plan"}

// A Mixed is the error of runs that differ in what must be the same in one file.
type Mixed struct {
	What   string   // machine, suite, model, plan or prompts
	Values []string // of it
}

// Error lists the values.
func (m *Mixed) Error() string {
	return fmt.Sprintf("a file holds runs of one %s, and these are of %d: %s", m.What, len(m.Values), strings.Join(m.Values, "; "))
}

// WriteOtava writes series as the CSV that Apache Otava reads: a line for each run, and a column for each series, named by
// decoder, metric and base, blanks between. All are of one machine, suite, model and plan, and
// a column of one set of prompts, else the error is *Mixed. Where a
// run has no value its cell is empty, which Otava refuses in a column that it is told to read. Intervals have no place there.
func WriteOtava(w io.Writer, series []Series) error {
	for what, of := range map[string]func(Series) string{
		"machine": func(s Series) string { return s.Machine.Hash() + " " + s.Machine.String() },
		"suite":   func(s Series) string { return s.Suite }, "model": func(s Series) string { return s.Model },
		"plan": func(s Series) string { return s.Plan },
	} {
		var values []string
		for _, s := range series {
			values = append(values, of(s))
		}
		slices.Sort(values)
		if values = slices.Compact(values); len(values) > 1 {
			return &Mixed{what, values}
		}
	}
	header, asked := slices.Clone(attributes), map[string]string{}
	lines := map[string][]string{} // by what stands before the metrics
	for i, s := range series {
		title := strings.TrimSpace(s.Decoder + " " + s.Metric.Name + " " + s.Base)
		if other, held := asked[title]; held {
			return &Mixed{"prompts", []string{cmp.Or(other, "none"), cmp.Or(s.Prompts, "none")}}
		}
		header, asked[title] = append(header, title), s.Prompts
		for _, p := range s.Points {
			head := []string{p.Started.UTC().Format(time.RFC3339), p.Commit, s.Machine.String(), s.Suite, s.Model, s.Plan}
			key := strings.Join(head, "\n")
			if lines[key] == nil {
				lines[key] = append(head, make([]string, len(series))...)
			}
			lines[key][len(attributes)+i] = strconv.FormatFloat(p.Interval.Value, 'g', -1, 64)
		}
	}
	out := csv.NewWriter(w)
	out.Write(header) // the writer keeps its error
	rows := make([][]string, 0, len(lines))
	for _, line := range lines {
		rows = append(rows, line)
	}
	slices.SortFunc(rows, slices.Compare)
	out.WriteAll(rows)
	return out.Error()
}

// ReadOtava reads the CSV of Otava, with or without the columns that WriteOtava adds: without, the suite is name, and the plan the
// branch. A column of numbers is a metric; ignored names those that hold other texts. Each error names the line.
func ReadOtava(text []byte, name string) (runs []Run, ignored []string, err error) {
	in := csv.NewReader(bytes.NewReader(text))
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("%s is empty", name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	rows, err := in.ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if !slices.Contains(header, "time") {
		return nil, nil, fmt.Errorf("%s has no column time", name)
	}
	var metrics []int
	for i, title := range header {
		switch {
		case slices.Contains(attributes, title) || title == "branch":
		case slices.ContainsFunc(rows, func(row []string) bool { return !isNumber(row[i]) }):
			ignored = append(ignored, title)
		default:
			metrics = append(metrics, i)
		}
	}
	for i, row := range rows {
		run, err := readRow(header, row, metrics, name)
		if err != nil {
			return nil, nil, fmt.Errorf("%s:%d: %w", name, i+2, err)
		}
		runs = append(runs, run)
	}
	return runs, ignored, nil
}

// isNumber is true of a finite number and of an empty cell.
func isNumber(cell string) bool {
	v, err := strconv.ParseFloat(cell, 64)
	return cell == "" || err == nil && finite(v)
}

// readRow reads a line of which the columns at metrics are numbers.
func readRow(header, row []string, metrics []int, name string) (Run, error) {
	cell := func(title, otherwise string) string {
		if i := slices.Index(header, title); i >= 0 && row[i] != "" {
			return row[i]
		}
		return otherwise
	}
	run := Run{Machine: Machine{CPU: cell("machine", "unknown")}, Suite: cell("suite", name), Model: cell("model", "unknown"),
		Plan: cell("plan", cell("branch", "")), Commit: cell("commit", "unknown")}
	var err error
	if run.Started, err = readTime(cell("time", "")); err != nil {
		return Run{}, err
	}
	for _, i := range metrics {
		if row[i] == "" {
			continue
		}
		v := readTitle(header[i])
		v.Interval.Value, _ = strconv.ParseFloat(row[i], 64) // it is one
		v.Interval.Low, v.Interval.High = v.Interval.Value, v.Interval.Value
		run.Values = append(run.Values, v)
	}
	return run, nil
}

// readTitle reads a column's name as WriteOtava writes it; any other is a foreign metric of that name.
func readTitle(title string) Value {
	parts := strings.Split(title, " ")
	if len(parts) < 2 || len(parts) > 3 || metric.Named(parts[1]).Better == metric.Unknown {
		return Value{Metric: title}
	}
	return Value{Decoder: parts[0], Metric: parts[1], Base: strings.Join(parts[2:], "")}
}

// readTime reads the forms of a date that Otava's documents show, and seconds since 1970.
func readTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02",
		"2006.01.02 15:04:05 -0700", "2006.01.02 15:04:05", "2006.01.02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	return time.Time{}, fmt.Errorf("%q is no date such as 2026-11-25T12:00:00Z", text)
}
