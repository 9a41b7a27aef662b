package stats

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestOracle compares with SciPy and statsmodels; testdata/oracle.py wrote what they give.
func TestOracle(t *testing.T) {
	text, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		T     []struct{ Value, Error, DF, P, Low, High float64 }
		Holm  []struct{ P, Adjusted []float64 }
		Slope []struct {
			Values   []float64
			Slope, P float64
		}
		Mean []struct {
			Values       []float64
			P, Low, High float64
		}
		McNemar []struct {
			Lost, Gained int
			P            float64
		}
		Wilson []struct {
			Passed, Low, High float64
			N                 int
		}
	}
	if err := json.Unmarshal(text, &oracle); err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
			t.Errorf("%s is %.12g, want %.12g", what, got, want)
		}
	}
	for _, c := range oracle.T {
		l := LogRatio{c.Value, c.Error, c.DF}
		i := l.Interval(0.95)
		same("p of t", l.P(), c.P)
		same("low of t", i.Low, c.Low)
		same("high of t", i.High, c.High)
	}
	for _, c := range oracle.Holm {
		for i, p := range Holm(c.P) {
			same("Holm's p", p, c.Adjusted[i])
		}
	}
	for _, c := range oracle.Slope {
		slope, p, ok := Slope(c.Values)
		if !ok {
			t.Error("no slope")
		}
		same("slope", slope, c.Slope)
		same("p of the slope", p, c.P)
	}
	for _, c := range oracle.Mean {
		l, ok := LogMean(c.Values)
		if !ok {
			t.Error("no mean")
		}
		i := l.Interval(0.95)
		same("p of the mean", l.P(), c.P)
		same("low of the mean", i.Low, c.Low)
		same("high of the mean", i.High, c.High)
	}
	for _, c := range oracle.McNemar {
		same("McNemar's p", McNemar(c.Lost, c.Gained), c.P)
	}
	for _, c := range oracle.Wilson {
		i, _ := Wilson(c.Passed, c.N, 0.95)
		same("low of Wilson", i.Low, c.Low)
		same("high of Wilson", i.High, c.High)
	}
	if len(oracle.T)*len(oracle.Holm)*len(oracle.Slope)*len(oracle.Mean)*len(oracle.McNemar)*len(oracle.Wilson) == 0 {
		t.Error("the oracle is empty")
	}
}
