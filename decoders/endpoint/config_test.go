package endpoint

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"tandem/decoders"
	"tandem/decoders/endpoint/mock"
)

func TestParse(t *testing.T) {
	list, err := parse([]byte(`
endpoints:
  - name: mercury
    preset: inception
    model: mercury-coder
    extra: {diffusing: true, seed: null}
    prices: {date: 2026-11-25, input: 0.25, output: 1, cached_input: 0.025}
    timeouts: {idle: 5s}
  - {name: mine, kind: openai-completions, base_url: "http://10.0.0.7:8000/v1", model: qwen}
`))
	if err != nil {
		t.Fatal(err)
	}
	m := list[0]
	if m.Kind != "openai-chat" || m.BaseURL != "https://api.inceptionlabs.ai/v1" || m.KeyEnv != "INCEPTION_API_KEY" || m.Extra["diffusing"] != true ||
		*m.Prices.Cached != 0.025 || m.Timeouts.Idle.Seconds() != 5 || list[1].KeyEnv != "" {
		t.Errorf("%+v", list)
	}
}

// TestParseBad: one line that names the endpoint and says what to do.
func TestParseBad(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "it names no endpoint",
		"endpoints: []":          "it names no endpoint",
		"endpoints: {a: 1}":      "mapping was used where sequence is expected",
		"endpoints:\n- {nom: a}": "unknown field",
		"endpoints:\n- {name: a, preset: opennai, model: x}":                                           "there are anthropic, inception, llama.cpp, ollama, openai, sglang, vllm",
		"endpoints:\n- {name: a b, preset: openai, model: x}":                                          "a name has letters",
		"endpoints:\n- {name: a, kind: openai, base_url: http://x, model: x}":                          "kind is one of anthropic, openai-chat, openai-completions",
		"endpoints:\n- {name: a, kind: anthropic, base_url: x, model: x}":                              "base_url must be",
		"endpoints:\n- {name: a, kind: anthropic, base_url: 'https://u:p@x/', model: x}":               "no password",
		"endpoints:\n- {name: a, kind: anthropic, base_url: 'https://x/?key=1', model: x}":             "no query",
		"endpoints:\n- {name: a, preset: openai}":                                                      "name its model",
		"endpoints:\n- {name: a, kind: anthropic, base_url: 'http://far.away/', model: x, key_env: K}": "not sent over http",
		"endpoints:\n- {name: a, preset: openai, model: x, prices: {input: 1}}":                        "need their date",
		"endpoints:\n- {name: a, preset: openai, model: x, prices: {date: 2026-01-01, input: -1}}":     "below 0",
		"endpoints:\n- {name: a, preset: openai, model: x, timeouts: {idle: -1s}}":                     "below 0",
		"endpoints:\n- {name: a, preset: openai, model: x}\n- {name: a, preset: openai, model: x}":     `two endpoints are called "a"`,
		"endpoints:\n- {name: a, preset: openai, model: x, timeouts: {idle: soon}}":                    "soon",
	} {
		_, err := parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestPresets: each preset makes an endpoint of a model's name.
func TestPresets(t *testing.T) {
	known, err := presets()
	if err != nil || len(known) != 7 {
		t.Fatalf("%d presets: %v", len(known), err)
	}
	for name := range known {
		c, err := Config{Name: "x", Preset: name, Model: "m"}.over(known)
		if err != nil || c.check() != nil {
			t.Errorf("%s: %v, %v", name, err, c.check())
		}
	}
}

func TestKey(t *testing.T) {
	c := Config{Name: "a", Kind: "anthropic", BaseURL: "https://x/", Model: "m", KeyEnv: keyEnv}
	s := decoders.Settings{Family: decoders.Endpoint, Endpoint: "a"}
	for key, want := range map[string]string{"": "holds no key", "  ": "holds no key", "a b c d e f": "is no key", "short": "too short", testKey + "\nx": "is no key"} {
		t.Setenv(keyEnv, key)
		if _, _, err := Open(c, s, Options{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "b c") || !strings.Contains(err.Error(), keyEnv) {
			t.Errorf("%q: %v, want %q", key, err, want)
		}
	}
	t.Setenv(keyEnv, testKey)
	c.Extra = map[string]any{"user": "me " + testKey}
	if _, _, err := Open(c, s, Options{}); err == nil || strings.Contains(err.Error(), testKey) {
		t.Errorf("a file that holds the key: %v", err)
	}
}

// TestBody: extra fields go over the others, null takes one away, and each API gets its own words.
func TestBody(t *testing.T) {
	r := decoders.Request{Text: "t", MaxTokens: 9, Seed: 1 << 40, Stops: []string{"\ndef"},
		Messages: []decoders.Message{{Role: "system", Text: "s"}, {Role: "user", Text: "u"}}}
	s := decoders.Settings{Temperature: 0.5, TopP: 0.9}
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Kind: "openai-chat", Model: "m", MaxTokensAs: "max_completion_tokens", Extra: map[string]any{"seed": nil, "top_p": 1, "x": []int{1}}},
			`{"max_completion_tokens":9,"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"model":"m","stream":true,` +
				`"stream_options":{"include_usage":true},"temperature":0.5,"top_p":1,"x":[1]}`},
		{Config{Kind: "openai-completions", Model: "m", ContinuousUsage: true},
			`{"max_tokens":9,"model":"m","prompt":"t","seed":0,"stop":["\ndef"],"stream":true,` +
				`"stream_options":{"continuous_usage_stats":true,"include_usage":true},"temperature":0.5,"top_p":0.9}`},
		{Config{Kind: "anthropic", Model: "m"},
			`{"max_tokens":9,"messages":[{"role":"user","content":"u"}],"model":"m","stream":true,"system":"s","temperature":0.5,"top_p":0.9}`},
	} {
		client := &client{config: c.config, settings: s, kind: kinds[c.config.Kind]}
		if got, _, err := client.body(r); err != nil || got != c.want {
			t.Errorf("%s: %v\n%s, want\n%s", c.config.Kind, err, got, c.want)
		}
	}
}

