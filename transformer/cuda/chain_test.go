//go:build linux

package cuda

import (
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
)

// chainOf is a chain left to right.
func chainOf(n int) transformer.Chain {
	return transformer.Chain{Tokens: tokens(n, tiny.Vocab), Prompt: 3, Seeds: []uint64{1}}
}

// TestChainRefuses: a chain that makes no sense is an error, and nothing runs.
func TestChainRefuses(t *testing.T) {
	s := open1(t, transformer.Random(tiny, transformer.F32, 1), Options{}, 1, 20).(transformer.Chainer)
	for want, change := range map[string]func(c *transformer.Chain){
		"need a token":         func(c *transformer.Chain) { c.Prompt = 0 },
		"prompt of 10":         func(c *transformer.Chain) { c.Prompt = 10 },
		"the most is 1024":     func(c *transformer.Chain) { c.Block = 1025 },
		"65 stop tokens":       func(c *transformer.Chain) { c.Stops = make([]int32, 65) },
		"0 seeds":              func(c *transformer.Chain) { c.Seeds = nil },
		"quota of 0 steps":     func(c *transformer.Chain) { c.Block, c.Rule.Kind = 4, transformer.ByQuota },
		"do not fit":           func(c *transformer.Chain) { c.Tokens = make([]int32, 21) },
		"outside the vocabula": func(c *transformer.Chain) { c.Tokens[9] = 101 },
		"temperature -1":       func(c *transformer.Chain) { c.Temp = -1 },
	} {
		c := chainOf(10)
		change(&c)
		err := s.Chain(t.Context(), c, func(transformer.Link) bool {
			t.Errorf("%s: a forward ran", want)
			return true
		})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestChainFails: a device that fails in a chain ends it with an error; what was done before stays said, and closing
// leaves nothing behind.
func TestChainFails(t *testing.T) {
	control(t, "fake_reset")
	before := control(t, "fake_leaks")
	for _, fails := range []string{"cuGraphLaunch", "cuEventRecord", "cuEventSynchronize", "cuMemcpyHtoDAsync_v2"} {
		b := openWith(t, transformer.Random(tiny, transformer.F32, 1), Options{})
		s, err := b.Open(1, 20)
		if err != nil {
			t.Fatal(err)
		}
		links := 0
		err = s.(transformer.Chainer).Chain(t.Context(), chainOf(20), func(transformer.Link) bool {
			if links++; links == 4 {
				control(t, "fake_set", cString(fails), 1)
			}
			return true
		})
		if fails == "cuMemcpyHtoDAsync_v2" { // nothing is uploaded once the chain runs
			if err != nil || links != 17 {
				t.Errorf("%d links and %v, want 17", links, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), fails) || links < 4 || links > 5 {
			t.Errorf("%s failed: %d links and %v", fails, links, err)
		}
		control(t, "fake_reset")
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if after := control(t, "fake_leaks"); after != before {
		t.Errorf("%d things are held, %d before", after, before)
	}
}

// TestChainSharesTheDevice uses another session of the device between the links, and asks for the device's time.
func TestChainSharesTheDevice(t *testing.T) {
	b := openWith(t, transformer.Random(tiny, transformer.BF16, 1), Options{})
	defer b.Close()
	var sessions [2]transformer.Session
	for i := range sessions {
		var err error
		if sessions[i], err = b.Open(1, 20); err != nil {
			t.Fatal(err)
		}
		defer sessions[i].Close()
	}
	c := chainOf(9)
	text := func(between func()) (out []int32) {
		before := sessions[0].(*session).DeviceTime()
		if err := sessions[0].(transformer.Chainer).Chain(t.Context(), c, func(l transformer.Link) bool {
			between()
			out = append(out, l.Settled[0].Token)
			return true
		}); err != nil {
			t.Fatal(err)
		}
		if now := sessions[0].(*session).DeviceTime(); now <= before {
			t.Errorf("the device's time went from %v to %v", before, now)
		}
		return out
	}
	want := text(func() {})
	got := text(func() {
		must(t, sessions[1], transformer.Pass{Tokens: c.Tokens[:5], Span: 1, Want: []int{4}})
	})
	if len(want) != 6 || !slices.Equal(got, want) {
		t.Errorf("beside another session %v, alone %v, want 6 tokens", got, want)
	}
}
