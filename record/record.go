// Package record holds what a run writes down and everything later reads: a Step is one forward pass and what
// it committed, a Trace is a decoding's steps, a Record is one example decoded once, a Header says where and with
// what. The files are JSON Lines: a Header first, then Records. Only the standard library and the subpackage jsonl are imported.
package record

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"time"
)

// Schema is the version of the files that this package writes. A reader refuses any other.
const Schema = 1

// A Commit writes one output position; a later one replaces it (remasking, editing).
// In JSON it is the array [pos, token, p].
type Commit struct {
	Pos   int32   // output position, 0 is the first generated token
	Token int32   // vocabulary id
	P     float32 // probability the model gave the token when it was committed
}

// maxPos bounds the output positions that are read, so that a damaged file cannot ask for any amount of memory.
const maxPos = 1 << 24

// MarshalJSON writes the commit as [pos, token, p].
func (c Commit) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%d,%.4g]", c.Pos, c.Token, c.P), nil
}

// UnmarshalJSON reads [pos, token, p]. A results file has dozens of commits in each line, so it is read without the detour of a
// slice of any length.
func (c *Commit) UnmarshalJSON(data []byte) error {
	inner, opened := bytes.CutPrefix(data, []byte("["))
	inner, closed := bytes.CutSuffix(inner, []byte("]"))
	pos, rest, first := bytes.Cut(inner, []byte(","))
	token, p, second := bytes.Cut(rest, []byte(","))
	if !opened || !closed || !first || !second || bytes.IndexByte(p, ',') >= 0 {
		return fmt.Errorf("a commit has 3 numbers [pos, token, p], not %s", data)
	}
	var err error
	number := func(text []byte, bits int) float64 {
		v, e := strconv.ParseFloat(string(bytes.TrimSpace(text)), bits)
		err = cmp.Or(err, e)
		return v
	}
	at, id, chance := number(pos, 64), number(token, 64), number(p, 32)
	if err != nil || at != float64(int32(at)) || id != float64(int32(id)) || at < 0 || at >= maxPos || id < 0 {
		return fmt.Errorf("bad commit %s", data)
	}
	*c = Commit{Pos: int32(at), Token: int32(id), P: float32(chance)}
	return nil
}

// A Kind says what a forward pass was for. Every kind but Chunk counts as a forward.
type Kind string

// The kinds of forward passes, and Chunk.
const (
	Prefill Kind = "prefill" // the prompt's K/V, and the first token of an autoregressive decoding
	Decode  Kind = "decode"  // one autoregressive token
	Denoise Kind = "denoise" // one refinement of a canvas or block
	Store   Kind = "store"   // a finished block once more, to store its K/V
	Refresh Kind = "refresh" // a whole-canvas forward that renews a prefix or dual cache (it commits too)

	Chunk Kind = "chunk" // what an endpoint sent at once: no forward, since nobody knows how many it took
)

// A Step is one forward pass and what it committed; of an endpoint, one event of its stream.
type Step struct {
	At      time.Duration `json:"at"`                // since Decode began, read after the device finished, or when the event had been read; ns
	Kind    Kind          `json:"kind"`              // what the pass was for
	Rows    int           `json:"rows,omitempty"`    // positions computed: the pass's cost; not known of an endpoint
	Reach   int           `json:"reach,omitempty"`   // K/V slots attended to by the last row; not known of an endpoint
	Commits []Commit      `json:"commits,omitempty"` // empty for a prefill or a cache refresh
	Text    string        `json:"text,omitempty"`    // endpoints only: what the event adds to its channel, or the state that it replaces it by
	Event   *Event        `json:"event,omitempty"`   // endpoints only
}

// A Trace is a decoding's steps in order. Tokens, forwards and latencies are folds over it.
type Trace []Step

// Forwards is how many of the steps are forward passes.
func (t Trace) Forwards() (n int) {
	for _, step := range t {
		if step.Kind != Chunk {
			n++
		}
	}
	return n
}

// Tokens folds the commits into the final output: out[i] is the last token committed at position i, -1 where
// none was. Its length is one past the highest committed position.
func (t Trace) Tokens() []int32 {
	var out []int32
	for _, step := range t {
		for _, c := range step.Commits {
			for int(c.Pos) >= len(out) {
				out = append(out, -1)
			}
			out[c.Pos] = c.Token
		}
	}
	return out
}

// A Result is the judge's finding on one program.
type Result string

// The results. SandboxError is never a wrong answer: it is counted apart.
const (
	Pass         Result = "pass"
	Fail         Result = "fail"
	TimeLimit    Result = "time limit"
	MemoryLimit  Result = "memory limit"
	OutputLimit  Result = "output limit"
	RuntimeError Result = "runtime error"
	SyntaxError  Result = "syntax error"
	SandboxError Result = "sandbox error"
)

