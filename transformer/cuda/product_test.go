//go:build linux

package cuda

import (
	"slices"
	"testing"
	"unsafe"

	"tandem/transformer"
	"tandem/transformer/cuda/kernels"
)

// products lists one product of each shape of a session.
func (s *session) products() []product {
	l := &s.backend.model.layers[0]
	return []product{s.qkvProduct(l), s.outProduct(l), s.gateUpProduct(l), s.downProduct(l, s.backend.model.norm), s.headProduct(0)}
}

// use makes a session's products of all numbers of rows those of a variant, where it suits them, and says how many it does.
func (s *session) use(v variant) (n int) {
	s.backend.tuned = map[choice]variant{}
	for _, p := range s.products() {
		for _, rows := range steps {
			if v.suits(rows, p) {
				s.backend.tuned[p.choice(rows)] = v
				n++
			}
		}
	}
	return n
}

// counters reads the session's counters of blocks.
func (s *session) counters(t *testing.T) []int32 {
	out, d := make([]int32, splitKTiles), s.backend.device
	defer d.hold()()
	if err := d.enter(); err != nil {
		t.Fatal(err)
	}
	d.copyOut(unsafe.Pointer(&out[0]), s.splitKCounters, splitKTiles*4)
	if err := d.done(); err != nil {
		t.Fatal(err)
	}
	if err := d.wait(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryProduct runs rows through every kind of bf16 product and every split of K, one row alone and up to more than the
// largest tile holds: the same bits, and no counter is left. One length of a row is fewer units than slices.
func TestEveryProduct(t *testing.T) {
	c := transformer.Config{Name: "uneven", Layers: 1, Hidden: 150, Intermediate: 330, Heads: 3, KVHeads: 1, HeadDim: 14, Vocab: 75,
		RopeTheta: 1e4, NormEps: 1e-6, QKVBias: true, MaskToken: -1}
	s := open1(t, transformer.Random(c, transformer.BF16, 6), Options{Eager: true}, 1, 130).(*session)
	prompt := tokens(130, c.Vocab)
	logits := func(n int) []float32 {
		wanted := slices.Compact([]int{0, n / 2, n - 1})
		p := transformer.Pass{Tokens: prompt[:n], Span: 1, Want: wanted, Logits: make([]float32, len(wanted)*c.Vocab)}
		must(t, s, p)
		return p.Logits
	}
	sizes := []int{1, 13, 60, 130}
	var want [][]float32
	for _, n := range sizes {
		want = append(want, logits(n))
	}
	for _, k := range kinds {
		for _, splits := range []int{1, 2, 4, 8} {
			if k.stages == 0 && splits > 1 {
				continue
			}
			if v := (variant{k, splits}); s.use(v) < 20 {
				t.Fatalf("%v in %d splits suits few of the products", k, splits)
			}
			for i, n := range sizes {
				if !slices.Equal(logits(n), want[i]) {
					t.Errorf("%v in %d splits: other logits of %d rows", k, splits, n)
				}
			}
		}
	}
	for i, n := range s.counters(t) {
		if n != 0 {
			t.Fatalf("counter %d is %d after the products, want 0", i, n)
		}
	}
}

// TestChoice: products get a block for each multiprocessor where the workspace allows it, and never more partial sums
// than it holds.
func TestChoice(t *testing.T) {
	for _, c := range []struct {
		epilogue            string
		n, rows, processors int
		kind                string
		splits              int
	}{
		{"qkv", 4608, 1, 132, "16x8", 1}, {"swiglu", 37888, 8, 132, "32x8", 1}, {"qkv", 4608, 32, 132, "128x32", 4},
		{"residual", 896, 16, 132, "64x32", 8}, {"swiglu", 37888, 32, 132, "128x32", 1}, {"residual", 3584, 64, 132, "128x64", 8},
		{"qkv", 4608, 128, 132, "128x128", 4}, {"qkv", 4608, 2048, 132, "128x128", 1}, {"head", 151936, 64, 132, "128x64", 1},
		{"qkv", 200, 32, 2, "128x32", 1},
	} {
		p := product{c.epilogue, gemmArgs{n: int32(c.n)}}
		for i, v := range variants(c.rows, p, c.processors) {
			if i == 0 && (v.kind.String() != c.kind || v.splits != c.splits) {
				t.Errorf("%+v: %v in %d splits", c, v.kind, v.splits)
			}
			if v.splits > 1 && (v.blocks(c.rows, c.n) > splitKTiles || v.blocks(c.rows, c.n)*v.cols*v.rows*8 > splitKNumbers) {
				t.Errorf("%+v: %v in %d splits is too large for the workspace", c, v.kind, v.splits)
			}
		}
	}
}

// TestInFlight computes from the compiled code how many blocks a multiprocessor of Hopper holds and how many bytes of weights
// they have under way at once. By Little's law 4.3 TB/s and 700 ns need 3 MB on 132 multiprocessors, 23 KB each.
func TestInFlight(t *testing.T) {
	const registers, shared, reserved = 64 << 10, 228 << 10, 1 << 10
	uses := kernels.Compiled().Uses["sm_90a"]
	for _, k := range kinds {
		most := 0 // registers
		for _, epilogue := range []string{"qkv", "residual", "swiglu", "head"} {
			most = max(most, uses.Registers[epilogue+"_bf16_"+k.String()])
		}
		blocks := min(registers/(256*roundUp(most, 8)), shared/(k.shared()+reserved+16)) // 16: arrive's
		bytes := 64 << 10                                                                // 8 warps, 8 units of 16 columns or 4 of 32
		if k.stages > 0 {
			bytes = (k.stages - 1) * 64 * k.cols
		}
		t.Logf("%v: %d registers, %d bytes of shared memory, %d blocks, %d KB of weights under way", k, most, k.shared(), blocks,
			blocks*bytes>>10)
		if blocks*bytes < 32<<10 {
			t.Errorf("%v: %d blocks of a multiprocessor have %d bytes of weights under way", k, blocks, blocks*bytes)
		}
	}
}

// TestSerial: kernels that wait for each other by themselves give what kernels that start one after the other do, and they
// do so on devices alone whose image holds waits.
func TestSerial(t *testing.T) {
	w := transformer.Random(tiny, transformer.BF16, 1)
	early, serial := open1(t, w, Options{}, 1, 40), open1(t, w, Options{Serial: true}, 1, 40)
	pass := transformer.Pass{Tokens: tokens(40, tiny.Vocab), Want: upTo(40)}
	for range 3 { // launches, then a graph
		began := calls(t, "ran early")
		a := must(t, early, pass)
		between := calls(t, "ran early")
		if b := must(t, serial, pass); !same(a, b) {
			t.Errorf("kernels that overlap give %v, serial ones %v", a, b)
		}
		if onFake(t) && (between == began || calls(t, "ran early") != between) {
			t.Error("the wrong kernels were allowed to start early")
		}
	}
	control(t, "fake_reset")
	defer control(t, "fake_reset")
	control(t, "fake_set", cString("major"), 8)
	must(t, open1(t, w, Options{}, 1, 40), pass)
	if calls(t, "ran early") != 0 {
		t.Error("kernels without a wait were allowed to start early")
	}
}

// TestAttributes: the fake driver refuses launches with attributes that it does not know.
func TestAttributes(t *testing.T) {
	s := open1(t, transformer.Random(tiny, transformer.BF16, 1), Options{Eager: true}, 1, 10).(*session)
	if !onFake(t) {
		t.Skip("no fake driver")
	}
	d := s.backend.device
	defer d.hold()()
	if err := d.enter(); err != nil {
		t.Fatal(err)
	}
	for id, good := range map[uint32]bool{overlap: true, 4: false, 99: false} {
		launch(d, "guess_ban", 128, grid{1, 1, 1}, 0, guessArgs{head: s.upload}) // fills in the buffers
		d.launcher.attribute.id = id
		err := d.call(d.cuLaunchKernelEx, uintptr(unsafe.Pointer(&d.launcher.config)), d.kernels["guess_ban"], 0, uintptr(unsafe.Pointer(&d.launcher.extra)))
		if (err == nil) != good {
			t.Errorf("attribute %d: %v", id, err)
		}
	}
	if err := d.done(); err != nil {
		t.Error(err)
	}
}
