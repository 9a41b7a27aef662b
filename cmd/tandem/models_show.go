package main

import (
	"io"
	"os"

	"tandem/bench"
	"tandem/device"
	"tandem/reports/sheet"
	"tandem/transformer/models"
)

type modelsShowCmd struct {
	Model   string `arg:"" help:"embedded, a name of tandem models list or of the hub, a folder, or a .gguf file."`
	Context int    `least:"0" default:"512" help:"Positions before a token or a block."`
	Block   []int  `least:"1" default:"4,8,16,32" help:"Rows of the blocks."`
	deviceFlags
	wideFlag
	JSON bool `help:"Print JSON: what the catalogue knows, geometry, special ids, and for each dtype bytes, ceilings, seconds and break-evens."`
}

func (c modelsShowCmd) Run(a *app) error {
	s, err := c.read()
	if err != nil {
		return err
	}
	if s.Geometry != nil {
		if err := c.limit(a, s); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(a.stdout, s)
	}
	_, err = io.WriteString(a.stdout, s.Text(c.width(a.stdout)))
	return err
}

// limit adds what the device's ceilings allow.
func (c modelsShowCmd) limit(a *app, s *sheet.Sheet) error {
	options, err := c.options(a)
	if err != nil {
		return err
	}
	elsewhere := bench.Elsewhere()
	about, ceilings, err := device.Limits(options, s.Weights())
	if err != nil {
		return named(err)
	}
	share, _ := elsewhere()
	s.Limit(about, ceilings, share)
	return nil
}

// read makes the sheet of what the model's name stands for, a path of this machine before any other.
func (c modelsShowCmd) read() (*sheet.Sheet, error) {
	if c.Model == embedded {
		return sheet.Embedded(c.Context, c.Block)
	}
	store, err := models.DefaultStore()
	if err != nil {
		return nil, err
	}
	path := c.Model
	if _, err := os.Stat(path); err != nil {
		path = "" // a name
	}
	return sheet.Read(store, c.Model, path, c.Context, c.Block)
}
