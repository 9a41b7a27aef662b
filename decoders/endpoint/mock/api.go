package mock

import (
	"encoding/json"
	"maps"
	"strings"
)

// An api is how one API is spoken.
type api struct {
	stop, length string // why an answer ended
	prompt       func(body map[string]any) string
	begin        func(s *stream) []string
	text         func(s *stream, text string, reasoning bool) string
	end          func(s *stream, finish string) []string
}

// apis are those that are spoken, by the path below /v1.
var apis = map[string]*api{
	"/chat/completions": {stop: "stop", length: "length", prompt: chatPrompt, begin: chatBegin, text: chatText, end: openAIEnd},
	"/completions":      {stop: "stop", length: "length", prompt: textPrompt, begin: nothing, text: completionText, end: openAIEnd},
	"/messages":         {stop: "end_turn", length: "max_tokens", prompt: chatPrompt, begin: anthropicBegin, text: anthropicText, end: anthropicEnd},
}

type object = map[string]any

// event is a server-sent event of a value as JSON.
func event(name string, value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and numbers alone
	}
	if name != "" {
		name = "event: " + name + "\n"
	}
	return name + "data: " + string(data) + "\n\n"
}

func nothing(*stream) []string { return nil }

func textPrompt(body map[string]any) string {
	text, _ := body["prompt"].(string)
	return text
}

// chatPrompt is all that the messages say.
func chatPrompt(body map[string]any) string {
	var all []string
	list, _ := body["messages"].([]any)
	for _, m := range list {
		one, _ := m.(object)
		text, _ := one["content"].(string)
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

// usage is the count of tokens as OpenAI's APIs tell it; nil where the server does not count.
func (s *stream) usage() object {
	if s.NoUsage {
		return nil
	}
	n := s.Tokens
	if s.fault.count != nil {
		n = s.fault.count(n)
	}
	out := object{"prompt_tokens": s.Prompt, "completion_tokens": n, "total_tokens": s.Prompt + n}
	if reasoning := len(pieces(s.Reasoning)); reasoning > 0 {
		out["completion_tokens_details"] = object{"reasoning_tokens": min(reasoning, s.Tokens)}
	}
	return out
}

// option is an entry of the request's stream_options.
func (s *stream) option(name string) bool {
	options, _ := s.body["stream_options"].(object)
	on, _ := options[name].(bool)
	return on
}

// choice is an event of OpenAI's APIs with one choice.
func (s *stream) choice(choice object, counted bool) string {
	choice["index"] = 0
	e := object{"id": "mock", "model": s.body["model"], "created": s.created(), "choices": []object{choice}}
	if counted && s.option("continuous_usage_stats") {
		if u := s.usage(); u != nil {
			e["usage"] = u
		}
	}
	return event("", e)
}

// created is the date that the server gives its answers.
func (s *stream) created() int64 {
	if s.fault.clock != nil {
		return s.fault.clock(s.Tokens)
	}
	return s.began.Unix()
}

func chatBegin(s *stream) []string {
	return []string{s.choice(object{"delta": object{"role": "assistant", "content": ""}, "finish_reason": nil}, false)}
}

func chatText(s *stream, text string, reasoning bool) string {
	channel := "content"
	if reasoning {
		channel = "reasoning_content"
	}
	return s.choice(object{"delta": object{channel: text}, "finish_reason": nil}, true)
}

func completionText(s *stream, text string, reasoning bool) string {
	if reasoning { // this API has no channel for it
		text = ""
	}
	return s.choice(object{"text": text, "finish_reason": nil}, true)
}

func openAIEnd(s *stream, finish string) []string {
	out := []string{s.choice(object{"delta": object{}, "text": "", "finish_reason": finish}, true)}
	last := object{"id": "mock", "model": s.body["model"], "choices": []object{}}
	if u := s.usage(); u != nil && s.option("include_usage") {
		last["usage"] = u
	}
	if tell := engines[s.Engine].last; tell != nil {
		maps.Copy(last, tell(s, s.counted()))
	}
	if len(last) > 3 {
		out = append(out, event("", last))
	}
	return append(out, "data: [DONE]\n\n")
}

func anthropicBegin(s *stream) []string {
	message := object{"id": "mock", "role": "assistant", "model": s.body["model"], "content": []object{}}
	if !s.NoUsage {
		message["usage"] = object{"input_tokens": s.Prompt, "output_tokens": 1}
	}
	return []string{
		event("message_start", object{"type": "message_start", "message": message}),
		event("content_block_start", object{"type": "content_block_start", "index": 0, "content_block": object{"type": "text", "text": ""}}),
		event("ping", object{"type": "ping"}),
	}
}

func anthropicText(s *stream, text string, reasoning bool) string {
	delta := object{"type": "text_delta", "text": text}
	if reasoning {
		delta = object{"type": "thinking_delta", "thinking": text}
	}
	return event("content_block_delta", object{"type": "content_block_delta", "index": 0, "delta": delta})
}

func anthropicEnd(s *stream, finish string) []string {
	last := object{"type": "message_delta", "delta": object{"stop_reason": finish}}
	if u := s.usage(); u != nil {
		last["usage"] = object{"output_tokens": u["completion_tokens"]}
	}
	return []string{
		event("content_block_stop", object{"type": "content_block_stop", "index": 0}),
		event("message_delta", last),
		event("message_stop", object{"type": "message_stop"}),
	}
}
