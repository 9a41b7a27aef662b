// Matrix products, out[rows][n] = x[rows][K] * w[n][K], with what follows them in the layer.
//
// In bf16 the weights are the 16x16 operand of mma and 8 rows of activations the other: one row costs the reading of the
// weights, and so do eight.  K is cut into 8 slices of whole units, by K alone. An output number is the sum of its slices
// in ascending order, and a slice a chain of mma in ascending k, whichever kernel computes it: all have the same bits,
// whatever the number of rows. A kernel has 8 warps: kw of them share the slices of the same columns, the others stand
// side by side; a warp has ct tiles of 16 columns and rt tiles of 8 rows.

struct GemmArgs {
    const Head* head;
    const Want* wants;    // the output head: row i of the product is row wants[i].row of x
    const void* w;        // packed [n][K]
    const void* x;        // activations
    const float* squares; // of x, where a norm stands between: the results are divided by the root mean square
    const float* vector;  // qkv: bias [n]; residual: gain [n] of the norm that follows
    float* out;           // qkv, head: [rows][stride]; residual: the residual stream, added to
    void* next;           // residual: activations x * gain; swiglu: activations silu(gate) * up
    float* sums;          // residual: sums of squares of the residual stream, [rows][ceil(n/16)]
    int n;                // output columns; of swiglu gate and up together, each padded to 16
    int units;            // of K, of 32
    int width;            // of the norm: numbers of x
    int stride;           // of out
    int next_units;       // of next
    int wide;             // swiglu: true columns of gate
    int offset;           // the output head: the first want
    float eps;
};

enum { QKV, RESIDUAL, SWIGLU, HEAD };

// finish sums the kw planes [rows_][cols] of a block and does what follows the product. 16 threads in a row have the same
// row and 16 columns.
template <class T, int then> DEVICE void finish(const GemmArgs& a, const float* plane, float* scale, int kw, int rows_, int cols) {
    int first_row = blockIdx.y * rows_, first_col = blockIdx.x * cols;
    int count = then == HEAD ? a.head->wants - a.offset : a.head->rows;
    if (then != RESIDUAL) {
        for (int i = threadIdx.x / 32; i < rows_; i += 8) {
            int row = first_row + i;
            if (row >= count) break;
            if (then == HEAD) row = a.wants[a.offset + row].row;
            float s = a.squares ? inverse_rms(a.squares + (long)row * ((a.width + 15) / 16), a.width, a.eps) : 1.0f;
            if (threadIdx.x % 32 == 0) scale[i] = s;
        }
    }
    __syncthreads();
    for (int e = threadIdx.x; e < rows_ * cols; e += 256) {
        int i = e / cols, row = first_row + i, c = e % cols, col = first_col + c;
        float v = plane[e];
        for (int k = 1; k < kw; k++) v += plane[k * rows_ * cols + e];
        bool inside = row < count && col < a.n;
        if (then == QKV && inside) {
            v *= scale[i];
            a.out[(long)row * a.stride + col] = a.vector ? v + a.vector[col] : v;
        }
        if (then == HEAD && inside) a.out[(long)row * a.stride + col] = v * scale[i];
        if (then == RESIDUAL) {
            float square = 0;
            if (inside) {
                v += a.out[(long)row * a.stride + col];
                a.out[(long)row * a.stride + col] = v;
                activate<T>(a.next, row, col, a.next_units, v * a.vector[col]);
                square = v * v;
            }
            for (int m = 8; m > 0; m /= 2) square += exchange(square, m);
            if (inside && col % 16 == 0) a.sums[(long)row * ((a.n + 15) / 16) + col / 16] = square;
        }
        if (then == SWIGLU && inside && col % 32 < 16) { // the tile beside is of up
            float up = plane[e + 16];
            for (int k = 1; k < kw; k++) up += plane[k * rows_ * cols + e + 16];
            int to = col / 32 * 16 + col % 16;
            float gate = v * scale[i];
            if (to < a.wide) activate<T>(a.next, row, to, a.next_units, gate / (1.0f + expf(-gate)) * (up * scale[i]));
        }
    }
}

// product adds units from, ..., to-1 of K to acc. x[r] is where this lane's row of row tile r begins.
template <int ct, int rt, int deep> DEVICE void product(float (&acc)[ct][rt][4], const u16* w, long tile, const u16* const (&x)[rt], int from, int to) {
    for (int u = from; u < to; u += deep) {
        uint4 wv[deep][ct][2], xv[deep][rt], left[deep][rt];
#pragma unroll
        for (int d = 0; d < deep; d++)
            if (u + d < to) {
#pragma unroll
                for (int c = 0; c < ct; c++) {
                    wv[d][c][0] = stream(w + c * tile + (long)(u + d) * 512);
                    wv[d][c][1] = stream(w + c * tile + (long)(u + d) * 512 + 256);
                }
#pragma unroll
                for (int r = 0; r < rt; r++) {
                    xv[d][r] = *(const uint4*)(x[r] + (long)(u + d) * 512);
                    left[d][r] = *(const uint4*)(x[r] + (long)(u + d) * 512 + 256);
                }
            }
#pragma unroll
        for (int d = 0; d < deep; d++)
            if (u + d < to) {
#pragma unroll
                for (int c = 0; c < ct; c++)
#pragma unroll
                    for (int r = 0; r < rt; r++) {
                        uint4 a = wv[d][c][0], b = wv[d][c][1];
                        mma(acc[c][r], a.x, a.y, a.z, a.w, xv[d][r].x, xv[d][r].y);
                        mma(acc[c][r], a.x, a.y, a.z, a.w, left[d][r].x, left[d][r].y);
                        mma(acc[c][r], b.x, b.y, b.z, b.w, xv[d][r].z, xv[d][r].w);
                        mma(acc[c][r], b.x, b.y, b.z, b.w, left[d][r].z, left[d][r].w);
                    }
            }
    }
}

