package metric

import (
	"slices"

	"tandem/record"
)

// binEdges cut probabilities where decoders differ: finely near 1, where thresholds lie.
var binEdges = []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}

// A Bin is the commits whose probability, at their commit, lay within a range, and how many of them were right.
//
// A commit counts where its position is useful and its decoding was judged: of each sample the first decoding, since repeats write
// the same again. It is right where its token stands in the final text and that text passed. So it is wrong where it was replaced
// later, and wherever the program failed, even if not for its sake: the share is that of commits which a reader could have kept, a
// lower bound of how often the token itself was right. All commits of a decoding share a verdict, so that Tasks, not Commits, is
// the number of independent observations.
type Bin struct {
	Low, High      float64 // of the probability
	Commits, Right int
	Tasks          int     // with a commit in the bin
	Sum            float64 // of the probabilities: Sum / Commits is their mean
}

// A calibration is a decoder's bins, filled record by record.
type calibration struct {
	bins  []Bin
	tasks []map[string]bool // of each bin
}

func (c *calibration) add(r record.Record) {
	if r.Repeat > 0 || r.Attempt > 0 || !isJudged(r) {
		return
	}
	if c.bins == nil {
		low := 0.0
		for _, high := range append(slices.Clone(binEdges), 1) {
			c.bins, c.tasks = append(c.bins, Bin{Low: low, High: high}), append(c.tasks, map[string]bool{})
			low = high
		}
	}
	final := r.Trace.Tokens()
	for _, step := range r.Trace {
		for _, commit := range step.Commits {
			p := float64(commit.P)
			if int(commit.Pos) >= r.Tokens || p <= 0 || p > 1 { // no decoder of ours commits without a probability; an endpoint may
				continue
			}
			i := slices.IndexFunc(binEdges, func(edge float64) bool { return p < edge })
			if i < 0 {
				i = len(binEdges)
			}
			c.bins[i].Commits++
			c.bins[i].Sum += p
			c.bins[i].Right += truth(r.Verdict.Result == record.Pass && final[commit.Pos] == commit.Token)
			c.tasks[i][r.Task] = true
		}
	}
}

// Calibration is the bins in which the decoder committed anything, from unsure to sure.
func (f *Fold) Calibration() (bins []Bin) {
	for i, b := range f.calibration.bins {
		if b.Commits > 0 {
			b.Tasks = len(f.calibration.tasks[i])
			bins = append(bins, b)
		}
	}
	return bins
}
