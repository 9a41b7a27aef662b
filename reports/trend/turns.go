package trend

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"tandem/bench/compare"
	"tandem/bench/history"
	"tandem/bench/stats"
	"tandem/reports"
)

// turnsFile is what builds that took turns leave in their folder, beside the runs of each round.
const turnsFile = "ab.json"

// readTurns is the entry of the head of builds that took turns: counts and pass rates of its first round, the one that is judged,
// speeds of all rounds, and the ratios to the anchor where there was one.
func readTurns(dir string) (history.Run, error) {
	path := filepath.Join(dir, turnsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return history.Run{}, err
	}
	var result struct {
		compare.Result
		Anchor *compare.Result `json:"anchor"`
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return history.Run{}, fmt.Errorf("%s: %w", path, err)
	}
	if result.Schema != compare.Schema {
		return history.Run{}, fmt.Errorf("%s has schema %d, this version of tandem reads %d", path, result.Schema, compare.Schema)
	}
	s, err := reports.Summarize(filepath.Join(dir, "round-01", "1"))
	if err != nil {
		return history.Run{}, err
	}
	r := entry(s)
	base := "ar" // of speed-ups, where the first round has none
	if i := slices.IndexFunc(r.Values, func(v history.Value) bool { return v.Metric == "speedup" }); i >= 0 {
		base = r.Values[i].Base
	}
	prompts := map[string]string{}
	for _, v := range r.Values {
		prompts[v.Decoder] = v.Prompts
	}
	r.Values = slices.DeleteFunc(r.Values, history.Value.Measured)
	r.Unmeasured = ""
	rows := result.Rows
	if result.Anchor != nil {
		rows = result.Anchor.Rows
		r.Values = append(r.Values, ratios(*result.Anchor)...)
	}
	for _, row := range rows {
		v := history.Value{Decoder: row.Decoder, Metric: row.Metric, Interval: stats.Interval{Value: row.HeadValue, Low: row.HeadValue, High: row.HeadValue}}
		if row.Metric == "speedup" {
			v.Base = base
		}
		if row.Head == 0 && v.Measured() {
			r.Values = append(r.Values, v)
		}
	}
	for i := range r.Values {
		r.Values[i].Prompts = prompts[r.Values[i].Decoder]
	}
	return r, nil
}

// ratios are the head's speeds over the anchor's, round by round.
func ratios(anchor compare.Result) (out []history.Value) {
	for _, row := range anchor.Rows {
		if row.Metric != "tokens_per_second" || row.Low == nil || row.High == nil {
			continue
		}
		out = append(out, history.Value{Decoder: row.Decoder, Metric: "anchor_ratio", Base: cmp.Or(anchor.Base.Commit, anchor.Base.Name),
			Interval: stats.Interval{Value: 1 + row.Change, Low: 1 + *row.Low, High: 1 + *row.High}})
	}
	return out
}
