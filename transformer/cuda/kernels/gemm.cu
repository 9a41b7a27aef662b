// Matrix products, out[rows][n] = x[rows][K] * w[n][K], each with an epilogue: what follows the product in the layer.
//
// In bf16 the weights are the 16x16 operand of mma, and 8 rows of activations are the other operand. K is cut into 8 slices of
// whole units; the cuts depend on K alone. An output number is the sum of its slices in ascending order, and a slice is a
// sequence of mma in ascending k. That holds for every kernel, so all kernels give the same bits for any number of rows. With
// up to 8 rows the cost is the reading of the weights, which few_rows streams into registers. With more rows tiled shares
// weights and activations in shared memory.

struct GemmArgs {
    const Head* head;
    const Want* wants;    // the output head: row i of the product is row wants[i].row of x
    const void* w;        // packed [n][K]
    const void* x;        // activations
    const float* squares; // of x, or null. Where a norm precedes the product, its results are divided by the root mean square
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
    float* split_k_partials; // where the grid splits K: [8 slices][tiles of the grid][numbers of a tile], as the threads hold them
    int* split_k_counters;   // [tiles of the grid] blocks that have finished; 0 before and after the product
};

enum { QKV, RESIDUAL, SWIGLU, HEAD }; // the epilogues

template <int epilogue> DEVICE int row_count(const GemmArgs& a) { return epilogue == HEAD ? a.head->wants - a.offset : a.head->rows; }

// source_row is the row of x that row i of the product is.
template <int epilogue> DEVICE int source_row(const GemmArgs& a, int i) { return epilogue == HEAD ? a.wants[a.offset + i].row : i; }

// norms writes 1 / root mean square of each row of a block into scale, from the sums of squares of the row's tiles of 16.
// Each warp takes every 8th row and reads all of its rows at once.
template <int rows_, int epilogue> DEVICE void norms(const GemmArgs& a, int first_row, int count, float* scale) {
    const int mine = (rows_ + 7) / 8;
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32, tiles = (a.width + 15) / 16;
    const float* from[mine];
    float sum[mine];
#pragma unroll
    for (int j = 0; j < mine; j++) {
        int row = first_row + j * 8 + warp;
        from[j] = row < count ? a.squares + (long)source_row<epilogue>(a, row) * tiles : 0;
        sum[j] = 0;
    }
    for (int i = lane; i < tiles; i += 32)
#pragma unroll
        for (int j = 0; j < mine; j++)
            if (from[j]) sum[j] += from[j][i];
#pragma unroll
    for (int j = 0; j < mine; j++) {
        float s = 1.0f / sqrtf(warp_sum(sum[j]) / (float)a.width + a.eps);
        if (lane == 0) scale[j * 8 + warp] = s;
    }
}

// finish adds up the partial sums [count][rows_][cols + 4] of a block and runs the epilogue. 16 neighbouring threads have the
// same row and 16 columns, and each thread reads what it needs for several numbers at once. The 4 keep rows in different banks
// of shared memory.
template <class T, int epilogue>
DEVICE void finish(const GemmArgs& a, const float* partials, const float* scale, int partial_count, int rows_, int cols) {
    const int batch = epilogue == RESIDUAL || epilogue == QKV ? 8 : 2;
    int first_row = blockIdx.x * rows_, first_col = blockIdx.y * cols, count = row_count<epilogue>(a), size = rows_ * (cols + 4);
    int end = min(rows_, (count - first_row + 1) / 2 * 2) * cols; // whole warps
    for (int start = threadIdx.x; start < end; start += 256 * batch) {
        float old[batch], by[batch]; // of out, and of vector
#pragma unroll
        for (int b = 0; b < batch; b++) {
            int e = start + b * 256, row = first_row + e / cols, col = first_col + e % cols;
            bool inside = e < end && row < count && col < a.n;
            old[b] = epilogue == RESIDUAL && inside ? a.out[(long)row * a.stride + col] : 0.0f;
            by[b] = inside && (epilogue == RESIDUAL || (epilogue == QKV && a.vector)) ? a.vector[col] : 0.0f;
        }
#pragma unroll
        for (int b = 0; b < batch; b++) {
            int e = start + b * 256, i = e / cols, row = first_row + i, c = e % cols, col = first_col + c;
            if (e >= end) continue;
            const float* from = partials + i * (cols + 4) + c;
            float v = from[0];
            for (int k = 1; k < partial_count; k++) v += from[k * size];
            bool inside = row < count && col < a.n;
            if (epilogue == QKV && inside) a.out[(long)row * a.stride + col] = a.vector ? v * scale[i] + by[b] : v * scale[i];
            if (epilogue == HEAD && inside) a.out[(long)row * a.stride + col] = v * scale[i];
            if (epilogue == RESIDUAL) {
                float square = 0;
                if (inside) {
                    v += old[b];
                    a.out[(long)row * a.stride + col] = v;
                    activate<T>(a.next, row, col, a.next_units, v * by[b]);
                    square = v * v;
                }
                for (int m = 8; m > 0; m /= 2) square += exchange(square, m);
                if (inside && col % 16 == 0) a.sums[(long)row * ((a.n + 15) / 16) + col / 16] = square;
            }
            if (epilogue == SWIGLU && inside && col % 32 < 16) { // the next tile is of up
                float up = from[16];
                for (int k = 1; k < partial_count; k++) up += from[k * size + 16];
                int to = col / 32 * 16 + col % 16;
                float gate = v * scale[i];
                if (to < a.wide) activate<T>(a.next, row, to, a.next_units, gate / (1.0f + expf(-gate)) * (up * scale[i]));
            }
        }
    }
}

