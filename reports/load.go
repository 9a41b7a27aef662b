package reports

import (
	"fmt"
	"strconv"
	"strings"

	"tandem/bench/load"
	"tandem/bench/metric"
)

// A Load is how an endpoint answered under its load. Rates are requests a second; latencies are seconds from the moment at which a request was
// due, whether it could be sent then or not.
type Load struct {
	Offered  *float64        `json:"offered_per_second,omitempty"`  // by the schedule of an open loop
	Achieved *float64        `json:"answered_per_second,omitempty"` // of loops with several in flight
	Goodput  *float64        `json:"goodput_per_second,omitempty"`  // answers within the objectives
	Good     *float64        `json:"good_share,omitempty"`          // of all requests, failed ones included
	First    *load.Quantiles `json:"seconds_to_first,omitempty"`    // to the first text that stays
	Whole    *load.Quantiles `json:"seconds_to_end,omitempty"`
}

// A Saturated is the end of a sweep of load.
type Saturated struct {
	Endpoint string  `json:"endpoint"` // the decoder without the setting
	Setting  string  `json:"setting"`  // rate or concurrency
	At       float64 `json:"at"`       // beyond which nothing is gained, or where Reached is false the last value that was tried
	Goodput  float64 `json:"goodput_per_second"`
	Reached  bool    `json:"reached"`
}

// Objectives counts as good what is answered within them.
func Objectives(o load.Objectives) Option {
	return func(s *Summary) {
		if s.run != nil && o != (load.Objectives{}) {
			s.Objectives = &o
			s.addLoad(s.run.Groups)
		}
	}
}

// addLoad says how endpoints answered under their load, and where sweeps are saturated.
func (s *Summary) addLoad(groups []metric.Group) {
	var o load.Objectives
	if s.Objectives != nil {
		o = *s.Objectives
	}
	for i, g := range groups {
		e := s.Decoders[i].Endpoint
		if e == nil {
			continue
		}
		f := &g.Load
		e.Load = Load{Achieved: apply(f.Achieved()), First: apply(f.First()), Whole: apply(f.Whole())}
		if _, open := metric.Setting(g.Name, "rate"); open {
			e.Load.Offered = apply(f.Offered())
		}
		if s.Objectives != nil {
			e.Load.Goodput, e.Load.Good = apply(f.Goodput(o)), apply(f.Good(o))
		}
		e.Engine, e.Counters, e.TokensPerStep = f.Engine(), f.Counters(), apply(f.TokensPerStep())
	}
	s.saturate(groups, o)
}

// saturate finds sweeps of rate, or of concurrency in closed loops.
func (s *Summary) saturate(groups []metric.Group, o load.Objectives) {
	s.Saturation = nil
	points, order := map[[2]string][]load.Point{}, [][2]string{}
	for _, g := range groups {
		for _, key := range []string{"rate", "concurrency"} {
			value, ok := metric.Setting(g.Name, key)
			good, measured := g.Load.Goodput(o)
			if !ok || !measured {
				continue
			}
			of := [2]string{strings.Replace(g.Name, "/"+key+"="+value, "", 1), key}
			at, err := strconv.ParseFloat(value, 64)
			if err != nil {
				continue
			}
			if points[of] == nil {
				order = append(order, of)
			}
			points[of] = append(points[of], load.Point{Asked: at, Good: good})
			break
		}
	}
	for _, of := range order {
		if len(points[of]) < 2 {
			continue
		}
		at, reached := load.Saturation(points[of])
		s.Saturation = append(s.Saturation, Saturated{of[0], of[1], at.Asked, at.Good, reached})
	}
}

// loadLines says of each sweep where it is saturated.
func (s Summary) loadLines() (out []string) {
	for _, one := range s.Saturation {
		good := "answers"
		if s.Objectives != nil {
			good = fmt.Sprintf("answers within %v", s.Objectives)
		}
		if one.Reached {
			out = append(out, fmt.Sprintf("%s is saturated at %s=%g: %.3g %s a second, and more requests bring no more", one.Endpoint, one.Setting, one.At, one.Goodput, good))
		} else {
			out = append(out, fmt.Sprintf("%s is not saturated at %s=%g: %.3g %s a second, and still rising", one.Endpoint, one.Setting, one.At, one.Goodput, good))
		}
	}
	return out
}

// nearCeiling is the share of what this client can read at which its figures are its own rather than the server's.
const nearCeiling = 0.8

// loadWarnings are those of the client's own ceiling, and of an engine that counts otherwise.
func (r run) loadWarnings() (out []Warning) {
	for _, g := range r.Groups {
		if rate, ok := g.Load.Chunks(); ok && r.Header.ClientChunks > 0 && rate > nearCeiling*r.Header.ClientChunks {
			out = append(out, Warning{"client_ceiling", fmt.Sprintf("%s sent %.0f events a second, and a processor of this client reads %.0f: the figures may be the client's; "+
				"ask from a faster machine, or from several", g.Name, rate, r.Header.ClientChunks), Caution})
		}
		for _, d := range g.Load.Differences() {
			out = append(out, Warning{"engine_differs", fmt.Sprintf("the engine of %s counts %.6g %s where its answers hold %.6g: %s", g.Name, d.Theirs, d.Of, d.Ours, why(d.Of)), Caution})
		}
	}
	return out
}

// why says what a difference comes from.
func why(of string) string {
	if of == "seconds" {
		return "the rest is the network, the queue and the server around the engine"
	}
	return "others use the server too, or one of the two counts wrongly"
}

// load is that of an endpoint; nothing of another decoder.
func (d Decoder) load() (l Load) {
	if d.Endpoint != nil {
		l = d.Endpoint.Load
	}
	return l
}

// quantiles are three latencies in milliseconds.
func quantiles(q *load.Quantiles) string {
	if q == nil {
		return ""
	}
	parts := []string{fmt.Sprintf("%.0f", 1e3*q.P50), fmt.Sprintf("%.0f", 1e3*q.P90)}
	if q.P99 != nil {
		parts = append(parts, fmt.Sprintf("%.0f", 1e3**q.P99))
	}
	return strings.Join(parts, "/")
}

// engineText says what the engine told of itself, in a few words.
func (e Endpoint) engineText() string {
	var parts []string
	if e.TokensPerStep != nil {
		parts = append(parts, fmt.Sprintf("%.2f tokens per denoising step", *e.TokensPerStep))
	}
	if v, ok := e.Engine["meta_info.spec_accept_length"]; ok {
		parts = append(parts, fmt.Sprintf("%.2f tokens accepted a verification", v))
	}
	if e.CachedShare != nil {
		parts = append(parts, fmt.Sprintf("%.0f%% of the prompts' tokens were cached", 100**e.CachedShare))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; the server says: " + strings.Join(parts, ", ")
}
