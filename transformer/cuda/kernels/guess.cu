// Guesses: a row of logits becomes a token, its probability, the margin and the entropy.
//
//  1. guess_ban sets the logits of banned tokens to -Inf.
//  2. guess_slices reduces each slice of a row, and draws its sample where neither top-k nor top-p is set.
//  3. Where one of them is set, guess_bins and guess_cut (cut.cu) find the last token that they keep, and guess_draw draws.
//  4. guess_join merges the slices of a row.

struct GuessArgs {
    const Head* head;
    const Want* wants;
    const int* bans;
    float* logits; // [64][stride] of wants offset, offset+1, ...
    struct Slice* slices; // [64][ceil(vocab/2048)]
    u64* bins;     // [64][2][2048] tokens, and their mass, by the distance from the top
    u64* cuts;     // [64] the last rank that top-k and top-p keep
    Guess* guesses; // [wants]
    int vocab, stride, offset, cut; // cut: whether some row has a top-k or top-p
};

// A Slice is what 2048 neighbouring logits are reduced to: the two highest, the sums of e^(x-top) and (x-top) e^(x-top), and
// the highest logit/temp + noise with its token.
struct Slice { float top, second, sum, weighted; double score; int token, sample; };
const int SLICE = 2048, EACH = SLICE / 256, BINS = 2048;

// ban sets the logits of banned tokens to -Inf. One block per row.
DEVICE void ban(const GuessArgs& a) {
    int i = blockIdx.x;
    if (a.offset + i >= a.head->wants) return;
    Want w = a.wants[a.offset + i];
    for (int b = w.from + threadIdx.x; b < w.to; b += blockDim.x) a.logits[(long)i * a.stride + a.bans[b]] = -INFINITE;
}
KERNEL(guess_ban, GuessArgs, 128, ban(a))

DEVICE bool by_number(const GuessArgs& a, const Want& w) { return w.temp > 0 && w.top_k > 0 && w.top_k < a.vocab; }
DEVICE bool by_mass(const Want& w) { return w.temp > 0 && w.top_p > 0 && w.top_p < 1; }
DEVICE bool limited(const GuessArgs& a, const Want& w) { return by_number(a, w) || by_mass(w); }

DEVICE u64 mix(u64 x) {
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}
// gumbel is transformer.Gumbel of the 64 random bits of a seed, a position and a token.
DEVICE u64 random_bits(const Want& w, int token) { return mix(mix(w.seed) ^ ((u64)(u32)w.pos << 32 | (u64)(u32)token)); }
DEVICE float gumbel(u64 bits) {
    double u = ((double)(bits >> 11) + 0.5) / 9007199254740992.0;
    return (float)-log(-log(u));
}
// gumbel_most is never below gumbel: -log(-log u) <= -log(1-u), and 1-u is at least 2^-(n+1) where n leading bits are ones.
// 0.6932 is ln 2 and more than float's rounding.
DEVICE double gumbel_most(u64 bits) { return 0.6932 * (__clzll((long long)~bits) + 1); }

// rank orders tokens: ascending ranks are descending logits, and ascending ids among equals. logit takes it back.
DEVICE u64 rank(float x, int token) {
    u32 b = __float_as_uint(x + 0.0f);
    b = b >> 31 ? ~b : b | 0x80000000u;
    return (u64)~b << 32 | (u32)token;
}
DEVICE float logit(u64 rank) {
    u32 b = ~(u32)(rank >> 32);
    return __uint_as_float(b >> 31 ? b & 0x7fffffffu : ~b);
}

// better says whether candidate (a, i) comes before (b, j): it is higher, or equal with a lower token.
template <class T> DEVICE bool better(T a, int i, T b, int j) { return a > b || (a == b && i < j); }
DEVICE void take_top(Slice& s, float top, float second, int token) {
    s.second = fmaxf(fminf(s.top, top), fmaxf(s.second, second));
    if (better(top, token, s.top, s.token)) s.top = top, s.token = token;
}
DEVICE void take_score(Slice& s, double score, int sample) {
    if (better(score, sample, s.score, s.sample)) s.score = score, s.sample = sample;
}
// lanes_top and lanes_score give all lanes of a warp the best of them.
DEVICE void lanes_top(Slice& s) {
    for (int m = 16; m > 0; m /= 2) take_top(s, exchange(s.top, m), exchange(s.second, m), exchange(s.token, m));
}
DEVICE void lanes_score(Slice& s) {
    for (int m = 16; m > 0; m /= 2) take_score(s, exchange(s.score, m), exchange(s.sample, m));
}
DEVICE Slice nothing(int token) { return {-INFINITE, -INFINITE, 0, 0, -(double)INFINITE, token, token}; }

// load reads a thread's logits of a slice: those of the tokens first + thread, first + thread + 256, and so on.
DEVICE void load(float (&v)[EACH], const float* logits, int first, int vocab) {
#pragma unroll
    for (int n = 0; n < EACH; n++) {
        int id = first + n * 256 + threadIdx.x;
        v[n] = id < vocab ? logits[id] : -INFINITE;
    }
}

