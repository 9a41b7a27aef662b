// Package sheet is the page of `tandem models show`: what a model is, what it costs, and what this machine's ceilings allow it.
//
//  1. Read takes what the catalogue and a lock say of a model, and its blueprint: shape, special ids, bytes by dtype. No weights are
//     loaded.
//  2. Limit adds the least time of its forwards on a machine (transformer.Outlook).
//  3. Text and JSON show it; what is not known is left out.
package sheet

import (
	"fmt"
	"strings"

	"tandem/reports/table"
	"tandem/transformer"
)

// A Sheet says all of a model. Its JSON is for scripts.
type Sheet struct {
	Schema     int      `json:"schema"`
	Name       string   `json:"name"`
	Path       string   `json:"path,omitempty"` // where it lies
	Repository string   `json:"repository,omitempty"`
	Revision   string   `json:"revision,omitempty"`
	Package    string   `json:"package,omitempty"`
	Licence    string   `json:"licence,omitempty"`
	Gated      bool     `json:"gated,omitempty"`
	Diffusion  bool     `json:"diffusion,omitempty"` // by the catalogue: trained to fill in masks
	Twins      []string `json:"twins,omitempty"`
	Bytes      int64    `json:"files_bytes,omitempty"`
	Parameters int64    `json:"parameters,omitempty"`

	Geometry  *Geometry `json:"geometry,omitempty"`
	Attention string    `json:"attention,omitempty"` // in which it fills in masks
	Blocks    []int     `json:"block_sizes,omitempty"`
	Shifted   bool      `json:"logits_shifted,omitempty"`
	Mask      *int32    `json:"mask_token_id,omitempty"`
	EOS       []int32   `json:"eos_token_ids,omitempty"`
	Context   int       `json:"context,omitempty"` // positions before a token or a block
	Dtypes    []Cost    `json:"dtypes,omitempty"`
	Device    string    `json:"device,omitempty"`
	Features  string    `json:"features,omitempty"`
	Threads   int       `json:"threads,omitempty"`
	Elsewhere float64   `json:"elsewhere,omitempty"` // share of the processors' time that other work took while the ceilings were measured

	config  transformer.Config
	forward []int // rows of the blocks that Limit is about
}

// A Geometry is a model's shape.
type Geometry struct {
	Layers       int     `json:"layers"`
	Hidden       int     `json:"hidden"`
	Intermediate int     `json:"intermediate"`
	Heads        int     `json:"heads"`
	KVHeads      int     `json:"kv_heads"`
	HeadDim      int     `json:"head_dim"`
	Vocab        int     `json:"vocabulary"`
	Positions    int     `json:"positions,omitempty"`
	RopeTheta    float64 `json:"rope_theta"`
	Tied         bool    `json:"tied"`
}

// A Cost is what the model costs in a dtype: bytes, and at a machine's ceilings seconds.
type Cost struct {
	Dtype     transformer.Dtype  `json:"dtype"`
	Weights   int64              `json:"weights_bytes"`
	Token     int64              `json:"token_bytes"`       // that an autoregressive forward reads behind the context
	KV        int64              `json:"kv_position_bytes"` // of one position
	KVContext int64              `json:"kv_context_bytes"`
	Ceilings  map[string]float64 `json:"ceilings,omitempty"` // GB/s and GFLOP/s, for weights of this size
	Seconds   float64            `json:"token_seconds,omitempty"`
	Rate      float64            `json:"tokens_per_second,omitempty"`
	Forwards  []Forward          `json:"blocks,omitempty"`
}

// A Forward is that of a block.
type Forward struct {
	Rows      int     `json:"rows"`
	Seconds   float64 `json:"seconds"`
	BreakEven float64 `json:"break_even"` // tokens that it has to commit to be as fast as the autoregressive decoder
}

// Limit adds the least times of a token and of the blocks on a machine, whose ceilings for weights of the size of each of Dtypes
// these are. elsewhere is the share of its processors' time that other work took while they were measured.
func (s *Sheet) Limit(about transformer.Description, ceilings []map[string]float64, elsewhere float64) {
	s.Device, s.Features, s.Threads, s.Elsewhere = about.Device, about.Features, about.Threads, elsewhere
	for i := range s.Dtypes {
		cost := &s.Dtypes[i]
		o := transformer.Card{Config: s.config, Dtype: cost.Dtype}.Outlook(s.Context, s.forward, ceilings[i])
		cost.Ceilings, cost.Seconds, cost.Rate = ceilings[i], o.Token, o.TokensPerSecond
		for _, b := range o.Blocks {
			cost.Forwards = append(cost.Forwards, Forward(b))
		}
	}
}

// Weights are the bytes of each of Dtypes.
func (s *Sheet) Weights() (sizes []int64) {
	for _, d := range s.Dtypes {
		sizes = append(sizes, d.Weights)
	}
	return sizes
}

// quiet is the share of other work that slows no measurement down.
const quiet = 0.05

// Text is the sheet for a terminal of so many characters.
func (s *Sheet) Text(width int) string {
	var b strings.Builder
	b.WriteString(table.Pairs(s.pairs(), width))
	if len(s.Dtypes) > 0 {
		b.WriteString("\n" + s.costs().Show(width))
	}
	if s.Device != "" && s.Elsewhere > quiet {
		fmt.Fprintf(&b, "\n%s\n", table.Wrap(fmt.Sprintf("WARNING: other work took %.0f%% of this machine's processor time: "+
			"its ceilings are higher than measured here; ask again when it is idle", 100*s.Elsewhere), width, ""))
	}
	if s.Device != "" {
		b.WriteString("\n" + table.Wrap(s.machine(), width, "") + "\n" + s.forwards().Show(width))
	}
	return b.String()
}
