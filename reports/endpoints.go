package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/bench/metric"
	"tandem/bench/stats"
	"tandem/record"
)

// An Endpoint is what is known of a server beside what is known of every decoder. What lies behind its API, such as forwards, is not.
type Endpoint struct {
	FirstByte    *Interval `json:"seconds_to_first_byte,omitempty"`    // of the answer's status line, mean over tasks
	FirstToken   *Interval `json:"seconds_to_any_token,omitempty"`     // of any channel, reasoning too
	FirstContent *Interval `json:"seconds_to_first_content,omitempty"` // of the answer itself, provisional or not
	FirstBlock   *Interval `json:"seconds_to_first_block,omitempty"`   // of the answer itself, that nothing replaces later

	TokenSources map[record.TokenSource]int `json:"token_sources,omitempty"` // who counted the tokens, by decodings
	Retried      int                        `json:"retried,omitempty"`       // decodings that were asked for more than once
	Faults       map[string]int             `json:"faults,omitempty"`        // decodings that failed, by the kind of failure
	CachedShare  *float64                   `json:"cached_share,omitempty"`  // of the prompts' tokens, those that the server says it held

	Load          Load               `json:"load,omitzero"`
	Engine        map[string]float64 `json:"engine,omitempty"`                    // what its engine said of an answer, by its own names, mean over answers
	Counters      map[string]float64 `json:"counters,omitempty"`                  // by how much the server's counters rose in all
	TokensPerStep *float64           `json:"tokens_per_denoising_step,omitempty"` // of these counters
}

// addEndpoint adds what the replies of an endpoint say.
func (d *Decoder) addEndpoint(c metric.Replies, times []metric.TaskTime) {
	if !metric.IsEndpoint(d.Name) {
		return
	}
	first := func(f metric.First) *Interval { return apply(stats.Mean(f.Of(times), stats.Confidence)) }
	d.Endpoint = &Endpoint{FirstByte: first(metric.FirstByte), FirstToken: first(metric.FirstToken), FirstContent: first(metric.FirstContent),
		FirstBlock: first(metric.FirstBlock), TokenSources: c.Sources, Retried: c.Retried, Faults: c.Faults}
	if c.Told && c.Prompt > 0 {
		d.Endpoint.CachedShare = apply(float64(c.Cached)/float64(c.Prompt), true)
	}
	d.DollarsPerMillion = apply(c.PaidPerMillionTokens())
	if d.Pass1 != nil {
		d.DollarsPerSolved = apply(c.PaidPerSolved(d.Pass1.Value))
	}
}

// endpointWarnings are those of figures that came over a network, to a run of so many shards; 0 for one by itself.
func (s Summary) endpointWarnings(merged int) (out []Warning) {
	add := func(code string, severity Severity, format string, args ...any) {
		out = append(out, Warning{Code: code, Severity: severity, Text: fmt.Sprintf(format, args...)})
	}
	var names []string
	for _, d := range s.Decoders {
		e := d.Endpoint
		if e == nil {
			continue
		}
		names = append(names, d.Name)
		if n := e.TokenSources[record.ChunkCount]; n > 0 {
			add("chunk_count", Caution, "%s told no count of tokens for %s: events were counted, and an event is not a token; its tok/s is no "+
				"figure until its file of endpoints names a tokenizer", d.Name, plural(n, "decoding"))
		}
		if len(e.TokenSources) > 1 {
			add("token_sources", Caution, "the tokens of %s were counted in different ways: %s", d.Name, tally(e.TokenSources))
		}
		if len(e.Faults) > 0 {
			add("faults", Caution, "%s of %s failed: %s", plural(d.Errors, "decoding"), d.Name, tally(e.Faults))
		}
		if e.Retried > 0 {
			add("retried", Info, "%s of %s answered after a refusal: timed from the request that was answered", plural(e.Retried, "decoding"), d.Name)
		}
	}
	if len(names) > 0 && merged > 0 {
		add("merged_endpoint", Caution, "the requests in flight, offered rates and tok/s of %s are those of one of %d shards, beside which others may have asked",
			strings.Join(names, ", "), merged)
	}
	if len(names) > 0 {
		add("endpoint", Caution, "measured through an API, not on this machine: %s; the hardware, its load and what else stands on the way are unknown, "+
			"and the figures are of that day", strings.Join(names, ", "))
	}
	return out
}

// tally is "2 timeout, 1 cut off", in the order of the names.
func tally[K ~string](counts map[K]int) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[key], key))
	}
	return strings.Join(parts, ", ")
}

// endpoints says of each endpoint which server and model was asked, and at which prices.
func (s Summary) endpoints() (out []string) {
	for _, d := range s.Decoders {
		if d.Endpoint == nil {
			continue
		}
		text := fmt.Sprintf("%s is %v at %v", d.Name, d.Settings["model"], d.Settings["base_url"])
		if p, ok := d.Settings["prices"].(map[string]any); ok {
			text += fmt.Sprintf(", prices of %v", p["date"])
		}
		text += d.Endpoint.firsts() + d.Endpoint.engineText()
		out = append(out, text)
	}
	return out
}

// firsts are the first times, in milliseconds.
func (e Endpoint) firsts() string {
	var parts []string
	for _, f := range []struct {
		name string
		at   *Interval
	}{{"byte", e.FirstByte}, {"token", e.FirstToken}, {"content", e.FirstContent}, {"block that stays", e.FirstBlock}} {
		if f.at != nil {
			parts = append(parts, fmt.Sprintf("%s %.0f ms", f.name, 1e3*f.at.Value))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ", first " + strings.Join(parts, ", ")
}

// processor is the machine; where endpoints alone decode, it only asks.
func processor(e record.Environment, format string) string {
	if e.Threads == 0 {
		return "asked from " + e.CPU
	}
	return fmt.Sprintf(format, e.CPU, e.Threads, e.Cores)
}
