package bench

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"tandem/record"
)

// FolderName is where the results of a run lie by default: SUITE-MODEL-HASH. The hash is of all that makes it another run, so that
// the same request finds its own results and resumes them, and no other one's: the suite, the model, the decoders, the plan,
// the version, since another one cannot resume, and where the run was asked to happen, such as a device. How programs are
// judged, and what is shown, is not in it.
func FolderName(h record.Header, where ...string) string {
	run := struct {
		Suite, Model, Dtype, Version, Commit string
		Plan                                 record.PlanInfo
		Decoders, Where                      []string
		Shard                                *record.Shard `json:",omitempty"`
	}{h.Suite.SHA256, h.Model.SHA256, h.Model.Dtype, h.Environment.Version, h.Environment.Commit, withoutExtra(h.Plan), nil, where, h.Shard}
	for _, d := range h.Decoders {
		run.Decoders = append(run.Decoders, d.Name)
	}
	text, err := json.Marshal(run)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return fmt.Sprintf("%s-%s-%.4x", fileName(h.Suite.Name), fileName(h.Model.Name), sha256.Sum256(text))
}

// fileName makes the last part of a name fit for a file: letters, digits, dots and dashes, 40 of them at most.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, filepath.Base(filepath.Clean(name)))
	return name[:min(len(name), 40)]
}
