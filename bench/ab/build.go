package ab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Resolve makes a program of a build's name: the path of a binary, "." for the tree of the current folder as it is, or what git knows as
// a commit, which is built below dir in a work tree of its own. What dir holds of the commit is taken as it is.
func Resolve(ctx context.Context, name, dir string) (Program, error) {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		if info.Mode()&0o111 == 0 {
			return Program{}, fmt.Errorf("%s is no program: make it executable, or name a commit", name)
		}
		path, err := filepath.Abs(name)
		return Program{Name: name, Path: path}, err
	}
	root, err := output(ctx, "", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return Program{}, fmt.Errorf("%s is no binary, and this folder is no git repository in which it could be a commit", name)
	}
	if name == "." {
		path := filepath.Join(dir, "working-tree")
		return Program{Name: "working tree", Path: path}, build(ctx, root, path, "")
	}
	commit, err := output(ctx, root, "git", "rev-parse", "--verify", "--quiet", name+"^{commit}")
	if err != nil {
		return Program{}, fmt.Errorf("%s is neither a binary nor a commit of this repository: fetch it first", name)
	}
	path := filepath.Join(dir, commit[:12])
	if _, err := os.Stat(path); err == nil {
		return Program{Name: name, Path: path}, nil
	}
	return Program{Name: name, Path: path}, buildCommit(ctx, root, commit, path)
}

// buildCommit builds a commit in a work tree that is removed afterwards.
func buildCommit(ctx context.Context, root, commit, path string) (err error) {
	tree, err := os.MkdirTemp("", "tandem-ab-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree)
	tree = filepath.Join(tree, "tree")
	if _, err := output(ctx, root, "git", "worktree", "add", "--detach", tree, commit); err != nil {
		return err
	}
	defer func() {
		_, removed := output(context.WithoutCancel(ctx), root, "git", "worktree", "remove", "--force", tree)
		err = errors.Join(err, removed)
	}()
	return build(ctx, tree, path, commit[:12])
}

// build compiles the command of a tree. The result takes its place when it is whole.
func build(ctx context.Context, tree, path, commit string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-o", path + ".part"}
	if commit != "" {
		args = append(args, "-ldflags", "-X main.commit="+commit)
	}
	if _, err := output(ctx, tree, "go", append(args, "./cmd/tandem")...); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// output runs a command and returns what it prints; its error holds the last line that it complains with.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	complaint := &tail{}
	cmd.Stderr = complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, args[0], err, complaint.last())
	}
	return strings.TrimSpace(string(out)), nil
}
