package table

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tandem/internal/golden"
)

// wide is a table as a sweep has it: long names, and more columns than a terminal holds.
var wide = Table{
	{Name: "decoder", Left: true, Cells: []string{"ar", "diffusion block=32 quota=low-confidence steps=32"}},
	{Name: "pass@1 %", Cells: []string{"100.0", "70.1"}},
	{Name: "must commit to win", Cells: []string{"", "> 2.45"}},
	{Name: "tok/s", Cells: []string{"4497 ±52%", "10734 ±11%"}, Long: []string{"4497 [2958, 6837]", "10734 [9634, 11958]"}, LongRank: 3},
	{Name: "NFE", Rank: 1, Cells: []string{"43.8", "2.4"}},
	{Name: "rows", Rank: 2, Cells: []string{"121.0", "1957.3"}},
}

// TestShow: the table at the widths of terminals, as it is printed.
func TestShow(t *testing.T) {
	var b strings.Builder
	for _, width := range []int{0, 120, 100, 80, 60, 40, 20} {
		fmt.Fprintf(&b, "%d\n%s\n", width, wide.Show(width))
	}
	golden.Equal(t, "testdata/show.txt", []byte(b.String()))
}

// TestNarrow: at every width that holds the first column no line is longer, no text is lost, and Rest names just the columns that
// are missing, and the width that shows them all.
func TestNarrow(t *testing.T) {
	for _, table := range []Table{wide, sample} {
		for width := leastText + 2; width < 130; width++ {
			shown := table.Fit(width)
			for line := range strings.Lines(shown.Text()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Fatalf("%d characters in %d: %q", n, width, line)
				}
			}
			var names []string
			for _, c := range shown {
				names = append(names, strings.Join(strings.Fields(c.Name), " "))
			}
			rest, all := table.Rest(width)
			for i, c := range table {
				k := slices.Index(names, c.Name)
				if (k < 0) != slices.Contains(rest, c.Name) {
					t.Errorf("%d: %q does not go with the columns %q", width, rest, names)
				}
				if k < 0 {
					continue
				}
				for line, cell := range shown[k].Cells {
					got := strings.Join(strings.Fields(cell), "")
					if got != strings.ReplaceAll(c.Cells[line], " ", "") && (c.Long == nil || got != strings.ReplaceAll(table[i].Long[line], " ", "")) {
						t.Errorf("%d: %q became %q", width, c.Cells[line], cell)
					}
				}
			}
			if len(rest) == 0 {
				continue
			}
			if left, _ := table.Rest(all); len(left) > 0 || table.Fit(all).width() > all || table.Fit(all-1).width() > all-1 {
				t.Errorf("%d characters do not show all: %q are left out", all, left)
			}
			if more := fmt.Sprint(len(rest), " more column"); !strings.HasPrefix(table.More(width), more) || !strings.Contains(table.More(width), fmt.Sprintf("COLUMNS=%d", all)) {
				t.Errorf("%d: %q", width, table.More(width))
			}
		}
	}
	if rest, _ := wide.Rest(0); rest != nil || wide.More(0) != "" {
		t.Errorf("any width leaves out %q", rest)
	}
}
