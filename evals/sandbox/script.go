package sandbox

import _ "embed"

// The parts of the scripts that the interpreters run.
var (
	//go:embed python/frames.py
	framesPy string
	//go:embed python/wire.py
	wirePy string
	//go:embed python/guest.py
	guestPy string
	//go:embed python/referee.py
	refereePy string
	//go:embed python/beside.py
	besidePy string
)

// A script is a Python program that the sandbox starts.
type script string

var (
	guestScript   = script(framesPy + wirePy + guestPy)   // the candidate's process, C
	refereeScript = script(framesPy + wirePy + refereePy) // the test's process, T
	besideScript  = script(framesPy + besidePy)           // both in one
)
