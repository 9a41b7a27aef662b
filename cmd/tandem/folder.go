package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"tandem/datasets"
	"tandem/decoders"
	"tandem/record"
	"tandem/transformer/checkpoint"
)

// folder is where the results lie by default: results/SUITE-MODEL-HASH. The hash is of all that makes it another run, so that
// the same command line finds its own results and resumes them, and no other one's. How programs are judged, and what is
// shown, is not in it; the program's version is, since another one cannot resume.
func (c runCmd) folder(suite datasets.Suite, model *checkpoint.Model, plan []decoders.Settings) string {
	c.Extra = 0 // the same run goes on with another budget
	run := struct {
		Suite, Model, Dtype, Device, Kernels, Version, Commit string
		Threads                                               int
		Plan                                                  record.PlanInfo
		Decoders                                              []string
	}{suite.SHA256, model.SHA256, string(model.Weights.Dtype), c.Device, c.Kernels, version, commit, c.Threads, c.plan(), nil}
	for _, s := range plan {
		run.Decoders = append(run.Decoders, s.Name())
	}
	text, err := json.Marshal(run)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return filepath.Join("results", fmt.Sprintf("%s-%s-%.4x", fileName(suite.Name), fileName(model.Name), sha256.Sum256(text)))
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
