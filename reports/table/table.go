// Package table lays out the tables of all verbs, for a terminal and in Markdown:
//
//  1. A caller fills Columns with text, each with its rank: how soon a narrow terminal shows it.
//  2. Fit chooses the columns that a width holds, and with room to spare their longer cells. Where even the columns that are always
//     shown are too wide, their texts are broken into lines, and at last columns are left out (narrow.go).
//  3. Text, Markdown or Lines give the result; Show is Text with a line that says what was left out.
//
// Wrap and Pairs lay out what stands around a table.
package table

import (
	"cmp"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
	"golang.org/x/term"
)

// A Column is a name and a cell for each line.
type Column struct {
	Name  string
	Cells []string
	Long  []string // the same said in full, to take the place of Cells where there is room; nil for none
	Left  bool     // text, which stands at the left; numbers stand at the right

	// Ranks say in which order columns are shown and cells said in full, the lowest first, until a width is used up. What does
	// not fit is skipped. A column of rank 0 is shown where it fits with the texts of the others broken into lines.
	Rank, LongRank int
}

// A Table is its columns from left to right, all with as many cells.
type Table []Column

// Fit is the fullest form of the table that so many characters hold, narrowed where none does; a width of 0 holds everything.
func (t Table) Fit(width int) Table {
	type step struct {
		rank, column int
		long         bool
	}
	var steps []step
	shown, long := make([]bool, len(t)), make([]bool, len(t))
	for i, c := range t {
		if shown[i] = c.Rank == 0; !shown[i] {
			steps = append(steps, step{c.Rank, i, false})
		}
		if c.Long != nil {
			steps = append(steps, step{c.LongRank, i, true})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.rank, b.rank) })
	for _, s := range steps {
		change := shown
		if s.long {
			change = long
		}
		change[s.column] = true
		if width > 0 && t.chosen(shown, long).width() > width {
			change[s.column] = false
		}
	}
	return t.chosen(shown, long).narrow(width)
}

// chosen is the table with the columns that are shown, those said in full that are long.
func (t Table) chosen(shown, long []bool) (out Table) {
	for i, c := range t {
		if !shown[i] {
			continue
		}
		if long[i] {
			c.Cells = c.Long
		}
		c.Long = nil
		out = append(out, c)
	}
	return out
}

// width is the number of characters in a line of Text.
func (t Table) width() (total int) {
	for _, c := range t {
		total += 1 + c.breadth() + 1 // a blank on either side
	}
	return total
}

// widest is the number of characters in the longest line of cells.
func widest(cells ...string) (n int) {
	for _, cell := range cells {
		for line := range strings.SplitSeq(cell, "\n") {
			n = max(n, utf8.RuneCountInString(line))
		}
	}
	return n
}

// Lines are the columns' names and the cells, line by line.
func (t Table) Lines() (header []string, lines [][]string) {
	for _, c := range t {
		header = append(header, c.Name)
		for i, cell := range c.Cells {
			if i == len(lines) {
				lines = append(lines, nil)
			}
			lines[i] = append(lines[i], cell)
		}
	}
	return header, lines
}

// Text is the table for a terminal: a line below the names, and none around or between the columns.
func (t Table) Text() string {
	return t.render(renderer.NewBlueprint(tw.Rendition{
		Symbols: tw.NewSymbols(tw.StyleLight), Borders: tw.BorderNone,
		Settings: tw.Settings{Separators: tw.Separators{BetweenColumns: tw.Off}, Lines: tw.Lines{ShowHeaderLine: tw.On}},
	}), func(s string) string { return s })
}

// Markdown is the table in Markdown.
func (t Table) Markdown() string { return t.render(renderer.NewMarkdown(), Escape) }

func (t Table) render(to tw.Renderer, escape func(string) string) string {
	align := tw.Alignment{}
	for _, c := range t {
		align = append(align, tw.AlignRight)
		if c.Left {
			align[len(align)-1] = tw.AlignLeft
		}
	}
	var b strings.Builder
	out := tablewriter.NewTable(&b, tablewriter.WithRenderer(to), tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithAlignment(align))
	header, lines := t.Lines()
	for _, line := range append([][]string{header}, lines...) {
		for i := range line {
			line[i] = escape(line[i])
		}
	}
	out.Header(header)
	for _, line := range lines {
		out.Append(line) // into memory
	}
	out.Render()
	return b.String()
}

// Escape keeps text from being read as Markdown, and cells from being split.
func Escape(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;", "_", `\_`).Replace(s)
}

// Wrap breaks text at blanks into lines of at most width characters, those after the first indented; a width of 0 or less breaks nothing, so that a
// caller may take its margin off the width of no terminal.
func Wrap(text string, width int, indent string) string {
	if width <= 0 {
		return text
	}
	var b strings.Builder
	used := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > width:
			b.WriteString("\n" + indent)
			used = utf8.RuneCountInString(indent)
		default:
			b.WriteString(" ")
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}

// Pairs are names and texts, a line each, the texts below each other: long ones are wrapped to the width. An empty name goes on
// with the one before.
func Pairs(pairs [][2]string, width int) string {
	widest := 0
	for _, p := range pairs {
		widest = max(widest, utf8.RuneCountInString(p[0]))
	}
	indent := strings.Repeat(" ", widest+3)
	var b strings.Builder
	for _, p := range pairs {
		name := p[0] + indent[utf8.RuneCountInString(p[0]):]
		text := p[1]
		if width > 0 {
			text = strings.ReplaceAll(Wrap(text, max(1, width-len(indent)), ""), "\n", "\n"+indent)
		}
		b.WriteString(name + text + "\n")
	}
	return b.String()
}

// Terminal is the width of the terminal that out writes to; 0 where it is none and COLUMNS is not set.
func Terminal(out io.Writer) int {
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		return columns
	}
	file, ok := out.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}
