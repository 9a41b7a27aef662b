package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
)

type versionCmd struct {
	JSON bool `help:"Print JSON: version, commit, go, os."`
}

func (c versionCmd) Run(a *app) error {
	if c.JSON {
		return printJSON(a.stdout, map[string]string{"version": version, "commit": commit, "go": runtime.Version(), "os": platform})
	}
	_, err := fmt.Fprintln(a.stdout, versionText())
	return err
}

// platform is the system that the program was built for.
const platform = runtime.GOOS + "/" + runtime.GOARCH

// versionText is what `tandem version` and `tandem --version` print.
func versionText() string {
	return fmt.Sprintf("tandem %s (commit %s, %s %s)", version, commit, runtime.Version(), platform)
}

// printJSON writes v, indented.
func printJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
