package mock

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// An engine is a server whose own counters this one has.
type engine struct {
	last     func(s *stream, n float64) object             // fields of the last event of OpenAI's APIs; n tokens were written
	counters func(s *stream, n float64) map[string]float64 // by how much an answer raises what /metrics says
}

// engines is the table. To add one, add an entry.
var engines = map[string]engine{
	"llama.cpp": {last: timings},
	"sglang":    {last: speculated, counters: served("sglang")},
	"vllm":      {counters: served("vllm")},
}

// Engines are the names of the table.
func Engines() []string { return slices.Sorted(maps.Keys(engines)) }

// timings are those of llama.cpp, in milliseconds.
func timings(s *stream, n float64) object {
	first, last := s.Served.First.Sub(s.began).Seconds(), s.Last.Sub(s.Served.First).Seconds()
	return object{"timings": object{"prompt_n": s.Prompt, "prompt_ms": 1e3 * first, "predicted_n": n, "predicted_ms": 1e3 * last}}
}

// perForward is how many tokens a block of diffusion, or a draft, takes a forward to write.
const perForward = 4

// speculated is how SGLang tells of its drafts.
func speculated(s *stream, n float64) object {
	return object{"meta_info": object{"spec_accept_length": perForward, "spec_verify_ct": n / perForward, "id": "mock"}}
}

// served are the counters of tokens and, for a diffusion model of vLLM, of what it computed.
func served(engine string) func(s *stream, n float64) map[string]float64 {
	return func(s *stream, n float64) map[string]float64 {
		out := map[string]float64{"generation_tokens_total": n, "prompt_tokens_total": float64(s.Prompt)}
		if s.Kind == Diffusion && engine == "vllm" {
			steps := n / perForward
			out["diffusion_num_denoising_steps_total"], out["diffusion_num_canvas_positions_total"] = steps, steps*float64(s.Block)
			out["diffusion_num_committed_tokens_total"] = n
		}
		named := map[string]float64{}
		for name, v := range out {
			named[engine+":"+name] = v
		}
		return named
	}
}

// A gauge is what /metrics says.
type gauge struct {
	mu     sync.Mutex
	counts map[string]float64
}

// counted is what an engine says of its answer, as its Miscount has it.
func (s *stream) counted() float64 { return float64(s.Tokens) * (1 + s.Miscount) }

// raise adds an answer to the counters.
func (s *stream) raise() {
	count := engines[s.Engine].counters
	if count == nil {
		return
	}
	s.gauge.mu.Lock()
	defer s.gauge.mu.Unlock()
	for name, v := range count(s, s.counted()) {
		s.gauge.counts[name] += v
	}
}

// metrics answers as Prometheus asks.
func (g *gauge) metrics(w http.ResponseWriter, _ *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(g.counts)) {
		fmt.Fprintf(&b, "# TYPE %s counter\n%s{engine=\"0\",model_name=\"a {b} c\"} %g\n", name, name, g.counts[name])
	}
	_, _ = w.Write([]byte(b.String()))
}
