package history

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test's own program be the process that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("TANDEM_HISTORY_VICTIM"); path != "" {
		victim(path, os.Getenv("TANDEM_HISTORY_HALF") != "")
	}
	os.Exit(m.Run())
}

// wide is the number of decoders of a run that takes a while to write.
const wide = 400

// victim adds runs until it is killed, and prints how many are there. With half it stops in the middle of the third.
func victim(path string, half bool) {
	s, err := open(path)
	for i := 0; err == nil; i++ {
		if half && i == 2 {
			err = s.stopHalfway(example(i, wide))
			break
		}
		if _, err = s.add([]Run{example(i, wide)}); err == nil {
			fmt.Println(i + 1)
		}
	}
	fmt.Println("error:", err)
	os.Exit(2)
}

// stopHalfway writes a run's rows but does not commit them, says so and waits.
func (s *store) stopHalfway(r Run) error {
	tx, err := s.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if _, err := tx.Exec("PRAGMA cache_size=10"); err != nil { // so that rows reach the file before the commit
		return err
	}
	if _, err := put(tx, r); err != nil {
		return err
	}
	fmt.Println("half")
	select {}
}

// killed starts a victim, kills it when told to, and returns how many runs it had said to be there.
func killed(t *testing.T, path string, half bool, when func(line string) bool) (said int) {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), "TANDEM_HISTORY_VICTIM="+path)
	if half {
		process.Env = append(process.Env, "TANDEM_HISTORY_HALF=1")
	}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "error") {
			t.Fatal(lines.Text())
		}
		fmt.Sscan(lines.Text(), &said)
		if when(lines.Text()) {
			process.Process.Kill()
		}
	}
	io.Copy(io.Discard, out)
	process.Wait() // it was killed
	return said
}

// whole opens a history after its writer was killed: each run that the writer had said to be there is, and each that is there
// is what was written.
func whole(t *testing.T, path string, said int) int {
	t.Helper()
	runs, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) < said || len(runs) > said+1 {
		t.Fatalf("%d runs are there, the writer said %d", len(runs), said)
	}
	for i, r := range runs {
		if len(r.Values) != 3*wide || r.Commit != example(i, 1).Commit {
			t.Fatalf("run %d has %d values", i, len(r.Values))
		}
	}
	if _, err := Add(path, []Run{example(len(runs), 1)}); err != nil {
		t.Fatal(err) // it can be written to
	}
	return len(runs)
}

// TestKilledHalfway: a writer that is killed with a run half written leaves all those before it, and nothing of that one.
func TestKilledHalfway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	said := killed(t, path, true, func(line string) bool { return line == "half" })
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		t.Errorf("nothing of the half written run reached the disk: %v", err)
	}
	if got := whole(t, path, said); got != 2 {
		t.Errorf("%d runs, want 2", got)
	}
}

// TestKilledAnytime: at any other moment, too.
func TestKilledAnytime(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 1))
	for range 6 {
		path, after := filepath.Join(t.TempDir(), "h.db"), 1+source.IntN(3)
		wait := time.Duration(source.IntN(30)) * time.Millisecond
		said := killed(t, path, false, func(line string) bool {
			ready := line == fmt.Sprint(after)
			if ready {
				time.Sleep(wait)
			}
			return ready
		})
		whole(t, path, said)
	}
}

