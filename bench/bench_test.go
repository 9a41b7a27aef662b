package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/decoders"
	"tandem/record"
)

// letters is a tokenizer of one token a byte; 0 is the EOS.
type letters struct{}

func (letters) Encode(text string) (tokens []int32) {
	for _, b := range []byte(text) {
		tokens = append(tokens, int32(b))
	}
	return tokens
}

func (l letters) Decode(tokens []int32) (text string) {
	for _, t := range tokens {
		text += l.Piece(t)
	}
	return text
}

func (letters) Piece(token int32) string {
	if token == 0 {
		return "<eos>"
	}
	return string(rune(token))
}

// script is a decoder that answers every prompt with its own text, two positions a forward, then an EOS.
type script struct {
	name string
	log  func(decoder, prompt string, seed uint64) // called for each decoding
	fail string                                    // prompt that it cannot decode
}

func (s script) Name() string { return s.name }

func (s script) Decode(ctx context.Context, r decoders.Request) iter.Seq2[record.Step, error] {
	return func(yield func(record.Step, error) bool) {
		prompt := letters{}.Decode(r.Prompt)
		if s.log != nil {
			s.log(s.name, prompt, r.Seed)
		}
		start := time.Now()
		if ctx.Err() != nil {
			yield(record.Step{}, ctx.Err())
			return
		}
		if prompt == s.fail {
			yield(record.Step{}, errors.New("the prompt is longer than the model's positions"))
			return
		}
		out := append(append([]int32{}, r.Prompt...), 0, 0)
		for i := 0; i < len(out); i += 2 {
			step := record.Step{At: time.Since(start), Kind: record.Denoise, Rows: 2, Reach: i}
			for pos := i; pos < min(i+2, len(out)); pos++ {
				step.Commits = append(step.Commits, record.Commit{Pos: int32(pos), Token: out[pos], P: 0.5})
			}
			if !yield(step, nil) {
				return
			}
		}
	}
}

// setup is a plan of 4 tasks, 2 decoders and 3 repeats.
func setup() Setup {
	return Setup{
		Header: record.Header{
			Suite:    record.SuiteInfo{Name: "letters", SHA256: "12", Tasks: 4},
			Model:    record.ModelInfo{Name: "script"},
			Decoders: []record.DecoderInfo{{Name: "ar"}, {Name: "diffusion", Settings: map[string]any{"block": 16}}},
			Plan:     record.PlanInfo{Repeats: 3, Samples: 1, Batch: 1, MaxTokens: 8, Length: natural, Seed: 5},
		},
		Prompts:   []Prompt{{Task: "t0", Text: "abc"}, {Task: "t1", Text: "de"}, {Task: "t2", Text: "f"}, {Task: "t3", Text: "ghij"}},
		Decoders:  []decoders.Decoder{script{name: "ar"}, script{name: "diffusion"}},
		Tokenizer: letters{},
		EOS:       []int32{0},
	}
}

// read is all records of a results file.
func read(t *testing.T, path string) (records []record.Record) {
	t.Helper()
	_, all, err := record.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(data), "\n") - 1; lines != len(records) {
		t.Errorf("%d lines hold %d records: some stand twice", lines, len(records))
	}
	return records
}

// keys is the order in which a file's records were written; it fails when one occurs twice.
func keys(t *testing.T, records []record.Record) (list []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range records {
		if seen[r.Key()] {
			t.Errorf("%q was decoded twice", r.Key())
		}
		seen[r.Key()] = true
		list = append(list, r.Key())
	}
	return list
}

func TestRunFillsRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	s := setup()
	s.Ideal = func(step record.Step, _ map[string]float64) float64 { return float64(step.Rows) }
	s.Work = func(step record.Step) record.Work { return record.Work{Bytes: 2, FLOPs: float64(step.Rows)} }
	s.Memory = func(decoder string) int64 { return int64(len(decoder)) }
	var progress []int
	s.Progress = func(done, total int) { progress = append(progress, done, total) }
	tally, err := Run(t.Context(), path, s)
	if err != nil || tally != (Tally{Total: 24, Written: 24}) {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	if len(progress) != 48 || progress[0] != 1 || progress[46] != 24 || progress[47] != 24 {
		t.Errorf("progress %v", progress)
	}
	records := read(t, path)
	if n := len(keys(t, records)); n != 24 {
		t.Fatalf("%d records", n)
	}
	for _, r := range records {
		if r.Task != "t0" {
			continue
		}
		if r.Tokens != 3 || r.Canvas != 5 || r.PromptTokens != 3 || r.Completion != "abc" || r.Stop != record.StopEOS ||
			r.Ideal != 6 || r.PeakMemory != int64(len(r.Decoder)) || len(r.Trace) != 3 || r.Seconds <= 0 {
			t.Errorf("record %+v", r)
		}
		var work record.Work
		for _, w := range r.Work {
			work.Bytes, work.FLOPs = work.Bytes+w.Bytes, work.FLOPs+w.FLOPs
		}
		if work != (record.Work{Bytes: 6, FLOPs: 6}) {
			t.Errorf("work %v", r.Work)
		}
		if want := []string{"a", "b", "c", "<eos>", "<eos>"}; !reflect.DeepEqual(r.Pieces, want) {
			t.Errorf("pieces %q", r.Pieces)
		}
	}
}

func TestRunWarmsUpAndInterleaves(t *testing.T) {
	type call struct{ decoder, prompt string }
	var calls []call
	seeds := map[string]map[uint64]bool{}
	log := func(decoder, prompt string, seed uint64) {
		calls = append(calls, call{decoder, prompt})
		if seeds[prompt] == nil {
			seeds[prompt] = map[uint64]bool{}
		}
		seeds[prompt][seed] = true
	}
	s := setup()
	s.Decoders = []decoders.Decoder{script{name: "ar", log: log}, script{name: "diffusion", log: log}}
	order := func(seed uint64) []call {
		calls = nil
		s.Header.Plan.Seed = seed
		if _, err := Run(t.Context(), filepath.Join(t.TempDir(), "run.jsonl"), s); err != nil {
			t.Fatal(err)
		}
		return calls
	}
	first := order(5)
	if len(first) != 26 || first[0].decoder == first[1].decoder {
		t.Fatalf("%d decodings, want a warm-up of each decoder and 24", len(first))
	}
	for prompt, of := range seeds {
		if len(of) != 1 {
			t.Errorf("task %q has %d seeds for one sample", prompt, len(of))
		}
	}
	if !reflect.DeepEqual(first, order(5)) {
		t.Error("the same seed gave another order")
	}
	if reflect.DeepEqual(first, order(6)) {
		t.Error("another seed gave the same order")
	}
	changes := 0
	for i := 3; i < len(first); i++ {
		if first[i].decoder != first[i-1].decoder {
			changes++
		}
	}
	if changes < 5 {
		t.Errorf("the decoder changes %d times in 24 examples: not interleaved", changes)
	}
}

