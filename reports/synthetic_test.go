package reports

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/record"
)

// A rider is a synthetic decoder: its block size (0 decodes left to right), its threshold, and its pass rate.
type rider struct {
	name      string
	block     int
	threshold float64
	pass      float64
}

var ar = rider{name: "ar", pass: 0.85}

// diffusion is a decoder that behaves like the real ones: a lower threshold commits more per forward
// and passes less, a larger block costs more a forward.
func diffusion(block int, threshold float64) rider {
	return rider{
		name:  fmt.Sprintf("diffusion/block=%d/threshold=%g", block, threshold),
		block: block, threshold: threshold, pass: 0.84 - 1.2*(0.95-threshold)*(0.95-threshold) - 0.001*float64(block),
	}
}

// synthetic makes a run's file: every rider decodes every task, each repeat with fresh timing noise.
func synthetic(tasks, repeats int, riders ...rider) (record.Header, []record.Record) {
	header := record.Header{
		Schema: record.Schema,
		Environment: record.Environment{Version: "v0.1.0", Commit: "abf0cf6d1e22", Go: "go1.26.8", OS: "linux/amd64",
			CPU: "Example CPU @ 2.0 GHz", Cores: 2, Threads: 2, Features: "avx512 bf16 amx", Memory: 24 << 30, Device: "cpu",
			Load: 0.12, Python: "3.11.2", SandboxTier: "namespaces", Started: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)},
		Suite:    record.SuiteInfo{Name: "basics", SHA256: strings.Repeat("ab", 32), Tasks: tasks},
		Model:    record.ModelInfo{Name: "tandem-6m", SHA256: strings.Repeat("cd", 32), Parameters: 6_300_000, Dtype: "bf16"},
		Plan:     record.PlanInfo{Repeats: repeats, Samples: 1, Batch: 1, MaxTokens: 96, Length: "natural", Seed: 1},
		Ceilings: map[string]float64{"read_gb_per_second": 21.3, "bf16_gflop_per_second": 612},
	}
	var records []record.Record
	for _, r := range riders {
		settings := map[string]any{}
		if r.block > 0 {
			settings = map[string]any{"block": float64(r.block), "threshold": r.threshold}
		}
		header.Decoders = append(header.Decoders, record.DecoderInfo{Name: r.name, Settings: settings})
		for task := range tasks {
			length := rand.New(rand.NewPCG(uint64(task), 5)).IntN(40) + 18
			hard := rand.New(rand.NewPCG(uint64(task), 7)).Float64()
			for repeat := range repeats {
				noise := rand.New(rand.NewPCG(uint64(task)<<8+uint64(repeat), uint64(len(r.name))))
				records = append(records, decode(r, task, repeat, length, hard, noise))
			}
		}
	}
	return header, records
}

// decode makes one record.
func decode(r rider, task, repeat, length int, hard float64, noise *rand.Rand) record.Record {
	out := record.Record{
		Task: fmt.Sprintf("basics/%d", task), Decoder: r.name, Repeat: repeat, Seed: 1, PromptTokens: 80,
		Tokens: length, Stop: record.StopEOS, PeakMemory: 17 << 20, Interference: record.Interference{Busy: 0.97},
	}
	flip := rand.New(rand.NewPCG(uint64(task), uint64(len(r.name)))).Float64()
	out.Verdict = &record.Verdict{Result: record.Pass, Seconds: 0.02, CPU: 0.02, Tier: "namespaces"}
	if 0.9*hard+0.1*flip > r.pass {
		out.Verdict.Result, out.Verdict.Detail = record.Fail, "assert candidate([3, 1]) == [1, 3]"
	}
	clock := 0.0
	forward := func(kind record.Kind, rows int, commits []record.Commit) {
		seconds := (0.0011 + 0.00006*float64(rows)) * (0.95 + 0.15*noise.Float64())
		clock += seconds
		out.Ideal += (0.0009 + 0.00003*float64(rows)) * 0.6
		out.Trace = append(out.Trace, record.Step{At: time.Duration(clock * 1e9), Kind: kind, Rows: rows,
			Reach: 80 + rows, Commits: commits})
	}
	if r.block == 0 {
		for i := range length + 1 {
			kind, rows := record.Decode, 1
			if i == 0 {
				kind, rows = record.Prefill, 80
			}
			forward(kind, rows, []record.Commit{{Pos: int32(i), Token: int32(i), P: 0.99}})
		}
	} else {
		refine(r, length, hard, forward)
	}
	out.Canvas = len(out.Trace.Tokens())
	out.Seconds = clock
	out.Pieces = pieces(task, out.Canvas)
	out.Completion = strings.Join(out.Pieces[:length], "")
	out.Answer = out.Completion
	return out
}

// refine fills block after block: each forward commits what would be above the threshold, and at least one.
func refine(r rider, length int, hard float64, forward func(record.Kind, int, []record.Commit)) {
	order := rand.New(rand.NewPCG(uint64(length), 11))
	forward(record.Prefill, 80, nil)
	for start := 0; start <= length; start += r.block {
		left := order.Perm(r.block)
		for len(left) > 0 {
			n := min(len(left), 1+int(float64(len(left))*(0.25+1.6*(1-r.threshold)-0.15*hard)*(0.4+order.Float64())))
			var commits []record.Commit
			for _, at := range left[:n] {
				commits = append(commits, record.Commit{Pos: int32(start + at), Token: int32(start + at),
					P: float32(r.threshold + (1-r.threshold)*order.Float64())})
			}
			left = left[n:]
			forward(record.Denoise, r.block, commits)
		}
		forward(record.Store, r.block, nil)
	}
}

// source is the program whose tokens the synthetic decoders write.
const source = "    total = 0\n    for value in values:\n        if value % 2 == 0 and value > limit:\n" +
	"            total += value * value\n        else:\n            total -= 1\n    return sorted([total, len(values)])\n" +
	"\n    # so that longer outputs have something left to write: one more line\n    return None\n"

// pieces cuts the program into n pieces of a few characters, blanks kept with the word that follows.
func pieces(task, n int) []string {
	rest, out := source, []string{}
	for len(out) < n {
		if rest == "" {
			out = append(out, "<eos>")
			continue
		}
		end := 1
		for end < len(rest) && end < 6 && rest[end] != ' ' && rest[end-1] != '\n' {
			end++
		}
		out, rest = append(out, rest[:end]), rest[end:]
	}
	return out
}

// writeRun writes a synthetic run as DIR/scored.jsonl.
func writeRun(t *testing.T, dir string, header record.Header, records []record.Record) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "scored.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := json.NewEncoder(file)
	if err := out.Encode(header); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := out.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
}
