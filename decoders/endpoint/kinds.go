package endpoint

import (
	"net/http"

	"tandem/decoders"
)

// A kind is an API: how it is asked, and what the events of its answer say.
type kind struct {
	path  string // behind the base URL
	chats bool   // it is asked in messages
	head  http.Header
	key   func(h http.Header, key string)
	ask   func(c Config, s decoders.Settings, r decoders.Request) map[string]any // the body, without the endpoint's extra fields
	read  func(name string, data []byte) (said, error)
}

// kinds is the table of APIs. To add one, add an entry.
var kinds = map[string]*kind{
	"openai-chat":        {path: "/chat/completions", chats: true, key: bearer, ask: askOpenAIChat, read: readOpenAI},
	"openai-completions": {path: "/completions", key: bearer, ask: askOpenAICompletion, read: readOpenAI},
	"anthropic":          {path: "/messages", chats: true, head: http.Header{"Anthropic-Version": {anthropicVersion}}, key: anthropicKey, ask: askAnthropic, read: readAnthropic},
}

// said is what one event says.
type said struct {
	text      string // of the answer
	reasoning string // of what is written before it
	state     *bool  // the text is a state that the next one replaces; nil: the event does not tell
	usage     usage
	engine    map[string]float64 // what the engine counted itself
	finish    string             // why the answer ended
	over      bool               // nothing follows
	model     string
	err       string // the server failed, in its words
}

// usage is how many tokens a server counted so far; nil: it does not say.
type usage struct{ prompt, cached, completion, reasoning *int }

// over is u with what a later event says.
func (u usage) over(later usage) usage {
	for _, f := range []struct{ own, new **int }{{&u.prompt, &later.prompt}, {&u.cached, &later.cached},
		{&u.completion, &later.completion}, {&u.reasoning, &later.reasoning}} {
		if *f.new != nil {
			*f.own = *f.new
		}
	}
	return u
}

// sampling adds what all kinds call the same.
func sampling(body map[string]any, c Config, s decoders.Settings) map[string]any {
	body["model"], body["stream"], body["temperature"] = c.Model, true, s.Temperature
	if s.TopP > 0 {
		body["top_p"] = s.TopP
	}
	return body
}

// messages are the request's; a text alone is what a user says.
func messages(r decoders.Request) []decoders.Message {
	if len(r.Messages) == 0 {
		return []decoders.Message{{Role: "user", Text: r.Text}}
	}
	return r.Messages
}
