//go:build unix

package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"

	"tandem/transformer/cuda/kernels"
)

// An nvrtc is CUDA's run-time compiler, opened as a library.
type nvrtc struct {
	create, destroy, build                uintptr
	logSize, log                          uintptr
	cubinSize, cubin, ptxSize, ptx, about uintptr

	version      string
	major, minor int
}

// open loads NVRTC from a path or, with none, from where the loader finds it. The library looks for its builtins on the
// loader's path: they are loaded from the same folder beforehand.
func open(path string) (*nvrtc, error) {
	tried := []string{"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"}
	if path != "" {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		tried = []string{path}
		parts, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "libnvrtc-builtins.so.*"))
		for _, part := range parts {
			if _, err := purego.Dlopen(part, purego.RTLD_NOW|purego.RTLD_GLOBAL); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range tried {
		lib, err := purego.Dlopen(p, purego.RTLD_NOW|purego.RTLD_GLOBAL)
		if err != nil {
			continue
		}
		n := &nvrtc{}
		for name, at := range map[string]*uintptr{
			"nvrtcCreateProgram": &n.create, "nvrtcDestroyProgram": &n.destroy, "nvrtcCompileProgram": &n.build,
			"nvrtcGetProgramLogSize": &n.logSize, "nvrtcGetProgramLog": &n.log, "nvrtcGetCUBINSize": &n.cubinSize,
			"nvrtcGetCUBIN": &n.cubin, "nvrtcGetPTXSize": &n.ptxSize, "nvrtcGetPTX": &n.ptx, "nvrtcVersion": &n.about,
		} {
			if *at, err = purego.Dlsym(lib, name); err != nil {
				return nil, err
			}
		}
		var major, minor int32
		if err := call(n.about, uintptr(unsafe.Pointer(&major)), uintptr(unsafe.Pointer(&minor))); err != nil {
			return nil, err
		}
		n.major, n.minor, n.version = int(major), int(minor), fmt.Sprintf("%d.%d", major, minor)
		return n, nil
	}
	return nil, fmt.Errorf("no NVRTC among %s: pip install nvidia-cuda-nvrtc and name its libnvrtc.so with -nvrtc", strings.Join(tried, ", "))
}

//go:uintptrescapes
func call(fn uintptr, args ...uintptr) error {
	if r, _, _ := purego.SyscallN(fn, args...); int32(r) != 0 {
		return fmt.Errorf("nvrtc: error %d", int32(r))
	}
	return nil
}

// text is a C string.
func text(s string) *byte { return &append([]byte(s), 0)[0] }

// compile makes an image for a target: machine code for sm_…, PTX for compute_….
func (n *nvrtc) compile(source, target string) ([]byte, error) {
	program := new(uintptr)
	if err := call(n.create, uintptr(unsafe.Pointer(program)), uintptr(unsafe.Pointer(text(source))), uintptr(unsafe.Pointer(text("kernels.cu"))), 0, 0, 0); err != nil {
		return nil, err
	}
	defer call(n.destroy, uintptr(unsafe.Pointer(program)))
	var options []*byte
	for _, o := range append([]string{"--gpu-architecture=" + target}, kernels.Options...) {
		options = append(options, text(o))
	}
	if err := call(n.build, *program, uintptr(len(options)), uintptr(unsafe.Pointer(&options[0]))); err != nil {
		log, _ := n.fetch(*program, n.logSize, n.log)
		return nil, fmt.Errorf("%s: %w: %s", target, err, bytes.TrimRight(log, "\x00\n"))
	}
	if strings.HasPrefix(target, "compute") {
		image, err := n.fetch(*program, n.ptxSize, n.ptx)
		return bytes.TrimRight(image, "\x00"), err
	}
	return n.fetch(*program, n.cubinSize, n.cubin)
}

func (n *nvrtc) fetch(program, size, get uintptr) ([]byte, error) {
	length := new(uint64)
	if err := call(size, program, uintptr(unsafe.Pointer(length))); err != nil || *length == 0 {
		return nil, err
	}
	out := make([]byte, *length)
	return out, call(get, program, uintptr(unsafe.Pointer(&out[0])))
}
