// Ceilings: the most that the device can do, for the speed tests.

struct CeilingArgs {
    const void* from;
    float* out; // never written, but the compiler cannot know that
    long bytes;
    int steps, pad;
};

// read_all reads all bytes once and adds them up.
DEVICE void read_all(const CeilingArgs& a) {
    u32 sum = 0;
    long step = (long)gridDim.x * 256 * 16;
    long i = ((long)blockIdx.x * 256 + threadIdx.x) * 16;
    for (; i + 3 * step < a.bytes; i += 4 * step) {
        uint4 v[4];
#pragma unroll
        for (int n = 0; n < 4; n++) v[n] = stream((const char*)a.from + i + n * step);
#pragma unroll
        for (int n = 0; n < 4; n++) sum += v[n].x ^ v[n].y ^ v[n].z ^ v[n].w;
    }
    if (sum == 0x12345678u && a.steps < 0) a.out[0] = sum;
}
KERNEL(ceiling_read, CeilingArgs, 256, read_all(a))

// multiply multiplies 16x8x16 tiles in registers: 4096 operations per warp and mma, in 8 independent sequences of so many steps.
DEVICE void multiply(const CeilingArgs& a) {
    float c[8][4] = {};
    u32 x = threadIdx.x, y = 0x3f803f80u;
    for (int s = 0; s < a.steps; s++)
#pragma unroll
        for (int n = 0; n < 8; n++) mma(c[n], y, y, x, y, y, x);
    float sum = 0;
    for (int n = 0; n < 8; n++) sum += c[n][0] + c[n][1] + c[n][2] + c[n][3];
    if (a.steps < 0) a.out[threadIdx.x] = sum;
}
KERNEL(ceiling_bf16, CeilingArgs, 256, multiply(a))

// multiply_f32 multiplies and adds in registers: 32 operations per thread and step.
DEVICE void multiply_f32(const CeilingArgs& a) {
    float c[16] = {}, x = (float)threadIdx.x;
    for (int s = 0; s < a.steps; s++)
#pragma unroll
        for (int n = 0; n < 16; n++) c[n] = fmaf(c[n], x, x);
    float sum = 0;
    for (int n = 0; n < 16; n++) sum += c[n];
    if (a.steps < 0) a.out[threadIdx.x] = sum;
}
KERNEL(ceiling_f32, CeilingArgs, 256, multiply_f32(a))
