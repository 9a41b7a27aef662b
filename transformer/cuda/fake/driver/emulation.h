// The emulation of a GPU's blocks on one processor thread, so that kernels run where no GPU is.
//
// Every thread of a block is a fiber. Fibers run one after another until they wait: at __syncthreads for the block, at
// an exchange or mma for their warp. When all 32 lanes of a warp have come, the warp goes on; lanes that wait for
// different things, or a lane that returned while others wait, are errors that name the kernel. Blocks run one
// after another. Every other launch runs blocks, warps and lanes in reverse, so that a missing barrier shows as a
// different result. Shared memory is full of NaN at the start of each block. Asynchronous copies are made at the latest
// moment, when they are waited for, and every other launch at once. A thread that ends, multiplies or stores activations
// without having waited for the kernels before it is an error too.
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMULATED
#define DEVICE static inline
#define SPECIAL inline
#define SHARED(name) unsigned char* name = emu::shared
#define KERNEL(name, Args, threads, body) EARLY_KERNEL(name, Args, threads, (wait(), body))
#define EARLY_KERNEL(name, Args, threads, body)                             \
    static void name##_run(const void* p) { const Args& a = *(const Args*)p; body; } \
    static emu::Kernel name##_kernel(#name, name##_run, threads, sizeof(Args));

struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) uint4 { unsigned x, y, z, w; }; // reads of it fault where they are not aligned, as on the device

