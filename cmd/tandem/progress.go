package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// A progress shows how far a stage is: a bar that is redrawn on a terminal, elsewhere a line for each tenth.
type progress struct {
	out      io.Writer
	stage    string
	terminal bool
	began    time.Time
	drawn    time.Time
	tenth    int
	first    int // done at the first report: what an earlier run left
	started  bool
}

func newProgress(out io.Writer, stage string) *progress {
	f, ok := out.(*os.File)
	return &progress{out: out, stage: stage, terminal: ok && term.IsTerminal(int(f.Fd())), began: time.Now()}
}

// width of the bar, in cells.
const barWidth = 30

// report is called after each item.
func (p *progress) report(done, total int) {
	if !p.started {
		p.started, p.first, p.tenth = true, done-1, 10*(done-1)/total
	}
	now := time.Now()
	if p.terminal {
		if now.Sub(p.drawn) < 100*time.Millisecond && done < total {
			return
		}
		p.drawn = now
		full := barWidth * done / total
		fmt.Fprintf(p.out, "\r%-9s %s%s %d/%d%s\x1b[K", p.stage, strings.Repeat("█", full),
			strings.Repeat("░", barWidth-full), done, total, p.left(now, done, total))
		if done == total {
			fmt.Fprintln(p.out)
		}
		return
	}
	if tenth := 10 * done / total; tenth > p.tenth {
		p.tenth = tenth
		fmt.Fprintf(p.out, "%s: %d of %d%s\n", p.stage, done, total, p.left(now, done, total))
	}
}

// left is the time that the rest takes at the speed so far.
func (p *progress) left(now time.Time, done, total int) string {
	if done <= p.first || done == total {
		return fmt.Sprintf(", %s", now.Sub(p.began).Round(time.Second))
	}
	rest := now.Sub(p.began) / time.Duration(done-p.first) * time.Duration(total-done)
	return fmt.Sprintf(", %s left", rest.Round(time.Second))
}
