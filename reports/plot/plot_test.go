package plot

import (
	"bytes"
	"compress/zlib"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tandem/internal/golden"
)

// sample is a chart with a layer of every mark, of two runs, and two panels.
func sample() Chart {
	interval := func(v float64) Interval { return Interval{Value: v, Low: 0.9 * v, High: 1.1 * v} }
	dot := func(series string, run int, x, y float64, label string) Layer {
		return Layer{Mark: Dots, Series: series, Key: series, Run: run, Of: []string{"", "second"}[run], Points: []Point{{X: interval(x), Y: interval(y), Label: label}}}
	}
	first := Panel{X: Axis{Label: "speed", Log: true}, Y: Axis{Label: "pass@1, %"}, Layers: []Layer{
		{Mark: Boxes, Tone: InkTone, Key: "a band", Points: []Point{{X: Whole, Y: Between(70, 80), Weight: 0.05}}},
		{Mark: Rules, Series: "ar", Faint: true, Points: []Point{{X: At(1), Y: Whole}, {X: Whole, Y: At(75)}}},
		{Mark: Line, Tone: MutedTone, Key: "a line", Points: []Point{XY(1, 75), XY(2, 70), XY(4, 50)}},
		{Mark: Steps, Tone: InkTone, Faint: true, Key: "a staircase", Points: []Point{XY(4, 50), XY(2, 70)}},
		dot("ar", 0, 1, 75, "ar"), dot("b", 0, 2, 70, "two"), dot("c", 0, 4, 50, "four"), dot("b", 1, 3, 60, "other run"),
	}}
	second := Panel{X: Axis{Label: "level", Ticks: []Tick{{1, "one"}, {2, "two"}}}, Y: Axis{Label: "share"}, Layers: []Layer{
		{Mark: Line, Series: "c", Key: "c", Points: []Point{XY(1, 3), XY(2, 4)}},
		{Mark: Rings, Tone: InkTone, Points: []Point{{X: At(1.5), Y: At(3.5), Label: "here"}}},
	}}
	return Chart{Name: "sample", Title: "A sample", Reading: "how to read it\nin two lines", Order: []string{"ar", "b", "c"}, Panels: []Panel{first, second}}
}

// TestMeaning: the texts, ticks and marks that the SVG of each style shows.
func TestMeaning(t *testing.T) {
	for _, s := range styles {
		svg, err := sample().in("svg", s)
		if err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, filepath.Join("testdata", "sample-"+s.Name+".txt"), []byte(look(t, svg, s).meaning()))
	}
}

// TestSameLook: a series has its colour and glyph wherever it stands and whatever stands beside it; the baseline's colour is its own.
func TestSameLook(t *testing.T) {
	order := []string{"ar"}
	for i := range 30 {
		order = append(order, fmt.Sprintf("decoder %d", i))
	}
	seen := map[string]string{}
	for i, name := range order {
		for _, beside := range [][]Layer{nil, {{Mark: Dots, Series: order[(i+5)%len(order)], Points: []Point{XY(3, 3)}}}} {
			ch := Chart{Name: "x", Order: order, Panels: []Panel{{Layers: append(beside, Layer{Mark: Dots, Series: name, Points: []Point{XY(1, 1)}})}}}
			svg, err := ch.SVG()
			if err != nil {
				t.Fatal(err)
			}
			marks := look(t, svg, styles[0]).marks
			last := marks[len(marks)-1]
			if is := last.color + last.shape; seen[name] != "" && seen[name] != is {
				t.Errorf("%s is %s and %s", name, seen[name], is)
			} else {
				seen[name] = is
			}
		}
		if i > 0 && strings.HasPrefix(seen[name], Hex(okabeIto[0])) {
			t.Errorf("%s has the baseline's colour", name)
		}
		for _, other := range order[:min(i, 24)] {
			if i < 24 && seen[other] == seen[name] {
				t.Errorf("%s and %s look the same", other, name)
			}
		}
	}
}

// TestNotBlank: every series is seen in the PNG of every style, and a chart without a point is an error.
func TestNotBlank(t *testing.T) {
	for _, s := range styles {
		data, err := sample().in("png", s)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if n := pixels(picture, s.palette[i]); n < 100 {
				t.Errorf("%s: %d pixels of series %d", s.Name, n, i)
			}
		}
	}
	for _, format := range Formats() {
		blank := Chart{Name: "blank", Panels: []Panel{{Layers: []Layer{{Mark: Dots, Series: "ar"}}}}}
		if _, err := blank.in(format, styles[0]); err == nil || !strings.Contains(err.Error(), "no point") {
			t.Errorf("a blank chart as %s: %v", format, err)
		}
	}
}

// pixels counts those of a colour.
func pixels(picture image.Image, c color.NRGBA) (n int) {
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			if color.NRGBAModel.Convert(picture.At(x, y)) == c {
				n++
			}
		}
	}
	return n
}

