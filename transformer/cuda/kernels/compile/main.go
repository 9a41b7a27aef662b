//go:build unix

// Command compile compiles the CUDA kernels with NVRTC and writes the images and manifest.json beside their source.
package main

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/transformer/cuda/kernels"
)

func main() {
	library := flag.String("nvrtc", "", "path of libnvrtc.so")
	to := flag.String("to", "transformer/cuda/kernels", "folder of the images")
	flag.Parse()
	if err := run(*library, *to); err != nil {
		fmt.Fprintln(os.Stderr, "compile:", err)
		os.Exit(1)
	}
}

func run(library, to string) error {
	n, err := open(library)
	if err != nil {
		return err
	}
	if n.version != kernels.Compiler {
		return fmt.Errorf("%s is NVRTC %s, the images are made with %s: see requirements.txt", library, n.version, kernels.Compiler)
	}
	m := kernels.Manifest{Source: kernels.Hash(kernels.Source()), Compiler: "NVRTC " + n.version, Driver: n.major*1000 + n.minor*10,
		Options: kernels.Options, Images: map[string]string{}, Uses: map[string]kernels.Usage{}}
	for _, target := range kernels.Targets {
		image, err := n.compile(kernels.Source(), target)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(to, kernels.FileName(target)), image); err != nil {
			return err
		}
		m.Images[target] = kernels.Hash(image)
		if strings.HasPrefix(target, "compute") {
			continue
		}
		if m.Kernels, err = entries(image); err != nil {
			return err
		}
		if m.Uses[target], err = usage(image); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "manifest.json"), append(text, '\n'), 0o644)
}

// write compresses an image; the same image gives the same file.
func write(path string, image []byte) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(image); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// entries lists the kernels of a cubin, which is an ELF file: its global functions.
func entries(cubin []byte) ([]string, error) {
	f, err := elf.NewFile(bytes.NewReader(cubin))
	if err != nil {
		return nil, err
	}
	symbols, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && elf.ST_BIND(s.Info) == elf.STB_GLOBAL {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}
