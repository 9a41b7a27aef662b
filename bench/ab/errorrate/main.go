// Command errorrate measures how often package ab is wrong, on this machine:
//
//	go run ./bench/ab/errorrate -out DIR -rounds 100
//
// It builds Tandem twice, the second time with the tag slowdown (device/slow_build.go), and runs interleaved rounds of the first build,
// of the same code again, and of builds whose forwards take longer by the shares of -slowdowns. Then
//
//   - the same code is compared in as many real A/B runs as there are disjoint sets of rounds, and in -replays runs whose rounds are
//     drawn from the recorded ones: alarms are false;
//   - each slower build is compared in -replays drawn runs: alarms are right.
//
// DIR gets errors.json, errors.md and detection.png. Rounds that it holds are not run again.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/bench/ab"
	"tandem/bench/compare"
	"tandem/bench/stats"
	"tandem/reports/plot"
)

func main() {
	out := flag.String("out", "results/errorrate", "folder of rounds and results")
	rounds := flag.Int("rounds", 100, "recorded rounds")
	replays := flag.Int("replays", 400, "drawn A/B runs for each build")
	slowdowns := flag.String("slowdowns", "0.03,0.05,0.1", "shares by which forwards take longer")
	limit := flag.Int("limit", 40, "tasks of a round")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *rounds, *replays, *limit, strings.Split(*slowdowns, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "errorrate:", err)
		os.Exit(2)
	}
}

// An outcome is how often a build was called worse than the first one.
type outcome struct {
	Build    string         `json:"build"`
	Slower   float64        `json:"slower"` // 0: the same code
	Drawn    int            `json:"drawn"`  // runs whose rounds were drawn from the recorded ones
	Alarms   int            `json:"alarms"` // confirmed
	Share    stats.Interval `json:"share"`
	Real     int            `json:"real,omitempty"` // runs of disjoint recorded rounds
	RealBad  int            `json:"real_alarms,omitempty"`
	Measured float64        `json:"measured"` // median change of tokens_per_second over all rounds, all decoders
}

func run(ctx context.Context, out string, rounds, replays, limit int, slowdowns []string) error {
	builds, shares, err := programs(ctx, filepath.Join(out, "bin"), slowdowns)
	if err != nil {
		return err
	}
	recorded, err := ab.Record(ctx, ab.Options{Builds: builds, Out: filepath.Join(out, "rounds"), Budget: 10 * time.Hour, Seed: 1,
		Args: func(folder string, _ bool) []string {
			return []string{"run", "--turns", "--out", folder, "--limit", fmt.Sprint(limit), "--repeats", "1", "--extra-repeats", "0", "--judge", "none"}
		},
		Report: func(text string) { fmt.Fprintln(os.Stderr, text) }}, rounds)
	if err != nil {
		return err
	}
	gates, err := compare.ReadGates("")
	if err != nil {
		return err
	}
	var outcomes []outcome
	for i := 1; i < len(builds); i++ {
		pairs := make([][]*compare.Run, len(recorded))
		for j, round := range recorded {
			pairs[j] = []*compare.Run{round[0], round[i]}
		}
		o, err := measure(pairs, gates, replays, shares[i])
		if err != nil {
			return err
		}
		o.Build = builds[i].Name
		outcomes = append(outcomes, o)
	}
	return write(out, outcomes, recorded[0][0], len(recorded))
}

// programs are the first build, the same code again, and the slower ones.
func programs(ctx context.Context, dir string, slowdowns []string) (builds []ab.Program, shares []float64, err error) {
	normal, slow := filepath.Join(dir, "tandem"), filepath.Join(dir, "tandem-slowdown")
	for path, tags := range map[string]string{normal: "", slow: "slowdown"} {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, nil, err
		}
		if text, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", tags, "-o", path, "./cmd/tandem").CombinedOutput(); err != nil {
			return nil, nil, fmt.Errorf("go build: %w: %s", err, text)
		}
	}
	builds, shares = []ab.Program{{Name: "base", Path: normal}, {Name: "same code", Path: slow}}, []float64{0, 0}
	for _, text := range slowdowns {
		share, err := strconv.ParseFloat(text, 64)
		if err != nil || share <= 0 {
			return nil, nil, fmt.Errorf("-slowdowns %q is no share such as 0.05", text)
		}
		builds = append(builds, ab.Program{Name: fmt.Sprintf("%g%% slower", 100*share), Path: slow, Env: []string{"TANDEM_SLOWDOWN=" + text}})
		shares = append(shares, share)
	}
	return builds, shares, nil
}

// mostRounds is as many as a budget of some minutes has.
const mostRounds = 40

