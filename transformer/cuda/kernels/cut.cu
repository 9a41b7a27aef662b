// Cuts: the last rank that top-k and then top-p keep of a row. It is found by radix selection (Knuth, The Art of Computer
// Programming, volume 3, 5.2.5; on GPUs Alabi, Blanchard, Gordon and Steinbach, 2012), by counts of tokens or by their mass.
//
//  1. guess_bins puts the tokens of a row into 2048 bins by their distance from the top: how many, and their mass.
//  2. guess_cut finds the bin in which a limit lies, lists its tokens, and selects among them by digits of rank.
//
// Mass is probability at the row's temperature in fixed point; the top token has 2^44. Integers may be added in any order, so
// atomics can add them, and the sum of up to 2^20 tokens fits 64 bits.

// mass is the mass of a token at this distance below the top.
DEVICE u64 mass(float below, float temp) {
    return below < INFINITE ? (u64)(exp(-(double)below / (double)temp) * 17592186044416.0 + 0.5) : 0;
}

// bin_of is the bin of this distance below the top: 128 bins per power of two, from 2^-8 to 2^8. -0 counts as 0.
DEVICE int bin_of(float below) {
    int b = (int)(__float_as_uint(below + 0.0f) >> 16) - (119 << 7);
    return b < 0 ? 0 : min(b, BINS - 1);
}

// row_top is the highest logit of a row, for all lanes of a warp.
DEVICE float row_top(const Slice* of, int count) {
    float top = -INFINITE;
    for (int n = threadIdx.x % 32; n < count; n += 32) top = fmaxf(top, of[n].top);
    for (int m = 16; m > 0; m /= 2) top = fmaxf(top, exchange(top, m));
    return top;
}

// tally adds to a number in shared memory, whose atomics are of 32 bits.
DEVICE void tally(u64* to, u64 v) {
    if (v == 0) return; // as most masses are at low temperatures
    u32 low = (u32)v, before = atomicAdd((u32*)to, low), high = (u32)(v >> 32) + (before + low < low);
    if (high > 0) atomicAdd((u32*)to + 1, high);
}

// bins fills the bins of a row, which guess_slices cleared; grid [slices][rows].
DEVICE void bins(const GuessArgs& a) {
    SHARED(shared);
    int i = blockIdx.y, first = blockIdx.x * SLICE;
    if (a.offset + i >= a.head->wants) return;
    Want w = a.wants[a.offset + i];
    if (!limited(a, w)) return;
    u64* mine = (u64*)shared; // [2][BINS]
    for (int b = threadIdx.x; b < 2 * BINS; b += 256) mine[b] = 0;
    float v[EACH], top = row_top(a.slices + (long)i * gridDim.x, gridDim.x);
    load(v, a.logits + (long)i * a.stride, first, a.vocab);
    __syncthreads();
#pragma unroll
    for (int n = 0; n < EACH; n++) {
        if (first + n * 256 + (int)threadIdx.x >= a.vocab) break;
        int b = bin_of(top - v[n]);
        if (by_number(a, w)) tally(mine + b, 1);
        if (by_mass(w)) tally(mine + BINS + b, mass(top - v[n], w.temp));
    }
    __syncthreads();
    for (int b = threadIdx.x; b < 2 * BINS; b += 256)
        if (mine[b] > 0) atomicAdd(a.bins + (long)i * 2 * BINS + b, mine[b]);
}
KERNEL(guess_bins, GuessArgs, 256, bins(a))

DEVICE u64 exchange(u64 v, int mask) {
    return (u64)(u32)exchange((int)(v >> 32), mask) << 32 | (u32)exchange((int)v, mask);
}

// A Reached is the bin in which the sum of the bins up to it reaches a number, and the sum of those before.
struct Reached { u64 before; int bin; };

const int NEAR = 3072; // ranks that a Cut lists
// A Cut is the work of a block of 1024 threads on one row. Its candidates are the tokens of one bin. They are listed; where
// they are too many, they are found again in the whole row each time.
struct Cut {
    const float* logits;
    const Slice* slices;
    int vocab;
    float top, temp;
    int bin;
    u64* list;   // [NEAR] in shared memory, as all that follows
    u64* digits; // [BINS]
    u64* sums;   // [32]
    Reached* reached;
    int* count;  // of candidates
};

// reach finds where the sum of bins reaches want, for all threads. A thread has two bins.
DEVICE Reached reach(const Cut& c, const u64* bins, u64 want) {
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    u64 first = bins[2 * threadIdx.x], both = first + bins[2 * threadIdx.x + 1], before = 0, sum = both;
    for (int m = 1; m < 32; m *= 2) {
        u64 other = exchange(sum, m);
        if (lane & m) before += other;
        sum += other;
    }
    if (lane == 0) c.sums[warp] = sum;
    if (threadIdx.x == 0) *c.reached = {0, BINS - 1}; // of a row without a number
    __syncthreads();
    for (int n = 0; n < warp; n++) before += c.sums[n];
    if (before < want && want <= before + both) {
        bool second = before + first < want;
        *c.reached = {second ? before + first : before, 2 * (int)threadIdx.x + second};
    }
    __syncthreads();
    return *c.reached;
}

