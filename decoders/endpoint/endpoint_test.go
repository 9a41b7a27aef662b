package endpoint

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/decoders"
	"tandem/decoders/endpoint/mock"
	"tandem/decoders/endpoint/sse"
	"tandem/record"
)

// A bench is a mock server and a client of it.
type bench struct {
	*client
	wire   *mock.Wire
	mu     sync.Mutex
	served []mock.Served
}

const (
	testKey = "sk-a-key-of-the-test-0123456789"
	keyEnv  = "TANDEM_TEST_KEY"
)

// within runs a test in a bubble with a server and a client of it.
func within(t *testing.T, m mock.Config, c Config, s decoders.Settings, o Options, test func(t *testing.T, b *bench)) {
	t.Helper()
	t.Setenv(keyEnv, testKey)
	synctest.Test(t, func(t *testing.T) {
		b := &bench{wire: mock.NewWire()}
		m.Served = func(s mock.Served) { b.mu.Lock(); b.served = append(b.served, s); b.mu.Unlock() }
		if m.Answer == nil {
			m.Answer = func(string) string { return answerText }
		}
		handler, err := mock.New(m)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: handler}
		go server.Serve(b.wire)
		defer server.Close()
		o.Dial = b.wire.Dial
		c.Name, c.Model, c.KeyEnv = "test", "mock", keyEnv
		if c.BaseURL == "" {
			c.BaseURL = "http://127.0.0.1/v1"
		}
		if c.Kind == "" {
			c.Kind = "openai-chat"
		}
		s.Family, s.Endpoint = decoders.Endpoint, c.Name
		clients, closeAll, err := Open(c, s, o)
		if err != nil {
			t.Fatal(err)
		}
		b.client = clients[0].(*client)
		defer closeAll()
		test(t, b)
	})
}

// answerText is what the mock answers: 100 of its tokens, some characters of several bytes.
var answerText = strings.Repeat("naïve 漢字", 25) // "naïv", "e 漢字" and so on

// truth is what the server says of all requests that it has answered.
func (b *bench) truth() []mock.Served {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.served
}

// decode runs one request.
func (b *bench) decode(ctx context.Context, most int) (trace record.Trace, err error) {
	for step, e := range b.Decode(ctx, decoders.Request{Text: "What is that?", MaxTokens: most}) {
		if err = e; err == nil {
			trace = append(trace, step)
		}
	}
	return trace, err
}