// measure compares the pairs' second build with the first.
func measure(pairs [][]*compare.Run, gates []compare.Gate, replays int, slower float64) (outcome, error) {
	o := outcome{Slower: slower, Drawn: replays}
	noise := rand.New(rand.NewPCG(1, uint64(1000*slower)))
	for range replays {
		r, err := ab.Replay(pairs, gates, mostRounds, noise)
		if err != nil {
			return o, err
		}
		if r.Confirmed {
			o.Alarms++
		}
	}
	o.Share, _ = stats.Wilson(float64(o.Alarms), replays, stats.Confidence)
	const rounds = 5 // an A/B run of the least length, whose alarms count whether or not they would be confirmed
	for at := 0; slower == 0 && at+rounds <= len(pairs); at += rounds {
		alarm, err := realRun(pairs[at:at+rounds], gates)
		if err != nil {
			return o, err
		}
		o.Real++
		if alarm {
			o.RealBad++
		}
	}
	var err error
	o.Measured, err = change(pairs)
	return o, err
}

// realRun says whether a gate fails over rounds as they ran.
func realRun(pairs [][]*compare.Run, gates []compare.Gate) (bool, error) {
	r, err := interleaved(pairs)
	if err == nil {
		err = r.Apply(gates)
	}
	return slices.ContainsFunc(r.Gates, func(g compare.GateResult) bool { return g.Verdict == compare.Worse }), err
}

func interleaved(pairs [][]*compare.Run) (compare.Result, error) {
	base, head := compare.Side{Name: "base"}, compare.Side{Name: "head"}
	for _, p := range pairs {
		base.Runs, head.Runs = append(base.Runs, p[0]), append(head.Runs, p[1])
	}
	return compare.Interleaved(base, []compare.Side{head})
}

// change is the median over decoders of the change of their speed.
func change(pairs [][]*compare.Run) (float64, error) {
	r, err := interleaved(pairs)
	var changes []float64
	for _, row := range r.Rows {
		if row.Metric == "tokens_per_second" {
			changes = append(changes, row.Change)
		}
	}
	v, _ := stats.Quantile(changes, 0.5)
	return v, err
}

// write leaves the outcomes as JSON, Markdown and a chart.
func write(out string, outcomes []outcome, one *compare.Run, rounds int) error {
	text, err := json.MarshalIndent(outcomes, "", "  ")
	if err != nil {
		return err
	}
	e := one.Header.Environment
	var b strings.Builder
	fmt.Fprintf(&b, "| build | measured change of tok/s | called a regression | 95%% interval | real A/B runs that gave a false alarm |\n|:--|--:|--:|--:|--:|\n")
	var points []plot.Point
	for _, o := range outcomes {
		real := ""
		if o.Real > 0 {
			real = fmt.Sprintf("%d of %d", o.RealBad, o.Real)
		}
		fmt.Fprintf(&b, "| %s | %+.1f%% | %d of %d | %.1f to %.1f%% | %s |\n", o.Build, 100*o.Measured, o.Alarms, o.Drawn, 100*o.Share.Low, 100*o.Share.High, real)
		points = append(points, plot.Point{X: plot.At(100 * o.Slower), Y: plot.Scaled(o.Share, 100)})
	}
	fmt.Fprintf(&b, "\n(`go run ./bench/ab/errorrate`, %d interleaved rounds of %d tasks, on %s, %d of %d cores, %s.)\n", rounds, one.Header.Plan.Limit, e.CPU, e.Threads, e.Cores,
		e.Started.UTC().Format("2006-01-02"))
	for name, data := range map[string][]byte{"errors.json": append(text, '\n'), "errors.md": []byte(b.String())} {
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			return err
		}
	}
	reading := fmt.Sprintf("each point: %d A/B runs whose rounds were drawn from %d recorded ones", outcomes[0].Drawn, rounds)
	return detection(reading, points, 0.05).Save(out)
}

// detection draws the share of comparisons that call a regression against how large it is, both in per cent. Allowed is the share of
// false alarms that may be.
func detection(reading string, points []plot.Point, allowed float64) plot.Chart {
	const key = "called a regression, twice"
	return plot.Chart{Name: "detection", Title: "How large a regression is found", Reading: reading, Order: []string{"ar", key}, Panels: []plot.Panel{{
		X: plot.Axis{Label: "true slowdown, %"}, Y: plot.Axis{Label: "comparisons that call a regression, %", Reach: []float64{0, 100}},
		Layers: []plot.Layer{
			{Mark: plot.Rules, Tone: plot.InkTone, Faint: true, Key: fmt.Sprintf("false alarms that may be: %.0f%%", 100*allowed), Points: []plot.Point{{X: plot.Whole, Y: plot.At(100 * allowed)}}},
			{Mark: plot.Line, Series: key, Key: key, Points: points}, {Mark: plot.Dots, Series: key, Key: key, Points: points}}}}}
}
