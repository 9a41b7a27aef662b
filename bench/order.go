package bench

import (
	"hash/fnv"
	"math/rand/v2"

	"tandem/decoders"
	"tandem/record"
)

// The length modes of a plan. They are never mixed in one figure.
const (
	natural = "natural" // an output ends at its EOS
	forced  = "forced"  // EOS is banned; every output has MaxTokens tokens
)

// An example is one decoding of the plan.
type example struct {
	Prompt
	decoder                 string
	sample, repeat, attempt int
	seed                    uint64
}

// key is the Key of the record that an attempt at the example becomes.
func (e example) key(attempt int) string {
	return record.Record{Task: e.Task, Decoder: e.decoder, Sample: e.sample, Repeat: e.repeat, Attempt: attempt}.Key()
}

// due says that the example is to be decoded in its attempt: always in the first one, later where the one before was disturbed.
func (e example) due(held record.Held) bool { return e.attempt == 0 || held[e.key(e.attempt-1)] }

// A group is the examples that one decoder decodes at once: Batch of them, or what is left. Of an endpoint with several requests in
// flight it is all of a repeat, so that there are always as many, but at its end.
type group struct {
	decoder  string
	examples []example
}

// order is the groups of an attempt at the plan that are not held, in the order of running, and counts them. Tasks are
// shuffled within each (decoder, sample, repeat) and cut into groups, and then all groups are shuffled, so that drift of
// the machine meets every decoder and every repeat alike (google/benchmark's random interleaving). The order of the first
// attempt depends on the plan alone: a resumed run keeps it.
func (s Setup) order(held record.Held, attempt int, tally *Tally) []group {
	plan := s.Header.Plan
	random := rand.New(rand.NewPCG(plan.Seed, 0x6f72646572+uint64(attempt)))
	var groups []group
	lanes, own := s.lanes(), s.shard()
	for _, decoder := range s.names() {
		prompts, others := s.Others[decoder]
		if !others {
			prompts = s.Prompts
		}
		for sample := range plan.Samples {
			for repeat := range plan.Repeats {
				var examples []example
				for _, i := range random.Perm(len(prompts)) {
					p := prompts[i]
					e := example{p, decoder, sample, repeat, attempt, exampleSeed(plan.Seed, p.Task, sample)}
					if !own[i] || !e.due(held) {
						continue
					}
					examples = append(examples, e)
					tally.Total++
					if held.Has(e.key(attempt)) {
						tally.Resumed++
					}
					if attempt > 0 {
						tally.Extra++
					}
				}
				groups = append(groups, cut(decoder, examples, s.groupSize(lanes[decoder], len(examples)))...)
			}
		}
	}
	random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	return without(groups, held)
}

// groupSize is how many of so many examples are a group.
func (s Setup) groupSize(lane []decoders.Decoder, examples int) int {
	switch {
	case !isRemote(lane):
		return s.Header.Plan.Batch
	case len(lane) > 1, isOpen(lane):
		return max(1, examples)
	}
	return 1
}

// names are the decoders' names, each once, in the order of the setup.
func (s Setup) names() []string {
	var names []string
	seen := map[string]bool{}
	for _, d := range s.Decoders {
		if !seen[d.Name()] {
			seen[d.Name()] = true
			names = append(names, d.Name())
		}
	}
	return names
}

// cut divides examples into groups of at most size.
func cut(decoder string, examples []example, size int) (groups []group) {
	for len(examples) > 0 {
		n := min(size, len(examples))
		groups = append(groups, group{decoder, examples[:n]})
		examples = examples[n:]
	}
	return groups
}

// without leaves out the examples that are held, and then the empty groups. A torn group is rerun in part: the
// records that it lacks are measured at a smaller batch.
func without(groups []group, held record.Held) (left []group) {
	for _, g := range groups {
		var open []example
		for _, e := range g.examples {
			if !held.Has(e.key(e.attempt)) {
				open = append(open, e)
			}
		}
		if len(open) > 0 {
			left = append(left, group{g.decoder, open})
		}
	}
	return left
}

// exampleSeed is the seed of a decoding: the same for every decoder and every repeat, another for every task and
// sample.
func exampleSeed(plan uint64, task string, sample int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(task))
	return rand.NewPCG(plan^h.Sum64(), uint64(sample)).Uint64()
}