func near(t *testing.T, what string, got *float64, want time.Duration) {
	t.Helper()
	if got == nil || math.Abs(*got-want.Seconds()) > 0.02*want.Seconds() {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestTruth: what is measured is what the server does, in all APIs, token by token and block by block.
func TestTruth(t *testing.T) {
	tokens := mock.Tokens(answerText)
	for _, api := range slices.Sorted(maps.Keys(kinds)) {
		for _, m := range []mock.Config{
			{Kind: mock.AR, Rate: 50, First: 300 * time.Millisecond},
			{Kind: mock.AR, Rate: 7, First: time.Second, Jitter: 0.3},
			{Kind: mock.Diffusion, Rate: 400, Block: 16, First: 900 * time.Millisecond},
		} {
			t.Run(api+"/"+m.Kind, func(t *testing.T) {
				within(t, m, Config{Kind: api}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
					trace, err := b.decode(t.Context(), 1000)
					if err != nil {
						t.Fatal(err)
					}
					r := b.Reply()
					if r.Text != answerText || r.Tokens != tokens || r.TokenSource != record.ServerUsage || r.PromptTokens == 0 || r.Stop != record.StopEOS {
						t.Errorf("reply %+v", r)
					}
					near(t, "first content", r.FirstContent, m.First)
					near(t, "first block", r.FirstBlock, m.First)
					near(t, "the whole", &r.Seconds, b.truth()[0].Last.Sub(b.truth()[0].Arrived))
					if m.Jitter == 0 {
						size := max(1, m.Block)
						waits := (tokens - 1) / size * size
						near(t, "the whole", &r.Seconds, m.First+time.Duration(float64(waits)/m.Rate*1e9))
					}
					if chunks := (tokens + max(1, m.Block) - 1) / max(1, m.Block); r.Chunks != chunks || len(trace) < chunks || trace.Forwards() != 0 {
						t.Errorf("%d chunks and %d steps, want %d", r.Chunks, len(trace), chunks)
					}
					if *r.FirstByte >= *r.FirstToken {
						t.Errorf("the first byte came at %g, the first token at %g", *r.FirstByte, *r.FirstToken)
					}
				})
			})
		}
	}
}

// TestDiffusing: states replace each other, and only the last one is the answer.
func TestDiffusing(t *testing.T) {
	m := mock.Config{Kind: mock.Diffusion, Rate: 100, Block: 50, First: time.Second}
	within(t, m, Config{Extra: map[string]any{"diffusing": true}}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
		trace, err := b.decode(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		r := b.Reply()
		if r.Text != answerText || r.Tokens != mock.Tokens(answerText) {
			t.Errorf("reply %+v", r)
		}
		provisional := 0
		for _, step := range trace {
			if step.Event.Provisional {
				provisional++
			}
		}
		if provisional != r.Chunks || !strings.Contains(trace[0].Text, "█") {
			t.Errorf("%d of %d chunks are provisional, the first %q", provisional, r.Chunks, trace[0].Text)
		}
		near(t, "first content", r.FirstContent, m.First/4)
		near(t, "first block", r.FirstBlock, time.Second+500*time.Millisecond)
	})
	flagged := func(text string, state bool) said { return said{text: text, state: &state} }
	a := &answer{client: &client{}}
	for _, s := range []said{flagged("x█", true), flagged("xy", true), flagged("xyz", false), {text: "!"}} {
		a.content(time.Now(), s)
	}
	if string(a.text)+a.state != "xyz!" {
		t.Errorf("events that tell their state become %q", string(a.text)+a.state)
	}
}

// TestReasoning: what is written before the answer is no part of it, has a first time of its own and counts.
func TestReasoning(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 10, First: time.Second, Reasoning: "so, let us think"}
	for _, api := range []string{"openai-chat", "anthropic"} {
		within(t, m, Config{Kind: api}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
			trace, err := b.decode(t.Context(), 1000)
			r := b.Reply()
			if err != nil || r.Text != answerText || r.Tokens != mock.Tokens(answerText)+5 || trace[0].Event.Channel != record.Reasoning {
				t.Errorf("%s: %v: %+v", api, err, r)
			}
			near(t, "first token", r.FirstToken, time.Second)
			near(t, "first content", r.FirstContent, 1500*time.Millisecond)
		})
	}
}

// TestSources: where the count of tokens comes from is told, and what the prices make of it.
func TestSources(t *testing.T) {
	tokens := mock.Tokens(answerText)
	cached := 0.5
	prices := &Prices{Date: "2026-11-25", Input: 1, Output: 4, Cached: &cached}
	for _, c := range []struct {
		name    string
		mock    mock.Config
		config  Config
		options Options
		source  record.TokenSource
		tokens  int
		priced  bool
	}{
		{"server", mock.Config{}, Config{Prices: prices}, Options{}, record.ServerUsage, tokens, true},
		{"with each event", mock.Config{}, Config{ContinuousUsage: true, Extra: map[string]any{"stream_options": map[string]any{"continuous_usage_stats": true}}},
			Options{}, record.ServerUsage, tokens, false},
		{"tokenizer", mock.Config{NoUsage: true}, Config{Prices: prices}, Options{Count: func(text string) int { return len(text) }}, record.LocalTokenizer, len(answerText), false},
		{"chunks", mock.Config{NoUsage: true}, Config{Prices: prices}, Options{}, record.ChunkCount, tokens, false},
		{"server and tokenizer", mock.Config{}, Config{}, Options{Count: mock.Tokens}, record.ServerUsage, tokens, false},
	} {
		c.mock.Kind, c.mock.Rate = mock.AR, 100
		within(t, c.mock, c.config, decoders.Settings{}, c.options, func(t *testing.T, b *bench) {
			trace, err := b.decode(t.Context(), 1000)
			r := b.Reply()
			if err != nil || r.TokenSource != c.source || r.Tokens != c.tokens || (r.Dollars != nil) != c.priced {
				t.Errorf("%s: %v: %s counts %d, dollars %v", c.name, err, r.TokenSource, r.Tokens, r.Dollars)
			}
			if want := (float64(r.PromptTokens) + 4*float64(tokens)) / 1e6; c.priced && math.Abs(*r.Dollars-want) > 1e-12 {
				t.Errorf("%s: %g dollars, want %g", c.name, *r.Dollars, want)
			}
			if c.config.ContinuousUsage && trace[9].Event.Usage != 10 {
				t.Errorf("%s: after ten tokens the server counts %d", c.name, trace[9].Event.Usage)
			}
		})
	}
}

