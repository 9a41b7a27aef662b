package reports

import (
	"fmt"
	"maps"
	"slices"

	"tandem/bench/metric"
	"tandem/bench/stats"
	"tandem/reports/table"
)

// A Level is a decoder's pass rate over the tasks of one level of the suite.
type Level struct {
	Level  int       `json:"level"`
	Tasks  int       `json:"tasks"` // that were judged
	Passed float64   `json:"passed"`
	Pass1  *Interval `json:"pass_at_1,omitempty"` // Passed / Tasks, Wilson
}

// byLevel are the levels of a decoder; none where the suite has none.
func byLevel(f *metric.Fold) (levels []Level) {
	for _, l := range f.ByLevel() {
		levels = append(levels, Level{l.Level, l.Tasks, l.Passed, apply(stats.Wilson(l.Passed, l.Tasks, stats.Confidence))})
	}
	return levels
}

// levelTitle stands above the table of levels.
const levelTitle = "pass@1 % by level (tasks)"

// levels is the table of pass rates by level, a column each with its number of tasks; empty where the suite has no
// levels. intervals says that each cell has its interval.
func (s Summary) levels(intervals bool) table.Table {
	tasks := map[int]int{}
	for _, d := range s.Decoders {
		for _, l := range d.ByLevel {
			tasks[l.Level] = max(tasks[l.Level], l.Tasks)
		}
	}
	if len(tasks) == 0 {
		return nil
	}
	short := shorten(s.names())
	decoders := table.Column{Name: "decoder", Left: true}
	for _, d := range s.Decoders {
		decoders.Cells = append(decoders.Cells, short[d.Name])
	}
	out := table.Table{decoders}
	for _, level := range slices.Sorted(maps.Keys(tasks)) {
		c := table.Column{Name: fmt.Sprintf("%d (%d)", level, tasks[level])}
		for _, d := range s.Decoders {
			c.Cells = append(c.Cells, span(d.level(level).Pass1, 100, 1, intervals))
		}
		out = append(out, c)
	}
	return out
}

// level is the decoder's figures of one level, empty where it has none.
func (d Decoder) level(level int) Level {
	for _, l := range d.ByLevel {
		if l.Level == level {
			return l
		}
	}
	return Level{}
}
