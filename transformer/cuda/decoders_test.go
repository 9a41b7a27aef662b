//go:build linux

package cuda_test

import (
	"context"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"

	"tandem/decoders"
	"tandem/record"
	"tandem/transformer"
	"tandem/transformer/cuda"
	"tandem/transformer/cuda/fake"
)

// toy is small; its EOS comes up now and then.
var toy = transformer.Config{Name: "toy", Layers: 2, Hidden: 16, Intermediate: 24, Heads: 4, KVHeads: 2, HeadDim: 6,
	Vocab: 23, RopeTheta: 1e4, NormEps: 1e-6, Tied: true, MaskToken: 20, EOSTokens: []int32{21}, BlockSizes: []int{4}}

// requests are prompts on both sides of the block boundaries.
func requests() (out []decoders.Request) {
	for n := 1; n <= 9; n++ {
		prompt := make([]int32, n)
		for i := range prompt {
			prompt[i] = int32(7*i+n*n) % 20
		}
		out = append(out, decoders.Request{Prompt: prompt, MaxTokens: 11, Seed: uint64(n), Forced: n%3 == 0})
	}
	return out
}

func collect(t *testing.T, d decoders.Decoder, req decoders.Request) (trace record.Trace) {
	t.Helper()
	for step, err := range d.Decode(t.Context(), req) {
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		trace = append(trace, step)
	}
	return trace
}

// gpu is the toy on a GPU, or on the driver that runs its kernels on the processor.
func gpu(t *testing.T, dtype transformer.Dtype) transformer.Backend {
	t.Helper()
	b, err := cuda.New(transformer.Random(toy, dtype, 3), cuda.Options{Driver: fake.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// A counter counts the decodings on the device of a session.
type counter struct {
	transformer.Session
	decodes int
}

func (c *counter) DecodeOnDevice(ctx context.Context, d transformer.DeviceDecode, each func(transformer.ForwardResult) bool) error {
	c.decodes++
	return c.Session.(transformer.DeviceDecoder).DecodeOnDevice(ctx, d, each)
}

// steps decodes requests, on the device or by the loop on the host, and takes the times out of the traces.
func steps(t *testing.T, b transformer.Backend, settings decoders.Settings, onDevice bool, requests ...decoders.Request) (traces []record.Trace) {
	t.Helper()
	slots := 0
	for _, r := range requests {
		slots = max(slots, len(r.Prompt)+r.MaxTokens)
	}
	session, err := b.Open(1, slots)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	counted := &counter{Session: session}
	var use transformer.Session = counted
	if !onDevice {
		use = struct{ transformer.Session }{session}
	}
	d, err := decoders.On(use, b.Config(), settings, slots)
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range requests {
		trace := collect(t, d, req)
		for i := range trace {
			if trace[i].At <= 0 || i > 0 && trace[i].At < trace[i-1].At {
				t.Errorf("%s: forward %d is done at %v", d.Name(), i, trace[i].At)
			}
			trace[i].At = 0
		}
		traces = append(traces, trace)
	}
	want := 0
	if onDevice && settings.Quota != decoders.Random && settings.Custom == nil {
		want = len(traces)
	}
	if counted.decodes != want {
		t.Errorf("%s: %d decodings on the device for %d requests, want %d", d.Name(), counted.decodes, len(traces), want)
	}
	return traces
}

// TestDecodesOnDevice: a decoding on the device is the decoder's loop on the host, forward for forward and commit for commit.
func TestDecodesOnDevice(t *testing.T) {
	names := []string{"ar", "ar/temperature=0.9/top_p=0.9", "diffusion/block=32/threshold=0.2",
		"diffusion/block=4/threshold=0.06", "diffusion/block=4/threshold=0.06/temperature=0.8/top_k=9",
		"diffusion/block=4/factor=2.85", "diffusion/block=8/entropy_bound=6.1", "diffusion/block=8/quota=low-confidence/steps=3",
		"diffusion/block=4/quota=margin/steps=3/temperature=1.5", "diffusion/block=4/quota=entropy/steps=2",
		"diffusion/block=4/quota=random/steps=2"} // devices know neither this policy nor one from outside
	all := []decoders.Settings{{Family: decoders.Diffusion, Block: 4, Custom: &decoders.PolicySpec{Name: "own",
		New: func(decoders.Settings, int, *rand.Rand) decoders.Policy { return decoders.Threshold(0.06) }}}}
	for _, name := range names {
		settings, err := decoders.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, settings)
	}
	for _, dtype := range []transformer.Dtype{transformer.F32, transformer.BF16} {
		b := gpu(t, dtype)
		for _, settings := range all {
			name := settings.Name()
			forwards, tokens := 0, 0
			want, got := steps(t, b, settings, false, requests()...), steps(t, b, settings, true, requests()...)
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("%s %s, prompt of %d:\n%v\non the host\n%v", dtype, name, i+1, got[i], want[i])
				}
				forwards, tokens = forwards+len(want[i]), tokens+len(want[i].Tokens())
			}
			if settings.Family == decoders.Diffusion && (forwards == tokens || forwards == len(want)) {
				t.Errorf("%s: %d tokens in %d forwards say little about its policy", name, tokens, forwards)
			}
		}
	}
}

// TestLongBlock refines more masks at once than the device has threads for.
func TestLongBlock(t *testing.T) {
	b, settings := gpu(t, transformer.BF16), decoders.Settings{Family: decoders.Diffusion, Block: 700, Quota: decoders.Margin, Steps: 3}
	req := decoders.Request{Prompt: []int32{1, 2, 3}, MaxTokens: 697, Seed: 1, Forced: true}
	want, got := steps(t, b, settings, false, req), steps(t, b, settings, true, req)
	if !reflect.DeepEqual(got, want) || len(want[0]) != 3 {
		t.Errorf("%d forwards on the device, %d on the host, or others", len(got[0]), len(want[0]))
	}
}

// TestDecodeEnds breaks decodings off, by the caller and by the context: the decoder can be used again.
func TestDecodeEnds(t *testing.T) {
	b, req := gpu(t, transformer.F32), requests()[4]
	d, err := decoders.New(b, decoders.Settings{Family: decoders.Diffusion, Block: 4, Quota: decoders.LowConfidence, Steps: 4}, 20)
	if err != nil {
		t.Fatal(err)
	}
	defer d.(io.Closer).Close()
	whole := collect(t, d, req)
	for range d.Decode(t.Context(), req) {
		break
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for step, err := range d.Decode(ended, req) {
		if err == nil {
			t.Errorf("in a context that has ended: %v", step)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, failed := 0, 0
	for _, err := range d.Decode(ctx, req) {
		if n++; err != nil {
			failed = n
		}
		if n == 2 {
			cancel()
		}
	}
	if n != 3 || failed != 3 {
		t.Errorf("after the context ended at step 2: %d steps, the error at %d", n, failed)
	}
	if again := collect(t, d, req); !reflect.DeepEqual(again.Tokens(), whole.Tokens()) {
		t.Errorf("afterwards %v, want %v", again.Tokens(), whole.Tokens())
	}
}
