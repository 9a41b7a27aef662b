package metric

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"tandem/record"
)

// Failing are the tasks of which a refiner fails a decoding and its baseline passes all of its own, by decoder.
type Failing struct {
	run   Run
	base  map[string]string          // of each refiner that fails one
	tasks map[string]map[string]bool // of each refiner, and of each baseline those that any of its refiners needs
}

// Failing finds the tasks that refiners lost, from the fold alone. Explain needs their records. What an endpoint commits at once is not
// known, so none is a refiner here.
func (r Run) Failing() Failing {
	f := Failing{run: r, base: map[string]string{}, tasks: map[string]map[string]bool{}}
	for i, head := range r.Groups {
		at := r.BaseOf(i)
		if at < 0 || IsAR(head.Name) || IsEndpoint(head.Name) || !IsAR(r.Groups[at].Name) {
			continue
		}
		base := r.Groups[at]
		for _, task := range head.Tasks() {
			share, judged := task.PassRate()
			other := base.Task(task.Name)
			if !judged || share == 1 || other == nil {
				continue
			}
			if share, judged := other.PassRate(); judged && share == 1 {
				f.base[head.Name] = base.Name
				f.add(head.Name, task.Name)
				f.add(base.Name, task.Name)
			}
		}
	}
	return f
}

func (f Failing) add(decoder, task string) {
	if f.tasks[decoder] == nil {
		f.tasks[decoder] = map[string]bool{}
	}
	f.tasks[decoder][task] = true
}

// Wants says whether Explain needs the records of a task under a decoder.
func (f Failing) Wants(task, decoder string) bool { return f.tasks[decoder][task] }

// A Pair are a failed record and one of the baseline that passed the same task.
type Pair struct{ Head, Base record.Record }

// Pairs picks, from the records that Failing wants, of each task that a refiner lost its first decoding that failed and the
// baseline's first that passed; undisturbed ones go before others. Those without the texts of their positions are left out.
// The order is that of the decoders, then of the tasks.
func (f Failing) Pairs(records iter.Seq2[record.Record, error]) (pairs []Pair, err error) {
	type key struct{ task, decoder string }
	picked := map[key]record.Record{}
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		passed := isJudged(r) && r.Verdict.Result == record.Pass
		if !f.Wants(r.Task, r.Decoder) || !isJudged(r) || passed != IsAR(r.Decoder) || r.Tokens > len(r.Pieces) {
			continue
		}
		if before, have := picked[key{r.Task, r.Decoder}]; !have || earlier(r, before) {
			picked[key{r.Task, r.Decoder}] = r
		}
	}
	for _, head := range f.run.Groups {
		base, lost := f.base[head.Name]
		if !lost {
			continue
		}
		for _, task := range slices.Sorted(maps.Keys(f.tasks[head.Name])) {
			h, ok := picked[key{task, head.Name}]
			b, ok2 := picked[key{task, base}]
			if ok && ok2 {
				pairs = append(pairs, Pair{h, b})
			}
		}
	}
	return pairs, nil
}

// earlier says whether a record goes before another of its task and decoder.
func earlier(a, b record.Record) bool {
	return cmp.Or(truth(a.Disturbed())-truth(b.Disturbed()), a.Sample-b.Sample, a.Repeat-b.Repeat, a.Attempt-b.Attempt) < 0
}

// Explain says of each pair what went wrong.
func (f Failing) Explain(pairs []Pair) (failures []Failure) {
	for _, p := range pairs {
		one := explain(p.Head, p.Base)
		if w := f.run.oneByOne(p.Head.Decoder); w != nil {
			if t := w.Task(p.Head.Task); t != nil {
				if share, ok := t.PassRate(); ok {
					passes := share == 1
					one.OneByOne = &passes
				}
			}
		}
		failures = append(failures, one)
	}
	return failures
}

// oneByOne is a decoder that differs from a refiner in its commit policy alone and committed no two tokens in one forward; nil
// where the run has none.
func (r Run) oneByOne(refiner string) *Group {
	for i, g := range r.Groups {
		same := g.Name != refiner && !IsAR(g.Name) && !IsEndpoint(g.Name) && len(g.TokensPerForwardHistogram()) <= 2
		for _, key := range []string{"block", "cache", "prompt", "temperature", "top_p", "top_k"} {
			a, _ := Setting(g.Name, key)
			b, _ := Setting(refiner, key)
			same = same && a == b
		}
		if same {
			return &r.Groups[i]
		}
	}
	return nil
}