// draw finds the highest logit/temp + noise among a warp's tokens up to a rank; s holds the slice's most probable token. Noise
// costs two logarithms in double per token, so it is computed only for tokens whose bound on the noise lets them win.
DEVICE void draw(Slice& s, const float (&v)[EACH], int first, const Want& w, u64 last) {
    s.score = -(double)INFINITE, s.sample = first;
    if (s.top > -INFINITE && rank(s.top, s.token) <= last)
        s.score = (double)s.top / (double)w.temp + (double)gumbel(random_bits(w, s.token)), s.sample = s.token;
#pragma unroll
    for (int n = 0; n < EACH; n++) {
        int id = first + n * 256 + threadIdx.x;
        if (!(v[n] > -INFINITE) || rank(v[n], id) > last) continue;
        u64 bits = random_bits(w, id);
        double x = (double)v[n] / (double)w.temp;
        if (x + gumbel_most(bits) >= s.score) take_score(s, x + (double)gumbel(bits), id);
    }
    lanes_score(s);
}

// slices reduces one slice of a row of logits; grid [slices][rows], 8 logits per thread.
DEVICE void slices(const GuessArgs& a) {
    SHARED(shared);
    int i = blockIdx.y, first = blockIdx.x * SLICE, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    if (a.offset + i >= a.head->wants) return;
    Want w = a.wants[a.offset + i];
    if (a.cut)
        for (int b = blockIdx.x * 256 + threadIdx.x; b < 2 * BINS; b += gridDim.x * 256) a.bins[(long)i * 2 * BINS + b] = 0;
    float v[EACH];
    load(v, a.logits + (long)i * a.stride, first, a.vocab);
    Slice s = nothing(first);
#pragma unroll
    for (int n = 0; n < EACH; n++) take_top(s, v[n], -INFINITE, first + n * 256 + threadIdx.x);
    lanes_top(s);
    Slice* of = (Slice*)shared; // [8] the warps'
    if (lane == 0) of[warp].top = s.top, of[warp].second = s.second, of[warp].token = s.token;
    __syncthreads();
    s = nothing(first);
    for (int n = 0; n < 8; n++) take_top(s, of[n].top, of[n].second, of[n].token);
#pragma unroll
    for (int n = 0; n < EACH; n++)
        if (v[n] - s.top > -100) {
            float e = expf(v[n] - s.top);
            s.sum += e, s.weighted = fmaf(v[n] - s.top, e, s.weighted);
        }
    s.sum = warp_sum(s.sum), s.weighted = warp_sum(s.weighted);
    if (w.temp > 0 && !limited(a, w)) draw(s, v, first, w, ~0ull);
    if (lane == 0) of[warp].sum = s.sum, of[warp].weighted = s.weighted, of[warp].score = s.score, of[warp].sample = s.sample;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int n = 1; n < 8; n++) {
        s.sum += of[n].sum, s.weighted += of[n].weighted;
        take_score(s, of[n].score, of[n].sample);
    }
    a.slices[(long)i * gridDim.x + blockIdx.x] = s;
}
KERNEL(guess_slices, GuessArgs, 256, slices(a))

// draws is the sample of one slice of a row with top-k or top-p, after its cut; grid [slices][rows].
DEVICE void draws(const GuessArgs& a) {
    SHARED(shared);
    int i = blockIdx.y, first = blockIdx.x * SLICE;
    if (a.offset + i >= a.head->wants) return;
    Want w = a.wants[a.offset + i];
    if (!limited(a, w)) return;
    Slice* to = a.slices + (long)i * gridDim.x + blockIdx.x;
    Slice s = *to;
    if (rank(s.top, s.token) > a.cuts[i]) return; // the cut drops all of it
    float v[EACH];
    load(v, a.logits + (long)i * a.stride, first, a.vocab);
    draw(s, v, first, w, a.cuts[i]);
    Slice* of = (Slice*)shared; // [8] the warps'
    if (threadIdx.x % 32 == 0) of[threadIdx.x / 32].score = s.score, of[threadIdx.x / 32].sample = s.sample;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int n = 1; n < 8; n++) take_score(s, of[n].score, of[n].sample);
    to->score = s.score, to->sample = s.sample;
}
KERNEL(guess_draw, GuessArgs, 256, draws(a))

// guess merges the slices of a row. One warp per row, every 32nd slice per lane; the lanes exchange in a fixed order.
DEVICE void guess(const GuessArgs& a) {
    int i = blockIdx.x, lane = threadIdx.x, count = (a.vocab + SLICE - 1) / SLICE;
    if (a.offset + i >= a.head->wants) return;
    const Slice* of = a.slices + (long)i * count;
    Slice s = nothing(a.vocab - 1);
    for (int n = lane; n < count; n += 32) {
        take_top(s, of[n].top, of[n].second, of[n].token);
        take_score(s, of[n].score, of[n].sample);
    }
    lanes_top(s), lanes_score(s);
    for (int n = lane; n < count; n += 32) {
        float by = of[n].top - s.top;
        if (!(by > -100)) continue;
        float e = expf(by);
        s.sum = fmaf(of[n].sum, e, s.sum), s.weighted = fmaf(fmaf(by, of[n].sum, of[n].weighted), e, s.weighted);
    }
    s.sum = warp_sum(s.sum), s.weighted = warp_sum(s.weighted);
    if (lane > 0) return;
    int token = a.wants[a.offset + i].temp > 0 ? s.sample : s.token;
    Guess* g = a.guesses + a.offset + i;
    g->token = token;
    g->p = expf(a.logits[(long)i * a.stride + token] - s.top) / s.sum;
    g->margin = (1.0f - expf(s.second - s.top)) / s.sum;
    g->entropy = fmaxf(0.0f, logf(s.sum) - s.weighted / s.sum);
}
KERNEL(guess_join, GuessArgs, 32, guess(a))
