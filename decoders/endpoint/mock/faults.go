package mock

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A fault is a way to fail, or to be odd: what the server does in place of, within or behind a right answer.
type fault struct {
	about   string
	tls     bool                                                     // the server must be called by https, and nobody trusts it
	instead func(s *stream)                                          // in place of any answer
	head    func(s *stream)                                          // before the status is sent
	event   func(s *stream, token, of int, text string) (ended bool) // in place of an event with text, which brings so many of all tokens
	end     func(s *stream) (ended bool)                             // in place of the answer's end
	behind  func(s *stream)
	count   func(tokens int) int // in place of a right count
	clock   func(tokens int) int64
}

// None is the fault of a request that is answered well.
const None = "none"

// faults is the table. To add one, add an entry.
var faults = map[string]fault{
	None:         {about: "answers well"},
	"killed":     {about: "the server dies halfway", event: halfway(func(*stream, string) bool { panic(http.ErrAbortHandler) })},
	"closed":     {about: "the stream ends halfway, in order", event: halfway(func(*stream, string) bool { return true })},
	"no-end":     {about: "all text comes, and no end", end: always},
	"slow-loris": {about: "halfway, a byte every five seconds", event: halfway(drip)},
	"stalled":    {about: "halfway nothing comes any more", event: halfway(hang)},
	"hung":       {about: "no answer begins", instead: func(s *stream) { s.Gone = hang(s, "") }},
	"huge":       {about: "an event of 17 MB", event: halfway(huge)},
	"large":      {about: "a comment of 1 MB and an event of 1 MB of blanks: odd, no failure", event: halfway(large)},
	"not-utf8":   {about: "bytes that are no UTF-8, cut in two", event: halfway(notUTF8)},
	"split-utf8": {about: "characters cut in two, in two packets: odd, no failure", event: splitUTF8},
	"repeated":   {about: "the last text comes again behind the end", behind: func(s *stream) { s.send(s.api.text(s, "again", false)) }},
	"usage-high": {about: "counts ten times the tokens", count: func(n int) int { return 10*n + 100 }},
	"usage-low":  {about: "counts no tokens", count: func(int) int { return 0 }},
	"usage-off":  {about: "counts half as many tokens again", count: func(n int) int { return n + n/2 }},
	"clock":      {about: "its clock jumps: odd, no failure", head: wrongDate, clock: func(n int) int64 { return int64(n%2) * 4e9 }},
	"tls":        {about: "a certificate that nobody trusts", tls: true},
	"redirect":   {about: "sends to another host", instead: redirect},
	"malformed":  {about: "an event of half its JSON", event: halfway(cutJSON)},
	"error":      {about: "an error in place of an event", event: halfway(failing)},
	"silent":     {about: "a status, and then no event", instead: silent},
	"empty":      {about: "a stream of nothing", instead: nothingAtAll},
	"no-stream":  {about: "an error at once, with status 200", instead: plain(http.StatusOK)},
	"denied":     {about: "401, with the key in the answer", instead: plain(http.StatusUnauthorized)},
	"busy":       {about: "429, asks to come again in two seconds", instead: busy("2")},
	"busy-long":  {about: "429, asks to come again in a day", instead: busy("86400")},
	"broken":     {about: "500", instead: plain(http.StatusInternalServerError)},
	"withheld":   {about: "the answer ends as the server's filter wants", end: withheld},
}

// Faults are the names of the table and what they do.
func Faults() map[string]string {
	all := map[string]string{}
	for name, f := range faults {
		all[name] = f.about
	}
	return all
}

// NeedsTLS says that one of the faults is of a server that is called by https.
func NeedsTLS(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return faults[name].tls })
}

