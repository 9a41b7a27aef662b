package decoders

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tandem/record"
	"tandem/transformer"
)

// The tests here decode from scripted guesses and compare each forward with a line worked out by hand:
//
//	kind start:tokens /span ?wanted rows >reach = output position:token …
//
// M is the mask (90), E an end of sequence (99).
const mask, eos = 90, 99

var scriptConfig = transformer.Config{Name: "script", Vocab: 100, MaskToken: mask, EOSTokens: []int32{98, eos}, BlockSizes: []int{4}}

// scripted plays a script: the guesses of its forwards, "token@probability" for each wanted row.
type scripted struct {
	script []string
	passes []transformer.Pass // what was asked for, copied
	resets int
}

var errScriptEnd = errors.New("the script ends here")

func (s *scripted) Forward(ctx context.Context, passes []transformer.Pass) ([][]transformer.Guess, error) {
	if len(s.passes) == len(s.script) {
		return nil, errScriptEnd
	}
	pass := passes[0]
	pass.Tokens, pass.Want = slices.Clone(pass.Tokens), slices.Clone(pass.Want)
	line := strings.Fields(s.script[len(s.passes)])
	s.passes = append(s.passes, pass)
	if len(line) != len(pass.Want) {
		return nil, fmt.Errorf("forward %d has %d guesses for %d rows", len(s.passes), len(line), len(pass.Want))
	}
	guesses := make([]transformer.Guess, len(line))
	for i, word := range line {
		g := &guesses[i]
		fmt.Sscanf(strings.Replace(word, "E@", "99@", 1), "%d@%g", &g.Token, &g.P)
		g.Margin, g.Entropy = g.P/2, 1-g.P
	}
	return [][]transformer.Guess{guesses}, nil
}

func (s *scripted) Reset(int)     { s.resets++ }
func (s *scripted) Memory() int64 { return 0 }
func (s *scripted) Close() error  { return nil }

func letters(tokens []int32) string {
	words := make([]string, len(tokens))
	for i, t := range tokens {
		switch words[i] = fmt.Sprint(t); t {
		case mask:
			words[i] = "M"
		case eos:
			words[i] = "E"
		}
	}
	return strings.Join(words, ",")
}

func describe(step record.Step, pass transformer.Pass) string {
	line := fmt.Sprintf("%s %d:%s /%d", step.Kind, pass.Start, letters(pass.Tokens), pass.Span)
	if len(pass.Want) > 0 {
		line += " ?" + strings.Trim(strings.ReplaceAll(fmt.Sprint(pass.Want), " ", ","), "[]")
	}
	line += fmt.Sprintf(" >%d =", step.Reach)
	for _, c := range step.Commits {
		line += fmt.Sprintf(" %d:%s", c.Pos, letters([]int32{c.Token}))
	}
	return line
}

type scriptCase struct {
	name    string // of the decoder
	shifted bool
	prompt  []int32
	max     int
	script  []string
	want    []string
}

func (c scriptCase) run(t *testing.T) {
	settings, err := ParseName(c.name)
	if err != nil {
		t.Fatal(err)
	}
	session, config := &scripted{script: c.script}, scriptConfig
	config.Shifted = c.shifted
	d, err := On(session, config, settings, len(c.prompt)+c.max)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for step, err := range d.Decode(t.Context(), Request{Prompt: c.prompt, MaxTokens: c.max}) {
		if err != nil {
			t.Errorf("%v", err)
			break
		}
		pass := session.passes[len(got)]
		if step.Rows != len(pass.Tokens) || !slices.Equal(pass.Ban, []int32{mask}) {
			t.Errorf("forward %d: %d rows, ban %v", len(got), step.Rows, pass.Ban)
		}
		got = append(got, describe(step, pass))
	}
	if !reflect.DeepEqual(got, c.want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
	}
	if len(session.passes) != len(c.script) {
		t.Errorf("%d forwards of a script of %d", len(session.passes), len(c.script))
	}
}

