package reports

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"image/color"
	"regexp"
	"slices"
	"strings"

	"tandem/reports/plot"
	"tandem/reports/table"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/report.html"))

// pageData is what the template is filled with.
type pageData struct {
	Summary Summary
	Style   template.CSS
	Replay  template.JS // the scripts
	Sort    template.JS

	Answer  template.HTML // the run in one sentence
	Further string        // what else is to be said of several settings
	Picture template.HTML // the chart of the answer
	Main    pageTable
	Key     string
	Levels  *pageTable
	Wrong   *pageWrong
	Notes   []string
	Charts  []template.HTML
	Replays []replay
	Where   [][2]string

	Warnings []string
}

// A pageTable is a table with its name for those who do not see it.
type pageTable struct {
	Name   string
	Header []string
	Rows   [][]string
	Kinds  []string // of each column: a number, a text, or a prose that may be broken into lines
}

// proseLength is the number of characters from which on a text is broken into lines.
const proseLength = 40

func newPageTable(name string, t table.Table) pageTable {
	p := pageTable{Name: name}
	p.Header, p.Rows = t.Lines()
	for _, c := range t {
		kind := "number"
		if c.Left {
			kind = "text"
			if slices.ContainsFunc(c.Cells, func(cell string) bool { return len(cell) > proseLength }) {
				kind = "prose"
			}
		}
		p.Kinds = append(p.Kinds, kind)
	}
	return p
}

// pageWrong is the section of what went wrong.
type pageWrong struct {
	Table pageTable
	More  string
}

// page is report.html: one file that needs no network and no other file. Its first chart is the picture of the answer.
func page(s Summary, replays []replay, charts []plot.Chart) ([]byte, error) {
	full := s.table(false).Fit(0)
	data := pageData{Summary: s, Notes: append(comparisonLines(s), s.totals()...), Where: where(s), Replays: replays, Warnings: s.shown(), Key: key(full),
		Main: newPageTable("measured", full)}
	answer, further := s.answer()
	data.Answer, data.Further = breakable(answer), further
	if levels := s.levels(true); levels != nil {
		one := newPageTable("pass rate by level", levels)
		data.Levels = &one
	}
	if len(s.Failures) > 0 {
		all, more := failureTable(s)
		data.Wrong = &pageWrong{newPageTable("what went wrong", all), more}
	}
	for i, c := range charts {
		svg, err := inline(c)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			data.Picture = svg
			continue
		}
		data.Charts = append(data.Charts, svg)
	}
	var files [3]string
	for i, name := range []string{"style.css", "replay.js", "sort.js"} {
		text, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return nil, err
		}
		files[i] = string(text)
	}
	data.Style, data.Replay, data.Sort = template.CSS(files[0]), template.JS(files[1]), template.JS(files[2])
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("report.html: %w", err)
	}
	return b.Bytes(), nil
}

// breakable is a text whose names of decoders may be broken between their settings.
func breakable(text string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(text), "/", "/<wbr>"))
}

var svgSize = regexp.MustCompile(`(?s)^.*?<svg width="[^"]*" height="[^"]*"`)

// inline makes a chart part of the page: without a fixed size, and in the page's colours, so that it follows
// light and dark.
func inline(c plot.Chart) (template.HTML, error) {
	data, err := c.SVG()
	if err != nil {
		return "", err
	}
	text := svgSize.ReplaceAllString(string(data), `<svg role="img" aria-label="`+template.HTMLEscapeString(c.Title)+`"`)
	return template.HTML(hexColor.ReplaceAllStringFunc(text, func(hex string) string { return cmp.Or(pageColors[hex], hex) })), nil
}

var hexColor = regexp.MustCompile(`#[0-9A-F]{6}`)

// pageColors are the page's variables by the colours of charts that belong to no series. One that is partly transparent may be one less in
// an SVG.
var pageColors = func() map[string]string {
	colors := map[string]string{}
	for variable, c := range map[string]color.NRGBA{"ink": plot.Ink, "muted": plot.Muted, "grid": plot.Grid, "card": plot.Paper} {
		for i := range uint8(8) {
			near := color.NRGBA{R: c.R - min(c.R, i%2), G: c.G - min(c.G, i/2%2), B: c.B - min(c.B, i/4), A: c.A}
			colors[plot.Hex(near)] = "var(--" + variable + ")"
		}
	}
	return colors
}()

// where is the environment and the method, a name and a value a line.
func where(s Summary) (out [][2]string) {
	e := s.Environment
	add := func(name, format string, args ...any) {
		for _, a := range args {
			if a == "" {
				return
			}
		}
		out = append(out, [2]string{name, fmt.Sprintf(format, args...)})
	}
	add("processor", "%s", processor(e, "%s, %d threads on %d cores"))
	add("instructions", "%s", e.Features)
	add("accelerator", "%s", e.GPU)
	add("driver", "%s", e.Driver)
	add("device", "%s", e.Device)
	add("system", "%s", e.OS)
	add("kernel", "%s", e.Kernel)
	add("load at the start", "%.2f", e.Load)
	add("started", "%s", e.Started.UTC().Format("2006-01-02 15:04 UTC"))
	add("tandem", "%s, commit %s, %s", e.Version, e.Commit, e.Go)
	add("judged under", "%s", e.SandboxTier)
	add("python", "%s", e.Python)
	add("weights", "%s, %.1fM parameters, %s, SHA-256 %.12s", s.Model.Name, float64(s.Model.Parameters)/1e6, s.Model.Dtype, s.Model.SHA256)
	for _, words := range s.endpoints() {
		add("endpoint", "%s", words)
	}
	add("suite", "%s, %d tasks, SHA-256 %.12s", s.Suite.Name, s.Suite.Tasks, s.Suite.SHA256)
	add("length", "%s, %d tokens at the most", s.Plan.Length, s.Plan.MaxTokens)
	add("batch", "%d", s.Plan.Batch)
	add("repeats", "%d, interleaved in a random order of seed %d", s.Plan.Repeats, s.Plan.Seed)
	return out
}
