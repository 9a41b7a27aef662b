//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/record"
)

// TestSignals: a run that the end of its terminal, or a request to terminate, interrupts says what it keeps, and that can be
// read. Under nohup the end of the terminal is nothing to it.
func TestSignals(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 judges the programs")
	}
	const run = `exec tandem run --device cpu --decoders ar --limit 3 --repeats 3000 --out "$0"`
	for _, c := range []struct {
		name, shell string
		deaf        bool // to SIGHUP
		signal      syscall.Signal
	}{
		{"terminal gone", run, false, syscall.SIGHUP},
		{"terminate", run, false, syscall.SIGTERM},
		{"nohup", "trap '' HUP; " + run, true, syscall.SIGTERM},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.signal == syscall.SIGHUP && signal.Ignored(syscall.SIGHUP) {
				t.Skip("the tests run under nohup, and what they start ignores the end of its terminal")
			}
			out := t.TempDir()
			file := filepath.Join(out, "run.jsonl")
			var stderr bytes.Buffer
			tandem := exec.CommandContext(t.Context(), "sh", "-c", c.shell, out)
			tandem.Stderr = &stderr
			if err := tandem.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { tandem.Process.Kill() })
			ended := make(chan error, 1)
			go func() { ended <- tandem.Wait() }()
			grow(t, file, 3, ended)
			if c.deaf {
				tandem.Process.Signal(syscall.SIGHUP)
				grow(t, file, 20, ended)
			}
			tandem.Process.Signal(c.signal)
			if err := <-ended; tandem.ProcessState.ExitCode() != 2 {
				t.Fatalf("ended with %v, want exit status 2: %s", err, stderr.String())
			}
			_, records, err := record.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			kept := 0
			for _, err := range records {
				if err != nil {
					t.Fatal(err)
				}
				kept++
			}
			if want := fmt.Sprintf("interrupted: %d of 9000 examples are kept in %s", kept, file); !strings.Contains(stderr.String(), want) {
				t.Errorf("stderr is %q, want %q", stderr.String(), want)
			}
		})
	}
}

// grow waits until a file has so many lines more, or the process that writes it has ended.
func grow(t *testing.T, file string, lines int, ended <-chan error) {
	t.Helper()
	count := func() int {
		data, _ := os.ReadFile(file) // not there yet
		return bytes.Count(data, []byte("\n"))
	}
	for want := count() + lines; count() < want; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("ended early: %v", err)
		default:
		}
	}
}
