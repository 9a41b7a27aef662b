// Package transformertest says whether a backend is right: hand its constructor to Test.
//
//  1. Reference is the model in float64 with every mask written out, slow and obvious.
//  2. Test drives the backend and the reference with the same random passes through every cache regime of the two
//     decoders, and compares logits (relative L2 of a pass: 1e-4 in f32, 1e-2 in bf16) and guesses. The reference
//     rounds activations where the backend says that it does.
//  3. What must hold exactly is compared bit for bit: a sequence alone against the same sequence in a batch, a
//     session after a refused pass or a Reset against one that never saw it.
//  4. A backend may refuse what sets a model apart from plain ones with transformer.ErrUnsupported. Such tests are skipped and
//     say why.
//
// Inputs are the same in every run; another TANDEM_TEST_SEED draws others. Buffers that a backend should fill are
// handed over full of NaN.
package transformertest

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"tandem/transformer"
)

// An opener makes a backend of the given weights; it calls t.Skip where the machine cannot.
type opener func(t *testing.T, w *transformer.Weights) (transformer.Backend, error)

// backend opens a backend for the length of a test.
func (open opener) backend(t *testing.T, w *transformer.Weights) transformer.Backend {
	t.Helper()
	b, err := open(t, w)
	if err != nil {
		refused(t, w.Config, err)
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

// fixture opens a backend of random weights of a config, and the reference of the same.
func (open opener) fixture(t *testing.T, c transformer.Config, dtype transformer.Dtype, random *rand.Rand) *fixture {
	t.Helper()
	w := transformer.Random(c, dtype, random.Uint64())
	b := open.backend(t, w)
	return &fixture{backend: b, reference: rounding(w, b), random: random, tolerance: tolerances[dtype]}
}

// refused skips a test, and says why, where a backend does not compute what sets a model apart from plain ones.
func refused(t *testing.T, c transformer.Config, err error) {
	t.Helper()
	r := c.Rope
	plain := r.Divisors == nil && r.Scale == 0 && r.QueryBeta == 0 && !c.OBias && !c.MLPBias && c.Kinds == nil
	if errors.Is(err, transformer.ErrUnsupported) && !plain {
		t.Skip(err)
	}
}

// tolerances are the largest relative L2 distances of logits in each dtype.
var tolerances = map[transformer.Dtype]float64{transformer.F32: 1e-4, transformer.BF16: 1e-2}

// Test runs the conformance tests on the backends that open makes, in every dtype and over several geometries.
func Test(t *testing.T, open func(t *testing.T, w *transformer.Weights) (transformer.Backend, error)) {
	seed, opener := testSeed(t), opener(open)
	for _, dtype := range transformer.Dtypes() {
		for i, c := range shapes() {
			t.Run(string(dtype)+"/"+c.Name, func(t *testing.T) {
				f := opener.fixture(t, c, dtype, rand.New(rand.NewPCG(seed, uint64(i))))
				testDescription(t, f, dtype)
				for _, test := range tests {
					t.Run(test.name, func(t *testing.T) { test.run(t, f) })
				}
			})
		}
		t.Run(string(dtype)+"/chunks", func(t *testing.T) { testChunks(t, opener, dtype, seed) })
		t.Run(string(dtype)+"/ties", func(t *testing.T) { testTies(t, opener, dtype) })
		t.Run(string(dtype)+"/poison", func(t *testing.T) { testPoison(t, opener, dtype, seed) })
	}
}

var tests = []struct {
	name string
	run  func(*testing.T, *fixture)
}{
	{"whole sequence", testWhole}, {"prefix cache", testPrefix}, {"dual cache", testDual}, {"causal", testCausal},
	{"block-causal", testBlockCausal}, {"long", testLong}, {"ragged batch", testRagged},
	{"batch invariance", testBatchInvariance}, {"wanted rows", testWant},
	{"ban", testBan}, {"sampling", testSampling},
	{"bad passes", testBadPasses}, {"reset", testReset}, {"open", testOpen},
}

// shapes covers the knobs: grouped, multi-head and multi-query attention, biases, q/k norm, tied or not, a query width
// other than the hidden size, sizes that no vector width divides, other rotations, and windows shorter and longer than
// tiles of kernels.
func shapes() []transformer.Config {
	shapes := []transformer.Config{
		{Name: "tied-qknorm-gqa2", Layers: 2, Hidden: 64, Intermediate: 96, Heads: 4, KVHeads: 2, HeadDim: 16, Vocab: 128,
			Tied: true, QKNorm: true},
		{Name: "untied-bias-odd", Layers: 3, Hidden: 37, Intermediate: 53, Heads: 6, KVHeads: 3, HeadDim: 10, Vocab: 101,
			QKVBias: true},
		{Name: "tied-bias-gqa7", Layers: 2, Hidden: 112, Intermediate: 130, Heads: 7, KVHeads: 1, HeadDim: 32, Vocab: 259,
			Tied: true, QKVBias: true},
		{Name: "untied-both-mha", Layers: 1, Hidden: 45, Intermediate: 31, Heads: 3, KVHeads: 3, HeadDim: 22, Vocab: 67,
			QKVBias: true, QKNorm: true},
		{Name: "untied-plain-wide", Layers: 1, Hidden: 128, Intermediate: 320, Heads: 4, KVHeads: 2, HeadDim: 64, Vocab: 515},
		{Name: "rope-divided-nope", Layers: 3, Hidden: 48, Intermediate: 64, Heads: 4, KVHeads: 2, HeadDim: 16, Vocab: 97,
			Tied: true, Rope: transformer.Rope{Divisors: []float64{1, 1, 1.5, 2, 3, 5, 8, 8}, Scale: 1.2},
			Kinds: []transformer.LayerKind{1: {NoRope: true}, 2: {}}},
		{Name: "windows", Layers: 4, Hidden: 40, Intermediate: 56, Heads: 6, KVHeads: 2, HeadDim: 12, Vocab: 83, QKNorm: true,
			Kinds: []transformer.LayerKind{{Window: 5}, {}, {Window: 33}, {Window: 70}}},
		{Name: "queries-scaled", Layers: 2, Hidden: 32, Intermediate: 48, Heads: 4, KVHeads: 4, HeadDim: 8, Vocab: 71,
			Rope: transformer.Rope{QueryBeta: 0.5, QueryFrom: 7}},
		{Name: "biases", Layers: 2, Hidden: 37, Intermediate: 53, Heads: 5, KVHeads: 1, HeadDim: 14, Vocab: 103, OBias: true,
			MLPBias: true},
		{Name: "all", Layers: 3, Hidden: 52, Intermediate: 75, Heads: 6, KVHeads: 3, HeadDim: 10, Vocab: 107, Tied: true,
			QKVBias: true, OBias: true, MLPBias: true, QKNorm: true,
			Rope:  transformer.Rope{Divisors: []float64{1, 1, 2, 4, 4}, Scale: 0.8, QueryBeta: 0.3, QueryFrom: 10},
			Kinds: []transformer.LayerKind{{Window: 1}, {NoRope: true}, {NoRope: true, Window: 18}}},
	}
	for i := range shapes {
		shapes[i].RopeTheta, shapes[i].NormEps, shapes[i].MaskToken = []float64{1e4, 1e6}[i%2], 1e-6, -1
	}
	return shapes
}

// testSeed is TANDEM_TEST_SEED, or else 1.
func testSeed(t *testing.T) uint64 {
	seed := uint64(1)
	if s := os.Getenv("TANDEM_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("TANDEM_TEST_SEED: %v", err)
		}
	}
	t.Logf("inputs of TANDEM_TEST_SEED=%d", seed)
	return seed
}

func testDescription(t *testing.T, f *fixture, dtype transformer.Dtype) {
	d := f.backend.Describe()
	rounds := d.Activations == transformer.F32 || d.Activations == dtype.Activations()
	if d.Device == "" || d.Threads < 0 || d.Dtype != dtype || !rounds {
		t.Errorf("description %+v of a %s backend", d, dtype)
	}
	if got, want := f.backend.Config(), f.reference.Config(); got.Name != want.Name || got.Vocab != want.Vocab {
		t.Errorf("config is %+v, want %+v", got, want)
	}
}
