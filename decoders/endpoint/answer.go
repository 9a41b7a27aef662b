package endpoint

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http/httptrace"
	"strings"
	"time"
	"unicode/utf8"

	"tandem/decoders"
	"tandem/decoders/endpoint/sse"
	"tandem/record"
)

// errLeft is the error of a loop that its caller left.
var errLeft = errors.New("the caller left")

// mostEvent is the most bytes of an event: the 16 MiB that servers were seen to send, and room for the rest of it.
const mostEvent = 16<<20 + 64<<10

// drain is how long the end of a stream is waited for once the answer is over, so that its connection can be used again.
const drain = 250 * time.Millisecond

// body is the request as JSON. states says that the events of its answer hold states of which each replaces the one before.
func (c *client) body(r decoders.Request) (body string, states bool, err error) {
	if r.Forced {
		return "", false, fmt.Errorf("the length of an endpoint's answers cannot be forced")
	}
	fields := c.kind.ask(c.config, c.settings, r)
	maps.Copy(fields, c.config.Extra)
	maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil })
	text, err := json.Marshal(fields)
	states, _ = fields["diffusing"].(bool)
	return string(text), states, err
}

// An answer is one request and what comes of it.
type answer struct {
	client  *client
	request decoders.Request
	states  bool
	yield   func(record.Step, error) bool
	sent    time.Time
	reply   record.Reply

	first     time.Time // byte
	text      []byte    // of the answer, that nothing replaces
	state     string    // behind it, that the next event replaces
	reasoned  strings.Builder
	usage     usage
	counted   bool // the usage came with the last text, or behind it
	afterText bool // behind it
	finished  bool
	over      bool
	last      time.Time // event that says anything
}

// ask sends the request and reads the answer to its end.
func (a *answer) ask(ctx context.Context, body string) error {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limits := a.client.timeouts
	whole := time.AfterFunc(limits.Whole, func() { cancel(faultf(faultTimeout, "the answer is not whole after %v", limits.Whole)) })
	defer whole.Stop()
	begin := time.AfterFunc(limits.FirstByte, func() { cancel(faultf(faultTimeout, "no answer began within %v", limits.FirstByte)) })
	defer begin.Stop()
	a.reply.Sent = a.sent.UTC().Truncate(time.Second)
	res, err := a.client.post(httptrace.WithClientTrace(own, &httptrace.ClientTrace{GotFirstResponseByte: func() { a.first = time.Now() }}), body)
	if err != nil {
		return because(ctx, own, err)
	}
	defer res.Body.Close()
	idle := time.AfterFunc(limits.Whole, func() { cancel(faultf(faultTimeout, "no event came for %v", limits.Idle)) })
	defer idle.Stop()
	a.reply.Status, a.reply.FirstByte = res.StatusCode, a.since(a.first)
	if err := a.client.accepted(res); err != nil {
		return because(ctx, own, err)
	}
	idle.Stop() // until there is an event to wait behind
	alive := func() {
		begin.Stop()
		idle.Reset(limits.Idle)
	}
	if err := a.read(sse.NewReader(res.Body, mostEvent), alive, func() { idle.Reset(drain) }); err != nil {
		return because(ctx, own, err)
	}
	return a.end()
}

// because is the error of a request: that which ended it, where something did.
func because(outer, own context.Context, err error) error {
	if outer.Err() != nil {
		return faultf(faultCancelled, "%v", outer.Err())
	}
	if cause := context.Cause(own); cause != nil {
		return cause
	}
	return err
}

// since is a time from the request on, in seconds.
func (a *answer) since(at time.Time) *float64 {
	seconds := at.Sub(a.sent).Seconds()
	return &seconds
}

// read takes in events until the stream's end. alive is called for each, and over once the answer is.
func (a *answer) read(in *sse.Reader, alive, over func()) error {
	for {
		e, err := in.Next()
		var large *sse.TooLarge
		switch {
		case a.over && err != nil: // what follows the end is no matter
			return nil
		case errors.As(err, &large):
			return faultf(faultSize, "%v", large)
		case err == io.EOF:
			return nil
		case err != nil:
			return faultf(faultCut, "the stream ended within an answer: %v", err)
		}
		if err := a.take(e); err != nil {
			return err
		}
		if alive(); a.over {
			over()
		}
	}
}