template <int ct, int rt, int kw, int then> DEVICE void gemm(const GemmArgs& a) {
    SHARED(shared);
    const int rows_ = rt * 8, cols = 8 / kw * ct * 16, deep = ct * rt < 4 ? 4 / (ct * rt) : 1;
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    int count = then == HEAD ? a.head->wants - a.offset : a.head->rows;
    if ((int)blockIdx.y * rows_ >= count) return;

    const u16* x[rt];
    for (int r = 0; r < rt; r++) {
        int row = blockIdx.y * rows_ + r * 8 + g;
        if (then == HEAD) row = a.wants[a.offset + (row < count ? row : 0)].row;
        x[r] = (const u16*)a.x + place<u16>(row, 2 * t, a.units);
    }
    int strip = blockIdx.x * (cols / (ct * 16)) + warp / kw; // of ct tiles
    if (strip * ct * 16 >= a.n) strip = 0;                   // beyond the last: any will do, nothing of it is kept
    long tile = (long)a.units * 512;
    const u16* w = (const u16*)a.w + strip * ct * tile + lane * 8;

    float sum[ct][rt][4] = {};
    for (int slice = warp % kw; slice < 8; slice += kw) {
        float part[ct][rt][4] = {};
        product<ct, rt, deep>(part, w, tile, x, a.units * slice / 8, a.units * (slice + 1) / 8);
#pragma unroll
        for (int c = 0; c < ct; c++)
#pragma unroll
            for (int r = 0; r < rt; r++)
#pragma unroll
                for (int i = 0; i < 4; i++) sum[c][r][i] = slice == warp % kw ? part[c][r][i] : sum[c][r][i] + part[c][r][i];
    }
    float *plane = (float*)shared, *scale = plane + kw * rows_ * cols;
    for (int c = 0; c < ct; c++)
        for (int r = 0; r < rt; r++)
            for (int i = 0; i < 4; i++) {
                int row = r * 8 + 2 * t + i % 2, col = (warp / kw * ct + c) * 16 + g + i / 2 * 8;
                plane[(warp % kw * rows_ + row) * cols + col] = sum[c][r][i];
            }
    finish<u16, then>(a, plane, scale, kw, rows_, cols);
}

// simple is the product in f32: a thread has one of 8 rows x 32 columns and one chain of additions.
template <int then> DEVICE void simple(const GemmArgs& a) {
    SHARED(shared);
    int c = threadIdx.x % 32, i = threadIdx.x / 32, row = blockIdx.y * 8 + i;
    int count = then == HEAD ? a.head->wants - a.offset : a.head->rows;
    if ((int)blockIdx.y * 8 >= count) return;
    if (then == HEAD) row = a.wants[a.offset + (row < count ? row : 0)].row;
    const float* w = (const float*)a.w + (long)blockIdx.x * a.units * 32 * 32 + c;
    const float* x = (const float*)a.x + place<float>(row, 0, a.units);
    float sum = 0;
#pragma unroll 8
    for (int k = 0; k < a.units * 32; k++) sum = fmaf(w[k * 32], x[k], sum);
    float* plane = (float*)shared;
    plane[i * 32 + c] = sum;
    finish<float, then>(a, plane, plane + 256, 1, 8, 32);
}
KERNEL(qkv_f32, GemmArgs, 256, simple<QKV>(a))
KERNEL(residual_f32, GemmArgs, 256, simple<RESIDUAL>(a))
KERNEL(swiglu_f32, GemmArgs, 256, simple<SWIGLU>(a))
KERNEL(head_f32, GemmArgs, 256, simple<HEAD>(a))

// The names say ct, rt and kw. Gate and up of a number lie in tiles side by side, which one block must hold.
#define GEMM(ct, rt, kw) \
    KERNEL(qkv_bf16_##ct##_##rt##_##kw, GemmArgs, 256, (gemm<ct, rt, kw, QKV>(a))) \
    KERNEL(residual_bf16_##ct##_##rt##_##kw, GemmArgs, 256, (gemm<ct, rt, kw, RESIDUAL>(a))) \
    KERNEL(head_bf16_##ct##_##rt##_##kw, GemmArgs, 256, (gemm<ct, rt, kw, HEAD>(a)))
#define GEMM_SWIGLU(ct, rt, kw) \
    GEMM(ct, rt, kw) KERNEL(swiglu_bf16_##ct##_##rt##_##kw, GemmArgs, 256, (gemm<ct, rt, kw, SWIGLU>(a)))
GEMM(1, 1, 8)
GEMM_SWIGLU(2, 1, 8)
GEMM(1, 2, 8)
GEMM_SWIGLU(2, 2, 8)
GEMM(1, 4, 8)
GEMM_SWIGLU(2, 4, 8)
GEMM_SWIGLU(2, 8, 8)
GEMM_SWIGLU(2, 4, 1)
GEMM_SWIGLU(4, 4, 1)
