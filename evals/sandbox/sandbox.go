// Package sandbox runs an untrusted Python program against its tests and says what came of it.
package sandbox

import (
	"time"

	"tandem/record"
)

// A Program is a candidate and the test that judges it.
type Program struct {
	Source     string // the candidate's whole source text
	Test       string // Python that defines check(candidate)
	EntryPoint string // name of the function that check is given
}

// Limits bound one run. The zero value of a field means its default.
type Limits struct {
	CPU    time.Duration // processor time; the limit that counts; default 3 s
	Wall   time.Duration // default 4 x CPU
	Memory int64         // bytes of address space; default 1 GiB
	Output int64         // bytes on stdout and stderr together; default 1 MiB
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