// TestPaper: a paper's figure is a column wide, of letters of 8 points, without title; in a PDF texts are texts, and the same chart
// is the same bytes.
func TestPaper(t *testing.T) {
	s, err := FindStyle("paper")
	if err != nil {
		t.Fatal(err)
	}
	data, err := sample().in("pdf", s)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := sample().in("pdf", s); err != nil || !bytes.Equal(data, again) {
		t.Errorf("another PDF of the same chart differs, %v", err)
	}
	if !regexp.MustCompile(`/MediaBox \[0 0 237\.60 `).Match(data) {
		t.Error("the page is not 3.3 inches wide")
	}
	var text strings.Builder
	for _, stream := range regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`).FindAllSubmatch(data, -1) {
		if in, err := zlib.NewReader(bytes.NewReader(stream[1])); err == nil {
			io.Copy(&text, in)
		}
	}
	for _, want := range []string{"(other run)", "(pass@1, %)", " 8.00 Tf"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no text %q in the PDF", want)
		}
	}
	if strings.Contains(text.String(), "(A sample)") {
		t.Error("the title stands in the figure")
	}
}

// TestData: the CSV has a line for each point, and names what it is.
func TestData(t *testing.T) {
	data, err := sample().in("csv", styles[0])
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	points := 0
	for _, p := range sample().Panels {
		for _, l := range p.Layers {
			points += len(l.Points)
		}
	}
	if len(lines) != 1+points {
		t.Errorf("%d lines of %d points", len(lines), points)
	}
	want := "pass@1, % | speed|dots|second|b|b|other run|3|2.7|3.3|60|54|66|"
	found := false
	for _, line := range lines {
		found = found || strings.Join(line, "|") == want
	}
	if !found {
		t.Errorf("no line %q in\n%s", want, data)
	}
	if !bytes.Contains(data, []byte("ar,ar,,,,,75,75,75,")) {
		t.Errorf("a rule across the panel has an x:\n%s", data)
	}
}

// TestVega: the specification names its version and holds the data; vega_test.go has it checked by others.
func TestVega(t *testing.T) {
	data, err := sample().in("vega", styles[0])
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Schema   string                      `json:"$schema"`
		Datasets map[string][]map[string]any `json:"datasets"`
		Hconcat  []any                       `json:"hconcat"`
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(spec.Schema, "/vega-lite/v5.json") || len(spec.Datasets) != 10 || len(spec.Hconcat) != 2 || spec.Datasets["data-5"][0]["x_high"] != 2.2 {
		t.Errorf("%s, %d sets of data, %d panels, %v", spec.Schema, len(spec.Datasets), len(spec.Hconcat), spec.Datasets["data-5"])
	}
}

// TestSave: files have the names that are said, and those of Save are a picture and its data.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	if err := sample().Save(dir); err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".png", ".svg", ".csv", ".vl.json"} {
		if info, err := os.Stat(filepath.Join(dir, "sample"+ending)); err != nil || info.Size() < 500 {
			t.Errorf("sample%s: %v", ending, err)
		}
	}
	if _, err := sample().SaveAs(dir, styles[0], []string{"gif"}); err == nil || !strings.Contains(err.Error(), `no format "gif"`) {
		t.Errorf("%v", err)
	}
	if _, err := FindStyle("poster"); err == nil || !strings.Contains(err.Error(), "screen, dark, paper") {
		t.Errorf("%v", err)
	}
}

// TestTicks: round values within the axis, neither too many nor too few, and no -0.
func TestTicks(t *testing.T) {
	for _, c := range []struct{ low, high float64 }{{0, 1}, {3, 87}, {0.42, 0.97}, {1e-3, 5e-3}, {-4, 104}, {-0.3, 6}} {
		ticks := linear(c.low, c.high, 6)
		if n := len(ticks); n < 3 || n > 13 || ticks[0].At < c.low-1e-9 || ticks[n-1].At > c.high+1e-9 {
			t.Errorf("linear(%v, %v) gives %v", c.low, c.high, ticks)
		}
		for _, tick := range ticks {
			if tick.Text == "-0" {
				t.Errorf("linear(%v, %v) has -0", c.low, c.high)
			}
		}
	}
	for _, c := range []struct{ low, high float64 }{{0.5, 3}, {4, 900}, {1e-3, 1e4}, {1.9, 2.1}, {0.009, 110}} {
		ticks := logarithmic(c.low, c.high, 6)
		if n := len(ticks); n < 3 || n > 8 || ticks[0].At < 0.999*c.low || ticks[n-1].At > 1.001*c.high {
			t.Errorf("logarithmic(%v, %v) gives %v", c.low, c.high, ticks)
		}
	}
}

// TestReach: an axis is fitted to the data and their intervals, with a little room; a single value has room about it.
func TestReach(t *testing.T) {
	layers := []Layer{{Points: []Point{{X: Interval{Value: 2, Low: 1, High: 4}, Y: At(5)}, {X: Whole, Y: At(5)}}}}
	of := func(p Point) Interval { return p.X }
	for _, c := range []struct {
		axis      Axis
		low, high float64
	}{
		{Axis{}, 0.82, 4.18}, {Axis{Tight: true}, 1, 4}, {Axis{Reach: []float64{-2}, Tight: true}, -2, 4}, {Axis{Log: true, Reach: []float64{0}, Tight: true}, 1, 4},
	} {
		if low, high := c.axis.reach(layers, of); math.Abs(low-c.low) > 1e-9 || math.Abs(high-c.high) > 1e-9 {
			t.Errorf("%+v reaches from %g to %g, want %g to %g", c.axis, low, high, c.low, c.high)
		}
	}
	for _, a := range []Axis{{}, {Log: true}} {
		if low, high := a.reach(layers, func(p Point) Interval { return p.Y }); low >= 5 || high <= 5 {
			t.Errorf("one value: from %g to %g", low, high)
		}
	}
}
