package ledger

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"tandem/claims"
	"tandem/reports/plot"
)

// Chart sets measured beside claimed speed-ups. It has two lines for each claim of being faster: what is claimed, and below it what was
// measured, beside the claim's conditions. A measurement is shown only where it can be compared; measured says of how many claims.
func Chart(findings []claims.Finding) (out plot.Chart, measured int, err error) {
	shown := 0
	claimed := plot.Layer{Mark: plot.Dots, Series: "claimed", Key: "claimed"}
	layers := map[claims.Verdict]*plot.Layer{
		claims.Reproduced:   {Mark: plot.Dots, Series: "reproduced", Key: "measured: reproduces it"},
		claims.Contradicted: {Mark: plot.Dots, Series: "contradicted", Key: "measured: contradicts it"}}
	var lines []plot.Tick
	for _, f := range findings {
		ratio, _ := f.Claim.Faster()
		if ratio == nil {
			continue
		}
		y := -float64(shown)
		shown++
		lines = append(lines, plot.Tick{At: y, Text: f.ID}, plot.Tick{At: y - 0.42, Text: conditions(f.Claim)})
		claimed.Points = append(claimed.Points, plot.Point{X: claimedInterval(*ratio), Y: plot.At(y)})
		if layer := layers[f.Verdict]; layer != nil && f.Measured.Value != nil {
			measured++
			v := *f.Measured.Value
			layer.Points = append(layer.Points, plot.Point{X: v, Y: plot.At(y - 0.42), Label: fmt.Sprintf("%.2fx", v.Value)})
		}
	}
	if shown == 0 {
		return out, 0, errors.New("none of these claims is one of being faster: there is nothing to draw")
	}
	panel := plot.Panel{X: plot.Axis{Label: "times as fast as the baseline", Log: true, Reach: []float64{0.5, 30}},
		Y:      plot.Axis{Ticks: lines, Reach: []float64{0.5, 0.1 - float64(shown)}, Tight: true},
		Layers: []plot.Layer{{Mark: plot.Rules, Points: []plot.Point{{X: plot.At(1), Y: plot.Whole}}}, claimed}}
	for _, verdict := range []claims.Verdict{claims.Reproduced, claims.Contradicted} {
		if len(layers[verdict].Points) > 0 {
			panel.Layers = append(panel.Layers, *layers[verdict])
		}
	}
	return plot.Chart{Name: "claims", Title: "Claimed and measured speed-ups", Order: []string{"claimed", "reproduced", "contradicted"}, Rows: 2 * shown,
		Panels: []plot.Panel{panel}, Reading: "a bar that reaches the edge: claimed as a bound, over or up to; the bar of a measurement is its 95% interval, " +
			"of forwards the range of tokens per forward\na row without a measurement: nothing comparable was measured"}, measured, nil
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
