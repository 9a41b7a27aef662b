package bench

import (
	"time"

	"tandem/record"
)

// A usage is what the threads of this process have used of the machine so far.
type usage struct {
	at        time.Time
	processor time.Duration  // had a processor
	threads   map[int]thread // each by its number; nil where the system does not tell how long threads wait
	steal     time.Duration  // the hypervisor ran others in place of this machine's processors
	switches  int            // involuntary context switches
}

// A thread is what one thread of this process has used so far.
type thread struct {
	processor time.Duration // had a processor
	waited    time.Duration // was ready to run and had none
}

// active is the share of the wall-clock time for which a thread must have run or waited to count as one that computes. Those of the
// runtime, such as its collector's, sleep most of the time, and that they wait delays nobody.
const active = 0.8

// interference is what other work took between two readings from so many computing threads.
func interference(from, to usage, threads int) record.Interference {
	wall := to.at.Sub(from.at).Seconds()
	of := wall * float64(threads)
	if of <= 0 {
		return record.Interference{}
	}
	out := record.Interference{
		Busy:     (to.processor - from.processor).Seconds() / of,
		Steal:    (to.steal - from.steal).Seconds() / of,
		Switches: to.switches - from.switches,
	}
	if from.threads == nil || to.threads == nil {
		return out
	}
	var longest float64
	for id, now := range to.threads {
		before := from.threads[id] // zero for a thread that came in between
		waited := (now.waited - before.waited).Seconds()
		if (now.processor-before.processor).Seconds()+waited >= active*wall {
			longest = max(longest, waited)
		}
	}
	longest /= wall
	out.Waited = &longest
	return out
}
