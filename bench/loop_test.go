package bench

import (
	"context"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/bench/load"
	"tandem/bench/metric"
	"tandem/decoders"
	"tandem/decoders/endpoint"
	"tandem/decoders/endpoint/mock"
	"tandem/record"
)

// loaded is a run of so many tasks, once each, over a mock server by a decoder's name.
func loaded(t *testing.T, m mock.Config, name string, tasks int, change func(*Setup), then func(t *testing.T, records []record.Record, f *metric.Fold)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m.Answer = func(string) string { return strings.Repeat("abcd", 10) }
		wire := serve(t, m)
		of, err := decoders.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		c := endpoint.Config{Name: "m", Kind: "openai-completions", BaseURL: "http://127.0.0.1/v1", Model: "m", Metrics: "/metrics"}
		clients, hangUp, err := endpoint.Open(c, of, endpoint.Options{Dial: wire.Dial})
		if err != nil {
			t.Fatal(err)
		}
		defer hangUp()
		s := setup()
		s.Tokenizer, s.Decoders, s.Header.Decoders, s.Header.Plan.MaxTokens, s.Header.Plan.Repeats, s.Prompts = nil, nil, []record.DecoderInfo{of.Info()}, 1000, 1, nil
		for i := range tasks {
			s.Prompts = append(s.Prompts, Prompt{Task: fmt.Sprint(i), Text: "x"})
		}
		for _, one := range clients {
			s.Decoders = append(s.Decoders, one)
		}
		if change != nil {
			change(&s)
		}
		path := filepath.Join(dir, "run.jsonl")
		if _, err := Run(t.Context(), path, s); err != nil {
			t.Fatal(err)
		}
		folded, err := metric.ReadRun(path)
		if err != nil {
			t.Fatal(err)
		}
		then(t, read(t, path), folded.Groups[0].Fold)
	})
}

// close2 says that two numbers differ by 2% at the most.
func close2(a, b float64) bool { return math.Abs(a-b) <= 0.02*math.Abs(b) }

// service is how long the mock works on an answer of 10 tokens.
const service = 0.5 + 9.0/50

// TestOpenLoop: requests are sent at the rate whether others were answered or not, and a server that is faster answers each at once.
func TestOpenLoop(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 50, First: 500 * time.Millisecond}
	for name, exact := range map[string]bool{"endpoint/m/rate=8/arrivals=constant": true, "endpoint/m/rate=8": false, "endpoint/m/concurrency=64/rate=8/arrivals=constant": true} {
		loaded(t, m, name, 164, nil, func(t *testing.T, records []record.Record, f *metric.Fold) {
			offered, _ := f.Load.Offered()
			if exact && !close2(offered, 8) || math.Abs(offered-8) > 2 {
				t.Errorf("%s: offered %g", name, offered)
			}
			span := 163/offered + service
			if achieved, ok := f.Load.Achieved(); !ok || math.Abs(achieved-164/span) > 0.3 || exact && !close2(achieved, 164/span) {
				t.Errorf("%s: achieved %g, want %g", name, achieved, 164/span)
			}
			first, _ := f.Load.First()
			whole, _ := f.Load.Whole()
			if !close2(first.P50, 0.5) || !close2(whole.P50, service) || whole.P99 == nil || !close2(*whole.P99, service) {
				t.Errorf("%s: first %+v, whole %+v", name, first, whole)
			}
			if len(records) != 164 || records[0].Reply.Arrival == nil {
				t.Errorf("%d records", len(records))
			}
		})
	}
}