// TestContinuousUsage: a count that came with the last text is one, a count before it is none, and one behind it is the server's last word.
func TestContinuousUsage(t *testing.T) {
	count := func(n int) usage { return usage{completion: &n} }
	for name, c := range map[string]struct {
		events []said
		source record.TokenSource
		tokens int
	}{
		"with the last text": {[]said{{text: "ab", usage: count(1)}, {text: "cd", usage: count(2)}, {finish: "stop"}}, record.ContinuousUsage, 2},
		"before it":          {[]said{{text: "ab", usage: count(1)}, {text: "cd"}, {text: "ef"}, {finish: "stop"}}, record.ChunkCount, 3},
		"behind it":          {[]said{{text: "ab", usage: count(1)}, {text: "cd"}, {finish: "stop"}, {usage: count(2)}}, record.ServerUsage, 2},
	} {
		a := &answer{client: &client{}, request: decoders.Request{MaxTokens: 9}, sent: time.Now(), yield: func(record.Step, error) bool { return true }}
		for _, s := range c.events {
			if err := a.add(sse.Event{At: time.Now()}, s); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.end(); err != nil || a.reply.TokenSource != c.source || a.reply.Tokens != c.tokens {
			t.Errorf("%s: %v, %s counts %d, want %s %d", name, err, a.reply.TokenSource, a.reply.Tokens, c.source, c.tokens)
		}
	}
}

// expected is what becomes of each fault of the mock: the kind of the error, "" where it must do no harm.
var expected = map[string]string{
	mock.None: "", "large": "", "split-utf8": "", "clock": "",
	"killed": faultCut, "closed": faultCut, "no-end": faultCut, "slow-loris": faultTimeout, "stalled": faultTimeout, "hung": faultTimeout, "silent": faultTimeout,
	"huge": faultSize, "not-utf8": faultEncoding, "repeated": faultRepeated, "usage-high": faultUsage, "usage-low": faultUsage, "usage-off": faultUsage,
	"redirect": faultRedirect, "malformed": faultFormat, "error": faultServer, "empty": faultEmpty, "no-stream": faultServer, "denied": faultStatus,
	"busy": faultStatus, "busy-long": faultStatus, "broken": faultStatus, "withheld": faultWithheld,
	"tls": faultTLS, // TestTLS
}

// TestFaults: each failure is an error of its kind, in one line, without the key and without a figure; what is only odd does no harm.
func TestFaults(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(mock.Faults())) {
		kind, known := expected[name]
		if !known {
			t.Errorf("nobody says what is to become of %s", name)
		}
		if kind == faultTLS {
			continue
		}
		for _, api := range slices.Sorted(maps.Keys(kinds)) {
			if api == "anthropic" && (name == "no-end" || name == "clock") {
				continue // a server of this API tells no dates, and its end is told before
			}
			t.Run(name+"/"+api, func(t *testing.T) { testFault(t, name, api, kind) })
		}
	}
}

