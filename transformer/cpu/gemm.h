// c[m, 16*panels] = a[m, k] times panels, or added to c: included once for each kind of multiplication.
//
// A tile of rows x panels accumulators stays in registers while k runs; a line of 64 bytes of each panel is multiplied with a
// broadcast of each row. Every accumulator is one chain over ascending k whatever the tile, so a result does not depend on m.
// k is cut into blocks, so that the block of a panel stays in the first cache while the rows pass by; between blocks the sums
// wait in c, unrounded.
//
//	NAME           the function; TARGET its instruction set
//	ROWS           rows of the large tile; PANELS its panels; HALF the rows of a smaller one
//	FEW, MANY      a product of at most FEW rows streams MANY panels at once instead
//	DEPTH          how many k lie in a line of a panel
//	WORD           bytes of a that are multiplied with a line
//	LINE, READ(p)  a line and how to read it
//	MAC(acc, a, b) acc plus what the word at a and the line b say
#define BLOCK 256      // lines of a block of k
#define AHEAD 32       // lines between a line and its prefetch
#define PASTE(a, b) a##b
#define NAMED(a, b) PASTE(a, b)
#define TILE NAMED(NAME, _tile)
#define ROWS_OF NAMED(NAME, _rows)

INLINE void TILE(float *c, long ldc, const byte *a, long lda, const byte *b, long stride, long lines, int more, int first,
                 const int rows, const int panels) {
	v16 acc[ROWS][MANY];
#pragma GCC unroll 16
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
		for (int p = 0; p < panels; p++) acc[r][p] = more ? load(c + r * ldc + p * 16) : set(0);
	for (long l = 0; l < lines; l++) {
		LINE line[MANY];
		const byte *ahead = b + (l + AHEAD) * 64 + (l + AHEAD < lines ? 0 : panels * stride - lines * 64);
#pragma GCC unroll 16
		for (int p = 0; p < panels; p++) {
			line[p] = READ(b + p * stride + l * 64);
			if (first) _mm_prefetch((const char *)(ahead + p * stride), _MM_HINT_T0);
		}
#pragma GCC unroll 16
		for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
			for (int p = 0; p < panels; p++) acc[r][p] = MAC(acc[r][p], a + r * lda + l * WORD, line[p]);
	}
#pragma GCC unroll 16
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
		for (int p = 0; p < panels; p++) store(c + r * ldc + p * 16, acc[r][p]);
}

// All m rows pass by the same panels, in the largest tiles that fit; the first asks for what comes after.
INLINE void ROWS_OF(float *c, long ldc, const byte *a, long lda, const byte *b, long stride, long m, long lines, int more,
                    const int panels) {
	int first = 1;
#define TILES_OF(n)                                                               \
	for (; m >= n; m -= n, c += n * ldc, a += n * lda, first = 0)             \
		TILE(c, ldc, a, lda, b, stride, lines, more, first, n, panels);
	if (panels <= PANELS) {
		TILES_OF(ROWS)
		TILES_OF(HALF)
	}
	TILES_OF(4)
	TILES_OF(2)
	TILES_OF(1)
#undef TILES_OF
}

TARGET void NAME(float *c, long ldc, const byte *a, long lda, const byte *b, long stride, long m, long panels, long k,
                 int more) {
	const long lines = k / DEPTH;
	lda = lda * WORD / DEPTH; // bytes from here on
	long block = m > ROWS ? BLOCK : lines;
	for (long from = 0; from < lines; from += block, more = 1) {
		long n = lines - from < block ? lines - from : block, p = 0;
		const byte *x = a + from * WORD, *y = b + from * 64;
		if (m <= FEW)
			for (; p + MANY <= panels; p += MANY)
				ROWS_OF(c + p * 16, ldc, x, lda, y + p * stride, stride, m, n, more, MANY);
		for (; p + PANELS <= panels; p += PANELS)
			ROWS_OF(c + p * 16, ldc, x, lda, y + p * stride, stride, m, n, more, PANELS);
		for (; p < panels; p++) ROWS_OF(c + p * 16, ldc, x, lda, y + p * stride, stride, m, n, more, 1);
	}
}

#undef BLOCK
#undef AHEAD
#undef TILE
#undef ROWS_OF
#undef NAME
#undef ROWS
#undef HALF
#undef PANELS
#undef FEW
#undef MANY
#undef DEPTH
#undef WORD
#undef LINE
#undef READ
#undef MAC
