package cuda

import (
	"fmt"

	"tandem/transformer"
)

// A format is how the backend computes with a dtype. The names of its kernels end in the dtype's.
type format struct {
	size        int64 // bytes of a number of a matrix
	activations int64 // bytes of a number of activations, keys and values
	raw         func(transformer.Matrix) []byte
	headDim     func(d int) int // a head in queries, keys and values, padded with zeros
	attend      func(s *session, a attendArgs)
	multiply    func(s *session, rows int, p product, v variant)
	variants    bool // products have variants to choose among
}

// formats are the dtypes that this backend supports. To support another one takes an entry here and its kernels.
var formats = map[transformer.Dtype]format{
	transformer.F32: {
		size: 4, activations: 4, headDim: func(d int) int { return d }, attend: attendF32, multiply: multiplyF32,
		raw: func(m transformer.Matrix) []byte { return raw(m.F32) },
	},
	transformer.BF16: {
		size: 2, activations: 2, headDim: powerOfTwo, attend: attendBF16, multiply: multiplyBF16, variants: true,
		raw: func(m transformer.Matrix) []byte { return raw(m.BF16) },
	},
}

// powerOfTwo is the next one from d on, at least 32: the head dims of the kernels.
func powerOfTwo(d int) int { return power(d, 32, 256) }

func attendF32(s *session, a attendArgs) {
	launch(s.backend.device, "attend_f32", 32, grid{s.config.Heads, s.plan.shape.rows, 1}, 0, a)
}

// attendBF16 attends by tiles of rows. Where several blocks share a tile's attention, another kernel adds up what they store.
func attendBF16(s *session, a attendArgs) {
	c, p, d := s.config, s.plan.shape, s.backend.device
	if p.splits == 1 {
		launch(d, fmt.Sprintf("attend_bf16_%d", s.dp), 32, grid{p.tiles, c.KVHeads, 1}, 32*s.dp, a)
		return
	}
	launch(d, fmt.Sprintf("attend_split_bf16_%d", s.dp), 32, grid{p.tiles, c.KVHeads, p.splits}, 32*s.dp, a)
	launch(d, "combine_bf16", 32, grid{c.Heads, p.rows, 1}, 0, a)
}

func multiplyF32(s *session, rows int, p product, _ variant) {
	launch(s.backend.device, p.epilogue+"_f32", 256, grid{(rows + 7) / 8, (int(p.args.n) + 31) / 32, 1}, 4*(8*36+8), p.args)
}

func multiplyBF16(s *session, rows int, p product, v variant) {
	g := grid{(rows + v.rows - 1) / v.rows, (int(p.args.n) + v.cols - 1) / v.cols, v.splits}
	launch(s.backend.device, p.epilogue+"_bf16_"+v.String(), 256, g, v.shared(), p.args)
}
