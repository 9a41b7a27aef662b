package claims

import (
	"fmt"

	"tandem/transformer"
	"tandem/transformer/models"
)

// An Implied is what follows from a claim's figures at the roofline of a card: the least time of a forward is that of reading the
// weights and K/V once or of doing its operations, whichever is longer (transformer.Card). No engine is faster, so tokens per forward
// are the least that the claim needs, and tokens per second the most that a baseline can reach.
type Implied struct {
	Card     string   `json:"hardware"`
	Geometry string   `json:"geometry"`
	Block    int      `json:"block"`
	Context  int      `json:"context"` // positions before
	Batch    int      `json:"batch"`
	Assumed  []string `json:"assumed,omitempty"` // what the claim does not say, and is taken as

	BlockSeconds  float64  `json:"block_seconds"`                // of a block's forward
	BaselineRate  float64  `json:"ar_tokens_per_second_at_most"` // of an autoregressive decoder, all requests together
	BreakEven     float64  `json:"break_even_tokens_per_forward"`
	PerForward    *float64 `json:"tokens_per_forward,omitempty"`
	BaselineShare *float64 `json:"baseline_ceiling_share,omitempty"`
	CatchUp       *int     `json:"ar_catches_up_at_batch,omitempty"` // with so many tokens per forward, at the roofline; 0 where not by mostBatch
	guessed       bool     // the shape is usualShape
	elsewhere     bool     // the card is not the claim's
	Lines         []string `json:"-"` // the arithmetic, a formula a line
}

// What is assumed where a claim does not say: a dense model of 7 billion parameters on an H200, blocks of 32, 1024 positions before.
const (
	usualShape   = "qwen2.5-7b"
	usualCard    = "H200"
	usualBlock   = 32
	usualContext = 1024
	mostBatch    = 4096
)

// Imply does the arithmetic on a card of the ledger that the claim names, or where on is not nil on that one in its place. why says
// what is missing where it cannot be done.
func (l Ledger) Imply(c Claim, on *Card) (out *Implied, why string) {
	o := c.Conditions
	shape, assumed, why := shapeOf(c)
	if why != "" {
		return nil, why
	}
	if p := o.Precision; p != "" && p != string(transformer.BF16) {
		return nil, fmt.Sprintf("its weights are %s, the arithmetic is of bf16", p)
	}
	out = &Implied{guessed: len(assumed) > 0, elsewhere: on != nil, Geometry: shape.Name, Block: o.Block,
		Context: o.Prompt + o.Generated/2, Batch: o.Batch, Assumed: assumed}
	card, cards := Card{}, o.Cards
	switch named, known := find(l.Cards, o.Hardware); {
	case on != nil:
		card, cards = *on, 1
	case known:
		card = named
	default:
		card, _ = find(l.Cards, usualCard)
		out.Assumed = append(out.Assumed, "hardware "+usualCard)
	}
	out.Card = card.Name
	for _, d := range []struct {
		value *int
		usual int
		text  string
	}{{&out.Block, usualBlock, "block"}, {&out.Context, usualContext, "context"}, {&out.Batch, 1, "batch"}} {
		if *d.value == 0 {
			*d.value = d.usual
			out.Assumed = append(out.Assumed, fmt.Sprintf("%s %d", d.text, d.usual))
		}
	}
	out.compute(c, roof{transformer.Card{Config: shape, Dtype: transformer.BF16}, card.ceilings(cards), out.Context})
	if out.PerForward == nil && out.BaselineShare == nil && c.About == Models {
		return nil, "its figures imply neither tokens per forward nor a share of the ceiling"
	}
	return out, ""
}

// shapeOf is the shape of the claim's model; one of an unknown size is taken as usualShape.
func shapeOf(c Claim) (shape transformer.Config, assumed []string, why string) {
	name := c.Conditions.Geometry
	if len(c.Conditions.Models) > 0 {
		entry, _ := models.Find(c.Conditions.Models[0])
		name = entry.Geometry
	}
	if name == "" && len(c.Conditions.Models) == 0 && (c.unsaid("size") == "undisclosed" || c.About != Models) {
		name, assumed = usualShape, []string{"shape " + usualShape}
	}
	if name == "" {
		return shape, nil, "the shape of " + c.Conditions.Model + " is not in the catalogue"
	}
	shape, err := transformer.Geometry(name)
	if err != nil {
		return shape, nil, err.Error()
	}
	return shape, assumed, ""
}

