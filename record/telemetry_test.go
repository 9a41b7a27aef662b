package record

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTelemetryFile: a torn line is cut off when the file is resumed, and damage elsewhere is an error that changes nothing.
func TestTelemetryFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "telemetry.jsonl")
	if _, err := ReadTelemetry(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	w, err := AppendTelemetry(path)
	if err == nil {
		err = errors.Join(w.Write(Telemetry{GPU: &GPU{Name: "a"}}), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torn := string(whole) + `{"energy":{"sec`
	if err := os.WriteFile(path, []byte(torn), 0o666); err != nil {
		t.Fatal(err)
	}
	w, err = AppendTelemetry(path)
	if err == nil {
		err = errors.Join(w.Write(Telemetry{Energy: &Energy{Decoder: "ar"}}), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	lines, err := ReadTelemetry(path)
	if err != nil || len(lines) != 2 || lines[0].GPU.Name != "a" || lines[1].Energy.Decoder != "ar" {
		t.Errorf("%+v, %v", lines, err)
	}
	damaged := torn + "\n" + string(whole)
	if err := os.WriteFile(path, []byte(damaged), 0o666); err != nil {
		t.Fatal(err)
	}
	_, readErr := ReadTelemetry(path)
	_, appendErr := AppendTelemetry(path)
	for _, err := range []error{readErr, appendErr} {
		if err == nil || !strings.Contains(err.Error(), "telemetry.jsonl:2: damaged line") {
			t.Errorf("a damaged line: %v", err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != damaged {
		t.Errorf("a refused file was changed: %v", err)
	}
}