namespace emu {
struct Dim { unsigned x, y, z; };
static Dim thread, block, grid, threads;

// Kernels by name, as KERNEL makes them.
struct Kernel {
    const char* name;
    void (*run)(const void*);
    unsigned threads;
    size_t bytes; // of the argument
    unsigned dynamic; // shared memory that cuFuncSetAttribute allowed
    Kernel* next;
    static Kernel*& first() { static Kernel* k; return k; }
    Kernel(const char* n, void (*r)(const void*), unsigned t, size_t b) : name(n), run(r), threads(t), bytes(b), dynamic(48 << 10), next(first()) { first() = this; }
};

const int MOST = 1024, STACK = 32 << 10;
enum Wait { RUNNING, BLOCK, SHUFFLE, MMA, DONE };
struct Copy { void* to; const void* from; };
// A Fiber also holds its asynchronous copies, in groups that it has closed and one that is open.
struct Fiber { void* sp; Wait wait; bool waited; int copies, made, groups; Copy copy[128]; int end[32]; };
static Fiber fiber[MOST];
static void* scheduler;
static int now; // the fiber that runs
static const void* argument;
static void (*body)(const void*);
static unsigned char* shared;

// A Cell is what a lane hands to its warp; two of them take turns, so that nobody overwrites what others still read.
struct Cell { uint32_t a[4], b[2]; float c[4]; uint64_t word; };
static Cell cell[2][MOST];
static unsigned turn[MOST];

// swap stores the registers that calls preserve on this stack and goes on with the other one.
extern "C" void emu_swap(void** from, void* to);
#if !defined(__x86_64__)
#error "the emulation of blocks switches stacks in x86-64 assembly"
#endif
__asm__(".text\n.globl emu_swap\n.type emu_swap,@function\nemu_swap:\n"
        "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
        "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n");

static void wait(Wait w) {
    fiber[now].wait = w;
    emu_swap(&fiber[now].sp, scheduler);
}
static void check_end();
static void enter() {
    body(argument);
    check_end();
    wait(DONE);
    abort();
}

static float widen(uint32_t v) { float f; v <<= 16; memcpy(&f, &v, 4); return f; }

// multiply does the mma of a warp once all lanes have come; see mma in common.cu for who holds what.
static void multiply(Cell* lanes) {
    float a[16][16], b[16][8];
    for (int l = 0; l < 32; l++) {
        int g = l / 4, t = l % 4;
        for (int i = 0; i < 4; i++)
            for (int e = 0; e < 2; e++) a[g + i % 2 * 8][2 * t + i / 2 * 8 + e] = widen(lanes[l].a[i] >> 16 * e & 0xffff);
        for (int i = 0; i < 2; i++)
            for (int e = 0; e < 2; e++) b[2 * t + i * 8 + e][g] = widen(lanes[l].b[i] >> 16 * e & 0xffff);
    }
    float c[16][8] = {};
    for (int i = 0; i < 16; i++)
        for (int k = 0; k < 16; k++)
            for (int j = 0; j < 8; j++) c[i][j] += a[i][k] * b[k][j];
    for (int l = 0; l < 32; l++)
        for (int i = 0; i < 4; i++) lanes[l].c[i] += c[l / 4 + i / 2 * 8][l % 4 * 2 + i % 2];
}

static char failure[256];
[[noreturn]] static void wrong(const char* what) {
    fprintf(stderr, "emulation: block (%u, %u, %u), thread %d: %s\n", block.x, block.y, block.z, now, what);
    abort();
}
static void check_waited() {
    if (!fiber[now].waited) wrong("goes on without having waited for the kernels before");
}

// make_copies makes the copies of all closed groups but the last few.
static void make_copies(int under_way) {
    Fiber& f = fiber[now];
    int groups = f.groups - under_way;
    if (groups <= 0) return;
    for (; f.made < f.end[groups - 1]; f.made++) memcpy(f.copy[f.made].to, f.copy[f.made].from, 16);
    int shift = f.made;
    for (int i = shift; i < f.copies; i++) f.copy[i - shift] = f.copy[i];
    for (int i = groups; i < f.groups; i++) f.end[i - groups] = f.end[i] - shift;
    f.copies -= shift, f.groups -= groups, f.made = 0;
}
static void check_end() {
    check_waited();
    if (fiber[now].copies) wrong("ends while copies into shared memory are under way");
}
static bool at_once; // copies are made when they are asked for
static bool fail(const char* name, const char* what) {
    snprintf(failure, sizeof failure, "%s: block (%u, %u, %u): %s", name, block.x, block.y, block.z, what);
    return false;
}

static unsigned char* stacks;

// run_block runs one block; false with failure set when its threads cannot all go on.
static bool run_block(const Kernel* k, unsigned size, bool reverse) {
    int n = threads.x, warps = (n + 31) / 32;
    for (int i = 0; i < n; i++) {
        void** sp = (void**)(stacks + (size_t)(i + 1) * STACK) - 2;
        *sp = (void*)enter; // where the first swap returns to, with the stack aligned as after a call
        fiber[i].sp = sp - 6, fiber[i].wait = RUNNING, turn[i] = 0;
        fiber[i].waited = false, fiber[i].copies = fiber[i].made = fiber[i].groups = 0;
    }
    memset(shared, 0xff, size);
    for (;;) {
        int blocked = 0, done = 0;
        for (int j = 0; j < warps; j++) {
            int w = reverse ? warps - 1 - j : j, first = w * 32, lanes = n - first < 32 ? n - first : 32;
            Wait wait;
            do {
                for (int l = 0; l < lanes; l++) {
                    now = first + (reverse ? lanes - 1 - l : l);
                    if (fiber[now].wait != RUNNING) continue;
                    thread.x = now;
                    emu_swap(&scheduler, fiber[now].sp);
                }
                wait = fiber[first].wait;
                int different = 0;
                for (int l = 1; l < lanes; l++) different += fiber[first + l].wait != wait;
                if (wait == DONE && !different) break;
                if (wait == BLOCK && !different) break;
                if (different) {
                    for (int l = 0; l < lanes; l++)
                        if (fiber[first + l].wait == SHUFFLE || fiber[first + l].wait == MMA) return fail(k->name, "lanes of a warp diverge at an exchange or mma");
                    wait = BLOCK;
                    break;
                }
                if (lanes < 32) return fail(k->name, "an exchange or mma in a warp of fewer than 32 threads");
                if (wait == MMA) multiply(cell[turn[first] & 1] + first);
                for (int l = 0; l < lanes; l++) fiber[first + l].wait = RUNNING, turn[first + l]++;
            } while (true);
            for (int l = 0; l < lanes; l++) blocked += fiber[first + l].wait == BLOCK, done += fiber[first + l].wait == DONE;
        }
        if (done == n) break;
        if (done) return fail(k->name, "some threads returned before a __syncthreads of the others");
        for (int i = 0; i < n; i++)
            if (fiber[i].wait == BLOCK) fiber[i].wait = RUNNING;
    }
    for (int i = 0; i < 64; i++)
        if (shared[size + i] != 0xa5) return fail(k->name, "wrote beyond its shared memory");
    return true;
}

static bool run_grid(Kernel* k, Dim g, unsigned size, const void* arg) {
    static unsigned launches;
    static size_t room;
    bool reverse = launches++ & 1;
    at_once = launches & 2;
    if (!stacks) stacks = (unsigned char*)aligned_alloc(4096, (size_t)MOST * STACK);
    if (room < size + 64u) shared = (unsigned char*)realloc(shared, room = size + 4096);
    memset(shared + size, 0xa5, 64);
    grid = g, threads = {k->threads, 1, 1}, body = k->run, argument = arg;
    size_t blocks = (size_t)g.x * g.y * g.z;
    for (size_t i = 0; i < blocks; i++) {
        size_t b = reverse ? blocks - 1 - i : i;
        block = {(unsigned)(b % g.x), (unsigned)(b / g.x % g.y), (unsigned)(b / g.x / g.y)};
        if (!run_block(k, size, reverse)) return false;
    }
    return true;
}
} // namespace emu

