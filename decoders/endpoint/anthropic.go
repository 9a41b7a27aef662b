package endpoint

import (
	"encoding/json"
	"net/http"
	"strings"

	"tandem/decoders"
)

// The API of Anthropic: messages.

// anthropicVersion is the version of the API that is spoken.
const anthropicVersion = "2023-06-01"

func anthropicKey(h http.Header, key string) { h.Set("X-Api-Key", key) }

func askAnthropic(c Config, s decoders.Settings, r decoders.Request) map[string]any {
	var system []string
	rest := []decoders.Message{}
	for _, m := range messages(r) {
		if m.Role == "system" {
			system = append(system, m.Text)
		} else {
			rest = append(rest, m)
		}
	}
	body := map[string]any{"messages": rest, "max_tokens": r.MaxTokens}
	if len(system) > 0 {
		body["system"] = strings.Join(system, "\n\n")
	}
	return sampling(body, c, s)
}

// anthropicUsage counts a prompt's tokens in three parts.
type anthropicUsage struct {
	Input   *int `json:"input_tokens"`
	Read    int  `json:"cache_read_input_tokens"`
	Created int  `json:"cache_creation_input_tokens"`
	Output  *int `json:"output_tokens"`
}

func (u anthropicUsage) usage() (out usage) {
	if u.Input != nil {
		all, cached := *u.Input+u.Read+u.Created, u.Read
		out.prompt, out.cached = &all, &cached
	}
	out.completion = u.Output
	return out
}

type anthropicEvent struct {
	Type    string `json:"type"`
	Message struct {
		Model string         `json:"model"`
		Usage anthropicUsage `json:"usage"`
	} `json:"message"`
	Block struct {
		Text     string `json:"text"`
		Thinking string `json:"thinking"`
	} `json:"content_block"`
	Delta struct {
		Text     string `json:"text"`
		Thinking string `json:"thinking"`
		Stop     string `json:"stop_reason"`
	} `json:"delta"`
	Usage anthropicUsage `json:"usage"`
}

func readAnthropic(name string, data []byte) (s said, err error) {
	var e anthropicEvent
	if err := json.Unmarshal(data, &e); err != nil {
		return s, err
	}
	switch e.Type {
	case "message_start":
		s.model, s.usage = e.Message.Model, e.Message.Usage.usage()
		s.usage.completion = nil // of an answer that has not begun
	case "content_block_start":
		s.text, s.reasoning = e.Block.Text, e.Block.Thinking
	case "content_block_delta":
		s.text, s.reasoning = e.Delta.Text, e.Delta.Thinking
	case "message_delta":
		s.finish, s.usage = e.Delta.Stop, e.Usage.usage()
	case "message_stop":
		s.over = true
	case "error":
		s.err = serverError(data)
	}
	return s, nil
}
