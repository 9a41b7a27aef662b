package compare

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"tandem/bench/stats"
)

// A Warning is what a reader of a comparison must know, and what to do.
type Warning struct {
	Code     string `json:"code"`
	Text     string `json:"text"`
	Severity string `json:"severity"` // caution or info
}

// Severities, as in summary.json.
const (
	caution = "caution"
	info    = "info"
)

const (
	leastRepeats = 6    // fewer have no 95% interval of a median
	leastDrift   = 0.05 // from the first decoding to the last
	weakShare    = 0.5  // of the ceiling: a baseline below it is weak
)

// comparable is nil where two sides are runs of the same tasks with the same model.
func comparable(base, head Side) error {
	b := base.Runs[0].Header
	for _, s := range []Side{base, head} {
		for _, r := range s.Runs {
			h := r.Header
			switch {
			case h.Suite.Name != b.Suite.Name:
				return fmt.Errorf("%s ran suite %s and %s suite %s: compare runs of one suite", base.Name, b.Suite.Name, s.Name, h.Suite.Name)
			case h.Suite.SHA256 != b.Suite.SHA256:
				return fmt.Errorf("%s and %s ran different versions of suite %s: run one of them again", base.Name, s.Name, h.Suite.Name)
			case h.Model.Name != b.Model.Name:
				return fmt.Errorf("%s ran model %s and %s model %s: compare runs of one model", base.Name, b.Model.Name, s.Name, h.Model.Name)
			case h.Plan.Length != b.Plan.Length || h.Plan.MaxTokens != b.Plan.MaxTokens:
				return fmt.Errorf("%s decoded to %s length of at most %d tokens, %s to %s length of at most %d: run one of them again", base.Name,
					b.Plan.Length, b.Plan.MaxTokens, s.Name, h.Plan.Length, h.Plan.MaxTokens)
			}
		}
	}
	return nil
}

// warnings are those of a base and a head. Of their rounds each code stands once a side: one is example enough, and all are short.
func warnings(base, head Side, rounds bool) (out []Warning) {
	add := func(code, severity, format string, args ...any) {
		w := Warning{code, fmt.Sprintf(format, args...), severity}
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	for _, s := range []Side{base, head} {
		seen := map[string]bool{"few_repeats": true}
		for _, r := range s.Runs {
			r.circumstances(func(code, severity, format string, args ...any) {
				if !rounds || !seen[code] {
					add(code, severity, format, args...)
				}
				seen[code] = true
			})
		}
	}
	if names := unlike(machine, base, head); len(names) > 0 {
		add("unlike_machines", caution, "%s and %s ran on unlike machines (%s): speeds say nothing of the change", base.Name, head.Name, strings.Join(names, "; "))
	}
	if names := unlike(configuration, base, head); len(names) > 0 {
		add("unlike_configurations", caution, "%s and %s differ in more than the build (%s): run them alike, or read the change as that of both", base.Name, head.Name, strings.Join(names, "; "))
	}
	for _, g := range base.Runs[0].Groups {
		if n := (pair{base: base, head: head, decoder: g.Name}).askedOtherwise(); n > 0 {
			add("unlike_prompts", caution, "%s and %s asked %s %d tasks with other prompts: the change is that of the prompts, too", base.Name, head.Name, g.Name, n)
		}
	}
	return out
}

// askedOtherwise is the number of tasks that the first runs of both sides have with unlike prompts.
func (p pair) askedOtherwise() (n int) {
	if !p.both() {
		return 0
	}
	head := p.head.Runs[0].Find(p.decoder)
	for _, t := range p.base.Runs[0].Find(p.decoder).Tasks() {
		if other := head.Task(t.Name); other != nil && t.Prompt != "" && other.Prompt != "" && t.Prompt != other.Prompt {
			n++
		}
	}
	return n
}

// missing are warnings of what is not compared.
func missing(base, head Side, lacking []lack) (out []Warning) {
	figures, order := map[string][]string{}, []string{}
	for _, l := range lacking {
		if figures[l.decoder] == nil {
			order = append(order, l.decoder)
		}
		figures[l.decoder] = append(figures[l.decoder], l.metric)
	}
	for _, decoder := range order {
		if p := (pair{base: base, head: head, decoder: decoder}); !p.both() {
			out = append(out, Warning{"missing_decoder", fmt.Sprintf("not all runs of %s and %s have %s: it is not compared", base.Name, head.Name, decoder), caution})
			continue
		}
		out = append(out, Warning{"missing_figures", fmt.Sprintf("%s: not compared are %s: %s or %s lacks them, or has them of other tasks or over another baseline",
			decoder, strings.Join(figures[decoder], ", "), base.Name, head.Name), caution})
	}
	return out
}

// machine and configuration are what two runs should share, by name.
func machine(r *Run) map[string]string {
	e := r.Header.Environment
	return map[string]string{"cpu": e.CPU, "cores": fmt.Sprint(e.Cores), "gpu": e.GPU, "device": e.Device, "os": e.OS, "kernels": e.Features}
}

func configuration(r *Run) map[string]string {
	h := r.Header
	var prompts []string
	for _, p := range h.Prompts {
		prompts = append(prompts, p.Name+" "+short(p.SHA256))
	}
	return map[string]string{"prompts": strings.Join(prompts, " "), "threads": fmt.Sprint(h.Environment.Threads), "dtype": h.Model.Dtype, "weights": short(h.Model.SHA256),
		"batch": fmt.Sprint(h.Plan.Batch), "samples": fmt.Sprint(h.Plan.Samples), "limit": fmt.Sprint(h.Plan.Limit),
		"repeats": fmt.Sprint(h.Plan.Repeats), "sandbox": h.Environment.SandboxTier, "python": h.Environment.Python}
}

func short(hash string) string { return hash[:min(12, len(hash))] }

// unlike names what differs between the runs of two sides.
func unlike(of func(*Run) map[string]string, base, head Side) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(of(base.Runs[0]))) {
		var found []string
		for _, r := range slices.Concat(base.Runs, head.Runs) {
			if value := cmp.Or(of(r)[name], "none"); !slices.Contains(found, value) {
				found = append(found, value)
			}
		}
		if len(found) > 1 {
			names = append(names, name+" "+strings.Join(found, " and "))
		}
	}
	return names
}

