package evals

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

//go:embed parse.py
var parseScript string

// Python parses and compiles Python texts, and runs none of them, with a python3 that lives as long as it does. The zero
// value is ready and starts its process with the first text; Close ends it.
//
// Note: a text is parsed by the language's own parser, of the release that judges the program, and never run. A parser
// in Go would be a second opinion on what is Python. The price is a process, and hostile text may make it crash or hang,
// which ends that process alone: the text counts as one that does not parse, the next one gets a new process.
type Python struct {
	mutex sync.Mutex
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
}

// parsed is what the parser says of a text; parse.py explains the fields.
type parsed struct {
	OK      bool
	Line    int
	Why     string
	Defines bool
	Returns bool
	Lacks   []string
	Future  int
	Run     []int
}

// Bounds on one text.
const (
	maxText      = 1 << 20 // bytes
	parseSeconds = 10
)

// parse parses text and looks for the function entry in it. The error is for a python3 that cannot be started.
func (p *Python) parse(text, entry string) (parsed, error) {
	if len(text) > maxText {
		return parsed{Why: fmt.Sprintf("it is longer than %d bytes", maxText)}, nil
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if err := p.start(); err != nil {
		return parsed{}, err
	}
	request, err := json.Marshal(map[string]string{"text": text, "entry": entry})
	if err != nil {
		return parsed{}, err
	}
	watch := time.AfterFunc(parseSeconds*time.Second, func() { p.cmd.Process.Kill() })
	_, err = p.in.Write(append(request, '\n'))
	var line []byte
	if err == nil {
		line, err = p.out.ReadBytes('\n')
	}
	intime := watch.Stop()
	var result parsed
	if err == nil {
		err = json.Unmarshal(line, &result)
	}
	if err != nil {
		p.stop()
		if !intime {
			return parsed{Why: fmt.Sprintf("Python's parser took more than %d s", parseSeconds)}, nil
		}
		return parsed{Why: "Python's parser crashed on it"}, nil
	}
	return result, nil
}

// start starts the process where none runs.
func (p *Python) start() (err error) {
	if p.cmd != nil {
		return nil
	}
	cmd := exec.Command("python3", "-I", "-S", "-W", "ignore", "-X", "utf8", "-c", parseScript)
	cmd.Env = []string{}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("answers are parsed with python3: %w", err)
	}
	p.cmd, p.in, p.out = cmd, in, bufio.NewReader(out)
	return nil
}

// stop ends the process.
func (p *Python) stop() {
	p.in.Close()
	p.cmd.Process.Kill()
	p.cmd.Wait()
	p.cmd = nil
}

// Close ends the process. A Python can be used again afterwards.
func (p *Python) Close() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.cmd == nil {
		return nil
	}
	err := p.in.Close()
	waitErr := p.cmd.Wait()
	p.cmd = nil
	return errors.Join(err, waitErr)
}
