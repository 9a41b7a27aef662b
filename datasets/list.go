package datasets

import (
	"fmt"
	"path/filepath"

	"tandem/internal/fetch"
)

// An Entry is a suite as a list shows it.
type Entry struct {
	Name    string            `json:"name"`
	About   string            `json:"about"`
	Licence string            `json:"licence"`
	Tasks   int               `json:"tasks"`
	SHA256  string            `json:"sha256,omitempty"`      // of the embedded suite
	Files   []File            `json:"files,omitempty"`       // of a public one
	CPU     float64           `json:"cpu_seconds,omitempty"` // of a program, where it is not the judge's default
	Floor   int               `json:"empty_floor,omitempty"` // tasks that an empty answer passes
	Known   map[string]string `json:"known,omitempty"`       // tasks that are judged otherwise than published, and how
	State   fetch.Status      `json:"state"`
}

// Hash is the beginning of the first file's, and the number of the others.
func (e Entry) Hash() string {
	if len(e.Files) == 0 {
		return e.SHA256[:12]
	}
	text := e.Files[0].SHA256[:12]
	if n := len(e.Files); n > 1 {
		text += fmt.Sprintf(" +%d", n-1)
	}
	return text
}

// List are the public suites, with what the cache holds of them.
func List(cache string) (list []Entry, err error) {
	for _, s := range catalog {
		state, err := s.state(cache)
		if err != nil {
			return nil, err
		}
		list = append(list, Entry{Name: s.Name, About: s.About, Licence: s.Licence, Tasks: s.Tasks, Files: s.Files,
			CPU: s.CPU.Seconds(), Floor: s.Floor, Known: s.Known, State: state})
	}
	return list, nil
}

// state is that of the source's worst file.
func (s Source) state(cache string) (fetch.Status, error) {
	worst := fetch.Present
	rank := map[fetch.Status]int{fetch.Present: 0, fetch.Absent: 1, fetch.Partial: 2, fetch.Damaged: 3}
	for _, f := range s.Files {
		status, err := s.check(cache, f)
		if err != nil {
			return "", err
		}
		if rank[status] > rank[worst] {
			worst = status
		}
	}
	return worst, nil
}

// A Checked file is what the cache holds of it.
type Checked struct {
	Status fetch.Status `json:"status"`
	Suite  string       `json:"suite"`
	Path   string       `json:"path"`
}

// Verify checks the files of sources in the cache, and says whether all are whole. One that is absent counts where it is expected.
func Verify(cache string, sources []Source, expected bool) (files []Checked, whole bool, err error) {
	files, whole = []Checked{}, true
	for _, s := range sources {
		for _, f := range s.Files {
			status, err := s.check(cache, f)
			if err != nil {
				return nil, false, err
			}
			if status == fetch.Absent && !expected {
				continue
			}
			whole = whole && status == fetch.Present
			files = append(files, Checked{status, s.Name, filepath.Join(cache, s.Folder, f.Path)})
		}
	}
	return files, whole, nil
}
