package metric

import "tandem/record"

// IsEndpoint says whether a decoder's name is that of a server.
func IsEndpoint(name string) bool { return family(name) == "endpoint" }

// Replies are sums over the records of an endpoint, those with an error in Faults alone.
type Replies struct {
	Answers  int                        // records without an error
	Retried  int                        // of Answers, those that were asked for more than once
	Sources  map[record.TokenSource]int // who counted the tokens of Answers
	Faults   map[string]int             // records with an error, by its kind
	Prompt   int                        // tokens of prompts, where the server told how many of them it held
	Cached   int                        // of Prompt, those that it held
	Told     bool                       // it did tell
	priced   int                        // of Answers, those whose price is known
	dollars  float64                    // of priced
	produced int                        // tokens of priced
}

func (c *Replies) add(r record.Record) {
	if r.Reply == nil {
		return
	}
	if r.Err != "" {
		c.Faults = plus(c.Faults, r.Reply.Fault, 1)
		return
	}
	c.Answers++
	c.Retried += truth(r.Reply.Retries > 0)
	c.Sources = plus(c.Sources, r.Reply.TokenSource, 1)
	if r.Reply.Cached != nil {
		c.Told, c.Prompt, c.Cached = true, c.Prompt+r.PromptTokens, c.Cached+*r.Reply.Cached
	}
	if r.Reply.Dollars != nil {
		c.priced, c.dollars, c.produced = c.priced+1, c.dollars+*r.Reply.Dollars, c.produced+r.Tokens
	}
}

func (c *Replies) merge(d Replies) {
	c.Answers, c.Retried = c.Answers+d.Answers, c.Retried+d.Retried
	for source, n := range d.Sources {
		c.Sources = plus(c.Sources, source, n)
	}
	for kind, n := range d.Faults {
		c.Faults = plus(c.Faults, kind, n)
	}
	c.Told, c.Prompt, c.Cached = c.Told || d.Told, c.Prompt+d.Prompt, c.Cached+d.Cached
	c.priced, c.dollars, c.produced = c.priced+d.priced, c.dollars+d.dollars, c.produced+d.produced
}

// plus adds to an entry of a map that may be nil.
func plus[K comparable](counts map[K]int, key K, n int) map[K]int {
	if counts == nil {
		counts = map[K]int{}
	}
	counts[key] += n
	return counts
}

// PaidPerMillionTokens is sum(dollars) / sum(useful tokens) x 10^6 over the answers whose price is known: what was paid for the prompts
// is in it.
func (c Replies) PaidPerMillionTokens() (float64, bool) {
	return ratio(1e6*c.dollars, float64(c.produced))
}

// PaidPerSolved is sum(dollars) / (answers * pass rate) over the answers whose price is known: what a solved task costs, the failed
// ones included. Pass is pass@1, of 0 to 1.
func (c Replies) PaidPerSolved(pass float64) (float64, bool) {
	return ratio(c.dollars, float64(c.priced)*pass)
}

// A First is one of an endpoint's four first times.
type First int

// The first times: of the answer's status line; of a token of any channel; of the answer itself, provisional or not; of what nothing
// replaces later.
const (
	FirstByte First = iota
	FirstToken
	FirstContent
	FirstBlock
	firsts
)

// firstsOf are a record's first times in seconds, -1 where there is none.
func firstsOf(r record.Record) (out [firsts]float64) {
	for i := range out {
		out[i] = -1
	}
	if r.Reply == nil {
		return out
	}
	for i, at := range []*float64{r.Reply.FirstByte, r.Reply.FirstToken, r.Reply.FirstContent, r.Reply.FirstBlock} {
		if at != nil {
			out[i] = *at
		}
	}
	return out
}

// Of are the times of the tasks that have one, in seconds.
func (f First) Of(times []TaskTime) (seconds []float64) {
	for _, t := range times {
		if t.Firsts[f] >= 0 {
			seconds = append(seconds, t.Firsts[f])
		}
	}
	return seconds
}

// meanFirst is the mean of a first time over samples that have one; -1 where none has.
func meanFirst(all []TaskTime, f First) float64 {
	if m, ok := mean(f.Of(all)); ok {
		return m
	}
	return -1
}
