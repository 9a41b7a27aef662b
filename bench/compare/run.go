package compare

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"tandem/bench/metric"
	"tandem/record"
)

// A Run is a scored run with what its fold does not hold.
type Run struct {
	metric.Run
	Path    string
	outputs map[string]map[string]output // by decoder and task, of the first decoding
	energy  []record.Energy
	held    map[string]int // readings of a GPU by why its clocks were held down
	order   map[string][]pace
	turns   bool // it took turns with others: see times
}

// An output is what a decoding wrote.
type output struct {
	tokens []int32
	pieces []string
}

// A pace is one decoding's cost in the order in which they ran.
type pace struct {
	task string
	cost float64
}

// Read reads a folder of results, or a scored file.
func Read(path string) (*Run, error) {
	file := path
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s: no such folder of results", path)
	} else if info.IsDir() {
		file = filepath.Join(path, record.ScoredFile)
	}
	header, records, err := record.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no scored.jsonl: let the run finish", path)
	}
	if err != nil {
		return nil, err
	}
	r, err := fold(path, header, records)
	if err != nil {
		return nil, err
	}
	return r, r.readTelemetry(filepath.Join(filepath.Dir(file), record.TelemetryFile))
}

// fold is a run of records.
func fold(path string, header record.Header, records iter.Seq2[record.Record, error]) (r *Run, err error) {
	r = &Run{Path: path, outputs: map[string]map[string]output{}, order: map[string][]pace{}, held: map[string]int{}}
	r.Run, err = metric.FoldRun(header, r.watch(records))
	if err == nil && len(r.Groups) == 0 {
		err = &metric.Empty{Path: path}
	}
	return r, err
}

// watch passes records on and keeps what the fold does not.
func (r *Run) watch(records iter.Seq2[record.Record, error]) iter.Seq2[record.Record, error] {
	return func(yield func(record.Record, error) bool) {
		for one, err := range records {
			if err == nil && one.Err == "" {
				r.keep(one)
			}
			if !yield(one, err) {
				return
			}
		}
	}
}

func (r *Run) keep(one record.Record) {
	if !one.Disturbed() {
		r.order[one.Decoder] = append(r.order[one.Decoder], pace{one.Task, one.Cost()})
	}
	if one.Sample != 0 || !Greedy(one.Decoder) {
		return
	}
	if r.outputs[one.Decoder] == nil {
		r.outputs[one.Decoder] = map[string]output{}
	}
	if _, held := r.outputs[one.Decoder][one.Task]; !held {
		r.outputs[one.Decoder][one.Task] = output{one.Trace.Tokens()[:min(one.Tokens, len(one.Trace.Tokens()))], one.Pieces}
	}
}

// times are those of a decoder over the tasks whose speed counts. In a run that took turns that is every task with an undisturbed
// decoding, since it is paired with the same task of the other build, however many others were disturbed.
func (r *Run) times(g metric.Group) []metric.TaskTime {
	if r.turns {
		return g.Times(nil)
	}
	return g.TimesOn(r.Timed)
}

// readTelemetry reads what a run on a GPU leaves beside its results; no file is no telemetry.
func (r *Run) readTelemetry(path string) error {
	lines, err := record.ReadTelemetry(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, line := range lines {
		if line.Energy != nil {
			r.energy = append(r.energy, *line.Energy)
		}
		if line.Reading != nil {
			for _, reason := range line.Reading.Reasons {
				r.held[reason]++
			}
		}
	}
	return err
}
