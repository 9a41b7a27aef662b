package sheet

import (
	"tandem/reports/table"
	"tandem/transformer/models"
)

// List is the table of `tandem models list`.
func List(list []models.Listed) table.Table {
	out := table.Table{{Name: "model", Left: true}, {Name: "size"}, {Name: "state", Left: true, Rank: 2}, {Name: "twin", Left: true, Rank: 1},
		{Name: "parameters", Rank: 3}, {Name: "licence", Left: true, Rank: 4}, {Name: "sha256", Left: true, Rank: 5},
		{Name: "repository", Left: true, Rank: 6}}
	for _, l := range list {
		for i, cell := range []string{l.Name, l.Size(), l.State, l.Twin(), l.Numbers(), l.Licence, l.Pin(), l.Repository} {
			out[i].Cells = append(out[i].Cells, cell)
		}
	}
	return out
}
