package cpu

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"tandem/transformer"
)

// count is how many processors a set has.
func (a *affinity) count() int { return (*unix.CPUSet)(a).Count() }

// both is what two sets have in common.
func both(a, b affinity) (out affinity) {
	for i := range a {
		out[i] = a[i] & b[i]
	}
	return out
}

// seen runs a job that reads back where each thread may run.
func seen(p *pool) []affinity {
	out := make([]affinity, p.threads)
	p.run(func(t int) { out[t] = thisThread() }, false)
	return out
}

// processors is the affinity of this process, for tests that need two at least.
func processors(t *testing.T) affinity {
	all := thisThread()
	if all.count() < 2 {
		t.Skip("one processor: nothing to tell apart")
	}
	return all
}

// checkPinned reports threads that share processors.
func checkPinned(t *testing.T, all affinity, sets []affinity) {
	t.Helper()
	total := 0
	for i := range sets {
		total += sets[i].count()
		for j := range i {
			if sets[i].count() == 0 || both(sets[i], sets[j]) != (affinity{}) {
				t.Errorf("threads %d and %d run on %v and %v", j, i, sets[j], sets[i])
			}
		}
	}
	if total != all.count() {
		t.Errorf("%d threads have %d of %d processors", len(sets), total, all.count())
	}
}

// The threads of a pool run on processors of their own, and the caller goes back afterwards.
func TestThreadsHaveProcessorsOfTheirOwn(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	all := processors(t)
	for threads := 2; threads <= min(all.count(), 8); threads++ {
		p := newPool(threads, linger)
		for range 3 {
			checkPinned(t, all, seen(p))
			if now := thisThread(); now != all {
				t.Errorf("the caller stays on %v of %v", now, all)
			}
		}
		p.close()
	}
}

// More threads than processors run anywhere.
func TestTooManyThreadsAreNotPinned(t *testing.T) {
	all := thisThread()
	p := newPool(all.count()+1, linger)
	defer p.close()
	for i, set := range seen(p) {
		if set != all {
			t.Errorf("thread %d runs on %v of %v", i, set, all)
		}
	}
}

// A pool that works while another does takes no processors for itself, and has its own again later.
func TestTwoPoolsAreNotPinnedAtOnce(t *testing.T) {
	all := processors(t)
	a, b := newPool(2, linger), newPool(2, linger)
	defer a.close()
	defer b.close()
	checkPinned(t, all, seen(b))
	first := make([]affinity, 2)
	a.run(func(thread int) {
		first[thread] = thisThread()
		if thread == 1 {
			for i, set := range seen(b) {
				if i > 0 && set != all {
					t.Errorf("thread %d of the second pool runs on %v of %v", i, set, all)
				}
			}
		}
	}, false)
	checkPinned(t, all, first)
	checkPinned(t, all, seen(b))
}

// A caller that holds its place stays there between forwards, and leaves it in the end.
func TestHold(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	all := processors(t)
	s := open(t, transformer.Random(tiny, transformer.F32, 1), Options{Threads: 2}, 1, 8)
	own := s.(*session).backend.pool.places[0]
	release := transformer.Hold(s)
	for i := range 3 {
		if now := thisThread(); now != own {
			t.Errorf("before forward %d the caller runs on %v; want %v", i, now, own)
		}
		if _, err := s.Forward(t.Context(), []transformer.Pass{{Tokens: []int32{1}, Start: i, Span: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	release()
	if now := thisThread(); now != all {
		t.Errorf("the caller stays on %v of %v", now, all)
	}
}

// A meter's threads are a pool's, too.
func TestMeterIsPinned(t *testing.T) {
	all := processors(t)
	m, err := newMeter(2, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	sets := make([]affinity, 2)
	m.pool.best(func(thread, n int) float64 { sets[thread] = thisThread(); return float64(n) })
	checkPinned(t, all, sets)
}

// Whole cores stay together where there are enough of them, and every processor has one place.
func TestPlaces(t *testing.T) {
	all := thisThread()
	for n := 2; n <= all.count(); n++ {
		checkPinned(t, all, all.places(n))
	}
	for _, n := range []int{0, 1, all.count() + 1} {
		if all.places(n) != nil {
			t.Errorf("%d places among %d processors", n, all.count())
		}
	}
	if (affinity{}).places(2) != nil {
		t.Error("places among no processors")
	}
}

// threads are the affinities of all threads of this process, as the kernel lists them.
func threads(t *testing.T) map[int]string {
	out := map[int]string{}
	files, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(files) == 0 {
		t.Skip("no /proc/self/task")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		for line := range strings.Lines(string(text)) {
			if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
				out[id] = strings.TrimSpace(list)
			}
		}
	}
	return out
}

// Threads that the runtime starts while a job runs, even for goroutines of the pinned threads themselves, may run anywhere.
func TestNewThreadsAreNotPinned(t *testing.T) {
	processors(t)
	p := newPool(2, linger)
	defer p.close()
	old := threads(t)
	const blocked = 12 // goroutines that hold a thread each
	var started, done sync.WaitGroup
	own := make([]int, 2)
	var now map[int]string
	read, write := make([]int, blocked), make([]int, blocked)
	for i := range blocked {
		var ends [2]int
		if err := unix.Pipe(ends[:]); err != nil {
			t.Fatal(err)
		}
		read[i], write[i] = ends[0], ends[1]
	}
	p.run(func(thread int) {
		own[thread] = unix.Gettid()
		if thread != 0 {
			return
		}
		started.Add(blocked)
		for i := range blocked {
			done.Go(func() {
				runtime.LockOSThread() // with the thread of its own it ends, too
				started.Done()
				unix.Read(read[i], make([]byte, 1))
			})
		}
		started.Wait()
		now = threads(t)
		for i := range blocked {
			unix.Write(write[i], []byte{0})
		}
	}, false)
	done.Wait()
	for i := range blocked {
		unix.Close(read[i])
		unix.Close(write[i])
	}
	fresh, free := 0, ""
	for id, list := range now {
		if slices.Contains(own, id) {
			continue
		}
		if free == "" {
			free = list
		}
		if list != free {
			t.Errorf("threads beside the pool run on %s", fmt.Sprint(slices.Sorted(maps.Values(now))))
			break
		}
		if _, was := old[id]; !was {
			fresh++
		}
	}
	if now[own[0]] == free || now[own[1]] == free {
		t.Errorf("the pool's threads run on %s and %s, others on %s", now[own[0]], now[own[1]], free)
	}
	if fresh == 0 {
		t.Error("no thread was started: the test shows nothing")
	}
}