func TestRunResumes(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "run.jsonl")
	if _, err := Run(t.Context(), whole, setup()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	s := setup()
	s.Progress = func(done, total int) {
		if done == 7 {
			cancel()
		}
	}
	tally, err := Run(ctx, path, s)
	if !errors.Is(err, context.Canceled) || tally.Written != 7 {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	if want := "interrupted: 7 of 24 examples are kept in " + path; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %q", err)
	}
	tear(t, path)

	s = setup()
	var least = math.MaxInt
	s.Progress = func(done, total int) { least = min(least, done) }
	tally, err = Run(t.Context(), path, s)
	if err != nil || tally != (Tally{Total: 24, Resumed: 6, Written: 18}) {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	if least != 7 {
		t.Errorf("progress resumes at %d", least)
	}
	if !reflect.DeepEqual(keys(t, read(t, path)), keys(t, read(t, whole))) {
		t.Error("the resumed run has another order than an uninterrupted one")
	}
	if tally, err := Run(t.Context(), path, setup()); err != nil || tally != (Tally{Total: 24, Resumed: 24}) {
		t.Errorf("a finished run again: tally %+v, error %v", tally, err)
	}
}

// tear cuts the last line of a file in half.
func tear(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)-20], 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRunRefusesAnotherRun(t *testing.T) {
	for _, c := range []struct {
		change func(*Setup)
		want   string // after "that run had "
	}{
		{func(s *Setup) { s.Header.Suite.SHA256 = "13" }, "the suite letters of 4 tasks (SHA-256 12); this one has the suite letters of 4 tasks (SHA-256 13)"},
		{func(s *Setup) { s.Header.Model.SHA256 = "14" }, "the model script "},
		{func(s *Setup) { s.Header.Decoders = s.Header.Decoders[:1] }, "the decoders ar, diffusion; this one has the decoders ar"},
		{func(s *Setup) { s.Header.Decoders[1].Settings["block"] = 8 }, "the decoders ar, diffusion with block:16; this one has the decoders ar, diffusion with block:8"},
		{func(s *Setup) { s.Header.Plan.MaxTokens = 9 }, "max-tokens 8; this one has max-tokens 9"},
		{func(s *Setup) { s.Header.Plan.Limit, s.Header.Plan.Length = 3, forced }, "length natural, no limit; this one has length forced, limit 3"},
		{func(s *Setup) { s.Header.Environment.Commit = "abc" }, "the version "},
		{func(s *Setup) { s.Header.Environment.Device = "cuda" }, "the device "},
		{func(s *Setup) { s.Header.Environment.Features = "avx2" }, "the processor "},
		{func(s *Setup) { s.Header.Environment.Threads = 1 }, "threads "},
	} {
		path := filepath.Join(t.TempDir(), "run.jsonl")
		if _, err := Run(t.Context(), path, setup()); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(path)
		s := setup()
		c.change(&s)
		_, err := Run(t.Context(), path, s)
		var mismatch *Mismatch
		if !errors.As(err, &mismatch) || mismatch.Path != path {
			t.Fatalf("%s: error %v", c.want, err)
		}
		if want := path + ": cannot resume: that run had " + c.want; !strings.HasPrefix(err.Error(), want) || strings.ContainsAny(err.Error(), "\n{[\"") {
			t.Errorf("%v, want %s", err, want)
		}
		if mismatch.Before == mismatch.Now {
			t.Errorf("%v does not say what differs", err)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%s: the refused resume changed the file", c.want)
		}
	}
}

func TestRunRecordsFailures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	s := setup()
	s.Decoders[0] = script{name: "ar", fail: "de"}
	tally, err := Run(t.Context(), path, s)
	if err != nil || tally != (Tally{Total: 24, Written: 24, Failed: 3}) {
		t.Fatalf("tally %+v, error %v", tally, err)
	}
	for _, r := range read(t, path) {
		if failed := r.Decoder == "ar" && r.Task == "t1"; failed != (r.Err != "") || failed != (r.Completion == "") {
			t.Errorf("record %+v", r)
		}
	}
}

// full is a disk with room for some records.
type full struct{ room, tries int }

func (f *full) Write(record.Record) error {
	f.tries++
	if f.tries > f.room {
		return errors.New("no space left on device")
	}
	return nil
}

func TestFullDiskStopsTheRun(t *testing.T) {
	disk := &full{room: 5}
	tally, err := run(t.Context(), setup(), disk, record.Held{})
	if err == nil || tally.Written != 5 || disk.tries != 6 {
		t.Errorf("tally %+v after %d writes, error %v", tally, disk.tries, err)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	if _, err := Run(t.Context(), "/dev/full", setup()); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("error %v", err)
	}
}

