package cpu

import (
	"runtime"
	"time"
	"unsafe"

	"tandem/transformer"
)

// A rate is a loop of arithmetic in registers, which measures a ceiling. run does n steps on one thread and returns the number
// of operations.
type rate struct {
	ceiling string
	run     func(n int) float64
}

const (
	ceilingRounds = 4                     // the best counts, because a disturbance can only slow a round down
	ceilingRound  = 25 * time.Millisecond // about
	largest       = 512 << 20             // bytes read where no size is given, and twice that at most: more than any last-level cache here
)

// A meter measures what this machine can do at most with a given number of threads.
type meter struct {
	memory arena
	parts  [][]byte // of the memory, one per thread
	pool   *pool
}

// newMeter starts threads and reserves memory of so many bytes, which is read as decoding reads the weights: those of a small
// model stay in the caches, those of a large one come from memory, and so does a part of them. Bytes 0 is more than the caches
// hold. Threads 0 is one per processor.
func newMeter(threads int, bytes int64) (*meter, error) {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	if bytes <= 0 {
		bytes = largest
	}
	bytes = min(bytes, 2*largest)
	m := &meter{parts: make([][]byte, threads)}
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

// Ceilings measures those of this machine for weights of so many bytes each, without a model: see meter.Ceilings. Weights that no
// cache holds have the same ones.
func Ceilings(threads int, sizes []int64) (out []map[string]float64, err error) {
	measured := map[int64]map[string]float64{}
	for _, bytes := range sizes {
		bytes = min(bytes, largest)
		if measured[bytes] == nil {
			m, err := newMeter(threads, bytes)
			if err != nil {
				return nil, err
			}
			measured[bytes] = m.Ceilings()
			if err := m.Close(); err != nil {
				return nil, err
			}
		}
		out = append(out, measured[bytes])
	}
	return out, nil
}

// Close stops the threads and frees the memory.
func (m *meter) Close() error {
	m.pool.close()
	return m.memory.free()
}

// Ceilings measures how fast the threads multiply and add in registers, in GFLOP/s, and how fast they read the memory again
// and again, in GB/s. The keys are the names of ceilings of package transformer, such as ReadCeiling. It takes about half a
// second, and the machine should do nothing else meanwhile.
func (m *meter) Ceilings() map[string]float64 {
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

// best runs work on all threads at once and doubles n until a round is long enough. It returns the best rate of the rounds, in
// 1e9 per second: the sum of the threads' counts divided by the time of the slowest thread.
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
