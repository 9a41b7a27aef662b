// Loading: weights into the order that gemm streams, and tokens into the residual stream.

struct PackArgs {
    const void* from; // [rows][cols] of the checkpoint
    void* to;         // the packed matrix
    int rows, cols;   // of from
    int first, step;  // row r goes to column first + r/16*step*16 + r%16: gate and up lie in turns of 16 columns
    int units, pad;   // ceil(cols/32)
};

// packed is where number k of output column n lies. bf16: tiles of 16 columns, in them units of 32 k as the lanes hold
// them as a of two mma. f32: tiles of 32 columns, [k][32].
template <class T> DEVICE long packed(int n, int k, int units);
template <> SPECIAL long packed<float>(int n, int k, int units) { return ((long)(n / 32) * units * 32 + k) * 32 + n % 32; }
template <> SPECIAL long packed<u16>(int n, int k, int units) {
    int lane = n % 8 * 4 + k % 8 / 2;
    return ((((long)(n / 16) * units + k / 32) * 2 + k % 32 / 16) * 32 + lane) * 8 + k % 16 / 8 * 4 + n % 16 / 8 * 2 + k % 2;
}

// pack moves a stretch of a matrix; the packed one was zeroed, so that its padding is 0. A block moves a row.
template <class T> DEVICE void pack(const PackArgs& a) {
    int r = blockIdx.x, n = a.first + r / 16 * a.step * 16 + r % 16;
    for (int k = threadIdx.x; k < a.cols; k += blockDim.x)
        ((T*)a.to)[packed<T>(n, k, a.units)] = ((const T*)a.from)[(long)r * a.cols + k];
}
KERNEL(pack_f32, PackArgs, 256, pack<float>(a))
KERNEL(pack_bf16, PackArgs, 256, pack<u16>(a))

struct EmbedArgs {
    const Head* head;
    const Row* rows;
    const void* table;  // [vocab][width], not packed
    const float* gain;  // [width] of the first norm
    float* x;           // [rows][stride] the residual stream
    void* next;         // activations: x * gain
    float* squares;     // [rows][ceil(width/16)] sums of squares of x
    int width, stride, units, pad;
};

// embed: x = E[token]. What follows a norm divides its results by the norm, so that only x * gain and the sums of
// squares are stored here: the norms cost no kernel of their own. 16 lanes take a tile of 16 numbers; a block a row.
template <class T> DEVICE void embed(const EmbedArgs& a) {
    int row = blockIdx.x;
    if (row >= a.head->rows) return;
    const T* e = (const T*)a.table + (long)a.rows[row].token * a.width;
    int tiles = (a.width + 15) / 16;
    for (int first = 0; first < tiles * 16; first += blockDim.x) {
        int i = first + threadIdx.x;
        float v = i < a.width ? number(e[i]) : 0.0f, square = v * v;
        if (i < a.width) {
            a.x[(long)row * a.stride + i] = v;
            activate<T>(a.next, row, i, a.units, v * a.gain[i]);
        }
        for (int m = 8; m > 0; m /= 2) square += exchange(square, m);
        if (i % 16 == 0 && i < a.width) a.squares[row * tiles + i / 16] = square;
    }
}
KERNEL(embed_f32, EmbedArgs, 128, embed<float>(a))
KERNEL(embed_bf16, EmbedArgs, 128, embed<u16>(a))
