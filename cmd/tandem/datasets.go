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

// A listed suite is a line of the list.
type listed struct {
	Name    string            `json:"name"`
	About   string            `json:"about"`
	Licence string            `json:"licence"`
	Tasks   int               `json:"tasks"`
	SHA256  string            `json:"sha256,omitempty"`      // of the embedded suite
	Files   []datasets.File   `json:"files,omitempty"`       // of a public one
	CPU     float64           `json:"cpu_seconds,omitempty"` // of a program, where it is not the judge's default
	Floor   int               `json:"empty_floor,omitempty"` // tasks that an empty answer passes
	Known   map[string]string `json:"known,omitempty"`       // tasks that are judged otherwise than published, and how
	State   datasets.Status   `json:"state"`
}

// hash is the beginning of the first file's, and the number of the others.
func (l listed) hash() string {
	if len(l.Files) == 0 {
		return l.SHA256[:12]
	}
	text := l.Files[0].SHA256[:12]
	if n := len(l.Files); n > 1 {
		text += fmt.Sprintf(" +%d", n-1)
	}
	return text
}

func (c datasetsListCmd) Run(a *app) error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	own := basics.Suite()
	list := []listed{{Name: own.Name, About: "small functions, none of them in the embedded checkpoint's training text",
		Licence: own.Licence, Tasks: len(own.Tasks), SHA256: own.SHA256, State: "embedded"}}
	for _, s := range datasets.Catalog {
		state, err := s.State(dir)
		if err != nil {
			return err
		}
		list = append(list, listed{Name: s.Name, About: s.About, Licence: s.Licence, Tasks: s.Tasks, Files: s.Files,
			CPU: s.CPU.Seconds(), Floor: s.Floor, Known: s.Known, State: state})
	}
	if c.JSON {
		return printJSON(a.stdout, list)
	}
	out := table.Table{{Name: "suite", Left: true}, {Name: "tasks"}, {Name: "licence", Left: true, Rank: 2}, {Name: "sha256", Left: true, Rank: 4},
		{Name: "state", Left: true, Rank: 1}, {Name: "about", Left: true, Rank: 3}}
	for _, l := range list {
		for i, cell := range []string{l.Name, fmt.Sprint(l.Tasks), l.Licence, l.hash(), string(l.State), l.About} {
			out[i].Cells = append(out[i].Cells, cell)
		}
	}
	_, err = io.WriteString(a.stdout, out.Fit(c.width(a.stdout)).Text())
	return err
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

// A verified file is a line of what verify prints.
type verified struct {
	Status datasets.Status `json:"status"`
	Suite  string          `json:"suite"`
	Path   string          `json:"path"`
}

func (c datasetsVerifyCmd) Run(a *app) error {
	sources, dir, err := c.chosen(c.Suites)
	if err != nil {
		return err
	}
	files, bad := []verified{}, false
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
			files = append(files, verified{status, s.Name, filepath.Join(dir, s.Folder, f.Path)})
		}
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
