package bench

import (
	"fmt"
	"math/rand/v2"

	"tandem/record"
)

// shard says of each task of the setup whether it belongs to the run's shard; all do where it has none. Tasks are dealt out one by one
// in an order that the plan's seed shuffles, so that shards differ by one task at the most, and tasks that lie together in a suite,
// such as those of one level, are spread over all of them. Every shard keeps all decoders, samples and repeats of its tasks, and so the
// pairs that a comparison needs.
//
// Note: a hash of the task's name would keep a task in its shard when others are added to a suite, but then it is another suite,
// whose records are never mixed with these; and its shards would be of unlike sizes.
func (s Setup) shard() []bool {
	own, shard := make([]bool, len(s.Prompts)), s.Header.Shard
	for place, i := range rand.New(rand.NewPCG(s.Header.Plan.Seed, 0x7368617264)).Perm(len(own)) {
		own[i] = shard == nil || place%shard.Of == shard.Index
	}
	return own
}

// ParseShard reads a shard as it is asked for: "2/8" is the third of eight.
func ParseShard(text string) (*record.Shard, error) {
	var s record.Shard
	if n, err := fmt.Sscanf(text+"\n", "%d/%d\n", &s.Index, &s.Of); n != 2 || err != nil || s.String() != text {
		return nil, fmt.Errorf("%q is no shard: write i/n, such as 0/8 for the first of eight", text)
	}
	if s.Of < 1 || s.Index < 0 || s.Index >= s.Of {
		return nil, fmt.Errorf("%q is no shard: of n shards the first is 0/n and the last n-1/n", text)
	}
	return &s, nil
}

// checkShard refuses a shard without tasks.
func (s Setup) checkShard() error {
	if shard := s.Header.Shard; shard != nil && shard.Index >= len(s.Prompts) {
		return fmt.Errorf("shard %v has none of %d tasks: take as many shards as there are tasks at the most", shard, len(s.Prompts))
	}
	return nil
}

// shardWords are a run's shard in words.
func shardWords(h record.Header) string {
	if h.Shard == nil {
		return "all tasks"
	}
	return "shard " + h.Shard.String()
}
