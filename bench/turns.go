package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// Ready is the line that a process writes when it waits for its turn.
const Ready = "ready"

// Turns is a Setup.Turn by which another process says when this one decodes: before each group of decodings it writes the line Ready
// to out and waits for a line on in. Whoever gives the turns can so interleave several processes.
func Turns(in io.Reader, out io.Writer) func(context.Context) error {
	lines := bufio.NewReader(in)
	return func(ctx context.Context) error {
		if _, err := fmt.Fprintln(out, Ready); err != nil {
			return fmt.Errorf("turns: %w", err)
		}
		if _, err := lines.ReadString('\n'); err != nil {
			return errors.Join(ctx.Err(), errors.New("turns: the process that gave them has gone"))
		}
		return ctx.Err()
	}
}
