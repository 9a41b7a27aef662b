package endpoint

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What engines count themselves. llama.cpp sends "timings" with the last event; SGLang details of its usage and, asked for
// "return_meta_info", "meta_info"; vLLM publishes counters of all that it does, as Prometheus reads them.

// engineEvent are the parts of an event in which engines tell of themselves.
type engineEvent struct {
	Timings map[string]any `json:"timings"`
	Meta    map[string]any `json:"meta_info"`
	Usage   *struct {
		Details map[string]any `json:"completion_tokens_details"`
	} `json:"usage"`
	Choices []struct {
		Meta map[string]any `json:"meta_info"`
	} `json:"choices"`
}

// engine are the numbers in those parts, by "part.name"; nil where there are none.
func engine(data []byte) map[string]float64 {
	var e engineEvent
	if !strings.Contains(string(data), `"timings"`) && !strings.Contains(string(data), `"meta_info"`) && !strings.Contains(string(data), `"completion_tokens_details"`) ||
		json.Unmarshal(data, &e) != nil {
		return nil
	}
	out := map[string]float64{}
	add := func(part string, fields map[string]any) {
		for name, value := range fields {
			if n, ok := value.(float64); ok {
				out[part+"."+name] = n
			}
		}
	}
	add("timings", e.Timings)
	add("meta_info", e.Meta)
	if len(e.Choices) > 0 {
		add("meta_info", e.Choices[0].Meta)
	}
	if e.Usage != nil {
		add("completion_tokens_details", e.Usage.Details)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// counted are the beginnings of the names of the counters that are kept.
var counted = []string{"vllm:diffusion", "vllm:generation_tokens_total", "vllm:prompt_tokens_total", "vllm:prefix_cache_", "vllm:spec_decode_",
	"sglang:generation_tokens_total", "sglang:prompt_tokens_total", "sglang:cached_tokens_total"}

// mostMetrics and metricsWait bound what is read of a server's counters.
const (
	mostMetrics = 4 << 20
	metricsWait = 5 * time.Second
)

// Counters are the server's, at the path of the endpoint's metrics; nil where it has none or does not answer. Those of one name that
// differ in their labels are added.
func (c *client) Counters(ctx context.Context) map[string]float64 {
	if c.config.Metrics == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, metricsWait)
	defer cancel()
	at, err := url.Parse(c.config.BaseURL)
	if err != nil {
		return nil
	}
	at.Path = c.config.Metrics
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil
	}
	maps.Copy(req.Header, c.kind.head)
	if c.key != "" {
		c.kind.key(req.Header, c.key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil
	}
	return c.safeNames(nil, prometheus(io.LimitReader(res.Body, mostMetrics)))
}

// mostNames is how many numbers of an engine are kept.
const mostNames = 64

// safeNames adds numbers by names in which no key stands.
func (c *client) safeNames(to, from map[string]float64) map[string]float64 {
	for name, v := range from {
		if to == nil {
			to = map[string]float64{}
		}
		if len(to) < mostNames {
			to[c.safe(name)] = v
		}
	}
	return to
}

// prometheus reads the counters that are kept in Prometheus' text format: NAME{labels} VALUE [TIMESTAMP].
func prometheus(in io.Reader) map[string]float64 {
	out := map[string]float64{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		name, rest, _ := strings.Cut(line, " ")
		if open := strings.IndexByte(line, '{'); open >= 0 {
			name, rest = line[:open], line[strings.LastIndexByte(line, '}')+1:]
		}
		fields := strings.Fields(rest)
		if !kept(name) || len(fields) == 0 {
			continue
		}
		if v, err := strconv.ParseFloat(fields[0], 64); err == nil && v >= 0 && v < 1e18 {
			out[name] += v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// kept says that a counter of this name is kept; when it was created is no count.
func kept(name string) bool {
	for _, prefix := range counted {
		if strings.HasPrefix(name, prefix) {
			return !strings.HasSuffix(name, "_created")
		}
	}
	return false
}

// checkMetrics says what is wrong with the path of a server's counters.
func checkMetrics(path string) error {
	if path != "" && (!strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "?#")) {
		return fmt.Errorf("metrics is a path of the same server, such as /metrics, not %q", path)
	}
	return nil
}
