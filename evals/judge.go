package evals

import (
	"errors"
	"fmt"

	"tandem/evals/sandbox"
)

// A WeakSandbox is the error of a machine that isolates programs, but too weakly for code that is not trusted.
type WeakSandbox struct{ Tier sandbox.Tier }

// Error names the isolation.
func (w *WeakSandbox) Error() string {
	return fmt.Sprintf("this machine isolates programs with %s only, too little for code from elsewhere", w.Tier)
}

// NewJudge makes a judge of programs with the best isolation of this machine. Code that is not trusted could read the user's files
// below the tiers with namespaces: there the error is a *WeakSandbox.
func NewJudge(trusted bool) (*sandbox.Runner, error) {
	if trusted {
		return sandbox.New(sandbox.Options{})
	}
	judge, err := sandbox.New(sandbox.Options{Minimum: sandbox.NamespacesSeccomp})
	if err == nil || errors.Is(err, sandbox.ErrNoPython) {
		return judge, err
	}
	if weak, weakErr := sandbox.New(sandbox.Options{}); weakErr == nil {
		return nil, errors.Join(&WeakSandbox{weak.Tier()}, weak.Close())
	}
	return nil, err
}
