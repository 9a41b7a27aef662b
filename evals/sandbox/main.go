package sandbox

import "os"

// launcherName is the name under which the program's own binary is started as the launcher.
const launcherName = "tandem-sandbox-launcher"

// mainCalled says that Main was called, so that the own binary can serve as the launcher.
var mainCalled bool

// Main turns the process into the launcher where it was started as one, and then does not return. Every program that
// makes a Runner calls it first in main, or in TestMain.
func Main() {
	mainCalled = true
	if len(os.Args) > 0 && os.Args[0] == launcherName {
		os.Exit(launcherMain())
	}
}
