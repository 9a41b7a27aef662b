package plot

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A sheet is a chart laid out in a style: title and reading where the style has them, the key, then the panels.
type sheet struct {
	Style
	chart    Chart
	numbered bool              // labels are numbers, which the key explains: their texts have no room
	crowded  bool              // a label found no free place
	numbers  map[[2]string]int // of each series and label

	title, reading []string // lines
	key            [][]entry
	width, height  vg.Length
	panel          vg.Length // the height of one
}

// An entry of the key is a text and the layers whose marks stand before it; a text that goes on in the next line has none there.
type entry struct {
	layers []Layer
	text   string
	width  vg.Length
}

// The measures of what stands above the panels.
const (
	leading  = 1.33 // from line to line, in heights of letters
	swatch   = 17   // of an entry's marks, with the blank behind them
	between  = 13   // entries
	panelGap = 14
)

// lay lays a chart out.
func lay(ch Chart, s Style, numbered bool) *sheet {
	out := &sheet{Style: s, chart: ch, numbered: numbered, numbers: map[[2]string]int{}, width: s.width}
	inner := s.width - 2*s.margin
	line := vg.Points(leading * s.text)
	height := 2 * s.margin
	if s.headed {
		out.title = wrap(ch.Title, letters(s.heading, s.ink, s.bold), inner)
		for reading := range strings.Lines(ch.Reading) {
			out.reading = append(out.reading, wrap(strings.TrimSpace(reading), s.letters(s.muted, false), inner)...)
		}
		height += vg.Points(leading*s.heading)*vg.Length(len(out.title)) + line*vg.Length(len(out.reading)) + vg.Points(4)
	}
	out.key = out.flow(inner)
	height += (line + 1) * vg.Length(len(out.key))
	if len(out.key) > 0 {
		height += vg.Points(6)
	}
	aspect := s.aspect
	if ch.Aspect > 0 {
		aspect = ch.Aspect * s.aspect / styles[0].aspect
	}
	out.panel = inner * vg.Length(aspect)
	if ch.Rows > 0 {
		out.panel = vg.Points(s.text) * (1.75*vg.Length(ch.Rows) + 5)
	}
	if n := vg.Length(len(ch.Panels)); s.stacked && n > 1 {
		out.panel *= 0.85
		height += out.panel*n + panelGap*(n-1)
	} else {
		height += out.panel
	}
	out.height = height
	return out
}

// wrap breaks a text into lines of a width, at blanks, or within a word that is wider by itself.
func wrap(txt string, s text.Style, width vg.Length) (lines []string) {
	line := ""
	for _, word := range strings.Fields(txt) {
		for s.Width(word) > width {
			n := len(word) - 1
			for n > 1 && s.Width(word[:n]) > width {
				n--
			}
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines, word = append(lines, word[:n]), word[n:]
		}
		if next := strings.TrimSpace(line + " " + word); line == "" || s.Width(next) <= width {
			line = next
		} else {
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// entries are what the key says: a text once, with the marks of all layers that it stands for. Labels that are numbers stand here.
func (s *sheet) entries() (out []entry) {
	for _, p := range s.chart.Panels {
		for _, l := range p.Layers {
			for _, q := range l.Points {
				if what := [2]string{l.Series, q.Label}; s.numbered && q.Label != "" && s.numbers[what] == 0 {
					s.numbers[what] = len(s.numbers) + 1
					out = append(out, entry{layers: []Layer{l}, text: fmt.Sprintf("%d %s", s.numbers[what], q.Label)})
				}
			}
			if l.Key == "" || l.Direct {
				continue
			}
			known := false
			for i := range out {
				if out[i].text == l.Key {
					out[i].layers, known = append(out[i].layers, l), true
				}
			}
			if !known {
				out = append(out, entry{layers: []Layer{l}, text: l.Key})
			}
		}
	}
	return out
}

// flow sets the key's entries from left to right in lines of a width.
func (s *sheet) flow(width vg.Length) (lines [][]entry) {
	label, used := s.letters(s.ink, false), vg.Length(0)
	for _, e := range s.entries() {
		parts := wrap(e.text, label, width-swatch)
		for i, part := range parts {
			one := entry{text: part, width: swatch + label.Width(part)}
			if i == 0 {
				one.layers = e.layers
			}
			if fits := len(lines) > 0 && i == 0 && used+between+one.width <= width; !fits {
				lines, used = append(lines, nil), -between
			}
			lines[len(lines)-1] = append(lines[len(lines)-1], one)
			used += between + one.width
		}
	}
	return lines
}

// draw draws the sheet on a canvas of its size.
func (s *sheet) draw(c draw.Canvas) {
	c.SetColor(s.paper)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, s.margin, -s.margin, s.margin, -s.margin)
	y := c.Max.Y
	for _, line := range s.title {
		y -= vg.Points(leading * s.heading)
		c.FillText(letters(s.heading, s.ink, s.bold), vg.Point{X: c.Min.X, Y: y}, line)
	}
	for _, line := range s.reading {
		y -= vg.Points(leading * s.text)
		c.FillText(s.letters(s.muted, false), vg.Point{X: c.Min.X, Y: y}, line)
	}
	if s.headed {
		y -= vg.Points(4)
	}
	for _, line := range s.key {
		y -= vg.Points(leading*s.text) + 1
		s.drawKey(c, line, y)
	}
	n := len(s.chart.Panels)
	c.Max.Y = c.Min.Y + s.panel
	width := (c.Max.X - c.Min.X - panelGap*vg.Length(n-1)) / vg.Length(n)
	for i, p := range s.chart.Panels {
		cell := c
		if s.stacked {
			cell.Min.Y = c.Min.Y + (s.panel+panelGap)*vg.Length(n-1-i)
			cell.Max.Y = cell.Min.Y + s.panel
		} else {
			cell.Min.X = c.Min.X + (width+panelGap)*vg.Length(i)
			cell.Max.X = cell.Min.X + width
		}
		s.drawPanel(cell, p)
	}
}

// drawKey draws a line of the key.
func (s *sheet) drawKey(c draw.Canvas, line []entry, y vg.Length) {
	x := c.Min.X
	for _, e := range line {
		middle := y + vg.Points(0.42*s.text)
		for _, l := range e.layers {
			s.sample(c, l, vg.Rectangle{Min: vg.Point{X: x, Y: middle - 3}, Max: vg.Point{X: x + swatch - 5, Y: middle + 3}})
		}
		c.FillText(s.letters(s.ink, false), vg.Point{X: x + swatch, Y: y}, e.text)
		x += e.width + between
	}
}

// sample draws what a layer looks like into a box.
func (s *sheet) sample(c draw.Canvas, l Layer, box vg.Rectangle) {
	number := s.chart.number(l.Series)
	middle := vg.Point{X: (box.Min.X + box.Max.X) / 2, Y: (box.Min.Y + box.Max.Y) / 2}
	switch l.Mark {
	case Dots:
		s.drawGlyph(c, middle, s.glyph, s.color(l, number), number, l.Run)
	case Rings:
		c.SetLineStyle(draw.LineStyle{Color: s.color(l, number), Width: 0.8 * s.line})
		c.Stroke(circle(middle, s.glyph))
	case Boxes:
		most := 0.0
		for _, q := range l.Points {
			most = max(most, q.Weight)
		}
		c.SetColor(fade(s.color(l, number), boxAlpha(most)))
		c.Fill(box.Path())
	default:
		c.StrokeLine2(s.stroke(l, number), box.Min.X, middle.Y, box.Max.X, middle.Y)
	}
}
