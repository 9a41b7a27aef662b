package sheet

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tandem/reports/table"
	"tandem/transformer"
	"tandem/transformer/models"
)

// pairs are the facts that are no table.
func (s *Sheet) pairs() (out [][2]string) {
	add := func(name, text string) {
		if text != "" {
			out = append(out, [2]string{name, text})
		}
	}
	add("model", s.Name)
	add("at", s.Path)
	add("repository", s.Repository)
	add("revision", s.Revision)
	add("package", s.Package)
	licence := s.Licence
	if s.Gated {
		licence += ", to be accepted on the hub first"
	}
	add("licence", licence)
	if slices.Contains(s.Twins, s.Name) {
		add("twin", "itself: its weights decode in both ways")
	} else {
		add("twin", strings.Join(s.Twins, ", "))
	}
	if s.Bytes > 0 {
		about := ""
		if s.Path == "" && s.Revision == "" && s.Package == "" {
			about = "about "
		}
		add("files", about+models.Size(s.Bytes))
	}
	if s.Geometry == nil {
		add("parameters", fmt.Sprintf("about %.1f billion", float64(s.Parameters)/1e9))
		return out
	}
	add("parameters", thousands(s.Parameters))
	g := s.Geometry
	add("geometry", fmt.Sprintf("%d layers of width %s, MLP of %s, %d heads of %d, %d of keys and values", g.Layers, thousands(int64(g.Hidden)),
		thousands(int64(g.Intermediate)), g.Heads, g.HeadDim, g.KVHeads))
	vocabulary := thousands(int64(g.Vocab))
	if g.Tied {
		vocabulary += ", head and embedding are one matrix"
	}
	add("vocabulary", vocabulary)
	if g.Positions > 0 {
		add("positions", fmt.Sprintf("%s, rotary base %s", thousands(int64(g.Positions)), thousands(int64(g.RopeTheta))))
	}
	add("special ids", s.special())
	add("attention", s.attention())
	return out
}

// special are the ids that mean something to a decoder.
func (s *Sheet) special() string {
	var parts []string
	if len(s.EOS) > 0 {
		parts = append(parts, "end "+strings.Trim(strings.Join(strings.Fields(fmt.Sprint(s.EOS)), ", "), "[]"))
	}
	if s.Mask != nil {
		parts = append(parts, fmt.Sprintf("mask %d", *s.Mask))
	}
	return strings.Join(parts, ", ")
}

// attention is in what context masks are filled in.
func (s *Sheet) attention() string {
	switch known := s.Mask != nil || s.Attention != ""; {
	case !known && s.Diffusion: // a shape of the catalogue
		return ""
	case !known:
		return "causal"
	}
	text := cmp.Or(s.Attention, "of the masks' training is not known")
	if len(s.Blocks) > 0 {
		text += fmt.Sprintf(", blocks of %s", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(s.Blocks)), ", "), "[]"))
	}
	if s.Shifted {
		text += ", logits shifted by one"
	}
	return text
}

// costs is a table of bytes by dtype.
func (s *Sheet) costs() table.Table {
	out := table.Table{{Name: "dtype", Left: true}, {Name: "weights"}, {Name: "read per token"}, {Name: "K/V per position"},
		{Name: fmt.Sprintf("K/V of %d", s.Context)}}
	for _, d := range s.Dtypes {
		for i, cell := range []string{string(d.Dtype), models.Size(d.Weights), models.Size(d.Token), models.Size(d.KV), models.Size(d.KVContext)} {
			out[i].Cells = append(out[i].Cells, cell)
		}
	}
	return out
}

// machine says where the forwards are.
func (s *Sheet) machine() string {
	ceilings := s.Dtypes[len(s.Dtypes)-1].Ceilings
	text := fmt.Sprintf("At most, on this machine (%s", s.Device)
	if s.Features != "" {
		text += ", " + s.Features
	}
	if s.Threads > 0 {
		text += fmt.Sprintf(", %d threads", s.Threads)
	}
	text += fmt.Sprintf("; measured now: it reads %.3g GB/s", ceilings[transformer.ReadCeiling])
	for _, d := range s.Dtypes {
		text += fmt.Sprintf(", %s %.4g GFLOP/s", d.Dtype, d.Ceilings[transformer.ComputeCeiling(d.Dtype, d.Ceilings)])
	}
	return text + fmt.Sprintf("), one sequence, %d positions before:", s.Context)
}

// forwards is a table of what the ceilings allow.
func (s *Sheet) forwards() table.Table {
	out := table.Table{{Name: "dtype", Left: true}, {Name: "forward", Left: true}, {Name: "ms"}, {Name: "tok/s of ar"}, {Name: "must commit to win"}}
	add := func(cells ...string) {
		for i, cell := range cells {
			out[i].Cells = append(out[i].Cells, cell)
		}
	}
	for _, d := range slices.Backward(s.Dtypes) {
		if d.Seconds == 0 {
			continue
		}
		add(string(d.Dtype), "one token", digits(1e3*d.Seconds), digits(d.Rate), "")
		for _, f := range d.Forwards {
			add(string(d.Dtype), fmt.Sprintf("block of %d", f.Rows), digits(1e3*f.Seconds), "", fmt.Sprintf("> %.2f", f.BreakEven))
		}
	}
	return out
}

// digits is a number above 0 with three digits that count.
func digits(v float64) string {
	if v >= 100 {
		return thousands(int64(v + 0.5))
	}
	return fmt.Sprintf("%.*f", 2-int(math.Floor(math.Log10(v))), v)
}

// thousands is a number with its digits in groups of three.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
