package plot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
)

// A crowd is a case that is hard to label: n decoders at (x, y) with half widths of their intervals.
type crowd struct {
	name string
	n    int
	at   func(i int) (x, y, dx, dy float64)
	text func(i int) string
}

func short(i int) string { return fmt.Sprintf("threshold=0.%d", 10+i) }

func long(i int) string {
	return fmt.Sprintf("diffusion/preset=wholesequence/cache=dual/block=32/quota=low-confidence/steps=%d/temperature=0.2/top_p=0.95", 10+i)
}

// crowds are twenty of them: points that are equal, one decoder, twenty, 0% and 100%, speed-ups of 0.01 and 100, long names, wide
// intervals, and their mixtures.
var crowds = []crowd{
	{"one", 1, func(i int) (x, y, dx, dy float64) { return 1, 80, 0.1, 5 }, short},
	{"one without an interval", 1, func(i int) (x, y, dx, dy float64) { return 1, 80, 0, 0 }, short},
	{"one with a long name", 1, func(i int) (x, y, dx, dy float64) { return 1, 80, 0, 0 }, long},
	{"two equal", 2, func(i int) (x, y, dx, dy float64) { return 2, 100, 0.1, 3 }, short},
	{"twenty equal", 20, func(i int) (x, y, dx, dy float64) { return 2, 50, 0.1, 3 }, short},
	{"twenty equal at 100%", 20, func(i int) (x, y, dx, dy float64) { return 2, 100, 0, 0 }, short},
	{"twenty equal at 0%", 20, func(i int) (x, y, dx, dy float64) { return 0.5, 0, 0.01, 1 }, short},
	{"twenty equal with long names", 20, func(i int) (x, y, dx, dy float64) { return 2, 50, 0.1, 3 }, long},
	{"a row at 100%", 20, func(i int) (x, y, dx, dy float64) { return 1 + 0.02*float64(i), 100, 0.05, 2 }, short},
	{"a column", 20, func(i int) (x, y, dx, dy float64) { return 1.5, 90 + 0.1*float64(i), 0.4, 8 }, short},
	{"a diagonal", 20, func(i int) (x, y, dx, dy float64) { return 1 + 0.1*float64(i), 90 - float64(i), 0.1, 4 }, short},
	{"0% and 100%", 12, func(i int) (x, y, dx, dy float64) { return 1 + float64(i%3), 100 * float64(i%2), 0.2, 2 }, short},
	{"0.01 to 100", 10, func(i int) (x, y, dx, dy float64) {
		return []float64{0.01, 100, 1, 1.01, 0.99}[i%5], 50 + float64(i), 0.001, 5
	}, short},
	{"wide intervals", 8, func(i int) (x, y, dx, dy float64) { return 1 + 0.2*float64(i), 50, 0.9, 50 }, short},
	{"clump in a corner", 16, func(i int) (x, y, dx, dy float64) {
		if i == 0 {
			return 1, 10, 0, 3
		}
		return 20 + 0.05*float64(i%4), 98 + 0.3*float64(i/4), 0.2, 1
	}, short},
	{"clump in the other corner", 16, func(i int) (x, y, dx, dy float64) {
		if i == 0 {
			return 30, 90, 0, 3
		}
		return 1 + 0.002*float64(i%4), 2 + 0.2*float64(i/4), 0, 1
	}, short},
	{"two clumps with long names", 14, func(i int) (x, y, dx, dy float64) { return 1 + float64(i%2), 100 - 3*float64(i%2), 0.01, 1 }, long},
	{"a grid", 20, func(i int) (x, y, dx, dy float64) { return 1 + 0.05*float64(i%5), 80 + float64(i/5), 0.02, 0.5 }, short},
	{"names of one letter", 20, func(i int) (x, y, dx, dy float64) { return 1 + 0.01*float64(i%7), 80 + 0.1*float64(i%3), 0, 0 }, func(i int) string { return string(rune('a' + i)) }},
	{"names of three words", 20, func(i int) (x, y, dx, dy float64) { return 1 + 0.3*float64(i%2), 80 + float64(i), 0.1, 3 }, func(i int) string { return fmt.Sprintf("block=%d threshold=0.9 steps", i) }},
}

