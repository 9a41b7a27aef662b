package cpu

import (
	"runtime"
	"time"
	"unsafe"

	"tandem/transformer"
)

// A rate is a loop of arithmetic in registers that counts for a ceiling; run does n steps on one thread and returns
// its operations.
type rate struct {
	ceiling string
	run     func(n int) float64
}

const (
	ceilingRounds = 4                     // the best of them counts: what disturbs a round only slows it
	ceilingRound  = 25 * time.Millisecond // about
	largest       = 512 << 20             // bytes read where no size is given: more than any last-level cache here
)

// A Meter measures what so many threads of this machine can do at most.
type Meter struct {
	memory arena
	parts  [][]byte // what each thread reads
	pool   *pool
}

// NewMeter reserves a working set of so many bytes, to be read as decoding reads the weights: a small model's stay in a
// cache, a large one's come from memory. With bytes 0 it is larger than the caches; with threads 0 there is one for each
// processor.
func NewMeter(threads int, bytes int64) (*Meter, error) {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	if bytes <= 0 {
		bytes = largest
	}
	m := &Meter{parts: make([][]byte, threads)}
	for t := range m.parts {
		var err error
		if m.parts[t], err = m.memory.bytes(roundUp(max(int(bytes)/threads, 4096), 4096)); err != nil {
			m.memory.free()
			return nil, err
		}
		for i := 0; i < len(m.parts[t]); i += align {
			m.parts[t][i] = byte(i / align) // unwritten pages would all be one and the same page of zeros
		}
	}
	m.pool = newPool(threads, linger)
	return m, nil
}

// Close stops the threads and gives the working set back.
func (m *Meter) Close() error {
	m.pool.close()
	return m.memory.free()
}

// Ceilings measures, by the names of the transformer package, the rates of multiplications and additions in registers,
// GFLOP/s, and of reading the working set over and over, GB/s. It takes about half a second, during which the machine
// should do nothing else.
func (m *Meter) Ceilings() map[string]float64 {
	out := map[string]float64{}
	for _, r := range rates() {
		out[r.ceiling] = m.pool.best(func(_, n int) float64 { return r.run(n) })
	}
	if dot := out[transformer.BF16DotCeiling]; dot > 0 {
		out[transformer.BF16Ceiling] = max(dot, out[transformer.BF16Ceiling])
	}
	out[transformer.ReadCeiling] = m.pool.best(func(t, n int) float64 {
		for range n {
			read(m.parts[t])
		}
		return float64(n * len(m.parts[t]))
	})
	return out
}

// best runs work on all threads at once, doubling n until a round is long enough, and returns the best rate of the
// rounds, the threads' counts together over the time of the slowest, in 1e9 a second.
func (p *pool) best(work func(thread, n int) float64) (rate float64) {
	n := 1
	for round := 0; round < ceilingRounds; {
		count, took := p.together(func(t int) float64 { return work(t, n) })
		rate = max(rate, count/took.Seconds()/1e9)
		if took < ceilingRound && n < 1<<40 {
			n *= 2
			continue
		}
		round++
	}
	return rate
}

// together runs work once on each thread and adds up what it returns.
func (p *pool) together(work func(thread int) float64) (sum float64, took time.Duration) {
	counts := make([]float64, p.threads)
	began := time.Now()
	p.run(func(t int) { counts[t] = work(t) }, false)
	took = max(time.Since(began), time.Nanosecond)
	for _, c := range counts {
		sum += c
	}
	return sum, took
}

// portableRate multiplies and adds in plain Go.
var portableRate = rate{transformer.F32Ceiling, func(n int) float64 {
	var a, b, c, d, e, f, g, h float32
	x := float32(n & 1)
	for range n {
		a, b, c, d = a*x+x, b*x+x, c*x+x, d*x+x
		e, f, g, h = e*x+x, f*x+x, g*x+x, h*x+x
	}
	if a+b+c+d+e+f+g+h == -1 {
		return 0 // never: it keeps the sums alive
	}
	return 16 * float64(n)
}}

// portableRead sums p in plain Go.
func portableRead(p []byte) {
	var a, b, c, d uint64
	words := unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(p))), len(p)/8)
	for ; len(words) >= 4; words = words[4:] {
		a, b, c, d = a+words[0], b+words[1], c+words[2], d+words[3]
	}
	if a+b+c+d == 0 {
		runtime.Gosched() // never, but it keeps the sums alive
	}
}