// circumstances adds the warnings of one run.
func (r *Run) circumstances(add func(code, severity, format string, args ...any)) {
	if n := r.Header.Plan.Repeats; n < leastRepeats {
		add("few_repeats", caution, "%s has %d of at least %d repeats that are needed for a speed that means much", r.Path, n, leastRepeats)
	}
	planned := r.Header.Suite.Tasks
	if limit := r.Header.Plan.Limit; limit > 0 {
		planned = min(planned, limit)
	}
	for _, g := range r.Groups {
		if n := g.Counts().Errors; n > 0 {
			add("failed_decodings", caution, "%s: %d decodings of %s failed: what is left of their tasks is compared", r.Path, n, g.Name)
		}
		if n := len(g.Tasks()); n < planned {
			add("unfinished", caution, "%s holds %d of %d tasks of %s: let it finish", r.Path, n, planned, g.Name)
		}
		if len(r.times(g)) < leastInRound && !g.Covered() {
			add("disturbed", caution, "%s: other work disturbed %.0f%% of the decodings of %s: its speed is left out; run it again on an idle machine",
				r.Path, 100*g.Disturbed(), g.Name)
		}
		if slope, ok := drift(r.order[g.Name]); ok {
			add("drift", caution, "%s: %s became %.0f%% %s in the course of the run: something else on the machine changed", r.Path, g.Name,
				100*math.Abs(slope), map[bool]string{true: "slower", false: "faster"}[slope > 0])
		}
	}
	if base := r.Base(); base >= 0 {
		if share, ok := ceilingShare(r, r.Groups[base]); ok && share < weakShare {
			add("weak_baseline", caution, "%s: the baseline %s reaches %.0f%% of the machine's ceiling: a better engine would change its speed-ups",
				r.Path, r.Groups[base].Name, 100*share)
		}
	}
	delete(r.held, "idle")
	if len(r.held) > 0 {
		add("gpu_clocks", caution, "%s: the GPU's clocks were held down (%s)", r.Path, strings.Join(slices.Sorted(maps.Keys(r.held)), ", "))
	}
	if strings.HasSuffix(r.Header.Environment.Commit, "+dirty") {
		add("modified_tree", info, "%s was built from a tree with uncommitted changes", r.Path)
	}
}

// drift is how much slower decodings became from the first to the last: the least-squares slope of the logarithm of a decoding's
// cost over its task's mean. ok says that it is beyond chance (p < 0.01) and large enough to matter.
func drift(order []pace) (change float64, ok bool) {
	means, counts := map[string]float64{}, map[string]float64{}
	for _, p := range order {
		means[p.task] += math.Log(p.cost)
		counts[p.task]++
	}
	var values []float64
	for _, p := range order {
		values = append(values, math.Log(p.cost)-means[p.task]/counts[p.task])
	}
	slope, p, ok := stats.Slope(values)
	return math.Expm1(slope), ok && p < 0.01 && math.Abs(math.Expm1(slope)) > leastDrift
}
