// Types and small functions of all kernels. The files of this folder are one source, joined in the order of their
// names in kernels.go; there are no headers, so that the runtime compiler takes it as it stands. A C++ compiler takes it
// too, with the emulation in ../fake in place of this block: tests run these very kernels on the processor.

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#ifndef EMULATED
#define DEVICE static __device__ __forceinline__
#define SPECIAL __device__ __forceinline__
// KERNEL makes the entry point `name` with blocks of so many threads; its only argument, a, is passed by value. A kernel may
// start while the kernel before it still runs (programmatic dependent launch): early() allows that for the next kernel, and
// wait() returns when all earlier kernels are done and their results are visible. Before wait() a kernel may write nothing and
// read only weights. KERNEL calls wait() first; the body of an EARLY_KERNEL calls it itself, in all threads.
#define EARLY_KERNEL(name, Args, threads, body) \
    extern "C" __global__ void __launch_bounds__(threads, 1) name(const Args a) { early(); body; }
#define KERNEL(name, Args, threads, body) EARLY_KERNEL(name, Args, threads, (wait(), body))
#define SHARED(name) extern __shared__ __align__(16) unsigned char name[]

DEVICE void early() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
DEVICE void wait() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
// ordered() marks where results are stored. The emulation checks there that the thread has called wait().
DEVICE void ordered() {}

DEVICE float exchange(float v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE int exchange(int v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE double exchange(double v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE float from_lane(float v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }

// pair rounds two numbers to bf16, to nearest and ties to even, into one register, lo in the lower half.
DEVICE u32 pair(float lo, float hi) {
    u32 v;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(v) : "f"(hi), "f"(lo));
    return v;
}

// stream reads 16 bytes that no other block reads: weights, which should not push activations out of the L1 cache. It is not
// ld.global.nc, because the compiler would move that behind wait().
DEVICE uint4 stream(const void* p) {
    uint4 v;
    asm volatile("ld.global.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p) : "memory");
    return v;
}

// copy starts an asynchronous copy of 16 bytes into shared memory, past the L1 cache; keep is their policy in the L2 cache.
// close_group ends a group of copies. wait_groups returns when at most so many groups of this thread are in flight.
DEVICE u64 keep_short() { // evicted first
    u64 keep;
    asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(keep));
    return keep;
}
DEVICE u64 keep_normal() {
    u64 keep;
    asm("createpolicy.fractional.L2::evict_normal.b64 %0, 1.0;" : "=l"(keep));
    return keep;
}
DEVICE void copy(void* to, const void* from, u64 keep) {
    asm volatile("cp.async.cg.shared.global.L2::cache_hint [%0], [%1], 16, %2;"
                 :: "r"((u32)__cvta_generic_to_shared(to)), "l"(from), "l"(keep) : "memory");
}
DEVICE void close_group() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int under_way> DEVICE void wait_groups() { asm volatile("cp.async.wait_group %0;" :: "n"(under_way) : "memory"); }

DEVICE void fence() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }
// arrive adds a block to a counter once all its threads have written. It returns how many blocks had arrived before; what
// they wrote is visible afterwards. All threads call it.
DEVICE int arrive(int* counter) {
    __shared__ int before;
    __syncthreads();
    if (threadIdx.x == 0) {
        fence();
        before = atomicAdd(counter, 1);
        fence();
    }
    __syncthreads();
    return before;
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

// A Head is the start of a forward's upload. The lists behind it hold at least so many entries.
struct Head { int rows, tiles, wants, pad; };
// A Row is one token: row at position pos of a sequence, which attends to the slots below reach.
struct Row { int token, sequence, pos, reach; };
// A Tile is up to 16 query rows of one sequence; the G heads of a group lie side by side. Query row i of the tile is head
// (first+i) % G of token row + (first+i) / G. None of its rows attends to slots from reach on.
struct Tile { int row, first, count, sequence, reach, pad[3]; };
// A Want is a row to guess for, with its pass's settings; bans from, ..., to-1 are its banned tokens.
struct Want { u64 seed; int row, pos; float temp; int top_k; float top_p; int from, to, pad; };
// A Guess is transformer.Guess.
struct Guess { int token; float p, margin, entropy; };

DEVICE u16 round_bf16(float f) { return (u16)pair(f, 0.0f); }
DEVICE float from_bf16(u16 b) { return __uint_as_float((u32)b << 16); }

DEVICE float number(u16 v) { return from_bf16(v); }
DEVICE float number(float v) { return v; }

// fragment is the index of number k of a row in operands of mma; units is the row's length in units of 32 numbers. 8 rows of
// 32 numbers make a unit of 512 bytes, in the order in which the lanes of a warp hold them as operand b of two mma.
DEVICE long fragment(int row, int k, int units) {
    int lane = row % 8 * 4 + k % 8 / 2;
    return (((long)(row / 8) * units + k / 32) * 32 + lane) * 8 + k % 32 / 16 * 4 + k % 16 / 8 * 2 + k % 2;
}

// Activations are what products multiply with weights: plain rows in f32; rounded, in the order of fragment, in bf16. place is
// the index of one number.
template <class T> DEVICE long place(int row, int k, int units);
template <> SPECIAL long place<float>(int row, int k, int units) { return (long)row * units * 32 + k; }
template <> SPECIAL long place<u16>(int row, int k, int units) { return fragment(row, k, units); }
DEVICE void put(float* p, float v) { *p = v; }
DEVICE void put(u16* p, float v) { *p = round_bf16(v); }
template <class T> DEVICE void activate(void* x, int row, int k, int units, float v) {
    ordered();
    put((T*)x + place<T>(row, k, units), v);
}

DEVICE float warp_sum(float v) {
    for (int m = 16; m > 0; m /= 2) v += exchange(v, m);
    return v;
}

