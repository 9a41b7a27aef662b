// Package mock is a server whose speed is known: it answers in the three APIs that package endpoint asks in, as an autoregressive model
// does, token by token, or as a diffusion model does, block by block, at a rate, with a first wait and a jitter that are given. So what
// a client measures can be held against the truth. It can fail, too, in each way of a table (faults.go).
package mock

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// The ways in which the server writes.
const (
	AR        = "ar"        // a token an event
	Diffusion = "diffusion" // a block an event; asked for states ("diffusing": true), several of each block, which replace each other
)

// A Config says how the server answers.
type Config struct {
	Kind      string
	Rate      float64       // tokens a second
	Block     int           // tokens of a block; 0: 32
	First     time.Duration // from the moment that a request is served to the first token or block
	Jitter    float64       // each wait between events is longer or shorter by up to this share, at random; 0 to 1
	Slots     int           // requests that are served at once, others wait; 0: all
	Faults    []string      // of the table, or "none": request n has the n-th, and then they come again
	NoUsage   bool          // the server counts no tokens
	Reasoning string        // what it writes on the channel of reasoning before each answer
	Engine    string        // of the table, whose own counters it has; "": none
	Miscount  float64       // the share by which these count too many tokens
	Answer    func(prompt string) string
	Served    func(Served) // is told of each request when it has been answered; may be nil
}

// Served is the truth about a request.
type Served struct {
	Arrived time.Time // its body has been read
	First   time.Time // just before the first event with text of the answer was sent; zero: none was
	Last    time.Time // just before the last one
	Tokens  int       // sent, those of reasoning included
	Prompt  int       // tokens
	Answer  string    // the text that was to be sent
	Gone    bool      // the client left
}

// New returns the server. Its paths are those of the APIs below /v1.
func New(c Config) (http.Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &server{Config: c}
	s.Block = cmp.Or(c.Block, 32)
	if c.Slots > 0 {
		s.free = make(chan struct{}, c.Slots)
	}
	mux := http.NewServeMux()
	if engines[c.Engine].counters != nil {
		s.gauge.counts = engines[c.Engine].counters(&stream{server: s}, 0)
		mux.HandleFunc("GET /metrics", s.gauge.metrics)
	}
	for path, api := range apis {
		mux.HandleFunc("POST /v1"+path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, api) })
	}
	return mux, nil
}

func (c Config) check() error {
	switch {
	case c.Kind != AR && c.Kind != Diffusion:
		return fmt.Errorf("kind is %s or %s, not %q", AR, Diffusion, c.Kind)
	case !(c.Rate > 0) || c.Rate > 1e9:
		return fmt.Errorf("rate must be above 0 tokens a second, not %g", c.Rate)
	case c.Block < 0 || c.First < 0 || c.Slots < 0:
		return errors.New("block, first wait and slots must not be below 0")
	case !(c.Jitter >= 0 && c.Jitter < 1):
		return fmt.Errorf("jitter must be at least 0%% and below 100%%, not %g%%", 100*c.Jitter)
	}
	if _, ok := engines[c.Engine]; !ok && c.Engine != "" {
		return fmt.Errorf("engine is one of %s, not %q", strings.Join(Engines(), ", "), c.Engine)
	}
	for _, name := range c.Faults {
		if _, err := find(name); err != nil {
			return err
		}
	}
	return nil
}

type server struct {
	Config
	free     chan struct{}
	requests atomic.Uint64
	gauge    gauge
}

// mostBody is the most bytes of a request.
const mostBody = 16 << 20

// serve answers one request.
func (s *server) serve(w http.ResponseWriter, r *http.Request, api *api) {
	var body map[string]any
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody)).Decode(&body); err != nil {
		http.Error(w, `{"error":{"message":"the body is no JSON"}}`, http.StatusBadRequest)
		return
	}
	number := s.requests.Add(1)
	out := &stream{server: s, api: api, w: w, r: r, body: body, random: rand.New(rand.NewPCG(number, 0))}
	out.Arrived = time.Now()
	if n := len(s.Faults); n > 0 {
		out.fault, _ = find(s.Faults[int(number-1)%n]) // checked before
	}
	if s.Served != nil {
		defer func() { s.Served(out.Served) }()
	}
	if s.free != nil {
		select {
		case s.free <- struct{}{}:
			defer func() { <-s.free }()
		case <-r.Context().Done():
			out.Gone = true
			return
		}
	}
	out.write()
}

// A stream is an answer as it is written.
type stream struct {
	*server
	Served
	api    *api
	fault  fault
	w      http.ResponseWriter
	r      *http.Request
	body   map[string]any
	random *rand.Rand
	began  time.Time // it is served
	due    time.Time // of the last event
	struck bool      // the fault has shown itself
}

