package flags

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestLeast: a number below its least value is named, one of a list, too.
func TestLeast(t *testing.T) {
	for args, want := range map[string]string{
		"go --one 1 --list 2,3": "",
		"go --one 0":            "--one must be at least 1, not 0",
		"go --list 2,1":         "--list must be at least 2, not 1",
		"go --free=-7":          "",
		"go --one many":         `--one wants a whole number, not "many"; see ` + "`app go --help`",
		"go --one=1 --list= -h": "",
		"go --one=1 --list=":    "--list must be at least one number",
		"come":                  "unexpected argument come; see `app --help`",
		"go --free":             "--free wants a value; see `app go --help`",
	} {
		var target struct {
			Go struct {
				One  int   `default:"1" least:"1"`
				List []int `default:"2" least:"2"`
				Free int
			} `cmd:""`
		}
		var out bytes.Buffer
		parsed, err := Parse(&target, &out, &out, strings.Fields(args), kong.Name("app"))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if help := strings.HasSuffix(args, "-h"); got != want || help != (parsed == nil && err == nil) {
			t.Errorf("%s: %v and %q, want %q", args, parsed, got, want)
		}
	}
}
