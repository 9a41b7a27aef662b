package plot

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// dpi is the resolution of PNG files: about twice that of a screen, three times where a column is narrow.
const dpi = 200

// formats are what a chart can be written as: an entry each.
var formats = []struct {
	name, ending string
	encode       func(ch Chart, s Style) ([]byte, error)
}{
	{"png", ".png", Chart.png},
	{"svg", ".svg", Chart.svg},
	{"pdf", ".pdf", Chart.pdf},
	{"csv", ".csv", Chart.csv},
	{"vega", ".vl.json", Chart.vega},
}

// Formats are the names of the formats.
func Formats() (names []string) {
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// in is the chart in a format and a style.
func (ch Chart) in(format string, s Style) ([]byte, error) {
	if !ch.drawn() {
		return nil, fmt.Errorf("chart %s has no point", ch.Name)
	}
	for _, f := range formats {
		if f.name == format {
			data, err := f.encode(ch, s)
			if err != nil {
				return nil, fmt.Errorf("chart %s as %s: %w", ch.Name, format, err)
			}
			return data, nil
		}
	}
	return nil, fmt.Errorf("no format %q: choose among %s", format, strings.Join(Formats(), ", "))
}

// drawn says that there is anything to draw in every panel.
func (ch Chart) drawn() bool {
	empty := func(p Panel) bool {
		return !slices.ContainsFunc(p.Layers, func(l Layer) bool { return len(l.Points) > 0 })
	}
	return len(ch.Panels) > 0 && !slices.ContainsFunc(ch.Panels, empty)
}

// SVG is the chart as an SVG document in the screen's style, with texts as text.
func (ch Chart) SVG() ([]byte, error) { return ch.in("svg", styles[0]) }

// Save writes the chart into dir in the screen's style: as a picture, and its data.
func (ch Chart) Save(dir string) error {
	_, err := ch.SaveAs(dir, styles[0], []string{"png", "svg", "csv", "vega"})
	return err
}

// SaveAs writes the chart into dir in a style and formats, and returns the names of the files.
func (ch Chart) SaveAs(dir string, s Style, names []string) (files []string, err error) {
	for _, name := range names {
		data, err := ch.in(name, s)
		if err != nil {
			return files, err
		}
		for _, f := range formats {
			if f.name == name {
				path := filepath.Join(dir, ch.Name+f.ending)
				if err := Replace(path, data); err != nil {
					return files, err
				}
				files = append(files, path)
			}
		}
	}
	return files, nil
}

// sheet lays the chart out. It is drawn once to no avail, to see whether all labels find a place; where one does not, or is wider
// than half of a panel, labels are numbers.
func (ch Chart) sheet(s Style) *sheet {
	if !ch.wide(s) {
		trial := lay(ch, s, false)
		trial.draw(draw.NewCanvas(&recorder.Canvas{}, trial.width, trial.height))
		if !trial.crowded {
			return lay(ch, s, false)
		}
	}
	return lay(ch, s, true)
}

// wide says that a label is wider than half of a panel.
func (ch Chart) wide(s Style) bool {
	most := (s.width - 2*s.margin) / 2
	if n := len(ch.Panels); !s.stacked && n > 1 {
		most /= vg.Length(n)
	}
	for _, p := range ch.Panels {
		for _, l := range p.Layers {
			for _, q := range l.Points {
				if s.letters(s.ink, false).Width(q.Label) > most {
					return true
				}
			}
		}
	}
	return false
}

// svg has a title for those who do not see it, and fonts that stand in for the one whose measures were taken.
func (ch Chart) svg(s Style) ([]byte, error) {
	sheet := ch.sheet(s)
	c := vgsvg.New(sheet.width, sheet.height)
	sheet.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, err
	}
	text := strings.ReplaceAll(b.String(), "font-family:Liberation Sans;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")
	return []byte(text), nil
}

func (ch Chart) png(s Style) ([]byte, error) {
	sheet, sharp := ch.sheet(s), dpi
	if s.width < 300 {
		sharp = 2 * dpi
	}
	c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(sheet.width, sheet.height), vgimg.UseDPI(sharp))}
	sheet.draw(draw.New(c))
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}

// created is the date in a PDF, which would make two files of the same data differ.
var created = regexp.MustCompile(`\(D:\d{14}\)`)

// pdf is the chart with its texts as text. Note: vgpdf does not find the bold fonts that it has embedded.
func (ch Chart) pdf(s Style) ([]byte, error) {
	s.bold = false
	sheet := ch.sheet(s)
	c := vgpdf.New(sheet.width, sheet.height)
	sheet.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, err
	}
	return created.ReplaceAll(b.Bytes(), []byte("(D:20000101000000)")), nil
}

// Replace writes a file whole or not at all: a full disk leaves the one that was there.
func Replace(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		os.Remove(path + ".new")
		return err
	}
	return os.Rename(path+".new", path)
}