// take takes in an event.
func (a *answer) take(e sse.Event) error {
	if a.client.options.Raw {
		a.reply.Raw = append(a.reply.Raw, record.RawEvent{At: e.At.Sub(a.sent), Name: e.Name, Data: a.client.safe(string(e.Data))})
	}
	if !utf8.Valid(e.Data) {
		return faultf(faultEncoding, "an event is no UTF-8")
	}
	s, err := a.client.kind.read(e.Name, e.Data)
	switch {
	case err != nil:
		return faultf(faultFormat, "an event is none of %s: %v", a.client.config.Kind, err)
	case s.err != "":
		return faultf(faultServer, "the server failed: %s", oneLine(a.client.safe(s.err)))
	case halved(s.text+s.reasoning, e.Data):
		return faultf(faultEncoding, "an event holds half a character")
	case (a.finished || a.over) && s.text+s.reasoning != "":
		return faultf(faultRepeated, "text follows the end of the answer")
	}
	for _, text := range []*string{&s.text, &s.reasoning, &s.model, &s.finish} {
		*text = a.client.safe(*text)
	}
	return a.add(e, s)
}

// halved says that a text lost the half of a surrogate pair that the JSON held.
func halved(text string, data []byte) bool {
	return strings.ContainsRune(text, utf8.RuneError) && bytes.Contains(bytes.ToLower(data), []byte(`\ud`))
}

// add keeps what an event says and yields its step.
func (a *answer) add(e sse.Event, s said) error {
	a.reply.Model = cmp.Or(a.reply.Model, s.model)
	a.usage = a.usage.over(s.usage)
	a.reply.Engine = a.client.safeNames(a.reply.Engine, s.engine)
	step := record.Step{At: e.At.Sub(a.sent), Kind: record.Chunk, Text: s.text, Event: &record.Event{Bytes: len(e.Data)}}
	if s.usage.completion != nil {
		step.Event.Usage = *s.usage.completion
	}
	if s.reasoning != "" && s.text == "" {
		step.Text, step.Event.Channel = s.reasoning, record.Reasoning
	}
	a.reasoned.WriteString(s.reasoning)
	if step.Text != "" {
		a.reply.Chunks++
		a.reply.FirstToken = cmp.Or(a.reply.FirstToken, a.since(e.At))
	}
	if s.text != "" {
		step.Event.Provisional = a.content(e.At, s)
	}
	if written := s.text+s.reasoning != ""; written || s.usage.completion != nil {
		a.counted, a.afterText = s.usage.completion != nil, !written
	}
	if s.finish != "" {
		a.finished, a.reply.Finish = true, s.finish
	}
	a.over = a.over || s.over
	if step.Text == "" && step.Event.Usage == 0 && s.finish == "" && !s.over {
		return nil
	}
	a.last = e.At
	if (step.Text != "" || step.Event.Usage > 0) && !a.yield(step, nil) {
		return errLeft
	}
	return nil
}

// content takes in text of the answer, and says whether it is provisional: then it replaces the state before it, and the next
// event replaces it. Where events do not tell, a request for states makes all of them so.
func (a *answer) content(at time.Time, s said) (provisional bool) {
	a.reply.FirstContent = cmp.Or(a.reply.FirstContent, a.since(at))
	provisional = a.states
	if s.state != nil {
		provisional = *s.state
	}
	if provisional {
		a.state = s.text
		return true
	}
	a.state, a.text = "", append(a.text, s.text...)
	a.reply.FirstBlock = cmp.Or(a.reply.FirstBlock, a.since(at))
	return false
}

// end checks the whole answer and fills in the reply.
func (a *answer) end() error {
	r := &a.reply
	if a.last.IsZero() {
		return faultf(faultEmpty, "the stream holds no answer")
	}
	if !a.finished && !a.over {
		return faultf(faultCut, "the stream ended before the answer did")
	}
	if a.state != "" { // the last state is the answer
		a.text, a.state = append(a.text, a.state...), ""
		r.FirstBlock = cmp.Or(r.FirstBlock, a.since(a.last))
	}
	r.Seconds, r.Text, r.Stop = a.last.Sub(a.sent).Seconds(), a.client.safe(string(a.text)), record.StopEOS
	switch r.Finish {
	case "length", "max_tokens":
		r.Stop = record.StopLength
	case "content_filter", "refusal":
		return faultf(faultWithheld, "the server withheld the answer: %s", r.Finish)
	}
	return a.count()
}
