package cuda

import (
	"context"
	"errors"
	"fmt"
	"structs"
	"unsafe"

	"tandem/transformer"
)

// The Go twins of unmask.cu.
type (
	decodeState struct {
		_                  structs.HostLayout
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
	commit struct {
		pos, token int32
		p          float32
		_          int32
	}
	result struct {
		from, to, count, over int32
		commits               [transformer.MaxDeviceBlock]commit
	}
	unmaskArgs struct {
		state, positions, text, seeds, stops, guesses, lists pointer
		results                                              unsafe.Pointer
	}
)

const unmaskShared = transformer.MaxDeviceBlock*(8+5*4) + 2*4 // bytes

// decodeBuffers are the state of a decoding on the device and its lists. They follow each other on the device and, for the
// upload, in pinned memory. Behind them in pinned memory lie two results, which the device writes: forwards alternate.
type decodeBuffers struct {
	state, positions, text, seeds, stops, bans pointer
	bytes                                      int64
	host                                       pinned
}

// layDecode lays the buffers out in the session's memory.
func (s *session) layDecode() {
	b, from := &s.decode, s.memory.size
	for _, part := range []struct {
		to *pointer
		n  int64
	}{
		{&b.state, int64(unsafe.Sizeof(decodeState{}))}, {&b.positions, transformer.MaxDeviceBlock * 4}, {&b.text, int64(s.slots) * 4},
		{&b.seeds, int64(s.slots) * 8}, {&b.stops, transformer.MaxDeviceStops * 4}, {&b.bans, int64(s.config.Vocab) * 4},
	} {
		s.memory.take(part.to, part.n)
	}
	b.bytes = s.memory.size - from
}

// listAt is n entries of a list in pinned memory that will lie at p on the device.
func listAt[T any](b *decodeBuffers, p pointer, n int) []T {
	return list[T](&b.host, int64(p-b.state), n)
}

// results are what the host reads of the forwards.
func (b *decodeBuffers) results() []result { return list[result](&b.host, b.bytes, 2) }

// unmask ends a forward: some of its guesses are committed, and the next forward's pass follows from that.
func (s *session) unmask() {
	b := &s.decode
	launch(s.backend.device, "unmask", 256, grid{1, 1, 1}, unmaskShared, unmaskArgs{state: b.state, positions: b.positions, text: b.text,
		seeds: b.seeds, stops: b.stops, guesses: s.guessed, lists: s.upload, results: unsafe.Pointer(&b.results()[0])})
}

// DecodeOnDevice decodes on the device; see transformer.DeviceDecoder. The host launches a forward before it waits for the
// one ahead, so that the device is never without work. The last forward may have been launched in vain: it finds nothing
// to do.
func (s *session) DecodeOnDevice(ctx context.Context, c transformer.DeviceDecode, each func(transformer.ForwardResult) bool) (err error) {
	if err := c.Check(s.slots, s.config.Vocab); err != nil {
		return fmt.Errorf("cuda: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d := s.backend.device
	end := d.hold() // nil while each runs
	defer func() {
		if end == nil { // each panics
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
		return fmt.Errorf("cuda: decoding: %w", err)
	}
	var out transformer.ForwardResult
	for i, left := 0, len(c.Tokens)-c.Prompt; ; i++ {
		if left > 1 { // forward i commits one at least
			if err := s.submit(nil, &s.watches[(i+1)%2]); err != nil {
				return fmt.Errorf("cuda: decoding: %w", err)
			}
		}
		w, r := &s.watches[i%2], &s.decode.results()[i%2]
		if err := errors.Join(w.wait(), s.count(w)); err != nil {
			return fmt.Errorf("cuda: decoding: %w", err)
		}
		over := r.over != 0
		left -= r.read(&out)
		if !over && (left < 1 || len(out.Commits) == 0) {
			return fmt.Errorf("cuda: decoding: forward %d committed %d tokens and did not end with %d left", i, len(out.Commits), left)
		}
		end() // each may use other sessions
		end = nil
		goes := each(out)
		end = d.hold()
		if err := d.enter(); err != nil || over || !goes {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// read copies a result and returns how many tokens it committed.
func (r *result) read(to *transformer.ForwardResult) int {
	to.From, to.To, to.Commits = int(r.from), int(r.to), to.Commits[:0]
	for _, c := range r.commits[:r.count] {
		to.Commits = append(to.Commits, transformer.Commit{Pos: int(c.pos), Token: c.token, P: c.p})
	}
	return int(r.count)
}

// begin copies a decoding to the device, launches its first forward and plans the later ones.
func (s *session) begin(c *transformer.DeviceDecode) error {
	passes := []transformer.Pass{c.FirstPass()}
	if err := s.prepare(passes); err != nil {
		return err
	}
	s.plan.to = 0
	s.group(passes)
	s.plan.shape.order = firstForward
	after := s.laterShape(c)
	s.uploadDecode(c, &passes[0], after)
	if err := s.submit(passes, &s.watches[0]); err != nil {
		return err
	}
	s.plan.shape = after
	return nil
}

// laterShape is that of all forwards but the first.
func (s *session) laterShape(c *transformer.DeviceDecode) shape {
	rows, wants, group := 1, 1, s.config.Heads/s.config.KVHeads
	if c.Block > 0 {
		rows, wants = min(2*c.Block, len(c.Tokens)), min(c.Block, len(c.Tokens))
	}
	most := s.plan.limits
	p := shape{rows: power(rows, 8, most.rows), tiles: power((rows*group+15)/16, 1, most.tiles), wants: power(wants, 1, most.wants),
		bans: power(len(c.Ban), 1, most.bans), cut: s.plan.shape.cut, order: laterForward}
	p.splits = s.splits((len(c.Tokens)+split-1)/split, p.rows)
	return p
}

// uploadDecode writes the decoding into pinned memory and puts the copy to the device on the stream.
func (s *session) uploadDecode(c *transformer.DeviceDecode, pass *transformer.Pass, after shape) {
	b, start := &s.decode, 0
	if c.Block > 0 {
		start = c.Prompt / c.Block * c.Block
	}
	listAt[decodeState](b, b.state, 1)[0] = decodeState{value: c.Policy.Value, kind: int32(c.Policy.Kind), score: int32(c.Policy.Score),
		steps: int32(c.Policy.Steps), prompt: int32(c.Prompt), total: int32(len(c.Tokens)), block: int32(c.Block), stops: int32(len(c.Stops)),
		bans: int32(len(c.Ban)), seeds: int32(len(c.Seeds)), group: int32(s.config.Heads / s.config.KVHeads), temp: c.Temp, topP: c.TopP,
		topK: int32(min(c.TopK, s.config.Vocab)), rows: int32(after.rowsAt()), tiles: int32(after.tilesAt()), wants: int32(after.wantsAt()),
		to: int32(len(pass.Tokens)), start: int32(start), masks: int32(len(pass.Want)), wanted: int32(len(pass.Want))}
	positions := listAt[int32](b, b.positions, len(pass.Want))
	for i, row := range pass.Want {
		positions[i] = int32(row)
		if c.Block == 0 {
			positions[i]++
		}
	}
	copy(listAt[int32](b, b.text, len(c.Tokens)), c.Tokens)
	copy(listAt[uint64](b, b.seeds, len(c.Seeds)), c.Seeds)
	copy(listAt[int32](b, b.stops, len(c.Stops)), c.Stops)
	copy(listAt[int32](b, b.bans, len(c.Ban)), c.Ban)
	s.backend.device.copyIn(b.state, b.host.data, int64(b.bans-b.state)+int64(len(c.Ban))*4)
}
