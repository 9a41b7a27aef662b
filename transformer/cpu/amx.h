// The matrix product by tiles (AMX): a 16x32 tile of operands times a 32x16 tile of a panel, both as they lie in
// memory, added to a 16x16 tile of float32. Any number of rows goes this way, also one, so that a row's sums do not
// depend on its company; the tiles are told how many rows there are.
//
// Operands are the sum of two bf16, so each tile of a panel is multiplied twice: rounding them to one bf16 would double
// the error that rounded keys and values make anyway, and reading the weights costs more than multiplying as long as
// rows are few.
//
// The eight tiles: more than 16 rows use 2x2 sums (0 to 3), two tiles of rows (4, 5) and of panels (6, 7); up to 16
// rows use 1x4 sums, the two parts of the operands (4, 5) and one panel after another (6, 7).
#define TILES __attribute__((target("avx512f,amx-tile,amx-bf16")))
#define INNER TILES static inline __attribute__((always_inline))
#define TILE_BYTES 1024
#define AMX_BLOCK 16 // tiles of a block of k: that of two panels fills most of the first cache
#define AMX_AHEAD 2  // tiles between a panel's tile and its prefetch

// shape tells the processor the rows of the tiles.
TILES static void shape(int upper, int lower) {
	struct {
		byte palette, start, reserved[14];
		uint16_t bytes[16];
		byte rows[16];
	} s;
	memset(&s, 0, sizeof s);
	s.palette = 1;
	const byte rows[8] = {upper, upper, lower ? lower : upper, lower ? lower : upper, upper, lower ? lower : upper, 16, 16};
	for (int i = 0; i < 8; i++) s.bytes[i] = 64, s.rows[i] = rows[i];
	__asm__ volatile("" : : "r"(&s) : "memory"); // gcc 12 takes the intrinsic to read 8 bytes only
	_tile_loadconfig(&s);
}

#define SUM(tile, more, c, ldc)                       \
	do {                                          \
		if (more) _tile_loadd(tile, c, ldc);  \
		else _tile_zero(tile);                \
	} while (0)

#define LOAD_PAIR(x)                                 \
	do {                                         \
		_tile_loadd(4, x, lda);              \
		_tile_loadd(5, (x) + 16 * lda, lda); \
	} while (0)
#define MULTIPLY_PAIR()                       \
	do {                                  \
		_tile_dpbf16ps(0, 4, 6);      \
		_tile_dpbf16ps(2, 5, 6);      \
		if (panels > 1) {             \
			_tile_dpbf16ps(1, 4, 7); \
			_tile_dpbf16ps(3, 5, 7); \
		}                             \
	} while (0)

// fetch asks for the tile that a stream of panels needs AMX_AHEAD tiles later: further on in this panel or, near its
// end, in the one that comes after it, which lies next bytes on.
INNER void fetch(const byte *b, long next, long t, long tiles) {
	t += AMX_AHEAD;
	const byte *p = t < tiles ? b + t * TILE_BYTES : b + next + (t - tiles) * TILE_BYTES;
#pragma GCC unroll 16
	for (int i = 0; i < TILE_BYTES; i += 64) _mm_prefetch((const char *)p + i, _MM_HINT_T0);
}

// square: up to 32 rows times one or two panels, which stream by unless more rows follow. Strides in bytes.
INNER void square(byte *c, long ldc, const byte *a, long lda, const byte *b, long stride, long tiles, int more,
                  int stream, const int panels) {
	SUM(0, more, c, ldc);
	SUM(2, more, c + 16 * ldc, ldc);
	if (panels > 1) {
		SUM(1, more, c + 64, ldc);
		SUM(3, more, c + 16 * ldc + 64, ldc);
	}
	for (long t = 0; t < tiles; t++) {
		if (stream) {
			fetch(b, 2 * stride, t, tiles);
			if (panels > 1) fetch(b + stride, 2 * stride, t, tiles);
		}
		_tile_loadd(6, b + t * TILE_BYTES, 64);
		if (panels > 1) _tile_loadd(7, b + stride + t * TILE_BYTES, 64);
		LOAD_PAIR(a + t * 128);
		MULTIPLY_PAIR();
		LOAD_PAIR(a + t * 128 + 64);
		MULTIPLY_PAIR();
	}
	_tile_stored(0, c, ldc);
	_tile_stored(2, c + 16 * ldc, ldc);
	if (panels > 1) {
		_tile_stored(1, c + 64, ldc);
		_tile_stored(3, c + 16 * ldc + 64, ldc);
	}
}

