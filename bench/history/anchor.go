package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tandem/bench/stats"
)

// anchorFile is the name of an Anchor in a run's folder.
const anchorFile = "anchor.json"

// An Anchor is an older build that never changes and took turns with the run's build, decoding by decoding: what ratios to it
// do not show is the weather of the machine. A run's folder holds it as anchor.json where there was one.
type Anchor struct {
	Schema int           `json:"schema"` // 1
	Commit string        `json:"commit"` // of the older build
	Ratios []AnchorRatio `json:"ratios"`
}

// An AnchorRatio is a decoder's speed in the run's build over its speed in the anchor's, with an interval that holds what differs
// from process to process; above 1 the run's build is faster.
type AnchorRatio struct {
	Decoder string         `json:"decoder"`
	Speed   stats.Interval `json:"speed"`
}

// ReadAnchor reads a folder's anchor.json. Without one it is nil.
func ReadAnchor(dir string) (*Anchor, error) {
	path := filepath.Join(dir, anchorFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var a Anchor
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if a.Schema != 1 {
		return nil, fmt.Errorf("%s has schema %d, this version of tandem reads 1", path, a.Schema)
	}
	if a.Commit == "" {
		return nil, fmt.Errorf("%s names no commit", path)
	}
	for _, r := range a.Ratios {
		if !(r.Speed.Low > 0 && r.Speed.Low <= r.Speed.Value && r.Speed.Value <= r.Speed.High) {
			return nil, fmt.Errorf("%s: the ratio of %s is no interval of positive numbers", path, r.Decoder)
		}
	}
	return &a, nil
}
