// Attention: QK norm, RoPE and the write of k and v into the cache; then softmax(q k / sqrt(d)) v over the slots below a row's
// reach.

struct RotateArgs {
    const Head* head;
    const Row* rows;
    const float* qkv;    // [rows][stride]: q of all heads, k, v
    const float* q_norm; // [d] or null
    const float* k_norm;
    const float* cosine; // [slots][d/2]
    const float* sine;
    float* q;     // [rows][heads][dp]
    void* keys;   // [sequence][kv_heads] of this layer, each slots*dp numbers, see key_at
    void* values; // likewise, see value_at
    int heads, kv_heads, d, dp, slots, stride;
    float eps;
    int pad;
};

// key_at and value_at are the index of dim i of a slot within a head. bf16: in the order in which the lanes hold them as operand
// b of mma, in units of 8 slots x 32 dims of K and 16 slots x 16 dims of V. f32: K is [dp][slots], V is [slots][dp].
template <class T> DEVICE long key_at(int slot, int i, int dp, int slots);
template <class T> DEVICE long value_at(int slot, int i, int dp);
template <> SPECIAL long key_at<float>(int slot, int i, int dp, int slots) { return (long)i * slots + slot; }
template <> SPECIAL long value_at<float>(int slot, int i, int dp) { return (long)slot * dp + i; }
template <> SPECIAL long key_at<u16>(int slot, int i, int dp, int slots) { return fragment(slot, i, dp / 32); }
template <> SPECIAL long value_at<u16>(int slot, int i, int dp) {
    int lane = i % 8 * 4 + slot % 8 / 2;
    return (((long)(slot / 16) * (dp / 16) + i / 16) * 32 + lane) * 8 + i % 16 / 8 * 4 + slot % 16 / 8 * 2 + slot % 2;
}

// rotate does what follows the product of q, k and v: the norm of q and k where the model has one (QK norm, Qwen3), RoPE
// (rotate-half), and the write of k and v into their cache slots. One warp per head of a row.
template <class T> DEVICE void rotate(const RotateArgs& a) {
    int row = blockIdx.y, h = blockIdx.x * 4 + threadIdx.x / 32, lane = threadIdx.x % 32, half = a.d / 2;
    if (row >= a.head->rows || h >= a.heads + 2 * a.kv_heads) return;
    Row r = a.rows[row];
    const float* x = a.qkv + (long)row * a.stride + h * a.d;
    bool query = h < a.heads, value = h >= a.heads + a.kv_heads;
    const float* gain = query ? a.q_norm : value ? 0 : a.k_norm;
    float by = 1;
    if (gain) {
        float sum = 0;
        for (int i = lane; i < a.d; i += 32) sum = fmaf(x[i], x[i], sum);
        by = 1.0f / sqrtf(warp_sum(sum) / (float)a.d + a.eps);
    }
    long head = ((long)r.sequence * a.kv_heads + (h - a.heads) % a.kv_heads) * a.slots * a.dp;
    for (int i = lane; i < a.dp; i += 32) {
        float v = 0;
        if (i < a.d) {
            v = x[i] * by * (gain ? gain[i] : 1.0f);
            if (!value) {
                int other = i < half ? i + half : i - half;
                float c = a.cosine[(long)r.pos * half + i % half], s = a.sine[(long)r.pos * half + i % half];
                float w = x[other] * by * (gain ? gain[other] : 1.0f);
                v = i < half ? v * c - w * s : v * c + w * s;
            }
        }
        if (query) a.q[((long)row * a.heads + h) * a.dp + i] = v;
        else if (value) put((T*)a.values + head + value_at<T>(r.pos, i, a.dp), v);
        else put((T*)a.keys + head + key_at<T>(r.pos, i, a.dp, a.slots), v);
    }
}
KERNEL(rotate_f32, RotateArgs, 128, rotate<float>(a))
KERNEL(rotate_bf16, RotateArgs, 128, rotate<u16>(a))

struct AttendArgs {
    const Head* head;
    const Row* rows;
    const Tile* tiles;
    const float* q;
    const void *keys, *values; // of this layer, as rotate leaves them
    void* out;   // activations [rows][heads*d]
    float* part; // [split][rows][heads][dp+2]: unnormalised sums, then their maximum and weight
    int heads, kv_heads, d, dp, slots, units, capacity; // units of out, capacity rows of part
    float scale; // 1 / sqrt(d)
};

const int SPLIT = 64; // slots of a split: softmax runs within splits, which are merged in ascending order

// merge adds a split's maximum, weight and sum (m, l, o) to those of the splits before it (M, L, O).
DEVICE void merge_weights(float& M, float& L, float m, float l, float& old, float& now) {
    float top = fmaxf(M, m);
    old = M == top ? 1.0f : exp2f(M - top);
    now = m == top ? 1.0f : exp2f(m - top);
    L = fmaf(L, old, l * now);
    M = top;
}
DEVICE float merge(float O, float o, float old, float now) { return fmaf(O, old, o * now); }

