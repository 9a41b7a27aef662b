package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tandem/record"
	"tandem/record/jsonl"
)

// Shards are the folders of one plan's shards, in the order of the shards.
type Shards struct {
	of    int
	parts []part
}

// A part is the folder of a shard.
type part struct {
	dir    string
	header record.Header // of scored.jsonl where there is one, else of run.jsonl
	shard  record.Shard
	open   string // what it lacks; empty: it is finished
}

// A Gap is a shard that cannot be merged yet.
type Gap struct {
	Index int    // of the shard
	Why   string // "missing", or how far it got
}

// ReadShards reads the folders of shards. One that holds no results yet is left out, and its shard a Gap. Folders of another suite,
// model, plan or machine, folders of no shard, and two of one shard are an error.
func ReadShards(dirs []string) (s Shards, err error) {
	for _, dir := range dirs {
		p, ok, err := readPart(dir)
		if err != nil {
			return s, err
		}
		if !ok {
			continue
		}
		if err := s.fits(p); err != nil {
			return s, err
		}
		s.parts, s.of = append(s.parts, p), p.shard.Of
	}
	if len(s.parts) == 0 {
		return s, errors.New("no folder holds the results of a shard")
	}
	slices.SortFunc(s.parts, func(a, b part) int { return a.shard.Index - b.shard.Index })
	return s, nil
}

// fits says why a folder does not go with those before it.
func (s Shards) fits(p part) error {
	for _, other := range s.parts {
		if p.shard == other.shard {
			return fmt.Errorf("%s and %s both hold shard %v: name one of them", other.dir, p.dir, p.shard)
		}
	}
	if len(s.parts) == 0 {
		return nil
	}
	first := s.parts[0]
	if p.shard.Of != s.of {
		return fmt.Errorf("%s holds shard %v and %s shard %v: shards of one run have one number", first.dir, first.shard, p.dir, p.shard)
	}
	was, is, err := differ(common(first.header), common(p.header))
	if err == nil && was != is {
		err = fmt.Errorf("%s and %s are no shards of one run: the one had %s; the other has %s", first.dir, p.dir, was, is)
	}
	if tier := first.header.Environment.SandboxTier; err == nil && p.open == "" && first.open == "" && (tier == "") != (p.header.Environment.SandboxTier == "") {
		err = fmt.Errorf("of %s and %s only one was judged: run the other's command again, with a judge", first.dir, p.dir)
	}
	return err
}

// common is a header without that in which shards differ.
func common(h record.Header) record.Header {
	h.Shard = nil
	return h
}

// readPart reads a folder; ok says that it holds results.
func readPart(dir string) (p part, ok bool, err error) {
	header, held, disturbed, err := count(filepath.Join(dir, record.RunFile))
	if errors.Is(err, fs.ErrNotExist) {
		return p, false, nil
	}
	if err != nil {
		return p, false, err
	}
	if header.Shard == nil {
		return p, false, fmt.Errorf("%s holds no shard, but a whole run", dir)
	}
	p = part{dir: dir, header: header, shard: *header.Shard}
	scored, judged, _, err := count(filepath.Join(dir, record.ScoredFile))
	switch planned := header.Planned(); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return p, false, err
	case len(held) < planned || disturbed > 0:
		p.open = fmt.Sprintf("%d of %d decodings", len(held), planned+disturbed)
	case len(judged) < len(held):
		p.open = fmt.Sprintf("%d of %d decodings judged", len(judged), len(held))
	default:
		p.header = scored
	}
	return p, true, nil
}

