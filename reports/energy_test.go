package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run on a GPU shows what its tokens cost, and that the clocks were held down.
func TestEnergy(t *testing.T) {
	dir := t.TempDir()
	header, records := synthetic(6, 1, ar, diffusion(16, 0.9))
	writeRun(t, dir, header, records)
	lines := `{"gpu":{"name":"NVIDIA H200"}}
{"reading":{"at":"2026-11-23T12:00:00Z","watts":400}}
{"reading":{"at":"2026-11-23T12:00:01Z","watts":400,"clock_event_reasons":["power cap","idle"]}}
{"energy":{"seconds":10,"joules":1000}}
{"energy":{"decoder":"ar","seconds":10,"joules":4000,"tokens":800,"decodings":10}}
{"energy":{"decoder":"ar","sec`
	if err := os.WriteFile(filepath.Join(dir, "telemetry.jsonl"), []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	d := s.Decoders[0]
	if d.Name != "ar" || *d.JoulesPerToken != 5 || *d.NetJoulesPerToken != 3.75 || d.JoulesPerSolved == nil || s.GPU.Name != "NVIDIA H200" {
		t.Errorf("%+v", d)
	}
	if s.Decoders[1].JoulesPerToken != nil {
		t.Errorf("the diffusion decoder's energy was not measured, but is %g", *s.Decoders[1].JoulesPerToken)
	}
	if err := os.WriteFile(filepath.Join(dir, "telemetry.jsonl"), []byte(lines+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir); err == nil || !strings.Contains(err.Error(), "telemetry.jsonl:6: damaged line") {
		t.Errorf("a damaged line: %v", err)
	}
	table := Table(s, 0)
	for _, want := range []string{"J/tok", "5.000", "clocks were held down: power cap in 50% of the readings"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}
