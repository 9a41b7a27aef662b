package plot

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
)

// name is what a layer is called where its data stand.
func (l Layer) name() string {
	if l.Key != "" {
		return l.Key
	}
	return l.Series
}

// csv is the chart's data, a line a point. Values that reach across a panel are empty.
func (ch Chart) csv(Style) ([]byte, error) {
	lines := [][]string{{"panel", "mark", "run", "series", "name", "label", "x", "x_low", "x_high", "y", "y_low", "y_high", "weight"}}
	for _, p := range ch.Panels {
		for _, l := range p.Layers {
			for _, q := range l.Points {
				line := []string{p.Y.Label + " | " + p.X.Label, string(l.Mark), l.Of, l.Series, l.name(), q.Label}
				line = append(append(line, cells(q.X)...), cells(q.Y)...)
				weight := ""
				if l.Mark == Boxes {
					weight = number(q.Weight)
				}
				lines = append(lines, append(line, weight))
			}
		}
	}
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(lines)
	return b.Bytes(), err
}

// cells are an interval's value and ends.
func cells(i Interval) []string {
	value := number(i.Value)
	if !finite(i.Low) && !finite(i.High) {
		value = ""
	}
	return []string{value, number(i.Low), number(i.High)}
}

func number(v float64) string {
	if !finite(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

type object = map[string]any

// A vegaLayer is a layer on its way into a Vega-Lite specification.
type vegaLayer struct {
	Layer
	tone, opacity any
	x, y          object // encodings
}

// vega is the chart as a Vega-Lite specification, version 5, with its data in it, so that others can restyle it.
func (ch Chart) vega(s Style) ([]byte, error) {
	var panels []object
	sets := object{}
	for _, p := range ch.Panels {
		panels = append(panels, ch.vegaPanel(p, s, sets))
	}
	spec := object{"datasets": sets, "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "title": object{"text": ch.Title, "subtitle": ch.Reading, "anchor": "start"},
		"background": Hex(s.paper), "config": object{"font": "Liberation Sans, Arial, sans-serif", "view": object{"stroke": nil},
			"axis":  object{"gridColor": Hex(s.grid), "domain": false, "ticks": false, "labelColor": Hex(s.muted), "titleColor": Hex(s.muted)},
			"title": object{"color": Hex(s.ink), "subtitleColor": Hex(s.muted)}, "legend": object{"labelColor": Hex(s.ink), "labelLimit": 0}}}
	if len(panels) > 1 {
		spec["hconcat"] = panels
	} else {
		for key, value := range panels[0] {
			spec[key] = value
		}
	}
	return json.Marshal(spec)
}

func (ch Chart) vegaPanel(p Panel, s Style, sets object) object {
	xLow, xHigh := p.X.reach(p.Layers, func(p Point) Interval { return p.X })
	yLow, yHigh := p.Y.reach(p.Layers, func(p Point) Interval { return p.Y })
	x, y := p.X.vega("x", xLow, xHigh, 7), p.Y.vega("y", yLow, yHigh, 6)
	colors, glyphs := ch.vegaScales(s)
	var layers []object
	for _, l := range p.Layers {
		values := []object{}
		for i, q := range l.Points {
			one := l.datum(i, Point{X: within(q.X, xLow, xHigh), Y: within(q.Y, yLow, yHigh), Label: q.Label, Weight: q.Weight})
			if l.Mark == Rules {
				one["upright"] = !finite(q.Y.High)
			}
			values = append(values, one)
		}
		v := vegaLayer{Layer: l, x: x, y: y, tone: object{"value": Hex(s.color(l, ch.number(l.Series)))}, opacity: 1}
		if l.Series != "" {
			v.tone = object{"field": "name", "type": "nominal", "title": nil, "scale": colors}
		}
		if l.Faint {
			v.opacity = 0.7
		}
		set := fmt.Sprintf("data-%d", len(sets))
		sets[set] = values
		for _, one := range append(marks[l.Mark].vega(v), v.labels(s)...) {
			one["data"] = object{"name": set}
			if shape, ok := one["encoding"].(object)["shape"]; ok && l.Series != "" {
				shape.(object)["scale"] = glyphs
			}
			layers = append(layers, one)
		}
	}
	width := 480 / len(ch.Panels)
	return object{"width": width, "height": 300, "layer": layers}
}

// datum is a point of a layer: its number, its values, and what else it has.
func (l Layer) datum(i int, q Point) object {
	out := object{"name": l.name(), "i": i, "x": q.X.Value, "x_low": q.X.Low, "x_high": q.X.High, "y": q.Y.Value, "y_low": q.Y.Low, "y_high": q.Y.High}
	if l.Of != "" {
		out["run"] = l.Of
	}
	if q.Label != "" {
		out["label"] = q.Label
	}
	if l.Mark == Boxes {
		out["weight"] = boxAlpha(q.Weight)
	}
	return out
}

// vegaScales give each name of a layer with a series its colour and its glyph.
func (ch Chart) vegaScales(s Style) (colors, glyphs object) {
	var names, tones, forms []string
	known := map[string]bool{}
	for _, p := range ch.Panels {
		for _, l := range p.Layers {
			if l.Series == "" || known[l.name()] {
				continue
			}
			known[l.name()] = true
			n := ch.number(l.Series)
			names, tones, forms = append(names, l.name()), append(tones, Hex(s.color(l, n))), append(forms, shapeOf(n, l.Run).name)
		}
	}
	return object{"domain": names, "range": tones}, object{"domain": names, "range": forms}
}

// within is an interval whose infinite ends are those of the axis.
func within(i Interval, low, high float64) Interval {
	if !finite(i.Low) {
		i.Low = low
	}
	if !finite(i.High) {
		i.High = high
	}
	return i
}

// vega is the axis' encoding of a field.
func (a Axis) vega(field string, low, high float64, n int) object {
	scale := object{"domain": []float64{low, high}, "nice": false, "zero": false}
	if a.Log {
		scale["type"] = "log"
	}
	axis := object{"title": a.Label}
	if a.Ticks != nil {
		var at []float64
		texts := map[string]string{}
		for _, t := range a.Ticks {
			at = append(at, t.At)
			texts[strconv.FormatFloat(t.At, 'f', -1, 64)] = t.Text
		}
		names, _ := json.Marshal(texts)
		axis["values"], axis["labelExpr"] = at, string(names)+"[datum.value]"
	} else if a.Log {
		var at []float64
		for _, t := range a.ticks(low, high, n) {
			at = append(at, t.At)
		}
		axis["values"], axis["format"] = at, "~g"
	}
	return object{"field": field, "type": "quantitative", "scale": scale, "axis": axis}
}
