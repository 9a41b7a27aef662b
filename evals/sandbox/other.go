//go:build !linux

package sandbox

import (
	"context"
	"fmt"
)

// errSystem is what every judge answers where there is no sandbox.
var errSystem = fmt.Errorf("sandbox: %w: judging programs needs Linux, whose namespaces, Landlock and seccomp are the sandbox", ErrNoSandbox)

// Options say how a Runner is made.
type Options struct {
	Python  string
	Minimum Tier
}

// A Runner runs programs. There are none on this system.
type Runner struct{}

// New fails with ErrNoSandbox on this system.
func New(Options) (*Runner, error) { return nil, errSystem }

// Run fails on this system.
func (*Runner) Run(context.Context, Program, Limits) (Outcome, error) { return Outcome{}, errSystem }

// Close does nothing.
func (*Runner) Close() error { return nil }

// Tier is empty on this system.
func (*Runner) Tier() Tier { return "" }

// Python is empty on this system.
func (*Runner) Python() string { return "" }

// Explain says why there is no sandbox.
func (*Runner) Explain() []string { return []string{errSystem.Error()} }

func launcherMain() int { return 2 }