// TestTLS: a server that nobody vouches for, and one that speaks no TLS, are refused in plain words, before the key is sent.
func TestTLS(t *testing.T) {
	t.Setenv(keyEnv, testKey)
	var asked []string
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.URL.Path) })
	secure, open := httptest.NewTLSServer(handler), httptest.NewServer(handler)
	secure.Config.ErrorLog, open.Config.ErrorLog = quiet, quiet
	defer secure.Close()
	defer open.Close()
	if !mock.NeedsTLS([]string{mock.None, "tls"}) || mock.NeedsTLS([]string{"killed"}) {
		t.Error("which faults want TLS?")
	}
	for address, want := range map[string]string{
		secure.URL: "certificate is not trusted: nobody that this machine trusts has signed it",
		strings.Replace(open.URL, "http:", "https:", 1): "speaks no TLS",
	} {
		c := Config{Name: "a", Kind: "anthropic", BaseURL: address, Model: "m", KeyEnv: keyEnv}
		clients, closeAll, err := Open(c, decoders.Settings{Family: decoders.Endpoint, Endpoint: "a"}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer closeAll()
		for _, err := range clients[0].Decode(t.Context(), decoders.Request{Text: "x", MaxTokens: 1}) {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", address, err, want)
			}
		}
		if r := clients[0].Reply(); r.Fault != faultTLS || r.Retries != 0 {
			t.Errorf("%+v", r)
		}
	}
	if len(asked) > 0 {
		t.Errorf("the servers were asked for %q", asked)
	}
}

// TestSocket: over a real connection an event is never stamped before the server sent it, and keeps the server's order.
func TestSocket(t *testing.T) {
	var served mock.Served
	done := make(chan bool, 1)
	handler, err := mock.New(mock.Config{Kind: mock.AR, Rate: 200, Jitter: 0.5, Answer: func(string) string { return answerText },
		Served: func(s mock.Served) { served = s; done <- true }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	clients, closeAll, err := Open(Config{Name: "a", Kind: "openai-chat", BaseURL: server.URL + "/v1", Model: "m"},
		decoders.Settings{Family: decoders.Endpoint, Endpoint: "a"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	c := clients[0].(*client)
	b := bench{client: c}
	trace, err := b.decode(t.Context(), 1000)
	<-done
	r := b.Reply()
	if err != nil || r.Text != answerText {
		t.Fatalf("%v: %+v", err, r)
	}
	if *r.FirstContent < served.First.Sub(served.Arrived).Seconds() || r.Seconds < served.Last.Sub(served.Arrived).Seconds() {
		t.Errorf("measured %g and %g, but the server sent at %v and %v", *r.FirstContent, r.Seconds, served.First.Sub(served.Arrived), served.Last.Sub(served.Arrived))
	}
	for i := range trace[1:] {
		if trace[i+1].At < trace[i].At {
			t.Errorf("event %d is before the one before it", i+1)
		}
	}
}

// TestReuse: requests one after another share a connection, so that none but the first pays for it.
func TestReuse(t *testing.T) {
	handler, err := mock.New(mock.Config{Kind: mock.AR, Rate: 1e6, Answer: func(string) string { return answerText }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	var connections atomic.Int64
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	clients, closeAll, err := Open(Config{Name: "a", Kind: "anthropic", BaseURL: server.URL + "/v1", Model: "m"},
		decoders.Settings{Family: decoders.Endpoint, Endpoint: "a"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	b := bench{client: clients[0].(*client)}
	for range 5 {
		if _, err := b.decode(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
	}
	if connections.Load() != 1 {
		t.Errorf("%d connections for 5 requests", connections.Load())
	}
}

// TestSettings: what a results file keeps says which server and model, and prices with their date.
func TestSettings(t *testing.T) {
	c := Config{Name: "a", Kind: "anthropic", BaseURL: "https://x/", Model: "m", KeyEnv: keyEnv, Prices: &Prices{Date: "2026-11-25", Input: 1}}
	want := map[string]any{"kind": "anthropic", "base_url": "https://x/", "model": "m", "prices": Prices{Date: "2026-11-25", Input: 1}}
	if got := c.Settings(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

var quiet = log.New(io.Discard, "", 0)