// few_rows multiplies up to 8 rows. Weights go from memory into registers. Each warp always has loads of `deep` units in
// flight; the first loads start before the rows are there. A warp has one slice of ct tiles of columns.
template <int ct, int deep, int epilogue> DEVICE void few_rows(const GemmArgs& a) {
    SHARED(shared);
    const int rows_ = 8, cols = ct * 16;
    int slice = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    int from = a.units * slice / 8, to = a.units * (slice + 1) / 8;
    long tile = (long)a.units * 512;
    const u16* w = (const u16*)a.w + blockIdx.y * ct * tile + lane * 8;
    uint4 wv[deep][ct][2];
    auto load = [&](int d, int u) {
        if (u >= to) return;
#pragma unroll
        for (int c = 0; c < ct; c++) {
            wv[d][c][0] = stream(w + c * tile + (long)u * 512);
            wv[d][c][1] = stream(w + c * tile + (long)u * 512 + 256);
        }
    };
#pragma unroll
    for (int d = 0; d < deep; d++) load(d, from + d);
    wait();

    int count = row_count<epilogue>(a), row = blockIdx.x * rows_ + g;
    if ((int)blockIdx.x * rows_ >= count) return;
    const u16* x = (const u16*)a.x + place<u16>(source_row<epilogue>(a, row < count ? row : 0), 2 * t, a.units);
    float *partials = (float*)shared, *scale = partials + 8 * rows_ * (cols + 4);
    if (a.squares) norms<rows_, epilogue>(a, blockIdx.x * rows_, count, scale);
    float sum[ct][4] = {};
    for (int u = from; u < to; u += deep) {
        uint4 xv[deep];
#pragma unroll
        for (int d = 0; d < deep; d++)
            if (u + d < to) xv[d] = *(const uint4*)(x + (long)(u + d) * 256);
#pragma unroll
        for (int d = 0; d < deep; d++)
            if (u + d < to) {
#pragma unroll
                for (int c = 0; c < ct; c++) {
                    uint4 p = wv[d][c][0], q = wv[d][c][1];
                    mma(sum[c], p.x, p.y, p.z, p.w, xv[d].x, xv[d].y);
                    mma(sum[c], q.x, q.y, q.z, q.w, xv[d].z, xv[d].w);
                }
                load(d, u + d + deep);
            }
    }
    for (int c = 0; c < ct; c++)
        for (int i = 0; i < 4; i++) partials[(slice * rows_ + 2 * t + i % 2) * (cols + 4) + c * 16 + g + i / 2 * 8] = sum[c][i];
    __syncthreads();
    finish<u16, epilogue>(a, partials, scale, 8, rows_, cols);
}

// A Feed copies units of a block's weights and activations into a ring of stages in shared memory, in the order in which
// the lanes hold them: 64 bytes of a unit per column and per row.
template <int cols, int rows_, int stages> struct Feed {
    static const int stage = (cols + rows_) * 64, own_w = cols * 4 / 256, own_x = (rows_ * 4 + 255) / 256;
    const char *w[own_w], *x[own_x]; // what this thread copies of unit 0; null: it copies nothing
    unsigned char* ring;
    u64 keep;

    SPECIAL void fetch_weights(int u, int slot) const {
#pragma unroll
        for (int i = 0; i < own_w; i++) copy(ring + slot * stage + (i * 256 + threadIdx.x) * 16, w[i] + (long)u * 1024, keep);
    }
    SPECIAL void fetch_rows(int u, int slot) const {
#pragma unroll
        for (int i = 0; i < own_x; i++)
            if (x[i]) copy(ring + slot * stage + cols * 64 + (i * 256 + threadIdx.x) * 16, x[i] + (long)u * 512, keep_normal());
    }
};