// TestDamaged: a file that is not what was written is refused in one line, and stays as it is. The history is large enough for
// pages of all kinds.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "h.db")
	s := create(t, path)
	for i := range 4 {
		add(t, s, example(i, wide))
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	value := bytes.LastIndex(good, []byte("tokens_per_second")) + len("tokens_per_second") + 2 // within a number
	for name, damage := range map[string]func(b []byte) []byte{
		"cut off":    func(b []byte) []byte { return b[:len(b)/2] },
		"no SQLite":  func(b []byte) []byte { return []byte(strings.Repeat("not a database ", 100)) },
		"page":       func(b []byte) []byte { clear(b[8192:12288]); return b },
		"one number": func(b []byte) []byte { b[value] ^= 0x40; return b },
		"header":     func(b []byte) []byte { clear(b[:100]); return b },
	} {
		t.Run(name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "bad.db")
			data := damage(bytes.Clone(good))
			if err := os.WriteFile(bad, data, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Read(bad)
			var damaged *Damaged
			if !errors.As(err, &damaged) || !strings.HasPrefix(err.Error(), bad+" is damaged (") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if after, err := os.ReadFile(bad); err != nil || !bytes.Equal(after, data) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}

// TestForeignFiles: databases of others and of later versions are refused and stay as they are; no history is *Missing.
func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	for name, statements := range map[string]string{
		"a database of another program": "CREATE TABLE run (id INTEGER)",
		"has schema 9":                  fmt.Sprintf("CREATE TABLE run (id INTEGER); PRAGMA application_id=%d; PRAGMA user_version=9", application),
	} {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(statements); err != nil {
			t.Fatal(err)
		}
		db.Close()
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Add(path, []Run{example(0, 1)}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %s, got %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
			t.Errorf("%s was changed (%v)", path, err)
		}
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, filepath.Join(dir, "none")} {
		var missing *Missing
		if _, err := Read(path); !errors.As(err, &missing) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestFirstSchema: a file of the first schema is read and added to.
func TestFirstSchema(t *testing.T) {
	path, later := filepath.Join(t.TempDir(), "h.db"), migrations
	migrations = migrations[:1]
	s := create(t, path)
	first, err := example(0, 1).normal()
	if err != nil {
		t.Fatal(err)
	}
	sum, err := first.digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{
		"INSERT INTO machine VALUES ('" + epyc.Hash() + "', '', 'linux/amd64', 'AMD EPYC', 2, 2, 'cpu', '', 'avx512bf16', 0)",
		"INSERT INTO run VALUES (1, 'k', '" + sum + "', '" + epyc.Hash() + "', 'basics@8304e17fb76b', 'embedded@b3b20c75dd7a/bf16', 'tasks=164', 'c000', '2026-06-01T12:00:00Z', 0, '')",
		"INSERT INTO value VALUES (1, 'diffusion/block=4', 'forwards', '', 3.75, 3.75, 3.75), (1, 'diffusion/block=4', 'speedup', 'ar', 1.9, 1.8, 2.1)," +
			" (1, 'diffusion/block=4', 'tokens_per_second', '', 4000.25, 3900, 4100)",
	} {
		if _, err := s.db.Exec(step); err != nil {
			t.Fatal(err)
		}
	}
	s.close()
	migrations = later
	asked := example(1, 1)
	asked.Values[0].Prompts = "abc"
	if _, err := Add(path, []Run{asked}); err != nil {
		t.Fatal(err)
	}
	runs, err := Read(path)
	if err != nil || len(runs) != 2 || len(runs[0].Values) != 3 || runs[1].Values[1].Prompts != "abc" {
		t.Errorf("%+v, %v", runs, err)
	}
}

// TestMigrate: a file of an older schema is brought up to date, whole or not at all.
func TestMigrate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	s := create(t, path)
	add(t, s, example(0, 1))
	if err := s.migrate(append(migrations, "ALTER TABLE run ADD COLUMN note TEXT NOT NULL DEFAULT ''", "no SQL")); err == nil {
		t.Error("a step that fails is no error")
	}
	if runs := held(t, s); len(runs) != 1 {
		t.Errorf("%d runs after a failed migration", len(runs))
	}
	if err := s.migrate(append(migrations, "ALTER TABLE run ADD COLUMN note TEXT NOT NULL DEFAULT 'none'")); err != nil {
		t.Fatal(err)
	}
	var note string
	if err := s.db.QueryRow("SELECT note FROM run").Scan(&note); err != nil || note != "none" {
		t.Errorf("note %q, %v", note, err)
	}
	s.close()
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "has schema 3, this version of tandem reads up to 2") {
		t.Errorf("a later schema: %v", err)
	}
}

// TestWriters: a second writer waits for the first, readers need not wait, and one that waits in vain says so.
func TestWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	first, second := create(t, path), create(t, path)
	add(t, first, example(0, 1))
	tx, err := first.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put(tx, example(1, 1)); err != nil {
		t.Fatal(err)
	}
	if runs := held(t, second); len(runs) != 1 {
		t.Errorf("a reader beside a writer sees %d runs", len(runs))
	}
	began := time.Now()
	if runs, err := Read(path); err != nil || len(runs) != 1 || time.Since(began) > patience*time.Millisecond/2 {
		t.Errorf("a reader that opens the file beside a writer sees %d runs after %v: %v", len(runs), time.Since(began), err)
	}
	if _, err := second.db.Exec("PRAGMA busy_timeout=20"); err != nil {
		t.Fatal(err)
	}
	var busy *Busy
	if _, err := second.add([]Run{example(2, 1)}); !errors.As(err, &busy) || busy.Path != path {
		t.Errorf("beside a writer: %v", err)
	}
	if _, err := second.db.Exec("PRAGMA busy_timeout=5000"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := second.add([]Run{example(2, 1)})
		done <- err
	}()
	time.Sleep(20 * time.Millisecond)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("a writer that waits: %v", err)
	}
	if runs := held(t, first); len(runs) != 3 {
		t.Errorf("%d runs", len(runs))
	}
}
