package plot

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// A picture is what an SVG shows, read back from it.
type picture struct {
	texts  []drawnText
	marks  []drawnMark
	lines  map[string]int // strokes by colour
	width  vg.Length
	height vg.Length
}

// A drawnText is a text with the box that its letters fill; of an upright text the box is empty.
type drawnText struct {
	text, color string
	box         vg.Rectangle
}

// A drawnMark is a glyph: a small filled outline, told by its corners.
type drawnMark struct {
	shape, color string
	box          vg.Rectangle
}

var (
	styleOf  = regexp.MustCompile(`(fill|stroke|font-size|stroke-width|font-weight):([^;]+)`)
	pathPart = regexp.MustCompile(`([MLCAZ])([^MLCAZ]*)`)
	decimal  = regexp.MustCompile(`-?\d+(?:\.\d+)?(?:e[-+]\d+)?`)
)

// look reads an SVG. Glyphs are those filled paths that are no larger than one can be.
func look(t *testing.T, svg []byte, s Style) picture {
	t.Helper()
	p := picture{lines: map[string]int{}}
	in := xml.NewDecoder(strings.NewReader(string(svg)))
	var turned []bool
	var text *drawnText
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			at, look := attributes(token)
			turned = append(turned, strings.Contains(at["transform"], "rotate") || len(turned) > 0 && turned[len(turned)-1])
			switch token.Name.Local {
			case "svg":
				box := decimal.FindAllString(at["viewBox"], -1)
				p.width, p.height = length(box[2]), length(box[3])
			case "text":
				size, _ := strconv.ParseFloat(strings.TrimSuffix(look["font-size"], "px"), 64)
				text = &drawnText{color: look["fill"]}
				if !turned[len(turned)-1] {
					x, y := length(at["x"]), -length(at["y"])
					text.box = vg.Rectangle{Min: vg.Point{X: x, Y: y - vg.Points(0.21*size)}, Max: vg.Point{X: x, Y: y + vg.Points(0.72*size)}}
				}
				text.text = fmt.Sprint(size, look["font-weight"] == "bold")
			case "path":
				p.path(at["d"], look, s)
			}
		case xml.CharData:
			if text != nil {
				size, _ := strconv.ParseFloat(strings.Fields(text.text)[0], 64)
				font := letters(size, Ink, strings.HasSuffix(text.text, "true"))
				text.text = string(token)
				if text.box.Max.Y > text.box.Min.Y {
					text.box.Max.X += font.Width(text.text)
				}
				p.texts, text = append(p.texts, *text), nil
			}
		case xml.EndElement:
			turned = turned[:len(turned)-1]
		}
	}
}

func length(text string) vg.Length {
	v, _ := strconv.ParseFloat(text, 64)
	return vg.Length(v)
}

// attributes are an element's, and what its style says.
func attributes(e xml.StartElement) (at, look map[string]string) {
	at, look = map[string]string{}, map[string]string{}
	for _, a := range e.Attr {
		at[a.Name.Local] = a.Value
	}
	for _, part := range styleOf.FindAllStringSubmatch(at["style"], -1) {
		look[part[1]] = part[2]
	}
	return at, look
}

// path takes a path in: a glyph, or a stroke.
func (p *picture) path(d string, look map[string]string, s Style) {
	if look["fill"] == "none" || look["stroke"] != "" {
		p.lines[look["stroke"]]++
		return
	}
	box := vg.Rectangle{Min: vg.Point{X: vg.Length(math.Inf(1)), Y: vg.Length(math.Inf(1))}, Max: vg.Point{X: vg.Length(math.Inf(-1)), Y: vg.Length(math.Inf(-1))}}
	var corners []vg.Point
	curves := 0
	for _, part := range pathPart.FindAllStringSubmatch(d, -1) {
		numbers := decimal.FindAllString(part[2], -1)
		if len(numbers) < 2 {
			continue
		}
		if part[1] == "C" {
			curves++
		}
		at := vg.Point{X: length(numbers[len(numbers)-2]), Y: length(numbers[len(numbers)-1])}
		corners = append(corners, at)
		box.Min = vg.Point{X: min(box.Min.X, at.X), Y: min(box.Min.Y, at.Y)}
		box.Max = vg.Point{X: max(box.Max.X, at.X), Y: max(box.Max.Y, at.Y)}
	}
	w, h := box.Max.X-box.Min.X, box.Max.Y-box.Min.Y
	if w > 2.6*s.glyph || h > 2.6*s.glyph || look["fill"] == Hex(s.paper) {
		return
	}
	if name := shapeName(corners, curves, box); name != "" {
		p.marks = append(p.marks, drawnMark{name, look["fill"], box})
	}
}

// shapeName tells a glyph by its corners.
func shapeName(corners []vg.Point, curves int, box vg.Rectangle) string {
	middle := vg.Point{X: (box.Min.X + box.Max.X) / 2, Y: (box.Min.Y + box.Max.Y) / 2}
	var mean vg.Point
	for _, c := range corners {
		mean.X, mean.Y = mean.X+c.X/vg.Length(len(corners)), mean.Y+c.Y/vg.Length(len(corners))
	}
	switch {
	case curves == 4:
		return "circle"
	case len(corners) == 12:
		return "cross"
	case len(corners) == 4 && math.Abs(float64(corners[0].Y-middle.Y)) < 0.1:
		return "diamond"
	case len(corners) == 4:
		return "square"
	case len(corners) != 3:
		return ""
	case math.Abs(float64(mean.X-middle.X)) < 0.1 && mean.Y < middle.Y:
		return "triangle-up"
	case math.Abs(float64(mean.X-middle.X)) < 0.1:
		return "triangle-down"
	case mean.X < middle.X:
		return "triangle-right"
	}
	return "triangle-left"
}

// meaning is what the picture says, a line each, whatever the sizes: texts in their order by colour, glyphs and strokes counted.
func (p picture) meaning() string {
	var lines []string
	for _, t := range p.texts {
		lines = append(lines, "text "+t.color+" "+t.text)
	}
	counts := map[string]int{}
	for _, m := range p.marks {
		counts["mark "+m.color+" "+m.shape]++
	}
	for color, n := range p.lines {
		counts["strokes "+color] += n
	}
	var more []string
	for what, n := range counts {
		more = append(more, fmt.Sprintf("%s: %d", what, n))
	}
	slices.Sort(more)
	return strings.Join(append(lines, more...), "\n") + "\n"
}
