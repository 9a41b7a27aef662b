// Package history keeps what runs measured, over months and commits, in one SQLite file:
//
//  1. A caller makes a Run of what it measured: where, with what, and a Value for each decoder and metric.
//  2. Add writes runs whole or not at all; one that is there already stays as it is.
//  3. Read gives them back, oldest first.
//  4. Group makes Series of them: one metric of one decoder, on one machine, over time. Only what may be compared is a point.
//  5. WriteOtava and ReadOtava carry runs to and from the CSV files of Apache Otava; a Dump holds all of them.
//
// Absolute speeds of separate runs show what else the machine's neighbours did: two runs of the same build differ by 20% where
// the ratio of two decoders that take turns differs by 3%. So each run also holds ratios: a decoder's speed over that of
// another decoder of the run, and over that of an anchor, an older build that never changes, which took turns with it.
package history

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/bench/stats"
	"tandem/record"
)

// A Machine is what must be the same for two runs to be compared.
type Machine struct {
	OS       string `json:"os,omitempty"`
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores,omitempty"`
	Threads  int    `json:"threads,omitempty"`
	Device   string `json:"device,omitempty"` // cpu or cuda
	GPU      string `json:"gpu,omitempty"`
	Features string `json:"features,omitempty"` // instruction set of the kernels
	Portable bool   `json:"portable_kernels,omitempty"`
}

// Fingerprint is the machine of an environment. Its kernel, memory, driver and Go release are left out: they change while
// the machine stays, and a change of speed that comes with them should be seen.
func Fingerprint(e record.Environment) Machine {
	return Machine{e.OS, e.CPU, e.Cores, e.Threads, e.Device, e.GPU, e.Features, e.Portable}
}

// String is the machine in a line. A machine of which only that line is known has it as its CPU.
func (m Machine) String() string {
	var parts []string
	add := func(given bool, format string, args ...any) {
		if given {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(m.CPU != "", "%s", m.CPU)
	add(m.Cores > 0 && m.Threads > 0, "%d of %d cores", m.Threads, m.Cores)
	add(m.GPU != "", "%s", m.GPU)
	add(m.Device != "" && m.Device != "cpu", "%s", m.Device)
	add(m.Features != "", "%s", m.Features)
	add(m.Portable, "plain Go")
	add(m.OS != "", "%s", m.OS)
	return strings.Join(parts, ", ")
}

// Hash is the machine's fingerprint: 12 hexadecimal digits of the SHA-256 of its line.
func (m Machine) Hash() string { return digest([]byte(m.String()))[:12] }

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// A Value is one figure of one decoder.
type Value struct {
	Decoder  string         `json:"decoder"`
	Metric   string         `json:"metric"`            // of the table of metrics, or foreign
	Base     string         `json:"base,omitempty"`    // of a ratio: the other decoder, or the anchor's commit
	Interval stats.Interval `json:"interval"`          // of the run alone; without one both ends are the value
	Prompts  string         `json:"prompts,omitempty"` // hash of what was asked: other prompts are another series
}

// A Run is one entry of a history.
type Run struct {
	Machine Machine   `json:"machine"`
	Suite   string    `json:"suite"` // name@hash
	Model   string    `json:"model"` // name@hash/dtype
	Plan    string    `json:"plan"`  // what else must be equal for counts and speeds to be compared
	Commit  string    `json:"commit"`
	Started time.Time `json:"started"` // to the second

	Unfinished bool    `json:"unfinished,omitempty"` // decodings are missing: none of its values is a point
	Unmeasured string  `json:"unmeasured,omitempty"` // why the values that depend on the machine are no points
	Values     []Value `json:"values"`
}

// key identifies a run: the same one, added again, is the same entry.
func (r Run) key() string {
	return digest([]byte(strings.Join([]string{r.Machine.Hash(), r.Suite, r.Model, r.Plan, r.Commit, r.Started.UTC().Format(time.RFC3339)}, "\n")))
}

// digest is of all that is kept of a run but its machine's parts: a file that changed on disk is found by it.
func (r Run) digest() (string, error) {
	sealed := struct {
		Run
		Machine string `json:"machine"`
	}{r, r.Machine.Hash()}
	sealed.Started = r.Started.UTC()
	text, err := json.Marshal(sealed)
	return digest(text), err
}

// normal is the run with its values in order and its time to the second; an error names what cannot be kept.
func (r Run) normal() (Run, error) {
	if r.Started.IsZero() {
		return Run{}, fmt.Errorf("a run of %s has no date", cmp.Or(r.Suite, "an unnamed suite"))
	}
	r.Started = r.Started.UTC().Truncate(time.Second)
	r.Values = slices.SortedFunc(slices.Values(r.Values), func(a, b Value) int {
		return cmp.Or(cmp.Compare(a.Decoder, b.Decoder), cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Base, b.Base))
	})
	for i := range r.Values {
		v := &r.Values[i]
		v.Interval.Warnings = nil
		for _, end := range []*float64{&v.Interval.Value, &v.Interval.Low, &v.Interval.High} {
			if *end == 0 {
				*end = 0 // without a sign: SQLite keeps none, and the digest would miss it
			}
		}
		if !finite(v.Interval.Value, v.Interval.Low, v.Interval.High) {
			return Run{}, fmt.Errorf("%s of %s is no number in the run of %s", v.Metric, v.Decoder, r.Started.Format(time.RFC3339))
		}
		if i > 0 && v.Decoder == r.Values[i-1].Decoder && v.Metric == r.Values[i-1].Metric && v.Base == r.Values[i-1].Base {
			return Run{}, fmt.Errorf("%s of %s stands twice in the run of %s", v.Metric, v.Decoder, r.Started.Format(time.RFC3339))
		}
	}
	return r, nil
}

func finite(values ...float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v-v != 0 })
}
