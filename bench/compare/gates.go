package compare

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// A Gate is a condition on the rows of a metric. A row that is Worse by the gate's limits fails it.
type Gate struct {
	Name      string   `yaml:"name"`
	Metric    string   `yaml:"metric"`    // a figure's name
	Decoder   string   `yaml:"decoder"`   // a pattern such as diffusion/*; empty for all
	Direction string   `yaml:"direction"` // higher or lower is better, or exact; empty for the figure's own
	Margin    *float64 `yaml:"margin"`
	Minimum   *float64 `yaml:"minimum"`
	Alpha     *float64 `yaml:"alpha"`
	Undecided string   `yaml:"undecided"` // pass, the default, or fail
}

// A GateResult is what a gate says of one row.
type GateResult struct {
	Gate      string  `json:"gate"`
	Head      int     `json:"run"`
	Decoder   string  `json:"decoder"`
	Metric    string  `json:"metric"`
	Verdict   Verdict `json:"verdict"`
	Passed    bool    `json:"passed"`
	Reason    string  `json:"reason"`
	Undecided bool    `json:"-"` // it failed since the verdict is Undecided and the gate says that this must fail
	Steady    bool    `json:"-"` // further runs of the same builds would say the same: a counter that cannot vary, or a pass rate
}

//go:embed gates.yaml
var defaultGates string

// DefaultGates are those that ship with Tandem, as YAML.
func DefaultGates() string { return defaultGates }

// ReadGates reads gates from a file of YAML, or the default ones where path is empty. An error shows the line.
func ReadGates(file string) ([]Gate, error) {
	if file == "" {
		return parseGates(strings.NewReader(defaultGates))
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("gates: %w", err)
	}
	defer f.Close()
	gates, err := parseGates(f)
	if err != nil {
		return nil, fmt.Errorf("gates %s: %w", file, err)
	}
	return gates, nil
}

func parseGates(r io.Reader) ([]Gate, error) {
	var file struct {
		Gates []Gate `yaml:"gates"`
	}
	if err := yaml.NewDecoder(r, yaml.Strict()).Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New(strings.ReplaceAll(strings.TrimSpace(yaml.FormatError(err, false, false)), "\n", " "))
	}
	if len(file.Gates) == 0 {
		return nil, errors.New("holds no gates: it lists them under gates")
	}
	for i, g := range file.Gates {
		if err := g.check(); err != nil {
			return nil, fmt.Errorf("gate %d (%s): %w", i+1, g.Name, err)
		}
	}
	return file.Gates, nil
}

// check reports the first field that makes no sense.
func (g Gate) check() error {
	if !slices.ContainsFunc(figures, func(f figure) bool { return f.Name == g.Metric }) {
		var names []string
		for _, f := range figures {
			names = append(names, f.Name)
		}
		return fmt.Errorf("metric %q is not known; known are %s", g.Metric, strings.Join(names, ", "))
	}
	if _, err := path.Match(g.Decoder, ""); err != nil {
		return fmt.Errorf("decoder %q is no pattern: %w", g.Decoder, err)
	}
	for _, word := range []struct {
		key, value string
		of         []string
	}{{"direction", g.Direction, []string{"higher", "lower", "exact"}}, {"undecided", g.Undecided, []string{"pass", "fail"}}} {
		if word.value != "" && !slices.Contains(word.of, word.value) {
			return fmt.Errorf("%s %q is none of %s", word.key, word.value, strings.Join(word.of, ", "))
		}
	}
	for _, number := range []struct {
		key   string
		value *float64
		most  float64
	}{{"margin", g.Margin, 10}, {"minimum", g.Minimum, 10}, {"alpha", g.Alpha, 0.5}} {
		if number.value != nil && !(*number.value >= 0 && *number.value <= number.most) {
			return fmt.Errorf("%s is %g, not between 0 and %g", number.key, *number.value, number.most)
		}
	}
	return nil
}

// MustDecide says that the gate fails where its verdict is Undecided.
func (g Gate) MustDecide() bool { return g.Undecided == "fail" }

// limits are the gate's, the default ones where it sets none.
func (g Gate) limits() Limits {
	l := defaults
	for _, set := range []struct {
		to   *float64
		from *float64
	}{{&l.Margin, g.Margin}, {&l.Minimum, g.Minimum}, {&l.Alpha, g.Alpha}} {
		if set.from != nil {
			*set.to = *set.from
		}
	}
	return l
}

