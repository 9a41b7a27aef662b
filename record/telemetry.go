package record

import (
	"encoding/json"
	"time"

	"tandem/record/jsonl"
)

// A GPU is what stays the same of a graphics processor during a run. What could not be read is left out.
type GPU struct {
	Name       string  `json:"name"`
	UUID       string  `json:"uuid,omitempty"`
	Driver     string  `json:"driver,omitempty"`
	Memory     int64   `json:"memory_bytes,omitempty"`
	PowerLimit float64 `json:"power_limit_watts,omitempty"`
	ECC        *bool   `json:"ecc,omitempty"`
	MIG        *bool   `json:"mig,omitempty"`
}

// A Reading is what a GPU said of itself at one moment. A quantity that could not be read is nil.
type Reading struct {
	At          time.Time `json:"at"`
	Watts       *float64  `json:"watts,omitempty"`
	SMClock     *int      `json:"sm_mhz,omitempty"`
	MemoryClock *int      `json:"memory_mhz,omitempty"`
	Celsius     *int      `json:"celsius,omitempty"`
	MemoryUsed  *int64    `json:"memory_used_bytes,omitempty"`
	Reasons     []string  `json:"clock_event_reasons,omitempty"` // why the clocks were below their most
}

// An Energy is a window of repeated decoding whose energy the GPU's own counter gave.
type Energy struct {
	Decoder   string  `json:"decoder,omitempty"` // empty: the GPU was idle
	Seconds   float64 `json:"seconds"`
	Joules    float64 `json:"joules"`
	Tokens    int     `json:"tokens,omitempty"` // useful ones
	Decodings int     `json:"decodings,omitempty"`
}

// A Telemetry is a line of telemetry.jsonl: one of its fields.
type Telemetry struct {
	GPU     *GPU     `json:"gpu,omitempty"`
	Reading *Reading `json:"reading,omitempty"`
	Energy  *Energy  `json:"energy,omitempty"`
}

// ReadTelemetry reads telemetry.jsonl. A torn last line is dropped; any other damage is an error that names the line.
func ReadTelemetry(path string) ([]Telemetry, error) { return jsonl.ReadFile(path, parseTelemetry) }

// AppendTelemetry goes on with telemetry.jsonl, which it creates where there is none.
func AppendTelemetry(path string) (*jsonl.Writer, error) {
	return jsonl.Append(path, func(in *jsonl.Reader) error {
		for _, err := range jsonl.All(in, parseTelemetry) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func parseTelemetry(line []byte, t *Telemetry) error { return json.Unmarshal(line, t) }
