package decoders

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"tandem/record"
	"tandem/transformer"
)

// New opens a session of one sequence with so many K/V slots (prompt and output of the longest request) on a
// backend and returns the decoder of the settings, which owns it. The decoder is also an io.Closer.
func New(backend transformer.Backend, settings Settings, slots int) (Decoder, error) {
	if err := settings.fits(backend.Config()); err != nil {
		return nil, err
	}
	session, err := backend.Open(1, slots)
	if err != nil {
		return nil, err
	}
	return On(session, backend.Config(), settings, slots)
}

// On is New on a session that is already open, such as one of Batch.
func On(session transformer.Session, config transformer.Config, settings Settings, slots int) (Decoder, error) {
	if err := settings.fits(config); err != nil {
		return nil, err
	}
	settings = settings.resolve(config)
	d := decoder{session: session, config: config, settings: settings, slots: slots}
	if settings.Family == AR {
		return &autoregressive{d}, nil
	}
	return &diffusion{d}, nil
}

// fits says whether a model can run the settings.
func (s Settings) fits(c transformer.Config) error {
	if s.Family != AR && s.Family != Diffusion {
		return fmt.Errorf("unknown decoder family %q: it is ar or diffusion", s.Family)
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("decoder %s: %w", s.Name(), err)
	}
	if s.Family != Diffusion {
		return nil
	}
	if err := s.fitsAttention(c); err != nil {
		return fmt.Errorf("decoder %s: checkpoint %s %w", s.Name(), c.Name, err)
	}
	return nil
}

// fitsAttention says whether the cache computes the attention with which a checkpoint was trained to fill masks in. Where that
// is not known, settings must name what to compute.
func (s Settings) fitsAttention(c transformer.Config) error {
	blocks := s.Cache == "" || s.Cache == CacheBlock
	switch {
	case c.MaskToken < 0:
		return errors.New("has no mask token, so only ar can run it")
	case c.Attention == transformer.CausalMasks:
		return errors.New("fills masks in with strictly causal attention, by decoders that reorder positions or verify proposals " +
			"(WeDLM, I-DLM) and are not implemented, so only ar can run it")
	case c.Attention == transformer.BlockCausal && !blocks:
		return fmt.Errorf("was trained for block-causal attention, but cache=%s computes that of the whole sequence: leave cache out", s.Cache)
	case c.Attention == transformer.WholeSequence && s.Cache == CacheBlock:
		return errors.New("was trained for attention to the whole sequence, but cache=block computes that of blocks: leave cache out, " +
			"or name none, prefix or dual")
	case c.Attention == "" && len(c.BlockSizes) == 0 && blocks && (s.Cache == "" || s.Block == 0):
		return errors.New("does not say with which attention it was trained to fill masks in: name cache=block and block=N, or cache=none, " +
			"prefix or dual")
	}
	return nil
}

// NoBaseline is a line that says why ar in a plan is no fair baseline on a checkpoint; it is empty where it may be one.
func NoBaseline(plan []Settings, c transformer.Config) string {
	if c.Attention != transformer.WholeSequence || !slices.ContainsFunc(plan, func(s Settings) bool { return s.Family == AR }) {
		return ""
	}
	return c.Name + " was trained for attention to the whole sequence: ar on it is no fair baseline\n"
}

// decoder is what both families have.
type decoder struct {
	session  transformer.Session
	config   transformer.Config
	settings Settings // resolved
	slots    int
}

var _ io.Closer = (*decoder)(nil)

func (d *decoder) Name() string { return d.settings.Name() }

// Memory is what the decoder's session holds, in bytes.
func (d *decoder) Memory() int64 { return d.session.Memory() }

// Hold keeps the calling goroutine at the place of the decoder's forwards until it calls release; see transformer.Hold.
func (d *decoder) Hold() (release func()) { return transformer.Hold(d.session) }

// Close closes the session.
func (d *decoder) Close() error { return d.session.Close() }

