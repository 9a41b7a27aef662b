package history

import "fmt"

// A Dump is a history as JSON, with nothing left out.
type Dump struct {
	Schema int   `json:"schema"` // 1
	Runs   []Run `json:"runs"`
}

// Checked are a dump's runs, if this version knows its schema.
func (d Dump) Checked() ([]Run, error) {
	if d.Schema != 1 {
		return nil, fmt.Errorf("a history of schema %d, this version of tandem reads 1", d.Schema)
	}
	return d.Runs, nil
}
