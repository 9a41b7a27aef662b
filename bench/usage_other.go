//go:build !unix

package bench

import "time"

// readUsage reads the time alone: what else the system tells is not read here.
func readUsage() usage { return usage{at: time.Now()} }
