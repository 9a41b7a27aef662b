// Decoding on the device: some guesses of a forward are committed to the text, and the rows of the next forward follow from
// that. So nothing waits for the host.

// A Decode is transformer.DeviceDecode and its progress. Its lists lie behind it at fixed places, see UnmaskArgs.
struct Decode {
    double value;             // of the policy
    int kind, score, steps;   // of the policy
    int prompt, total;        // tokens of the prompt, and with the output
    int block;                // 0: left to right
    int stops, bans, seeds;   // entries of the lists
    int group;                // query heads per key/value head
    float temp, top_p;
    int top_k;
    int rows, tiles, wants;   // bytes at which the lists of all forwards but the first begin
    int forward;              // number of the current forward
    int from, to;             // positions that it computes
    int start, masks, step;   // start of its block, masks that the block had at first, earlier forwards of this block
    int wanted, over;         // guesses; whether the decoding has ended: later launches do nothing
};

// A Commit is a guess that now stands in the text. A Result is what the host reads of a forward.
struct Commit { int pos, token; float p; int pad; };
struct Result { int from, to, count, over; Commit commits[1024]; };

struct UnmaskArgs {
    Decode* state;
    int* positions;     // [wanted] that the guesses are for
    int* text;          // [total]
    const u64* seeds;   // [seeds]
    const int* stops;   // [stops]
    const Guess* guesses;
    unsigned char* lists; // a forward's upload
    Result* results;      // [2] in the host's memory: forwards alternate
};

enum { BY_THRESHOLD, BY_FACTOR, BY_ENTROPY, BY_QUOTA };
enum { HIGH_P, HIGH_MARGIN, LOW_ENTROPY };

// commit_count is how many of n guesses the policy commits, in order of descending score; see package decoders.
DEVICE int commit_count(const Decode& c, const double* score, const int* order, int n) {
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

// advance says what the next forward computes, where so many masks of the block are left.
DEVICE void advance(Decode& c, int left, bool ended) {
    c.forward++, c.step++;
    int done = c.block ? c.to : c.to + 1; // the text is complete up to here, unless masks are left
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

// plan lists the rows, tiles and wants of the next forward, as plan.go does. masked[i] is the position of guess i.
DEVICE void plan(const UnmaskArgs& a, const Decode& c, const int* masked) {
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
        int guessed = c.block ? masked[i] : c.to, pos = c.block ? guessed : guessed - 1;
        a.positions[i] = guessed;
        ((Want*)(a.lists + c.wants))[i] = Want{a.seeds[min(c.forward, c.seeds - 1)], pos - c.from, pos, c.temp, c.top_k, c.top_p, 0, c.bans, 0};
    }
}

// commit_and_plan commits guesses by the policy and plans the next forward. One block of 256 threads.
DEVICE void commit_and_plan(const UnmaskArgs& a) {
    SHARED(shared);
    double* score = (double*)shared; // [1024] of the guesses, as are the next five
    int *position = (int*)(score + 1024), *rank = position + 1024, *order = rank + 1024, *committed = order + 1024, *masked = committed + 1024;
    int *count = masked + 1024, *stopped = count + 1;
    Decode c = *a.state;
    if (c.over) return;
    int n = c.wanted;
    for (int i = threadIdx.x; i < n; i += 256) {
        Guess g = a.guesses[i];
        score[i] = c.score == HIGH_P ? g.p : c.score == HIGH_MARGIN ? g.margin : -(double)g.entropy;
        if (!(g.p == g.p)) score[i] = INFINITE; // NaN has no rank: it goes first, and the host sees it and ends the decoding
        order[i] = i, position[i] = a.positions[i];
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
    if (threadIdx.x == 0) *count = c.block ? commit_count(c, score, order, n) : 1, *stopped = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += 256) committed[i] = rank[i] < *count;
    __syncthreads();
    Result* result = a.results + c.forward % 2;
    for (int i = threadIdx.x; i < n; i += 256) {
        int before = 0;
        for (int j = 0; j < i; j++) before += committed[j];
        if (committed[i]) {
            Guess g = a.guesses[i];
            a.text[position[i]] = g.token;
            result->commits[before] = Commit{position[i], g.token, g.p, 0};
        } else {
            masked[i - before] = position[i];
        }
    }
    __syncthreads();
    int left = n - *count, old = c.start;
    int first = c.block ? max(c.start, c.prompt) : c.to, end = left > 0 ? masked[0] : c.block ? c.to : c.to + 1;
    for (int pos = first + threadIdx.x; pos < end; pos += 256)
        for (int s = 0; s < c.stops; s++)
            if (a.text[pos] == a.stops[s]) *stopped = 1;
    __syncthreads();
    if (threadIdx.x == 0) result->from = c.from, result->to = c.to, result->count = *count;
    advance(c, left, *stopped);
    if (threadIdx.x == 0) result->over = c.over, *a.state = c;
    if (c.start != old) { // a new block: all of it is masked
        for (int i = threadIdx.x; i < c.wanted; i += 256) masked[i] = c.start + i;
        __syncthreads();
    }
    plan(a, c, masked);
}
KERNEL(unmask, UnmaskArgs, 256, commit_and_plan(a))
