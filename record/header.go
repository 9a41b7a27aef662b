package record

import (
	"fmt"
	"time"
)

// A Header is the first line of a results file.
type Header struct {
	Schema       int                `json:"schema"`
	Environment  Environment        `json:"environment"`
	Suite        SuiteInfo          `json:"suite"`
	Model        ModelInfo          `json:"model"`
	Decoders     []DecoderInfo      `json:"decoders"`
	Prompts      []PromptInfo       `json:"prompts,omitempty"` // those that the decoders' settings name; absent: all are completions
	Plan         PlanInfo           `json:"plan"`
	Shard        *Shard             `json:"shard,omitempty"`                    // the part of the plan that this run is; absent: all of it
	ClientChunks float64            `json:"client_chunks_per_second,omitempty"` // events of a stream that one processor here reads and stamps, measured on loopback
	Merged       int                `json:"merged,omitempty"`                   // shards that the run was put together from
	Ceilings     map[string]float64 `json:"ceilings,omitempty"`                 // measured in this run: "read_gb_per_second", "bf16_gflop_per_second", …
}

// Environment is where a run happened. What could not be read is left out.
type Environment struct {
	Version     string    `json:"version"`
	Commit      string    `json:"commit"`
	Go          string    `json:"go"`
	OS          string    `json:"os"`
	Kernel      string    `json:"kernel,omitempty"`
	CPU         string    `json:"cpu"`
	Cores       int       `json:"cores"`
	Threads     int       `json:"threads,omitempty"`          // absent where endpoints alone decode
	Features    string    `json:"features,omitempty"`         // instruction set the kernels chose
	Portable    bool      `json:"portable_kernels,omitempty"` // the kernels are plain Go, without C
	Memory      uint64    `json:"memory,omitempty"`           // bytes
	GPU         string    `json:"gpu,omitempty"`
	Driver      string    `json:"driver,omitempty"`
	Device      string    `json:"device,omitempty"` // cpu or cuda; absent where endpoints alone decode
	Load        float64   `json:"load"`             // 1-minute load average at the start
	Python      string    `json:"python,omitempty"`
	SandboxTier string    `json:"sandbox_tier"`
	Started     time.Time `json:"started"`
}

// SuiteInfo identifies a task suite.
type SuiteInfo struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Tasks  int    `json:"tasks"`
}

// ModelInfo identifies the weights. Of a run over endpoints alone nothing is known but the name.
type ModelInfo struct {
	Name       string `json:"name"`
	SHA256     string `json:"sha256,omitempty"`
	Parameters int64  `json:"parameters,omitempty"`
	Dtype      string `json:"dtype,omitempty"`
	Attention  string `json:"attention,omitempty"` // with which it was trained to fill masks in, such as WholeSequence
}

// WholeSequence is the Attention of a model that was trained to see what stands behind a token, too.
const WholeSequence = "whole-sequence"

// DecoderInfo is a decoder's name and its settings spelled out.
type DecoderInfo struct {
	Name     string         `json:"name"`
	Settings map[string]any `json:"settings"`
}

// PromptInfo is how a decoder's tasks were asked, and how answers are found again: by it a run can be scored without the files that
// the prompt came from.
type PromptInfo struct {
	Name      string   `json:"name"`
	SHA256    string   `json:"sha256"`              // hex, of the texts of all tasks, each with a NUL behind it
	Template  string   `json:"template,omitempty"`  // hex hash of the checkpoint's chat template, where it was used
	Answer    string   `json:"answer"`              // the form of the answers: completion or chat
	Assistant string   `json:"assistant,omitempty"` // the beginning of the answer that the prompt holds already, a template
	Stops     []string `json:"stops,omitempty"`     // stop words in place of those of the suite
}

// PlanInfo is what was asked for.
type PlanInfo struct {
	Repeats   int    `json:"repeats"`
	Extra     int    `json:"extra_repeats,omitempty"` // times that a disturbed decoding is decoded again at the most
	Samples   int    `json:"samples"`
	Limit     int    `json:"limit,omitempty"`
	Batch     int    `json:"batch"`
	MaxTokens int    `json:"max_tokens"`
	Length    string `json:"length"`          // natural or forced
	Seed      uint64 `json:"seed"`            // orders the interleaving
	Nonce     bool   `json:"nonce,omitempty"` // what endpoints are asked begins with a word of the decoder, sample and repeat: no cache holds it
}

// A Shard is a part of a plan: the tasks whose place in a seeded order of all tasks is Index, modulo Of.
type Shard struct {
	Index int `json:"index"` // from 0 on
	Of    int `json:"of"`
}

// String is "2/8", the form in which a shard is asked for.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// Planned is how many decodings a header's plan has, those of disturbed ones again left out; 0 where the plan is not known.
func (h Header) Planned() int {
	tasks := h.Suite.Tasks
	if h.Plan.Limit > 0 {
		tasks = min(tasks, h.Plan.Limit)
	}
	if s := h.Shard; s != nil {
		tasks = (tasks - s.Index + s.Of - 1) / s.Of
	}
	return tasks * h.Plan.Repeats * max(1, h.Plan.Samples) * len(h.Decoders)
}
