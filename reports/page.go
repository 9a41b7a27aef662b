package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"tandem/reports/plot"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/report.html"))

// pageData is what the template is filled with.
type pageData struct {
	Summary Summary
	Style   template.CSS
	Script  template.JS
	Header  []string   // the table's columns
	Rows    [][]string // a decoder's name, then its cells
	Key     string
	Notes   []string
	Where   [][2]string
	Charts  []template.HTML
	Replay  *replay

	Warnings []string
}

// page is report.html: one file that needs no network and no other file. The replay may be nil.
func page(s Summary, replay *replay, charts []plot.Chart) ([]byte, error) {
	data := pageData{Summary: s, Notes: comparisonLines(s), Where: where(s), Replay: replay, Warnings: s.shown()}
	style, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		return nil, err
	}
	script, err := pageFiles.ReadFile("page/replay.js")
	if err != nil {
		return nil, err
	}
	data.Style, data.Script = template.CSS(style), template.JS(script)
	full := s.table(false).Fit(0)
	data.Header, data.Rows = full.Lines()
	data.Key = key(full)
	for _, c := range charts {
		svg, err := inline(c)
		if err != nil {
			return nil, err
		}
		data.Charts = append(data.Charts, svg)
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("report.html: %w", err)
	}
	return b.Bytes(), nil
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
	for variable, color := range map[string]string{"ink": plot.Hex(plot.Ink), "muted": plot.Hex(plot.Muted),
		"grid": plot.Hex(plot.Grid), "card": plot.Hex(plot.Paper)} {
		text = strings.ReplaceAll(text, color, "var(--"+variable+")")
	}
	return template.HTML(text), nil
}

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
	add("processor", "%s, %d threads on %d cores", e.CPU, e.Threads, e.Cores)
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
	add("suite", "%s, %d tasks, SHA-256 %.12s", s.Suite.Name, s.Suite.Tasks, s.Suite.SHA256)
	add("length", "%s, %d tokens at the most", s.Plan.Length, s.Plan.MaxTokens)
	add("batch", "%d", s.Plan.Batch)
	add("repeats", "%d, interleaved in a random order of seed %d", s.Plan.Repeats, s.Plan.Seed)
	return out
}
