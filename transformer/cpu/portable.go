package cpu

import (
	"math"
	"unsafe"

	"tandem/transformer"
)

// portable is the kernel set in plain Go: operands are float32 for both dtypes, bf16 weights are widened as they
// are read. It is what the other sets are understood from.
func portable(dtype transformer.Dtype) *kernels {
	k := &kernels{
		name: "portable", size: 4, gemm: goGemmF32, norm: goNorm, rotate: goRotate, scale: goScale,
		storeK: goStoreKF32, storeV: goStoreVF32, softmax: goSoftmax, swiglu: goSwiglu, reduce: goReduce,
	}
	if dtype == transformer.BF16 {
		k.gemm, k.storeK, k.storeV = goGemmBF16, goStoreKBF16, goStoreVBF16
	}
	return k
}

func f32s(p unsafe.Pointer, n int) []float32 { return unsafe.Slice((*float32)(p), n) }

// offset is p moved by n float32.
func offset(p unsafe.Pointer, n int) unsafe.Pointer { return unsafe.Add(p, n*4) }

func goGemmF32(c unsafe.Pointer, ldc int, a unsafe.Pointer, lda int, b unsafe.Pointer, stride, m, panels, k int, add bool) {
	for p := range panels {
		panel := f32s(unsafe.Add(b, p*stride), k*lanes)
		for i := range m {
			out := (*[lanes]float32)(offset(c, i*ldc+p*lanes))
			var sum [lanes]float32
			if add {
				sum = *out
			}
			for kk, x := range f32s(offset(a, i*lda), k) {
				row := (*[lanes]float32)(panel[kk*lanes:])
				for j := range sum {
					sum[j] += x * row[j]
				}
			}
			*out = sum
		}
	}
}

func goGemmBF16(c unsafe.Pointer, ldc int, a unsafe.Pointer, lda int, b unsafe.Pointer, stride, m, panels, k int, add bool) {
	for p := range panels {
		panel := unsafe.Slice((*uint16)(unsafe.Add(b, p*stride)), k*lanes)
		for i := range m {
			out := (*[lanes]float32)(offset(c, i*ldc+p*lanes))
			var sum [lanes]float32
			if add {
				sum = *out
			}
			x := f32s(offset(a, i*lda), k)
			for kk := 0; kk < k; kk += 2 {
				pair := (*[2 * lanes]uint16)(panel[kk*lanes:])
				for j := range sum {
					sum[j] += x[kk]*transformer.FromBF16(pair[2*j]) + x[kk+1]*transformer.FromBF16(pair[2*j+1])
				}
			}
			*out = sum
		}
	}
}

// rms is 1 / root mean square of x.
func rms(x []float32, eps float32) float32 {
	var sum float32
	for _, v := range x {
		sum += v * v
	}
	return float32(1 / math.Sqrt(float64(sum/float32(len(x))+eps)))
}

func goNorm(out unsafe.Pointer, x, weight []float32, eps float32) {
	by := rms(x, eps)
	to := f32s(out, len(x))
	for i, v := range x {
		to[i] = v * by * weight[i]
	}
}

// goRotate rotates pairs half a head apart, as all checkpoints in Hugging Face layout do (rotate-half).
func goRotate(x, bias, weight, cos, sin []float32, eps float32) {
	for i, b := range bias[:min(len(bias), len(x))] {
		x[i] += b
	}
	if weight != nil {
		goNorm(unsafe.Pointer(unsafe.SliceData(x)), x, weight, eps)
	}
	half := len(cos)
	for i, c := range cos {
		a, b := x[i], x[i+half]
		x[i], x[i+half] = a*c-b*sin[i], b*c+a*sin[i]
	}
}

func goScale(out unsafe.Pointer, x []float32, by float32) {
	for i, v := range x {
		f32s(out, len(x))[i] = v * by
	}
}

func goStoreKF32(panel unsafe.Pointer, lane int, x []float32) {
	to := f32s(panel, len(x)*lanes)
	for k, v := range x {
		to[k*lanes+lane] = v
	}
}

func goStoreKBF16(panel unsafe.Pointer, lane int, x []float32) {
	to := unsafe.Slice((*uint16)(panel), (len(x)+1)*lanes)
	for k, v := range x {
		to[(k/2*lanes+lane)*2+k%2] = transformer.RoundBF16(v)
	}
}

func goStoreVF32(panels unsafe.Pointer, stride, slot int, x []float32) {
	for i, v := range x {
		*(*float32)(unsafe.Add(panels, i/lanes*stride+(slot*lanes+i%lanes)*4)) = v
	}
}

func goStoreVBF16(panels unsafe.Pointer, stride, slot int, x []float32) {
	for i, v := range x {
		*(*uint16)(unsafe.Add(panels, i/lanes*stride+((slot/2*lanes+i%lanes)*2+slot%2)*2)) = transformer.RoundBF16(v)
	}
}

func goSoftmax(out unsafe.Pointer, s []float32, reach, n int, scale float32) float32 {
	top := s[0]
	for _, v := range s[:reach] {
		top = max(top, v)
	}
	to := f32s(out, n)
	var sum float32
	for i, v := range s[:reach] {
		to[i] = exp(scale * (v - top))
		sum += to[i]
	}
	clear(to[reach:])
	return 1 / sum
}

func goSwiglu(out unsafe.Pointer, gateUp []float32, pairs int) {
	to := f32s(out, pairs*lanes)
	for i := range to {
		at := i/lanes*2*lanes + i%lanes
		gate, up := gateUp[at], gateUp[at+lanes]
		to[i] = gate / (1 + exp(-gate)) * up
	}
}

func goReduce(logits []float32) (top int, second, sum, weighted float32) {
	second = float32(math.Inf(-1))
	for i, v := range logits[1:] {
		if v > logits[top] {
			top, second = i+1, logits[top]
		} else if v > second {
			second = v
		}
	}
	for _, v := range logits {
		if x := v - logits[top]; x > -100 {
			e := exp(x)
			sum += e
			weighted += x * e
		}
	}
	return top, second, sum, weighted
}

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }
