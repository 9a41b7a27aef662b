package claims

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tandem/record"
	"tandem/reports"
	"tandem/reports/forwards"
	"tandem/transformer"
)

// Evidence is what was measured.
type Evidence struct {
	Runs     []Run
	Forwards []Measured
}

// A Run is what `tandem run` measured.
type Run struct {
	Path string
	reports.Summary
}

// A Measured is what `tandem bench` measured: forwards, of whatever weights.
type Measured struct {
	Path string
	forwards.Report
}

// NoResults is the error of a path at which nothing was measured.
type NoResults struct{ Path string }

// Error names the path.
func (n *NoResults) Error() string { return n.Path + " holds no results" }

// ReadEvidence reads folders of runs and of forwards, summary.json and bench.json files. A folder may hold both. A run's records come
// before its summary.json, since any two decoders of them can be compared. Runs are priced at so many dollars an hour; 0 is no price.
func ReadEvidence(paths []string, pricePerHour float64) (e Evidence, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return e, err
		}
		before := len(e.Runs) + len(e.Forwards)
		if info.IsDir() {
			err = e.readFolder(path)
		} else {
			err = e.readFile(path)
		}
		if err != nil {
			return e, err
		}
		if len(e.Runs)+len(e.Forwards) == before {
			return e, &NoResults{path}
		}
	}
	for i := range e.Runs {
		e.Runs[i].Charge(pricePerHour)
	}
	return e, nil
}

// readFolder reads what a folder holds.
func (e *Evidence) readFolder(dir string) error {
	s, err := reports.Summarize(dir)
	switch {
	case err == nil:
		e.Runs = append(e.Runs, Run{dir, s})
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	bench := filepath.Join(dir, "bench.json")
	if _, err := os.Stat(bench); err != nil {
		return nil
	}
	return e.readForwards(bench)
}

// readFile reads a file by what it holds.
func (e *Evidence) readFile(path string) error {
	if strings.HasSuffix(path, ".jsonl") {
		return fmt.Errorf("%s: name the folder that holds it", path)
	}
	if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), `"decoders"`) {
		s, err := reports.ReadSummary(path)
		if err == nil {
			e.Runs = append(e.Runs, Run{path, s})
		}
		return err
	}
	return e.readForwards(path)
}

func (e *Evidence) readForwards(path string) error {
	r, err := forwards.Read(path)
	if err == nil {
		e.Forwards = append(e.Forwards, Measured{path, r})
	}
	return err
}

// leastWorkingSet is the least size of weights, in bytes, for the bandwidth that was measured over as many to be the memory's and not a
// cache's.
const leastWorkingSet = 256 << 20

// Machines are the ceilings that were measured, one of each result that has them: those of models that caches do not hold.
func (e Evidence) Machines() (cards []Card) {
	add := func(path string, env record.Environment, parameters int64, ceilings map[string]float64) {
		card, ok := machineCard(fmt.Sprintf("%s (%s)", device(env), path), ceilings)
		if ok && 2*parameters >= leastWorkingSet {
			cards = append(cards, card)
		}
	}
	for _, r := range e.Runs {
		add(r.Path, r.Environment, r.Model.Parameters, r.Ceilings)
	}
	for _, f := range e.Forwards {
		if shape, err := transformer.Geometry(f.Rows[0].Geometry); err == nil {
			add(f.Path, f.Environment, transformer.Parameters(shape), f.Ceilings)
		}
	}
	return cards
}

// device is the name of what decoded.
func device(e record.Environment) string {
	if e.Device != "cpu" && e.GPU != "" {
		return e.GPU
	}
	return fmt.Sprintf("%d threads of %s", e.Threads, e.CPU)
}
