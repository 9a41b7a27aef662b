package checkpoint

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"tandem/internal/golden"
)

// TestDocs: the table of docs/CHECKPOINTS.md is that of the code.
func TestDocs(t *testing.T) {
	const path, begin, end = "../../docs/CHECKPOINTS.md", "<!-- begin: families -->\n", "<!-- end -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no table of families", path)
	}
	table := "| architecture | models | diffusion | mask | end | checked against |\n|---|---|---|---|---|---|\n"
	names := slices.SortedFunc(maps.Keys(families), func(a, b string) int {
		return cmp.Or(-cmp.Compare(families[a].source, families[b].source), cmp.Compare(a, b))
	})
	for _, name := range names {
		f := families[name]
		cells := []string{"`" + name + "`", f.models, how(f), number(f.mask), "", string(f.source)}
		if len(f.end) > 0 {
			cells[4] = number(f.end[0])
		}
		table += "| " + strings.Join(cells, " | ") + " |\n"
	}
	golden.Equal(t, path, []byte(before+begin+table+end+after))
}

// how says how a family fills masks in.
func how(f family) string {
	switch {
	case f.explicit:
		return "not known"
	case f.attention == "":
		return ""
	}
	out := string(f.attention)
	if f.block > 0 {
		out += fmt.Sprintf(", blocks of %d", f.block)
	}
	if f.shifted {
		out += ", shifted"
	}
	return out
}

func number(id int32) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprint(id)
}
