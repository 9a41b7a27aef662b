// Sixteen float32 in two AVX2 registers: what elementwise.h and gemm.h are written in.
#include <immintrin.h>
#define TARGET __attribute__((target("avx2,fma")))
#define INLINE TARGET static inline __attribute__((always_inline))

typedef struct {
	__m256 a, b;
} v16;

INLINE v16 set(float x) { return (v16){_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
INLINE v16 load(const float *p) { return (v16){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
INLINE void store(float *p, v16 x) { _mm256_storeu_ps(p, x.a), _mm256_storeu_ps(p + 8, x.b); }
INLINE v16 add(v16 x, v16 y) { return (v16){_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
INLINE v16 sub(v16 x, v16 y) { return (v16){_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
INLINE v16 mul(v16 x, v16 y) { return (v16){_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
INLINE v16 fma16(v16 x, v16 y, v16 z) { // x*y + z
	return (v16){_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
INLINE v16 max16(v16 x, v16 y) { return (v16){_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
INLINE v16 min16(v16 x, v16 y) { return (v16){_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)}; }
INLINE float sum16(v16 x) {
	__m256 s = _mm256_add_ps(x.a, x.b);
	__m128 q = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
	q = _mm_add_ps(q, _mm_movehl_ps(q, q));
	return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}

INLINE float most16(v16 x) {
	__m256 s = _mm256_max_ps(x.a, x.b);
	__m128 q = _mm_max_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
	q = _mm_max_ps(q, _mm_movehl_ps(q, q));
	return _mm_cvtss_f32(_mm_max_ss(q, _mm_movehdup_ps(q)));
}

// load_n and store_n touch the first n < 16 numbers only; the other lanes of load_n are fill.
INLINE v16 load_n(const float *p, long n, float fill) {
	float t[16];
	for (long i = 0; i < 16; i++) t[i] = i < n ? p[i] : fill;
	return load(t);
}
INLINE void store_n(float *p, long n, v16 x) {
	float t[16];
	store(t, x);
	for (long i = 0; i < n; i++) p[i] = t[i];
}

// zero_below is x where key >= limit and 0 elsewhere.
INLINE v16 zero_below(v16 key, v16 limit, v16 x) {
	return (v16){_mm256_and_ps(x.a, _mm256_cmp_ps(key.a, limit.a, _CMP_GE_OQ)),
	             _mm256_and_ps(x.b, _mm256_cmp_ps(key.b, limit.b, _CMP_GE_OQ))};
}

// equal has bit i set where lane i of x equals that of y.
INLINE unsigned equal(v16 x, v16 y) {
	return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(x.a, y.a, _CMP_EQ_OQ)) |
	       (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(x.b, y.b, _CMP_EQ_OQ)) << 8;
}

// pow2 is 2^n for whole numbers n in -126...127.
INLINE __m256 pow8(__m256 n) {
	__m256i e = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
	return _mm256_castsi256_ps(_mm256_slli_epi32(e, 23));
}
INLINE v16 pow2(v16 n) { return (v16){pow8(n.a), pow8(n.b)}; }

// inverse is 1/x.
INLINE v16 inverse(v16 x) {
	return (v16){_mm256_div_ps(_mm256_set1_ps(1), x.a), _mm256_div_ps(_mm256_set1_ps(1), x.b)};
}

// store_bf16 rounds to the nearest bf16, ties to even.
INLINE __m256i narrow8(__m256 x) {
	__m256i b = _mm256_castps_si256(x);
	__m256i odd = _mm256_and_si256(_mm256_srli_epi32(b, 16), _mm256_set1_epi32(1));
	return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(b, odd), _mm256_set1_epi32(0x7fff)), 16);
}
INLINE void store_bf16(void *p, v16 x) {
	__m256i both = _mm256_packus_epi32(narrow8(x.a), narrow8(x.b));
	_mm256_storeu_si256(p, _mm256_permute4x64_epi64(both, 0xd8));
}

INLINE __m256 widen8(const void *p) {
	return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(p)), 16));
}
INLINE v16 load_bf16(const void *p) { return (v16){widen8(p), widen8((const char *)p + 16)}; }

// low and high widen the even and the odd bf16 of 16 pairs.
INLINE __m256i half(const void *p, int i) { return _mm256_loadu_si256((const __m256i *)p + i); }
INLINE v16 low(const void *p) {
	return (v16){_mm256_castsi256_ps(_mm256_slli_epi32(half(p, 0), 16)),
	             _mm256_castsi256_ps(_mm256_slli_epi32(half(p, 1), 16))};
}
INLINE v16 high(const void *p) {
	__m256i upper = _mm256_set1_epi32(0xffff0000);
	return (v16){_mm256_castsi256_ps(_mm256_and_si256(half(p, 0), upper)),
	             _mm256_castsi256_ps(_mm256_and_si256(half(p, 1), upper))};
}
