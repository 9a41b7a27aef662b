package endpoint

import (
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"tandem/decoders"
	"tandem/decoders/endpoint/mock"
)

// TestEngines: what an engine tells of itself is kept by its own names, and is what the server did.
func TestEngines(t *testing.T) {
	for _, name := range append(mock.Engines(), "") {
		m := mock.Config{Kind: mock.Diffusion, Rate: 200, Block: 20, First: 300 * time.Millisecond, Engine: name}
		within(t, m, Config{Metrics: "/metrics"}, decoders.Settings{}, Options{}, func(t *testing.T, b *bench) {
			before := b.Counters(t.Context())
			if _, err := b.decode(t.Context(), 1000); err != nil {
				t.Fatal(err)
			}
			r, after, tokens := b.Reply(), b.Counters(t.Context()), float64(mock.Tokens(answerText))
			if (before == nil) != (name == "" || name == "llama.cpp") || (after == nil) != (before == nil) {
				t.Errorf("%s: counters %v, then %v", name, before, after)
			}
			want, counted := map[string]float64{}, map[string]float64{}
			switch name {
			case "llama.cpp":
				want = map[string]float64{"timings.prompt_n": float64(r.PromptTokens), "timings.prompt_ms": 300, "timings.predicted_n": tokens, "timings.predicted_ms": 1e3 * (r.Seconds - 0.3)}
			case "sglang":
				want = map[string]float64{"meta_info.spec_accept_length": 4, "meta_info.spec_verify_ct": tokens / 4}
				counted = map[string]float64{"sglang:generation_tokens_total": tokens, "sglang:prompt_tokens_total": float64(r.PromptTokens)}
			case "vllm":
				counted = map[string]float64{"vllm:generation_tokens_total": tokens, "vllm:prompt_tokens_total": float64(r.PromptTokens),
					"vllm:diffusion_num_denoising_steps_total": tokens / 4, "vllm:diffusion_num_canvas_positions_total": tokens / 4 * 20,
					"vllm:diffusion_num_committed_tokens_total": tokens}
			}
			if !maps.EqualFunc(r.Engine, want, near2) {
				t.Errorf("%s: %v, want %v", name, r.Engine, want)
			}
			if !maps.EqualFunc(after, counted, near2) {
				t.Errorf("%s: %v, want %v", name, after, counted)
			}
		})
	}
}

// near2 says that two numbers differ by 2% at the most.
func near2(a, b float64) bool { return math.Abs(a-b) <= 0.02*math.Abs(b) }

// TestEngineText: parts of an event that are of no known form are no error, and no key stands in a name.
func TestEngineText(t *testing.T) {
	for data, want := range map[string]int{`{"timings":{"a":1,"b":"x","c":null,"d":{"e":1}}}`: 1, `{"timings":null}`: 0, `{"timings":[1]}`: 0, `{"text":"\"timings\""}`: 0,
		`{"usage":{"completion_tokens_details":{"reasoning_tokens":3}},"choices":[{"meta_info":{"n":2}}]}`: 2} {
		if got := engine([]byte(data)); len(got) != want {
			t.Errorf("%s: %v", data, got)
		}
	}
	c := client{key: testKey}
	if got := c.safeNames(nil, map[string]float64{"timings." + testKey: 1}); len(got) != 1 || strings.Contains(strings.Join(keysOf(got), ""), testKey) {
		t.Errorf("%v", got)
	}
	many := map[string]float64{}
	for i := range 1000 {
		many[strings.Repeat("a", i)] = 1
	}
	if got := c.safeNames(nil, many); len(got) > mostNames {
		t.Errorf("%d numbers are kept", len(got))
	}
}

func keysOf(m map[string]float64) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

// TestPrometheus: counters of one name are added over their labels, and what is no counter of theirs is left out.
func TestPrometheus(t *testing.T) {
	const text = "# HELP vllm:diffusion_x_total of {things}\n# TYPE vllm:diffusion_x_total counter\n" +
		"vllm:diffusion_x_total{engine=\"0\",model_name=\"a b}c\"} 3.0\nvllm:diffusion_x_total{engine=\"1\"} 4 1795585639000\n" +
		"vllm:diffusion_x_created{engine=\"0\"} 1.7e9\nvllm:generation_tokens_total 12\nvllm:prompt_tokens_total NaN\nvllm:spec_decode_y_total -1\nvllm:spec_decode_z_total\n" +
		"process_cpu_seconds_total 5\n\n"
	want := map[string]float64{"vllm:diffusion_x_total": 7, "vllm:generation_tokens_total": 12}
	if got := prometheus(strings.NewReader(text)); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, text := range []string{"", "<html>", strings.Repeat("x", 3<<20)} {
		if got := prometheus(strings.NewReader(text)); got != nil {
			t.Errorf("%v of %.10q", got, text)
		}
	}
	for path, ok := range map[string]bool{"": true, "/metrics": true, "metrics": false, "//elsewhere/metrics": false, "http://elsewhere": false, "/m?key=x": false} {
		if err := checkMetrics(path); (err == nil) != ok {
			t.Errorf("%q: %v", path, err)
		}
	}
}
