package bench

import (
	"time"

	"tandem/record"
)

// A usage is what the threads of this process have used of the machine so far.
type usage struct {
	at        time.Time
	processor time.Duration // had a processor
	waited    time.Duration // were ready to run and had none
	knows     bool          // the system tells waited
	steal     time.Duration // the hypervisor ran others in place of this machine's processors
	switches  int           // involuntary context switches
}

// interference is what other work took between two readings from so many threads on so many processors.
func interference(from, to usage, threads, processors int) record.Interference {
	wall := to.at.Sub(from.at).Seconds()
	of := wall * float64(threads)
	if of <= 0 {
		return record.Interference{}
	}
	out := record.Interference{
		Busy:     (to.processor - from.processor).Seconds() / of,
		Steal:    (to.steal - from.steal).Seconds() / (wall * float64(processors)),
		Switches: to.switches - from.switches,
	}
	if from.knows && to.knows {
		waited := max(0, (to.waited-from.waited).Seconds()/of) // a thread that ended takes its share with it
		out.Waited = &waited
	}
	return out
}
