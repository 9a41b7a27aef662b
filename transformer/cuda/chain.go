package cuda

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"tandem/transformer"
)

// The Go twins of unmask.cu.
type (
	chainState struct {
		value              float64
		kind, score, steps int32
		prompt, total      int32
		block              int32
		stops, bans, seeds int32
		group              int32
		temp, topP         float32
		topK               int32
		rows, tiles, wants int32
		forward            int32
		from, to           int32
		start, masks, step int32
		wanted, over       int32
	}
	settled struct {
		at, token int32
		p         float32
		_         int32
	}
	page struct {
		from, to, settled, over int32
		list                    [transformer.ChainBlock]settled
	}
	unmaskArgs struct {
		chain, places, text, seeds, stops, guesses, lists pointer
		pages                                             unsafe.Pointer
	}
)

const unmaskShared = transformer.ChainBlock*(8+5*4) + 2*4 // bytes

// chainBuffers are the state of a chain and its lists, which follow each other on the device and, for the upload, in
// pinned memory; behind them lie two pages there, which the device writes.
type chainBuffers struct {
	state, places, text, seeds, stops, bans pointer
	bytes                                   int64
	host                                    pinned
}

// layChain lays the buffers out in the session's memory.
func (s *session) layChain() {
	b, from := &s.chain, s.memory.size
	for _, part := range []struct {
		to *pointer
		n  int64
	}{
		{&b.state, int64(unsafe.Sizeof(chainState{}))}, {&b.places, transformer.ChainBlock * 4}, {&b.text, int64(s.slots) * 4},
		{&b.seeds, int64(s.slots) * 8}, {&b.stops, transformer.ChainStops * 4}, {&b.bans, int64(s.config.Vocab) * 4},
	} {
		s.memory.take(part.to, part.n)
	}
	b.bytes = s.memory.size - from
}

// listAt is n entries of a list in pinned memory that will lie at p on the device.
func listAt[T any](b *chainBuffers, p pointer, n int) []T {
	return list[T](&b.host, int64(p-b.state), n)
}

// pages are what the host reads of the forwards.
func (b *chainBuffers) pages() []page { return list[page](&b.host, b.bytes, 2) }

// unmask ends a forward of a chain: its guesses become the next forward's pass.
func (s *session) unmask() {
	b := &s.chain
	launch(s.backend.device, "unmask", 256, grid{1, 1, 1}, unmaskShared, unmaskArgs{chain: b.state, places: b.places, text: b.text,
		seeds: b.seeds, stops: b.stops, guesses: s.guessed, lists: s.upload, pages: unsafe.Pointer(&b.pages()[0])})
}

