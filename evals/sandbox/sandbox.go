// Package sandbox runs an untrusted Python program against its tests and says what came of it.
//
// A run passes through three processes:
//
//  1. Runner.Run starts the program's own binary again as the launcher, in new user, pid, net, mount, ipc and uts
//     namespaces where the machine allows them. Main, called first in main, turns that process into the launcher.
//  2. The launcher builds a read-only view of the file system that holds little but Python, confines itself with
//     Landlock and seccomp, and starts the interpreter under another user id where it can. It watches processor
//     time, wall time and output, ends everything when one runs out, and reports an Outcome.
//  3. The interpreter runs driver.py: it bounds itself with rlimits, reads the job from a descriptor, runs the
//     candidate, then check(candidate). Only a check that came to its end makes it write the verdict, on another
//     descriptor and behind a random nonce. Exit status and output decide nothing.
//
// What a candidate returns is compared only if it is made of exact builtin types, so that an object which equals
// everything is a failure; the test sees builtins that were copied before the candidate ran.
//
// Note: the candidate and its test share one interpreter. A program written against this very file can walk the
// frames above it to the test, its expected values or the nonce, and so forge a verdict; it cannot leave the
// sandbox by that. The code of a language model that does not know this file is judged rightly. Two more limits:
// processor time is that of the interpreter and of the children it waited for, and others end at the wall limit;
// peak memory is never below that of the launcher (a few MB), which the kernel counts to the interpreter.
package sandbox

import (
	"time"

	"tandem/record"
)

// A Program is a candidate and the test that judges it.
type Program struct {
	Source     string // the candidate's whole source text
	Setup      string // trusted Python that runs before the test: the prompt's own imports and helpers
	Test       string // Python that defines check(candidate)
	EntryPoint string // name of the function that check is given; also bound to this name in the test's globals
	Beside     bool   // the test needs the candidate's own classes or objects
}

// Limits bound one run. The zero value of a field means its default.
type Limits struct {
	CPU    time.Duration // processor time; the limit that counts; default 3 s
	Wall   time.Duration // default 4 x CPU
	Memory int64         // bytes of address space; default 1 GiB
	Output int64         // bytes on stdout and stderr together; default 1 MiB
}

// orDefault fills in the fields that are zero.
func (l Limits) orDefault() Limits {
	if l.CPU <= 0 {
		l.CPU = 3 * time.Second
	}
	if l.Wall <= 0 {
		l.Wall = 4 * l.CPU
	}
	if l.Memory <= 0 {
		l.Memory = 1 << 30
	}
	if l.Output <= 0 {
		l.Output = 1 << 20
	}
	return l
}

// An Outcome is what one run came to.
type Outcome struct {
	Result record.Result
	Detail string        // one line: the exception, the failed assertion, the limit
	CPU    time.Duration // of the candidate
	Wall   time.Duration
	Memory int64 // peak resident bytes
	Tier   Tier
}

// A Tier is the strength of the isolation that a run had.
type Tier string