func TestBatch(t *testing.T) {
	var mu sync.Mutex
	decodings := 0
	log := func(string, string, uint64) { mu.Lock(); decodings++; mu.Unlock() }
	s := setup()
	s.Header.Plan.Batch = 3
	s.Decoders = nil
	for range 3 {
		s.Decoders = append(s.Decoders, script{name: "ar", log: log})
	}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if _, err := Run(t.Context(), path, s); err != nil {
		t.Fatal(err)
	}
	records := read(t, path)
	if n := len(keys(t, records)); n != 12 {
		t.Errorf("%d records", n)
	}
	for _, r := range records {
		if r.BatchSeconds <= 0 || r.BatchSeconds > r.Seconds+1 || r.Cost() != r.BatchSeconds {
			t.Errorf("%s took %g s and cost %g s", r.Task, r.Seconds, r.BatchSeconds)
		}
	}
	if warm := decodings - 12; warm < 1 || warm > 3 {
		t.Errorf("%d decodings to warm up", warm)
	}
}

func TestImpossiblePlans(t *testing.T) {
	for want, change := range map[string]func(*Setup){
		"the plan holds no task":    func(s *Setup) { s.Prompts = nil },
		"the plan holds no decoder": func(s *Setup) { s.Decoders = nil },
		"must all be at least 1":    func(s *Setup) { s.Header.Plan.Repeats = 0 },
		"is neither natural":        func(s *Setup) { s.Header.Plan.Length = "long" },
		"name each decoder once":    func(s *Setup) { s.Decoders = append(s.Decoders, script{name: "ar"}) },
	} {
		s := setup()
		change(&s)
		path := filepath.Join(t.TempDir(), "run.jsonl")
		if _, err := Run(t.Context(), path, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was written", want)
		}
	}
}

func TestCutAtEOS(t *testing.T) {
	for _, c := range []struct {
		canvas []int32
		useful int
		stop   record.Stop
	}{
		{[]int32{5, 6, 0, 7}, 2, record.StopEOS},
		{[]int32{0}, 0, record.StopEOS},
		{[]int32{5, 9, 6}, 1, record.StopEOS},
		{[]int32{5, 6}, 2, record.StopLength},
		{[]int32{5, -1, 0}, 1, record.StopLength},
		{nil, 0, record.StopLength},
	} {
		useful, stop := cutAtEOS(c.canvas, []int32{0, 9})
		if len(useful) != c.useful || stop != c.stop {
			t.Errorf("%v: %d tokens, stop %s", c.canvas, len(useful), stop)
		}
	}
}

// ExampleRun is a run of one decoder over one task.
func ExampleRun() {
	dir, _ := os.MkdirTemp("", "bench")
	defer os.RemoveAll(dir)
	tally, err := Run(context.Background(), filepath.Join(dir, "run.jsonl"), Setup{
		Header:    record.Header{Plan: record.PlanInfo{Repeats: 5, Samples: 1, Batch: 1, MaxTokens: 8, Length: natural}},
		Prompts:   []Prompt{{Task: "t", Text: "hello"}},
		Decoders:  []decoders.Decoder{script{name: "ar"}},
		Tokenizer: letters{},
		EOS:       []int32{0},
	})
	fmt.Println(tally.Written, err)
	// Output: 5 <nil>
}

// holding is a decoder that notes when its place is held.
type holding struct {
	script
	held, decoding int // places held now, and when a decoding began
}

func (h *holding) Hold() (release func()) {
	h.held++
	return func() { h.held-- }
}

func (h *holding) Decode(ctx context.Context, r decoders.Request) iter.Seq2[record.Step, error] {
	h.decoding = h.held
	return h.script.Decode(ctx, r)
}

// A decoding holds the place of its forwards, and leaves it.
func TestDecodingHoldsItsPlace(t *testing.T) {
	h := &holding{script: script{name: "ar"}}
	setup().decode(t.Context(), example{}, nil, h)
	if h.decoding != 1 || h.held != 0 {
		t.Errorf("held %d times while decoding, %d afterwards; want 1 and 0", h.decoding, h.held)
	}
}
