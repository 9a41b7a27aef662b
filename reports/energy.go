package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"tandem/bench/metric"
	"tandem/record"
)

// readTelemetry reads telemetry.jsonl, which a run on a GPU leaves; no file is no telemetry.
func readTelemetry(path string) ([]record.Telemetry, error) {
	lines, err := record.ReadTelemetry(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return lines, err
}

// addTelemetry puts what was measured of the GPU into the summary.
func (s *Summary) addTelemetry(lines []record.Telemetry) {
	var windows []record.Energy
	held := map[string]int{}
	readings := 0
	for _, line := range lines {
		switch {
		case line.GPU != nil:
			s.GPU = line.GPU
		case line.Energy != nil:
			windows = append(windows, *line.Energy)
		case line.Reading != nil:
			readings++
			for _, reason := range line.Reading.Reasons {
				held[reason]++
			}
		}
	}
	delete(held, "idle")
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(held)) {
		reasons = append(reasons, fmt.Sprintf("%s in %.0f%% of the readings", reason, 100*float64(held[reason])/float64(readings)))
	}
	if len(reasons) > 0 {
		s.Warnings = append(s.Warnings, Warning{"gpu_clocks", "the GPU's clocks were held down: " + strings.Join(reasons, ", "), Caution})
	}
	for i := range s.Decoders {
		d := &s.Decoders[i]
		d.JoulesPerToken = apply(metric.JoulesPerToken(windows, d.Name, false))
		d.NetJoulesPerToken = apply(metric.JoulesPerToken(windows, d.Name, true))
		if d.Pass1 != nil {
			d.JoulesPerSolved = apply(metric.JoulesPerSolved(windows, d.Name, d.Pass1.Value))
		}
	}
}
