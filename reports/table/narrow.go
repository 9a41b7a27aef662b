package table

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A column of text keeps leastText characters where a terminal is narrow. Names of columns that stand out from their cells by
// leastGain characters are broken before texts are.
const (
	leastText = 12
	leastGain = 5
)

// narrow makes a table fit that is too wide with all columns that it has: names of columns are broken at blanks, then texts into
// lines, the widest first. Where that is not enough columns are left out, from the right. A width that does not even hold the first
// one changes nothing.
func (t Table) narrow(width int) Table {
	if width <= 0 || t.width() <= width || t[:1].least() > width {
		return t
	}
	t = slices.Clone(t)
	for t.least() > width {
		t = t[:len(t)-1]
	}
	t.breakNames(width, leastGain)
	whole := slices.Clone(t)
	for t.width() > width {
		i := t.widestText()
		if i < 0 || t[i].breadth() <= leastText {
			break
		}
		t[i] = whole[i].broken(t[i].breadth() - 1)
	}
	t.breakNames(width, 1)
	return t
}

// breakNames breaks names of columns at blanks while the table is too wide, those that stand out from their cells by at least so many
// characters.
func (t Table) breakNames(width, gain int) {
	for i, c := range t {
		if over := t.width() - width; over > 0 && widest(c.Name)-widest(c.Cells...) >= gain {
			t[i].Name = Wrap(c.Name, max(widest(c.Cells...), widest(strings.Fields(c.Name)...), widest(c.Name)-over), "")
		}
	}
}

// breadth is the number of characters in the column's longest line.
func (c Column) breadth() int { return max(widest(c.Name), widest(c.Cells...)) }

// broken is the column with its texts in lines of at most so many characters.
func (c Column) broken(width int) Column {
	cells := make([]string, len(c.Cells))
	for i, cell := range c.Cells {
		cells[i] = broken(cell, width)
	}
	c.Name, c.Cells = broken(c.Name, width), cells
	return c
}

// least is the width of the table when its names and texts are broken as far as they may be.
func (t Table) least() (total int) {
	for _, c := range t {
		n := max(widest(strings.Fields(c.Name)...), widest(c.Cells...))
		if c.Left {
			n = min(n, leastText)
		}
		total += 1 + n + 1
	}
	return total
}

// widestText is the column of text with the longest line, -1 where there is none.
func (t Table) widestText() int {
	best := -1
	for i, c := range t {
		if c.Left && (best < 0 || c.breadth() > t[best].breadth()) {
			best = i
		}
	}
	return best
}

// broken is a text in lines of at most width characters, broken at blanks, and within words that are longer.
func broken(text string, width int) string {
	var words []string
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width {
			runes := []rune(word)
			words, word = append(words, string(runes[:width])), string(runes[width:])
		}
		words = append(words, word)
	}
	return Wrap(strings.Join(words, " "), width, "")
}

// Rest are the names of the columns that a width leaves out, and the width that shows them all.
func (t Table) Rest(width int) (left []string, all int) {
	shown := t.Fit(width)
	for _, c := range t {
		if !slices.ContainsFunc(shown, func(s Column) bool { return strings.ReplaceAll(s.Name, "\n", " ") == c.Name }) {
			left = append(left, c.Name)
		}
	}
	return left, t.width()
}

// More is a line that says how many columns a width leaves out and how they are seen; empty where it leaves out none.
func (t Table) More(width int) string {
	left, all := t.Rest(width)
	switch len(left) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("1 more column: COLUMNS=%d shows it", all)
	}
	return fmt.Sprintf("%d more columns: COLUMNS=%d shows them", len(left), all)
}

// Show is the table for a terminal of so many characters, with More below it.
func (t Table) Show(width int) string {
	text := t.Fit(width).Text()
	if more := t.More(width); more != "" {
		text += Wrap(more, width, "  ") + "\n"
	}
	return text
}
