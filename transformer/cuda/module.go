package cuda

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"tandem/transformer/cuda/kernels"
)

// manifest says what the embedded kernels were compiled for.
var manifest = kernels.Compiled()

// choose names the image for a compute capability: machine code where there is some, otherwise PTX, which the driver compiles.
func choose(major, minor int32) string {
	switch {
	case major == 9 && minor == 0:
		return "sm_90a"
	case major == 8: // machine code runs on later devices of the same generation
		return "sm_80"
	}
	return "compute_80"
}

const (
	maxDynamicShared = 8        // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
	defaultShared    = 48 << 10 // bytes of shared memory that a block may have without it
)

// loadKernels loads the image for the device and finds its kernels.
func (d *device) loadKernels() error {
	d.image = choose(d.major, d.minor)
	image, err := kernels.Image(d.image)
	if err != nil {
		return err
	}
	image = append(image, 0) // PTX is a C string
	err = d.call(d.cuModuleLoadData, uintptr(unsafe.Pointer(&d.module)), uintptr(unsafe.Pointer(&image[0])))
	var f failure
	if errors.As(err, &f) && (f.code == noBinary || f.code == unsupportedPTX) {
		return fmt.Errorf("cuda: the driver cannot run the %s kernels on %s (compute capability %d.%d): update it: %w", d.image, d.title, d.major, d.minor, err)
	}
	if err != nil {
		return err
	}
	for _, name := range manifest.Kernels {
		fn := new(uintptr)
		text := append([]byte(name), 0)
		if err := d.call(d.cuModuleGetFunction, uintptr(unsafe.Pointer(fn)), d.module, uintptr(unsafe.Pointer(&text[0]))); err != nil {
			return fmt.Errorf("kernel %s: %w", name, err)
		}
		d.kernels[name] = *fn
		for _, k := range kinds {
			if k.shared() <= defaultShared || !strings.HasSuffix(name, "_bf16_"+k.String()) {
				continue
			}
			if err := d.call(d.cuFuncSetAttribute, *fn, maxDynamicShared, uintptr(k.shared())); err != nil {
				return fmt.Errorf("kernel %s: %w", name, err)
			}
		}
	}
	return nil
}
