// Types and small functions of all kernels. The files of this folder are one source, joined in the order of their
// names in kernels.go; there are no headers, so that the runtime compiler takes it as it stands. A C++ compiler takes it
// too, with the emulation in ../fake in place of this block: tests run these very kernels on the processor.

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#ifndef EMULATED
#define DEVICE static __device__ __forceinline__
#define SPECIAL __device__ __forceinline__
// KERNEL makes the entry point `name` of a block of so many threads; its one argument, a, is passed by value.
#define KERNEL(name, Args, threads, body) \
    extern "C" __global__ void __launch_bounds__(threads) name(const Args a) { body; }
#define SHARED(name) extern __shared__ __align__(16) unsigned char name[]

DEVICE float exchange(float v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE int exchange(int v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE double exchange(double v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE float from_lane(float v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }

// stream reads 16 bytes that no other block reads: weights, which should not push activations out of the L1 cache.
DEVICE uint4 stream(const void* p) {
    uint4 v;
    asm("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p));
    return v;
}

// mma: c[16][8] += a[16][16] * b[16][8] of a warp, bf16 in and f32 out. With g = lane / 4 and t = lane % 4 a lane holds
// a = {(g, 2t), (g+8, 2t), (g, 2t+8), (g+8, 2t+8)}, b = {(2t, g), (2t+8, g)}, pairs along k of the 16, and
// c = {(g, 2t), (g, 2t+1), (g+8, 2t), (g+8, 2t+1)} (PTX ISA, mma.m16n8k16).
DEVICE void mma(float (&c)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}
#endif

#define INFINITE __int_as_float(0x7f800000)

// A Head opens what the host uploads for a forward; the lists behind it hold at least so many entries.
struct Head { int rows, tiles, wants, pad; };
// A Row is one token: row at position pos of a sequence, which attends to the slots below reach.
struct Row { int token, sequence, pos, reach; };
// A Tile is up to 16 query rows of one sequence, the heads of a group side by side: query row i of the tile is head
// (first+i) % G of token row + (first+i) / G. No row of it reaches beyond reach.
struct Tile { int row, first, count, sequence, reach, pad[3]; };
// A Want is a row to guess for, with its pass's settings; bans from, ..., to-1 are its banned tokens.
struct Want { u64 seed; int row, pos; float temp; int top_k; float top_p; int from, to, pad; };
// A Guess is transformer.Guess.
struct Guess { int token; float p, margin, entropy; };

// round_bf16 rounds to nearest, ties to even; NaN stays NaN.
DEVICE u16 round_bf16(float f) {
    u32 b = __float_as_uint(f);
    if (f != f) return (u16)(b >> 16 | 64);
    return (u16)((b + 0x7fff + (b >> 16 & 1)) >> 16);
}
DEVICE float from_bf16(u16 b) { return __uint_as_float((u32)b << 16); }
// pair rounds two numbers into one register, lo in the lower half.
DEVICE u32 pair(float lo, float hi) { return (u32)round_bf16(lo) | (u32)round_bf16(hi) << 16; }
// cut_pair rounds two numbers and what that leaves over: together they hold 16 bits of mantissa.
DEVICE void cut_pair(float lo, float hi, u32& rounded, u32& left) {
    rounded = pair(lo, hi);
    left = pair(lo - from_bf16((u16)rounded), hi - from_bf16((u16)(rounded >> 16)));
}

DEVICE float number(u16 v) { return from_bf16(v); }
DEVICE float number(float v) { return v; }

// fragment is where number k of a row lies in operands of mma; units is the row's length in units of 32. 8 rows and 32
// numbers make a unit of 512 bytes, in the order in which the lanes of a warp hold them as b of two mma.
DEVICE long fragment(int row, int k, int units) {
    int lane = row % 8 * 4 + k % 8 / 2;
    return (((long)(row / 8) * units + k / 32) * 32 + lane) * 8 + k % 32 / 16 * 4 + k % 16 / 8 * 2 + k % 2;
}

// Activations are what products multiply with weights. In f32 rows are plain. In bf16 each unit is followed by one of what
// rounding left over, and both are multiplied: only weights, keys and values lose anything. place is where one lies.
template <class T> DEVICE long place(int row, int k, int units);
template <> SPECIAL long place<float>(int row, int k, int units) { return (long)row * units * 32 + k; }
template <> SPECIAL long place<u16>(int row, int k, int units) {
    return fragment(row, k, units) + ((long)(row / 8) * units + k / 32) * 256;
}
template <class T> DEVICE void activate(void* x, int row, int k, int units, float v);
template <> SPECIAL void activate<float>(void* x, int row, int k, int units, float v) { ((float*)x)[place<float>(row, k, units)] = v; }
template <> SPECIAL void activate<u16>(void* x, int row, int k, int units, float v) {
    u16* to = (u16*)x + place<u16>(row, k, units);
    to[0] = round_bf16(v);
    to[256] = round_bf16(v - from_bf16(to[0]));
}
DEVICE void put(float* p, float v) { *p = v; }
DEVICE void put(u16* p, float v) { *p = round_bf16(v); }

DEVICE float warp_sum(float v) {
    for (int m = 16; m > 0; m /= 2) v += exchange(v, m);
    return v;
}

// inverse_rms is 1 / root mean square from the sums of squares of a row's tiles of 16, for all lanes of a warp.
DEVICE float inverse_rms(const float* squares, int width, float eps) {
    float sum = 0;
    for (int i = threadIdx.x % 32; i < (width + 15) / 16; i += 32) sum += squares[i];
    return 1.0f / sqrtf(warp_sum(sum) / (float)width + eps);
}
