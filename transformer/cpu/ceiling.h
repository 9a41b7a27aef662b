// What this processor can do at most: loops that do nothing but read, multiply and add. Accumulators are named
// variables (an array of them would live in memory with gcc 12), and an empty asm keeps each step.
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEEP(x) __asm__ volatile("" : "+v"(x))
#define TIMES12(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)

// Each returns the operations of its loop: a multiplication and an addition count as two.
#define RATE(NAME, TARGET, VECTOR, ZERO, STEP, OPERATIONS)                                                     \
	__attribute__((target(TARGET))) static double NAME(long steps) {                                       \
		VECTOR c0 = ZERO, c1 = ZERO, c2 = ZERO, c3 = ZERO, c4 = ZERO, c5 = ZERO, c6 = ZERO, c7 = ZERO, \
		       c8 = ZERO, c9 = ZERO, c10 = ZERO, c11 = ZERO;                                           \
		for (long i = 0; i < steps; i++) { TIMES12(STEP) }                                             \
		return 12.0 * (OPERATIONS) * steps;                                                            \
	}

#define FMA512(n) c##n = _mm512_fmadd_ps(c##n, c##n, c##n); KEEP(c##n);
#define FMA256(n) c##n = _mm256_fmadd_ps(c##n, c##n, c##n); KEEP(c##n);
#define DOT512(n) c##n = _mm512_dpbf16_ps(c##n, (__m512bh)c##n, (__m512bh)c##n); KEEP(c##n);
RATE(ceiling_fma512, "avx512f", __m512, _mm512_setzero_ps(), FMA512, 2 * 16)
RATE(ceiling_fma256, "avx2,fma", __m256, _mm256_setzero_ps(), FMA256, 2 * 8)
RATE(ceiling_dot512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(), DOT512, 2 * 32)

// ceiling_tiles multiplies 16x32 by 32x16 tiles of bf16 into four accumulators.
__attribute__((target("amx-tile,amx-bf16"))) static double ceiling_tiles(long steps) {
	struct {
		unsigned char palette, start, reserved[14];
		unsigned short bytes[16];
		unsigned char rows[16];
	} shape;
	static const char zeros[1024] __attribute__((aligned(64)));
	memset(&shape, 0, sizeof shape);
	shape.palette = 1;
	for (int i = 0; i < 8; i++) shape.bytes[i] = 64, shape.rows[i] = 16;
	__asm__ volatile("" : : "r"(&shape) : "memory"); // gcc 12 takes the intrinsic to read 8 bytes only
	_tile_loadconfig(&shape);
	_tile_loadd(4, zeros, 64);
	_tile_loadd(5, zeros, 64);
	_tile_loadd(6, zeros, 64);
	_tile_loadd(7, zeros, 64);
	_tile_zero(0);
	_tile_zero(1);
	_tile_zero(2);
	_tile_zero(3);
	for (long i = 0; i < steps; i++) {
		_tile_dpbf16ps(0, 4, 6);
		_tile_dpbf16ps(1, 4, 7);
		_tile_dpbf16ps(2, 5, 6);
		_tile_dpbf16ps(3, 5, 7);
	}
	_tile_release();
	return 4.0 * 2 * 16 * 16 * 32 * steps;
}

// ceiling_tiles_allowed asks Linux for the tiles' state (ARCH_REQ_XCOMP_PERM of feature 18).
static int ceiling_tiles_allowed(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }

// The readers go once over n bytes, a multiple of 1024, four streams a thread at a time.
#define READ(NAME, TARGET, VECTOR, WIDTH, LOAD, ADD, ZERO)                                                          \
	__attribute__((target(TARGET))) static void NAME(const char *p, long n) {                                   \
		VECTOR a = ZERO, b = ZERO, c = ZERO, d = ZERO;                                                      \
		const long quarter = n / 4;                                                                         \
		for (long i = 0; i < quarter; i += 256)                                                             \
			for (long j = i; j < i + 256; j += WIDTH) {                                                 \
				if (j % 64 == 0) {                                                                  \
					_mm_prefetch(p + j + 1024, _MM_HINT_T0);                                    \
					_mm_prefetch(p + quarter + j + 1024, _MM_HINT_T0);                          \
					_mm_prefetch(p + 2 * quarter + j + 1024, _MM_HINT_T0);                      \
					_mm_prefetch(p + 3 * quarter + j + 1024, _MM_HINT_T0);                      \
				}                                                                                   \
				a = ADD(a, LOAD((const void *)(p + j)));                                            \
				b = ADD(b, LOAD((const void *)(p + quarter + j)));                                  \
				c = ADD(c, LOAD((const void *)(p + 2 * quarter + j)));                              \
				d = ADD(d, LOAD((const void *)(p + 3 * quarter + j)));                              \
			}                                                                                           \
		KEEP(a);                                                                                            \
		KEEP(b);                                                                                            \
		KEEP(c);                                                                                            \
		KEEP(d);                                                                                            \
	}
READ(ceiling_read512, "avx512f", __m512i, 64, _mm512_load_si512, _mm512_add_epi64, _mm512_setzero_si512())
READ(ceiling_read256, "avx2", __m256i, 32, _mm256_load_si256, _mm256_add_epi64, _mm256_setzero_si256())
