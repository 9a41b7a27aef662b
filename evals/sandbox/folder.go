//go:build linux

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// folderPrefix begins the names of the folders of runs, in the folder for temporary files.
const folderPrefix = "tandem-sandbox-run-"

// A folder is that of one run. It is locked as long as its judge lives, by which another judge tells it from a leftover.
type folder struct {
	path string
	lock *os.File
}

// newFolder makes a folder and locks it. File systems without locks go without: nothing there is a leftover.
func newFolder() (folder, error) {
	for range 100 {
		path, err := os.MkdirTemp("", folderPrefix)
		if err != nil {
			return folder{}, err
		}
		lock, err := lockFolder(path)
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, os.ErrNotExist) {
			continue // another judge takes it for a leftover
		}
		if err != nil && !errors.Is(err, errNoLock) {
			os.Remove(path)
			return folder{}, err
		}
		return folder{path, lock}, nil
	}
	return folder{}, fmt.Errorf("no folder in %s stays: is something removing them?", os.TempDir())
}

// errNoLock says that a file system has no locks.
var errNoLock = errors.New("no locks here")

// lockFolder locks a folder, no symbolic link, of this user or of a user id that his programs run under.
func lockFolder(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil && err != syscall.EWOULDBLOCK {
			err = fmt.Errorf("%w: %w", errNoLock, err)
		}
	}
	if err == nil {
		var now os.FileInfo
		if now, err = os.Lstat(path); err == nil && !os.SameFile(now, info) {
			err = os.ErrNotExist
		}
	}
	if err == nil && !ours(int(info.Sys().(*syscall.Stat_t).Uid)) {
		err = fmt.Errorf("%s is another user's", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ours says whether a folder of the user id is this user's.
func ours(uid int) bool {
	pool := firstUID <= uid && uid < firstUID+refereeUIDs+guestUIDs
	return uid == os.Geteuid() || pool && os.Geteuid() == 0
}

// remove removes the folder. A process that is being killed may still be writing to it.
func (f folder) remove() {
	for deadline := time.Now().Add(grace); errors.Is(os.RemoveAll(f.path), syscall.ENOTEMPTY) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	f.lock.Close() // nil is fine
}

// removeLeftovers removes the folders of judges that were killed.
func removeLeftovers() {
	entries, _ := os.ReadDir(os.TempDir())
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), folderPrefix) {
			continue
		}
		path := filepath.Join(os.TempDir(), entry.Name())
		if lock, err := lockFolder(path); err == nil {
			folder{path, lock}.remove()
		}
	}
}
