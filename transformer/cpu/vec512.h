// Sixteen float32 in one AVX-512 register: what elementwise.h and gemm.h are written in.
#include <immintrin.h>
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define INLINE TARGET static inline __attribute__((always_inline))

typedef __m512 v16;

INLINE v16 set(float x) { return _mm512_set1_ps(x); }
INLINE v16 load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void store(float *p, v16 x) { _mm512_storeu_ps(p, x); }
INLINE v16 add(v16 a, v16 b) { return _mm512_add_ps(a, b); }
INLINE v16 sub(v16 a, v16 b) { return _mm512_sub_ps(a, b); }
INLINE v16 mul(v16 a, v16 b) { return _mm512_mul_ps(a, b); }
INLINE v16 fma16(v16 a, v16 b, v16 c) { return _mm512_fmadd_ps(a, b, c); } // a*b + c
INLINE v16 max16(v16 a, v16 b) { return _mm512_max_ps(a, b); }
INLINE v16 min16(v16 a, v16 b) { return _mm512_min_ps(a, b); }
INLINE float sum16(v16 a) { return _mm512_reduce_add_ps(a); }
INLINE float most16(v16 a) { return _mm512_reduce_max_ps(a); }

// load_n and store_n touch the first n < 16 numbers only; the other lanes of load_n are fill.
INLINE v16 load_n(const float *p, long n, float fill) {
	return _mm512_mask_loadu_ps(set(fill), (__mmask16)((1u << n) - 1), p);
}
INLINE void store_n(float *p, long n, v16 x) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x); }

// zero_below is x where key >= limit and 0 elsewhere.
INLINE v16 zero_below(v16 key, v16 limit, v16 x) {
	return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(key, limit, _CMP_GE_OQ), x);
}

// equal has bit i set where lane i of a equals that of b.
INLINE unsigned equal(v16 a, v16 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }

// pow2 is 2^n for whole numbers n in -126...127.
INLINE v16 pow2(v16 n) {
	__m512i e = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
	return _mm512_castsi512_ps(_mm512_slli_epi32(e, 23));
}

// inverse is 1/x to within an ulp or two: an estimate of 14 bits and one step of Newton's.
INLINE v16 inverse(v16 x) {
	v16 r = _mm512_rcp14_ps(x);
	return mul(r, _mm512_fnmadd_ps(x, r, set(2)));
}

// narrow rounds to the nearest bf16, ties to even; in each lane's lower half.
INLINE __m512i narrow32(v16 x) {
	__m512i b = _mm512_castps_si512(x);
	__m512i odd = _mm512_and_si512(_mm512_srli_epi32(b, 16), _mm512_set1_epi32(1));
	return _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(b, odd), _mm512_set1_epi32(0x7fff)), 16);
}
INLINE void store_bf16(void *p, v16 x) { _mm256_storeu_si256(p, _mm512_cvtepi32_epi16(narrow32(x))); }

INLINE v16 load_bf16(const void *p) {
	return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(p)), 16));
}

// low and high widen the even and the odd bf16 of 16 pairs.
INLINE v16 low(const void *p) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16)); }
INLINE v16 high(const void *p) {
	return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32(0xffff0000)));
}
