package cpu

import (
	"math"
	"slices"
	"unsafe"

	"tandem/transformer"
)

// Portable is the name of the kernel set in plain Go; see transformer.Description. Without cgo, and on other machines than
// Linux on amd64, there is no other.
const Portable = "portable"

// portable is the kernel set in plain Go, of float32 operands: all but what depends on the dtype. It is what the other sets
// are understood from.
func portable() *kernels {
	return &kernels{
		name: Portable, norm: goNorm, softmax: goSoftmax, storeAttention: goStoreAttention, swiglu: goSwiglu, reduce: goReduce,
	}
}

func portableF32() *kernels {
	k := portable()
	k.gemm, k.gemmKV = goGemmF32, goGemmF32
	k.qkvEpilogue = func(h *qkvArgs) { goQKVEpilogue(h, goStoreKF32, goStoreVF32) }
	return k
}

// portableBF16 widens numbers as it reads them.
func portableBF16() *kernels {
	k := portable()
	k.gemm, k.gemmKV = goGemmBF16, goGemmBF16
	k.qkvEpilogue = func(h *qkvArgs) { goQKVEpilogue(h, goStoreKBF16, goStoreVBF16) }
	return k
}

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
		panel := bf16s(unsafe.Add(b, p*stride), k*lanes)
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

func goNorm(out unsafe.Pointer, ldo int, x unsafe.Pointer, ldx, rows, n int, weight []float32, eps float32) {
	for i := range rows {
		normalize(f32s(offset(out, i*ldo), n), f32s(offset(x, i*ldx), n), weight, eps)
	}
}

func normalize(to, x, weight []float32, eps float32) {
	by := rms(x, eps)
	for i, v := range x {
		to[i] = v * by * weight[i]
	}
}

// rotate rotates pairs half a head apart, as all checkpoints in Hugging Face layout do (rotate-half).
func rotate(x, cos, sin []float32) {
	half := len(cos)
	for i, c := range cos {
		a, b := x[i], x[i+half]
		x[i], x[i+half] = a*c-b*sin[i], b*c+a*sin[i]
	}
}

func goQKVEpilogue(h *qkvArgs, storeK func(unsafe.Pointer, int, []float32), storeV func(unsafe.Pointer, int, int, []float32)) {
	turn := func(x []float32, weight unsafe.Pointer) {
		if weight != nil {
			normalize(x, x, f32s(weight, h.d), h.eps)
		}
		if h.cos != nil {
			rotate(x, f32s(h.cos, h.d/2), f32s(h.sin, h.d/2))
		}
	}
	group := h.heads / h.kvHeads
	for i := range h.heads + 2*h.kvHeads {
		x := f32s(offset(h.x, i*h.dp), h.d)
		if h.bias != nil {
			for j, b := range f32s(offset(h.bias, i*h.dp), h.d) {
				x[j] += b
			}
		}
		switch k, v := i-h.heads, i-h.heads-h.kvHeads; {
		case k < 0:
			turn(x, h.qNorm)
			query := f32s(unsafe.Add(h.query, i/group*h.queryGroup+i%group*h.queryHead), h.d)
			for j, v := range x {
				query[j] = v * h.queryScale
			}
		case v < 0:
			turn(x, h.kNorm)
			storeK(unsafe.Add(h.keys, k*h.keyHead+h.slot/lanes*h.keyPanel), h.slot%lanes, x)
		default:
			storeV(unsafe.Add(h.values, v*h.valueHead), h.valuePanel, h.slot, x)
		}
	}
}

func goStoreAttention(out unsafe.Pointer, ldo int, x unsafe.Pointer, ldx int, inv []float32, kv, first, group, d int) {
	for i, by := range inv {
		token, head := (first+i)/group-first/group, kv*group+(first+i)%group
		to := f32s(offset(out, token*ldo+head*d), d)
		for j, v := range f32s(offset(x, i*ldx), d) {
			to[j] = v * by
		}
	}
}

func goStoreKF32(panel unsafe.Pointer, lane int, x []float32) {
	to := f32s(panel, len(x)*lanes)
	for k, v := range x {
		to[k*lanes+lane] = v
	}
}

func goStoreKBF16(panel unsafe.Pointer, lane int, x []float32) {
	to := bf16s(panel, len(x)*lanes)
	for k, v := range x {
		to[inPairs(k, lane)] = transformer.RoundBF16(v)
	}
}

func goStoreVF32(panels unsafe.Pointer, stride, slot int, x []float32) {
	for i, v := range x {
		*(*float32)(unsafe.Add(panels, i/lanes*stride+(slot*lanes+i%lanes)*4)) = v
	}
}

func goStoreVBF16(panels unsafe.Pointer, stride, slot int, x []float32) {
	for i, v := range x {
		*(*uint16)(unsafe.Add(panels, i/lanes*stride+inPairs(slot, i%lanes)*2)) = transformer.RoundBF16(v)
	}
}

func goSoftmax(out operands, scores unsafe.Pointer, lds int, floor, reach []int32, inv []float32, n int, scale float32) {
	for r, m := range reach {
		low := int(floor[r])
		s, to := f32s(offset(scores, r*lds), int(m))[low:], f32s(out.at(r), n)
		top := slices.Max(s)
		var sum float32
		clear(to)
		for i, v := range s {
			to[low+i] = exp(scale * (v - top))
			sum += to[low+i]
		}
		inv[r] = 1 / sum
	}
}

func goSwiglu(out operands, column int, gateUp unsafe.Pointer, ldx, rows, pairs int) {
	for r := range rows {
		to, x := f32s(offset(out.at(r), column), pairs*lanes), f32s(offset(gateUp, r*ldx), 2*pairs*lanes)
		for i := range to {
			at := i/lanes*2*lanes + i%lanes
			gate, up := x[at], x[at+lanes]
			to[i] = gate / (1 + exp(-gate)) * up
		}
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
