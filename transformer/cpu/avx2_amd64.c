//go:build cgo && linux

// The kernels for AVX2 with FMA: products in float32 of float32 or widened bf16.
#include "kernels.h"
#include "vec256.h"
#define SET(name) avx2_##name
#include "elementwise.h"

#define NAME avx2_gemm_f32
#define ROWS 6
#define HALF 4
#define PANELS 1
#define FEW 2
#define MANY 2
#define DEPTH 1
#define WORD 4
#define LINE v16
#define READ(p) load((const float *)(p))
#define MAC(acc, a, b) fma16(set(*(const float *)(a)), b, acc)
#include "gemm.h"

// A line holds two k: the even in the lower halves, the odd in the upper ones.
typedef struct {
	v16 even, odd;
} pairs;
INLINE pairs widen(const byte *p) { return (pairs){low(p), high(p)}; }
INLINE v16 two(v16 acc, const byte *a, pairs b) {
	acc = fma16(set(((const float *)a)[0]), b.even, acc);
	return fma16(set(((const float *)a)[1]), b.odd, acc);
}
#define NAME avx2_gemm_bf16
#define ROWS 5
#define HALF 4
#define PANELS 1
#define FEW 2
#define MANY 2
#define DEPTH 2
#define WORD 8
#define LINE pairs
#define READ(p) widen(p)
#define MAC(acc, a, b) two(acc, a, b)
#include "gemm.h"

const struct table avx2_f32 = TABLE(WIDE, 0, avx2_gemm_f32, avx2);
const struct table avx2_bf16 = TABLE(WIDE, 1, avx2_gemm_bf16, avx2);
