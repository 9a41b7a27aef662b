//go:build linux

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"tandem/record"
)

// Options say how a Runner is made. The zero value takes the first python3 on the PATH and the best tier.
type Options struct {
	Python  string // path or name of the interpreter
	Minimum Tier   // New fails where the machine offers less; empty: any tier will do
}

// A Runner runs programs, any number at a time. It keeps processes that are ready for tests until Close.
type Runner struct {
	plan        plan
	explanation []string
	pool        pool // of processes for tests
}

// Close ends the processes that the Runner keeps. It is not to be used any more; what it still runs goes on.
func (r *Runner) Close() error {
	r.pool.close()
	return nil
}

// New finds the interpreter and the strongest tier that works here, by running a small program in each. It fails
// with ErrNoPython where there is no interpreter, and with ErrNoSandbox where the best tier is below the minimum. It also
// removes what killed judges of the same user have left in the folder for temporary files.
func New(options Options) (*Runner, error) {
	if !mainCalled {
		return nil, errors.New("sandbox: Main must be called first in main, or in TestMain")
	}
	minimum := options.Minimum
	if minimum == "" {
		minimum = ResourceLimitsOnly
	}
	if err := minimum.valid(); err != nil {
		return nil, err
	}
	pythons, err := findPythons(options.Python)
	if err != nil {
		return nil, err
	}
	removeLeftovers()
	return probe(tiers[:minimum.rank()+1], pythons)
}

// probe returns a Runner with the first plan that can judge a right and a wrong program.
func probe(tiers []Tier, pythons []interpreter) (*Runner, error) {
	var refused []string
	for _, tier := range tiers {
		reason := ""
		for _, plan := range plans(tier, pythons, os.Geteuid() == 0) {
			r := &Runner{plan: plan}
			err := r.works()
			if err == nil {
				r.explanation = append([]string{"runs with " + plan.String()}, refused...)
				if !plan.namespaces() {
					r.explanation = append(r.explanation, mends()...)
				}
				return r, nil
			}
			r.Close()
			if reason == "" { // one plan's of a tier says enough
				reason = fmt.Sprintf("not with %s: %v", tier, err)
			}
		}
		refused = append(refused, reason)
	}
	return nil, fmt.Errorf("sandbox: %w: %s", ErrNoSandbox, strings.Join(refused, "; "))
}

// works runs a program that passes and one that fails.
func (r *Runner) works() error {
	for _, try := range []struct {
		value string
		want  record.Result
	}{{"1", record.Pass}, {"2", record.Fail}} {
		program := Program{
			Source:     "def f():\n    return " + try.value + "\n",
			Test:       "def check(candidate):\n    assert candidate() == 1\n",
			EntryPoint: "f",
		}
		out, err := r.Run(context.Background(), program, Limits{})
		if err != nil {
			return err
		}
		if out.Result != try.want {
			return fmt.Errorf("%s: %s", out.Result, out.Detail)
		}
	}
	return nil
}

// Tier returns the isolation that every run of this Runner has.
func (r *Runner) Tier() Tier { return r.plan.Tier }

// Python returns the version of the interpreter, "3.11.7".
func (r *Runner) Python() string { return r.plan.Python.Version }

// Explain says in a few lines what the runs use, why each stronger tier was not possible, and what would help.
func (r *Runner) Explain() []string { return r.explanation }

// switches are the settings of Linux that forbid namespaces to users, and the values that do.
var switches = []struct{ path, forbids, mend string }{
	{"/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=15000"},
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
	{"/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"},
}

// mends says what would allow namespaces here.
func mends() (lines []string) {
	for _, s := range switches {
		if value, err := os.ReadFile(s.path); err == nil && strings.TrimSpace(string(value)) == s.forbids {
			lines = append(lines, "for namespaces, as root: "+s.mend)
		}
	}
	if lines == nil {
		lines = []string{"for namespaces in a container: start it with --security-opt seccomp=unconfined --security-opt systempaths=unconfined, or --privileged"}
	}
	return lines
}
