// How Go calls through a table.
#include "kernels.h"
#include <sys/syscall.h>
#include <unistd.h>

static void call_gemm(const struct table *t, float *c, long ldc, const byte *a, long lda, const byte *b, long stride,
                      long m, long panels, long k, int more) {
	t->gemm(c, ldc, a, lda, b, stride, m, panels, k, more);
}
static void call_norm(const struct table *t, byte *out, long ldo, const float *x, long ldx, long rows, long n,
                      const float *weight, float eps) {
	t->norm(out, ldo, t->form, x, ldx, rows, n, weight, eps);
}
static void call_qkv_epilogue(const struct table *t, const byte *h) {
	t->qkv_epilogue((const struct qkv_args *)h, t->form, t->bf16);
}
static void call_softmax(const struct table *t, byte *out, long ldo, const float *s, long lds,
                         const int32_t *floor, const int32_t *reach, float *inv, long rows, long n, float scale) {
	t->softmax(out, ldo, t->form, s, lds, floor, reach, inv, rows, n, scale);
}
static void call_store_attention(const struct table *t, byte *out, long ldo, const float *x, long ldx,
                        const float *inv, long kv, long first, long rows, long group, long d) {
	t->store_attention(out, ldo, t->form, x, ldx, inv, kv, first, rows, group, d);
}
static void call_swiglu(const struct table *t, byte *out, long ldo, long column, const float *x, long ldx,
                        long rows, long pairs) {
	t->swiglu(out, ldo, t->form, column, x, ldx, rows, pairs);
}
static long call_reduce(const struct table *t, const float *logits, long n, float *sums) {
	return t->reduce(logits, n, sums);
}

// allow_tiles asks Linux for the tiles' state (ARCH_REQ_XCOMP_PERM of feature 18), for the whole process.
static int allow_tiles(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }
