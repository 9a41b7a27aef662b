package changes

import (
	"bytes"
	"encoding/json"
	"fmt"

	"tandem/bench/compare"
	"tandem/reports/table"
)

// Detectable writes what gates detect at the noise at hand, as a table or as JSON.
func Detectable(gates []compare.Gate, noises compare.Noises, asJSON bool, width int) ([]byte, error) {
	var all []compare.Detectable
	for _, g := range gates {
		all = append(all, g.Detectable(noises))
	}
	if asJSON {
		data, err := json.MarshalIndent(all, "", "  ")
		return append(data, '\n'), err
	}
	columns := table.Table{{Name: "gate", Left: true}, {Name: "metric", Left: true, Rank: 1}, {Name: "detects", Left: true}}
	for _, d := range all {
		for i, cell := range []string{d.Gate, d.Metric, detects(d)} {
			columns[i].Cells = append(columns[i].Cells, cell)
		}
	}
	var b bytes.Buffer
	b.WriteString(columns.Show(width))
	fmt.Fprintln(&b, table.Wrap("A change of this size is found four times in five; what is smaller is mostly undecided. Runs are of each side.", width, ""))
	return b.Bytes(), nil
}

// detects is what a gate detects, in a few words.
func detects(d compare.Detectable) string {
	switch {
	case d.Exact:
		return "any change"
	case len(d.Tasks) > 0:
		return effects(d.Tasks, "tasks", " points")
	}
	return effects(d.Effect, "runs", "%")
}

func effects(all []compare.Effect, of, unit string) (text string) {
	for i, e := range all {
		if i%2 == 1 && i < len(all)-1 { // every other one, for a line that fits
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%.1f%s at %d", 100*e.Change, unit, e.N)
	}
	return text + " " + of
}
