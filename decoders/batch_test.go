package decoders

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/record"
	"tandem/transformer"
)

// counted counts the sequences of each forward.
type counted struct {
	transformer.Session
	sizes  []int
	closed int
}

func (c *counted) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	n := 0
	for _, p := range passes {
		if len(p.Tokens) > 0 {
			n++
		}
	}
	c.sizes = append(c.sizes, n)
	return c.Session.Forward(ctx, passes)
}

func (c *counted) Close() error { c.closed++; return c.Session.Close() }

// timeless drops what a batch may change.
func timeless(trace record.Trace) record.Trace {
	for i := range trace {
		trace[i].At = 0
	}
	return trace
}

// TestBatchEqualsAlone: decoders of every kind write in a batch what they write alone, over requests of different
// lengths, so that sequences begin and end in the middle of the others.
func TestBatchEqualsAlone(t *testing.T) {
	names := []string{"ar", "diffusion", "diffusion/cache=dual/block=3", "ar/uncached", "ar/temperature=1"}
	backend := toy(false)
	session, err := backend.Open(len(names), 32)
	if err != nil {
		t.Fatal(err)
	}
	count := &counted{Session: session}
	var wg sync.WaitGroup
	for i, lane := range Batch(count, len(names)) {
		wg.Go(func() {
			defer lane.Close()
			settings, _ := ParseName(names[i])
			d, err := On(lane, backend.Config(), settings, 32)
			if err != nil {
				t.Error(err)
				return
			}
			for _, req := range requests()[i:] {
				got := timeless(collect(t, d, req))
				if want := timeless(decode(t, backend, names[i], req)); !reflect.DeepEqual(got, want) {
					t.Errorf("%s, prompt of %d: got %v, want %v", names[i], len(req.Prompt), got, want)
				}
			}
		})
	}
	wg.Wait()
	together := 0
	for _, n := range count.sizes {
		if n > 1 {
			together++
		}
	}
	if together == 0 || count.closed != 1 {
		t.Errorf("%d of %d forwards had company; closed %d times", together, len(count.sizes), count.closed)
	}
}

// TestBatchSilence: of three decoding sequences one falls silent. The others wait for it once, then continue together.
func TestBatchSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		session, _ := toy(false).Open(3, 32)
		count := &counted{Session: session}
		lanes := Batch(count, 3)
		step := func(at int, members ...int) {
			var wg sync.WaitGroup
			for _, i := range members {
				wg.Go(func() {
					if _, err := lanes[i].Forward(t.Context(), []transformer.Pass{{Tokens: []int32{1}, Start: at, Span: 1}}); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait() // so that their requests come one after another
			}
			wg.Wait()
		}
		began := time.Now()
		step(0, 0, 1, 2) // 1 waits for 0 in vain, and 2 for 1
		count.sizes = nil
		step(1, 0, 1)
		if waited := time.Since(began); waited < minWait || waited > 4*minWait {
			t.Errorf("waited %v", waited)
		}
		began = time.Now()
		step(2, 0, 1)
		lanes[0].Reset(0)
		step(3, 1)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v for sequences that are skipped", waited)
		}
		if !reflect.DeepEqual(count.sizes, []int{2, 2, 1}) {
			t.Errorf("forwards of %v sequences", count.sizes)
		}
		for _, s := range lanes {
			s.Close()
		}
	})
}

// TestBatchErrors: a bad pass and a cancelled context are the errors of their own sequence.
func TestBatchErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		session, _ := toy(false).Open(3, 8)
		lanes := Batch(session, 3)
		good := []transformer.Pass{{Tokens: []int32{1}, Span: 1, Want: []int{0}}}
		for _, s := range lanes {
			if _, err := s.Forward(t.Context(), good); err != nil {
				t.Fatal(err)
			}
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		errs := make([]error, 3)
		var wg sync.WaitGroup
		wg.Go(func() { _, errs[0] = lanes[0].Forward(t.Context(), good) })
		wg.Go(func() { _, errs[1] = lanes[1].Forward(t.Context(), []transformer.Pass{{Tokens: []int32{1}, Start: 9}}) })
		wg.Go(func() { _, errs[2] = lanes[2].Forward(cancelled, good) })
		wg.Wait()
		if errs[0] != nil || errs[1] == nil || !errors.Is(errs[2], context.Canceled) {
			t.Errorf("got %v", errs)
		}
		for range 2 {
			for _, s := range lanes {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		if _, err := lanes[0].Forward(t.Context(), good); err == nil {
			t.Error("a closed sequence ran")
		}
	})
}
