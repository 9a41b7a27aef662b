package speed

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/transformer"
	"tandem/transformer/transformertest"
)

var small = transformer.Config{Name: "small", Layers: 1, Hidden: 8, Intermediate: 16, Heads: 2, KVHeads: 1, HeadDim: 4, Vocab: 50,
	MaxPositions: 32, RopeTheta: 1e4, NormEps: 1e-6, Tied: true, MaskToken: -1}

func reference() transformer.Backend {
	return transformertest.Reference(transformer.Random(small, transformer.F32, 1))
}

func ceilings() (map[string]float64, error) {
	return map[string]float64{transformer.ReadCeiling: 1}, nil
}

// A witness is a backend that notes what its sessions are asked for. Sessions of more than most slots do not fit, where
// most is not 0. Sessions say that their device worked for half of each forward's time where timed.
type witness struct {
	transformer.Backend
	most     int
	timed    bool
	opened   []string
	forwards []forward
}

// A forward is the first pass of one, how many slots its rows reach, and what came out of it.
type forward struct {
	batch, rows, start, first, last, wants int
	guesses                                []transformer.Guess
}

func (w *witness) Open(sequences, slots int) (transformer.Session, error) {
	if w.most > 0 && slots > w.most {
		return nil, fmt.Errorf("%d slots are too many", slots)
	}
	s, err := w.Backend.Open(sequences, slots)
	w.opened = append(w.opened, fmt.Sprintf("%dx%d", sequences, slots))
	noted := &notedSession{Session: s, witness: w, written: make([]int, sequences)}
	if w.timed {
		return &timedSession{notedSession: noted}, err
	}
	return noted, err
}

type notedSession struct {
	transformer.Session
	witness *witness
	written []int
	worked  time.Duration
}

func (s *notedSession) Reset(i int) {
	s.written[i] = 0
	s.Session.Reset(i)
}

func (s *notedSession) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	began := time.Now()
	out, err := s.Session.Forward(ctx, passes)
	s.worked += time.Since(began) / 2
	for i, p := range passes {
		s.written[i] = max(s.written[i], p.Start+len(p.Tokens))
	}
	p := passes[0]
	reach := func(row int) int { // as transformer.Pass has it
		if p.Span == 0 {
			return s.written[0]
		}
		return min(s.written[0], ((p.Start+row)/p.Span+1)*p.Span)
	}
	if err == nil {
		s.witness.forwards = append(s.witness.forwards, forward{len(passes), len(p.Tokens), p.Start, reach(0), reach(len(p.Tokens) - 1),
			len(p.Want), slices.Clone(out[0])})
	}
	return out, err
}

type timedSession struct{ *notedSession }

func (s *timedSession) DeviceTime() time.Duration { return s.worked }

func TestMeasure(t *testing.T) {
	tests := []Test{{Prefill, 8, 1, 0, 2}, {Decode, 1, 2, 5, 3}, {Decode, 1, 1, 5, 3}, {Block, 4, 1, 5, 2}, {Block, 6, 1, 5, 2}}
	w := &witness{Backend: reference()}
	short := 0
	var finished []string
	rows, left, err := Measure(t.Context(), w, Plan{Tests: tests, Rounds: 3, Ceilings: ceilings,
		Progress: func(done, total int) { short = total - done },
		Finished: func(rows []Row, _ []LeftOut) { finished = append(finished, fmt.Sprint(len(rows))) }})
	if err != nil || len(left) > 0 || short != 0 {
		t.Fatalf("%v, %v left out, progress ended %d short", err, left, short)
	}
	for i, r := range rows {
		if r.Test != tests[i] || len(r.Samples) != 3 || len(r.Ceilings) != 3 || median(r.Samples) <= 0 || r.Geometry != "small" || r.DeviceSamples != nil {
			t.Errorf("%+v", r)
		}
	}
	// Batch by batch, a session for prefills and one for all that goes on from the same context.
	if got := strings.Join(w.opened, " "); got != "1x8 1x11 2x8" {
		t.Errorf("opened %s", got)
	}
	if got := strings.Join(finished, " "); got != "4 5" {
		t.Errorf("finished %s rows", got)
	}
}