// multiply adds a unit to a warp's tiles.
template <int ct, int rt> DEVICE void multiply(float (&sum)[ct][rt][4], const uint4* w, const uint4* x) {
    uint4 wv[ct][2], xv[rt];
#pragma unroll
    for (int c = 0; c < ct; c++) wv[c][0] = w[c * 64], wv[c][1] = w[c * 64 + 32];
#pragma unroll
    for (int r = 0; r < rt; r++) xv[r] = x[r * 32];
#pragma unroll
    for (int h = 0; h < 2; h++)
#pragma unroll
        for (int c = 0; c < ct; c++)
#pragma unroll
            for (int r = 0; r < rt; r++)
                mma(sum[c][r], wv[c][h].x, wv[c][h].y, wv[c][h].z, wv[c][h].w, h ? xv[r].z : xv[r].x, h ? xv[r].w : xv[r].y);
}

// tiled multiplies many rows. A block has wc warps across columns and wr across rows; a warp has ct tiles of 16 columns by rt
// tiles of 8 rows. Where the grid splits K, each block has some of the slices, and the last block to finish adds them all up.
template <int ct, int rt, int wc, int wr, int stages, int epilogue> DEVICE void tiled(const GemmArgs& a) {
    SHARED(shared);
    const int cols = wc * ct * 16, rows_ = wr * rt * 8, size = rows_ * (cols + 4), ring = stages * (cols + rows_) * 64;
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, first_row = blockIdx.x * rows_;
    int own = 8 / gridDim.z, first = blockIdx.z * own, u = a.units * first / 8, to = a.units * (first + own) / 8;
    Feed<cols, rows_, stages> feed;
    feed.ring = shared, feed.keep = gridDim.x > 1 ? keep_normal() : keep_short();
#pragma unroll
    for (int i = 0; i < feed.own_w; i++) {
        int q = i * 256 + threadIdx.x, tile = blockIdx.y * (cols / 16) + q / 64;
        if (tile * 16 >= a.n) tile = 0; // beyond the last tile: any data will do, the result is dropped
        feed.w[i] = (const char*)a.w + (long)tile * a.units * 1024 + q % 64 * 16;
    }
    for (int s = 0; s < stages - 1; s++)
        if (u + s < to) feed.fetch_weights(u + s, s);
    wait();

    int count = row_count<epilogue>(a);
    if (first_row >= count) return close_group(), wait_groups<0>();
#pragma unroll
    for (int i = 0; i < feed.own_x; i++) {
        int q = i * 256 + threadIdx.x, row = first_row + q / 4;
        bool there = q < rows_ * 4 && row < count;
        feed.x[i] = there ? (const char*)((const u16*)a.x + place<u16>(source_row<epilogue>(a, row), q % 4 * 2, a.units)) : 0;
    }
    for (int s = 0; s < stages - 1; s++) {
        if (u + s < to) feed.fetch_rows(u + s, s);
        close_group();
    }
    float *tile_sums = (float*)shared, *scale = tile_sums + (size * 4 > ring ? size : ring / 4);
    if (a.squares) norms<rows_, epilogue>(a, first_row, count, scale);

    bool works = first_row + warp / wc * rt * 8 < count; // false: this warp has no rows
    int block = blockIdx.y * gridDim.x + blockIdx.x, slot = 0; // 32 bits are enough for all partial sums
    int here = block * (cols * rows_ / 4) + warp * ct * rt * 32 + lane, apart = gridDim.x * gridDim.y * (cols * rows_ / 4);
    float4* partials = (float4*)a.split_k_partials;
    float sum[ct][rt][4];
    for (int slice = first; slice < first + own; slice++) {
        float part[ct][rt][4] = {};
        for (int end = a.units * (slice + 1) / 8; u < end; u++, slot = slot + 1 == stages ? 0 : slot + 1) {
            wait_groups<stages - 2>();
            __syncthreads(); // the unit is there for all threads, and the slot before it is free
            if (u + stages - 1 < to) {
                int free = slot == 0 ? stages - 1 : slot - 1;
                feed.fetch_weights(u + stages - 1, free);
                feed.fetch_rows(u + stages - 1, free);
            }
            close_group();
            if (works) multiply<ct, rt>(part, (const uint4*)(shared + slot * feed.stage) + warp % wc * ct * 64 + lane,
                                        (const uint4*)(shared + slot * feed.stage + cols * 64) + warp / wc * rt * 32 + lane);
        }
        bool adds = blockIdx.z == 0; // the first block's slices are the first of the sum
#pragma unroll
        for (int c = 0; c < ct; c++)
#pragma unroll
            for (int r = 0; r < rt; r++) {
#pragma unroll
                for (int i = 0; i < 4; i++) sum[c][r][i] = !adds || slice == 0 ? part[c][r][i] : sum[c][r][i] + part[c][r][i];
                float* v = sum[c][r];
                if (gridDim.z > 1 && works && (!adds || slice == own - 1))
                    partials[here + (adds ? 0 : slice) * apart + (c * rt + r) * 32] = float4{v[0], v[1], v[2], v[3]};
            }
    }
    if (gridDim.z > 1) {
        if (arrive(a.split_k_counters + block) + 1 < (int)gridDim.z) return;
        if (threadIdx.x == 0) a.split_k_counters[block] = 0;
#pragma unroll
        for (int c = 0; c < ct; c++)
#pragma unroll
            for (int r = 0; r < rt; r++) {
                float4 p[8];
#pragma unroll
                for (int n = 0; n < 8; n++)
                    if (works && (n == 0 || n >= own)) p[n] = partials[here + n * apart + (c * rt + r) * 32];
                float* v = sum[c][r];
                if (works) v[0] = p[0].x, v[1] = p[0].y, v[2] = p[0].z, v[3] = p[0].w;
#pragma unroll
                for (int n = 1; n < 8; n++)
                    if (works && n >= own) v[0] += p[n].x, v[1] += p[n].y, v[2] += p[n].z, v[3] += p[n].w;
            }
    }
    __syncthreads(); // nobody reads the ring any more
#pragma unroll
    for (int c = 0; c < ct; c++)
#pragma unroll
        for (int r = 0; r < rt; r++)
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int row = (warp / wc * rt + r) * 8 + 2 * t + i % 2, col = (warp % wc * ct + c) * 16 + g + i / 2 * 8;
                tile_sums[row * (cols + 4) + col] = sum[c][r][i];
            }
    __syncthreads();
    finish<u16, epilogue>(a, tile_sums, scale, 1, rows_, cols);
}

