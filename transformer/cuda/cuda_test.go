//go:build linux

package cuda

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"tandem/transformer"
	"tandem/transformer/cpu"
	"tandem/transformer/cuda/fake"
)

// tiny is a model with every knob and with sizes that no tile divides.
var tiny = transformer.Config{Name: "tiny", Layers: 2, Hidden: 37, Intermediate: 53, Heads: 6, KVHeads: 2, HeadDim: 10,
	Vocab: 101, RopeTheta: 1e4, NormEps: 1e-6, QKVBias: true, QKNorm: true, MaskToken: -1}

// wide has rows longer than the slices of a product, 80 to one unit, and a vocabulary of two slices.
var wide = transformer.Config{Name: "wide", Layers: 2, Hidden: 320, Intermediate: 512, Heads: 4, KVHeads: 2, HeadDim: 128,
	Vocab: 5000, RopeTheta: 1e6, NormEps: 1e-6, Tied: true, MaskToken: -1}

var dtypes = []transformer.Dtype{transformer.F32, transformer.BF16}

// session opens a session of a backend of its own.
func open1(t testing.TB, w *transformer.Weights, o Options, sequences, slots int) transformer.Session {
	t.Helper()
	b := openWith(t, w, o)
	s, err := b.Open(sequences, slots)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), b.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

var random = rand.New(rand.NewPCG(1, 0)) // the same inputs in every run

func tokens(n, vocab int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(random.IntN(vocab))
	}
	return out
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// must runs a forward and returns copies of the guesses.
func must(t testing.TB, s transformer.Session, passes ...transformer.Pass) (out [][]transformer.Guess) {
	t.Helper()
	guesses, err := s.Forward(t.Context(), passes)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guesses {
		out = append(out, slices.Clone(g))
	}
	return out
}

// TestGraphs runs the same forwards launch by launch, and three times where the third is surely a graph: the same bits.
func TestGraphs(t *testing.T) {
	for _, dtype := range dtypes {
		w := transformer.Random(tiny, dtype, 1)
		eager, graphs := open1(t, w, Options{Eager: true}, 3, 160), open1(t, w, Options{}, 3, 160)
		prompt := tokens(140, tiny.Vocab)
		before := calls(t, "cuGraphLaunch")
		for step := range 5 {
			passes := []transformer.Pass{
				{Tokens: prompt, Span: 1, Want: []int{139, 0}, Temp: 0.8, TopK: 9, Seed: uint64(step)},
				{Tokens: tokens(9, tiny.Vocab), Want: upTo(9), Ban: []int32{3, 1}},
				{Tokens: tokens(1, tiny.Vocab), Start: step, Span: 1, Want: []int{0}, Temp: 1, TopP: 0.7},
			}
			if a, b := must(t, eager, passes...), must(t, graphs, passes...); !same(a, b) {
				t.Errorf("%s, step %d: launches give %v, a graph %v", dtype, step, a, b)
			}
		}
		if n := calls(t, "cuGraphLaunch") - before; n != 4 && onFake(t) {
			t.Errorf("%d of 5 forwards of one shape were graphs, want 4", n)
		}
	}
}

func same(a, b [][]transformer.Guess) bool {
	return slices.EqualFunc(a, b, func(x, y []transformer.Guess) bool { return slices.Equal(x, y) })
}

// TestProductsAgree runs rows through every product kernel, alone and beside so many others, and through attention in
// one piece and in splits: a row's logits are the same to the bit.
func TestProductsAgree(t *testing.T) {
	const slots = 300
	for _, config := range []transformer.Config{tiny, wide} {
		for _, dtype := range dtypes {
			w := transformer.Random(config, dtype, 2)
			prompt := tokens(slots, config.Vocab)
			s := open1(t, w, Options{}, 1, slots)
			logits := func(start, n int) []float32 {
				p := transformer.Pass{Tokens: prompt[start : start+n], Start: start, Span: 1, Want: []int{n - 1}, Logits: make([]float32, config.Vocab)}
				must(t, s, p)
				return p.Logits
			}
			want := logits(0, slots)
			for _, n := range []int{1, 8, 9, 17, 33, 65, 200} { // the last rows again, by other kernels
				if got := logits(slots-n, n); !slices.Equal(got, want) {
					t.Errorf("%s %s: the last row among %d differs from itself among %d", config.Name, dtype, n, slots)
				}
			}
		}
	}
}

