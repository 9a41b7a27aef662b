package plot

import (
	"fmt"
	"image/color"
	"strings"

	xfont "golang.org/x/image/font"
	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Style is how charts look.
type Style struct {
	Name, About string

	width, margin           vg.Length
	text, heading           float64 // sizes of letters, in points
	headed, bold            bool    // with title and reading, the title bold; a paper has them in its caption
	stacked                 bool    // panels stand one above the other
	aspect                  float64 // height of a panel over its width
	glyph, line             vg.Length
	ink, muted, grid, paper color.NRGBA
	palette                 []color.NRGBA
}

// The colours of the screen's style that do not belong to a series. A page may map Ink, Muted, Grid and Paper to its own.
var (
	Ink   = color.NRGBA{0x1f, 0x24, 0x30, 0xff}
	Muted = color.NRGBA{0x66, 0x6d, 0x7a, 0xff}
	Grid  = color.NRGBA{0xe4, 0xe7, 0xeb, 0xff}
	Paper = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// okabeIto is the palette of Okabe and Ito (Color Universal Design, 2008) without its yellow, which white paper swallows. The
// first is the baseline's.
var okabeIto = []color.NRGBA{
	{0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x72, 0xb2, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0x56, 0xb4, 0xe9, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x7a, 0x6f, 0xc4, 0xff},
}

// lighter is the same palette for a dark ground.
var lighter = []color.NRGBA{
	{0xf5, 0x85, 0x3f, 0xff}, {0x4a, 0xa3, 0xdf, 0xff}, {0x2c, 0xc2, 0x9a, 0xff}, {0xe3, 0x9a, 0xc4, 0xff},
	{0x9a, 0xd4, 0xf5, 0xff}, {0xf0, 0xb4, 0x29, 0xff}, {0xa7, 0x9b, 0xea, 0xff},
}

// styles are the styles; the first is the one that a run's own charts have.
var styles = []Style{
	{Name: "screen", About: "for a light screen", width: 540, margin: 14, text: 9, heading: 12.5, headed: true, bold: true, aspect: 0.52, glyph: 3.8, line: 1.5,
		ink: Ink, muted: Muted, grid: Grid, paper: Paper, palette: okabeIto},
	{Name: "dark", About: "for a dark screen", width: 540, margin: 14, text: 9, heading: 12.5, headed: true, bold: true, aspect: 0.52, glyph: 3.8, line: 1.5,
		ink: color.NRGBA{0xe6, 0xe9, 0xef, 0xff}, muted: color.NRGBA{0x9a, 0xa3, 0xb2, 0xff}, grid: color.NRGBA{0x2c, 0x32, 0x3d, 0xff},
		paper: color.NRGBA{0x1a, 0x1e, 0x26, 0xff}, palette: lighter},
	{Name: "paper", About: "for a column of 3.3 inches in print: 8 points, title and reading left to the caption", width: 3.3 * vg.Inch, margin: 2, text: 8,
		stacked: true, aspect: 0.72, glyph: 2.7, line: 1, ink: color.NRGBA{0, 0, 0, 0xff}, muted: color.NRGBA{0x40, 0x40, 0x40, 0xff},
		grid: color.NRGBA{0xdd, 0xdd, 0xdd, 0xff}, paper: Paper, palette: okabeIto},
}

// Styles are the names of the styles.
func Styles() (names []string) {
	for _, s := range styles {
		names = append(names, s.Name)
	}
	return names
}

// FindStyle is the style of a name.
func FindStyle(name string) (Style, error) {
	for _, s := range styles {
		if s.Name == name {
			return s, nil
		}
	}
	return Style{}, fmt.Errorf("no style %q: choose one of %s", name, strings.Join(Styles(), ", "))
}

// dashes tell lines apart in grey, by the number of their series; the baseline's is solid.
var dashes = [][]vg.Length{{5, 2}, {1.5, 1.5}, {7, 2, 1.5, 2}, {3, 3}, {9, 3}}

// color is that of a layer.
func (s Style) color(l Layer, number int) color.NRGBA {
	switch {
	case number == 0:
		return s.palette[0]
	case number > 0: // the baseline's colour is its own
		return s.palette[1+(number-1)%(len(s.palette)-1)]
	case l.Tone == InkTone:
		return s.ink
	case l.Tone == WorseTone:
		return s.palette[0]
	case l.Tone == OtherTone:
		return s.palette[2]
	}
	return s.muted
}

// stroke is the line of a layer.
func (s Style) stroke(l Layer, number int) draw.LineStyle {
	out := draw.LineStyle{Color: s.color(l, number), Width: s.line}
	switch {
	case l.Faint:
		out.Color, out.Width, out.Dashes = fade(s.color(l, number), 0.8), 0.65*s.line, []vg.Length{4, 3}
	case number > 0 || number == 0 && l.Run > 0:
		out.Dashes = dashes[(number+l.Run-1)%len(dashes)]
	case number == 0:
	case l.Tone == MutedTone:
		out.Color, out.Width = fade(s.muted, 0.6), 0.6*s.line
	default:
		out.Width = 0.75 * s.line
	}
	return out
}

// letters is a text in Liberation Sans.
func (s Style) letters(c color.Color, bold bool) text.Style { return letters(s.text, c, bold) }

func letters(size float64, c color.Color, bold bool) text.Style {
	face := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	if bold {
		face.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: face, XAlign: text.XLeft, YAlign: text.YBottom, Handler: gonum.DefaultTextHandler}
}

// fade is c with an alpha from 0 to 1.
func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(255 * alpha)
	return c
}

// Hex is a colour as SVG writes it, without its alpha.
func Hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