func (c crowd) chart() Chart {
	ch := Chart{Name: strings.ReplaceAll(strings.ReplaceAll(c.name, " ", "-"), "%", ""), Title: c.name, Reading: "twenty cases that are hard to label"}
	p := Panel{X: Axis{Label: "times as fast as ar", Log: true}, Y: Axis{Label: "pass@1, %", Share: true}}
	for i := range c.n {
		x, y, dx, dy := c.at(i)
		p.Layers = append(p.Layers, Layer{Mark: Dots, Series: fmt.Sprint("decoder ", i), Direct: true, Key: c.text(i), Points: []Point{{Label: c.text(i),
			X: Interval{Value: x, Low: max(0.3*x, x-dx), High: x + dx}, Y: Interval{Value: y, Low: max(0, y-dy), High: min(100, y+dy)}}}})
	}
	ch.Panels = []Panel{p}
	return ch
}

// TestCrowds: in no case do two texts overlap, or does a text cover a mark or leave the chart; every decoder has its mark, and its name
// stands beside it or, by its number, in the key. With TANDEM_CHARTS=DIR the charts are kept there, to be looked at.
func TestCrowds(t *testing.T) {
	if len(crowds) != 20 {
		t.Errorf("%d cases", len(crowds))
	}
	for _, c := range crowds {
		for _, s := range styles {
			ch := c.chart()
			svg, err := ch.in("svg", s)
			if err != nil {
				t.Fatal(err)
			}
			if dir := os.Getenv("TANDEM_CHARTS"); dir != "" {
				to := filepath.Join(dir, s.Name)
				os.MkdirAll(to, 0o755)
				if _, err := ch.SaveAs(to, s, []string{"png"}); err != nil {
					t.Fatal(err)
				}
			}
			p := look(t, svg, s)
			p.check(t, s.Name+", "+c.name)
			if numbers := ch.sheet(s).numbered; len(p.marks) != c.n && !(numbers && len(p.marks) == 2*c.n) {
				t.Errorf("%s, %s: %d marks of %d decoders", s.Name, c.name, len(p.marks), c.n)
			}
			all := ""
			for _, one := range p.texts {
				all += one.text + " "
			}
			sheet := ch.sheet(s)
			sheet.draw(draw.NewCanvas(&recorder.Canvas{}, sheet.width, sheet.height))
			if sheet.crowded {
				t.Errorf("%s, %s: a label has no place", s.Name, c.name)
			}
			for i := range c.n {
				if squeezed := strings.ReplaceAll(all, " ", ""); !strings.Contains(squeezed, strings.ReplaceAll(c.text(i), " ", "")) {
					t.Errorf("%s, %s: no %q", s.Name, c.name, c.text(i))
				}
			}
		}
	}
}

// check reports texts that overlap each other or a mark, or leave the chart. Half a point may be shared: letters do not fill their boxes.
func (p picture) check(t *testing.T, name string) {
	t.Helper()
	const least = 0.5
	for i, a := range p.texts {
		if a.box.Max.X <= a.box.Min.X {
			continue
		}
		if a.box.Min.X < -1 || a.box.Max.X > p.width+1 || a.box.Min.Y < -1 || a.box.Max.Y > p.height+1 {
			t.Errorf("%s: %q leaves the chart: %v of %v x %v", name, a.text, a.box, p.width, p.height)
		}
		for _, b := range p.texts[:i] {
			if overlap(shrunk(a.box, least), b.box) > 0 {
				t.Errorf("%s: %q and %q overlap", name, a.text, b.text)
			}
		}
		for _, m := range p.marks {
			if overlap(shrunk(a.box, least), m.box) > 0 {
				t.Errorf("%s: %q covers a %s", name, a.text, m.shape)
			}
		}
	}
}

func shrunk(b vg.Rectangle, by vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: b.Min.X + by, Y: b.Min.Y + by}, Max: vg.Point{X: b.Max.X - by, Y: b.Max.Y - by}}
}