// matches says whether the gate looks at a row. A pattern's * stands for any characters, those between settings too.
func (g Gate) matches(r Row) bool {
	flat := func(name string) string { return strings.ReplaceAll(name, "/", "\x00") }
	hit, _ := path.Match(flat(g.Decoder), flat(r.Decoder))
	return g.Metric == r.Metric && (g.Decoder == "" || hit)
}

// Apply puts what the gates say into the result. A gate that names decoders and looks at no row is an error, since it would pass for ever.
// One that must be decided is undecided where a figure of the base's decoders is missing.
func (r *Result) Apply(gates []Gate) error {
	for _, g := range gates {
		seen := false
		for _, row := range r.Rows {
			if g.matches(row) {
				seen = true
				r.Gates = append(r.Gates, g.judge(row))
			}
		}
		for _, l := range r.lacking {
			if g.MustDecide() && g.matches(Row{Decoder: l.decoder, Metric: l.metric}) {
				seen = true
				r.Gates = append(r.Gates, GateResult{Gate: g.Name, Head: l.head, Decoder: l.decoder, Metric: l.metric, Verdict: Undecided,
					Reason: "there is no such figure of both sides", Undecided: true})
			}
		}
		if !seen && g.Decoder != "" {
			return fmt.Errorf("gate %q looks at no row: no decoder %s has %s in these runs", g.Name, g.Decoder, g.Metric)
		}
	}
	return nil
}

// judge is the gate's word on a row: its own limits and direction decide. A row is as good as the same where its worse end lies
// within the margin (non-inferiority).
func (g Gate) judge(row Row) GateResult {
	switch g.Direction {
	case "higher":
		row.better = 1
	case "lower":
		row.better = -1
	case "exact":
		row.better, row.Exact = 0, true
		unchanged := 0.0
		if row.Change == 0 && (row.P == nil || *row.P == 1) {
			unchanged = 1
		}
		row.P = &unchanged
	}
	l := g.limits()
	row.decide(l)
	if row.Verdict == Undecided && row.noWorse(l.Margin) {
		row.Verdict = Same
	}
	out := GateResult{Gate: g.Name, Head: row.Head, Decoder: row.Decoder, Metric: row.Metric, Verdict: row.Verdict, Passed: row.Verdict != Worse,
		Steady: row.Exact || row.Points}
	if row.Verdict == Undecided && g.MustDecide() {
		out.Passed, out.Undecided = false, true
	}
	row.Needed = row.needed(l)
	out.Reason = row.reason(l)
	return out
}

// noWorse says that the worse end of the interval lies within the margin.
func (r *Row) noWorse(margin float64) bool {
	switch {
	case r.Low == nil || r.better == 0:
		return false
	case r.better > 0:
		return *r.Low >= -margin
	}
	return *r.High <= margin
}

// reason says in a line why the verdict is what it is.
func (r *Row) reason(l Limits) string {
	switch {
	case r.Exact && r.Verdict == Same:
		return "exactly the same"
	case r.Exact:
		return fmt.Sprintf("%s: a counter that cannot vary changed", r.Amount())
	case r.Verdict == Undecided && r.Needed > 0:
		return fmt.Sprintf("%s; about %d runs of each side would tell", r.Amount(), r.Needed)
	case r.Verdict == Same:
		return fmt.Sprintf("%s, within %s", r.Amount(), r.scaled(l.Margin, false))
	}
	return r.Amount()
}

// Amount is the change in words, in percent or of a pass rate in points, with its interval.
func (r Row) Amount() string {
	text := r.scaled(r.Change, true)
	if r.Low != nil && *r.Low != *r.High {
		text += fmt.Sprintf(" [%+.1f, %+.1f]", 100**r.Low, 100**r.High)
	}
	return text
}

// scaled is a change with its unit.
func (r Row) scaled(v float64, sign bool) string {
	unit, format := "%", "%.1f"
	if r.Points {
		unit = " pt"
	}
	if sign {
		format = "%+.1f"
	}
	return fmt.Sprintf(format, 100*v) + unit
}

// Passed says whether all gates passed, and whether all that failed did so since nothing is decided.
func (r Result) Passed() (passed, undecided bool) {
	passed, undecided = true, true
	for _, g := range r.Gates {
		passed = passed && g.Passed
		undecided = undecided && (g.Passed || g.Undecided)
	}
	return passed, undecided
}