// count reads which decodings a file holds, and how many disturbed ones are still to be decoded again. An empty file, as a start that was
// interrupted leaves it, is as good as none.
func count(path string) (h record.Header, held record.Held, again int, err error) {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return h, nil, 0, fs.ErrNotExist
	}
	h, records, err := record.Read(path)
	if err != nil {
		return h, nil, 0, err
	}
	held = record.Held{}
	var disturbed []record.Record
	for r, err := range records {
		if err != nil {
			return h, nil, 0, err
		}
		held[r.Key()] = true
		if r.Err == "" && r.Disturbed() && r.Attempt < h.Plan.Extra {
			disturbed = append(disturbed, record.Record{Task: r.Task, Decoder: r.Decoder, Sample: r.Sample, Repeat: r.Repeat, Attempt: r.Attempt + 1})
		}
	}
	for _, r := range disturbed {
		if !held.Has(r.Key()) {
			again++
		}
	}
	return h, held, again, nil
}

// Gaps are the shards that are missing or unfinished, in their order.
func (s Shards) Gaps() (gaps []Gap) {
	found := map[int]string{}
	for _, p := range s.parts {
		found[p.shard.Index] = p.open
	}
	for i := range s.of {
		why, ok := found[i]
		if !ok {
			why = "missing"
		}
		if why != "" {
			gaps = append(gaps, Gap{i, why})
		}
	}
	return gaps
}

// Merge writes the shards as one run into a folder: run.jsonl, scored.jsonl and, where they were kept, the streams of endpoints. Records
// stand in the order of the shards, and in a shard as they were decoded; no record is held in memory. A folder that holds a run which was not
// put together is an error. Telemetry stays where it is: it is of one machine.
func (s Shards) Merge(out string) error {
	if gaps := s.Gaps(); len(gaps) > 0 {
		return fmt.Errorf("shard %d of %d is not finished: %s", gaps[0].Index, s.of, gaps[0].Why)
	}
	path := filepath.Join(out, record.RunFile)
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		if h, _, err := record.Read(path); err != nil || h.Merged == 0 {
			return errors.Join(fmt.Errorf("%s holds a run: choose another folder", out), err)
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	names := []string{record.RunFile, record.ScoredFile, record.RawFile}
	for _, name := range names {
		if err := s.write(out, name); err != nil {
			return err
		}
	}
	for _, name := range slices.Backward(names) { // run.jsonl comes last: without it there is no run
		if err := os.Rename(partly(out, name), filepath.Join(out, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// partly is the name of a file until it is whole.
func partly(out, name string) string { return filepath.Join(out, name+".part") }

// header is that of the merged run: of the first shard, from the first start on.
func (s Shards) header() record.Header {
	h := s.parts[0].header
	h.Shard, h.Merged = nil, s.of
	for _, p := range s.parts {
		e := p.header.Environment
		if e.Started.Before(h.Environment.Started) {
			h.Environment.Started = e.Started
		}
		h.Environment.Load, h.Plan.Extra = max(h.Environment.Load, e.Load), max(h.Plan.Extra, p.header.Plan.Extra)
	}
	return h
}

// write writes one file of the merged run, under the name that it has until it is whole.
func (s Shards) write(out, name string) (err error) {
	if name == record.RawFile {
		return s.writeRaw(partly(out, name))
	}
	w, err := record.Create(partly(out, name), s.header())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for _, p := range s.parts {
		_, records, err := record.Read(filepath.Join(p.dir, name))
		if err != nil {
			return err
		}
		for r, err := range records {
			if err != nil {
				return err
			}
			if err := w.Write(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeRaw puts the streams of endpoints together, where a shard kept some.
func (s Shards) writeRaw(path string) (err error) {
	var w *jsonl.Writer
	defer func() {
		if w != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	for _, p := range s.parts {
		from := filepath.Join(p.dir, record.RawFile)
		file, err := os.Open(from)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		defer file.Close()
		if w == nil {
			if w, err = jsonl.Create(path); err != nil {
				return err
			}
		}
		for line, err := range jsonl.All(jsonl.NewReader(file, from), func(line []byte, r *json.RawMessage) error { return json.Unmarshal(line, r) }) {
			if err == nil {
				err = w.Write(line)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
