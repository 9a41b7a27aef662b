package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"tandem/datasets"
	"tandem/datasets/basics"
)

type datasetsCmd struct {
	List     datasetsListCmd     `cmd:"" help:"List the suites with their tasks, licences and hashes, and whether they are on this machine."`
	Fetch    datasetsFetchCmd    `cmd:"" help:"Fetch public suites into the cache, checked; a fetch that was cut off goes on."`
	Verify   datasetsVerifyCmd   `cmd:"" help:"Check the fetched suites against the manifest; exit status 1 if one is damaged."`
	Generate datasetsGenerateCmd `cmd:"" help:"Generate the tasks of the suite basics; the defaults give the embedded file byte for byte."`
}

type datasetsListCmd struct {
	cacheFlag
	JSON bool `help:"Print JSON, with every file's address."`
}

func (c datasetsListCmd) Run(a *app) error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	own := basics.Suite()
	if c.JSON {
		text, err := json.MarshalIndent(datasets.Catalog, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.stdout, "%s\n", text)
		return err
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "suite\ttasks\tlicence\tsha256\tstate\tabout\n")
	fmt.Fprintf(table, "%s\t%d\t%s\t%.12s\tembedded\tsmall functions, none of them in the embedded checkpoint's training text\n", own.Name, len(own.Tasks), own.Licence, own.SHA256)
	for _, s := range datasets.Catalog {
		state, err := stateOf(s, dir)
		if err != nil {
			return err
		}
		files := ""
		if n := len(s.Files); n > 1 {
			files = fmt.Sprintf(" +%d", n-1)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%.12s%s\t%s\t%s\n", s.Name, s.Tasks, s.Licence, s.Files[0].SHA256, files, state, s.About)
	}
	return table.Flush()
}

// stateOf is the state of the source's worst file.
func stateOf(s datasets.Source, dir string) (datasets.Status, error) {
	worst := datasets.Present
	rank := map[datasets.Status]int{datasets.Present: 0, datasets.Absent: 1, datasets.Partial: 2, datasets.Damaged: 3}
	for _, f := range s.Files {
		status, err := s.Check(dir, f)
		if err != nil {
			return "", err
		}
		if rank[status] > rank[worst] {
			worst = status
		}
	}
	return worst, nil
}

// chosen returns the sources of these names, all of them for none, and the folder of the cache.
func (f cacheFlag) chosen(names []string) (sources []datasets.Source, dir string, err error) {
	if dir, err = f.dir(); err != nil || len(names) == 0 {
		return datasets.Catalog, dir, err
	}
	for _, name := range names {
		s, ok := datasets.Find(name)
		if !ok {
			return nil, "", fmt.Errorf("no public suite is called %s; see `tandem datasets list`", name)
		}
		sources = append(sources, s)
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
			err = s.Take(dir, c.From)
		} else {
			bars := map[string]*progress{}
			err = s.Fetch(a.ctx, dir, func(f datasets.File, done int64) {
				if bars[f.Path] == nil {
					bars[f.Path] = newProgress(a.stderr, filepath.Base(f.Path))
				}
				bars[f.Path].report(max(1, int(done)), int(f.Bytes))
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
}

func (c datasetsVerifyCmd) Run(a *app) error {
	sources, dir, err := c.chosen(c.Suites)
	if err != nil {
		return err
	}
	bad := false
	for _, s := range sources {
		for _, f := range s.Files {
			status, err := s.Check(dir, f)
			if err != nil {
				return err
			}
			if status == datasets.Absent && len(c.Suites) == 0 {
				continue
			}
			bad = bad || status != datasets.Present
			fmt.Fprintf(a.stdout, "%s\t%s\t%s\n", status, s.Name, filepath.Join(dir, s.Folder, f.Path))
		}
	}
	if bad {
		return errFailed
	}
	return nil
}

type datasetsGenerateCmd struct {
	Seed  uint64 `default:"1" help:"Seed of the draw."`
	Tasks int    `default:"164" help:"Number of tasks."`
	Out   string `placeholder:"FILE" help:"File to write; stdout by default."`
}

func (c datasetsGenerateCmd) Run(a *app) error {
	if c.Tasks < 1 {
		return fmt.Errorf("--tasks must be at least 1, not %d", c.Tasks)
	}
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
