// Everything but the matrix products, over vectors of sixteen: included once for each instruction set, which defines
// v16 and SET(name). Rows are read to their end and not beyond, since what pads them may be stale.

// part reads up to 16 numbers, n of them there; the rest is fill.
INLINE v16 part(const float *p, long n, float fill) { return n >= 16 ? load(p) : load_n(p, n, fill); }

// write16 writes up to 16 numbers, n of them.
INLINE void write16(float *p, long n, v16 x) {
	if (n >= 16) store(p, x);
	else store_n(p, n, x);
}

// put writes 16 operands from column i on, a multiple of 16. A split row alternates 32 numbers rounded to bf16 and
// what that leaves of them, in bf16 too.
INLINE void put(byte *row, long i, enum form form, v16 x) {
	if (form == WIDE) {
		store((float *)row + i, x);
		return;
	}
	byte *p = form == SPLIT ? row + i / 32 * 128 + i % 32 * 2 : row + i * 2;
	store_bf16(p, x);
	if (form == SPLIT) store_bf16(p + 64, sub(x, load_bf16(p)));
}

// expv is e^x for x of -87…88, those outside taken to the nearest, to 2 ulps: x = n ln 2 + r, and e^r by the
// polynomial of Cephes.
INLINE v16 expv(v16 x) {
	x = min16(set(88), max16(set(-87), x));
	const v16 magic = set(12582912); // 1.5 * 2^23: adding it rounds to a whole number
	v16 n = sub(fma16(x, set(1.44269504f), magic), magic);
	v16 r = fma16(n, set(2.12194440e-4f), fma16(n, set(-0.693359375f), x));
	v16 p = fma16(set(1.9875691500e-4f), r, set(1.3981999507e-3f));
	p = fma16(p, r, set(8.3334519073e-3f));
	p = fma16(p, r, set(4.1665795894e-2f));
	p = fma16(p, r, set(1.6666665459e-1f));
	p = fma16(p, r, set(5.0000001201e-1f));
	p = fma16(mul(p, r), r, add(r, set(1)));
	return mul(p, pow2(n));
}

// rms is 1 / root mean square of x.
INLINE float rms(const float *x, long n, float eps) {
	v16 sum = set(0);
	for (long i = 0; i < n; i += 16) {
		v16 v = part(x + i, n - i, 0);
		sum = fma16(v, v, sum);
	}
	return 1 / sqrtf(sum16(sum) / n + eps);
}

TARGET void SET(norm)(byte *out, long ldo, enum form form, const float *x, long ldx, long rows, long n, const float *weight,
                      float eps) {
	ldo *= SIZE(form);
	for (; rows > 0; rows--, out += ldo, x += ldx) {
		v16 by = set(rms(x, n, eps));
		for (long i = 0; i < n; i += 16)
			put(out, i, form, mul(mul(part(x + i, n - i, 0), by), part(weight + i, n - i, 0)));
	}
}

// prepare: x += bias, x *= weight / rms(x) and the rotary embedding of pairs half a head apart, each where given.
INLINE void prepare(float *x, long d, const float *bias, const float *weight, const float *cos, const float *sin,
                    float eps) {
	if (bias)
		for (long i = 0; i < d; i += 16) write16(x + i, d - i, add(part(x + i, d - i, 0), part(bias + i, d - i, 0)));
	if (weight) {
		v16 by = set(rms(x, d, eps));
		for (long i = 0; i < d; i += 16)
			write16(x + i, d - i, mul(mul(part(x + i, d - i, 0), by), part(weight + i, d - i, 0)));
	}
	const long half = d / 2;
	for (long i = 0; cos && i < half; i += 16) {
		long n = half - i < 16 ? half - i : 16;
		v16 a = part(x + i, n, 0), b = part(x + half + i, n, 0), c = part(cos + i, n, 0), s = part(sin + i, n, 0);
		write16(x + i, n, sub(mul(a, c), mul(b, s)));
		write16(x + half + i, n, add(mul(b, c), mul(a, s)));
	}
}

// store_key writes x as one column of a panel of keys; store_value as one row of the panels of values.
INLINE void store_key(byte *panel, long lane, int bf16, const float *x, long d) {
	for (long i = 0; i < d; i += 16) {
		long n = d - i < 16 ? d - i : 16;
		if (!bf16) {
			for (long j = 0; j < n; j++) ((float *)panel)[(i + j) * 16 + lane] = x[i + j];
			continue;
		}
		uint16_t t[16];
		store_bf16(t, part(x + i, n, 0));
		for (long j = 0; j < n; j++) ((uint16_t *)panel)[((i + j) / 2 * 16 + lane) * 2 + j % 2] = t[j];
	}
}

INLINE void store_value(byte *panels, long stride, long slot, int bf16, const float *x, long d) {
	for (long i = 0; i < d; i += 16, panels += stride) {
		long n = d - i < 16 ? d - i : 16;
		if (!bf16) {
			write16((float *)panels + slot * 16, n, part(x + i, n, 0));
			continue;
		}
		uint16_t t[16];
		store_bf16(t, part(x + i, n, 0));
		for (long j = 0; j < n; j++) ((uint16_t *)panels)[(slot / 2 * 16 + j) * 2 + slot % 2] = t[j];
	}
}