func TestScripts(t *testing.T) {
	for _, c := range []scriptCase{
		{"ar", false, []int32{1, 2, 3}, 8,
			[]string{"4@.9", "5@.8", "E@.7"},
			[]string{"prefill 0:1,2,3 /1 ?2 >3 = 0:4", "decode 3:4 /1 ?0 >4 = 1:5", "decode 4:5 /1 ?0 >5 = 2:E"}},
		{"ar", false, []int32{1}, 2, // the token budget
			[]string{"4@.9", "5@.8"},
			[]string{"prefill 0:1 /1 ?0 >1 = 0:4", "decode 1:4 /1 ?0 >2 = 1:5"}},
		{"ar/uncached", false, []int32{1, 2}, 3,
			[]string{"4@.9", "5@.8", "6@.7"},
			[]string{"prefill 0:1,2 /1 ?1 >2 = 0:4", "decode 0:1,2,4 /1 ?2 >3 = 1:5", "decode 0:1,2,4,5 /1 ?3 >4 = 2:6"}},

		// The prompt's remainder 5 sits in the first block, whose first forward takes the prompt in; the next block's
		// takes that block in. An EOS at the place behind 13 ends it with masks left.
		{"diffusion/threshold=0.9", false, []int32{1, 2, 3, 4, 5}, 11,
			[]string{"11@.5 12@.8 13@.95", "11@.9 12@.7", "12@.1", "21@.99 E@.95 23@.3 24@.2"},
			[]string{
				"prefill 0:1,2,3,4,5,M,M,M /4 ?5,6,7 >8 = 2:13",
				"denoise 4:5,M,M,13 /4 ?1,2 >8 = 0:11",
				"denoise 4:5,11,M,13 /4 ?2 >8 = 1:12",
				"denoise 4:5,11,12,13,M,M,M,M /4 ?4,5,6,7 >12 = 3:21 4:E"}},
		// The same with forwards of their own that store.
		{"diffusion/separate/threshold=0.9", false, []int32{1, 2, 3, 4, 5}, 11,
			[]string{"", "11@.5 12@.8 13@.95", "11@.9 12@.7", "12@.1", "", "21@.99 E@.95 23@.3 24@.2"},
			[]string{
				"prefill 0:1,2,3,4 /4 >4 =",
				"denoise 4:5,M,M,M /4 ?1,2,3 >8 = 2:13",
				"denoise 4:5,M,M,13 /4 ?1,2 >8 = 0:11",
				"denoise 4:5,11,M,13 /4 ?2 >8 = 1:12",
				"store 4:5,11,12,13 /4 >8 =",
				"denoise 8:M,M,M,M /4 ?0,1,2,3 >12 = 3:21 4:E"}},
		// The same with nothing kept: no prefill, no store.
		{"diffusion/uncached/threshold=0.9", false, []int32{1, 2, 3, 4, 5}, 11,
			[]string{"11@.5 12@.8 13@.95", "11@.9 12@.99", "21@.99 E@.95 23@.3 24@.2"},
			[]string{
				"denoise 0:1,2,3,4,5,M,M,M /4 ?5,6,7 >8 = 2:13",
				"denoise 0:1,2,3,4,5,M,M,13 /4 ?5,6 >8 = 0:11 1:12",
				"denoise 0:1,2,3,4,5,11,12,13,M,M,M,M /4 ?8,9,10,11 >12 = 3:21 4:E"}},
		// An EOS with a mask before it does not end it; the last block is cut to the budget and not stored.
		{"diffusion/quota=low-confidence/steps=2", false, []int32{1}, 5,
			[]string{"11@.2 E@.9 13@.8", "11@.5"},
			[]string{"denoise 0:1,M,M,M /4 ?1,2,3 >4 = 1:E 2:13", "denoise 0:1,M,E,13 /4 ?1 >4 = 0:11"}},
		{"diffusion/quota=margin/steps=1", false, []int32{1}, 5,
			[]string{"11@.2 12@.9 13@.8", "14@.5 15@.6"},
			[]string{"denoise 0:1,M,M,M /4 ?1,2,3 >4 = 0:11 1:12 2:13", "denoise 0:1,11,12,13,M,M /4 ?4,5 >6 = 3:14 4:15"}},
		{"diffusion/block=8/factor=1", false, []int32{1}, 3, // rank 2 needs 2/3, rank 3 needs 3/4
			[]string{"11@.7 12@.5 13@.9", "12@.1"},
			[]string{"denoise 0:1,M,M,M /8 ?1,2,3 >4 = 0:11 2:13", "denoise 0:1,11,M,13 /8 ?2 >4 = 1:12"}},
		{"diffusion/block=8/entropy_bound=0.15", false, []int32{1}, 3, // entropies .3 .5 .1: sums 0, .1, .4
			[]string{"11@.7 12@.5 13@.9", "12@.1"},
			[]string{"denoise 0:1,M,M,M /8 ?1,2,3 >4 = 0:11 2:13", "denoise 0:1,11,M,13 /8 ?2 >4 = 1:12"}},
		// Shifted: the forwards that store guess for the next block's first position.
		{"diffusion/threshold=0.9", true, []int32{1, 2, 3, 4}, 6,
			[]string{"10@.3", "11@.9 12@.9 13@.9", "14@.2", "15@.1"},
			[]string{"prefill 0:1,2,3,4 /4 ?3 >4 = 0:10", "denoise 4:10,M,M,M /4 ?0,1,2 >8 = 1:11 2:12 3:13",
				"store 4:10,11,12,13 /4 ?3 >8 = 4:14", "denoise 8:14,M /4 ?0 >10 = 5:15"}},

		{"diffusion/cache=none/block=2/threshold=0.9", false, []int32{1}, 4,
			[]string{"11@.9 12@.8", "12@.1", "13@.9 E@.9"},
			[]string{"denoise 0:1,M,M,M,M /0 ?1,2 >5 = 0:11", "denoise 0:1,11,M,M,M /0 ?2 >5 = 1:12",
				"denoise 0:1,11,12,M,M /0 ?3,4 >5 = 2:13 3:E"}},
		{"diffusion/cache=prefix/block=2/threshold=0.9", false, []int32{1}, 5, // a last block of 1
			[]string{"11@.9 12@.8", "12@.1", "13@.5 14@.4", "14@.9", "15@.1"},
			[]string{"refresh 0:1,M,M,M,M,M /0 ?1,2 >6 = 0:11", "denoise 1:11,M,M,M,M /0 ?1 >6 = 1:12",
				"refresh 0:1,11,12,M,M,M /0 ?3,4 >6 = 2:13", "denoise 3:13,M,M /0 ?1 >6 = 3:14",
				"refresh 0:1,11,12,13,14,M /0 ?5 >6 = 4:15"}},
		{"diffusion/cache=dual/block=2/quota=low-confidence", false, []int32{1}, 4, // stops before the last block
			[]string{"11@.5 12@.8", "E@.1"},
			[]string{"refresh 0:1,M,M,M,M /0 ?1,2 >5 = 1:12", "denoise 1:M,12 /0 ?0 >5 = 0:E"}},
		{"diffusion/cache=none/block=2/threshold=0.9", true, []int32{1}, 2,
			[]string{"11@.9 12@.8", "12@.1"},
			[]string{"denoise 0:1,M,M /0 ?0,1 >3 = 0:11", "denoise 0:1,11,M /0 ?1 >3 = 1:12"}},
		{"diffusion/cache=dual/block=2/threshold=0.9", true, []int32{1, 2}, 3, // one row more, to the left
			[]string{"11@.9 12@.8", "12@.1", "13@.5"},
			[]string{"refresh 0:1,2,M,M,M /0 ?1,2 >5 = 0:11", "denoise 1:2,11,M /0 ?1 >5 = 1:12",
				"refresh 0:1,2,11,12,M /0 ?3 >5 = 2:13"}},
		{"diffusion/cache=prefix/block=2/threshold=0.9", true, []int32{1, 2}, 3,
			[]string{"11@.9 12@.8", "12@.1", "13@.5"},
			[]string{"refresh 0:1,2,M,M,M /0 ?1,2 >5 = 0:11", "denoise 1:2,11,M,M /0 ?1 >5 = 1:12",
				"refresh 0:1,2,11,12,M /0 ?3 >5 = 2:13"}},
	} {
		name := c.name
		if c.shifted {
			name += " shifted"
		}
		t.Run(name, c.run)
	}
}