// line: up to 16 rows times up to four panels, which stream by.
INNER void line(byte *c, long ldc, const byte *a, long lda, const byte *b, long stride, long tiles, int more,
                const int panels) {
	SUM(0, more, c, ldc);
	if (panels > 1) SUM(1, more, c + 64, ldc);
	if (panels > 2) SUM(2, more, c + 128, ldc);
	if (panels > 3) SUM(3, more, c + 192, ldc);
#define STEP(p, tile)                                                \
	if (panels > p) {                                            \
		fetch(b + p * stride, 4 * stride, t, tiles);         \
		_tile_loadd(tile, b + p * stride + t * TILE_BYTES, 64); \
		_tile_dpbf16ps(p, 4, tile);                          \
		_tile_dpbf16ps(p, 5, tile);                          \
	}
	for (long t = 0; t < tiles; t++) {
		_tile_loadd(4, a + t * 128, lda);
		_tile_loadd(5, a + t * 128 + 64, lda);
		STEP(0, 6)
		STEP(1, 7)
		STEP(2, 6)
		STEP(3, 7)
	}
#undef STEP
	_tile_stored(0, c, ldc);
	if (panels > 1) _tile_stored(1, c + 64, ldc);
	if (panels > 2) _tile_stored(2, c + 128, ldc);
	if (panels > 3) _tile_stored(3, c + 192, ldc);
}

TILES static void few(byte *c, long ldc, const byte *a, long lda, const byte *b, long stride, long m, long panels,
                      long tiles, int more) {
	shape(m, 0);
	for (; panels >= 4; panels -= 4, c += 256, b += 4 * stride) line(c, ldc, a, lda, b, stride, tiles, more, 4);
	if (panels == 3) line(c, ldc, a, lda, b, stride, tiles, more, 3);
	if (panels == 2) line(c, ldc, a, lda, b, stride, tiles, more, 2);
	if (panels == 1) line(c, ldc, a, lda, b, stride, tiles, more, 1);
}

// band: one pair of panels, all whole or all rest rows of 32.
INNER void band(byte *c, long ldc, const byte *a, long lda, const byte *b, long stride, long rows, long tiles, int more,
                const int panels) {
	for (long r = 0; r < rows; r += 32) square(c + r * ldc, ldc, a + r * lda, lda, b, stride, tiles, more, rows == 32, panels);
}

TILES static void many(byte *c, long ldc, const byte *a, long lda, const byte *b, long stride, long m, long panels,
                       long tiles, int more) {
	for (; panels >= 2; panels -= 2, c += 128, b += 2 * stride) band(c, ldc, a, lda, b, stride, m, tiles, more, 2);
	if (panels) band(c, ldc, a, lda, b, stride, m, tiles, more, 1);
}

TILES void amx_gemm(float *out, long ldc, const byte *a, long lda, const byte *b, long stride, long m, long panels,
                    long k, int more) {
	byte *c = (byte *)out;
	ldc *= 4, lda *= 4; // bytes from here on
	const long tiles = k / 32, block = m > 32 ? AMX_BLOCK : tiles, whole = m / 32 * 32, rest = m % 32;
	for (long from = 0; from < tiles; from += block, more = 1) {
		const long n = tiles - from < block ? tiles - from : block;
		const byte *x = a + from * 128, *y = b + from * TILE_BYTES;
		if (whole) {
			shape(16, 16);
			many(c, ldc, x, lda, y, stride, whole, panels, n, more);
		}
		if (rest > 16) {
			shape(16, rest - 16);
			many(c + whole * ldc, ldc, x + whole * lda, lda, y, stride, 32, panels, n, more);
		} else if (rest) {
			few(c + whole * ldc, ldc, x + whole * lda, lda, y, stride, rest, panels, n, more);
		}
	}
	_tile_release();
}