// decode begins a decoding and hands it to write.
func (d *decoder) decode(ctx context.Context, req Request, write func(*run)) iter.Seq2[record.Step, error] {
	return func(yield func(record.Step, error) bool) {
		if err := d.accepts(req); err != nil {
			yield(record.Step{}, fmt.Errorf("decoder %s: %w", d.Name(), err))
			return
		}
		r := &run{ctx: ctx, session: d.session, config: d.config, req: req, yield: yield, began: time.Now()}
		r.text = append(make([]int32, 0, len(req.Prompt)+req.MaxTokens), req.Prompt...)
		r.pass = transformer.Pass{Temp: float32(d.settings.Temperature), TopK: d.settings.TopK,
			TopP: float32(d.settings.TopP), Seed: req.Seed}
		if d.config.MaskToken >= 0 {
			r.pass.Ban = append(r.pass.Ban, d.config.MaskToken)
		}
		r.stop.stop = req.Stop
		if req.Forced {
			r.pass.Ban, r.stop.stop = append(r.pass.Ban, d.config.EOSTokens...), nil
		}
		d.session.Reset(0)
		defer d.session.Reset(0) // a Batch then skips this sequence
		write(r)
	}
}

func (d *decoder) accepts(req Request) error {
	switch n := len(req.Prompt) + req.MaxTokens; {
	case len(req.Prompt) == 0:
		return fmt.Errorf("the prompt has no tokens")
	case req.MaxTokens < 1:
		return fmt.Errorf("%d output tokens asked for: ask for at least 1", req.MaxTokens)
	case n > d.slots:
		return fmt.Errorf("prompt and output are %d tokens, but the decoder was opened for %d", n, d.slots)
	}
	return nil
}

// A run is one decoding.
type run struct {
	ctx     context.Context
	session transformer.Session
	config  transformer.Config
	req     Request
	yield   func(record.Step, error) bool
	began   time.Time
	text    []int32          // the prompt and what is written, masks included
	pass    transformer.Pass // the sampling of every pass
	written int              // K/V slots
	stop    stopper
}

// stopped says whether the request's Stop ends the output.
func (r *run) stopped() bool { return r.stop.stopped(r.text[len(r.req.Prompt):], r.config.MaskToken) }

// forward computes text[from:to] and returns its step, without commits, and the guesses for the wanted rows. After
// false the decoding is over.
func (r *run) forward(kind record.Kind, from, to, span int, want []int) (record.Step, []transformer.Guess, bool) {
	pass := r.pass
	pass.Tokens, pass.Start, pass.Span, pass.Want = r.text[from:to], from, span, want
	err := r.ctx.Err()
	var guesses [][]transformer.Guess
	if err == nil {
		guesses, err = r.session.Forward(r.ctx, []transformer.Pass{pass})
	}
	if err == nil && slices.ContainsFunc(guesses[0], notFinite) {
		err = errNotFinite
	}
	if err != nil {
		r.yield(record.Step{}, fmt.Errorf("%s forward at position %d: %w", kind, from, err))
		return record.Step{}, nil, false
	}
	return r.step(kind, from, to, span), guesses[0], true
}

// errNotFinite ends a decoding whose guesses are NaN or infinite. Their tokens mean nothing, and one may be the mask: then a
// diffusion decoder would never end.
var errNotFinite = errors.New("a guess has no finite probability: activations overflow or a weight is not finite, so the checkpoint is " +
	"damaged, or its config is of another model; fetch it again")

func notFinite(g transformer.Guess) bool {
	sum := g.P + g.Margin + g.Entropy
	return sum-sum != 0
}

// step is the step of a forward over text[from:to] that has just finished, without commits.
func (r *run) step(kind record.Kind, from, to, span int) record.Step {
	at := time.Since(r.began)
	r.written = max(r.written, to)
	pass := transformer.Pass{Start: from, Span: span}
	return record.Step{At: at, Kind: kind, Rows: to - from, Reach: pass.Reach(to-from-1, r.written)}
}

// commit writes a guess at a position of text and returns its commit.
func (r *run) commit(at int, g transformer.Guess) record.Commit {
	r.text[at] = g.Token
	return record.Commit{Pos: int32(at - len(r.req.Prompt)), Token: g.Token, P: g.P}
}

// ended says whether an EOS stands in the output with no mask before it, or Stop ends it.
func (r *run) ended() bool {
	if r.stopped() {
		return true
	}
	for _, token := range r.text[len(r.req.Prompt):] {
		if r.config.MaskToken >= 0 && token == r.config.MaskToken {
			return false
		}
		if slices.Contains(r.config.EOSTokens, token) {
			return true
		}
	}
	return false
}