// TestTuned: whatever products are chosen, the results are the same.
func TestTuned(t *testing.T) {
	defer func(ms float64) { tuneSlow = ms }(tuneSlow)
	tuneSlow = math.Inf(1)
	w := transformer.Random(tiny, transformer.BF16, 2)
	plain, tuned := open1(t, w, Options{}, 2, 100), open1(t, w, Options{Tune: true}, 2, 100)
	// qkv, swiglu and residual, whose two have one shape here, for 5 numbers of rows; the head for 4.
	if n := len(tuned.(*session).backend.tuned); n != 19 {
		t.Errorf("%d products are chosen, want 19", n)
	}
	for _, n := range []int{1, 9, 30, 50, 100} {
		p := []transformer.Pass{{Tokens: tokens(n, tiny.Vocab), Want: upTo(n)}, {Tokens: tokens(n, tiny.Vocab), Span: 1, Want: upTo(n)}}
		if a, b := must(t, plain, p...), must(t, tuned, p...); !same(a, b) {
			t.Errorf("%d rows: tuned products give other guesses", n)
		}
	}
}

// TestManyRows wants more rows than the output head holds at once, of more sequences than one group of launches takes.
func TestManyRows(t *testing.T) {
	const sequences, slots = 30, 150
	w := transformer.Random(tiny, transformer.BF16, 3)
	many, one := open1(t, w, Options{}, sequences, slots), open1(t, w, Options{}, 1, slots)
	passes := make([]transformer.Pass, sequences)
	for i := range passes {
		passes[i] = transformer.Pass{Tokens: tokens(slots, tiny.Vocab), Span: i % 3, Want: upTo(slots / (1 + i%2))}
	}
	together := must(t, many, passes...)
	for _, i := range []int{0, 13, 28, 29} {
		if alone := must(t, one, passes[i]); !slices.Equal(alone[0], together[i]) {
			t.Errorf("sequence %d alone differs from itself among %d", i, sequences)
		}
	}
}

// TestAgreesWithCPU compares logits with those of the CPU backend's plain kernels. In bf16 they round weights, keys and
// values alone, so that what is allowed is the rounding of activations.
func TestAgreesWithCPU(t *testing.T) {
	for _, dtype := range dtypes {
		w := transformer.Random(wide, dtype, 4)
		b, err := cpu.New(w, cpu.Options{Threads: 2, Kernels: "portable"})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		other, err := b.Open(1, 100)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		x := tokens(100, wide.Vocab)
		logits := func(s transformer.Session) []float32 {
			p := transformer.Pass{Tokens: x, Span: 32, Want: []int{99, 40}, Logits: make([]float32, 2*wide.Vocab)}
			must(t, s, p)
			return p.Logits
		}
		got, want := logits(open1(t, w, Options{}, 1, 100)), logits(other)
		var num, den float64
		for i := range got {
			d := float64(got[i] - want[i])
			num, den = num+d*d, den+float64(want[i])*float64(want[i])
		}
		if e := math.Sqrt(num / den); !(e < map[transformer.Dtype]float64{transformer.F32: 1e-5, transformer.BF16: 2e-2}[dtype]) {
			t.Errorf("%s: logits are %.2g from the CPU's", dtype, e)
		}
	}
}

