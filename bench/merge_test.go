package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tandem/bench/metric"
	"tandem/record"
)

// many is a setup of 23 tasks, of which some cannot be decoded.
func many() Setup {
	s := setup()
	s.Prompts = nil
	for i := range 23 {
		s.Prompts = append(s.Prompts, Prompt{Task: fmt.Sprint("t", i), Text: strings.Repeat("a", 1+i), Level: 1 + i/5})
	}
	s.Header.Suite.Tasks, s.Decoders[1] = 23, script{name: "diffusion", fail: "aaaa"}
	return s
}

// runShard runs a shard into a folder, as tandem run does: the records are then passed on as judged ones.
func runShard(t *testing.T, dir string, s Setup, index, of int) {
	t.Helper()
	if of > 0 {
		s.Header.Shard = &record.Shard{Index: index, Of: of}
	}
	if _, err := Run(t.Context(), filepath.Join(dir, record.RunFile), s); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, record.RunFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, record.ScoredFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// shardsOf runs a plan in so many shards and returns their folders.
func shardsOf(t *testing.T, s Setup, of int) (dirs []string) {
	t.Helper()
	for i := range of {
		dirs = append(dirs, t.TempDir())
		runShard(t, dirs[i], s, i, of)
	}
	return dirs
}

// timeless are records by their keys, without what time and the machine's other work put into them.
func timeless(t *testing.T, path string) map[string]record.Record {
	t.Helper()
	out := map[string]record.Record{}
	for _, r := range read(t, path) {
		r.Seconds, r.Interference = 0, record.Interference{}
		for i := range r.Trace {
			r.Trace[i].At = 0
		}
		out[r.Key()] = r
	}
	return out
}

// TestMerge: whatever the number of shards, together they are the unsharded run, record by record.
func TestMerge(t *testing.T) {
	whole := t.TempDir()
	runShard(t, whole, many(), 0, 0)
	want := timeless(t, filepath.Join(whole, record.RunFile))
	wantRun, err := metric.ReadRun(filepath.Join(whole, record.ScoredFile))
	if err != nil || len(want) != 23*2*3 {
		t.Fatalf("%v: %d records", err, len(want))
	}
	for _, of := range []int{1, 2, 5, 23} {
		dirs := shardsOf(t, many(), of)
		for _, dir := range dirs {
			if n := len(read(t, filepath.Join(dir, record.RunFile))) / 6; n != 23/of && n != 23/of+1 {
				t.Errorf("a shard of %d has %d of 23 tasks", of, n)
			}
		}
		dirs[0], dirs[of-1] = dirs[of-1], dirs[0] // whatever their order
		shards, err := ReadShards(dirs)
		if err != nil || len(shards.Gaps()) != 0 {
			t.Fatalf("%v, %v", err, shards.Gaps())
		}
		out := t.TempDir()
		for range 2 { // again: the same
			if err := shards.Merge(out); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{record.RunFile, record.ScoredFile} {
			if got := timeless(t, filepath.Join(out, name)); !reflect.DeepEqual(got, want) {
				t.Errorf("%d shards: %s differs from the unsharded run", of, name)
			}
		}
		r, err := metric.ReadRun(filepath.Join(out, record.ScoredFile))
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range r.Groups {
			got, want := g.Counts(), wantRun.Groups[i].Counts()
			if got.Records != want.Records || got.Tokens != want.Tokens || got.Forwards != want.Forwards || got.Errors != want.Errors || got.Canvas != want.Canvas {
				t.Errorf("%d shards: %+v, unsharded %+v", of, got, want)
			}
		}
		if h := r.Header; h.Shard != nil || h.Merged != of || h.Planned() != len(want) {
			t.Errorf("%+v", h)
		}
		if left, _ := filepath.Glob(filepath.Join(out, "*.part")); left != nil {
			t.Errorf("left %v", left)
		}
	}
}

// TestMergeGaps: shards that are missing, cut off or not judged are named, and nothing is merged.
func TestMergeGaps(t *testing.T) {
	dirs := shardsOf(t, many(), 5)
	os.RemoveAll(dirs[1])
	cut := func(dir, name string, lines int) {
		path := filepath.Join(dir, name)
		text, _ := os.ReadFile(path)
		if err := os.WriteFile(path, []byte(strings.Join(strings.SplitAfter(string(text), "\n")[:lines], "")+`{"task":"t`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cut(dirs[2], record.RunFile, 8)
	cut(dirs[3], record.ScoredFile, 4)
	os.WriteFile(filepath.Join(dirs[4], record.RunFile), nil, 0o644)
	os.WriteFile(filepath.Join(dirs[0], record.ScoredFile), nil, 0o644)
	shards, err := ReadShards(dirs)
	want := []Gap{{0, "0 of 30 decodings judged"}, {1, "missing"}, {2, "7 of 30 decodings"}, {3, "3 of 24 decodings judged"}, {4, "missing"}}
	if err != nil || !reflect.DeepEqual(shards.Gaps(), want) {
		t.Fatalf("%v: %v, want %v", err, shards.Gaps(), want)
	}
	out := t.TempDir()
	if err := shards.Merge(out); err == nil || !strings.Contains(err.Error(), "shard 0 of 5 is not finished: 0 of 30 decodings judged") {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(out); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
	os.MkdirAll(dirs[1], 0o755)
	for i := range 5 { // the lost ones are run again, and those that were cut off go on
		runShard(t, dirs[i], many(), i, 5)
	}
	if shards, err = ReadShards(dirs); err != nil || len(shards.Gaps()) != 0 {
		t.Errorf("%v, %v", err, shards.Gaps())
	}
}

// TestMergeDisturbed: a shard that was cut off before its disturbed decodings were decoded again is not finished.
func TestMergeDisturbed(t *testing.T) {
	s := many()
	dirs := shardsOf(t, s, 2)
	path := filepath.Join(dirs[1], record.RunFile)
	header, _, _ := record.Read(path)
	records := read(t, path)
	header.Plan.Extra, records[0].Steal = 2, 0.5
	w, err := record.Create(path, header)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		w.Write(r)
	}
	w.Close()
	shards, err := ReadShards(dirs)
	if want := []Gap{{1, "66 of 67 decodings"}}; err != nil || !reflect.DeepEqual(shards.Gaps(), want) {
		t.Errorf("%v: %v, want %v", err, shards.Gaps(), want)
	}
}

// TestMergeRefuses: folders that are no shards of one run are refused with what differs, and a run is never overwritten.
func TestMergeRefuses(t *testing.T) {
	dirs := shardsOf(t, many(), 3)
	other := func(index, of int, change func(*record.Header)) string {
		s, dir := many(), t.TempDir()
		change(&s.Header)
		runShard(t, dir, s, index, of)
		return dir
	}
	keep := func(*record.Header) {}
	for want, extra := range map[string]string{
		"both hold shard 1/3":                    other(1, 3, keep),
		"shards of one run have one number":      other(3, 4, keep),
		"holds no shard, but a whole run":        other(0, 0, keep),
		"had the suite letters of 23 tasks":      other(2, 3, func(h *record.Header) { h.Suite.SHA256 = "34" }),
		"the other has the model other":          other(2, 3, func(h *record.Header) { h.Model.Name = "other" }),
		"had repeats 3; the other has repeats 2": other(2, 3, func(h *record.Header) { h.Plan.Repeats = 2 }),
		"had seed 5; the other has seed 6":       other(2, 3, func(h *record.Header) { h.Plan.Seed = 6 }),
		"had the version 1 of commit a":          other(2, 3, func(h *record.Header) { h.Environment.Version, h.Environment.Commit = "2", "b" }),
		"the other has the processor x":          other(2, 3, func(h *record.Header) { h.Environment.Features, h.Environment.CPU = "avx2", "x" }),
		"only one was judged":                    other(2, 3, func(h *record.Header) { h.Environment.SandboxTier = "weak" }),
	} {
		before := dirs[:2]
		if strings.Contains(want, "version 1") {
			first := func(h *record.Header) { h.Environment.Version, h.Environment.Commit = "1", "a" }
			before = []string{other(0, 3, first)}
		}
		if strings.Contains(want, "processor") {
			before = []string{other(0, 3, func(h *record.Header) { h.Environment.Features, h.Environment.CPU = "avx2", "y" })}
		}
		if _, err := ReadShards(append(before[:len(before):len(before)], extra)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := ReadShards([]string{t.TempDir(), "no/such"}); err == nil || !strings.Contains(err.Error(), "no folder holds") {
		t.Error(err)
	}
	elsewhere := other(2, 3, func(h *record.Header) { h.Environment.CPU = "of a machine that only asks" })
	if _, err := ReadShards([]string{dirs[0], elsewhere}); err != nil {
		t.Error(err)
	}
	shards, err := ReadShards(dirs)
	if err != nil {
		t.Fatal(err)
	}
	if err := shards.Merge(dirs[0]); err == nil || !strings.Contains(err.Error(), "holds a run") {
		t.Error(err)
	}
}

// TestShards: a shard is read as it is written, a resume keeps it, and one without tasks is refused.
func TestShards(t *testing.T) {
	if s, err := ParseShard("2/8"); err != nil || *s != (record.Shard{Index: 2, Of: 8}) {
		t.Errorf("%v, %v", s, err)
	}
	for _, text := range []string{"", "8/8", "-1/8", "1/0", "1", "1/", "1/8/2", "01/8", "1/8 ", "a/b", "1/99999999999999999999"} {
		if s, err := ParseShard(text); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q is %v, %v", text, s, err)
		}
	}
	dir := t.TempDir()
	runShard(t, dir, many(), 0, 2)
	s := many()
	for want, shard := range map[string]*record.Shard{"had shard 0/2; this one has all tasks": nil, "this one has shard 1/2": {Index: 1, Of: 2}, "none of 23 tasks": {Index: 23, Of: 24}} {
		s.Header.Shard = shard
		if _, err := Run(context.Background(), filepath.Join(dir, record.RunFile), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	names := map[string]bool{}
	for _, shard := range []*record.Shard{nil, {Index: 0, Of: 2}, {Index: 1, Of: 2}} {
		s.Header.Shard = shard
		names[FolderName(s.Header)] = true
	}
	if len(names) != 3 {
		t.Errorf("shards share a folder: %v", names)
	}
}