// A Verdict is a Result with its circumstances.
type Verdict struct {
	Result  Result  `json:"result"`
	Detail  string  `json:"detail,omitempty"` // one line: the exception, the failed assertion
	Seconds float64 `json:"seconds"`          // wall-clock of the judging
	CPU     float64 `json:"cpu"`              // CPU seconds of the candidate
	Tier    string  `json:"tier"`             // isolation it ran under
	Beside  bool    `json:"beside,omitempty"` // the test ran in the candidate's process, where it could be forged
}

// A Stop says why a decoding ended.
type Stop string

// The ends of a decoding.
const (
	StopEOS    Stop = "eos"    // an end-of-sequence token with nothing open before it
	StopWord   Stop = "stop"   // a stop word of the prompt: what the answer is ends before it
	StopLength Stop = "length" // the token budget
)

// A Record is one example decoded once.
type Record struct {
	Task         string   `json:"task"`
	Level        int      `json:"level,omitempty"` // of the task, 1..5; 0 where the suite has no levels
	Decoder      string   `json:"decoder"`         // Decoder.Name: stable, with its settings
	Sample       int      `json:"sample"`
	Repeat       int      `json:"repeat"`
	Attempt      int      `json:"attempt,omitempty"` // 0, or n: decoded for the nth time again, since other work had disturbed those before
	Seed         uint64   `json:"seed"`
	PromptTokens int      `json:"prompt_tokens,omitempty"` // an endpoint's as it says, absent where it does not
	PromptSHA256 string   `json:"prompt_sha256,omitempty"` // hex, of the prompt's ids as a JSON array without blanks; of an endpoint, of its messages or text as JSON
	Tokens       int      `json:"tokens"`                  // useful: generated, up to and without the first EOS, begun before the first stop word
	Canvas       int      `json:"canvas,omitempty"`        // output positions that were ever committed, EOS and beyond included; not known of an endpoint
	Seconds      float64  `json:"seconds"`                 // wall-clock of Decode; tokenisation and judging outside. An endpoint's: of the request that was answered
	BatchSeconds float64  `json:"share,omitempty"`         // of the wall-clock of the batch that it was decoded in; absent where it was alone
	Ideal        float64  `json:"ideal,omitempty"`         // seconds the same forwards take at the ceilings in the Header
	PeakMemory   int64    `json:"peak_memory,omitempty"`   // bytes: weights, K/V and activations of the backend
	Stop         Stop     `json:"stop"`
	Reply        *Reply   `json:"reply,omitempty"` // endpoints only
	Trace        Trace    `json:"trace"`
	Pieces       []string `json:"pieces,omitempty"` // text of each output position, for the replay
	Completion   string   `json:"completion"`
	Answer       string   `json:"answer,omitempty"` // the program that was judged
	Verdict      *Verdict `json:"verdict,omitempty"`
	Err          string   `json:"err,omitempty"` // why this example has no completion

	Interference

	Work map[Kind]Work `json:"work,omitempty"` // of the forwards, by kind; absent in a batch, whose forwards are shared
}

// A Work is what forwards must at least read and compute.
type Work struct {
	Bytes float64 `json:"bytes"` // weights and K/V
	FLOPs float64 `json:"flops"`
}

// An Interference is what other work on the machine took from a decoding; of a batch, from the batch. What the system does
// not tell is left out.
type Interference struct {
	Busy     float64  `json:"busy,omitempty"`                 // time that the process had a processor, as a share of threads x wall-clock
	Waited   *float64 `json:"waited,omitempty"`               // the longest that a computing thread was ready to run and had no processor, as a share of wall-clock
	Steal    float64  `json:"steal,omitempty"`                // time that the hypervisor ran others, as a share of threads x wall-clock
	Switches int      `json:"involuntary_switches,omitempty"` // times that a thread lost its processor to another
}

// tolerance is the share of its time that other work may take from a decoding whose time still counts. Threads wait for each other
// in every phase of a forward, so a decoding is late by as much as its latest thread.
const tolerance = 0.1

// Disturbed says that other work took more than 10% of the decoding. Where the system does not tell how long threads
// waited for a processor, the share of time without one stands in for it; threads that wait for each other spin, so an
// undisturbed decoding has a processor for nearly all of its time, and 20% is allowed. Less than half of it is a disturbance
// whatever the waits say: a quota, for one, stops threads that then do not wait.
func (i Interference) Disturbed() bool {
	if i.Steal > tolerance {
		return true
	}
	if i.Waited != nil {
		return *i.Waited > tolerance || i.Busy > 0 && i.Busy < 0.5
	}
	return i.Busy > 0 && i.Busy < 1-2*tolerance
}

// Cost is the wall-clock that the record cost: its share of its batch's, or all of its own. Tokens over Cost is the
// throughput of the machine, tokens over Seconds the speed that one of a batch sees.
func (r Record) Cost() float64 {
	if r.BatchSeconds > 0 {
		return r.BatchSeconds
	}
	return r.Seconds
}

// Key identifies a record within a run: a resumed run skips the keys that its file holds.
func (r Record) Key() string {
	return fmt.Sprintf("%s\x00%s\x00%d\x00%d\x00%d", r.Task, r.Decoder, r.Sample, r.Repeat, r.Attempt)
}
