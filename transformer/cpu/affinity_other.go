//go:build !linux

package cpu

import "runtime"

// An affinity says nothing here: threads run where the system puts them.
type affinity struct{}

func thisThread() affinity             { return affinity{} }
func (*affinity) bind()                {}
func (affinity) places(int) []affinity { return nil }

// yield lets other goroutines run.
func yield() { runtime.Gosched() }
