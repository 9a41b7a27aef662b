package main

import "runtime/debug"

// version and commit are what was built: "+dirty" marks a modified tree, and "unknown" is a build that nobody stamped, such
// as go run's. The Makefile sets them with -ldflags -X.
var (
	version = "unknown"
	commit  = "unknown"
)

// stamp takes what is not set from the stamps that go build leaves in a binary.
func stamp(info *debug.BuildInfo, ok bool) {
	if !ok {
		return
	}
	if v := info.Main.Version; version == "unknown" && v != "" && v != "(devel)" {
		version = v
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	if revision := set["vcs.revision"]; commit == "unknown" && revision != "" {
		commit = revision[:min(12, len(revision))]
		if set["vcs.modified"] == "true" {
			commit += "+dirty"
		}
	}
}