// attend is FlashAttention-2 (Dao, 2023) by one warp: a tile of 16 query rows of one key/value head, one split at a time.
// Where the grid has splits, each warp has one of them and stores its sums in part for combine. Otherwise a warp takes all
// splits, with the same arithmetic. Masked slots have weight 0 and change nothing: a row's bits do not depend on its tile.
template <int DP, bool parts> DEVICE void attend(const AttendArgs& a) {
    if ((int)blockIdx.x >= a.head->tiles) return;
    Tile tile = a.tiles[blockIdx.x];
    int split = parts ? blockIdx.z : 0;
    if (split * SPLIT >= tile.reach) return;
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, kv = blockIdx.y, group = a.heads / a.kv_heads;

    // The lane's query rows are g and g+8. The rounded queries lie in shared memory.
    SHARED(shared);
    uint4* queries = (uint4*)shared + lane;
    int token[2], head[2], reach[2];
    const float* q[2];
#pragma unroll
    for (int i = 0; i < 2; i++) {
        int n = tile.first + g + 8 * i;
        bool inside = g + 8 * i < tile.count;
        token[i] = tile.row + n / group, head[i] = kv * group + n % group;
        reach[i] = inside ? a.rows[token[i]].reach : 0;
        q[i] = inside ? a.q + ((long)token[i] * a.heads + head[i]) * DP + 2 * t : 0;
    }
    for (int s = 0; s < DP / 16; s++) {
        u32 v[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float* from = q[i % 2] ? q[i % 2] + s * 16 + i / 2 * 8 : 0;
            v[i] = pair(from ? from[0] : 0.0f, from ? from[1] : 0.0f);
        }
        queries[s * 32] = uint4{v[0], v[1], v[2], v[3]};
    }
    long base = ((long)tile.sequence * a.kv_heads + kv) * a.slots * DP;
    const u16 *keys = (const u16*)a.keys + base + lane * 8, *values = (const u16*)a.values + base + lane * 8;
    float scale = a.scale * 1.44269504f; // exp2 is the hardware's own
    float M[2] = {-INFINITE, -INFINITE}, L[2] = {}, O[parts ? 1 : DP / 8][4] = {};

    for (; split * SPLIT < tile.reach; split++) {
        float m[2], l[2] = {}, o[DP / 8][4] = {}, s[SPLIT / 16][2][4] = {}; // scores of 8 slots each; then weights
        int first = split * SPLIT, end = min(first + SPLIT, tile.reach);
#pragma unroll
        for (int n = 0; n < SPLIT / 8; n++) {
            if (first + n / 2 * 16 >= end) continue;
#pragma unroll
            for (int u = 0; u < DP / 32; u++) {
                uint4 k = *(const uint4*)(keys + ((long)(first / 8 + n) * (DP / 32) + u) * 256), x = queries[u * 64], y = queries[u * 64 + 32];
                mma(s[n / 2][n % 2], x.x, x.y, x.z, x.w, k.x, k.y);
                mma(s[n / 2][n % 2], y.x, y.y, y.z, y.w, k.z, k.w);
            }
        }
#pragma unroll
        for (int i = 0; i < 2; i++) {
            m[i] = -INFINITE;
#pragma unroll
            for (int e = 0; e < SPLIT / 4; e++) {
                float& v = s[e / 4][e / 2 % 2][i * 2 + e % 2];
                v = first + e / 2 * 8 + 2 * t + e % 2 < reach[i] ? v * scale : -INFINITE;
                m[i] = fmaxf(m[i], v);
            }
            m[i] = fmaxf(m[i], exchange(m[i], 1));
            m[i] = fmaxf(m[i], exchange(m[i], 2));
            float zero = m[i] == -INFINITE ? 0.0f : m[i];
#pragma unroll
            for (int e = 0; e < SPLIT / 4; e++) {
                float& v = s[e / 4][e / 2 % 2][i * 2 + e % 2];
                v = exp2f(v - zero);
                l[i] += v;
            }
        }
#pragma unroll
        for (int n = 0; n < SPLIT / 16; n++) {
            int left = end - first - n * 16 - 2 * t; // slots that are written; behind them may lie NaN, and 0 times NaN is NaN
            if (first + n * 16 >= end) continue;
            u32 low = (left > 0 ? 0xffffu : 0) | (left > 1 ? 0xffff0000u : 0);
            u32 high = (left > 8 ? 0xffffu : 0) | (left > 9 ? 0xffff0000u : 0);
            u32 p[4];
#pragma unroll
            for (int i = 0; i < 4; i++) p[i] = pair(s[n][i / 2][i % 2 * 2], s[n][i / 2][i % 2 * 2 + 1]);
#pragma unroll
            for (int v = 0; v < DP / 16; v++) {
                uint4 k = *(const uint4*)(values + ((long)(first / 16 + n) * (DP / 16) + v) * 256);
                mma(o[2 * v], p[0], p[1], p[2], p[3], k.x & low, k.y & high);
                mma(o[2 * v + 1], p[0], p[1], p[2], p[3], k.z & low, k.w & high);
            }
        }
#pragma unroll
        for (int i = 0; i < 2; i++) {
            l[i] += exchange(l[i], 1);
            l[i] += exchange(l[i], 2);
            if (parts && split * SPLIT < reach[i]) {
                float* to = a.part + (((long)split * a.capacity + token[i]) * a.heads + head[i]) * (DP + 2);
#pragma unroll
                for (int v = 0; v < DP / 8; v++) to[v * 8 + 2 * t] = o[v][2 * i], to[v * 8 + 2 * t + 1] = o[v][2 * i + 1];
                if (t == 0) to[DP] = m[i], to[DP + 1] = l[i];
            }
            if (!parts) {
                float old, now;
                merge_weights(M[i], L[i], m[i], l[i], old, now);
#pragma unroll
                for (int v = 0; v < DP / 8; v++) {
                    O[v][2 * i] = merge(O[v][2 * i], o[v][2 * i], old, now);
                    O[v][2 * i + 1] = merge(O[v][2 * i + 1], o[v][2 * i + 1], old, now);
                }
            }
        }
        if (parts) return;
    }
#pragma unroll
    for (int i = 0; i < 2; i++) {
        if (reach[i] == 0) continue;
        float inverse = 1.0f / L[i];
#pragma unroll
        for (int v = 0; v < DP / 8; v++)
            for (int e = 0; e < 2; e++) {
                int dim = v * 8 + 2 * t + e;
                if (dim < a.d) activate<u16>(a.out, token[i], head[i] * a.d + dim, a.units, O[v][2 * i + e] * inverse);
            }
    }
}
#define ATTEND(DP) \
    KERNEL(attend_bf16_##DP, AttendArgs, 32, (attend<DP, false>(a))) \
    KERNEL(attend_split_bf16_##DP, AttendArgs, 32, (attend<DP, true>(a)))
ATTEND(32)
ATTEND(64)
ATTEND(128)
ATTEND(256)

// combine merges the splits of one row and head; each thread has some dims.
DEVICE void combine(const AttendArgs& a) {
    int row = blockIdx.y, h = blockIdx.x;
    if (row >= a.head->rows) return;
    int splits = (a.rows[row].reach + SPLIT - 1) / SPLIT;
    for (int dim = threadIdx.x; dim < a.d; dim += 32) {
        float M = -INFINITE, L = 0, O = 0, old, now;
        for (int s = 0; s < splits; s += 8) { // loads of eight splits are in flight at once
            float m[8], l[8], o[8];
#pragma unroll
            for (int i = 0; i < 8; i++) {
                const float* p = a.part + (((long)(s + i) * a.capacity + row) * a.heads + h) * (a.dp + 2);
                bool there = s + i < splits;
                m[i] = there ? p[a.dp] : 0.0f, l[i] = there ? p[a.dp + 1] : 0.0f, o[i] = there ? p[dim] : 0.0f;
            }
#pragma unroll
            for (int i = 0; i < 8; i++)
                if (s + i < splits) {
                    merge_weights(M, L, m[i], l[i], old, now);
                    O = merge(O, o[i], old, now);
                }
        }
        activate<u16>(a.out, row, h * a.d + dim, a.units, O * (1.0f / L));
    }
}
KERNEL(combine_bf16, AttendArgs, 32, combine(a))

// attend_plain is attention in f32: one warp per query row, 32 slots at a time.
DEVICE void attend_plain(const AttendArgs& a) {
    int row = blockIdx.y, h = blockIdx.x, lane = threadIdx.x;
    if (row >= a.head->rows) return;
    Row r = a.rows[row];
    long base = ((long)r.sequence * a.kv_heads + h / (a.heads / a.kv_heads)) * a.slots * a.dp;
    const float* q = a.q + ((long)row * a.heads + h) * a.dp;
    const float *keys = (const float*)a.keys + base, *values = (const float*)a.values + base;
    float top = -INFINITE, sum = 0, o[8] = {};
    for (int slot = 0; slot < r.reach; slot += 32) {
        float score = -INFINITE;
        if (slot + lane < r.reach) {
            score = 0;
            for (int i = 0; i < a.d; i++) score = fmaf(q[i], keys[(long)i * a.slots + slot + lane], score);
            score *= a.scale;
        }
        float high = fmaxf(top, score);
        for (int m = 16; m > 0; m /= 2) high = fmaxf(high, exchange(high, m));
        float old = expf(top - high), p = expf(score - high);
        top = high, sum = fmaf(sum, old, warp_sum(p));
        for (int n = 0; n < 8; n++) o[n] *= old;
        for (int j = 0; j < min(32, r.reach - slot); j++) {
            float weight = from_lane(p, j);
#pragma unroll
            for (int n = 0; n < 8; n++)
                if (n * 32 + lane < a.dp) o[n] = fmaf(weight, values[(long)(slot + j) * a.dp + n * 32 + lane], o[n]);
        }
    }
#pragma unroll
    for (int n = 0; n < 8; n++)
        if (n * 32 + lane < a.d) activate<float>(a.out, row, h * a.d + n * 32 + lane, a.units, o[n] / sum);
}
KERNEL(attend_f32, AttendArgs, 32, attend_plain(a))