// TestCoordinatedOmission: a server that serves one after another, slower than it is asked, keeps those who ask later waiting longer; the
// latency is counted from when they were due, whether they queue at the server or could not be sent, and a closed loop does not see it.
func TestCoordinatedOmission(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 50, First: 500 * time.Millisecond, Slots: 1}
	const n, rate = 120, 2.0
	latest := func(i float64) float64 { return (i+1)*service - i/rate } // of the i-th request
	for _, name := range []string{"endpoint/m/rate=2/arrivals=constant", "endpoint/m/concurrency=1/rate=2/arrivals=constant", "endpoint/m/concurrency=4/rate=2/arrivals=constant"} {
		loaded(t, m, name, n, nil, func(t *testing.T, _ []record.Record, f *metric.Fold) {
			whole, _ := f.Load.Whole()
			if want := latest((n - 1) / 2.0); !close2(whole.P50, want) || !close2(*whole.P99, latest(0.99*(n-1))) {
				t.Errorf("%s: %+v %g, want %g and %g", name, whole, *whole.P99, want, latest(0.99*(n-1)))
			}
			if achieved, _ := f.Load.Achieved(); !close2(achieved, 1/service) {
				t.Errorf("%s: achieved %g, want %g", name, achieved, 1/service)
			}
			if offered, _ := f.Load.Offered(); !close2(offered, rate) {
				t.Errorf("%s: offered %g", name, offered)
			}
			within := 0 // latencies rise evenly: those below 2 seconds
			for i := range n {
				if latest(float64(i)) <= 2 {
					within++
				}
			}
			if good, ok := f.Load.Good(load.Objectives{Whole: 2}); !ok || math.Abs(good-float64(within)/n) > 1.5/n {
				t.Errorf("%s: %g are good, want %g", name, good, float64(within)/n)
			}
		})
	}
	loaded(t, m, "endpoint/m/concurrency=4", n, nil, func(t *testing.T, _ []record.Record, f *metric.Fold) {
		if whole, _ := f.Load.Whole(); !close2(whole.P50, 4*service) {
			t.Errorf("closed loop: %+v, want %g", whole, 4*service)
		}
		if _, ok := f.Load.Offered(); !ok {
			t.Error("a closed loop has its own times, too")
		}
	})
}

// TestRamps: a rate, or the requests in flight of a closed loop, rises over a repeat.
func TestRamps(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 50, First: 500 * time.Millisecond}
	due := func(records []record.Record) (out []float64) {
		for _, r := range records {
			out = append(out, r.Reply.Arrival.Due)
		}
		slices.Sort(out)
		return out
	}
	loaded(t, m, "endpoint/m/rate=10/arrivals=constant/ramp=1", 50, nil, func(t *testing.T, records []record.Record, _ *metric.Fold) {
		if d := due(records); !close2(d[1]-d[0], 1) || !close2(d[49]-d[48], 1/(1+9*48.0/49)) {
			t.Errorf("%v", d)
		}
	})
	loaded(t, m, "endpoint/m/concurrency=8/ramp=1", 64, nil, func(t *testing.T, records []record.Record, _ *metric.Fold) {
		most, d := map[int]int{}, due(records)
		for i, at := range d { // requests in flight when the i-th was sent
			for _, other := range d[:i+1] {
				if other+service > at+1e-6 {
					most[i]++
				}
			}
		}
		if most[5] != 1 || most[20] > 3 || most[63] < 7 {
			t.Errorf("in flight %d at the 6th, %d at the 21st, %d at the last", most[5], most[20], most[63])
		}
	})
}

