package metric

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"tandem/bench/load"
	"tandem/record"
)

// A Fold is what the records of one decoder add up to, task by task. It holds a few numbers for each decoding, never a trace or
// a text, so that a run of any length can be reported.
type Fold struct {
	Decoder string
	Order   *Order // of unmasking; nil where it is not asked for

	Load        load.Figures // of an endpoint's requests
	tasks       map[string]*Task
	histogram   []int
	calibration calibration
	work        map[record.Kind]Work
}

// NewFold begins the fold of a decoder's records. A block size above 0 asks for the order of unmasking.
func NewFold(decoder string, block Block) *Fold {
	f := &Fold{Decoder: decoder, tasks: map[string]*Task{}}
	if block.Size > 0 {
		f.Order = &Order{Block: block, Cells: map[Cell]int{}}
	}
	return f
}

// Add takes one record in.
func (f *Fold) Add(r record.Record) {
	t := f.tasks[r.Task]
	if t == nil {
		t = &Task{Name: r.Task, Level: r.Level, samples: map[int]*sample{}}
		f.tasks[r.Task] = t
	}
	t.Counts.add(r)
	f.Load.Add(r)
	if r.Err != "" {
		return
	}
	t.Prompt = cmp.Or(t.Prompt, r.PromptSHA256)
	t.add(r)
	if r.Reply != nil { // what it took in forwards, nobody knows
		return
	}
	f.calibration.add(r)
	f.addWork(r)
	committed := committedByStep(r)
	for _, n := range committed {
		for n >= len(f.histogram) {
			f.histogram = append(f.histogram, 0)
		}
		f.histogram[n]++
	}
	if f.Order != nil && r.Repeat == 0 && r.Attempt == 0 {
		f.Order.add(r)
	}
}

// Tasks are the tasks of which there is a record, sorted by name.
func (f *Fold) Tasks() []*Task {
	tasks := make([]*Task, 0, len(f.tasks))
	for _, name := range slices.Sorted(maps.Keys(f.tasks)) {
		tasks = append(tasks, f.tasks[name])
	}
	return tasks
}

// Task is the task of a name; nil where there is no record of it.
func (f *Fold) Task(name string) *Task { return f.tasks[name] }

// Prompts is a hash of what all tasks asked: hex SHA-256 over "task hash" lines, sorted by task; empty where no record tells.
func (f *Fold) Prompts() string {
	hash, told := sha256.New(), false
	for _, t := range f.Tasks() {
		fmt.Fprintf(hash, "%s %s\n", t.Name, t.Prompt)
		told = told || t.Prompt != ""
	}
	if !told {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Counts are the counts of all tasks.
func (f *Fold) Counts() Counts {
	var all Counts
	for _, t := range f.Tasks() {
		all.merge(t.Counts)
	}
	return all
}

// TokensPerForwardHistogram counts forwards by the useful tokens that they committed: h[n] forwards committed n. A token
// belongs to the forward after which its position never changed, so sum(n*h[n]) is the number of useful tokens and
// sum(h[n]) the number of forwards.
func (f *Fold) TokensPerForwardHistogram() []int { return f.histogram }

// Counts are sums over records. Those with an error of decoding count in Records, Attempts and Errors and nowhere else. What follows
// Decodings is over the first attempts alone, so that a task that was disturbed more often does not count for more.
type Counts struct {
	Records    int // decodings, further ones of disturbed ones included
	Attempts   int // of Records, further decodings of disturbed ones
	Disturbed  int // of Records, those from which other work took too much (record.Interference.Disturbed)
	Last       int // the highest number of an attempt
	Errors     int // decodings that failed
	Sandbox    int // decodings whose judging failed for a reason that is not the program's
	Decodings  int // first attempts that did not fail
	Empty      int // decodings without a useful token: a decoder that says nothing is fast
	Truncated  int // decodings that ended at the token budget
	Forwards   int // the NFE: forward passes executed; prefills, K/V stores and cache refreshes count
	Positions  int // rows over all forwards: positions computed, the prompt's included
	Tokens     int // useful tokens
	Canvas     int // output positions ever committed, EOS and beyond included
	Kinds      map[record.Kind]int
	PeakMemory int64   // bytes, the most of any record: weights, K/V and activations
	Replies    Replies // of an endpoint
	busy, cost float64 // sums of busy x cost and of cost, over the records that say busy
}

func (c *Counts) add(r record.Record) {
	c.Records++
	c.Attempts += truth(r.Attempt > 0)
	c.Last = max(c.Last, r.Attempt)
	c.Replies.add(r)
	if r.Err != "" {
		c.Errors++
		return
	}
	c.Disturbed += truth(r.Disturbed())
	c.Sandbox += truth(r.Verdict != nil && r.Verdict.Result == record.SandboxError)
	c.PeakMemory = max(c.PeakMemory, r.PeakMemory)
	if r.Busy > 0 {
		c.busy += r.Busy * r.Cost()
		c.cost += r.Cost()
	}
	if r.Attempt > 0 {
		return
	}
	c.Decodings++
	c.Empty += truth(r.Tokens == 0)
	c.Truncated += truth(r.Stop == record.StopLength)
	c.Forwards += r.Trace.Forwards()
	c.Tokens += r.Tokens
	c.Canvas += r.Canvas
	if c.Kinds == nil {
		c.Kinds = map[record.Kind]int{}
	}
	for _, step := range r.Trace {
		c.Positions += step.Rows
		if step.Kind != record.Chunk {
			c.Kinds[step.Kind]++
		}
	}
}

func (c *Counts) merge(d Counts) {
	c.Records += d.Records
	c.Attempts += d.Attempts
	c.Last = max(c.Last, d.Last)
	c.Decodings += d.Decodings
	c.Disturbed += d.Disturbed
	c.Errors += d.Errors
	c.Sandbox += d.Sandbox
	c.Empty += d.Empty
	c.Replies.merge(d.Replies)
	c.Truncated += d.Truncated
	c.Forwards += d.Forwards
	c.Positions += d.Positions
	c.Tokens += d.Tokens
	c.Canvas += d.Canvas
	for kind, n := range d.Kinds {
		if c.Kinds == nil {
			c.Kinds = map[record.Kind]int{}
		}
		c.Kinds[kind] += n
	}
	c.PeakMemory = max(c.PeakMemory, d.PeakMemory)
	c.busy += d.busy
	c.cost += d.cost
}

// Busy is sum(busy x seconds) / sum(seconds) over the records that say it: the share of its threads' time that the process
// had a processor. Threads that wait for each other spin, so an undisturbed run is near 1, and what lacks to 1 is time
// that other work took.
func Busy(folds ...*Fold) (float64, bool) {
	var all Counts
	for _, f := range folds {
		all.merge(f.Counts())
	}
	return ratio(all.busy, all.cost)
}
