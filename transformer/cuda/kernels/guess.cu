// Guesses: a row of logits becomes a token, its probability, the margin and the entropy.

struct GuessArgs {
    const Head* head;
    const Want* wants;
    const int* bans;
    float* logits; // [64][stride] of wants offset, offset+1, ...
    struct Slice* slices; // [64][ceil(vocab/4096)]
    u64* cuts;     // [64] the last rank that top-k and top-p leave
    Guess* guesses; // [wants]
    int vocab, stride, offset, cut; // cut: whether cuts holds anything
};

// A Slice is what a stretch of 4096 logits comes to: the best two, the sums of e^(x-top) and (x-top) e^(x-top), and the
// best of logit/temp + noise.
struct Slice { float top, second, sum, weighted; double score; int token, sample; };
const int SLICE = 4096;

// ban takes the banned tokens out. A block has one row.
DEVICE void ban(const GuessArgs& a) {
    int i = blockIdx.x;
    if (a.offset + i >= a.head->wants) return;
    Want w = a.wants[a.offset + i];
    for (int b = w.from + threadIdx.x; b < w.to; b += blockDim.x) a.logits[(long)i * a.stride + a.bans[b]] = -INFINITE;
}
KERNEL(guess_ban, GuessArgs, 128, ban(a))

DEVICE u64 mix(u64 x) {
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}
// gumbel is transformer.Gumbel.
DEVICE float gumbel(u64 seed, int pos, int token) {
    u64 h = mix(mix(seed) ^ ((u64)(u32)pos << 32 | (u64)(u32)token));
    double u = ((double)(h >> 11) + 0.5) / 9007199254740992.0;
    return (float)-log(-log(u));
}

// rank orders tokens: ascending ranks are descending logits, and ascending ids among equals.
DEVICE u64 rank(float x, int token) {
    u32 b = __float_as_uint(x + 0.0f);
    b = b >> 31 ? ~b : b | 0x80000000u;
    return (u64)~b << 32 | (u32)token;
}

// better says whether candidate (a, i) goes before (b, j): higher, or as high with a lower token.
DEVICE bool better(double a, int i, double b, int j) { return a > b || (a == b && i < j); }

// slices reduces a stretch of a row of logits; grid [slices][rows], 16 logits a thread.
DEVICE void slices(const GuessArgs& a) {
    SHARED(shared);
    int i = blockIdx.y, first = blockIdx.x * SLICE, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    if (a.offset + i >= a.head->wants) return;
    Want w = a.wants[a.offset + i];
    const float* logits = a.logits + (long)i * a.stride;
    bool sampled = w.temp > 0, limited = a.cut && (w.top_k > 0 || (w.top_p > 0 && w.top_p < 1));
    u64 last = limited ? a.cuts[i] : ~0ull;
    float v[16], top = -INFINITE, second = -INFINITE;
    int token = first, sample = first;
    double score = -(double)INFINITE;
#pragma unroll
    for (int n = 0; n < 16; n++) {
        int id = first + n * 256 + threadIdx.x;
        v[n] = id < a.vocab ? logits[id] : -INFINITE;
        if (v[n] > top) second = top, top = v[n], token = id;
        else if (v[n] > second) second = v[n];
        if (sampled && v[n] > -INFINITE && rank(v[n], id) <= last) {
            double s = (double)v[n] / (double)w.temp + (double)gumbel(w.seed, w.pos, id);
            if (s > score) score = s, sample = id;
        }
    }
    for (int m = 16; m > 0; m /= 2) {
        float t = exchange(top, m), s = exchange(second, m);
        int id = exchange(token, m), drawn = exchange(sample, m);
        double best = exchange(score, m);
        second = fmaxf(fminf(top, t), fmaxf(second, s));
        if (better(t, id, top, token)) top = t, token = id;
        if (better(best, drawn, score, sample)) score = best, sample = drawn;
    }
    Slice* of = (Slice*)shared; // [8] the warps'
    if (lane == 0) of[warp].top = top, of[warp].second = second, of[warp].token = token, of[warp].score = score, of[warp].sample = sample;
    __syncthreads();
    Slice all = of[0];
    for (int n = 1; n < 8; n++) {
        Slice o = of[n];
        all.second = fmaxf(fminf(all.top, o.top), fmaxf(all.second, o.second));
        if (better(o.top, o.token, all.top, all.token)) all.top = o.top, all.token = o.token;
        if (better(o.score, o.sample, all.score, all.sample)) all.score = o.score, all.sample = o.sample;
    }
    float sum = 0, weighted = 0;
#pragma unroll
    for (int n = 0; n < 16; n++)
        if (v[n] - all.top > -100) {
            float e = expf(v[n] - all.top);
            sum += e, weighted = fmaf(v[n] - all.top, e, weighted);
        }
    sum = warp_sum(sum), weighted = warp_sum(weighted);
    if (lane == 0) of[warp].sum = sum, of[warp].weighted = weighted;
    __syncthreads();
    if (threadIdx.x > 0) return;
    all.sum = all.weighted = 0;
    for (int n = 0; n < 8; n++) all.sum += of[n].sum, all.weighted += of[n].weighted;
    a.slices[(long)i * gridDim.x + blockIdx.x] = all;
}
KERNEL(guess_slices, GuessArgs, 256, slices(a))

