// Package endpoint makes a server's API one more decoder, so that it is asked, judged, measured and paired as those of this machine are.
//
//  1. Read reads a file of endpoints: address, model, the variable that holds the key (config.go, presets.yaml).
//  2. Open makes the clients of one of them, as many as requests are to be in flight; they share connections.
//  3. Decode sends a request in the API of the endpoint's kind (kinds.go, openai.go, anthropic.go), again where the server refused
//     it in passing, and yields each event of the answer with the time at which it was read (package sse, answer.go).
//  4. Reply is what the answer adds up to: four first times, tokens and who counted them, dollars (usage.go).
//
// What a server does not tell is left out: forwards, rows, ceilings, and times between tokens, since an event is not a token. An
// answer that is not whole is an error and no measurement (fault.go).
//
// Times are differences of a monotonic clock: steps of the wall clock do not move them. HTTP/1.1 is spoken, uncompressed, so that the
// goroutine that reads an answer reads the connection, and nothing stands between.
package endpoint

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"tandem/decoders"
	"tandem/record"
)

// Options are what an endpoint's settings do not say.
type Options struct {
	Count func(text string) int // tokens of a text; nil: no tokenizer of the model is here
	Raw   bool                  // keep the events as they come (record.Reply.Raw)

	// Dial makes the connections; nil: over the network, or its proxy.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A client is a decoder that asks an endpoint. One goroutine at a time may use it.
type client struct {
	config   Config
	settings decoders.Settings
	options  Options
	kind     *kind
	key      string
	http     *http.Client
	timeouts Timeouts
	reply    record.Reply
}

var _ decoders.Counted = (*client)(nil)

// Open makes the clients of an endpoint for a decoder's settings: as many as its concurrency, or for a rate as many as may be in
// flight. The error names the variable that holds no key. close drops their connections.
func Open(c Config, s decoders.Settings, o Options) (clients []decoders.Remote, close func(), err error) {
	key, err := c.key()
	if err != nil {
		return nil, nil, err
	}
	if kept, err := json.Marshal(c.Settings()); err != nil || key != "" && strings.Contains(string(kept), key) {
		return nil, nil, fmt.Errorf("endpoint %q: its key stands in the file of endpoints, and would stand in the results: take it out, since %s holds it",
			c.Name, c.KeyEnv)
	}
	n, timeouts := max(1, s.Concurrency), c.Timeouts.orUsual()
	if s.Rate > 0 && s.Concurrency == 0 {
		n = mostInFlight
	}
	transport := newTransport(n, timeouts)
	if o.Dial != nil {
		transport.DialContext, transport.Proxy = o.Dial, nil
	}
	shared := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range n {
		clients = append(clients, &client{config: c, settings: s, options: o, kind: kinds[c.Kind], key: key, http: shared, timeouts: timeouts})
	}
	return clients, transport.CloseIdleConnections, nil
}

// mostInFlight is how many requests of an open loop may be in flight: beyond it they wait, which counts.
const mostInFlight = 1024

// readBuffer is how much a connection is read ahead. A read returns what is there, so a larger buffer delays nothing.
const readBuffer = 64 << 10

func newTransport(connections int, t Timeouts) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: t.Connect}).DialContext,
		TLSHandshakeTimeout: t.Connect,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1 alone
		DisableCompression:  true,
		MaxIdleConnsPerHost: connections,
		IdleConnTimeout:     90 * time.Second,
		ReadBufferSize:      readBuffer,
	}
}

// Name is the decoder's name: "endpoint/NAME" with its settings.
func (c *client) Name() string { return c.settings.Name() }

// Reply is what the last Decode learned.
func (c *client) Reply() record.Reply { return c.reply }

// How often a request is sent at the most, and how long the first pause is; each further one is twice as long, to a bound, and half of
// it is chance, so that many that failed together come back one by one. A server may ask for a longer pause, to a bound of its own.
const (
	mostTries  = 5
	firstPause = 500 * time.Millisecond
	mostPause  = 20 * time.Second
	mostWait   = time.Minute
)

// Decode yields the events of the answer that have text or a count of tokens.
func (c *client) Decode(ctx context.Context, r decoders.Request) iter.Seq2[record.Step, error] {
	return func(yield func(record.Step, error) bool) {
		c.reply = record.Reply{}
		began := time.Now()
		body, state, err := c.body(r)
		for tries := 0; err == nil; tries++ {
			a := &answer{client: c, request: r, states: state, yield: yield, sent: time.Now()}
			err = a.ask(ctx, body)
			c.reply = a.reply
			c.reply.Retries, c.reply.Waited = tries, a.sent.Sub(began).Seconds()
			if err == nil {
				return
			}
			if again, ok := err.(*refusal); ok && c.pause(ctx, tries, again) {
				err = nil
			}
		}
		var failed *fault
		if errors.As(err, &failed) {
			c.reply.Fault = failed.kind
		}
		c.reply.Seconds, c.reply.Text, c.reply.Stop = 0, "", ""
		if err != errLeft {
			yield(record.Step{}, fmt.Errorf("endpoint %s: %s", c.config.Name, oneLine(c.safe(err.Error()))))
		}
	}
}

// pause waits before a request is sent again; false: it is not worth it.
func (c *client) pause(ctx context.Context, tries int, r *refusal) bool {
	if tries+1 >= mostTries || r.wait > mostWait {
		return false
	}
	own := min(firstPause<<tries, mostPause)
	timer := time.NewTimer(max(r.wait, own/2+rand.N(own/2)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// post sends the body and returns an answer of events, or says why there is none.
func (c *client) post(ctx context.Context, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.config.BaseURL, "/")+c.kind.path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("User-Agent", "tandem")
	maps.Copy(req.Header, c.kind.head)
	if c.key != "" {
		c.kind.key(req.Header, c.key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, unanswered(err)
	}
	return res, nil
}

// accepted says why an answer holds no events.
func (c *client) accepted(res *http.Response) error {
	form := res.Header.Get("Content-Type")
	switch status := res.StatusCode; {
	case status >= 300 && status < 400:
		return faultf(faultRedirect, "the server sends elsewhere (%d), to %s: that is refused; write the right base_url", status, host(res))
	case status == http.StatusTooManyRequests, status >= 500:
		return &refusal{faultf(faultStatus, "the server says %d %s: %s", status, http.StatusText(status), c.words(res)), retryAfter(res.Header)}
	case status != http.StatusOK:
		return faultf(faultStatus, "the server says %d %s: %s", status, http.StatusText(status), c.words(res))
	case strings.Contains(form, "json"):
		return faultf(faultServer, "an answer at once where a stream was asked for: %s", c.words(res))
	}
	return nil
}

// words are what the server says in a body that is no stream.
func (c *client) words(res *http.Response) string {
	body, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return oneLine(c.safe(serverError(body)))
}

// host is where a redirect leads, without what stands behind the host.
func host(res *http.Response) string {
	to, err := res.Location()
	if err != nil || to.Host == "" {
		return "nowhere"
	}
	return to.Host
}
