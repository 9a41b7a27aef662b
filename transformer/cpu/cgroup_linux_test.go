package cpu

import (
	"os"
	"path/filepath"
	"testing"
)

// TestGroupMemory reads trees of both versions of control groups: the tightest group up to the root counts, without its cache.
func TestGroupMemory(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		free  int64
		ok    bool
	}{
		"none":     {map[string]string{"proc/self/cgroup": "0::/\n"}, 0, false},
		"no limit": {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n", "sys/fs/cgroup/a/memory.current": "5\n"}, 0, false},
		"version 2": {map[string]string{"proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.current": "600\n",
			"sys/fs/cgroup/a/memory.max": "1000\n", "sys/fs/cgroup/a/memory.current": "700\n",
			"sys/fs/cgroup/a/memory.stat": "anon 500\nfile 200\ninactive_file 150\nactive_file 40\n"}, 1000 - 700 + 190, true},
		"version 1": {map[string]string{"proc/self/cgroup": "5:cpu,cpuacct:/\n4:memory:/docker/x\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "1000\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "1100\n",
			"sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 30\ntotal_active_file 20\n"}, 0, true},
	} {
		root := t.TempDir()
		for path, text := range c.files {
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if free, ok := groupMemory(root); free != c.free || ok != c.ok {
			t.Errorf("%s: %d bytes, %v; want %d, %v", name, free, ok, c.free, c.ok)
		}
	}
}
