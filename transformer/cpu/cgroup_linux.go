package cpu

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A groupVersion is how a version of control groups tells of memory: files of a group's folder, and how the lines of memory.stat
// begin that count the cached files, which the group can drop.
type groupVersion struct {
	line        string // of /proc/self/cgroup, before the group's path
	root        string // below /sys/fs/cgroup
	limit, used string
	cached      []string
}

var groupVersions = []groupVersion{
	{"0::", "", "memory.max", "memory.current", []string{"inactive_file ", "active_file "}},
	{"memory:", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", []string{"total_inactive_file ", "total_active_file "}},
}

// groupMemory is how many bytes this process's control groups leave it, by the files below root; ok is false where none has a
// limit. In a container a group's path may be the host's, so that only the folders above it are there.
func groupMemory(root string) (free int64, ok bool) {
	groups, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(groups)) {
		for _, v := range groupVersions {
			_, group, own := strings.Cut(strings.TrimSpace(line), v.line)
			for group = path.Clean("/" + group); own; group = path.Dir(group) {
				if left, limited := v.left(filepath.Join(root, "sys/fs/cgroup", v.root, group)); limited && (!ok || left < free) {
					free, ok = left, true
				}
				own = group != "/"
			}
		}
	}
	return free, ok
}

// left is what the limit of a group's folder leaves.
func (v groupVersion) left(dir string) (free int64, limited bool) {
	limit, ok := number(dir, v.limit, "")
	used, known := number(dir, v.used, "")
	if !ok || !known {
		return 0, false
	}
	for _, line := range v.cached {
		cached, _ := number(dir, "memory.stat", line)
		used -= cached
	}
	return max(limit-used, 0), true
}

// number is the one that follows a prefix at the beginning of a line of a file.
func number(dir, name, prefix string) (n int64, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, prefix); found {
			_, err := fmt.Sscan(rest, &n)
			return n, err == nil
		}
	}
	return 0, false
}