// guess joins the slices of a row; a warp has a row, a lane every 32nd slice, and the lanes trade in a fixed order.
DEVICE void guess(const GuessArgs& a) {
    int i = blockIdx.x, lane = threadIdx.x, count = (a.vocab + SLICE - 1) / SLICE;
    if (a.offset + i >= a.head->wants) return;
    const Slice* of = a.slices + (long)i * count;
    float top = -INFINITE, second = -INFINITE, sum = 0, weighted = 0;
    int token = a.vocab - 1, sample = a.vocab - 1;
    double score = -(double)INFINITE;
    for (int n = lane; n < count; n += 32) {
        Slice o = of[n];
        second = fmaxf(fminf(top, o.top), fmaxf(second, o.second));
        if (better(o.top, o.token, top, token)) top = o.top, token = o.token;
        if (better(o.score, o.sample, score, sample)) score = o.score, sample = o.sample;
    }
    for (int m = 16; m > 0; m /= 2) {
        float t = exchange(top, m), s = exchange(second, m);
        int id = exchange(token, m), drawn = exchange(sample, m);
        double best = exchange(score, m);
        second = fmaxf(fminf(top, t), fmaxf(second, s));
        if (better(t, id, top, token)) top = t, token = id;
        if (better(best, drawn, score, sample)) score = best, sample = drawn;
    }
    for (int n = lane; n < count; n += 32) {
        float by = of[n].top - top;
        if (!(by > -100)) continue;
        float e = expf(by);
        sum = fmaf(of[n].sum, e, sum), weighted = fmaf(fmaf(by, of[n].sum, of[n].weighted), e, weighted);
    }
    sum = warp_sum(sum), weighted = warp_sum(weighted);
    if (lane > 0) return;
    if (a.wants[a.offset + i].temp > 0) token = sample;
    Guess* g = a.guesses + a.offset + i;
    g->token = token;
    g->p = expf(a.logits[(long)i * a.stride + token] - top) / sum;
    g->margin = (1.0f - expf(second - top)) / sum;
    g->entropy = fmaxf(0.0f, logf(sum) - weighted / sum);
}
KERNEL(guess_join, GuessArgs, 32, guess(a))

// join adds the numbers of a block of 1024, or takes the largest; every thread gets the result. all has room for 1025.
DEVICE double join(double v, bool most, double* all) {
    all[threadIdx.x] = v;
    __syncthreads();
    if (threadIdx.x < 32) {
        for (int n = 1; n < 32; n++) {
            double w = all[n * 32 + threadIdx.x];
            v = most ? fmax(v, w) : v + w;
        }
        for (int m = 16; m > 0; m /= 2) {
            double w = exchange(v, m);
            v = most ? fmax(v, w) : v + w;
        }
        if (threadIdx.x == 0) all[1024] = v;
    }
    __syncthreads();
    return all[1024];
}

// mass is the probability at the row's temperature, times a constant, of the tokens up to a rank; or their number.
DEVICE double mass(const float* logits, int vocab, u64 upto, float top, float temp, bool number, double* all) {
    double sum = 0;
    for (int t = threadIdx.x; t < vocab; t += 1024)
        if (rank(logits[t], t) <= upto) sum += number ? 1.0 : exp((double)(logits[t] - top) / (double)temp);
    return join(sum, false, all);
}

// least is the lowest rank whose mass reaches want, at most high: a bisection of the upper half of ranks, which are logits,
// and then of the tokens among equals.
DEVICE u64 least(const float* logits, int vocab, u64 high, double want, float top, float temp, bool number, double* all) {
    u64 low = 0, end = high >> 32;
    while (low < end) {
        u64 middle = (low + end) / 2;
        u64 upto = middle << 32 | 0xffffffffull;
        if (mass(logits, vocab, upto < high ? upto : high, top, temp, number, all) >= want) end = middle;
        else low = middle + 1;
    }
    u64 first = 0, last = end < high >> 32 || (u32)high >= (u32)vocab ? (u64)vocab - 1 : (u64)(u32)high;
    while (first < last) {
        u64 middle = (first + last) / 2;
        if (mass(logits, vocab, end << 32 | middle, top, temp, number, all) >= want) last = middle;
        else first = middle + 1;
    }
    return end << 32 | last;
}

// cut finds the last rank that top-k and then top-p leave. A block has one row.
DEVICE void cut(const GuessArgs& a) {
    SHARED(shared);
    int i = blockIdx.x;
    if (a.offset + i >= a.head->wants) return;
    Want w = a.wants[a.offset + i];
    const float* logits = a.logits + (long)i * a.stride;
    double* all = (double*)shared;
    u64 last = ~0ull;
    if (w.temp > 0) {
        if (w.top_k > 0 && w.top_k < a.vocab) last = least(logits, a.vocab, last, w.top_k, 0, 1, true, all);
        if (w.top_p > 0 && w.top_p < 1) {
            float top = -INFINITE;
            for (int t = threadIdx.x; t < a.vocab; t += 1024) top = fmaxf(top, logits[t]);
            top = (float)join(top, true, all);
            double total = mass(logits, a.vocab, last, top, w.temp, false, all);
            last = least(logits, a.vocab, last, (double)w.top_p * total, top, w.temp, false, all);
        }
    }
    if (threadIdx.x == 0) a.cuts[i] = last;
}
KERNEL(guess_cut, GuessArgs, 1024, cut(a))
