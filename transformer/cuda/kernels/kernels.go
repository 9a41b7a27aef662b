// Package kernels holds the CUDA kernels: their source, and what was compiled from it.
//
//  1. Source joins the *.cu files; they need no header and no toolkit.
//  2. The command compile compiles it with NVRTC, CUDA's compiler as a library, which needs no GPU. It writes an image for each
//     of Targets, and manifest.json. `make kernels` runs it.
//  3. Image returns an embedded image. A test fails when the source has changed since the images were made.
package kernels

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

//go:embed *.cu *.gz manifest.json
var files embed.FS

// Files are the parts of the source, in the order in which they are joined.
var Files = []string{"common", "embed", "gemm", "attend", "guess", "cut", "unmask", "ceiling"}

// A Manifest says what the images were compiled from and by.
type Manifest struct {
	Source   string            `json:"source"`   // SHA-256 of Source
	Compiler string            `json:"compiler"` // NVRTC's version
	Driver   int               `json:"driver"`   // the least version of the driver that loads them, as cuDriverGetVersion counts
	Options  []string          `json:"options"`
	Images   map[string]string `json:"images"` // SHA-256 by target
	Kernels  []string          `json:"kernels"`
	Uses     map[string]Usage  `json:"uses"` // by target, of machine code
}

// A Usage is the resources that kernels use, by name, as their machine code says: registers per thread, bytes of local memory
// per thread (a stack or spilled registers) and bytes of static shared memory per block. Kernels without the latter two are
// left out there.
type Usage struct {
	Registers map[string]int `json:"registers"`
	Local     map[string]int `json:"local,omitempty"`
	Shared    map[string]int `json:"shared,omitempty"`
}

// Targets are what the source is compiled for: machine code for Hopper and Ampere, and PTX, which the driver of any
// later device compiles.
var Targets = []string{"sm_90a", "sm_80", "compute_80"}

// Compiler is the version of NVRTC that the images are made with. PTX of a later version needs a later driver.
const Compiler = "13.0"

// Options of the compilation. No multiplication is fused with an addition unless the source says fmaf: kernels that share
// arithmetic must give the same bits.
var Options = []string{"--std=c++17", "--fmad=false"}

// Source is the text that is compiled: all Files, with #line marks, so that errors name their lines.
func Source() string {
	var b strings.Builder
	for _, name := range Files {
		fmt.Fprintf(&b, "#line 1 \"%s.cu\"\n%s", name, Part(name))
	}
	return b.String()
}

// Part is the text of one of Files.
func Part(name string) []byte {
	text, err := files.ReadFile(name + ".cu")
	if err != nil {
		panic(err)
	}
	return text
}

// Hash is the SHA-256 of data.
func Hash[T string | []byte](data T) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(data))) }

// FileName of a target's image, compressed.
func FileName(target string) string {
	if strings.HasPrefix(target, "compute") {
		return target + ".ptx.gz"
	}
	return target + ".cubin.gz"
}

// Image returns the compiled kernels for a target.
func Image(target string) ([]byte, error) {
	text, err := files.ReadFile(FileName(target))
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("kernels: %s: %w", FileName(target), err)
	}
	return io.ReadAll(r)
}

// Compiled reads the manifest.
func Compiled() (m Manifest) {
	text, err := files.ReadFile("manifest.json")
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		panic(fmt.Sprintf("kernels: manifest.json: %v", err))
	}
	return m
}
