package history

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/bench/stats"
	"tandem/record"
)

var epyc = Machine{OS: "linux/amd64", CPU: "AMD EPYC", Cores: 2, Threads: 2, Device: "cpu", Features: "avx512bf16"}

// example is run i of a made-up history, with so many decoders.
func example(i, decoders int) Run {
	r := Run{Machine: epyc, Suite: "basics@8304e17fb76b", Model: "embedded@b3b20c75dd7a/bf16", Plan: "tasks=164", Commit: fmt.Sprintf("c%03d", i),
		Started: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, i)}
	for d := range decoders {
		name := fmt.Sprintf("diffusion/block=%d", 4+d)
		r.Values = append(r.Values,
			Value{name, "speedup", "ar", stats.Interval{Value: 1.9 + float64(i%7)/100, Low: 1.8, High: 2.1}, ""},
			Value{name, "forwards", "", stats.Interval{Value: 3.75, Low: 3.75, High: 3.75}, ""},
			Value{name, "tokens_per_second", "", stats.Interval{Value: 4000.25, Low: 3900, High: 4100}, ""})
	}
	return r
}

func create(t *testing.T, path string) *store {
	t.Helper()
	s, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close() })
	return s
}

func add(t *testing.T, s *store, runs ...Run) {
	t.Helper()
	if _, err := s.add(runs); err != nil {
		t.Fatal(err)
	}
}

func held(t *testing.T, s *store) []Run {
	t.Helper()
	runs, err := s.runs()
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// TestAdd: runs come back as they were, oldest first; the same run twice is there once; one that was measured further takes the
// place of what it was.
func TestAdd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub dir?", "h%41.db")
	add := func(want []Outcome, runs ...Run) {
		t.Helper()
		if got, err := Add(path, runs); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("outcomes %v, want %v, %v", got, want, err)
		}
	}
	add([]Outcome{Added, Added, Held}, example(1, 2), example(0, 1), example(1, 2))
	further := example(1, 3)
	further.Unmeasured = "disturbed"
	add([]Outcome{Replaced, Held}, further, example(0, 1))
	runs, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := further.normal()
	if err != nil || len(runs) != 2 || runs[0].Commit != "c000" || !reflect.DeepEqual(runs[1], want) {
		t.Errorf("%+v, want %+v (%v)", runs, want, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// TestNegativeZero: a zero with a sign, as a CSV may have it, does not damage the history.
func TestNegativeZero(t *testing.T) {
	s, r := create(t, filepath.Join(t.TempDir(), "h.db")), example(0, 1)
	r.Values[0].Interval.Low = math.Copysign(0, -1)
	add(t, s, r)
	if runs := held(t, s); len(runs) != 1 {
		t.Errorf("%d runs", len(runs))
	}
}

// TestAddRefuses: what cannot be kept is an error that says so, and none of the runs beside it is written.
func TestAddRefuses(t *testing.T) {
	s := create(t, filepath.Join(t.TempDir(), "h.db"))
	undated, infinite, twice := example(1, 1), example(1, 1), example(1, 1)
	undated.Started = time.Time{}
	infinite.Values[0].Interval.High = infinite.Values[0].Interval.Value / 0.0000000001 * 1e308
	twice.Values = append(twice.Values, twice.Values[0])
	for want, r := range map[string]Run{"has no date": undated, "is no number": infinite, "stands twice": twice} {
		if _, err := s.add([]Run{example(0, 1), r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if runs := held(t, s); len(runs) > 0 {
		t.Errorf("%d runs were written", len(runs))
	}
}

// TestFingerprint: what tells machines apart is in it, what changes on one machine is not.
func TestFingerprint(t *testing.T) {
	e := record.Environment{OS: "linux/amd64", CPU: "AMD EPYC", Cores: 2, Threads: 2, Device: "cpu", Features: "avx512bf16"}
	same := e
	same.Kernel, same.Load, same.Memory, same.Go, same.Commit = "6.1", 3, 1<<34, "go1.27", "abc"
	if Fingerprint(e) != epyc || Fingerprint(e).Hash() != Fingerprint(same).Hash() {
		t.Errorf("%+v and %+v", Fingerprint(e), Fingerprint(same))
	}
	seen := map[string]bool{Fingerprint(e).Hash(): true}
	for i, change := range []func(*record.Environment){
		func(e *record.Environment) { e.CPU = "Xeon" }, func(e *record.Environment) { e.Threads = 1 }, func(e *record.Environment) { e.Cores = 4 },
		func(e *record.Environment) { e.Features = "amx" }, func(e *record.Environment) { e.GPU = "H100" }, func(e *record.Environment) { e.Device = "cuda" },
		func(e *record.Environment) { e.OS = "darwin/arm64" }, func(e *record.Environment) { e.Portable = true },
	} {
		other := e
		if change(&other); seen[Fingerprint(other).Hash()] {
			t.Errorf("change %d is not seen", i)
		}
		seen[Fingerprint(other).Hash()] = true
	}
	if line := epyc.String(); (Machine{CPU: line}).Hash() != epyc.Hash() || line != "AMD EPYC, 2 of 2 cores, avx512bf16, linux/amd64" {
		t.Errorf("line %q", line)
	}
}

// TestGroup: what may not be compared is in different series or in none.
func TestGroup(t *testing.T) {
	runs := []Run{example(0, 1), example(1, 1), example(2, 1), example(3, 1)}
	runs[1].Unmeasured = "disturbed"
	runs[2].Unfinished = true
	other := example(4, 1)
	other.Machine.Threads = 1
	group := func(runs []Run, c Selection) []Series {
		t.Helper()
		series, err := Group(runs, c)
		if err != nil {
			t.Fatal(err)
		}
		return series
	}
	var got []string
	for _, s := range group(append(runs, other), Selection{Last: 100}) {
		got = append(got, fmt.Sprintf("%s %d %d", s.Metric.Name, s.Machine.Threads, len(s.Points)))
	}
	slices.Sort(got)
	want := "forwards 1 1, forwards 2 3, speedup 1 1, speedup 2 2, tokens_per_second 1 1, tokens_per_second 2 2"
	if have := strings.Join(got, ", "); have != want {
		t.Errorf("%s, want %s", have, want)
	}
	asked := example(5, 1)
	for i := range asked.Values {
		asked.Values[i].Prompts = "other"
	}
	if all := group(append(runs, asked), Selection{Last: 100}); len(all) != 6 || all[0].Family() == all[1].Family() {
		t.Errorf("other prompts go on with a series: %+v", all)
	}
	c := Selection{Filter{Machine: epyc.Hash()[:4], Suite: "basics", Model: "embedded", Since: runs[1].Started}, []string{"forwards"}, []string{"diffusion/block=4"}, 100}
	if chosen := group(append(runs, other), c); len(chosen) != 1 || len(chosen[0].Points) != 2 || chosen[0].Points[1].Commit != "c003" {
		t.Errorf("%+v", chosen)
	}
	c.Last = 1
	if newest := group(runs, c); len(newest[0].Points) != 1 || newest[0].Points[0].Commit != "c003" {
		t.Errorf("newest %+v", newest)
	}
	c.Suite = "humaneval"
	if _, err := Group(runs, c); err == nil || err.Error() != "none of the values of 4 runs that may be compared is chosen" {
		t.Errorf("none chosen: %v", err)
	}
}