// total adds the numbers of all threads, for all of them.
DEVICE u64 total(const Cut& c, u64 v) {
    for (int m = 16; m > 0; m /= 2) v += exchange(v, m);
    if (threadIdx.x % 32 == 0) c.sums[threadIdx.x / 32] = v;
    __syncthreads();
    v = 0;
    for (int n = 0; n < 32; n++) v += c.sums[n];
    __syncthreads();
    return v;
}

// gather makes the tokens of a bin the candidates. One slice per warp; slices whose top lies below the bin are left out.
DEVICE void gather(Cut& c, int bin) {
    int lane = threadIdx.x % 32, slices = (c.vocab + SLICE - 1) / SLICE;
    c.bin = bin;
    if (threadIdx.x == 0) *c.count = 0;
    __syncthreads();
    for (int s = threadIdx.x / 32; s < slices; s += 32) {
        if (bin_of(c.top - c.slices[s].top) > bin) continue;
        for (int from = s * SLICE + lane; from < (s + 1) * SLICE; from += 32 * 16) {
            float v[16];
#pragma unroll
            for (int n = 0; n < 16; n++) v[n] = from + n * 32 < c.vocab ? c.logits[from + n * 32] : -INFINITE;
#pragma unroll
            for (int n = 0; n < 16; n++) {
                int id = from + n * 32;
                if (id >= c.vocab || bin_of(c.top - v[n]) != bin) continue;
                int at = atomicAdd(c.count, 1);
                if (at < NEAR) c.list[at] = rank(v[n], id);
            }
        }
    }
    __syncthreads();
}

// each calls f for each candidate of this thread.
template <class F> DEVICE void each(const Cut& c, F f) {
    if (*c.count <= NEAR) {
        for (int n = threadIdx.x; n < *c.count; n += 1024) f(c.list[n]);
        return;
    }
    for (int id = threadIdx.x; id < c.vocab; id += 1024)
        if (bin_of(c.top - c.logits[id]) == c.bin) f(rank(c.logits[id], id));
}

DEVICE u64 mass_of(const Cut& c, u64 rank) { return mass(c.top - logit(rank), c.temp); }

// least is the lowest rank at which the number of candidates, or their mass, reaches want. It goes digit by digit, 11 bits each.
DEVICE u64 least(const Cut& c, u64 want, bool number) {
    u64 found = 0;
    for (int shift = 55; shift >= 0; shift -= 11) {
        c.digits[threadIdx.x] = c.digits[threadIdx.x + 1024] = 0;
        __syncthreads();
        each(c, [&](u64 r) {
            if (r >> shift >> 11 == found) tally(c.digits + (r >> shift) % BINS, number ? 1 : mass_of(c, r));
        });
        __syncthreads();
        Reached r = reach(c, c.digits, want);
        found = found << 11 | r.bin, want -= r.before;
    }
    return found;
}

// cut finds the last rank that top-k and then top-p keep. One block per row.
DEVICE void cut(const GuessArgs& a) {
    SHARED(shared);
    int i = blockIdx.x, slices = (a.vocab + SLICE - 1) / SLICE;
    if (a.offset + i >= a.head->wants) return;
    Want w = a.wants[a.offset + i];
    if (!limited(a, w)) return;
    const u64 *numbers = a.bins + (long)i * 2 * BINS, *masses = numbers + BINS;
    u64* at = (u64*)shared;
    Cut c = {a.logits + (long)i * a.stride, a.slices + (long)i * slices, a.vocab, row_top(a.slices + (long)i * slices, slices), w.temp, BINS,
        at, at + NEAR, at + NEAR + BINS, (Reached*)(at + NEAR + BINS + 32), (int*)(at + NEAR + BINS + 34)};
    u64 last, kept = 0;
    if (by_number(a, w)) {
        Reached r = reach(c, numbers, w.top_k);
        gather(c, r.bin);
        last = least(c, w.top_k - r.before, true);
        each(c, [&](u64 r) { kept += r <= last ? mass_of(c, r) : 0; });
    }
    if (by_mass(w)) { // of what is kept: the rank found is none of those that top-k dropped
        for (int b = threadIdx.x; b < c.bin; b += 1024) kept += masses[b];
        u64 want = (u64)ceil((double)w.top_p * (double)total(c, kept));
        Reached r = reach(c, masses, want);
        gather(c, r.bin);
        last = least(c, want - r.before, false);
    }
    if (threadIdx.x == 0) a.cuts[i] = last;
}
KERNEL(guess_cut, GuessArgs, 1024, cut(a))
