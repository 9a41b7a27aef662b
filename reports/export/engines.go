package export

import (
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"tandem/bench/metric"
	"tandem/bench/stats"
	"tandem/record"
)

// A repeat is one time that a decoder went through the tasks: so many decodings.
type repeat struct{ seconds, tokens, prompt, decodings float64 }

func (s *repeat) add(r record.Record) {
	s.plus(repeat{r.Cost(), float64(r.Tokens), float64(r.PromptTokens), 1})
}

func (s *repeat) plus(o repeat) {
	s.seconds, s.tokens, s.prompt, s.decodings = s.seconds+o.seconds, s.tokens+o.tokens, s.prompt+o.prompt, s.decodings+o.decodings
}

// byRepeat sums each decoder's repeats, in their order, over the tasks that every one of them has undisturbed: a repeat that lacks a slow
// task would look fast.
func (r run) byRepeat() (map[string][]repeat, error) {
	parts := map[string]map[int]map[string]*repeat{} // by decoder, repeat, task
	for one, err := range r.records {
		if err != nil {
			return nil, err
		}
		if !counted(one) {
			continue
		}
		if parts[one.Decoder] == nil {
			parts[one.Decoder] = map[int]map[string]*repeat{}
		}
		tasks := parts[one.Decoder][one.Repeat]
		if tasks == nil {
			tasks = map[string]*repeat{}
			parts[one.Decoder][one.Repeat] = tasks
		}
		if tasks[one.Task] == nil {
			tasks[one.Task] = &repeat{}
		}
		tasks[one.Task].add(one)
	}
	out := map[string][]repeat{}
	for decoder, repeats := range parts {
		out[decoder] = overCommon(repeats)
	}
	return out, nil
}

// overCommon sums repeats over the tasks that all of them have.
func overCommon(repeats map[int]map[string]*repeat) (sums []repeat) {
	for _, number := range slices.Sorted(maps.Keys(repeats)) {
		sum := repeat{}
		for _, task := range slices.Sorted(maps.Keys(repeats[number])) { // sums of floats depend on their order
			everywhere := true
			for _, other := range repeats {
				everywhere = everywhere && other[task] != nil
			}
			if everywhere {
				sum.plus(*repeats[number][task])
			}
		}
		if sum.decodings > 0 {
			sums = append(sums, sum)
		}
	}
	return sums
}

// A llamaRow has the keys of llama-bench's JSON that have a meaning here. A sample is a repeat over the tasks; tokens are useful
// ones, of natural length unless the run forced it, and decoder says what llama-bench cannot.
type llamaRow struct {
	Commit      string    `json:"build_commit"`
	CPU         string    `json:"cpu_info"`
	GPU         string    `json:"gpu_info"`
	Backends    string    `json:"backends"`
	Model       string    `json:"model_filename"`
	ModelType   string    `json:"model_type"`
	Parameters  int64     `json:"model_n_params"`
	Threads     int       `json:"n_threads"`
	Batch       int       `json:"n_batch"`
	TypeK       string    `json:"type_k"`
	TypeV       string    `json:"type_v"`
	Prompt      int       `json:"n_prompt"` // of a task, mean
	Generated   int       `json:"n_gen"`    // of a task, mean
	TestTime    string    `json:"test_time"`
	AvgNS       float64   `json:"avg_ns"`
	StddevNS    float64   `json:"stddev_ns"`
	AvgTS       float64   `json:"avg_ts"`
	StddevTS    float64   `json:"stddev_ts"`
	SamplesNS   []float64 `json:"samples_ns"`
	SamplesTS   []float64 `json:"samples_ts"`
	Decoder     string    `json:"decoder"`
	TokensCount string    `json:"tokens_counted"`
}

