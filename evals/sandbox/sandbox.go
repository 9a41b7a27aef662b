// Package sandbox runs an untrusted Python program against its tests and says what came of it, in a way that the
// program cannot forge.
//
// A judgement passes through these stations:
//
//  1. Runner.Run puts the candidate into a fresh process C, and takes a process T that is already warm: C runs the
//     candidate, T the test. Each is a Python interpreter in a sandbox of its own, so that neither can see or reach
//     the other. Source, and nothing else of the Program, enters C.
//  2. converse passes frames between the two. T runs Setup and the test; where that calls the candidate, T sends
//     the call and waits for C's answer. Plain data crosses, as wire.py writes it, and T makes exact builtin types
//     of it: what is compared can have no code of the candidate in it.
//  3. Only T gives the verdict, and "pass" only behind the last check. That C ends, in whatever way, before that
//     is a runtime error, and an answer that breaks the protocol too.
//  4. A clock runs for C: its processor time, and the time in which it sleeps although the judge waits for its answer
//     (clock.go). Neither other work on the machine nor the time of T counts. A limit that ended C is the verdict. Output is
//     read and dropped.
//
// The launcher is the program's own binary started again, in new user, pid, net, mount, ipc and uts namespaces where
// the machine allows them; Main, called first in main, turns that process into it. It builds a read-only view of the
// file system that holds little but Python, confines itself with Landlock and seccomp, and starts the interpreter
// under another user id where it can. T is confined in the same way, for a test comes from a file too; it forks for
// each test. C, its namespaces and its folder are new in each run.
//
// # What crosses
//
// None, bool, int, float, complex, str, bytes, bytearray, range, Ellipsis, and lists, tuples, sets, dicts, deques,
// Counters and their like of these, by value. Functions cross as stubs that call back, exceptions as the builtin ones
// that they are, named tuples of the candidate as tuples. Iterators are drained where they are, of 100 000 items at most, and
// arrive as iterators: a test that goes on with one that it gave away finds it at its end. An argument
// that the candidate changes in place is changed in T too. Any other object of the candidate's stays in C: T gets a
// stand-in that is true or false, as C says, equals nothing, and stands for the object in later calls.
//
// An object that crosses twice arrives as two. Data with a cycle in it does not cross: a candidate that returns some, or
// leaves some in an argument, fails. Data nested more than 100 deep is a runtime error.
//
// # What is not covered
//
//   - Program.Beside runs the test beside the candidate in C. A program written against beside.py can then walk the
//     frames above it to the test and forge a verdict. The Outcome is marked.
//   - Where a test calls helpers of the candidate that Setup does not define, it trusts their results.
//   - The tier Seccomp keeps no files of the user from the candidate: neither the suite's nor, below /proc, those by which
//     it could reach the judge and forge a verdict. ResourceLimitsOnly keeps nothing.
//   - Processor time is that of all C's processes, but for those that ended without a parent that waited for them. Sleep is
//     looked for each 10 ms: what is shorter counts by chance, and not at all where the judge has answered C in between. Where
//     /proc does not show C, processor time alone counts. What all this misses ends at the wall limit.
//   - Memory is bounded for each process, and there may be 64. The kernel counts the launcher's few MB to C's peak.
//   - A judge that is killed leaves no process behind. It may leave an empty folder in the folder for temporary files, in the
//     tiers without namespaces with C's files in it; the next judge of the same user removes it.
//   - The kernel itself, and what processor caches tell.
package sandbox

import (
	"errors"
	"time"

	"tandem/record"
)

// ErrNoSandbox says that this machine isolates no program, or none as strongly as was asked for.
var ErrNoSandbox = errors.New("no isolation that is strong enough works here")

// A Program is a candidate and the test that judges it.
type Program struct {
	Source     string // the candidate's whole source text; runs in C
	Setup      string // trusted Python that T runs before the test: the prompt's own imports and helpers
	Test       string // Python that defines check(candidate); runs in T
	EntryPoint string // name of the function that check is given; also bound to this name in the test's globals
	Beside     bool   // the test needs the candidate's own classes or objects: it runs beside the candidate in C, in the old way; the Outcome says so
	Seed       uint32 // of the hashes in C, which order its sets: runs with other seeds find programs that depend on it
}

// Limits bound one run. The zero value of a field means its default.
type Limits struct {
	CPU    time.Duration // processor time, and time in which the program sleeps where it could run; default 3 s
	Wall   time.Duration // for what the first one does not see; default 20 x CPU, so that a busy machine changes no verdict
	Memory int64         // bytes of address space; default 1 GiB
}

// orDefault fills in the fields that are zero.
func (l Limits) orDefault() Limits {
	if l.CPU <= 0 {
		l.CPU = 3 * time.Second
	}
	if l.Wall <= 0 {
		l.Wall = 20 * l.CPU
	}
	if l.Memory <= 0 {
		l.Memory = 1 << 30
	}
	return l
}

// An Outcome is what one run came to.
type Outcome struct {
	Result record.Result
	Detail string        // one line: the exception, the failed assertion, the limit
	Output string        // what the program wrote on stdout and stderr; of more than 128 KiB the first and the last 64 KiB
	CPU    time.Duration // of the candidate
	Wall   time.Duration
	Memory int64 // peak resident bytes
	Tier   Tier
	Beside bool // candidate and test shared a process: a candidate that knows this judge could have forged the result
}

// A Tier is the strength of the isolation that a run had.
type Tier string