func testFault(t *testing.T, name, api, kind string) {
	m := mock.Config{Kind: mock.AR, Rate: 20, First: time.Second, Faults: []string{name}}
	within(t, m, Config{Kind: api}, decoders.Settings{}, Options{Count: mock.Tokens, Raw: true}, func(t *testing.T, b *bench) {
		began := time.Now()
		trace, err := b.decode(t.Context(), 1000)
		r := b.Reply()
		if time.Since(began) > 11*time.Minute {
			t.Errorf("it took %v", time.Since(began))
		}
		if kind == "" {
			if err != nil || r.Text != answerText || r.Tokens != mock.Tokens(answerText) || r.Fault != "" {
				t.Errorf("%v: %+v", err, r)
			}
			near(t, "first content", r.FirstContent, time.Second)
			near(t, "the whole", &r.Seconds, b.truth()[0].Last.Sub(b.truth()[0].Arrived))
			return
		}
		if err == nil || r.Fault != kind || r.Tokens != 0 || r.Text != "" || r.Seconds != 0 || r.Dollars != nil {
			t.Fatalf("error %v of kind %q, want %q: %+v", err, r.Fault, kind, r)
		}
		all, _ := json.Marshal([]any{r, r.Raw, trace, err.Error()})
		if strings.Contains(string(all), testKey) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 500 {
			t.Errorf("error %q", err)
		}
	})
}

// TestRetry: a request that is refused in passing is sent again, marked, and timed from its own start.
func TestRetry(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 100, First: time.Second, Faults: []string{"busy", "broken", "busy", mock.None}}
	within(t, m, Config{}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
		_, err := b.decode(t.Context(), 1000)
		r := b.Reply()
		if err != nil || r.Retries != 3 || r.Waited < 4.5 || r.Waited > 6 {
			t.Errorf("%v after %d retries and %g s", err, r.Retries, r.Waited)
		}
		near(t, "first content", r.FirstContent, time.Second)
	})
	m.Faults = []string{"busy-long"}
	within(t, m, Config{}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
		began := time.Now()
		if _, err := b.decode(t.Context(), 1000); err == nil || time.Since(began) > time.Second {
			t.Errorf("a server that asks for a day was waited for: %v", err)
		}
	})
	within(t, m, Config{}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
		b.wire.Refuse = true
		_, err := b.decode(t.Context(), 1000)
		if r := b.Reply(); err == nil || !strings.Contains(err.Error(), "connection refused") || r.Retries != mostTries-1 || r.Fault != faultConnect {
			t.Errorf("%v: %+v", err, r)
		}
	})
}

