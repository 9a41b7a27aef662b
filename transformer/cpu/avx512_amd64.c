//go:build cgo && linux

// The kernels for AVX-512: products in float32 of float32 or widened bf16, of bf16 pairs, and by tiles.
#include "kernels.h"
#include "vec512.h"
#define SET(name) avx512_##name
#include "elementwise.h"

#define NAME avx512_gemm_f32
#define ROWS 12
#define HALF 8
#define PANELS 2
#define FEW 4
#define MANY 4
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
#define NAME avx512_gemm_bf16
#define ROWS 12
#define HALF 8
#define PANELS 2
#define FEW 4
#define MANY 4
#define DEPTH 2
#define WORD 8
#define LINE pairs
#define READ(p) widen(p)
#define MAC(acc, a, b) two(acc, a, b)
#include "gemm.h"

// Operands are pairs of bf16, as a line is: one instruction (AVX512_BF16) adds both products.
#undef TARGET
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
INLINE __m512bh bf16s(const void *p) { return (__m512bh)_mm512_loadu_si512(p); }
INLINE v16 dot(v16 acc, const byte *a, __m512bh b) {
	int32_t pair;
	memcpy(&pair, a, 4);
	return _mm512_dpbf16_ps(acc, (__m512bh)_mm512_set1_epi32(pair), b);
}
#define NAME avx512_gemm_dot
#define ROWS 12
#define HALF 8
#define PANELS 2
#define FEW 4
#define MANY 4
#define DEPTH 2
#define WORD 4
#define LINE __m512bh
#define READ(p) bf16s(p)
#define MAC(acc, a, b) dot(acc, a, b)
#include "gemm.h"

#include "amx.h"

const struct table avx512_f32 = TABLE(WIDE, 0, avx512_gemm_f32, avx512);
const struct table avx512_bf16 = TABLE(WIDE, 1, avx512_gemm_bf16, avx512);
const struct table avx512_dot = TABLE(NARROW, 1, avx512_gemm_dot, avx512);
const struct table amx_bf16 = TABLE(SPLIT, 1, amx_gemm, avx512);