// Chain runs a chain; see transformer.Chainer. A forward is launched before the one ahead of it is awaited, so that the
// device goes from one to the next by itself. At the end one may have been launched in vain: it finds nothing to do.
func (s *session) Chain(ctx context.Context, c transformer.Chain, link func(transformer.Link) bool) (err error) {
	if err := c.Check(s.slots, s.config.Vocab); err != nil {
		return fmt.Errorf("cuda: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d := s.backend.device
	end := d.hold() // nil while link runs
	defer func() {
		if end == nil { // link panics
			end = d.hold()
		}
		if e := errors.Join(d.enter(), d.wait()); err == nil {
			err = e
		}
		s.Reset(0)
		end()
	}()
	s.Reset(0)
	if err := d.enter(); err != nil {
		return err
	}
	if err := s.begin(&c); err != nil {
		return fmt.Errorf("cuda: chain: %w", err)
	}
	var out transformer.Link
	for i, left := 0, len(c.Tokens)-c.Prompt; ; i++ {
		if left > 1 { // forward i settles one at least
			if err := s.submit(nil, &s.watches[(i+1)%2]); err != nil {
				return fmt.Errorf("cuda: chain: %w", err)
			}
		}
		w, p := &s.watches[i%2], &s.chain.pages()[i%2]
		if err := errors.Join(w.wait(), s.count(w)); err != nil {
			return fmt.Errorf("cuda: chain: %w", err)
		}
		over := p.over != 0
		left -= p.read(&out)
		if !over && (left < 1 || len(out.Settled) == 0) {
			return fmt.Errorf("cuda: chain: forward %d settled %d tokens and did not end with %d left", i, len(out.Settled), left)
		}
		end() // whoever takes the link may use other sessions
		end = nil
		goes := link(out)
		end = d.hold()
		if err := d.enter(); err != nil || over || !goes {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// read makes a link of a page and returns how many tokens it settled.
func (p *page) read(to *transformer.Link) int {
	to.From, to.To, to.Settled = int(p.from), int(p.to), to.Settled[:0]
	for _, t := range p.list[:p.settled] {
		to.Settled = append(to.Settled, transformer.Settled{At: int(t.at), Token: t.token, P: t.p})
	}
	return int(p.settled)
}

// begin brings a chain to the device, launches its first forward and plans the later ones.
func (s *session) begin(c *transformer.Chain) error {
	passes := []transformer.Pass{c.First()}
	if err := s.prepare(passes); err != nil {
		return err
	}
	s.plan.to = 0
	s.group(passes)
	s.plan.shape.link = firstLink
	after := s.laterShape(c)
	s.bring(c, &passes[0], after)
	if err := s.submit(passes, &s.watches[0]); err != nil {
		return err
	}
	s.plan.shape = after
	return nil
}

// laterShape is that of all forwards but the first.
func (s *session) laterShape(c *transformer.Chain) shape {
	rows, wants, group := 1, 1, s.config.Heads/s.config.KVHeads
	if c.Block > 0 {
		rows, wants = min(2*c.Block, len(c.Tokens)), min(c.Block, len(c.Tokens))
	}
	most := s.plan.limits
	p := shape{rows: power(rows, 8, most.rows), tiles: power((rows*group+15)/16, 1, most.tiles), wants: power(wants, 1, most.wants),
		bans: power(len(c.Ban), 1, most.bans), cut: s.plan.shape.cut, link: laterLink}
	p.splits = s.splits((len(c.Tokens)+split-1)/split, p.rows)
	return p
}

// bring writes the chain into pinned memory and puts its way to the device on the stream.
func (s *session) bring(c *transformer.Chain, pass *transformer.Pass, after shape) {
	b, start := &s.chain, 0
	if c.Block > 0 {
		start = c.Prompt / c.Block * c.Block
	}
	listAt[chainState](b, b.state, 1)[0] = chainState{value: c.Rule.Value, kind: int32(c.Rule.Kind), score: int32(c.Rule.Score), steps: int32(c.Rule.Steps),
		prompt: int32(c.Prompt), total: int32(len(c.Tokens)), block: int32(c.Block), stops: int32(len(c.Stops)), bans: int32(len(c.Ban)),
		seeds: int32(len(c.Seeds)), group: int32(s.config.Heads / s.config.KVHeads), temp: c.Temp, topP: c.TopP, topK: int32(min(c.TopK, s.config.Vocab)),
		rows: int32(after.rowsAt()), tiles: int32(after.tilesAt()), wants: int32(after.wantsAt()), to: int32(len(pass.Tokens)), start: int32(start),
		masks: int32(len(pass.Want)), wanted: int32(len(pass.Want))}
	places := listAt[int32](b, b.places, len(pass.Want))
	for i, row := range pass.Want {
		places[i] = int32(row)
		if c.Block == 0 {
			places[i]++
		}
	}
	copy(listAt[int32](b, b.text, len(c.Tokens)), c.Tokens)
	copy(listAt[uint64](b, b.seeds, len(c.Seeds)), c.Seeds)
	copy(listAt[int32](b, b.stops, len(c.Stops)), c.Stops)
	copy(listAt[int32](b, b.bans, len(c.Ban)), c.Ban)
	s.backend.device.copyIn(b.state, b.host.data, int64(b.bans-b.state)+int64(len(c.Ban))*4)
}
