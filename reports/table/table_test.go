package table

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var sample = Table{
	{Name: "name", Left: true, Cells: []string{"a_b", "čtyři"}},
	{Name: "wide", Rank: 1, Cells: []string{strings.Repeat("7", 20), "1"}},
	{Name: "first", Rank: 2, Cells: []string{"1", "2"}},
	{Name: "speed", Cells: []string{"1", "2"}, Long: []string{"1 [0, 2]", "2 [1, 3]"}, LongRank: 3},
}

// TestFit: columns come by their rank, one that does not fit is skipped, then cells are said in full; 0 holds everything.
func TestFit(t *testing.T) {
	for _, c := range []struct {
		width int
		want  string
	}{
		{1, "name speed"}, {16, "name speed"}, {20, "name speed+"}, {21, "name first speed"}, {23, "name first speed"}, {24, "name first speed+"}, {35, "name first speed+"},
		{36, "name wide speed"}, {43, "name wide first speed"}, {46, "name wide first speed+"}, {0, "name wide first speed+"},
	} {
		fitted := sample.Fit(c.width)
		var got []string
		for _, column := range fitted {
			got = append(got, column.Name)
			if strings.HasSuffix(column.Cells[0], "]") {
				got[len(got)-1] += "+"
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%d characters hold %v, want %s", c.width, got, c.want)
		}
	}
}

// TestText: every line is as wide as Width says, and names, cells and order are those of Lines.
func TestText(t *testing.T) {
	shown := sample.Fit(24)
	lines := strings.Split(strings.TrimSuffix(shown.Text(), "\n"), "\n")
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n != shown.width() {
			t.Errorf("%q has %d characters, not %d", line, n, shown.width())
		}
	}
	header, cells := shown.Lines()
	if got := strings.Fields(lines[0]); !slices.Equal(got, header) {
		t.Errorf("the names are %v, want %v", got, header)
	}
	if len(cells) != 2 || len(lines) != 4 || strings.Join(strings.Fields(lines[3]), " ") != strings.Join(cells[1], " ") {
		t.Errorf("%q, want %v", lines, cells)
	}
}

func TestMarkdown(t *testing.T) {
	got := Table{{Name: "a|b", Left: true, Cells: []string{"x_y"}}, {Name: "n", Cells: []string{"1"}}}.Markdown()
	want := "| a\\|b | n |\n|:-----|--:|\n| x\\_y | 1 |\n"
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPairs(t *testing.T) {
	got := Pairs([][2]string{{"one", "a text of words"}, {"", "more"}, {"three", "b"}}, 16)
	want := "one     a text\n        of words\n        more\nthree   b\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