// TestForced bans the ends of a sequence beside the mask.
func TestForced(t *testing.T) {
	for _, name := range []string{"ar", "diffusion"} {
		settings, _ := ParseName(name)
		session := &scripted{script: []string{"11@1"}}
		d, _ := On(session, scriptConfig, settings, 8)
		for _, err := range d.Decode(t.Context(), Request{Prompt: []int32{1}, MaxTokens: 1, Forced: true}) {
			if err != nil {
				t.Error(err)
			}
		}
		if got := session.passes[0].Ban; !slices.Equal(got, []int32{mask, 98, eos}) {
			t.Errorf("%s bans %v", name, got)
		}
	}
}

// TestSamplingReachesThePass: an autoregressive decoding keeps its seed, since the noise is keyed by the position; a
// diffusion decoder guesses for a position again and again, so each forward has noise of its own. Both can be repeated.
func TestSamplingReachesThePass(t *testing.T) {
	for _, c := range []struct {
		name     string
		script   []string
		sameSeed bool
	}{
		{"ar/temperature=0.8/top_p=0.5/top_k=3", []string{"11@1", "12@1"}, true},
		{"diffusion/quota=random/temperature=0.8/top_p=0.5/top_k=3", []string{"11@1 12@1", "12@1"}, false},
	} {
		settings, err := ParseName(c.name)
		if err != nil {
			t.Fatal(err)
		}
		var seeds [2][]uint64
		for i := range seeds {
			session := &scripted{script: c.script}
			d, _ := On(session, scriptConfig, settings, 8)
			for _, err := range d.Decode(t.Context(), Request{Prompt: []int32{1}, MaxTokens: 2, Seed: 5}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, p := range session.passes {
				if p.Temp != 0.8 || p.TopP != 0.5 || p.TopK != 3 {
					t.Errorf("%s: pass %+v", c.name, p)
				}
				seeds[i] = append(seeds[i], p.Seed)
			}
		}
		if !slices.Equal(seeds[0], seeds[1]) || (seeds[0][0] == seeds[0][1]) != c.sameSeed {
			t.Errorf("%s: seeds %v", c.name, seeds)
		}
	}
}

func TestRefusals(t *testing.T) {
	noMask := scriptConfig
	noMask.MaskToken = -1
	if _, err := On(&scripted{}, noMask, Settings{Family: Diffusion}, 8); err == nil || !strings.Contains(err.Error(), "no mask token") {
		t.Errorf("no mask token: %v", err)
	}
	if _, err := On(&scripted{}, noMask, Settings{}, 8); err == nil {
		t.Error("no family was accepted")
	}
	d, err := On(&scripted{}, noMask, Settings{Family: AR}, 8)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for want, c := range map[string]struct {
		ctx context.Context
		req Request
	}{
		"no tokens":              {t.Context(), Request{MaxTokens: 1}},
		"at least 1":             {t.Context(), Request{Prompt: []int32{1}}},
		"opened for 8":           {t.Context(), Request{Prompt: []int32{1}, MaxTokens: 8}},
		"the script ends here":   {t.Context(), Request{Prompt: []int32{1}, MaxTokens: 7}},
		context.Canceled.Error(): {cancelled, Request{Prompt: []int32{1}, MaxTokens: 7}},
	} {
		var errs []error
		for _, err := range d.Decode(c.ctx, c.req) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || errs[0] == nil || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%s: got %v", want, errs)
		}
	}
}

