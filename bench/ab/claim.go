package ab

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// claimFile says in a folder of rounds which builds they are of.
const claimFile = "builds.json"

// A Mismatch is the error of a folder that holds rounds of other builds, or of builds that were called otherwise: together with new ones
// they would tell nothing.
type Mismatch struct{ Path string }

// Error names the folder.
func (m *Mismatch) Error() string {
	return m.Path + " holds rounds of other builds, or of these with other arguments"
}

// claim writes down which builds the folder's rounds are of. One that is of others is a *Mismatch.
func (o Options) claim() error {
	type program struct {
		SHA256 string   `json:"sha256"`
		Env    []string `json:"env,omitempty"`
	}
	facts := struct {
		Builds []program `json:"builds"`
		Args   []string  `json:"args"`
		Seed   uint64    `json:"seed"`
	}{Args: o.Args("", true), Seed: o.Seed}
	for _, p := range o.Builds {
		sum, err := hashOf(p.Path)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		facts.Builds = append(facts.Builds, program{sum, p.Env})
	}
	text, err := json.MarshalIndent(facts, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(o.Out, claimFile)
	switch held, err := os.ReadFile(path); {
	case err == nil && !bytes.Equal(held, text):
		return &Mismatch{o.Out}
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if rounds, _ := filepath.Glob(filepath.Join(o.Out, "round-*")); len(rounds) > 0 {
		return &Mismatch{o.Out}
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// hashOf is the SHA-256 of a file, in hex.
func hashOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
