package ledger

import (
	"fmt"
	"math"
	"os"
	"strings"

	"tandem/claims"
	"tandem/reports/plot"
)

// SaveChart draws claimed beside measured speed-ups into a folder, as claims.png and claims.svg with their data, and says how many claims
// it shows and how many of them have a measurement.
func SaveChart(dir string, findings []claims.Finding) (shown, measured int, err error) {
	chart, shown, measured := chart(findings)
	if shown == 0 {
		return 0, 0, fmt.Errorf("none of these claims is one of being faster: there is nothing to draw")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, 0, err
	}
	return shown, measured, chart.Save(dir)
}

// How far a claim stands above its row's middle, and its measurement below, in rows.
const above, below = 0.18, -0.22

// chart has a row for each claim of being faster. A measurement is shown only where it can be compared.
func chart(findings []claims.Finding) (out plot.Chart, shown, measured int) {
	claimed := plot.Layer{Mark: plot.Dots, Series: "claimed", Key: "claimed"}
	layers := map[claims.Verdict]*plot.Layer{
		claims.Reproduced:   {Mark: plot.Dots, Series: "reproduced", Key: "measured: reproduces it"},
		claims.Contradicted: {Mark: plot.Dots, Series: "contradicted", Key: "measured: contradicts it"}}
	var rows []plot.Tick
	for _, f := range findings {
		ratio, _ := f.Claim.Faster()
		if ratio == nil {
			continue
		}
		y := -float64(len(rows))
		rows = append(rows, plot.Tick{At: y, Text: f.ID})
		claimed.Points = append(claimed.Points, plot.Point{X: claimedInterval(*ratio), Y: plot.At(y + above), Label: conditions(f.Claim)})
		if layer := layers[f.Verdict]; layer != nil && f.Measured.Value != nil {
			measured++
			v := *f.Measured.Value
			layer.Points = append(layer.Points, plot.Point{X: v, Y: plot.At(y + below), Label: fmt.Sprintf("%.2fx", v.Value)})
		}
	}
	panel := plot.Panel{X: plot.Axis{Label: "times as fast as the baseline", Log: true, Reach: []float64{0.5, 30}},
		Y:      plot.Axis{Ticks: rows, Reach: []float64{0.5, -float64(len(rows)) + 0.5}, Tight: true},
		Layers: []plot.Layer{{Mark: plot.Rules, Points: []plot.Point{{X: plot.At(1), Y: plot.Whole}}}, claimed}}
	for _, verdict := range []claims.Verdict{claims.Reproduced, claims.Contradicted} {
		if len(layers[verdict].Points) > 0 {
			panel.Layers = append(panel.Layers, *layers[verdict])
		}
	}
	return plot.Chart{Name: "claims", Title: "Claimed and measured speed-ups", Order: []string{"claimed", "reproduced", "contradicted"}, Rows: len(rows),
		Panels: []plot.Panel{panel}, Reading: "a bar that reaches the edge: claimed as a bound, over or up to; the bar of a measurement is its 95% interval, " +
			"of forwards the range of tokens per forward\na row without a measurement: nothing comparable was measured"}, len(rows), measured
}

// claimedInterval reaches to the edge where an end is open.
func claimedInterval(a claims.Amount) plot.Interval {
	out := plot.Between(a.Low, a.High)
	switch {
	case a.Low == 0:
		out = plot.Interval{Value: a.High, Low: math.Inf(-1), High: a.High}
	case a.High == 0:
		out = plot.Interval{Value: a.Low, Low: a.Low, High: math.Inf(1)}
	}
	return out
}

// conditions are a claim's in a few words.
func conditions(c claims.Claim) string {
	where := c.Where()
	if where == "not noted" || where == "undisclosed" {
		where = "hardware " + where
	}
	if c.Conditions.Hardware == "any" {
		where = "any hardware"
	}
	parts := []string{where}
	if c.Conditions.Batch > 0 {
		parts = append(parts, fmt.Sprintf("batch %d", c.Conditions.Batch))
	}
	parts = append(parts, "against "+c.Conditions.Baseline.Name)
	return strings.Join(parts, ", ")
}