// TestBreak breaks off a decoding; the decoder forgets it and can be used again.
func TestBreak(t *testing.T) {
	session := &scripted{script: []string{"4@.9", "5@.8", "6@.8"}}
	d, _ := On(session, scriptConfig, Settings{Family: AR}, 8)
	req := Request{Prompt: []int32{1, 2}, MaxTokens: 2}
	for range d.Decode(t.Context(), req) {
		break
	}
	var trace record.Trace
	for step, err := range d.Decode(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		trace = append(trace, step)
	}
	if got := trace.Tokens(); !slices.Equal(got, []int32{5, 6}) || session.passes[1].Start != 0 || session.resets != 4 {
		t.Errorf("got %v, %d resets", got, session.resets)
	}
}

// held is a session that can be held.
type held struct {
	scripted
	now int
}

func (h *held) Hold() (release func()) {
	h.now++
	return func() { h.now-- }
}

// A decoder holds the place of its session.
func TestDecoderHoldsItsSession(t *testing.T) {
	for _, family := range []Family{AR, Diffusion} {
		s := &held{}
		d, err := On(s, scriptConfig, Settings{Family: family}, 8)
		if err != nil {
			t.Fatal(err)
		}
		release := d.(interface{ Hold() (release func()) }).Hold()
		during := s.now
		if release(); during != 1 || s.now != 0 {
			t.Errorf("%s: held %d times, then %d; want 1 and 0", family, during, s.now)
		}
	}
}
