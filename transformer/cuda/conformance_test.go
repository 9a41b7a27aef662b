//go:build linux

package cuda

import (
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"

	"tandem/transformer"
	"tandem/transformer/cuda/fake"
	"tandem/transformer/transformertest"
)

// entry finds a function of the fake driver's own; 0 where another driver is used.
func entry(t testing.TB, name string) uintptr {
	t.Helper()
	lib, err := purego.Dlopen(fake.Path(t), purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		t.Fatal(err)
	}
	fn, err := purego.Dlsym(lib, name)
	if err != nil {
		return 0
	}
	return fn
}

func onFake(t testing.TB) bool { return entry(t, "fake_set") != 0 }

// control calls fake_set and its like, and skips the test where the driver is no fake.
func control(t testing.TB, name string, args ...uintptr) uintptr {
	t.Helper()
	fn := entry(t, name)
	if fn == 0 {
		t.Skipf("%s is no fake driver", fake.Path(t))
	}
	return syscall(fn, args...)
}

// calls is how often an entry point of the fake driver was called; 0 of another one.
func calls(t testing.TB, name string) uintptr {
	t.Helper()
	if fn := entry(t, "fake_calls"); fn != 0 {
		return syscall(fn, cString(name))
	}
	return 0
}

func openWith(t testing.TB, w *transformer.Weights, o Options) transformer.Backend {
	t.Helper()
	o.Driver = fake.Path(t)
	b, err := New(w, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestConformance passes the kernels, as they would run on a GPU, through the conformance of backends.
func TestConformance(t *testing.T) {
	transformertest.Test(t, func(t *testing.T, w *transformer.Weights) (transformer.Backend, error) {
		if _, err := transformer.Lookup(formats, w.Dtype); err != nil {
			t.Skip(err)
		}
		return New(w, Options{Driver: fake.Path(t)})
	})
}

// cString is a C string for control; the fake driver copies it.
func cString(s string) uintptr {
	text := append([]byte(s), 0)
	strings_ = append(strings_, text)
	return uintptr(unsafe.Pointer(&text[0]))
}

var strings_ [][]byte // kept alive for C
