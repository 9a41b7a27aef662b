package cpu

import (
	"runtime"
	"sync"
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
	ceilingRounds = 6                     // the best of them counts: what disturbs a round only slows it
	ceilingRound  = 25 * time.Millisecond // about
	largest       = 512 << 20             // bytes read where no size is given: more than any last-level cache here
)

// Ceilings measures what so many threads of this machine can do at most, by the names of the transformer package: the
// rates of multiplications and additions in registers, GFLOP/s, and of reading a working set of so many bytes over
// and over, GB/s, as decoding reads the weights: a small model's stay in a cache, a large one's come from memory. With
// bytes 0 it is larger than the caches. It takes about a second, during which the machine should do nothing else.
func Ceilings(threads int, bytes int64) (map[string]float64, error) {
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	if bytes <= 0 {
		bytes = largest
	}
	var memory arena
	parts := make([][]byte, threads)
	for t := range parts {
		var err error
		if parts[t], err = memory.bytes(roundUp(max(int(bytes)/threads, 4096), 4096)); err != nil {
			return nil, err
		}
		for i := 0; i < len(parts[t]); i += align {
			parts[t][i] = byte(i / align) // unwritten pages would all be one and the same page of zeros
		}
	}
	out := map[string]float64{}
	for _, r := range rates() {
		gflops := best(threads, func(_, n int) float64 { return r.run(n) })
		out[r.ceiling] = max(out[r.ceiling], gflops)
	}
	out[transformer.ReadCeiling] = best(threads, func(t, n int) float64 {
		for range n {
			read(parts[t])
		}
		return float64(n * len(parts[t]))
	})
	return out, memory.free()
}

// best runs work on all threads at once, doubling n until a round is long enough, and returns the best rate of the
// rounds, the threads' counts together over the time of the slowest, in 1e9 a second.
func best(threads int, work func(thread, n int) float64) (rate float64) {
	n := 1
	for round := 0; round < ceilingRounds; {
		count, took := together(threads, func(t int) float64 { return work(t, n) })
		rate = max(rate, count/took.Seconds()/1e9)
		if took < ceilingRound && n < 1<<40 {
			n *= 2
			continue
		}
		round++
	}
	return rate
}

// together runs work once on each of so many operating-system threads and adds up what it returns.
func together(threads int, work func(thread int) float64) (sum float64, took time.Duration) {
	var ready, done sync.WaitGroup
	ready.Add(threads)
	start := make(chan struct{})
	counts := make([]float64, threads)
	for t := range threads {
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			<-start
			counts[t] = work(t)
		})
	}
	ready.Wait()
	began := time.Now()
	close(start)
	done.Wait()
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
