package plot

import (
	"fmt"
	"maps"
)

// of is the encoding of another field on the same axis.
func of(encoding object, field string) object {
	out := maps.Clone(encoding)
	out["field"] = field
	return out
}

// end is the encoding of a second field beside a first.
func end(field string) object { return object{"field": field} }

func vegaDots(v vegaLayer) []object {
	bar := object{"type": "rule", "opacity": 0.6}
	dots := object{"type": "point", "filled": v.Run%fillings == 0, "size": 70, "opacity": v.opacity}
	encoding := object{"x": v.x, "y": v.y, "color": v.tone}
	if v.Series != "" {
		encoding["shape"] = object{"field": "name", "type": "nominal", "title": nil}
	}
	return []object{
		{"mark": bar, "encoding": object{"x": of(v.x, "x_low"), "x2": end("x_high"), "y": v.y, "color": v.tone}},
		{"mark": bar, "encoding": object{"x": v.x, "y": of(v.y, "y_low"), "y2": end("y_high"), "color": v.tone}},
		{"mark": dots, "encoding": encoding},
	}
}

func vegaLine(v vegaLayer) []object {
	line := object{"type": "line", "opacity": v.opacity}
	if v.Mark == Steps {
		line["interpolate"] = "step-after"
	}
	if v.Faint {
		line["strokeDash"] = []int{4, 3}
	}
	return []object{{"mark": line, "encoding": object{"x": v.x, "y": v.y, "color": v.tone, "order": object{"field": "i", "type": "quantitative"}}}}
}

func vegaBoxes(v vegaLayer) []object {
	return []object{{"mark": object{"type": "rect"}, "encoding": object{"x": of(v.x, "x_low"), "x2": end("x_high"), "y": of(v.y, "y_low"), "y2": end("y_high"),
		"color": v.tone, "opacity": object{"field": "weight", "type": "quantitative", "scale": nil, "legend": nil}}}}
}

// vegaRules are lines from edge to edge: their intervals reach as far as the axes do.
func vegaRules(v vegaLayer) []object {
	rule := object{"type": "rule", "opacity": v.opacity}
	if v.Faint {
		rule["strokeDash"] = []int{4, 3}
	}
	return []object{
		{"transform": upright(true), "mark": rule, "encoding": object{"x": v.x, "y": of(v.y, "y_low"), "y2": end("y_high"), "color": v.tone}},
		{"transform": upright(false), "mark": rule, "encoding": object{"x": of(v.x, "x_low"), "x2": end("x_high"), "y": v.y, "color": v.tone}},
	}
}

// upright keeps the upright rules, or the level ones.
func upright(wanted bool) []object {
	return []object{{"filter": fmt.Sprintf("datum.upright == %t", wanted)}}
}

func vegaRings(v vegaLayer) []object {
	return []object{{"mark": object{"type": "point", "filled": false, "size": 160}, "encoding": object{"x": v.x, "y": v.y, "color": v.tone}}}
}

// labels are the texts beside the points; of a rule at its end.
func (v vegaLayer) labels(s Style) []object {
	any := false
	for _, q := range v.Points {
		any = any || q.Label != ""
	}
	if !any {
		return nil
	}
	text := object{"type": "text", "align": "left", "dx": 7, "dy": -7, "color": Hex(s.ink)}
	label := func(x, y object) object {
		return object{"mark": text, "encoding": object{"x": x, "y": y, "text": object{"field": "label", "type": "nominal"}}}
	}
	if v.Mark != Rules {
		return []object{label(v.x, v.y)}
	}
	above, beside := label(v.x, of(v.y, "y_high")), label(of(v.x, "x_high"), v.y)
	above["transform"], beside["transform"] = upright(true), upright(false)
	return []object{above, beside}
}