#define threadIdx emu::thread
#define blockIdx emu::block
#define gridDim emu::grid
#define blockDim emu::threads

static inline void __syncthreads() { emu::wait(emu::BLOCK); }

static inline void wait() { emu::fiber[emu::now].waited = true; }
static inline uint64_t keep_short() { return 0; }
static inline uint64_t keep_normal() { return 0; }
static inline void copy(void* to, const void* from, uint64_t) {
    emu::Fiber& f = emu::fiber[emu::now];
    if ((uintptr_t)to % 16 || (uintptr_t)from % 16) emu::wrong("a copy of 16 bytes is not aligned");
    if (f.copies == 128) emu::wrong("too many copies are under way");
    if (emu::at_once) memcpy(to, from, 16);
    f.copy[f.copies++] = emu::Copy{to, emu::at_once ? to : from};
}
static inline void close_group() {
    emu::Fiber& f = emu::fiber[emu::now];
    if (f.groups == 32) emu::wrong("too many groups of copies are under way");
    f.end[f.groups++] = f.copies;
}
template <int under_way> static inline void wait_groups() { emu::make_copies(under_way); }
static inline int arrive(int* counter) {
    static int before;
    __syncthreads();
    if (threadIdx.x == 0) before = (*counter)++;
    __syncthreads();
    return before;
}

// trade hands v to the warp and returns the cells of the warp once all lanes have come.
static inline emu::Cell* trade(uint64_t v) {
    emu::Cell* mine = emu::cell[emu::turn[emu::now] & 1];
    mine[emu::now].word = v;
    emu::wait(emu::SHUFFLE);
    return mine + emu::now / 32 * 32;
}
template <class T> static inline T exchange_bits(T v, int lane) {
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof v);
    bits = trade(bits)[lane].word;
    memcpy(&v, &bits, sizeof v);
    return v;
}
static inline float exchange(float v, int mask) { return exchange_bits(v, emu::now % 32 ^ mask); }
static inline int exchange(int v, int mask) { return exchange_bits(v, emu::now % 32 ^ mask); }
static inline double exchange(double v, int mask) { return exchange_bits(v, emu::now % 32 ^ mask); }
static inline float from_lane(float v, int lane) { return exchange_bits(v, lane); }

static inline uint4 stream(const void* p) {
    if ((uintptr_t)p % 16) emu::wrong("a read of 16 bytes is not aligned");
    return *(const uint4*)p;
}
static inline void mma(float (&c)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1) {
    emu::check_waited();
    emu::Cell& mine = emu::cell[emu::turn[emu::now] & 1][emu::now];
    mine.a[0] = a0, mine.a[1] = a1, mine.a[2] = a2, mine.a[3] = a3, mine.b[0] = b0, mine.b[1] = b1;
    memcpy(mine.c, c, sizeof c);
    emu::wait(emu::MMA);
    memcpy(c, mine.c, sizeof c);
}
static inline float __int_as_float(int v) { float f; memcpy(&f, &v, 4); return f; }
static inline float __uint_as_float(unsigned v) { float f; memcpy(&f, &v, 4); return f; }
static inline unsigned __float_as_uint(float f) { unsigned v; memcpy(&v, &f, 4); return v; }
static inline unsigned short narrow(float f) {
    unsigned b = __float_as_uint(f);
    if (f != f) return 0x7fff;
    return (unsigned short)((b + 0x7fff + (b >> 16 & 1)) >> 16);
}
static inline unsigned pair(float lo, float hi) { return narrow(lo) | (unsigned)narrow(hi) << 16; }
static inline void ordered() { emu::check_waited(); }
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
static inline int __clzll(long long v) { return v ? __builtin_clzll(v) : 64; }
template <class T> static inline T atomicAdd(T* to, T v) { T was = *to; *to += v; return was; }