// TestReach: whatever ran before on the same session, a forward reaches the context and its own rows, and gives what a
// session of its own would.
func TestReach(t *testing.T) {
	prefill, decode, short, long := Test{Prefill, 8, 1, 0, 2}, Test{Decode, 1, 1, 5, 3}, Test{Block, 4, 1, 5, 2}, Test{Block, 9, 1, 5, 2}
	alone := map[int][]transformer.Guess{} // by rows
	for _, test := range []Test{short, long} {
		w := &witness{Backend: reference()}
		if _, _, err := Measure(t.Context(), w, Plan{Tests: []Test{test}, Rounds: 1, Ceilings: ceilings}); err != nil {
			t.Fatal(err)
		}
		alone[test.Rows] = w.forwards[len(w.forwards)-1].guesses
	}
	for _, order := range [][]Test{{prefill, decode, short, long}, {long, decode, short, prefill}, {short, long, prefill, decode}} {
		w := &witness{Backend: reference()}
		if _, _, err := Measure(t.Context(), w, Plan{Tests: order, Rounds: 2, Ceilings: ceilings}); err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		for _, f := range w.forwards {
			switch {
			case f.wants == 0:
				kinds["fill"]++
			case f.start == 0 && (f.rows != 8 || f.first != 1 || f.last != 8):
				t.Errorf("prefill %+v", f)
			case f.start == 0:
				kinds[Prefill]++
			case f.rows == 1 && (f.last != f.start+1 || f.start < 5 || f.start > 7):
				t.Errorf("decode %+v", f)
			case f.rows == 1:
				kinds[Decode]++
			case f.start != 5 || f.first != 5+f.rows || f.last != 5+f.rows || f.wants != f.rows || !reflect.DeepEqual(f.guesses, alone[f.rows]):
				t.Errorf("block %+v, alone %v", f, alone[f.rows])
			default:
				kinds[Block]++
			}
		}
		// Round 0: two forwards, of a decode twice one more than all of a sample; rounds 1 and 2: one more than those of a sample.
		if want := map[string]int{"fill": 1, Prefill: 2 + 2*3, Decode: 2*4 + 2*4, Block: 2 * (2 + 2*3)}; !reflect.DeepEqual(kinds, want) {
			t.Errorf("%v, want %v", kinds, want)
		}
	}
}

// TestLeftOut: what memory does not hold is left out, the longest first, and costs no other test.
func TestLeftOut(t *testing.T) {
	w := &witness{Backend: reference(), most: 10}
	tests := []Test{{Block, 4, 1, 5, 1}, {Block, 16, 1, 5, 1}, {Decode, 1, 1, 5, 2}, {Block, 8, 1, 5, 1}, {Prefill, 12, 1, 0, 1}}
	rows, left, err := Measure(t.Context(), w, Plan{Tests: tests, Rounds: 1, Ceilings: ceilings})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Test != tests[0] || rows[1].Test != tests[2] {
		t.Errorf("measured %+v", rows)
	}
	if len(left) != 3 || left[0].Test != tests[1] || left[1].Test != tests[3] || left[2].Test != tests[4] || left[0].Reason != "21 slots are too many" {
		t.Errorf("left out %+v", left)
	}
}

func TestMeasureRefuses(t *testing.T) {
	for want, test := range map[string]Test{
		"at least 1":   {Prefill, 0, 1, 0, 1},
		"lower":        {Decode, 1, 1, 30, 10},
		"must be at l": {Block, 4, 0, 5, 1},
	} {
		if _, _, err := Measure(t.Context(), reference(), Plan{Tests: []Test{test}, Rounds: 1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", test, err, want)
		}
	}
	broken := func() (map[string]float64, error) { return nil, errors.New("no ceilings today") }
	if _, _, err := Measure(t.Context(), reference(), Plan{Tests: []Test{{Block, 4, 1, 5, 1}}, Rounds: 1, Ceilings: broken}); err == nil {
		t.Error("an error of the ceilings is lost")
	}
}

// TestDeviceTime: a session that knows its device's time gives the share in which it was idle, here a half.
func TestDeviceTime(t *testing.T) {
	w := &witness{Backend: reference(), timed: true}
	rows, _, err := Measure(t.Context(), w, Plan{Tests: []Test{{Block, 4, 2, 5, 3}, {Decode, 1, 2, 5, 3}}, Rounds: 3, Ceilings: ceilings})
	if err != nil {
		t.Fatal(err)
	}
	Rate(rows, transformer.Card{Config: small, Dtype: transformer.F32})
	for _, r := range rows {
		if len(r.DeviceSamples) != 3 || r.DeviceIdle == nil || *r.DeviceIdle < 0.5 || *r.DeviceIdle >= 1 {
			t.Errorf("%+v", r)
		}
	}
}
