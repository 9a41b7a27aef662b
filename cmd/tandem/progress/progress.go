// Package progress shows on a terminal, or in a log, how far a stage of the work is.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// A Bar shows how far a stage is: a bar that is redrawn on a terminal, elsewhere a line for each tenth.
type Bar struct {
	out      io.Writer
	stage    string
	terminal bool
	began    time.Time
	drawn    time.Time
	tenth    int
	first    int // done at the first report: what an earlier run left
	started  bool
}

// New begins the bar of a stage.
func New(out io.Writer, stage string) *Bar {
	f, ok := out.(*os.File)
	return &Bar{out: out, stage: stage, terminal: ok && term.IsTerminal(int(f.Fd())), began: time.Now()}
}

// width of the bar, in cells.
const barWidth = 30

// Report is called after each item. Nothing is shown where the total is not known, 0.
func (b *Bar) Report(done, total int) {
	if total <= 0 {
		return
	}
	if !b.started {
		b.started, b.first, b.tenth = true, done-1, 10*(done-1)/total
	}
	now := time.Now()
	if b.terminal {
		if now.Sub(b.drawn) < 100*time.Millisecond && done < total {
			return
		}
		b.drawn = now
		full := barWidth * done / total
		fmt.Fprintf(b.out, "\r%-9s %s%s %d/%d%s\x1b[K", b.stage, strings.Repeat("█", full),
			strings.Repeat("░", barWidth-full), done, total, b.left(now, done, total))
		if done == total {
			fmt.Fprintln(b.out)
		}
		return
	}
	if tenth := 10 * done / total; tenth > b.tenth {
		b.tenth = tenth
		fmt.Fprintf(b.out, "%s: %d of %d%s\n", b.stage, done, total, b.left(now, done, total))
	}
}

// left is the time that the rest takes at the speed so far.
func (b *Bar) left(now time.Time, done, total int) string {
	if done <= b.first || done == total {
		return fmt.Sprintf(", %s", now.Sub(b.began).Round(time.Second))
	}
	rest := now.Sub(b.began) / time.Duration(done-b.first) * time.Duration(total-done)
	return fmt.Sprintf(", %s left", rest.Round(time.Second))
}
