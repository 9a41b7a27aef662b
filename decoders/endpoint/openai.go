package endpoint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"

	"tandem/decoders"
)

// The APIs of OpenAI, which most servers speak: chat/completions and completions.

func bearer(h http.Header, key string) { h.Set("Authorization", "Bearer "+key) }

func askOpenAIChat(c Config, s decoders.Settings, r decoders.Request) map[string]any {
	body := openAI(c, s, r)
	body["messages"] = messages(r)
	return body
}

func askOpenAICompletion(c Config, s decoders.Settings, r decoders.Request) map[string]any {
	body := openAI(c, s, r)
	body["prompt"] = r.Text
	if len(r.Stops) > 0 {
		body["stop"] = r.Stops
	}
	return body
}

// openAI is what both have.
func openAI(c Config, s decoders.Settings, r decoders.Request) map[string]any {
	options := map[string]any{"include_usage": true}
	if c.ContinuousUsage {
		options["continuous_usage_stats"] = true
	}
	body := map[string]any{"stream_options": options, cmp.Or(c.MaxTokensAs, "max_tokens"): r.MaxTokens}
	if s.Temperature > 0 {
		body["seed"] = r.Seed % (1 << 31) // the most that all servers take
	}
	return sampling(body, c, s)
}

// openAIEvent is an event of either. Fields of which servers call one thing by two names stand twice.
type openAIEvent struct {
	Model   string `json:"model"`
	Choices []struct {
		Text  string `json:"text"`
		Delta struct {
			Content          string `json:"content"`
			Reasoning        string `json:"reasoning"`
			ReasoningContent string `json:"reasoning_content"`
			Diffusing        *bool  `json:"diffusing"`
		} `json:"delta"`
		Finish    string `json:"finish_reason"`
		Diffusing *bool  `json:"diffusing"`
	} `json:"choices"`
	Usage *struct {
		Prompt        *int `json:"prompt_tokens"`
		Completion    *int `json:"completion_tokens"`
		PromptDetails struct {
			Cached *int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		CompletionDetails struct {
			Reasoning *int `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
		Cached *int `json:"prompt_cache_hit_tokens"`
	} `json:"usage"`
	Error     json.RawMessage `json:"error"`
	Diffusing *bool           `json:"diffusing"`
}

// done is what ends a stream of OpenAI's; it is no JSON.
var done = []byte("[DONE]")

func readOpenAI(name string, data []byte) (s said, err error) {
	if bytes.Equal(bytes.TrimSpace(data), done) {
		return said{over: true}, nil
	}
	var e openAIEvent
	if err := json.Unmarshal(data, &e); err != nil {
		return s, err
	}
	s.model, s.state, s.engine = e.Model, e.Diffusing, engine(data)
	if len(e.Error) > 0 && string(e.Error) != "null" || name == "error" {
		s.err = serverError(data)
	}
	if len(e.Choices) > 0 { // one was asked for
		c := e.Choices[0]
		s.text, s.finish = c.Delta.Content+c.Text, c.Finish
		s.reasoning = cmp.Or(c.Delta.ReasoningContent, c.Delta.Reasoning)
		s.state = cmp.Or(c.Delta.Diffusing, c.Diffusing, s.state)
	}
	if u := e.Usage; u != nil {
		s.usage = usage{u.Prompt, cmp.Or(u.PromptDetails.Cached, u.Cached), u.Completion, u.CompletionDetails.Reasoning}
	}
	return s, nil
}

// serverError is what a server says of its failure: {"error": {"message": …}}, {"error": "…"}, {"message": …}, or anything.
func serverError(body []byte) string {
	var e struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	var inner struct {
		Message string `json:"message"`
	}
	var text string
	if json.Unmarshal(body, &e) == nil {
		if json.Unmarshal(e.Error, &inner) != nil {
			_ = json.Unmarshal(e.Error, &text)
		}
	}
	return cmp.Or(inner.Message, text, e.Message, string(body))
}