// TestTimeouts: each wait has its bound, and the one that ended it is named.
func TestTimeouts(t *testing.T) {
	limits := Timeouts{Connect: time.Second, FirstByte: 7 * time.Second, Idle: 3 * time.Second, Whole: 20 * time.Second}
	for _, c := range []struct {
		name   string
		config mock.Config
		want   string
		after  time.Duration
	}{
		{"status", mock.Config{Rate: 10, Faults: []string{"hung"}}, "no answer began within 7s", 7 * time.Second},
		{"event", mock.Config{Rate: 10, Faults: []string{"silent"}}, "no answer began within 7s", 7 * time.Second},
		{"between", mock.Config{Rate: 0.2}, "no event came for 3s", 3 * time.Second},
		{"whole", mock.Config{Rate: 1}, "not whole after 20s", 20 * time.Second},
	} {
		c.config.Kind = mock.AR
		within(t, c.config, Config{Timeouts: limits}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
			began := time.Now()
			_, err := b.decode(t.Context(), 1000)
			if took := time.Since(began); err == nil || !strings.Contains(err.Error(), c.want) || took != c.after {
				t.Errorf("%s: %v after %v, want %q after %v", c.name, err, took, c.want, c.after)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		after, date string
		want        time.Duration
	}{
		{"3", "", 3 * time.Second},
		{"0.5", "", 500 * time.Millisecond},
		{"-1", "", 0},
		{"soon", "", 0},
		{"Thu, 01 Jan 1970 00:00:09 GMT", "Thu, 01 Jan 1970 00:00:04 GMT", 5 * time.Second}, // its clock is wrong, its wait is not
		{"Thu, 01 Jan 1970 00:00:09 GMT", "", 0},
	} {
		if got := retryAfter(http.Header{"Retry-After": {c.after}, "Date": {c.date}}); got != c.want {
			t.Errorf("%q at %q is %v, want %v", c.after, c.date, got, c.want)
		}
	}
}

// TestCancel: an end from outside, and a caller that leaves, close the connection.
func TestCancel(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 10}
	within(t, m, Config{}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
		ctx, cancel := context.WithTimeout(t.Context(), 2050*time.Millisecond)
		defer cancel()
		trace, err := b.decode(ctx, 1000)
		time.Sleep(time.Second) // the server notices when it wants to send the next token
		if served := b.truth(); err == nil || len(trace) != 21 || len(served) != 1 || !served[0].Gone {
			t.Errorf("%v after %d steps; the server saw %+v", err, len(trace), served)
		}
		for range b.Decode(t.Context(), decoders.Request{Text: "x", MaxTokens: 1000}) {
			break
		}
		time.Sleep(time.Second)
		if served := b.truth(); len(served) != 2 || !served[1].Gone {
			t.Errorf("a caller left; the server saw %+v", served)
		}
	})
}

// TestQueue: waiting for the server is part of what is measured.
func TestQueue(t *testing.T) {
	m := mock.Config{Kind: mock.AR, Rate: 100, First: time.Second, Slots: 1}
	within(t, m, Config{}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
		other := *b.client
		var wait sync.WaitGroup
		wait.Go(func() { b.decode(t.Context(), 1000) })
		time.Sleep(500 * time.Millisecond)
		for range other.Decode(t.Context(), decoders.Request{Text: "x", MaxTokens: 1000}) {
		}
		wait.Wait()
		first, second := b.Reply(), other.Reply()
		near(t, "first content", first.FirstContent, time.Second)
		near(t, "first content of the one that waits", second.FirstContent, time.Duration(first.Seconds*1e9)+500*time.Millisecond)
	})
}

// TestEcho: a key that a server sends back, in a text or in an error, is taken out of all that is kept.
func TestEcho(t *testing.T) {
	m := mock.Config{Kind: mock.Diffusion, Rate: 100, Block: 100, Answer: func(string) string { return "your key is " + testKey }}
	for _, name := range []string{mock.None, "denied", "no-stream", "redirect", "broken", "busy-long"} {
		m.Faults = []string{name}
		within(t, m, Config{}, decoders.Settings{}, Options{Raw: true}, func(t *testing.T, b *bench) {
			trace, err := b.decode(t.Context(), 1000)
			r := b.Reply()
			text := r.Text
			if err != nil {
				text += err.Error()
			}
			all, _ := json.Marshal([]any{r, r.Raw, trace, text})
			if strings.Contains(string(all), testKey) || name != "redirect" && !strings.Contains(text, "[key]") {
				t.Errorf("%s: %s", name, all)
			}
		})
	}
}

// TestForced: an endpoint's answers have the length that the server gives them.
func TestForced(t *testing.T) {
	within(t, mock.Config{Kind: mock.AR, Rate: 10}, Config{}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
		for _, err := range b.Decode(t.Context(), decoders.Request{Text: "x", MaxTokens: 10, Forced: true}) {
			if err == nil {
				t.Error("a forced length was accepted")
			}
		}
	})
	within(t, mock.Config{Kind: mock.AR, Rate: 10}, Config{}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
		_, err := b.decode(t.Context(), 7)
		if r := b.Reply(); err != nil || r.Tokens != 7 || r.Stop != record.StopLength {
			t.Errorf("%v: %+v", err, r)
		}
	})
}