// TestNonce: what a server is asked differs from repeat to repeat, sample to sample and in the warm-up, in its hash too, and is the same
// in another run of the same seed; without it a prompt is what the suite has.
func TestNonce(t *testing.T) {
	seen := func(nonce bool) (prompts []string, hashes map[string]string) {
		hashes = map[string]string{}
		m := mock.Config{Kind: mock.AR, Rate: 1e4}
		change := func(s *Setup) {
			s.Header.Plan.Repeats, s.Header.Plan.Nonce = 3, nonce
			for i, d := range s.Decoders {
				s.Decoders[i] = spy{d.(decoders.Remote), &prompts}
			}
		}
		loaded(t, m, "endpoint/m", 2, change, func(t *testing.T, records []record.Record, _ *metric.Fold) {
			for _, r := range records {
				hashes[r.Key()] = r.PromptSHA256
			}
		})
		slices.Sort(prompts)
		return prompts, hashes
	}
	prompts, hashes := seen(true)
	again, same := seen(true)
	if len(prompts) != 7 || len(slices.Compact(slices.Clone(prompts))) != 7 || !slices.Equal(prompts, again) {
		t.Errorf("%q", prompts)
	}
	distinct := map[string]bool{}
	for key, hash := range hashes {
		if distinct[hash] = true; same[key] != hash || len(hash) != 64 {
			t.Errorf("%q: %s and %s", key, hash, same[key])
		}
	}
	if len(distinct) != 6 || !strings.HasPrefix(prompts[0], "# ") || !strings.HasSuffix(prompts[0], "\nx") {
		t.Errorf("%d prompts, %q", len(distinct), prompts[0])
	}
	if prompts, _ := seen(false); len(slices.Compact(prompts)) != 1 || prompts[0] != "x" {
		t.Errorf("%q", prompts)
	}
	e := example{Prompt: Prompt{Task: "t"}, decoder: "d"}
	r := decoders.Request{Messages: []decoders.Message{{Role: "user", Text: "x"}}}
	was := r.Messages
	if e.begin(&r); was[0].Text != "x" || !strings.HasSuffix(r.Messages[0].Text, "\nx") || r.Messages[0].Text == "x" {
		t.Errorf("%v, %v", was, r.Messages)
	}
}

// A spy writes down what is asked.
type spy struct {
	decoders.Remote
	prompts *[]string
}

func (s spy) Decode(ctx context.Context, r decoders.Request) iter.Seq2[record.Step, error] {
	*s.prompts = append(*s.prompts, r.Text)
	return s.Remote.Decode(ctx, r)
}

// TestCounters: by how much a server's counters rise over a loop is what its answers hold, the warm-up left out; where the engine counts
// otherwise that is found.
func TestCounters(t *testing.T) {
	for _, c := range []struct {
		name     string
		miscount float64
		want     int
	}{{"endpoint/m", 0, 0}, {"endpoint/m/concurrency=4", 0, 0}, {"endpoint/m/rate=20", 0, 0}, {"endpoint/m/concurrency=4", 0.1, 1}} {
		m := mock.Config{Kind: mock.Diffusion, Rate: 500, Block: 16, Engine: "vllm", Miscount: c.miscount}
		loaded(t, m, c.name, 20, nil, func(t *testing.T, records []record.Record, f *metric.Fold) {
			tokens := float64(f.Counts().Tokens)
			got := f.Load.Counters()
			if n := got["vllm:diffusion_num_committed_tokens_total"]; !close2(n, tokens*(1+c.miscount)) || tokens != 200 {
				t.Errorf("%s: %v of %g tokens", c.name, got, tokens)
			}
			if per, ok := f.Load.TokensPerStep(); !ok || !close2(per, 4) {
				t.Errorf("%s: %g tokens a step", c.name, per)
			}
			if d := f.Load.Differences(); len(d) != c.want {
				t.Errorf("%s: %v", c.name, d)
			}
			windows := 0
			for _, r := range records {
				if r.Reply.Window != nil {
					windows++
				}
			}
			if want := map[bool]int{true: 20, false: 1}[c.name == "endpoint/m"]; windows != want {
				t.Errorf("%s: %d windows, want %d", c.name, windows, want)
			}
		})
	}
	none := mock.Config{Kind: mock.AR, Rate: 500}
	loaded(t, none, "endpoint/m/concurrency=2", 6, nil, func(t *testing.T, records []record.Record, f *metric.Fold) {
		if f.Load.Counters() != nil || len(records) != 6 {
			t.Errorf("%v", f.Load.Counters())
		}
	})
}
