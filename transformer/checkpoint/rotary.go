package checkpoint

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tandem/transformer"
	"tandem/transformer/checkpoint/rope"
	"tandem/transformer/strictjson"
)

// A scaling is rope_scaling as transformers 4 writes it, or rope_parameters as transformers 5 does.
type scaling struct {
	Type       string   `json:"rope_type"`
	OldType    string   `json:"type"`
	Theta      *float64 `json:"rope_theta"`
	Factor     *float64 `json:"factor"`
	Original   *float64 `json:"original_max_position_embeddings"`
	Low        *float64 `json:"low_freq_factor"`
	High       *float64 `json:"high_freq_factor"`
	BetaFast   *float64 `json:"beta_fast"`
	BetaSlow   *float64 `json:"beta_slow"`
	Truncate   *bool    `json:"truncate"`
	Given      *float64 `json:"attention_factor"`
	MScale     *float64 `json:"mscale"`
	AllDim     *float64 `json:"mscale_all_dim"`
	QueryBeta  *float64 `json:"llama_4_scaling_beta"`
	Positions  *float64 `json:"max_position_embeddings"`    // not read: Ministral 3 writes it
	Partial    *float64 `json:"partial_rotary_factor"`      // must be 1
	Interleave bool     `json:"rope_interleaved,omitempty"` // must be false
}

// rope is how positions are rotated: what the core adds to the plain embedding, and theta.
func (f family) rope(c config, headDim int) (out transformer.Rope, theta float64, err error) {
	name, raw := "rope_scaling", c.RopeScaling
	if isEmpty(raw) {
		name, raw = "rope_parameters", c.RopeParameters
	}
	if isEmpty(raw) {
		raw = jsontext.Value(f.missing.rope)
	}
	s, err := readScaling(raw)
	if err != nil {
		return out, 0, fmt.Errorf("%s: %w", name, err)
	}
	theta = or(s.Theta, or(c.RopeTheta, f.missing.theta))
	if !(theta >= 1 && theta <= math.MaxFloat64) {
		return out, 0, fmt.Errorf("rope_theta must be at least 1, not %g: %s", theta, mend)
	}
	if s.scales() {
		s.Original = first(c.Original, s.Original, asFloat(c.MaxPositions))
	}
	if out, err = s.rope(theta, headDim); err == nil && f.queryScale && or(s.QueryBeta, 0) != 0 {
		err = s.need("original_max_position_embeddings", s.Original, 1)
		out.QueryBeta, out.QueryFrom = *s.QueryBeta, int(or(s.Original, 0))
	}
	if err != nil {
		return out, 0, fmt.Errorf("%s: %w", name, err)
	}
	return out, theta, nil
}

func isEmpty(raw jsontext.Value) bool { return len(raw) == 0 || equalJSON(raw, "{}") }

// first is the first value that is there.
func first[T any](values ...*T) *T {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}

func asFloat(n *int) *float64 {
	if n == nil {
		return nil
	}
	f := float64(*n)
	return &f
}

// readScaling reads a scaling. One for each type of layer is read where all are the same.
func readScaling(raw jsontext.Value) (s scaling, err error) {
	if len(raw) == 0 {
		return s, nil
	}
	var keys map[string]jsontext.Value
	if err := strictjson.Unmarshal(raw, &keys); err != nil {
		return s, err
	}
	for _, layers := range []string{"full_attention", "sliding_attention"} {
		own, ok := keys[layers]
		if !ok {
			continue
		}
		want := own.Clone() // Canonicalize writes over the value's own bytes
		if err := want.Canonicalize(); err != nil {
			return s, err
		}
		for _, other := range slices.Sorted(maps.Keys(keys)) {
			if !equalJSON(keys[other], string(want)) {
				return s, fmt.Errorf("%s differs from %s, which is not supported: only one for all layers is", other, layers)
			}
		}
		return readScaling(own)
	}
	known := jsonKeys[scaling]()
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(known, key) {
			unknown = append(unknown, fmt.Sprintf("%q", key))
		}
	}
	if len(unknown) > 0 {
		return s, fmt.Errorf("unknown keys %s: remove those that do not change the computation", strings.Join(unknown, ", "))
	}
	return s, strictjson.Unmarshal(raw, &s)
}

