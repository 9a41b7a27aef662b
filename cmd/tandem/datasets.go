package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tandem/cmd/tandem/progress"
	"tandem/datasets"
	"tandem/datasets/basics"
	"tandem/reports/table"
)

type datasetsCmd struct {
	List     datasetsListCmd     `cmd:"" help:"List the suites with their tasks, licences and hashes, and whether they are on this machine."`
	Fetch    datasetsFetchCmd    `cmd:"" help:"Fetch public suites into the cache, checked; a fetch that was cut off goes on."`
	Verify   datasetsVerifyCmd   `cmd:"" help:"Check the fetched suites against the manifest; exit status 1 if one is damaged."`
	Generate datasetsGenerateCmd `cmd:"" help:"Generate the tasks of the suite basics; the defaults give the embedded file byte for byte."`
}

type datasetsListCmd struct {
	cacheFlag
	wideFlag
	JSON bool `help:"Print JSON: name, about, licence, tasks, sha256 or files (path, urls, sha256, bytes), state."`
}

func (c datasetsListCmd) Run(a *app) error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	public, err := datasets.List(dir)
	if err != nil {
		return err
	}
	own := basics.Suite()
	list := append([]datasets.Entry{{Name: own.Name, About: "small functions, none of them in the embedded checkpoint's training text",
		Licence: own.Licence, Tasks: len(own.Tasks), SHA256: own.SHA256, State: "embedded"}}, public...)
	if c.JSON {
		return printJSON(a.stdout, list)
	}
	out := table.Table{{Name: "suite", Left: true}, {Name: "tasks"}, {Name: "licence", Left: true, Rank: 2}, {Name: "sha256", Left: true, Rank: 4},
		{Name: "state", Left: true, Rank: 1}, {Name: "about", Left: true, Rank: 3}}
	for _, l := range list {
		for i, cell := range []string{l.Name, fmt.Sprint(l.Tasks), l.Licence, l.Hash(), string(l.State), l.About} {
			out[i].Cells = append(out[i].Cells, cell)
		}
	}
	_, err = io.WriteString(a.stdout, out.Show(c.width(a.stdout)))
	return err
}

// chosen returns the sources of these names, all of them for none, and the folder of the cache.
func (f cacheFlag) chosen(names []string) (sources []datasets.Source, dir string, err error) {
	if dir, err = f.dir(); err != nil {
		return nil, "", err
	}
	if sources, err = datasets.FindAll(names); err != nil {
		return nil, "", fmt.Errorf("%w; see `tandem datasets list`", err)
	}
	return sources, dir, nil
}

type datasetsFetchCmd struct {
	Suites []string `arg:"" help:"Suites to fetch, or all."`
	From   string   `placeholder:"FILE" help:"Take a file, or a folder of files, that is on this machine."`
	cacheFlag
}

func (c datasetsFetchCmd) Run(a *app) error {
	if len(c.Suites) == 1 && c.Suites[0] == "all" {
		c.Suites = nil
	}
	sources, dir, err := c.chosen(c.Suites)
	if err != nil {
		return err
	}
	if c.From != "" && len(sources) != 1 {
		return fmt.Errorf("--from takes one suite at a time, not %d", len(sources))
	}
	for _, s := range sources {
		if c.From != "" {
			if err = s.Take(dir, c.From); errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("--from: %w", err)
			}
		} else {
			bars := map[string]*progress.Bar{}
			err = s.Fetch(a.ctx, dir, func(f datasets.File, done int64) {
				if bars[f.Path] == nil {
					bars[f.Path] = progress.New(a.stderr, filepath.Base(f.Path))
				}
				bars[f.Path].Report(max(1, int(done)), int(f.Bytes))
			})
		}
		if err != nil {
			return err
		}
		if _, err := s.Load(dir); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s\t%d tasks\t%s\n", s.Name, s.Tasks, filepath.Join(dir, s.Folder))
	}
	return nil
}

type datasetsVerifyCmd struct {
	Suites []string `arg:"" optional:"" help:"Suites to check; all that are on this machine by default."`
	cacheFlag
	JSON bool `help:"Print JSON: suite, path, status of each file."`
}

func (c datasetsVerifyCmd) Run(a *app) error {
	sources, dir, err := c.chosen(c.Suites)
	if err != nil {
		return err
	}
	files, whole, err := datasets.Verify(dir, sources, len(c.Suites) > 0)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(a.stdout, files); err != nil {
			return err
		}
	} else {
		for _, f := range files {
			fmt.Fprintf(a.stdout, "%s\t%s\t%s\n", f.Status, f.Suite, f.Path)
		}
	}
	if !whole {
		return errFailed
	}
	return nil
}

type datasetsGenerateCmd struct {
	Seed  uint64 `default:"1" help:"Seed of the draw."`
	Tasks int    `least:"1" default:"164" help:"Number of tasks."`
	Out   string `placeholder:"FILE" help:"File to write; stdout by default."`
}

func (c datasetsGenerateCmd) Run(a *app) error {
	var text bytes.Buffer
	if err := datasets.Write(&text, basics.Generate(c.Seed, c.Tasks)); err != nil {
		return err
	}
	if c.Out == "" {
		_, err := a.stdout.Write(text.Bytes())
		return err
	}
	return os.WriteFile(c.Out, text.Bytes(), 0o644)
}