func TestNewRejects(t *testing.T) {
	for _, c := range []struct {
		name, want string
		spoil      func(w *transformer.Weights)
		fake       map[string]uintptr
	}{
		{name: "config", want: "hidden size must be positive", spoil: func(w *transformer.Weights) { w.Config.Hidden = 0 }},
		{name: "layers", want: "1 layers of weights", spoil: func(w *transformer.Weights) { w.Layers = w.Layers[:1] }},
		{name: "shape", want: "layer 1: down is [37, 52]", spoil: func(w *transformer.Weights) { w.Layers[1].Down.Cols = 52 }},
		{name: "norm", want: "final norm has 3 numbers", spoil: func(w *transformer.Weights) { w.Norm = w.Norm[:3] }},
		{name: "dtype", want: `dtype "f16"`, spoil: func(w *transformer.Weights) { w.Dtype = "f16" }},
		{name: "o bias", want: "tiny has biases on o, gate, up or down: not supported on a GPU",
			spoil: func(w *transformer.Weights) { w.Config.OBias = true }},
		{name: "mlp bias", want: "use the processor", spoil: func(w *transformer.Weights) { w.Config.MLPBias = true }},
		{name: "head dim", want: "head dim 300", spoil: func(w *transformer.Weights) { w.Config.HeadDim = 300 }},
		{name: "old driver", want: "the driver is for CUDA 12.4, the kernels need 13.0: update it", fake: map[string]uintptr{"version": 12040}},
		{name: "no device", want: "no CUDA device", fake: map[string]uintptr{"devices": 0}},
		{name: "no init", want: "cuInit failed", fake: map[string]uintptr{"cuInit": 1}},
		{name: "old device", want: "emulated has compute capability 7.5, the kernels need 8.0", fake: map[string]uintptr{"major": 7, "minor": 5}},
		{name: "wrong image", want: "cannot run the sm_80 kernels on emulated (compute capability 8.6)", fake: map[string]uintptr{"major": 8, "minor": 6, "image": noBinary}},
		{name: "old PTX", want: "cannot run the compute_80 kernels", fake: map[string]uintptr{"major": 12, "minor": 0, "image": unsupportedPTX}},
		{name: "little memory", want: "tiny in f32 needs 0.0 GiB, but emulated has 0.0 GiB free: choose less", fake: map[string]uintptr{"memory": 1000}},
		{name: "allocation", want: "cuMemAlloc_v2 failed", fake: map[string]uintptr{"cuMemAlloc_v2": 1}},
		{name: "context", want: "cuDevicePrimaryCtxRetain failed", fake: map[string]uintptr{"cuDevicePrimaryCtxRetain": 1}},
		{name: "copy", want: "cuMemcpyHtoDAsync_v2 failed", fake: map[string]uintptr{"cuMemcpyHtoDAsync_v2": 3}},
		{name: "launch", want: "kernel pack_f32", fake: map[string]uintptr{"cuLaunchKernelEx": 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := transformer.Random(tiny, transformer.F32, 1)
			if c.spoil != nil {
				c.spoil(w)
			}
			control(t, "fake_reset")
			defer control(t, "fake_reset")
			for name, value := range c.fake {
				control(t, "fake_set", cString(name), value)
			}
			b, err := New(w, Options{Driver: fake.Path(t)})
			if err == nil {
				b.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q; want one line with %q", err, c.want)
			}
			if n := control(t, "fake_leaks"); n != 0 {
				t.Errorf("%d things of the driver are left behind", n)
			}
		})
	}
}