// kind is the type of the scaling.
func (s scaling) kind() string {
	for _, kind := range []string{s.Type, s.OldType} {
		if kind != "" {
			return kind
		}
	}
	return "default"
}

// scales says whether the positions of the training enter the formula.
func (s scaling) scales() bool { return s.kind() == "llama3" || s.kind() == "yarn" }

// need reports a number that is missing or below the least.
func (s scaling) need(key string, value *float64, least float64) error {
	switch {
	case value == nil:
		return fmt.Errorf("%s is missing, which rope_type %q needs: %s", key, s.kind(), mend)
	case !(*value >= least && *value <= math.MaxFloat32):
		return fmt.Errorf("%s must be at least %g, not %g: %s", key, least, *value, mend)
	}
	return nil
}

// tiny is the least that a factor may be.
const tiny = 1e-6

// rope are the divisors and the scale of the published formula.
func (s scaling) rope(theta float64, dim int) (out transformer.Rope, err error) {
	if s.Interleave || or(s.Partial, 1) != 1 {
		return out, fmt.Errorf("partial_rotary_factor and rope_interleaved are not supported: only the rotation of whole heads by halves is")
	}
	switch kind := s.kind(); kind {
	case "default":
		return out, nil
	case "linear":
		if err := s.need("factor", s.Factor, tiny); err != nil {
			return out, err
		}
		out.Divisors = rope.Linear(dim, *s.Factor)
	case "llama3":
		if err := s.check(); err != nil {
			return out, err
		}
		out.Divisors = rope.Llama3{Factor: *s.Factor, Low: *s.Low, High: *s.High, Original: *s.Original}.Divisors(theta, dim)
	case "yarn":
		if err := s.check(); err != nil {
			return out, err
		}
		out.Divisors, out.Scale = s.yarn().Divisors(theta, dim), s.magnitude()
	default:
		return out, fmt.Errorf("rope_type %q is not supported; supported are default, linear, llama3 and yarn", kind)
	}
	return out, nil
}

// check reports a number of llama3 or yarn that makes no sense.
func (s scaling) check() error {
	needed := []struct {
		key   string
		value *float64
		least float64
	}{{"factor", s.Factor, tiny}, {"original_max_position_embeddings", s.Original, 1}, {"low_freq_factor", s.Low, tiny}, {"high_freq_factor", s.High, tiny}}
	if s.kind() == "yarn" {
		needed = needed[:2]
	}
	for _, n := range needed {
		if err := s.need(n.key, n.value, n.least); err != nil {
			return err
		}
	}
	y := s.yarn()
	switch {
	case s.kind() == "llama3" && *s.High <= *s.Low:
		return fmt.Errorf("high_freq_factor %g must be above low_freq_factor %g: %s", *s.High, *s.Low, mend)
	case s.kind() == "yarn" && !(y.BetaFast >= y.BetaSlow && y.BetaSlow > 0):
		return fmt.Errorf("beta_fast %g must not be below beta_slow %g, nor that below 0: %s", y.BetaFast, y.BetaSlow, mend)
	case s.Given != nil && !(*s.Given > 0):
		return fmt.Errorf("attention_factor must be above 0, not %g: %s", *s.Given, mend)
	}
	return nil
}

// yarn is the scaling as YaRN. A beta of 0 is the published one.
func (s scaling) yarn() rope.YaRN {
	y := rope.YaRN{Factor: *s.Factor, Original: *s.Original, BetaFast: or(s.BetaFast, 0), BetaSlow: or(s.BetaSlow, 0), Truncate: or(s.Truncate, true)}
	if y.BetaFast == 0 {
		y.BetaFast = 32
	}
	if y.BetaSlow == 0 {
		y.BetaSlow = 1
	}
	return y
}

// magnitude is the scale of cosines and sines: the one given, or the ratio of the two mscales, or the published one.
func (s scaling) magnitude() float64 {
	switch mscale, all := or(s.MScale, 0), or(s.AllDim, 0); {
	case s.Given != nil:
		return *s.Given
	case mscale != 0 && all != 0:
		return rope.Magnitude(*s.Factor, mscale) / rope.Magnitude(*s.Factor, all)
	}
	return rope.Magnitude(*s.Factor, 1)
}
