//go:build !linux

package cpu

// An affinity says nothing here: threads run where the system puts them.
type affinity struct{}

func thisThread() affinity             { return affinity{} }
func (*affinity) bind()                {}
func (affinity) places(int) []affinity { return nil }
