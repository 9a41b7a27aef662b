// Package plot draws charts with gonum/plot.
//
//  1. A Chart is data: panels of layers of points, axes and texts, as plain values. Whoever has numbers makes one.
//  2. A Style says how it looks: on a screen, light or dark, or in the column of a paper (style.go).
//  3. Save and SaveAs draw it as PNG, SVG or PDF, and give its data as CSV or as a Vega-Lite specification (encode.go).
//
// A series has one colour and one mark in every chart of a run: both follow from its place in Chart.Order. Colours are told apart by
// colour-blind readers, marks and dashes in grey. Labels stand beside their marks and touch neither each other nor a mark
// (placer.go). Texts are ASCII, since the PDF's fonts are of one byte a character.
package plot

import (
	"math"
	"slices"

	"tandem/bench/stats"
)

// An Interval is a value and the ends of its confidence interval. Low and High of equal Value are a value without one.
type Interval = stats.Interval

// A Chart is data, with what a reader must know of it.
type Chart struct {
	Name    string   // file name without its ending
	Title   string   // what is drawn
	Reading string   // how to read it, a line or more
	Order   []string // the series of the run, the baseline first: the place of each gives its colour and mark
	Panels  []Panel
	Aspect  float64 // height of a panel over its width; 0 for the usual one
	Rows    int     // lines of text beside a panel, which make its height in place of Aspect
}

// A Panel is a pair of axes with layers, the later ones above the earlier.
type Panel struct {
	X, Y   Axis
	Layers []Layer
}

// An Axis reaches as far as the data, with some room.
type Axis struct {
	Label string
	Log   bool
	Reach []float64 // what it reaches at least, beside the data
	Tight bool      // without room beyond data and Reach
	Share bool      // of a whole, in per cent: no tick stands beyond 0 and 100
	Ticks []Tick    // nil: round values are chosen
}

// A Tick is a mark of an axis.
type Tick struct {
	At   float64
	Text string
}

// A Mark says what a layer draws of its points.
type Mark string

// The marks.
const (
	Dots  Mark = "dots"  // a glyph at each point, and bars where it has intervals
	Line  Mark = "line"  // a line through the points, in their order
	Steps Mark = "steps" // a staircase: a value holds until the next point
	Boxes Mark = "boxes" // the rectangle of each point's intervals, as dense as its Weight
	Rules Mark = "rules" // a line across the panel: upright where Y is Whole, else level
	Rings Mark = "rings" // a circle about each point
)

// A Layer is points that are drawn alike.
type Layer struct {
	Mark   Mark
	Series string // whose colour and mark it has; without one it is drawn in Tone
	Tone   Tone
	Key    string // what the key says of it; without a text it is not in the key
	Direct bool   // the labels say it: it is in the key only where they have no room
	Faint  bool   // less than the data: thin and dashed
	Small  bool   // glyphs are small: there are many
	Run    int    // 0 for the first of several runs, which differ in the filling of their marks
	Of     string // what Run is, in words: a column of the CSV
	Points []Point
}

// A Tone is the colour of what belongs to no series.
type Tone int

// The tones.
const (
	MutedTone Tone = iota
	InkTone
	WorseTone
	OtherTone
)

// A Point is one datum.
type Point struct {
	X, Y   Interval
	Label  string
	Weight float64 // of a box, from 0 to 1
}

// Whole is an interval that reaches across the panel.
var Whole = Interval{Low: math.Inf(-1), High: math.Inf(1)}

// At is a value without an interval.
func At(v float64) Interval { return Interval{Value: v, Low: v, High: v} }

// Between is an interval whose value is its middle.
func Between(low, high float64) Interval {
	return Interval{Value: (low + high) / 2, Low: low, High: high}
}

// XY is a point without intervals.
func XY(x, y float64) Point { return Point{X: At(x), Y: At(y)} }

// Scaled is an interval in another unit.
func Scaled(i Interval, by float64) Interval {
	return Interval{Value: by * i.Value, Low: by * i.Low, High: by * i.High}
}

// Spaced are the numbers below n, or so many of them, evenly spaced, with the first and the last: more than can be seen makes a
// file grow for nothing.
func Spaced(n, most int) (numbers []int) {
	for k := range min(n, most) {
		if n > most {
			k = k * (n - 1) / (most - 1)
		}
		numbers = append(numbers, k)
	}
	return numbers
}

// number is a series' place: that in Order, or behind it by first appearance; -1 for no series.
func (ch Chart) number(series string) int {
	if series == "" {
		return -1
	}
	all := slices.Clone(ch.Order)
	for _, p := range ch.Panels {
		for _, l := range p.Layers {
			if l.Series != "" && !slices.Contains(all, l.Series) {
				all = append(all, l.Series)
			}
		}
	}
	return slices.Index(all, series)
}

// finite says that a number is no infinity.
func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }
