package transformertest

import (
	"math"
	"slices"

	"tandem/transformer"
)

// layer64 is one block in float64; matrices are [out][in].
type layer64 struct {
	attnNorm, mlpNorm, qNorm, kNorm []float64
	q, k, v, o, gate, up, down      [][]float64
	qBias, kBias, vBias, oBias      []float64
	gateBias, upBias, downBias      []float64
}

// model64 is the whole model in float64, bf16 weights widened: what a backend's rounding is measured against.
type model64 struct {
	transformer.Config
	embed, head [][]float64
	layers      []layer64
	norm        []float64
	round, slot func([]float64) // of what enters a matrix product, and a K/V slot, in place
	early       bool            // what a norm yields is rounded before it is divided by the root mean square
	split       int             // slots whose weights are rounded against their own largest; 0: against the row's
}

func widen(w *transformer.Weights, activations transformer.Dtype) *model64 {
	m := &model64{Config: w.Config, embed: matrix64(w.Embed), norm: vector64(w.Norm)}
	m.round, m.slot = round(activations), round(w.Dtype.Activations())
	m.head = m.embed
	if !w.Config.Tied {
		m.head = matrix64(w.Head)
	}
	for _, l := range w.Layers {
		m.layers = append(m.layers, layer64{
			attnNorm: vector64(l.AttnNorm), mlpNorm: vector64(l.MLPNorm), qNorm: vector64(l.QNorm), kNorm: vector64(l.KNorm),
			q: matrix64(l.Q), k: matrix64(l.K), v: matrix64(l.V), o: matrix64(l.O),
			gate: matrix64(l.Gate), up: matrix64(l.Up), down: matrix64(l.Down),
			qBias: vector64(l.QBias), kBias: vector64(l.KBias), vBias: vector64(l.VBias), oBias: vector64(l.OBias),
			gateBias: vector64(l.GateBias), upBias: vector64(l.UpBias), downBias: vector64(l.DownBias),
		})
	}
	return m
}

// keyed is what one layer remembers of one position: a rotated key and a value for every K/V head, [KVHeads*HeadDim].
type keyed struct{ key, value []float64 }

// forward is the model as the papers write it, one row at a time: RMSNorm (Zhang and Sennrich, 2019), rotary
// positions (Su et al., 2021, rotate-half), grouped queries (Ainslie et al., 2023), SwiGLU (Shazeer, 2020). Row i
// holds tokens[i] at position start+i and may look at position j where sees(start+i, j). past[layer][position] is
// what earlier passes left; forward replaces the entries of its own rows. It returns the logits of every row. Where layers
// differ, theirs is what the row at p sees of its last Window positions (Mistral), and whether anything rotates (SmolLM3).
func (m *model64) forward(tokens []int32, start int, past [][]keyed, sees func(p, j int) bool) [][]float64 {
	rows := make([][]float64, len(tokens)) // [row][Hidden], the residual stream
	for i, t := range tokens {
		rows[i] = append([]float64(nil), m.embed[t]...)
	}
	for n, l := range m.layers {
		kind, queries := m.Kind(n), make([][]float64, len(rows))
		for i, x := range rows {
			h := m.normed(x, l.attnNorm)
			p := start + i
			queries[i] = m.rounded(m.scaled(m.heads(add(mul(l.q, h), l.qBias), l.qNorm, p, kind), p))
			past[n][p] = keyed{m.heads(add(mul(l.k, h), l.kBias), l.kNorm, p, kind), add(mul(l.v, h), l.vBias)}
			m.slot(past[n][p].key)
			m.slot(past[n][p].value)
		}
		for i, x := range rows {
			p := start + i
			attended := m.attend(queries[i], past[n], func(j int) bool {
				return sees(p, j) && (kind.Window == 0 || j > p-kind.Window)
			})
			x = add(add(x, mul(l.o, m.rounded(attended))), l.oBias)
			h := m.normed(x, l.mlpNorm)
			gate, up := add(mul(l.gate, h), l.gateBias), add(mul(l.up, h), l.upBias)
			for k, g := range gate {
				up[k] *= g / (1 + math.Exp(-g))
			}
			rows[i] = add(add(x, mul(l.down, m.rounded(up))), l.downBias)
		}
	}
	logits := make([][]float64, len(rows))
	for i, x := range rows {
		logits[i] = mul(m.head, m.normed(x, m.norm))
	}
	return logits
}

// heads applies the norm of q and k, where the model has one, and the rotation of position p, where the layer has one, to each
// head of x. Angles may be divided pair by pair, and what is rotated multiplied (YaRN: Peng et al., 2023).
func (m *model64) heads(x, gain []float64, p int, kind transformer.LayerKind) []float64 {
	d := m.HeadDim
	for h := 0; h < len(x); h += d {
		head := x[h : h+d]
		if gain != nil {
			copy(head, rms(head, gain, m.NormEps))
		}
		for i := range d / 2 {
			if kind.NoRope {
				break
			}
			angle := float64(p) * math.Pow(m.RopeTheta, -2*float64(i)/float64(d))
			if m.Rope.Divisors != nil {
				angle /= m.Rope.Divisors[i]
			}
			sin, cos := math.Sincos(angle)
			a, b := head[i], head[i+d/2]
			head[i], head[i+d/2] = a*cos-b*sin, b*cos+a*sin
			if m.Rope.Scale != 0 {
				head[i], head[i+d/2] = head[i]*m.Rope.Scale, head[i+d/2]*m.Rope.Scale
			}
		}
	}
	return x
}

// scaled is the query of position p, in place, larger the later it is (Llama 4).
func (m *model64) scaled(query []float64, p int) []float64 {
	if m.Rope.QueryBeta != 0 {
		by := 1 + m.Rope.QueryBeta*math.Log(1+math.Floor(float64(p)/float64(m.Rope.QueryFrom)))
		for i := range query {
			query[i] *= by
		}
	}
	return query
}

// rounded is x as it enters a matrix product, in place.
func (m *model64) rounded(x []float64) []float64 {
	m.round(x)
	return x
}

// normed is the norm of x as it enters a matrix product. A division by the root mean square commutes with the product, so
// that a backend may round before it or after.
func (m *model64) normed(x, gain []float64) []float64 {
	if !m.early {
		return m.rounded(rms(x, gain, m.NormEps))
	}
	out, scale := make([]float64, len(x)), 1/math.Sqrt(dot(x, x)/float64(len(x))+float64(m.NormEps))
	for i, v := range x {
		out[i] = v * gain[i]
	}
	m.round(out)
	for i := range out {
		out[i] *= scale
	}
	return out
}

// attend is softmax(q k / sqrt(HeadDim)) v over the visible positions, head by head. The largest weight is 1 before the
// division by their sum; where they are rounded in splits, each split's largest is 1 at that moment.
func (m *model64) attend(query []float64, past []keyed, sees func(j int) bool) []float64 {
	d, group := m.HeadDim, m.Heads/m.KVHeads
	out := make([]float64, m.Heads*d)
	for h := range m.Heads {
		kv := h / group * d
		var weights, values, tops = []float64{}, [][]float64{}, map[int]float64{}
		var splits []int // that the weights are in
		for j, k := range past {
			if k.key != nil && sees(j) {
				weights = append(weights, dot(query[h*d:(h+1)*d], k.key[kv:kv+d])/math.Sqrt(float64(d)))
				values = append(values, k.value[kv:kv+d])
				n := 0
				if m.split > 0 {
					n = j / m.split
				}
				w := weights[len(weights)-1]
				if top, ok := tops[n]; !ok || w > top {
					tops[n] = w
				}
				splits = append(splits, n)
			}
		}
		high, sum := slices.Max(weights), 0.0
		for n, w := range weights {
			sum += math.Exp(w - high)
			weights[n] = math.Exp(w - tops[splits[n]])
		}
		m.round(weights)
		for n, w := range weights {
			e := w * math.Exp(tops[splits[n]]-high)
			for i, v := range values[n] {
				out[h*d+i] += e * v
			}
		}
		for i := range d {
			out[h*d+i] /= sum
		}
	}
	return out
}
