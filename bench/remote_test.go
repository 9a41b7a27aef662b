package bench

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/bench/metric"
	"tandem/decoders"
	"tandem/decoders/endpoint"
	"tandem/decoders/endpoint/mock"
	"tandem/record"
)

// serve serves a mock until the test ends, in its bubble.
func serve(t *testing.T, m mock.Config) *mock.Wire {
	t.Helper()
	handler, err := mock.New(m)
	if err != nil {
		t.Fatal(err)
	}
	wire := mock.NewWire()
	server := &http.Server{Handler: handler}
	go server.Serve(wire)
	t.Cleanup(func() { server.Close() })
	return wire
}

// asked is a run of 4 tasks over a mock server, with so many requests in flight, in a bubble in which time passes when all wait.
func asked(t *testing.T, m mock.Config, c endpoint.Config, concurrency int, change func(*Setup, context.CancelFunc), then func(t *testing.T, err error, records []record.Record, r metric.Run)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m.Answer = func(prompt string) string { return strings.Repeat("abcd", 10*len(prompt)) }
		wire := serve(t, m)
		c.Name, c.Kind, c.BaseURL, c.Model = "mock", "openai-completions", "http://127.0.0.1/v1", "m"
		of := decoders.Settings{Family: decoders.Endpoint, Endpoint: "mock", Concurrency: concurrency}
		clients, hangUp, err := endpoint.Open(c, of, endpoint.Options{Dial: wire.Dial, Raw: true})
		if err != nil {
			t.Fatal(err)
		}
		defer hangUp()
		s := setup()
		s.Tokenizer, s.Decoders, s.Header.Decoders, s.Header.Plan.MaxTokens = nil, nil, []record.DecoderInfo{of.Info()}, 1000
		for _, one := range clients {
			s.Decoders = append(s.Decoders, one)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if change != nil {
			change(&s, cancel)
		}
		path := filepath.Join(dir, "run.jsonl")
		_, err = Run(ctx, path, s)
		folded, _ := metric.ReadRun(path)
		then(t, err, read(t, path), folded)
	})
}

// TestEndpointRates: what a run says of a server is what the server does: rates, first times and tokens, one by one and with several
// requests in flight.
func TestEndpointRates(t *testing.T) {
	tokens := 10.0 * (3 + 2 + 1 + 4) // of the 4 tasks
	for _, c := range []struct {
		name        string
		concurrency int
		seconds     float64 // of the machine, for all 4 tasks
		waited      float64 // by all 4 tasks together
		first       float64
	}{
		{"alone", 1, 4*0.5 + (tokens-4)/50, 4*0.5 + (tokens-4)/50, 0.5},
		{"in flight", 4, 0.5 + 39.0/50, 4*0.5 + (tokens-4)/50, 0.5},
	} {
		m := mock.Config{Kind: mock.AR, Rate: 50, First: 500 * time.Millisecond}
		asked(t, m, endpoint.Config{}, c.concurrency, nil, func(t *testing.T, err error, records []record.Record, r metric.Run) {
			if err != nil || len(records) != 12 || len(r.Groups) != 1 {
				t.Fatalf("%s: %v, %d records", c.name, err, len(records))
			}
			times := r.Groups[0].TimesOn(r.Timed)
			speed, ok := metric.TokensPerSecond.Of(times)
			if want := tokens / c.seconds; !ok || math.Abs(speed-want) > 0.02*want {
				t.Errorf("%s: %g tok/s, want %g", c.name, speed, want)
			}
			if wait, ok := metric.SecondsPerTask.Of(times); !ok || math.Abs(wait-c.waited/4) > 0.02*wait {
				t.Errorf("%s: a task waits %g s, want %g", c.name, wait, c.waited/4)
			}
			for _, first := range metric.FirstContent.Of(times) {
				if math.Abs(first-c.first) > 0.02*c.first {
					t.Errorf("%s: the first content came after %g s, want %g", c.name, first, c.first)
				}
			}
			if n := r.Groups[0].Counts().Tokens; float64(n) != 3*tokens {
				t.Errorf("%s: %d tokens, want %g", c.name, n, 3*tokens)
			}
			if _, ok := metric.ForwardsPerSecond(times); ok || r.Groups[0].Counts().Forwards != 0 {
				t.Errorf("%s: an endpoint has forwards", c.name)
			}
		})
	}
}

