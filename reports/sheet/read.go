package sheet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tandem/transformer"
	"tandem/transformer/checkpoint"
	"tandem/transformer/models"
)

// Embedded is the sheet of the checkpoint in the binary; see Read.
func Embedded(context int, blocks []int) (*Sheet, error) {
	c, err := checkpoint.EmbeddedConfig()
	if err != nil {
		return nil, err
	}
	s := &Sheet{Schema: 1, Name: c.Name, Licence: "Apache-2.0"}
	s.describe(c, context, blocks)
	return s, nil
}

// Read makes the sheet of a model at a path, or where that is "" of a name of the store or the catalogue. A model that was not
// fetched has what the catalogue knows; one that it does not know is a *models.NotFetched. Costs are of blocks of so many rows behind
// so many positions of context, or as many as the model has.
func Read(store models.Store, name, path string, context int, blocks []int) (*Sheet, error) {
	e, known := models.Entry{Name: name}, false
	if path == "" {
		var err error
		if e, err = models.Find(name); err != nil {
			return nil, err
		}
		var missing *models.NotFetched
		switch path, err = store.Path(name); {
		case errors.As(err, &missing) && !missing.Hub:
			return published(e, context, blocks), nil
		case err != nil:
			return nil, err
		}
		known = true
	}
	s := of(e)
	if lock, err := lockOf(path); err == nil {
		if own, err := models.Find(lock.Name); err == nil && !known {
			s = of(own)
		}
		s.Name, s.Repository, s.Revision, s.Package, s.Licence, s.Bytes = lock.Name, lock.Repository, lock.Revision, lock.Package, lock.Licence, lock.Bytes()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c, err := checkpoint.ReadConfig(path)
	if err != nil {
		return nil, err
	}
	s.Path = path
	if s.Bytes == 0 {
		s.Bytes = weightBytes(path)
	}
	s.describe(c, context, blocks)
	return s, nil
}

// lockOf is the lock of the folder at a path, or of the folder that a file lies in.
func lockOf(path string) (models.Lock, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		path = filepath.Dir(path)
	}
	return models.ReadLock(path)
}

// of begins a sheet with what the catalogue knows.
func of(e models.Entry) *Sheet {
	return &Sheet{Schema: 1, Name: e.Name, Repository: e.Repository, Revision: e.Revision, Licence: e.Licence, Gated: e.Gated,
		Diffusion: e.Diffusion, Twins: e.Twins()}
}

// published is the sheet of a model that was not fetched.
func published(e models.Entry, context int, blocks []int) *Sheet {
	s := of(e)
	s.Parameters = e.Parameters()
	s.Bytes, _ = e.Bytes()
	if e.Package != nil {
		s.Package = e.Package.Requirement
	}
	if c, err := transformer.Geometry(e.Geometry); err == nil {
		s.describe(c, context, blocks)
	}
	return s
}

// weightBytes is the size of the weights' files at a path, 0 where it cannot be told.
func weightBytes(path string) (sum int64) {
	names, _ := filepath.Glob(filepath.Join(path, "*.safetensors"))
	for _, name := range append(names, path) {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum
}

// describe adds what follows from the model's blueprint. Special ids and attention are those of a checkpoint alone: a published shape
// has none.
func (s *Sheet) describe(c transformer.Config, context int, blocks []int) {
	if c.MaxPositions > 0 {
		context = max(0, min(context, c.MaxPositions-slices.Max(append([]int{1}, blocks...))))
	}
	s.config, s.forward, s.Context, s.Parameters = c, blocks, context, transformer.Parameters(c)
	s.Geometry = &Geometry{Layers: c.Layers, Hidden: c.Hidden, Intermediate: c.Intermediate, Heads: c.Heads, KVHeads: c.KVHeads,
		HeadDim: c.HeadDim, Vocab: c.Vocab, Positions: c.MaxPositions, RopeTheta: c.RopeTheta, Tied: c.Tied}
	s.Attention, s.Blocks, s.Shifted, s.EOS = string(c.Attention), c.BlockSizes, c.Shifted, c.EOSTokens
	if c.MaskToken >= 0 {
		s.Mask = &c.MaskToken
	}
	for _, d := range transformer.Dtypes() {
		card := transformer.Card{Config: c, Dtype: d}
		s.Dtypes = append(s.Dtypes, Cost{Dtype: d, Weights: card.Weights(), KV: card.KV(1), KVContext: card.KV(int64(context)),
			Token: card.Bytes(transformer.Shape{Sequences: 1, Rows: 1, Guesses: 1, Reach: context + 1})})
	}
}