// TestOpenRefuses sessions in which a window would end or a query be scaled, and opens those that are one slot shorter.
func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		spoil func(c *transformer.Config)
		most  int
	}{
		{func(c *transformer.Config) { c.Kinds = []transformer.LayerKind{{Window: 40}, {Window: 24}} }, 24},
		{func(c *transformer.Config) { c.Rope = transformer.Rope{QueryBeta: 0.1, QueryFrom: 30} }, 30},
	} {
		config := tiny
		c.spoil(&config)
		b := openWith(t, transformer.Random(config, transformer.F32, 1), Options{})
		defer b.Close()
		_, err := b.Open(2, c.most+1)
		want := fmt.Sprintf("%d slots of tiny, whose windows or query scales begin after %d: not supported", c.most+1, c.most)
		if !errors.Is(err, transformer.ErrUnsupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want one with %q", err, want)
		}
		s, err := b.Open(2, c.most)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNoDriver names what was looked for.
func TestNoDriver(t *testing.T) {
	_, err := New(transformer.Random(tiny, transformer.F32, 1), Options{Driver: "/nowhere/libcuda.so.1"})
	if !errors.Is(err, ErrNoDevice) || !strings.Contains(err.Error(), "/nowhere/libcuda.so.1") {
		t.Errorf("%v", err)
	}
	if _, err := Find("libc.so.6"); err == nil || !strings.Contains(err.Error(), "lacks cu") {
		t.Errorf("a library that is no driver: %v", err)
	}
}

// TestFailures breaks a session's calls one after the other: each is an error, nothing is left behind, and what follows
// works where the device still does.
func TestFailures(t *testing.T) {
	control(t, "fake_reset")
	defer control(t, "fake_reset")
	w := transformer.Random(tiny, transformer.BF16, 1)
	b := openWith(t, w, Options{})
	pass := transformer.Pass{Tokens: tokens(5, tiny.Vocab), Want: []int{4}}
	for _, call := range []string{"cuMemAlloc_v2", "cuMemHostAlloc", "cuMemsetD8Async", "cuMemcpyHtoDAsync_v2", "cuMemGetInfo_v2"} {
		control(t, "fake_set", cString(call), 1)
		if s, err := b.Open(1, 10); err == nil {
			s.Close()
			t.Errorf("open with a broken %s: no error", call)
		}
	}
	if _, err := b.Open(1000, 60000); err == nil || !strings.Contains(err.Error(), "a session of 1000 sequences of 60000 slots needs") {
		t.Errorf("a session beyond the memory: %v", err)
	}
	s, err := b.Open(1, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := must(t, s, pass)
	for _, call := range []string{"cuCtxSetCurrent", "cuStreamBeginCapture_v2", "cuLaunchKernelEx", "cuStreamEndCapture", "cuGraphInstantiateWithFlags",
		"cuGraphLaunch", "cuStreamSynchronize"} {
		control(t, "fake_set", cString(call), 1)
		if _, err := s.Forward(t.Context(), []transformer.Pass{pass}); err == nil || !strings.Contains(err.Error(), call) {
			t.Errorf("forward with a broken %s: %v", call, err)
		}
	}
	if got := must(t, s, pass); !same(got, want) {
		t.Errorf("after failures %v, before %v", got, want)
	}
	if err := errors.Join(s.Close(), b.Close()); err != nil {
		t.Error(err)
	}
	if n := control(t, "fake_leaks"); n != 0 {
		t.Errorf("%d things of the driver are left behind", n)
	}
}

// TestThreads uses a session from many threads of the system in turn: the context goes along.
func TestThreads(t *testing.T) {
	s := open1(t, transformer.Random(tiny, transformer.BF16, 1), Options{}, 1, 10)
	pass := transformer.Pass{Tokens: tokens(5, tiny.Vocab), Want: []int{4}}
	want := must(t, s, pass)
	for range 20 {
		done := make(chan bool)
		go func() {
			got, err := s.Forward(t.Context(), []transformer.Pass{pass})
			done <- err == nil && same(got, want)
		}()
		if !<-done {
			t.Fatal("another thread gets another answer")
		}
	}
}

// TestSessionsAtOnce uses two sessions of a backend from two goroutines.
func TestSessionsAtOnce(t *testing.T) {
	b := openWith(t, transformer.Random(tiny, transformer.BF16, 1), Options{})
	pass := transformer.Pass{Tokens: tokens(5, tiny.Vocab), Want: []int{4, 1}}
	done := make(chan [][]transformer.Guess)
	for range 2 {
		go func() {
			var last [][]transformer.Guess
			if s, err := b.Open(1, 10); err == nil {
				for range 10 {
					last, _ = s.Forward(t.Context(), []transformer.Pass{pass})
				}
				last = [][]transformer.Guess{slices.Clone(last[0])}
				s.Close()
			}
			done <- last
		}()
	}
	if x, y := <-done, <-done; x == nil || !same(x, y) {
		t.Errorf("two sessions at once give %v and %v", x, y)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	control(t, "fake_reset")
	text, err := Find(fake.Path(t))
	if err != nil || text != "emulated, 2 SMs, sm_90a, 1.0 of 1.0 GiB free" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestCeilings: the ceilings are there, and what reads counts what it reads.
func TestCeilings(t *testing.T) {
	b := openWith(t, transformer.Random(tiny, transformer.BF16, 1), Options{})
	measure, done, err := b.(transformer.CeilingMeter).Meter()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	got, err := measure()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{transformer.ReadCeiling, transformer.F32Ceiling, transformer.BF16Ceiling} {
		if !(got[name] > 0 && got[name] < 1e7) {
			t.Errorf("%s is %g", name, got[name])
		}
	}
	t.Log(got)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// TestUUID: NVML's way of writing the sixteen bytes.
func TestUUID(t *testing.T) {
	b, err := New(transformer.Random(wide, transformer.F32, 1), Options{Driver: fake.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	got := b.(transformer.Identified).UUID()
	if os.Getenv("TANDEM_CUDA_DRIVER") == "" && got != "GPU-00112233-4455-6677-8899-aabbccddeeff" {
		t.Errorf("UUID %s", got)
	}
}
