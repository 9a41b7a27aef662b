package transformer

// An Outlook is what a machine's ceilings allow a model at most, one sequence at a time: see Card.Ideal. No engine is faster; a
// machine that does other work meanwhile is slower.
type Outlook struct {
	Token           float64 // seconds of a forward of one row, an autoregressive decoder's token
	TokensPerSecond float64 // of that decoder
	Blocks          []BlockOutlook
}

// A BlockOutlook is that of a diffusion decoder's forward.
type BlockOutlook struct {
	Rows    int
	Seconds float64
	// BreakEven is how many tokens a forward has to commit to be as fast as the autoregressive decoder.
	BreakEven float64
}

// Outlook computes it for forwards behind so many positions of context, with every row guessed for. Where a ceiling is unknown it
// is the zero Outlook.
func (c Card) Outlook(context int, blocks []int, ceilings map[string]float64) (o Outlook) {
	if o.Token = c.Ideal(Shape{Sequences: 1, Rows: 1, Guesses: 1, Reach: context + 1}, ceilings); o.Token == 0 {
		return o
	}
	o.TokensPerSecond = 1 / o.Token
	for _, rows := range blocks {
		seconds := c.Ideal(Shape{Sequences: 1, Rows: rows, Guesses: rows, Reach: context + rows}, ceilings)
		o.Blocks = append(o.Blocks, BlockOutlook{Rows: rows, Seconds: seconds, BreakEven: seconds / o.Token})
	}
	return o
}
