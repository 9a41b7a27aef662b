// Packing: weights into the order in which gemm reads them. Embedding: tokens into the residual stream.

struct PackArgs {
    const void* from; // [rows][cols] of the checkpoint
    void* to;         // the packed matrix
    int rows, cols;   // of from
    int first, step;  // row r goes to column first + r/16*step*16 + r%16: 16 columns of gate and 16 of up alternate
    int units, pad;   // ceil(cols/32)
};

// packed is the index of number k of output column n. bf16: tiles of 16 columns, each in units of 32 k, in the order in which
// the lanes hold them as operand a of two mma. f32: tiles of 32 columns, [k][32].
template <class T> DEVICE long packed(int n, int k, int units);
template <> SPECIAL long packed<float>(int n, int k, int units) { return ((long)(n / 32) * units * 32 + k) * 32 + n % 32; }
template <> SPECIAL long packed<u16>(int n, int k, int units) {
    int lane = n % 8 * 4 + k % 8 / 2;
    return ((((long)(n / 16) * units + k / 32) * 2 + k % 32 / 16) * 32 + lane) * 8 + k % 16 / 8 * 4 + n % 16 / 8 * 2 + k % 2;
}

// pack copies some rows of a matrix, one row per block. The packed matrix was cleared before, so that its padding is 0.
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

// embed: x = E[token]. A product that follows a norm divides its own results by the root mean square. So only x * gain and the
// sums of squares are stored here, and norms need no kernel of their own. One block per row; 16 lanes per tile of 16 numbers.
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
