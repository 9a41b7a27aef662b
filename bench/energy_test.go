package bench

import (
	"strings"
	"testing"
	"time"

	"tandem/bench/telemetry"
	"tandem/record"
)

// counter is a GPU that draws 50 W, whatever it does.
type counter struct{ start time.Time }

func (c counter) GPU() record.GPU          { return record.GPU{Name: "counter"} }
func (c counter) Read() record.Reading     { return record.Reading{} }
func (c counter) Joules() (float64, error) { return 50 * time.Since(c.start).Seconds(), nil }
func (c counter) Close() error             { return nil }

func TestEnergy(t *testing.T) {
	s := setup()
	s.Decoders = s.Decoders[:1]
	var got []record.Energy
	write := func(line record.Telemetry) error { got = append(got, *line.Energy); return nil }
	if err := measureEnergy(t.Context(), s, counter{time.Now()}, telemetry.MinWindow, write); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1+energyRounds || got[0].Decoder != "" || got[0].Tokens != 0 {
		t.Fatalf("windows %+v", got)
	}
	for _, w := range got[1:] {
		if perTask := float64(w.Tokens) / float64(w.Decodings); w.Decoder != "ar" || perTask < 1 || perTask > 4 {
			t.Errorf("window %+v", w)
		}
	}
	for _, w := range got {
		if watts := w.Joules / w.Seconds; w.Seconds < 1 || watts < 45 || watts > 55 {
			t.Errorf("window %+v is one of %g W", w, watts)
		}
	}
	s.Decoders[0] = script{name: "ar", fail: "de"}
	if err := measureEnergy(t.Context(), s, counter{time.Now()}, telemetry.MinWindow, write); err == nil || !strings.Contains(err.Error(), "energy of ar: the prompt is longer") {
		t.Errorf("error %v", err)
	}
}
