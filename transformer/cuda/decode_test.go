//go:build linux

package cuda

import (
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
)

// decodeOf is a decoding left to right.
func decodeOf(n int) transformer.DeviceDecode {
	return transformer.DeviceDecode{Tokens: tokens(n, tiny.Vocab), Prompt: 3, Seeds: []uint64{1}}
}

// TestDecodeRefuses: a decoding that makes no sense is an error, and nothing runs.
func TestDecodeRefuses(t *testing.T) {
	s := open1(t, transformer.Random(tiny, transformer.F32, 1), Options{}, 1, 20).(transformer.DeviceDecoder)
	for want, change := range map[string]func(d *transformer.DeviceDecode){
		"need a token":         func(d *transformer.DeviceDecode) { d.Prompt = 0 },
		"prompt of 10":         func(d *transformer.DeviceDecode) { d.Prompt = 10 },
		"the most is 1024":     func(d *transformer.DeviceDecode) { d.Block = 1025 },
		"65 stop tokens":       func(d *transformer.DeviceDecode) { d.Stops = make([]int32, 65) },
		"0 seeds":              func(d *transformer.DeviceDecode) { d.Seeds = nil },
		"quota of 0 steps":     func(d *transformer.DeviceDecode) { d.Block, d.Policy.Kind = 4, transformer.ByQuota },
		"do not fit":           func(d *transformer.DeviceDecode) { d.Tokens = make([]int32, 21) },
		"outside the vocabula": func(d *transformer.DeviceDecode) { d.Tokens[9] = 101 },
		"temperature -1":       func(d *transformer.DeviceDecode) { d.Temp = -1 },
	} {
		d := decodeOf(10)
		change(&d)
		err := s.DecodeOnDevice(t.Context(), d, func(transformer.ForwardResult) bool {
			t.Errorf("%s: a forward ran", want)
			return true
		})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestDecodeFails: a device that fails ends the decoding with an error; the results before it stay, and closing
// leaves nothing behind.
func TestDecodeFails(t *testing.T) {
	control(t, "fake_reset")
	before := control(t, "fake_leaks")
	for _, fails := range []string{"cuGraphLaunch", "cuEventRecord", "cuEventSynchronize", "cuMemcpyHtoDAsync_v2"} {
		b := openWith(t, transformer.Random(tiny, transformer.F32, 1), Options{})
		s, err := b.Open(1, 20)
		if err != nil {
			t.Fatal(err)
		}
		results := 0
		err = s.(transformer.DeviceDecoder).DecodeOnDevice(t.Context(), decodeOf(20), func(transformer.ForwardResult) bool {
			if results++; results == 4 {
				control(t, "fake_set", cString(fails), 1)
			}
			return true
		})
		if fails == "cuMemcpyHtoDAsync_v2" { // nothing is uploaded once the decoding runs
			if err != nil || results != 17 {
				t.Errorf("%d results and %v, want 17", results, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), fails) || results < 4 || results > 5 {
			t.Errorf("%s failed: %d results and %v", fails, results, err)
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

// TestDecodeSharesTheDevice uses another session of the device between the forwards, and asks for the device's time.
func TestDecodeSharesTheDevice(t *testing.T) {
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
	c := decodeOf(9)
	text := func(between func()) (out []int32) {
		before := sessions[0].(*session).DeviceTime()
		if err := sessions[0].(transformer.DeviceDecoder).DecodeOnDevice(t.Context(), c, func(f transformer.ForwardResult) bool {
			between()
			out = append(out, f.Commits[0].Token)
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