TARGET void SET(qkv_epilogue)(const struct qkv_args *h, enum form form, int bf16) {
	const long group = h->heads / h->kv_heads;
	float *x = h->x;
	const float *bias = h->bias;
	const v16 scale = set(h->query_scale);
	for (long i = 0; i < h->heads + 2 * h->kv_heads; i++, x += h->dp, bias = bias ? bias + h->dp : 0) {
		if (i < h->heads) {
			prepare(x, h->d, bias, h->q_norm, h->cos, h->sin, h->eps);
			byte *out = h->query + i / group * h->query_group + i % group * h->query_head;
			for (long j = 0; j < h->d; j += 16) put(out, j, form, mul(scale, part(x + j, h->d - j, 0)));
		} else if (i < h->heads + h->kv_heads) {
			prepare(x, h->d, bias, h->k_norm, h->cos, h->sin, h->eps);
			byte *panel = h->keys + (i - h->heads) * h->key_head + h->slot / 16 * h->key_panel;
			store_key(panel, h->slot % 16, bf16, x, h->d);
		} else {
			prepare(x, h->d, bias, 0, 0, 0, 0);
			store_value(h->values + (i - h->heads - h->kv_heads) * h->value_head, h->value_panel, h->slot, bf16, x, h->d);
		}
	}
}

TARGET void SET(softmax)(byte *out, long ldo, enum form form, const float *s, long lds, const int32_t *floor,
                         const int32_t *reach, float *inv, long rows, long n, float scale) {
	ldo *= SIZE(form);
	const v16 by = set(scale), ramp = load(counting);
	for (long r = 0; r < rows; r++, out += ldo, s += lds) {
		const long m = reach[r], low = floor[r];
		v16 top = set(-INFINITY), sum = set(0), end = set((float)m);
		for (long i = low; i < m; i += 16) top = max16(top, part(s + i, m - i, -INFINITY));
		v16 most = set(most16(top));
		for (long i = 0; i < n; i += 16) {
			if (i >= m || i + 16 <= low) {
				put(out, i, form, set(0));
				continue;
			}
			v16 e = expv(mul(by, sub(part(s + i, m - i, 0), most)));
			e = zero_below(sub(end, add(ramp, set((float)i))), set(0.5f), e);
			if (i < low) e = zero_below(add(ramp, set((float)i)), set((float)low), e);
			sum = add(sum, e);
			put(out, i, form, e);
		}
		inv[r] = 1 / sum16(sum);
	}
}

// put_some writes up to 16 operands from any column on.
INLINE void put_some(byte *row, long i, enum form form, v16 x, long n) {
	float t[16];
	uint16_t u[64];
	store(t, x);
	put((byte *)u, 0, SPLIT, x);
	for (long j = 0; j < n && j < 16; j++) {
		uint16_t *p = (uint16_t *)(row + (i + j) / 32 * 128) + (i + j) % 32;
		if (form == SPLIT) p[0] = u[j], p[32] = u[32 + j];
		else if (form == NARROW) ((uint16_t *)row)[i + j] = u[j];
		else ((float *)row)[i + j] = t[j];
	}
}

TARGET void SET(store_attention)(byte *out, long ldo, enum form form, const float *x, long ldx, const float *inv, long kv,
                                 long first, long rows, long group, long d) {
	for (long r = 0; r < rows; r++, x += ldx) {
		byte *row = out + ((first + r) / group - first / group) * ldo * SIZE(form);
		const long column = (kv * group + (first + r) % group) * d;
		v16 by = set(inv[r]);
		for (long i = 0; i < d; i += 16) {
			v16 y = mul(part(x + i, d - i, 0), by);
			if (d - i >= 16 && (column + i) % 16 == 0) put(row, column + i, form, y);
			else put_some(row, column + i, form, y, d - i);
		}
	}
}

TARGET void SET(swiglu)(byte *out, long ldo, enum form form, long column, const float *x, long ldx, long rows,
                        long pairs) {
	ldo *= SIZE(form);
	for (; rows > 0; rows--, out += ldo, x += ldx)
		for (long i = 0; i < pairs; i++) {
			v16 gate = load(x + i * 32), up = load(x + i * 32 + 16);
			v16 e = expv(sub(set(0), gate));
			put(out, column + i * 16, form, mul(mul(gate, inverse(add(set(1), e))), up));
		}
}

// reduce leaves the second largest, the sum of e and that of x*e in sums.
TARGET long SET(reduce)(const float *logits, long n, float *sums) {
	v16 first = set(-INFINITY), second = first, sum = set(0), weighted = sum;
	for (long i = 0; i < n; i += 16) {
		v16 x = part(logits + i, n - i, -INFINITY);
		second = max16(second, min16(first, x));
		first = max16(first, x);
	}
	float a[32], top = -INFINITY, next = top;
	store(a, first);
	store(a + 16, second);
	for (int i = 0; i < 32; i++)
		if (a[i] > top) next = top, top = a[i];
		else if (a[i] > next) next = a[i];
	long at = -1;
	for (long i = 0; i < n; i += 16) {
		v16 logit = part(logits + i, n - i, -INFINITY);
		unsigned hit = equal(logit, set(top));
		if (at < 0 && hit) at = i + __builtin_ctz(hit);
		v16 x = max16(set(-100), sub(logit, set(top)));
		v16 e = zero_below(x, set(-87), expv(x));
		sum = add(sum, e);
		weighted = fma16(x, e, weighted);
	}
	sums[0] = next;
	sums[1] = sum16(sum);
	sums[2] = sum16(weighted);
	return at < 0 || at >= n ? 0 : at;
}
