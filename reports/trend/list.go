package trend

import (
	"slices"
	"strconv"
	"time"

	"tandem/bench/history"
	"tandem/reports/table"
)

// List lays out runs, a line each: when, which commit, of what, and what keeps it from being compared.
func List(runs []history.Run, width int) string {
	out := table.Table{{Name: "started", Left: true}, {Name: "commit", Left: true}, {Name: "suite", Left: true, Rank: 2},
		{Name: "model", Left: true, Rank: 3}, {Name: "decoders", Rank: 4},
		{Name: "note", Left: true, Rank: 1, LongRank: 7}, {Name: "machine", Left: true, Rank: 5, LongRank: 6}}
	for _, r := range runs {
		note, reason := "", ""
		switch {
		case r.Unfinished:
			note, reason = "unfinished, left out", "unfinished: none of its values is compared"
		case r.Unmeasured != "":
			note, reason = "speeds left out", "speeds left out: "+r.Unmeasured
		}
		var names []string
		for _, v := range r.Values {
			names = append(names, v.Decoder)
		}
		slices.Sort(names)
		for i, cell := range []string{r.Started.UTC().Format("2006-01-02 15:04"), short(r.Commit), bare(r.Suite), bare(r.Model),
			strconv.Itoa(len(slices.Compact(names))), note, r.Machine.Hash()} {
			out[i].Cells = append(out[i].Cells, cell)
		}
		out[5].Long, out[6].Long = append(out[5].Long, reason), append(out[6].Long, r.Machine.Hash()+" "+r.Machine.String())
	}
	return out.Show(width)
}

// An Entry is a run of a history as JSON lists it.
type Entry struct {
	Started    time.Time       `json:"started"`
	Commit     string          `json:"commit"`
	Suite      string          `json:"suite"`
	Model      string          `json:"model"`
	Plan       string          `json:"plan"`
	Hash       string          `json:"machine_hash"`
	Machine    history.Machine `json:"machine"`
	Values     int             `json:"values"`
	Unfinished bool            `json:"unfinished,omitempty"`
	Unmeasured string          `json:"unmeasured,omitempty"`
}

// Entries are runs without their values.
func Entries(runs []history.Run) []Entry {
	entries := []Entry{}
	for _, r := range runs {
		entries = append(entries, Entry{r.Started, r.Commit, r.Suite, r.Model, r.Plan, r.Machine.Hash(), r.Machine, len(r.Values), r.Unfinished, r.Unmeasured})
	}
	return entries
}
