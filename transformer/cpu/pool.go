package cpu

import (
	"runtime"
	"sync/atomic"
)

// Spins of a waiting thread before it yields to the Go scheduler, about 20 µs: more than a phase of a small model lasts, so that
// such a model is not dominated by wake-ups. After a hundred times as many the thread that it waits for has no processor: it then
// yields its own to other threads of the machine, each time that it looks.
const spins = 20000

// Spins of a thread that has no job before it sleeps: about a millisecond, more than lies between the forwards of a run
// even where one task ends and the next begins. Waking a thread of a virtual machine takes a good part of that.
const linger = 1000000

// Working is the number of pools of this process that have a job.
var working atomic.Int32

// A pool runs one function on all its threads at once. Thread 0 is the caller. Each of the others is locked to a thread of the
// operating system. Between jobs they wait: first they spin, then they sleep on their channel.
//
// While they have a job the threads of a pool run on processors of their own, if there are enough and no other pool works
// at the same time; thread 0 may run on all of the process again when the job is done. A thread without a job does not
// spin beside another pool that works.
//
// Threads that the runtime starts do not inherit a thread's processors: it starts none from one that is locked.
type pool struct {
	threads int
	lock    chan struct{} // held by the forward that runs: one at a time per backend
	jobs    atomic.Uint32 // number of jobs so far
	job     func(thread int)
	asleep  []atomic.Bool
	wake    []chan struct{}
	closed  atomic.Bool
	barrier barrier
	taken   []counter // of each thread's share of the phase, how many pieces are taken
	linger  int       // spins of a thread that has no job before it sleeps

	all    affinity     // processors of the process
	places []affinity   // of each thread; nil where they cannot be told apart
	alone  bool         // no other pool worked when this job began
	busy   atomic.Int32 // 1: there is a job, which counts among the working
	ending bool         // thread 0 is done
}

// A counter has a cache line of its own.
type counter struct {
	atomic.Int32
	_ [align - 4]byte
}

func newPool(threads, linger int) *pool {
	p := &pool{threads: threads, lock: make(chan struct{}, 1), asleep: make([]atomic.Bool, threads),
		wake: make([]chan struct{}, threads), taken: make([]counter, threads), linger: linger, all: thisThread()}
	p.places = p.all.places(threads)
	p.barrier.threads = int32(threads)
	p.barrier.last = func() {
		for t := range p.taken {
			p.taken[t].Store(0)
		}
		if p.ending { // while no thread is where it looks at these
			p.ending = false
			working.Add(-1)
			p.busy.Store(0)
		}
	}
	for t := 1; t < threads; t++ {
		p.wake[t] = make(chan struct{}, 1)
		go p.work(t)
	}
	return p
}

// hold keeps the caller where thread 0 runs, until release.
func (p *pool) hold() (release func()) {
	runtime.LockOSThread()
	if p.places != nil {
		p.places[0].bind()
	}
	return func() {
		if p.places != nil {
			p.all.bind()
		}
		runtime.UnlockOSThread()
	}
}

// run calls job once on each thread and returns when all calls have returned. A caller that holds its place keeps it.
func (p *pool) run(job func(thread int), held bool) {
	p.lock <- struct{}{}
	runtime.LockOSThread()
	p.busy.Store(1)
	p.alone = working.Add(1) == 1
	p.job = job
	p.start()
	pinned := p.alone && p.places != nil && !held
	if pinned {
		p.places[0].bind()
	}
	job(0)
	p.ending = true
	p.barrier.wait()
	if pinned {
		p.all.bind()
	}
	runtime.UnlockOSThread()
	<-p.lock
}

// start publishes a job and wakes the threads that sleep.
func (p *pool) start() {
	p.jobs.Add(1)
	for t := 1; t < p.threads; t++ {
		if p.asleep[t].Swap(false) {
			p.wake[t] <- struct{}{}
		}
	}
}

func (p *pool) work(t int) {
	runtime.LockOSThread()
	pinned := false
	for done := uint32(0); ; done++ {
		p.await(t, done)
		if pinned != p.alone && p.places != nil {
			pinned = p.alone
			if pinned {
				p.places[t].bind()
			} else {
				p.all.bind()
			}
		}
		if p.closed.Load() {
			p.barrier.wait()
			return
		}
		p.job(t)
		p.barrier.wait()
	}
}

// await returns once there are more jobs than done.
func (p *pool) await(t int, done uint32) {
	for spin := 0; spin < p.linger && working.Load() <= p.busy.Load(); spin++ {
		if p.jobs.Load() != done {
			return
		}
	}
	p.asleep[t].Store(true)
	if p.jobs.Load() != done && p.asleep[t].Swap(false) {
		return // the job came in between and nobody has sent a wake-up
	}
	<-p.wake[t]
}

// close ends the threads. The one that the process began with cannot end and is left as it was.
func (p *pool) close() {
	p.lock <- struct{}{}
	p.alone = false
	p.closed.Store(true)
	p.start()
	p.barrier.wait()
}

// A barrier lets nobody pass before all threads have come: a counter of arrivals and a generation to wait on.
type barrier struct {
	threads    int32
	last       func() // called by the last to come, while all others wait
	arrived    atomic.Int32
	_          [align]byte // the generation, which all poll, has a cache line of its own
	generation atomic.Uint32
	_          [align]byte
}

func (b *barrier) wait() {
	now := b.generation.Load()
	if b.arrived.Add(1) == b.threads {
		b.arrived.Store(0)
		b.last()
		b.generation.Add(1)
		return
	}
	for spin := 0; b.generation.Load() == now; spin++ {
		switch {
		case spin >= 100*spins:
			yield()
		case spin >= spins:
			runtime.Gosched()
		}
	}
}

// divide calls do for pieces of n items, each of unit items. It may be called once per phase, that is between two barriers. A
// thread first takes the pieces of its own share, one after another, and then what others have left of theirs, because no two
// threads get the same bandwidth.
func (p *pool) divide(n, unit, thread int, do func(from, to int)) {
	for i := range p.threads {
		t := (thread + i) % p.threads
		from, to := share(n, unit, t, p.threads)
		for {
			at := from + (int(p.taken[t].Add(1))-1)*unit
			if at >= to {
				break
			}
			do(at, min(at+unit, to))
		}
	}
}

// share is thread t's part of n items: contiguous, and whole multiples of unit but for the end.
func share(n, unit, t, threads int) (from, to int) {
	blocks := (n + unit - 1) / unit
	return min(n, blocks*t/threads*unit), min(n, blocks*(t+1)/threads*unit)
}
