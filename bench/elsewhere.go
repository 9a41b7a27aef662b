package bench

import (
	"os"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/process"
)

// Elsewhere begins to watch what other processes take of this machine. What it returns says the share of the time of all
// processors, from 0 to 1, that they have taken since; false where the system does not tell.
func Elsewhere() (share func() (float64, bool)) {
	from, known := readTimes()
	return func() (float64, bool) {
		to, ok := readTimes()
		share, ticked := taken(from, to)
		return share, known && ok && ticked
	}
}

// times are seconds of processors: of all of them, of these the busy ones, and of these this process's.
type times struct{ all, busy, own float64 }

// taken is the share of all time between two readings that was busy and not this process's; false where no time passed.
func taken(from, to times) (float64, bool) {
	all := to.all - from.all
	if all <= 0 {
		return 0, false
	}
	others := (to.busy - from.busy) - (to.own - from.own) // the two are counted apart, in ticks: it may be a little below zero
	return min(1, max(0, others/all)), true
}

func readTimes() (t times, ok bool) {
	all, err := cpu.Times(false)
	if err != nil || len(all) == 0 {
		return t, false
	}
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return t, false
	}
	own, err := self.Times()
	if err != nil {
		return t, false
	}
	c := all[0]
	t.busy = c.User + c.System + c.Nice + c.Irq + c.Softirq + c.Steal // a guest's time is in User
	t.all = t.busy + c.Idle + c.Iowait
	t.own = own.User + own.System
	return t, true
}
