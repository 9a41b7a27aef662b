package plot

import (
	"math"
	"strconv"

	gonum "gonum.org/v1/plot"
)

// linear gives about n round ticks that enclose low and high.
func linear(low, high float64, n int) []gonum.Tick {
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
	var ticks []gonum.Tick
	first, last := math.Floor(low/step+1e-9), math.Ceil(high/step-1e-9)
	for k := first; k <= last; k++ {
		ticks = append(ticks, tick(k*step))
	}
	return ticks
}

// logarithmic gives ticks at 1, 2, 5 times powers of ten that enclose low and high, both positive. Where that
// is more than seven, only the powers of ten stay.
func logarithmic(low, high float64) []gonum.Tick {
	for _, steps := range [][]float64{{1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1}} {
		var all []float64
		for e := math.Floor(math.Log10(low)) - 1; e <= math.Log10(high)+1; e++ {
			for _, m := range steps {
				all = append(all, m*math.Pow(10, e))
			}
		}
		first, last := 0, len(all)-1
		for first+1 < len(all) && all[first+1] <= low*1.0001 {
			first++
		}
		for last > 0 && all[last-1] >= high*0.9999 {
			last--
		}
		if last-first < 8 || len(steps) == 1 {
			var ticks []gonum.Tick
			for _, v := range all[first : last+1] {
				ticks = append(ticks, tick(v))
			}
			return ticks
		}
	}
	return nil
}

// tick labels v with its shortest text of four digits at most.
func tick(v float64) gonum.Tick {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return gonum.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)}
}
