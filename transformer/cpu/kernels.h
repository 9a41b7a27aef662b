// The kernels in C, as Go calls them. What each computes is said beside the fields of the Go type kernels and, as
// plain Go, in portable.go. Strides of panels are in bytes, row strides in numbers. bf16: keys and values are bf16, not
// float32.
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef unsigned char byte;

// The forms of operands: float32; float32 as the sum of two bf16 (see put); rounded to bf16.
enum form { WIDE, SPLIT, NARROW };
#define SIZE(form) ((form) == NARROW ? 2 : 4)

// The Go type qkvArgs, field by field.
struct qkv_args {
	float *x, *bias, *q_norm, *k_norm, *cos, *sin;
	byte *query;
	long query_group, query_head;
	byte *keys, *values;
	long key_head, key_panel, value_head, value_panel;
	long slot, heads, kv_heads, d, dp;
	float eps, query_scale;
};

typedef void gemm_kernel(float *c, long ldc, const byte *a, long lda, const byte *b, long stride, long m, long panels,
                         long k, int more);
typedef void norm_kernel(byte *out, long ldo, enum form form, const float *x, long ldx, long rows, long n,
                         const float *weight, float eps);
typedef void qkv_epilogue_kernel(const struct qkv_args *h, enum form form, int bf16);
typedef void softmax_kernel(byte *out, long ldo, enum form form, const float *s, long lds, const int32_t *floor,
                            const int32_t *reach, float *inv, long rows, long n, float scale);
typedef void store_attention_kernel(byte *out, long ldo, enum form form, const float *x, long ldx, const float *inv, long kv,
                                    long first, long rows, long group, long d);
typedef void swiglu_kernel(byte *out, long ldo, enum form form, long column, const float *x, long ldx, long rows,
                           long pairs);
typedef long reduce_kernel(const float *logits, long n, float *sums);

// A table is a kernel set for one dtype.
struct table {
	enum form form;
	int bf16;
	gemm_kernel *gemm;
	norm_kernel *norm;
	qkv_epilogue_kernel *qkv_epilogue;
	softmax_kernel *softmax;
	store_attention_kernel *store_attention;
	swiglu_kernel *swiglu;
	reduce_kernel *reduce;
};

// 0, 1, … 15.
static const float counting[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

#define TABLE(FORM, BF16, GEMM, SET)                                                                     \
	{FORM, BF16, GEMM, SET##_norm, SET##_qkv_epilogue, SET##_softmax, SET##_store_attention, \
	 SET##_swiglu, SET##_reduce}

extern const struct table avx512_f32, avx512_bf16, avx512_dot, amx_bf16, avx2_f32, avx2_bf16;
