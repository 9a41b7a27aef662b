// Package plot draws a run's charts with gonum/plot: the numbers come in as plain slices, a Chart comes out and
// is saved as PNG (200 DPI) and SVG. Every chart has a title that says what is drawn, a line below it that says
// how to read it, and a key above the data, so that nothing covers the data.
package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"

	xfont "golang.org/x/image/font"
	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// dpi is the resolution of the PNG files.
const dpi = 200

// An Interval is a value and the ends of its confidence interval.
type Interval struct{ Value, Low, High float64 }

// A Series is one decoder's values.
type Series struct {
	Name   string
	Values []float64
}

// A Chart is a drawing of a fixed size, in points.
type Chart struct {
	Name          string // file name without its ending
	Title         string
	Reading       string // the lines below the title: how to read it
	width, height vg.Length
	key           []entry
	column        bool          // the key's entries stand one below the other
	panels        []*gonum.Plot // side by side
}

// An entry of the key is a colour and what it stands for.
type entry struct {
	color color.Color
	name  string
}

// The colours that do not belong to a decoder. A page may map Ink, Muted, Grid and Paper to its own.
var (
	Ink   = color.NRGBA{0x1f, 0x24, 0x30, 0xff}
	Muted = color.NRGBA{0x66, 0x6d, 0x7a, 0xff}
	Grid  = color.NRGBA{0xe4, 0xe7, 0xeb, 0xff}
	Paper = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// palette is Okabe and Ito's, told apart by colour-blind readers too. The first is the baseline's.
var palette = []color.NRGBA{
	{0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x72, 0xb2, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0x56, 0xb4, 0xe9, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x7a, 0x6f, 0xc4, 0xff},
}

// tone is the colour of decoder i; the autoregressive baseline is 0.
func tone(i int) color.NRGBA { return palette[i%len(palette)] }

// fade is c with an alpha from 0 to 1.
func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(255 * alpha)
	return c
}

// Hex is a colour as SVG writes it, without its alpha.
func Hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// style is a text in Liberation Sans.
func style(size float64, c color.Color, bold bool) text.Style {
	face := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	if bold {
		face.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: face, XAlign: text.XLeft, YAlign: text.YBottom, Handler: gonum.DefaultTextHandler}
}

// A drawing is a plotter without a range of its own.
type drawing func(c draw.Canvas, p *gonum.Plot)

// Plot draws on c.
func (d drawing) Plot(c draw.Canvas, p *gonum.Plot) { d(c, p) }

// axes makes an empty plot in the house style: thin grey axes, ticks given by the caller, a grid behind the data.
func axes(x, y string, xTicks, yTicks []gonum.Tick) *gonum.Plot {
	p := gonum.New()
	p.BackgroundColor = nil
	for _, a := range []*gonum.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = style(9, Ink, false).Font
		a.Label.TextStyle.Color = Muted
		a.Label.Padding = vg.Points(4)
		a.LineStyle = draw.LineStyle{Color: Grid}
		a.Tick.Label.Font = style(8.5, Ink, false).Font
		a.Tick.Label.Color = Muted
		a.Tick.Length = 0
		a.Padding = vg.Points(5)
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Tick.Marker, p.Y.Tick.Marker = gonum.ConstantTicks(xTicks), gonum.ConstantTicks(yTicks)
	p.X.Min, p.X.Max = xTicks[0].Value, xTicks[len(xTicks)-1].Value
	p.Y.Min, p.Y.Max = yTicks[0].Value, yTicks[len(yTicks)-1].Value
	p.Add(drawing(func(c draw.Canvas, p *gonum.Plot) {
		tx, ty := p.Transforms(&c)
		line := draw.LineStyle{Color: Grid, Width: vg.Points(0.5)}
		for _, t := range yTicks {
			c.StrokeLine2(line, c.Min.X, ty(t.Value), c.Max.X, ty(t.Value))
		}
		for _, t := range xTicks {
			c.StrokeLine2(line, tx(t.Value), c.Min.Y, tx(t.Value), c.Max.Y)
		}
	}))
	return p
}

// draw lays the chart out: title, reading, key, then the panels.
func (ch Chart) draw(c draw.Canvas) {
	c.SetColor(Paper)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, vg.Points(14), -vg.Points(22), vg.Points(10), -vg.Points(14))
	y := c.Max.Y - vg.Points(12)
	c.FillText(style(12.5, Ink, true), vg.Point{X: c.Min.X, Y: y}, ch.Title)
	y -= vg.Points(3)
	for line := range strings.Lines(ch.Reading) {
		y -= vg.Points(12)
		c.FillText(style(9, Muted, false), vg.Point{X: c.Min.X, Y: y}, strings.TrimSpace(line))
	}
	if len(ch.key) > 0 {
		y = ch.drawKey(c, y-vg.Points(17))
	}
	c.Max.Y = y - vg.Points(12)
	gap := vg.Points(14)
	width := (c.Max.X - c.Min.X - gap*vg.Length(len(ch.panels)-1)) / vg.Length(len(ch.panels))
	for i, p := range ch.panels {
		panel := c
		panel.Min.X += (width + gap) * vg.Length(i)
		panel.Max.X = panel.Min.X + width
		p.Draw(panel)
	}
}

// drawKey draws the key's entries from left to right, wrapping at the right edge, or one below the other; it returns the
// lowest line.
func (ch Chart) drawKey(c draw.Canvas, y vg.Length) vg.Length {
	x, label := c.Min.X, style(9, Ink, false)
	for _, e := range ch.key {
		width := label.Width(e.name) + vg.Points(30)
		if x > c.Min.X && (ch.column || x+width-vg.Points(16) > c.Max.X) {
			x, y = c.Min.X, y-vg.Points(14)
		}
		box := vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + vg.Points(9), Y: y + vg.Points(7.5)}}
		c.SetColor(e.color)
		c.Fill(box.Path())
		c.FillText(label, vg.Point{X: x + vg.Points(14), Y: y}, e.name)
		x += width
	}
	return y
}

// keyOf gives each series its colour.
func keyOf(series []Series) (key []entry) {
	for i, s := range series {
		key = append(key, entry{tone(i), s.Name})
	}
	return key
}

// SVG is the chart as an SVG document.
func (ch Chart) SVG() ([]byte, error) {
	c := vgsvg.New(ch.width, ch.height)
	ch.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("chart %s: %w", ch.Name, err)
	}
	return b.Bytes(), nil
}

// png is the chart as a PNG picture of 200 DPI.
func (ch Chart) png() ([]byte, error) {
	c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(ch.width, ch.height), vgimg.UseDPI(dpi))}
	ch.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("chart %s: %w", ch.Name, err)
	}
	return b.Bytes(), nil
}

// Save writes the chart as dir/Name.png and dir/Name.svg.
func (ch Chart) Save(dir string) error {
	for ending, encode := range map[string]func() ([]byte, error){".png": ch.png, ".svg": ch.SVG} {
		data, err := encode()
		if err != nil {
			return err
		}
		if err := Replace(filepath.Join(dir, ch.Name+ending), data); err != nil {
			return err
		}
	}
	return nil
}

// Replace writes a file whole or not at all: a full disk leaves the one that was there.
func Replace(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		os.Remove(path + ".new")
		return err
	}
	return os.Rename(path+".new", path)
}
