package metric

import (
	"time"

	"tandem/record"
)

// A Work is what a decoder's forwards of one kind read and computed, and how long they took, over the decodings that nothing
// disturbed. FLOPs / Seconds against FLOPs / Bytes is their point below the roofline.
type Work struct {
	Bytes, FLOPs float64
	Seconds      float64
}

// addWork takes the forwards of a record in. Records that do not say what their forwards cost, such as those of a batch, are left out.
func (f *Fold) addWork(r record.Record) {
	if len(r.Work) == 0 || r.Disturbed() {
		return
	}
	if f.work == nil {
		f.work = map[record.Kind]Work{}
	}
	for kind, w := range r.Work {
		sum := f.work[kind]
		sum.Bytes, sum.FLOPs = sum.Bytes+w.Bytes, sum.FLOPs+w.FLOPs
		f.work[kind] = sum
	}
	var began time.Duration
	for _, step := range r.Trace {
		sum := f.work[step.Kind]
		sum.Seconds += (step.At - began).Seconds()
		f.work[step.Kind], began = sum, step.At
	}
}

// Work is that of the decoder's forwards by kind; empty where it is not known.
func (f *Fold) Work() map[record.Kind]Work { return f.work }
