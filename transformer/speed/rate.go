package speed

import (
	"slices"

	"tandem/transformer"
)

// A Row is the result of a test, in the form of tandem bench's JSON. Rates are those of the median sample.
type Row struct {
	Test
	Dtype             string    `json:"dtype"`
	Threads           int       `json:"threads"`
	Device            string    `json:"device"`
	Geometry          string    `json:"geometry"`
	TokensPerSecond   float64   `json:"tokens_per_second"` // positions computed
	ForwardsPerSecond float64   `json:"forwards_per_second"`
	GBPerSecond       float64   `json:"gb_per_second"` // weights and K/V read
	GFLOPPerSecond    float64   `json:"gflop_per_second"`
	CeilingKind       string    `json:"ceiling_kind"`             // bandwidth or compute: which one the forward meets first
	Ceiling           float64   `json:"ceiling"`                  // GB/s or GFLOP/s: the median of those measured before the samples
	Share             float64   `json:"share"`                    // of the ceiling, from 0 to 1: the median of the samples' own
	DeviceIdle        *float64  `json:"bubble,omitempty"`         // share of the time in which the device was idle; nil where it has no clock
	Samples           []float64 `json:"samples"`                  // seconds of a forward, a sample a round
	DeviceSamples     []float64 `json:"device_samples,omitempty"` // of these, by the device's own clock

	// Ceilings are those that the machine had at each sample, by the names of the transformer package.
	Ceilings []map[string]float64 `json:"-"`
}

// newRow is a test's row without samples.
func newRow(t Test, backend transformer.Backend) *Row {
	about := backend.Describe()
	return &Row{Test: t, Dtype: string(about.Dtype), Threads: about.Threads, Device: about.Device, Geometry: backend.Config().Name}
}

// shape is that of the row's forward. Those of a decode go on from position to position: the middle one stands for them.
func (r *Row) shape() transformer.Shape {
	s := transformer.Shape{Sequences: r.Batch, Rows: r.Rows, Guesses: 1, Reach: r.Context + r.Rows}
	switch r.Kind {
	case Block:
		s.Guesses = r.Rows
	case Decode:
		s.Reach = r.Context + (r.Repeat+1)/2
	}
	return s
}

// Rate fills in the rates and shares of measured rows from what a forward costs. The ceiling that a row meets is the one
// of which it reaches the larger share.
func Rate(rows []Row, card transformer.Card) {
	for i := range rows {
		r := &rows[i]
		seconds := median(r.Samples)
		if seconds <= 0 {
			continue
		}
		gigabytes, gigaflops := float64(card.Bytes(r.shape()))/1e9, card.FLOPs(r.shape())/1e9
		r.ForwardsPerSecond = 1 / seconds
		r.TokensPerSecond = float64(r.Rows*r.Batch) / seconds
		r.GBPerSecond, r.GFLOPPerSecond = gigabytes/seconds, gigaflops/seconds
		r.CeilingKind, r.Ceiling, r.Share = "", 0, 0
		r.meet("bandwidth", gigabytes, func(c map[string]float64) float64 { return c[transformer.ReadCeiling] })
		r.meet("compute", gigaflops, func(c map[string]float64) float64 { return c[transformer.ComputeCeiling(card.Dtype, c)] })
		r.deviceIdle()
	}
}

// meet compares the row's samples, each of so much work, with a ceiling and keeps it if the share is the largest so far.
func (r *Row) meet(kind string, work float64, of func(ceilings map[string]float64) float64) {
	var shares, ceilings []float64
	for i, c := range r.Ceilings {
		if ceiling := of(c); ceiling > 0 {
			shares, ceilings = append(shares, work/r.Samples[i]/ceiling), append(ceilings, ceiling)
		}
	}
	if share := median(shares); share > r.Share {
		r.CeilingKind, r.Ceiling, r.Share = kind, median(ceilings), share
	}
}

// Spread is what lies between the row's fastest and slowest sample, as a share of the median; false with fewer than two.
func (r Row) Spread() (share float64, ok bool) {
	middle := median(r.Samples)
	if len(r.Samples) < 2 || middle <= 0 {
		return 0, false
	}
	return (slices.Max(r.Samples) - slices.Min(r.Samples)) / middle, true
}

// deviceIdle is the median of the samples' own shares; without the device's times there is none.
func (r *Row) deviceIdle() {
	if len(r.DeviceSamples) == 0 || len(r.DeviceSamples) != len(r.Samples) {
		return
	}
	var shares []float64
	for i, device := range r.DeviceSamples {
		shares = append(shares, 1-device/r.Samples[i])
	}
	share := median(shares)
	r.DeviceIdle = &share
}

// Ceilings are the medians of those measured before the samples of all rows, by name.
func Ceilings(rows []Row) map[string]float64 {
	all := map[string][]float64{}
	for _, row := range rows {
		for _, ceilings := range row.Ceilings {
			for name, value := range ceilings {
				all[name] = append(all[name], value)
			}
		}
	}
	out := map[string]float64{}
	for name, values := range all {
		out[name] = median(values)
	}
	return out
}

// median of an odd number of values is the middle one, of an even number the mean of the middle two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