// write writes the whole answer.
func (s *stream) write() {
	s.began = time.Now()
	s.due = s.began
	if s.fault.instead != nil {
		s.fault.instead(s)
		return
	}
	prompt := s.api.prompt(s.body)
	s.Prompt = len(pieces(prompt))
	text, finish := s.limited(s.Config.Answer(prompt))
	s.Answer = strings.Join(text, "")
	s.head()
	if err := s.texts(text); err != nil {
		s.Gone = s.r.Context().Err() != nil
		return
	}
	if s.fault.end != nil && s.fault.end(s) {
		return
	}
	s.raise()
	for _, event := range s.api.end(s, finish) {
		s.send(event)
	}
	if s.fault.behind != nil {
		s.fault.behind(s)
	}
}

// limited cuts an answer into tokens, as many as the request allows, before its stop words.
func (s *stream) limited(text string) (tokens []string, finish string) {
	stops, _ := s.body["stop"].([]any)
	for _, stop := range stops {
		word, _ := stop.(string)
		text, _, _ = strings.Cut(text, word)
	}
	tokens, finish = pieces(text), s.api.stop
	most, _ := cmp.Or(s.body["max_tokens"], s.body["max_completion_tokens"]).(float64)
	left := int(most) - len(pieces(s.Reasoning))
	if most > 0 && len(tokens) > left {
		return tokens[:max(0, left)], s.api.length
	}
	return tokens, finish
}

// head sends the status and what stands before any text.
func (s *stream) head() {
	s.w.Header().Set("Content-Type", "text/event-stream")
	if s.fault.head != nil {
		s.fault.head(s)
	}
	s.w.WriteHeader(http.StatusOK)
	s.flush()
	for _, event := range s.api.begin(s) {
		s.send(event)
	}
}

// errEnded is the error of an answer that a fault ended.
var errEnded = errors.New("a fault ended the answer")

// texts sends reasoning and answer, each event when it is due.
func (s *stream) texts(text []string) error {
	wait := s.Config.First
	for _, one := range pieces(s.Reasoning) {
		if err := s.sleep(wait); err != nil {
			return err
		}
		s.Tokens++
		s.send(s.api.text(s, one, true))
		wait = s.interval(1)
	}
	size := 1
	if s.Kind == Diffusion {
		size = s.Block
	}
	states, _ := s.body["diffusing"].(bool)
	for from := 0; from < len(text); from += size {
		to := min(from+size, len(text))
		if states && s.Kind == Diffusion {
			if err := s.states(text, from, to, wait); err != nil {
				return err
			}
		} else if err := s.sleep(wait); err != nil {
			return err
		}
		s.Tokens += to - from
		s.stamp()
		one := strings.Join(text[from:to], "")
		if states {
			one = strings.Join(text[:to], "")
		}
		if s.fault.event != nil {
			if s.fault.event(s, to, len(text), one) {
				return errEnded
			}
		} else {
			s.send(s.api.text(s, one, false))
		}
		wait = s.interval(size)
	}
	return nil
}

// blur is how many states of a block come before it stands.
const blur = 3

// states sends the states of a block in equal parts of the wait for it: more and more of its tokens stand.
func (s *stream) states(text []string, from, to int, wait time.Duration) error {
	for part := 1; part <= blur; part++ {
		if err := s.sleep(wait / (blur + 1)); err != nil {
			return err
		}
		state := append([]string{}, text[:to]...)
		for i := from; i < to; i++ {
			if (i-from)%(blur+1) >= part {
				state[i] = "█"
			}
		}
		s.stamp()
		s.send(s.api.text(s, strings.Join(state, ""), false))
	}
	return s.sleep(wait - blur*(wait/(blur+1)))
}

// stamp is called just before text of the answer is sent.
func (s *stream) stamp() {
	s.Last = time.Now()
	if s.Served.First.IsZero() {
		s.Served.First = s.Last
	}
}

// interval is the wait for so many tokens.
func (s *stream) interval(tokens int) time.Duration {
	share := 1 + s.Jitter*(2*s.random.Float64()-1)
	return time.Duration(share * float64(tokens) / s.Rate * float64(time.Second))
}

// sleep waits until so long after the last event was due, so that what one is late does not delay the next.
func (s *stream) sleep(wait time.Duration) error {
	s.due = s.due.Add(wait)
	return sleepUntil(s.r.Context(), s.due)
}

func sleepUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// send sends an event. A client that has gone is noticed by the next wait.
func (s *stream) send(event string) {
	_, _ = s.w.Write([]byte(event))
	s.flush()
}

func (s *stream) flush() { _ = http.NewResponseController(s.w).Flush() }
