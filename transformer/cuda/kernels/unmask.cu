// Chains: a forward's guesses become the text and the lists of the next forward, so that nothing waits for the host.

// A Chain is transformer.Chain and how far it is. Its lists are behind it at fixed places, see UnmaskArgs.
struct Chain {
    double value;             // of the rule
    int kind, score, steps;   // of the rule
    int prompt, total;        // tokens of the prompt, and with the output
    int block;                // 0: left to right
    int stops, bans, seeds;   // entries of the lists
    int group;                // query heads of a key/value head
    float temp, top_p;
    int top_k;
    int rows, tiles, wants;   // bytes at which the lists of the forwards begin, but for the first one's
    int forward;              // of the chain, the one at hand
    int from, to;             // positions that it computes
    int start, masks, step;   // its block, the masks that this had at first, forwards of this block before
    int wanted, over;         // guesses; whether the chain has ended: what is launched beyond does nothing
};

// A Settled is a guess that now stands in the text, a Page what the host reads of a forward.
struct Settled { int at, token; float p; int pad; };
struct Page { int from, to, settled, over; Settled list[1024]; };

struct UnmaskArgs {
    Chain* chain;
    int* places;        // [wanted] the positions that the guesses are for
    int* text;          // [total]
    const u64* seeds;   // [seeds]
    const int* stops;   // [stops]
    const Guess* guesses;
    unsigned char* lists; // a forward's upload
    Page* pages;          // [2] in the host's memory: forwards take turns
};

enum { BY_THRESHOLD, BY_FACTOR, BY_ENTROPY, BY_QUOTA };
enum { HIGH_P, HIGH_MARGIN, LOW_ENTROPY };

// settle is how many of n guesses the rule takes, by descending score; see package decoders.
DEVICE int settle(const Chain& c, const double* score, const int* order, int n) {
    int count = 1;
    double sum = 0;
    switch (c.kind) {
    case BY_THRESHOLD:
        while (count < n && score[order[count]] >= (double)(float)c.value) count++;
        break;
    case BY_FACTOR:
        while (count < n && score[order[count]] >= 1.0 - c.value / (count + 2)) count++;
        break;
    case BY_ENTROPY:
        for (count = 0; count < n && sum <= c.value; count++) sum -= score[order[count]];
        break;
    case BY_QUOTA:
        count = c.masks / c.steps + (c.step < c.masks % c.steps);
    }
    return min(max(count, 1), n);
}

// advance says what the next forward is, where of the masks of the block so many are left.
DEVICE void advance(Chain& c, int left, bool ended) {
    c.forward++, c.step++;
    int done = c.block ? c.to : c.to + 1; // all before is settled, unless masks are left
    if (ended || (left == 0 && done == c.total)) {
        c.over = 1, c.wanted = 0;
    } else if (!c.block) {
        c.from = c.to, c.to = done, c.wanted = 1;
    } else if (left > 0) {
        c.from = c.start, c.wanted = left;
    } else {
        c.from = c.start, c.start = c.to, c.to = min(c.start + c.block, c.total);
        c.wanted = c.masks = c.to - c.start, c.step = 0;
    }
}

// plan lists the rows, tiles and wants of the next forward, as plan.go does. rest[i] is the position of guess i.
DEVICE void plan(const UnmaskArgs& a, const Chain& c, const int* rest) {
    int rows = c.over ? 0 : c.to - c.from, span = c.block ? c.block : 1, tiles = (rows * c.group + 15) / 16;
    if (threadIdx.x == 0) *(Head*)a.lists = Head{rows, tiles, c.wanted, 0};
    for (int i = threadIdx.x; i < rows; i += 256) {
        int pos = c.from + i;
        ((Row*)(a.lists + c.rows))[i] = Row{a.text[pos], 0, pos, min(c.to, (pos / span + 1) * span)};
    }
    for (int i = threadIdx.x; i < tiles; i += 256) {
        int count = min(16, rows * c.group - i * 16), pos = c.from + (i * 16 + count - 1) / c.group;
        ((Tile*)(a.lists + c.tiles))[i] = Tile{0, i * 16, count, 0, min(c.to, (pos / span + 1) * span), {}};
    }
    for (int i = threadIdx.x; i < c.wanted; i += 256) {
        int place = c.block ? rest[i] : c.to, pos = c.block ? place : place - 1;
        a.places[i] = place;
        ((Want*)(a.lists + c.wants))[i] = Want{a.seeds[min(c.forward, c.seeds - 1)], pos - c.from, pos, c.temp, c.top_k, c.top_p, 0, c.bans, 0};
    }
}

// settle_and_plan settles guesses by the rule and plans the next forward. One block of 256 threads.
DEVICE void settle_and_plan(const UnmaskArgs& a) {
    SHARED(shared);
    double* score = (double*)shared; // [1024] of the guesses, as are the next five
    int *place = (int*)(score + 1024), *rank = place + 1024, *order = rank + 1024, *settled = order + 1024, *rest = settled + 1024;
    int *count = rest + 1024, *stopped = count + 1;
    Chain c = *a.chain;
    if (c.over) return;
    int n = c.wanted;
    for (int i = threadIdx.x; i < n; i += 256) {
        Guess g = a.guesses[i];
        score[i] = c.score == HIGH_P ? g.p : c.score == HIGH_MARGIN ? g.margin : -(double)g.entropy;
        if (!(g.p == g.p)) score[i] = INFINITE; // no number has a rank: it goes first, and the host sees it and ends the chain
        order[i] = i, place[i] = a.places[i];
    }
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += 256) {
        int before = 0;
        for (int j = 0; j < n; j++) before += better(score[j], j, score[i], i);
        rank[i] = before;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += 256) order[rank[i]] = i;
    __syncthreads();
    if (threadIdx.x == 0) *count = c.block ? settle(c, score, order, n) : 1, *stopped = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += 256) settled[i] = rank[i] < *count;
    __syncthreads();
    Page* page = a.pages + c.forward % 2;
    for (int i = threadIdx.x; i < n; i += 256) {
        int before = 0;
        for (int j = 0; j < i; j++) before += settled[j];
        if (settled[i]) {
            Guess g = a.guesses[i];
            a.text[place[i]] = g.token;
            page->list[before] = Settled{place[i], g.token, g.p, 0};
        } else {
            rest[i - before] = place[i];
        }
    }
    __syncthreads();
    int left = n - *count, old = c.start;
    int first = c.block ? max(c.start, c.prompt) : c.to, end = left > 0 ? rest[0] : c.block ? c.to : c.to + 1;
    for (int pos = first + threadIdx.x; pos < end; pos += 256)
        for (int s = 0; s < c.stops; s++)
            if (a.text[pos] == a.stops[s]) *stopped = 1;
    __syncthreads();
    if (threadIdx.x == 0) page->from = c.from, page->to = c.to, page->settled = *count;
    advance(c, left, *stopped);
    if (threadIdx.x == 0) page->over = c.over, *a.chain = c;
    if (c.start != old) { // a new block: all of it is masked
        for (int i = threadIdx.x; i < c.wanted; i += 256) rest[i] = c.start + i;
        __syncthreads();
    }
    plan(a, c, rest);
}
KERNEL(unmask, UnmaskArgs, 256, settle_and_plan(a))
