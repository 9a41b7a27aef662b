package cpu

import (
	"runtime"
	"testing"
	"time"
)

// until waits for a condition that other threads bring about.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for start := time.Now(); !condition(); runtime.Gosched() {
		if time.Since(start) > time.Minute {
			t.Fatalf("after a minute still not: %s", what)
		}
	}
}

// A pool that would linger for ever goes to sleep when another has a job, and not for one of its own.
func TestLingeringPoolYields(t *testing.T) {
	const forever = 1 << 62
	idle, other := newPool(2, forever), newPool(2, forever)
	defer idle.close()
	defer other.close()
	awake := func() bool { return !idle.asleep[1].Load() }
	for range 100 {
		idle.run(func(int) {}, false)
		if !awake() {
			t.Fatal("a pool's own job sends its threads to sleep")
		}
	}
	other.run(func(thread int) {
		if thread == 0 {
			until(t, "the idle pool sleeps while another works", func() bool { return !awake() })
		}
	}, false)
	var ran [2]bool
	idle.run(func(thread int) { ran[thread] = true }, false) // it wakes up again
	if !ran[1] {
		t.Error("a pool that slept did not run")
	}
}

// A pool whose job ends while another works goes to sleep at once.
func TestPoolDoesNotLingerBesideWork(t *testing.T) {
	const forever = 1 << 62
	first, second := newPool(2, forever), newPool(2, forever)
	defer first.close()
	defer second.close()
	first.run(func(thread int) {
		if thread == 0 {
			second.run(func(int) {}, false)
			until(t, "the second pool sleeps", second.asleep[1].Load)
		}
	}, false)
}