// simple is the product in f32: each thread computes one number of 8 rows x 32 columns, adding in ascending k.
template <int epilogue> DEVICE void simple(const GemmArgs& a) {
    SHARED(shared);
    int c = threadIdx.x % 32, i = threadIdx.x / 32, row = blockIdx.x * 8 + i, count = row_count<epilogue>(a);
    if ((int)blockIdx.x * 8 >= count) return;
    const float* w = (const float*)a.w + (long)blockIdx.y * a.units * 32 * 32 + c;
    const float* x = (const float*)a.x + place<float>(source_row<epilogue>(a, row < count ? row : 0), 0, a.units);
    float sum = 0;
#pragma unroll 8
    for (int k = 0; k < a.units * 32; k++) sum = fmaf(w[k * 32], x[k], sum);
    float *tile_sums = (float*)shared, *scale = tile_sums + 8 * 36;
    tile_sums[i * 36 + c] = sum;
    if (a.squares) norms<8, epilogue>(a, blockIdx.x * 8, count, scale);
    __syncthreads();
    finish<float, epilogue>(a, tile_sums, scale, 1, 8, 32);
}
KERNEL(qkv_f32, GemmArgs, 256, simple<QKV>(a))
KERNEL(residual_f32, GemmArgs, 256, simple<RESIDUAL>(a))
KERNEL(swiglu_f32, GemmArgs, 256, simple<SWIGLU>(a))
KERNEL(head_f32, GemmArgs, 256, simple<HEAD>(a))

// The names say columns x rows of a block. The tiles of gate and up alternate; one block must hold a pair of them.
#define FEW_ROWS(size, ct, deep, epilogue, EPILOGUE) EARLY_KERNEL(epilogue##_bf16_##size, GemmArgs, 256, (few_rows<ct, deep, EPILOGUE>(a)))
#define TILED_(size, epilogue, EPILOGUE, ...) EARLY_KERNEL(epilogue##_bf16_##size, GemmArgs, 256, (tiled<__VA_ARGS__, EPILOGUE>(a)))
#define TILED(size, ...) \
    TILED_(size, qkv, QKV, __VA_ARGS__) TILED_(size, residual, RESIDUAL, __VA_ARGS__) \
    TILED_(size, swiglu, SWIGLU, __VA_ARGS__) TILED_(size, head, HEAD, __VA_ARGS__)
FEW_ROWS(16x8, 1, 8, qkv, QKV)
FEW_ROWS(16x8, 1, 8, residual, RESIDUAL)
FEW_ROWS(16x8, 1, 8, head, HEAD)
FEW_ROWS(32x8, 2, 4, qkv, QKV)
FEW_ROWS(32x8, 2, 4, residual, RESIDUAL)
FEW_ROWS(32x8, 2, 4, swiglu, SWIGLU)
FEW_ROWS(32x8, 2, 4, head, HEAD)
TILED(64x32, 1, 2, 4, 2, 8)
TILED(128x32, 2, 2, 4, 2, 6)
TILED(128x64, 2, 4, 4, 2, 6)
TILED(128x128, 2, 8, 4, 2, 6)