// TestEndpointQueue: a server that serves one after another has the same throughput however many requests are in flight, and those who
// ask wait for each other.
func TestEndpointQueue(t *testing.T) {
	const tasks, service = 164, 0.5 + 9.0/50
	m := mock.Config{Kind: mock.AR, Rate: 50, First: 500 * time.Millisecond, Slots: 1}
	change := func(s *Setup, _ context.CancelFunc) {
		s.Prompts = nil
		for i := range tasks {
			s.Prompts = append(s.Prompts, Prompt{Task: fmt.Sprint(i), Text: "x"})
		}
	}
	for _, concurrency := range []int{1, 2, 8} {
		asked(t, m, endpoint.Config{}, concurrency, change, func(t *testing.T, err error, records []record.Record, r metric.Run) {
			if err != nil || len(records) != 3*tasks {
				t.Fatalf("%v, %d records", err, len(records))
			}
			times, shares, waits := r.Groups[0].TimesOn(r.Timed), 0.0, 0.0
			for _, one := range records {
				shares, waits = shares+one.Cost()/float64(len(records)), waits+one.Seconds/float64(len(records))
			}
			if math.Abs(shares-service) > 0.001*service || math.Abs(waits-float64(concurrency)*service) > 0.1*waits {
				t.Errorf("%d in flight: each costs %g s and waits %g s, want %g and %g", concurrency, shares, waits, service, float64(concurrency)*service)
			}
			if speed, _ := metric.TokensPerSecond.Of(times); math.Abs(speed-10/service) > 0.02*speed {
				t.Errorf("%d in flight: %g tok/s, want %g", concurrency, speed, 10/service)
			}
		})
	}
}

// TestEndpointFaults: a failed request is a record with its error, and in no figure.
func TestEndpointFaults(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 50, Faults: []string{"killed", mock.None, "busy"}}
	var raw []record.RawReply
	change := func(s *Setup, _ context.CancelFunc) {
		s.Raw = func(r record.RawReply) error { raw = append(raw, r); return nil }
	}
	asked(t, m, endpoint.Config{}, 1, change, func(t *testing.T, err error, records []record.Record, r metric.Run) {
		c := r.Groups[0].Counts()
		if err != nil || c.Errors == 0 || c.Decodings == 0 || c.Errors+c.Decodings != 12 || c.Replies.Faults["cut off"] != c.Errors || c.Replies.Answers != c.Decodings {
			t.Errorf("%v: %+v", err, c)
		}
		for _, one := range records {
			if (one.Err == "") != (one.Tokens > 0) || (one.Err == "") != (one.Seconds > 0) || one.Reply == nil || one.Err != "" && len(one.Trace) == 0 {
				t.Errorf("%+v", one)
			}
		}
		if len(raw) != 12 || !strings.Contains(raw[0].Events[0].Data, "abcd") {
			t.Errorf("%d raw replies", len(raw))
		}
	})
}

// TestEndpointInterrupted: what has been answered is kept, and what is in flight is dropped.
func TestEndpointInterrupted(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 50, First: 500 * time.Millisecond}
	written := 0
	change := func(s *Setup, cancel context.CancelFunc) {
		s.Progress = func(done, _ int) {
			if written = done; done == 5 {
				cancel()
			}
		}
	}
	for _, concurrency := range []int{1, 3} {
		asked(t, m, endpoint.Config{}, concurrency, change, func(t *testing.T, err error, records []record.Record, _ metric.Run) {
			if err == nil || !strings.Contains(err.Error(), "interrupted: ") || len(records) != written {
				t.Errorf("%v with %d records, %d were written", err, len(records), written)
			}
			for _, r := range records {
				if r.Err != "" {
					t.Errorf("kept %q", r.Err)
				}
			}
		})
	}
}

// TestFlight: the shares of requests add up to the time in which there were any.
func TestFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flight
		var mu sync.Mutex
		var sum time.Duration
		var wait sync.WaitGroup
		for i := range 5 {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				before := f.change(1)
				time.Sleep(250 * time.Millisecond)
				share := f.change(-1) - before
				mu.Lock()
				sum += share
				mu.Unlock()
			})
		}
		wait.Wait()
		if want := 650 * time.Millisecond; (sum - want).Abs() > time.Microsecond {
			t.Errorf("the shares add up to %v, want %v", sum, want)
		}
	})
}
