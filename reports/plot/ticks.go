package plot

import (
	"math"
	"slices"
	"strconv"
)

// room is what an axis leaves free on each side, as a share of its length.
const room = 0.06

// reach is where an axis begins and ends: about the data and what it must reach, with some room. of takes the axis' interval
// of a point. On a logarithmic axis values that are not positive have no place.
func (a Axis) reach(layers []Layer, of func(Point) Interval) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	take := func(v float64) {
		if finite(v) && !(a.Log && v <= 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	for _, v := range a.Reach {
		take(v)
	}
	for _, l := range layers {
		for _, p := range l.Points {
			i := of(p)
			take(i.Low)
			take(i.High)
			if finite(i.Low) && finite(i.High) {
				take(i.Value)
			}
		}
	}
	if low > high {
		low, high = 1, 1
	}
	return a.widen(low, high)
}

// widen leaves room about the data; a single value gets some about it.
func (a Axis) widen(low, high float64) (float64, float64) {
	if a.Log {
		low, high = math.Log(low), math.Log(high)
		if high-low < 1e-9 {
			low, high = low-0.3, high+0.3
		}
	} else if high-low <= 1e-9*math.Abs(high) {
		half := max(0.05*math.Abs(high), 1e-9)
		low, high = low-half, high+half
		if high-low < 1e-6 {
			low, high = low-0.5, high+0.5
		}
	}
	if !a.Tight {
		free := room * (high - low)
		low, high = low-free, high+free
	}
	if a.Log {
		return math.Exp(low), math.Exp(high)
	}
	return low, high
}

// ticks are round values within an axis, about n of them, or those that it names.
func (a Axis) ticks(low, high float64, n int) []Tick {
	switch {
	case a.Ticks != nil:
		return a.Ticks
	case a.Log:
		return logarithmic(low, high, n)
	}
	ticks := linear(low, high, n)
	if a.Share {
		ticks = slices.DeleteFunc(ticks, func(t Tick) bool { return t.At < 0 || t.At > 100 })
	}
	return ticks
}

// linear gives about n round ticks between low and high.
func linear(low, high float64, n int) []Tick {
	if high <= low {
		high = low + 1
	}
	raw := (high - low) / float64(n)
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if step*m >= raw*0.999 {
			step *= m
			break
		}
	}
	var ticks []Tick
	for k := math.Ceil(low/step - 1e-9); k <= high/step+1e-9; k++ {
		ticks = append(ticks, tick(k*step))
	}
	return ticks
}

// logarithmic gives ticks between low and high, both positive: powers of ten where there are several, else the finest of 1, 2, 5
// and 1, 1.5, 2, 3, 5, 7 times them of which there are not too many; within less than a factor of 3, round values as on a linear axis.
func logarithmic(low, high float64, n int) (ticks []Tick) {
	if high/low < 3 {
		return linear(low, high, n)
	}
	for _, steps := range [][]float64{{1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}} {
		ticks = nil
		for e := math.Floor(math.Log10(low)) - 1; e <= math.Log10(high)+1; e++ {
			for _, m := range steps {
				if v := m * math.Pow(10, e); v >= low*0.9999 && v <= high*1.0001 {
					ticks = append(ticks, tick(v))
				}
			}
		}
		if len(ticks) <= n+2 {
			return ticks
		}
	}
	kept := ticks[:0]
	for i, every := 0, len(ticks)/n+1; i < len(ticks); i += every {
		kept = append(kept, ticks[i])
	}
	return kept
}

// tick labels v with its shortest text of four digits at most.
func tick(v float64) Tick {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	v += 0 // no negative zero
	return Tick{At: v, Text: strconv.FormatFloat(v, 'f', -1, 64)}
}
