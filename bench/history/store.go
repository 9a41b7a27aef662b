package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// A store is an open history: one SQLite file in WAL mode. Any number of processes read it while one writes; a second writer
// waits for the first. What was added is on the disk when add returns, and a run is there whole or not at all, whenever the
// process or the machine stops.
type store struct {
	path string
	db   *sql.DB
}

// A Missing is the error of a history that is not there yet.
type Missing struct{ Path string }

// Error names the file.
func (m *Missing) Error() string { return m.Path + " holds no history" }

// A Damaged is the error of a history of which a part is not what was written. Nothing in the file is changed.
type Damaged struct{ Path, Finding string }

// Error names the file and what is wrong with it.
func (d *Damaged) Error() string { return d.Path + " is damaged (" + d.Finding + ")" }

// A Busy is the error of a history to which another process has been writing for too long.
type Busy struct{ Path string }

// Error names the file.
func (b *Busy) Error() string { return "another process is writing to " + b.Path }

// application marks the file as a history of Tandem: "TNDM" in its header.
const application = 0x544e444d

// patience is how long a writer waits for another, in milliseconds.
const patience = 5000

// Read are all runs of a history, oldest first. It checks the whole file: one that is not there is *Missing, a damaged one *Damaged.
func Read(path string) ([]Run, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil, &Missing{path}
	}
	s, err := open(path)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.runs()
}

// Add writes runs into a history, all of them or none; they are on the disk when it returns. Where there is no history it makes
// one, with its folders. Outcomes are in the order of the runs. Where another process writes for longer than five seconds, the
// error is *Busy.
func Add(path string, runs []Run) ([]Outcome, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	s, err := open(path)
	if err != nil {
		return nil, err
	}
	outcomes, err := s.add(runs)
	return outcomes, errors.Join(err, s.close())
}

// open checks a file before anything is written to it.
func open(path string) (*store, error) {
	settings := fmt.Sprintf("?_txlock=immediate&_pragma=busy_timeout(%d)&_pragma=foreign_keys(on)&_pragma=synchronous(full)", patience)
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()+settings)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &store{path, db}
	for _, step := range []func() error{s.recognize, s.verify, s.prepare} {
		if err := step(); err != nil {
			db.Close()
			return nil, s.explain(err)
		}
	}
	return s, nil
}

// close lets go of the file.
func (s *store) close() error { return s.explain(s.db.Close()) }

// recognize refuses a file that another program made, or a later version of this one.
func (s *store) recognize() error {
	var tables, owner, version int
	for query, into := range map[string]*int{
		"SELECT count(*) FROM sqlite_schema": &tables, "PRAGMA application_id": &owner, "PRAGMA user_version": &version} {
		if err := s.db.QueryRow(query).Scan(into); err != nil {
			return err
		}
	}
	switch {
	case tables > 0 && owner != application:
		return fmt.Errorf("%s is a database of another program", s.path)
	case version > len(migrations):
		return fmt.Errorf("%s has schema %d, this version of tandem reads up to %d", s.path, version, len(migrations))
	}
	return nil
}

// verify has SQLite check every page and index.
func (s *store) verify() error {
	var finding string
	if err := s.db.QueryRow("PRAGMA integrity_check(1)").Scan(&finding); err != nil {
		return err
	}
	if finding != "ok" {
		return &Damaged{s.path, strings.Join(strings.Fields(strings.TrimPrefix(finding, "*** in database main ***")), " ")}
	}
	return nil
}

// prepare sets the mode and brings the schema up to date.
func (s *store) prepare() error {
	if _, err := s.db.Exec("PRAGMA journal_mode=WAL"); err != nil {
		return err
	}
	return s.migrate(migrations)
}

// migrations take a history from each schema to the next: the first makes the tables. A schema that has been released is never
// changed, only followed by another.
var migrations = []string{`
CREATE TABLE machine (
	hash TEXT PRIMARY KEY, about TEXT NOT NULL, os TEXT NOT NULL, cpu TEXT NOT NULL, cores INTEGER NOT NULL, threads INTEGER NOT NULL,
	device TEXT NOT NULL, gpu TEXT NOT NULL, features TEXT NOT NULL, portable INTEGER NOT NULL
) STRICT;
CREATE TABLE run (
	id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, machine TEXT NOT NULL REFERENCES machine(hash),
	suite TEXT NOT NULL, model TEXT NOT NULL, plan TEXT NOT NULL, "commit" TEXT NOT NULL, started TEXT NOT NULL,
	unfinished INTEGER NOT NULL, unmeasured TEXT NOT NULL
) STRICT;
CREATE INDEX run_started ON run (started);
CREATE TABLE value (
	run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, decoder TEXT NOT NULL, metric TEXT NOT NULL, base TEXT NOT NULL,
	value REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, PRIMARY KEY (run, decoder, metric, base)
) STRICT, WITHOUT ROWID;
`, `ALTER TABLE value ADD COLUMN prompts TEXT NOT NULL DEFAULT '';
`}

// migrate takes the steps that the file lacks, all or none of them. One that lacks none is not locked: its readers wait for nobody.
func (s *store) migrate(steps []string) error {
	var held int
	if err := s.db.QueryRow("PRAGMA user_version").Scan(&held); err != nil || held >= len(steps) {
		return err
	}
	tx, err := s.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version >= len(steps) {
		return nil
	}
	for _, step := range steps[version:] {
		if _, err := tx.Exec(step); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version=%d; PRAGMA application_id=%d", len(steps), application)); err != nil {
		return err
	}
	return tx.Commit()
}

// explain turns what SQLite says into a line that names the file.
func (s *store) explain(err error) error {
	const busy, locked, corrupt, notDatabase = 5, 6, 11, 26
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return err
	}
	switch fault.Code() & 0xff { // the rest tells kinds of one error apart
	case busy, locked:
		return &Busy{s.path}
	case corrupt:
		return &Damaged{s.path, "SQLite cannot read it"}
	case notDatabase:
		return &Damaged{s.path, "it is no SQLite file"}
	}
	return fmt.Errorf("%s: %w", s.path, err)
}
