package ledger

import (
	"fmt"
	"os"
	"strings"

	"tandem/claims"
	"tandem/reports/plot"
)

// SaveChart draws claimed beside measured speed-ups into a folder, as claims.png and claims.svg, and says how many claims it shows and how
// many of them have a measurement.
func SaveChart(dir string, findings []claims.Finding) (shown, measured int, err error) {
	var rows []plot.ClaimRow
	for _, f := range findings {
		row, ok := row(f)
		if !ok {
			continue
		}
		rows = append(rows, row)
		if row.Measured != nil {
			measured++
		}
	}
	if len(rows) == 0 {
		return 0, 0, fmt.Errorf("none of these claims is one of being faster: there is nothing to draw")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, 0, err
	}
	return len(rows), measured, plot.Claims(rows).Save(dir)
}

// row is a claim of being faster. Its measurement is shown only where it can be compared.
func row(f claims.Finding) (out plot.ClaimRow, ok bool) {
	ratio, _ := f.Claim.Faster()
	if ratio == nil {
		return out, false
	}
	out = plot.ClaimRow{Name: f.ID, Conditions: conditions(f.Claim), Low: ratio.Low, High: ratio.High}
	if f.Verdict != claims.NotComparable && f.Measured.Value != nil {
		v := *f.Measured.Value
		out.Measured = &plot.Interval{Value: v.Value, Low: v.Low, High: v.High}
		out.Contradicted = f.Verdict == claims.Contradicted
	}
	return out, true
}

// conditions are a claim's in a few words.
func conditions(c claims.Claim) string {
	parts := []string{c.Where()}
	if c.Conditions.Batch > 0 {
		parts = append(parts, fmt.Sprintf("batch %d", c.Conditions.Batch))
	}
	parts = append(parts, "against "+c.Conditions.Baseline.Name)
	return strings.Join(parts, ", ")
}
