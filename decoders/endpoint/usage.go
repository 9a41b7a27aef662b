package endpoint

import (
	"math"

	"tandem/record"
)

// What a server's count of tokens may be beside the text: a token has a byte at the least, but for a few that have none, and rarely
// more than 32; and where the model's tokenizer is here, the two counts differ by the few tokens that frame an answer.
const (
	slackTokens    = 16
	mostTokenBytes = 32
	mostDifference = 0.1
)

// count fills in the tokens, who counted them, and what they cost. A count that cannot be is an error, since no figure could be right.
func (a *answer) count() error {
	r, u := &a.reply, a.usage
	if err := a.plausible(); err != nil {
		return err
	}
	switch {
	case u.completion != nil && a.counted:
		r.Tokens, r.TokenSource = *u.completion, record.ServerUsage
		if !a.afterText {
			r.TokenSource = record.ContinuousUsage
		}
	case a.client.options.Count != nil:
		r.Tokens, r.TokenSource = a.client.options.Count(r.Text)+a.client.options.Count(a.reasoned.String()), record.LocalTokenizer
	default:
		r.Tokens, r.TokenSource = r.Chunks, record.ChunkCount
	}
	if u.prompt != nil {
		r.PromptTokens, r.Cached = *u.prompt, u.cached
	}
	if u.reasoning != nil {
		r.Reasoning = *u.reasoning
	}
	r.Dollars = a.dollars()
	return nil
}

// plausible refuses counts that cannot be.
func (a *answer) plausible() error {
	u, bytes := a.usage, len(a.reply.Text)+a.reasoned.Len()
	for _, n := range []*int{u.prompt, u.cached, u.completion, u.reasoning} {
		if n != nil && *n < 0 {
			return faultf(faultUsage, "the server counts %d tokens", *n)
		}
	}
	if u.prompt != nil && u.cached != nil && *u.cached > *u.prompt {
		return faultf(faultUsage, "the server held %d of %d tokens of the prompt", *u.cached, *u.prompt)
	}
	if u.completion == nil || !a.counted {
		return nil
	}
	n, hidden := *u.completion, a.reasoned.Len() > 0
	if u.reasoning != nil {
		n, bytes, hidden = n-*u.reasoning, len(a.reply.Text), false
	}
	switch {
	case n < 0 || *u.completion > a.request.MaxTokens+1:
		return faultf(faultUsage, "the server counts %d tokens where it may write %d", *u.completion, a.request.MaxTokens)
	case !hidden && n > bytes+slackTokens, bytes > mostTokenBytes*(*u.completion+slackTokens):
		return faultf(faultUsage, "the server counts %d tokens in an answer of %d bytes", n, bytes)
	}
	if count := a.client.options.Count; count != nil && !hidden {
		own := count(a.reply.Text)
		if math.Abs(float64(n-own)) > max(slackTokens, mostDifference*float64(own)) {
			return faultf(faultUsage, "the server counts %d tokens in an answer that the tokenizer cuts into %d", n, own)
		}
	}
	return nil
}

// dollars is what the answer cost; nil where the prices or the server's counts are not known.
func (a *answer) dollars() *float64 {
	p, u := a.client.config.Prices, a.usage
	if p == nil || u.prompt == nil || u.completion == nil || !a.counted {
		return nil
	}
	cached, price := 0, p.Input
	if u.cached != nil && p.Cached != nil {
		cached, price = *u.cached, *p.Cached
	}
	sum := (float64(*u.prompt-cached)*p.Input + float64(cached)*price + float64(*u.completion)*p.Output) / 1e6
	return &sum
}
