package bench

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tandem/decoders"
	"tandem/record"
)

func TestInterference(t *testing.T) {
	start := time.Now()
	const s = time.Second
	from := usage{at: start, processor: s, steal: s, switches: 5, threads: map[int]thread{1: {s, s}, 2: {s, s}, 3: {s, 9 * s}, 4: {s, 9 * s}}}
	to := usage{at: start.Add(4 * s), processor: 7 * s, steal: 3 * s, switches: 7, threads: map[int]thread{
		1: {5 * s, s},      // had a processor all the time
		2: {4 * s, 2 * s},  // waited for a quarter of it
		3: {s, 11 * s},     // one of the runtime, which sleeps otherwise, waited for half of it
		5: {3 * s, s / 2}}} // came in between; 4 has ended
	got := interference(from, to, 2)
	if got.Busy != 0.75 || got.Waited == nil || *got.Waited != 0.25 || got.Steal != 0.25 || got.Switches != 2 || !got.Disturbed() {
		t.Errorf("%+v, waited %v", got, *got.Waited)
	}
	to.threads = nil
	if got := interference(from, to, 2); got.Waited != nil {
		t.Errorf("a system that does not tell has %g", *got.Waited)
	}
	if got := interference(from, from, 2); got.Waited != nil || got.Busy != 0 {
		t.Errorf("in no time: %+v", got)
	}
}

func TestDisturbed(t *testing.T) {
	share := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name string
		i    record.Interference
		want bool
	}{
		{"nothing known", record.Interference{}, false},
		{"left alone", record.Interference{Busy: 0.97, Waited: share(0.004)}, false},
		{"waited", record.Interference{Busy: 0.8, Waited: share(0.2)}, true},
		{"asleep, not waiting", record.Interference{Busy: 0.6, Waited: share(0.01)}, false},
		{"stopped by a quota", record.Interference{Busy: 0.4, Waited: share(0.01)}, true},
		{"stolen", record.Interference{Busy: 0.97, Waited: share(0), Steal: 0.2}, true},
		{"a system that tells no waiting, idle machine", record.Interference{Busy: 0.9}, false},
		{"a system that tells no waiting, busy machine", record.Interference{Busy: 0.55}, true},
	} {
		if got := c.i.Disturbed(); got != c.want {
			t.Errorf("%s: disturbed is %v", c.name, got)
		}
	}
}

// waiting is a machine on which other work disturbs the decodings whose numbers, from 0 in the order of running, it is told.
type waiting struct {
	disturbed []int
	now       usage
	readings  int
}

func (w *waiting) usage() usage {
	w.now.at = w.now.at.Add(time.Second)
	w.now.processor += 2 * time.Second
	one := w.now.threads[1]
	one.processor += time.Second
	if w.readings%2 == 1 && slices.Contains(w.disturbed, w.readings/2) {
		one.waited += time.Second
	}
	w.now.threads = map[int]thread{1: one}
	w.readings++
	return w.now
}

// disturbedSetup is setup on such a machine; the first two decodings warm up.
func disturbedSetup(extra int, disturbed ...int) Setup {
	s := setup()
	s.Header.Environment = record.Environment{Device: "cpu", Threads: 2, Cores: 2}
	s.Header.Plan.Extra = extra
	w := &waiting{disturbed: disturbed}
	s.usage = w.usage
	return s
}

// TestExtra: a disturbed decoding is decoded again up to the budget; all are kept, each under its own number.
func TestExtra(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	// 24 decodings; of these 5 are disturbed, then of their 5 further ones one, and then its further one, too.
	s := disturbedSetup(2, 2, 5, 9, 10, 25, 27, 31)
	tally, err := Run(t.Context(), path, s)
	if err != nil || tally != (Tally{Total: 30, Written: 30, Extra: 6}) {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	records := read(t, path)
	keys(t, records) // no key twice
	attempts, disturbed := map[int]int{}, 0
	for _, r := range records {
		attempts[r.Attempt]++
		if r.Disturbed() {
			disturbed++
		}
		if r.Attempt > 0 && !slices.ContainsFunc(records, func(b record.Record) bool {
			return b.Task == r.Task && b.Decoder == r.Decoder && b.Repeat == r.Repeat && b.Attempt == r.Attempt-1 && b.Disturbed()
		}) {
			t.Errorf("%+v was not disturbed before", r)
		}
	}
	if attempts[0] != 24 || attempts[1] != 5 || attempts[2] != 1 || disturbed != 7 {
		t.Errorf("attempts %v, %d disturbed", attempts, disturbed)
	}
}

// TestExtraResumes: a resumed run decodes again what was disturbed before the interruption, and a larger budget goes on.
func TestExtraResumes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if tally, err := Run(t.Context(), path, disturbedSetup(0, 2, 5)); err != nil || tally.Written != 24 {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	if tally, err := Run(t.Context(), path, disturbedSetup(0)); err != nil || tally != (Tally{Total: 24, Resumed: 24}) {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	tally, err := Run(t.Context(), path, disturbedSetup(1))
	if err != nil || tally != (Tally{Total: 26, Resumed: 24, Written: 2, Extra: 2}) {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	if tally, err := Run(t.Context(), path, disturbedSetup(3)); err != nil || tally != (Tally{Total: 26, Resumed: 26, Extra: 2}) {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
}

// TestExtraOfBatch: of a batch all are disturbed, and all are decoded again, at once.
func TestExtraOfBatch(t *testing.T) {
	s := disturbedSetup(1, 3)
	s.Header.Plan.Batch = 2
	s.Decoders = []decoders.Decoder{script{name: "ar"}, script{name: "ar"}, script{name: "diffusion"}, script{name: "diffusion"}}
	tally, err := Run(t.Context(), filepath.Join(t.TempDir(), "run.jsonl"), s)
	if err != nil || tally != (Tally{Total: 26, Written: 26, Extra: 2}) {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
}