func llamaBench(w io.Writer, r run) error {
	repeats, err := r.byRepeat()
	if err != nil {
		return err
	}
	h, rows := r.Header, []llamaRow{}
	for _, g := range r.Groups {
		row := llamaRow{Commit: h.Environment.Commit, CPU: h.Environment.CPU, GPU: h.Environment.GPU, Backends: h.Environment.Device,
			Model: h.Model.Name, ModelType: h.Model.Dtype, Parameters: h.Model.Parameters, Threads: h.Environment.Threads, Batch: h.Plan.Batch,
			TypeK: h.Model.Dtype, TypeV: h.Model.Dtype, TestTime: h.Environment.Started.UTC().Format("2006-01-02T15:04:05Z"),
			Decoder: g.Name, TokensCount: "useful"}
		var tokens, prompt, decodings float64
		for _, one := range repeats[g.Name] {
			tokens, prompt, decodings = tokens+one.tokens, prompt+one.prompt, decodings+one.decodings
			row.SamplesNS, row.SamplesTS = append(row.SamplesNS, 1e9*one.seconds), append(row.SamplesTS, one.tokens/one.seconds)
		}
		if len(row.SamplesNS) == 0 {
			continue
		}
		row.Prompt, row.Generated = int(math.Round(prompt/decodings)), int(math.Round(tokens/decodings))
		row.AvgNS, row.StddevNS = meanDeviation(row.SamplesNS)
		row.AvgTS, row.StddevTS = meanDeviation(row.SamplesTS)
		rows = append(rows, row)
	}
	return indented(w, rows)
}

// meanDeviation is the mean and the sample standard deviation, 0 of a single value.
func meanDeviation(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	deviation, _ = stats.Deviation(values)
	return mean, deviation
}

// leastForTail is how many requests a p99 needs: of fewer it is their maximum.
const leastForTail = 100

// atOnce is how many tasks a decoder decodes at once.
func atOnce(r run, decoder string) int {
	switch text, set := metric.Setting(decoder, "concurrency"); {
	case set:
		n, _ := strconv.Atoi(text)
		return n
	case metric.IsEndpoint(decoder):
		return 1
	}
	return r.Header.Plan.Batch
}

// vllm has an object for each decoder with the keys of vLLM's serving benchmark. A time between tokens is undefined where a forward
// commits several, so only autoregressive decoders have one per output token.
func vllm(w io.Writer, r run) error {
	first, all, perToken := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	sums := map[string]*repeat{}
	for one, err := range r.records {
		if err != nil {
			return err
		}
		if !counted(one) {
			continue
		}
		d := one.Decoder
		if sums[d] == nil {
			sums[d] = &repeat{}
		}
		sums[d].add(one)
		all[d] = append(all[d], 1e3*one.Seconds)
		seconds, ok := metric.FirstReadable(one)
		if ok {
			first[d] = append(first[d], 1e3*seconds)
		}
		if ok && metric.IsAR(d) && one.Tokens > 1 {
			perToken[d] = append(perToken[d], 1e3*(one.Seconds-seconds)/float64(one.Tokens-1))
		}
	}
	out := []map[string]any{}
	for _, g := range r.Groups {
		s := sums[g.Name]
		if s == nil {
			continue
		}
		o := map[string]any{"date": r.Header.Environment.Started.UTC().Format("20060102-150405"), "backend": "tandem", "model_id": r.Header.Model.Name,
			"decoder": g.Name, "max_concurrency": atOnce(r, g.Name), "num_prompts": len(all[g.Name]), "completed": len(all[g.Name]),
			"duration": s.seconds, "total_input_tokens": s.prompt, "total_output_tokens": s.tokens,
			"request_throughput": float64(len(all[g.Name])) / s.seconds, "output_throughput": s.tokens / s.seconds,
			"total_token_throughput": (s.tokens + s.prompt) / s.seconds}
		addTimes(o, "ttft_ms", first[g.Name])
		addTimes(o, "tpot_ms", perToken[g.Name])
		addTimes(o, "e2el_ms", all[g.Name])
		out = append(out, o)
	}
	return indented(w, out)
}

// addTimes adds mean, median, standard deviation and p99 of times, where there are any.
func addTimes(o map[string]any, key string, times []float64) {
	if len(times) == 0 {
		return
	}
	mean, deviation := meanDeviation(times)
	o["mean_"+key], o["std_"+key] = mean, deviation
	o["median_"+key], _ = stats.Quantile(times, 0.5)
	if len(times) >= leastForTail {
		o["p99_"+key], _ = stats.Quantile(times, 0.99)
	}
}