// A roof is the least time of a model's forwards behind so many positions.
type roof struct {
	model    transformer.Card
	ceilings map[string]float64
	context  int
}

// shape is a forward of so many rows for each of so many requests.
func (r roof) shape(batch, rows int) transformer.Shape {
	return transformer.Shape{Sequences: batch, Rows: rows, Guesses: rows, Reach: r.context + rows}
}

func (r roof) seconds(batch, rows int) float64 {
	return r.model.Ideal(r.shape(batch, rows), r.ceilings)
}

// formula is the time of a forward with its numbers.
func (r roof) formula(batch, rows int) string {
	s := r.shape(batch, rows)
	gigabytes, gigaflops := float64(r.model.Bytes(s))/1e9, r.model.FLOPs(s)/1e9
	read, compute := r.ceilings[transformer.ReadCeiling], r.ceilings[transformer.BF16Ceiling]
	text := fmt.Sprintf("%.4g GB / %.4g GB/s", gigabytes, read)
	if gigaflops/compute > gigabytes/read {
		text = fmt.Sprintf("%.4g GFLOP / %.4g GFLOP/s", gigaflops, compute)
	}
	return fmt.Sprintf("%s = %.3f ms", text, 1e3*r.seconds(batch, rows))
}

// catchUp is the smallest batch at which an autoregressive decoder writes as much as one that commits so many tokens a forward.
func (r roof) catchUp(block int, perForward float64) int {
	for batch := 1; batch <= mostBatch; batch++ {
		if r.seconds(batch, block) >= perForward*r.seconds(batch, 1) {
			return batch
		}
	}
	return 0
}

// compute fills in what follows, a line each.
func (i *Implied) compute(c Claim, r roof) {
	add := func(format string, args ...any) { i.Lines = append(i.Lines, fmt.Sprintf(format, args...)) }
	token := r.seconds(i.Batch, 1)
	i.BlockSeconds = r.seconds(i.Batch, i.Block)
	i.BaselineRate, i.BreakEven = float64(i.Batch)/token, i.BlockSeconds/token
	add("a forward of ar: %s; ar writes %d / %.3f ms = %.4g tok/s at most", r.formula(i.Batch, 1), i.Batch, 1e3*token, i.BaselineRate)
	add("a forward of a block of %d: %s; it must commit > %.2f tokens to win", i.Block, r.formula(i.Batch, i.Block), i.BreakEven)
	f, ratio := c.Figures, (*Amount)(nil)
	if c.Conditions.Baseline.Kind == AR {
		ratio, _ = c.Faster()
	}
	diffusion := c.About == Models && !c.autoregressive()
	switch {
	case diffusion && f.TokensPerSecond != nil:
		v := f.TokensPerSecond.middle() / float64(i.Batch) * i.BlockSeconds
		i.PerForward = &v
		add("tokens per forward: %.4g tok/s / batch %d x %.3f ms = %.2f at least", f.TokensPerSecond.middle(), i.Batch, 1e3*i.BlockSeconds, v)
	case diffusion && ratio != nil:
		v := ratio.middle() * i.BreakEven
		i.PerForward = &v
		add("tokens per forward: %.4gx x %.2f = %.2f, if both engines come as near to the roofline", ratio.middle(), i.BreakEven, v)
	}
	baseline := f.BaselineTokens
	if c.Conditions.Baseline.Kind != AR {
		baseline = nil
	}
	if c.autoregressive() {
		baseline = f.TokensPerSecond
	}
	if baseline != nil && !i.guessed && !i.elsewhere {
		v := baseline.middle() / i.BaselineRate
		i.BaselineShare = &v
		add("the baseline's share of the ceiling: %.4g / %.4g tok/s = %.0f%%", baseline.middle(), i.BaselineRate, 100*v)
	}
	switch {
	case i.PerForward == nil:
	case *i.PerForward > float64(i.Block):
		add("that is more than the block has: no decoder of such blocks reaches it there")
	default:
		i.catchUp(r, add)
	}
}

func (i *Implied) catchUp(r roof, add func(string, ...any)) {
	at := r.catchUp(i.Block, *i.PerForward)
	i.CatchUp = &at
	if at == 0 {
		add("with %.2f tokens per forward ar does not catch up by batch %d at the roofline", *i.PerForward, mostBatch)
		return
	}
	add("with %.2f tokens per forward ar catches up at batch %d at the roofline", *i.PerForward, at)
}

// autoregressive says that the claim is of an autoregressive decoder's speed.
func (c Claim) autoregressive() bool { return c.Conditions.Decoder == string(AR) }
