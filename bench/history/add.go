package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// An Outcome says what Add did with a run.
type Outcome string

// The outcomes. A run is replaced where it was measured further since, or judged anew.
const (
	Added    Outcome = "added"
	Replaced Outcome = "replaced"
	Held     Outcome = "there already"
)

// add writes runs in one transaction.
func (s *store) add(runs []Run) (outcomes []Outcome, err error) {
	tx, err := s.db.BeginTx(context.Background(), nil)
	if err != nil {
		return nil, s.explain(err)
	}
	defer tx.Rollback()
	for _, r := range runs {
		outcome, err := put(tx, r)
		if err != nil {
			return nil, s.explain(err)
		}
		outcomes = append(outcomes, outcome)
	}
	if err := tx.Commit(); err != nil {
		return nil, s.explain(err)
	}
	return outcomes, nil
}

// put writes one run, in place of the same one as it was.
func put(tx *sql.Tx, r Run) (Outcome, error) {
	r, err := r.normal()
	if err != nil {
		return "", err
	}
	sum, err := r.digest()
	if err != nil {
		return "", err
	}
	outcome, held := Added, ""
	err = tx.QueryRow("SELECT digest FROM run WHERE key = ?", r.key()).Scan(&held)
	switch {
	case err == nil && held == sum:
		return Held, nil
	case err == nil:
		outcome = Replaced
		if _, err := tx.Exec("DELETE FROM run WHERE key = ?", r.key()); err != nil {
			return "", err
		}
	case !errors.Is(err, sql.ErrNoRows):
		return "", err
	}
	return outcome, insert(tx, r, sum)
}

// insert writes a run's rows.
func insert(tx *sql.Tx, r Run, sum string) error {
	m := r.Machine
	if _, err := tx.Exec("INSERT OR IGNORE INTO machine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		m.Hash(), m.String(), m.OS, m.CPU, m.Cores, m.Threads, m.Device, m.GPU, m.Features, m.Portable); err != nil {
		return err
	}
	done, err := tx.Exec("INSERT INTO run VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.key(), sum, m.Hash(), r.Suite, r.Model, r.Plan, r.Commit, r.Started.Format(time.RFC3339), r.Unfinished, r.Unmeasured)
	if err != nil {
		return err
	}
	id, err := done.LastInsertId()
	if err != nil {
		return err
	}
	write, err := tx.Prepare("INSERT INTO value VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer write.Close()
	for _, v := range r.Values {
		if _, err := write.Exec(id, v.Decoder, v.Metric, v.Base, v.Interval.Value, v.Interval.Low, v.Interval.High, v.Prompts); err != nil {
			return err
		}
	}
	return nil
}

// runs are all runs, oldest first. A run that is not what was written makes the history *Damaged.
func (s *store) runs() ([]Run, error) {
	rows, err := s.db.Query(`SELECT digest, os, cpu, cores, threads, device, gpu, features, portable,
		suite, model, plan, "commit", started, unfinished, unmeasured, decoder, metric, base, value, low, high, prompts, run.id
		FROM run JOIN machine ON machine.hash = run.machine LEFT JOIN value ON value.run = run.id
		ORDER BY started, run.id, decoder, metric, base`)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	var runs []Run
	var sums []string
	last := int64(-1)
	for rows.Next() {
		var r Run
		var sum, started string
		var decoder, metric, base, prompts sql.NullString
		var value, low, high sql.NullFloat64
		var id int64
		if err := rows.Scan(&sum, &r.Machine.OS, &r.Machine.CPU, &r.Machine.Cores, &r.Machine.Threads, &r.Machine.Device, &r.Machine.GPU,
			&r.Machine.Features, &r.Machine.Portable, &r.Suite, &r.Model, &r.Plan, &r.Commit, &started, &r.Unfinished, &r.Unmeasured,
			&decoder, &metric, &base, &value, &low, &high, &prompts, &id); err != nil {
			return nil, s.explain(err)
		}
		if id != last {
			last = id
			if r.Started, err = time.Parse(time.RFC3339, started); err != nil {
				return nil, &Damaged{s.path, fmt.Sprintf("a run has no date but %q", started)}
			}
			runs, sums = append(runs, r), append(sums, sum)
		}
		if decoder.Valid {
			v := Value{Decoder: decoder.String, Metric: metric.String, Base: base.String, Prompts: prompts.String}
			v.Interval.Value, v.Interval.Low, v.Interval.High = value.Float64, low.Float64, high.Float64
			runs[len(runs)-1].Values = append(runs[len(runs)-1].Values, v)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain(err)
	}
	return runs, s.compareDigests(runs, sums)
}

// compareDigests finds a run that is not what was written.
func (s *store) compareDigests(runs []Run, sums []string) error {
	for i, r := range runs {
		if sum, err := r.digest(); err != nil || sum != sums[i] {
			return &Damaged{s.path, fmt.Sprintf("the run of %s is not what was written", r.Started.Format(time.RFC3339))}
		}
	}
	return nil
}