func find(name string) (fault, error) {
	f, ok := faults[name]
	if !ok {
		return f, fmt.Errorf("no fault is called %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(faults)), ", "))
	}
	return f, nil
}

func always(*stream) bool { return true }

// halfway does something in place of the event that brings the half of the tokens, and sends the others.
func halfway(do func(s *stream, text string) (ended bool)) func(*stream, int, int, string) bool {
	return func(s *stream, token, of int, text string) bool {
		if s.struck || 2*token < of {
			s.send(s.api.text(s, text, false))
			return false
		}
		s.struck = true
		return do(s, text)
	}
}

// hang waits for the client to leave.
func hang(s *stream, _ string) bool {
	<-s.r.Context().Done()
	return true
}

func drip(s *stream, text string) bool {
	for {
		for _, b := range []byte(": " + s.api.text(s, text, false)[:20]) {
			if b == '\n' {
				b = ' '
			}
			s.send(string(b))
			if sleepUntil(s.r.Context(), time.Now().Add(5*time.Second)) != nil {
				return true
			}
		}
	}
}

func huge(s *stream, text string) bool {
	s.send(s.api.text(s, text+strings.Repeat("x", 17<<20), false))
	return false
}

func large(s *stream, text string) bool {
	s.send(": " + strings.Repeat("x", 1<<20) + "\n\n")
	s.send(strings.Replace(s.api.text(s, text, false), "data: {", "data: {"+strings.Repeat(" ", 1<<20), 1))
	return false
}

func notUTF8(s *stream, text string) bool {
	before, after, _ := strings.Cut(s.api.text(s, "\x00"+text, false), `\u0000`)
	s.send(before + "\xe6\xbc")
	s.send("\xff" + after)
	return false
}

// splitUTF8 sends each event in two parts, cut within its last character of several bytes, where it has one, else in the middle.
func splitUTF8(s *stream, _, _ int, text string) bool {
	whole := s.api.text(s, text, false)
	at := len(whole) / 2
	for i := range len(whole) {
		if whole[i] >= 0x80 {
			at = i + 1
			break
		}
	}
	s.send(whole[:at])
	s.send(whole[at:])
	return false
}

func cutJSON(s *stream, text string) bool {
	whole := s.api.text(s, text, false)
	s.send(whole[:len(whole)/2] + "\n\n")
	return false
}

func failing(s *stream, _ string) bool {
	s.send(event("error", object{"type": "error", "error": object{"type": "overloaded_error", "message": "the engine failed"}}))
	return true
}

func withheld(s *stream) bool {
	reason := "content_filter"
	if s.api == apis["/messages"] {
		reason = "refusal"
	}
	for _, e := range s.api.end(s, reason) {
		s.send(e)
	}
	return true
}

func wrongDate(s *stream) { s.w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT") }

func redirect(s *stream) {
	s.w.Header().Set("Location", "https://elsewhere.invalid/v1?key="+s.key())
	s.w.WriteHeader(http.StatusTemporaryRedirect)
}

// nothingAtAll is a stream that ends when it begins.
func nothingAtAll(s *stream) {
	s.w.Header().Set("Content-Type", "text/event-stream")
	s.w.WriteHeader(http.StatusOK)
}

// silent begins a stream and waits for the client to leave.
func silent(s *stream) {
	nothingAtAll(s)
	s.flush()
	s.Gone = hang(s, "")
}

// key is the key that the client sent.
func (s *stream) key() string {
	return strings.TrimPrefix(s.r.Header.Get("Authorization"), "Bearer ") + s.r.Header.Get("X-Api-Key")
}

// plain answers with an error that holds the client's key, as some servers' do.
func plain(status int) func(*stream) {
	return func(s *stream) {
		s.w.Header().Set("Content-Type", "application/json")
		s.w.WriteHeader(status)
		s.send(fmt.Sprintf(`{"error":{"message":%q}}`, "not with the key "+s.key()))
	}
}

func busy(after string) func(*stream) {
	return func(s *stream) {
		s.w.Header().Set("Retry-After", after)
		plain(http.StatusTooManyRequests)(s)
	}
}
