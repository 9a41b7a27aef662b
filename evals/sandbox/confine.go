//go:build linux

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	landlock "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// workDir is the one place that a program can write to, in the launcher's own view of the file system.
const workDir = "/tmp"

// uid is the user id of the interpreter, 0 for the launcher's own.
func (req request) uid() int {
	switch {
	case !req.Plan.OtherUID:
		return 0
	case req.Plan.namespaces():
		return 1
	}
	return req.UID
}

// confine takes from this process, and so from all that it starts, what the plan's tier says.
func (req request) confine() error {
	runtime.LockOSThread() // Landlock and seccomp hold for this thread, from which the interpreter is forked
	work := req.Dir
	if req.Plan.namespaces() {
		if err := req.enterView(); err != nil {
			return fmt.Errorf("own view of the file system: %w", err)
		}
		work = workDir
	}
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) // refused to all but root, and only root has something to lose
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if req.Plan.landlock() {
		if err := restrictPaths(req.Plan.Python.view(), work); err != nil {
			return fmt.Errorf("landlock: %w", err)
		}
	}
	if req.Plan.seccomp() {
		if err := loadFilter(filter(req.Plan.namespaces())); err != nil {
			return fmt.Errorf("seccomp: %w", err)
		}
	}
	return nil
}

// enterView makes a small read-only file system of what Python needs and moves into it: bind mounts of its folders on
// a tmpfs, a few devices, and a folder to write to. Nothing else of the machine has a name there.
func (req request) enterView() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	root := req.Dir
	if err := unix.Mount("tmpfs", root, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=64m,nr_inodes=4096,mode=755"); err != nil {
		return fmt.Errorf("tmpfs: %w", err)
	}
	for _, path := range append(req.Plan.Python.view(), "/dev/null", "/dev/zero", "/dev/urandom") {
		if err := bind(path, root+path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := os.MkdirAll(root+workDir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", root+workDir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=64m,nr_inodes=4096,mode=777"); err != nil {
		return fmt.Errorf("tmpfs: %w", err)
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return unix.MountSetattr(unix.AT_FDCWD, "/", 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}

// bind shows the file or folder at from, read-only, at to. A symbolic link is made anew.
func bind(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	switch {
	case info.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case info.IsDir():
		err = os.MkdirAll(to, 0o755)
	default:
		err = os.WriteFile(to, nil, 0o644)
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind mount: %w", err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID}
	if info.Mode()&os.ModeDevice != 0 {
		attr.Attr_set = unix.MOUNT_ATTR_NOSUID
	}
	return unix.MountSetattr(unix.AT_FDCWD, to, unix.AT_RECURSIVE, &attr)
}

// What Landlock handles, by the version of its interface, and what a program may do to what it can read.
const (
	handledV1 = 1<<13 - 1 // execute … make_sym
	readable  = landlock.AccessFSExecute | landlock.AccessFSReadFile | landlock.AccessFSReadDir
	onFiles   = landlock.AccessFSExecute | landlock.AccessFSReadFile | landlock.AccessFSWriteFile | landlock.AccessFSTruncate | landlock.AccessFSIoctlDev
)

// handled is all of the rights that the kernel's Landlock knows.
func handled(version int) uint64 {
	rights := uint64(handledV1)
	for v, right := range map[int]uint64{2: landlock.AccessFSRefer, 3: landlock.AccessFSTruncate, 5: landlock.AccessFSIoctlDev} {
		if version >= v {
			rights |= right
		}
	}
	return rights
}

// scoped keeps a program's signals and abstract sockets to itself, on the kernels that can.
func scoped(version int) uint64 {
	if version < 6 {
		return 0
	}
	return landlock.ScopeSignal | landlock.ScopeAbstractUnixSocket
}

// restrictPaths lets Landlock permit this thread, and what it starts, to read the view and to write below work alone.
// A kernel without Landlock is an error. The library's own call for all threads needs /proc, which the view lacks.
func restrictPaths(view []string, work string) error {
	version, err := landlock.LandlockGetABIVersion()
	if err != nil {
		return err
	}
	all := handled(version)
	rules, err := landlock.LandlockCreateRuleset(&landlock.RulesetAttr{HandledAccessFS: all, Scoped: scoped(version)}, 0)
	if err != nil {
		return err
	}
	defer unix.Close(rules)
	allow := func(path string, rights uint64) error {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		defer unix.Close(fd)
		var stat unix.Stat_t
		if err := unix.Fstat(fd, &stat); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
			rights &= onFiles
		}
		return landlock.LandlockAddPathBeneathRule(rules, &landlock.PathBeneathAttr{ParentFd: fd, AllowedAccess: rights & all}, 0)
	}
	for _, path := range view {
		if err := allow(path, readable); err != nil {
			return err
		}
	}
	for _, path := range []string{"/dev/null", "/dev/zero", "/dev/urandom"} {
		if err := allow(path, landlock.AccessFSReadFile|landlock.AccessFSWriteFile); err != nil {
			return err
		}
	}
	if err := allow(work, all&^landlock.AccessFSExecute); err != nil {
		return err
	}
	return landlock.LandlockRestrictSelf(rules, 0)
}

// refused are the system calls that no program of the suites needs and that reach out of the sandbox or deep into the
// kernel: other processes' memory, sockets, mounts, namespaces, keys, probes.
var refused = []string{
	"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "socket", "keyctl", "add_key", "request_key",
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "mount", "umount2",
	"pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "kexec_load", "init_module",
	"finit_module", "delete_module", "reboot", "swapon", "swapoff", "acct", "quotactl", "settimeofday",
	"clock_settime", "sethostname", "setdomainname", "personality", "memfd_secret", "move_pages", "mbind",
	"migrate_pages", "set_mempolicy", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
}

// refusedOutside are refused where no pid and ipc namespaces keep them inside: leaving the process group, by which all
// that a program starts is ended; signals to the user's other processes and changes of how these run; memory and
// queues that outlive the program.
var refusedOutside = []string{
	"setsid", "setpgid", "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal",
	"setpriority", "ioprio_set", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
	"process_madvise", "shmget", "msgget", "semget", "mq_open",
}

// refusedArguments are calls that are refused with an argument: those that set the owner of a descriptor, who gets its
// signals, and limits of another process.
var refusedArguments = []seccomp.NameWithConditions{
	{Name: "fcntl", Conditions: seccomp.ArgumentConditions{{Argument: 1, Operation: seccomp.Equal, Value: unix.F_SETOWN}}},
	{Name: "fcntl", Conditions: seccomp.ArgumentConditions{{Argument: 1, Operation: seccomp.Equal, Value: unix.F_SETOWN_EX}}},
	{Name: "prlimit64", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.NotEqual, Value: 0}}},
}

// filter is the seccomp filter.
func filter(namespaces bool) seccomp.Policy {
	deny := seccomp.SyscallGroup{Action: seccomp.ActionErrno, Names: refused, NamesWithCondtions: slices.Clone(refusedArguments)}
	if !namespaces {
		deny.Names = slices.Concat(refused, refusedOutside)
	}
	for _, flag := range []uint64{unix.CLONE_NEWUSER, unix.CLONE_NEWNS, unix.CLONE_NEWPID, unix.CLONE_NEWNET} {
		deny.NamesWithCondtions = append(deny.NamesWithCondtions, seccomp.NameWithConditions{Name: "clone",
			Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.BitsSet, Value: flag}}})
	}
	// clone3 hides its flags from the filter; libraries fall back to clone when it does not exist.
	absent := seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}}
	return seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: []seccomp.SyscallGroup{deny, absent}}
}

// loadFilter puts this thread, and what it starts, under the filter. The library's own loader lets the calls of another
// architecture pass (int 0x80 on x86-64), whose numbers the filter does not know: here they kill the process.
func loadFilter(policy seccomp.Policy) error {
	body, err := policy.Assemble()
	if err != nil {
		return err
	}
	native, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	const archOffset = 4 // of seccomp_data
	program := append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(native.ID), SkipTrue: 1},
		bpf.RetConstant{Val: uint32(seccomp.ActionKillProcess)},
	}, body...)
	raw, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	_, _, errno := unix.Syscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}

// endAll ends what the program has left behind. In a pid namespace that is everything else; without one the judge
// ends the process group.
func (p plan) endAll() {
	if p.namespaces() {
		unix.Kill(-1, unix.SIGKILL)
	}
}

// endGroup does so for a judge that is gone, and ends the launcher too.
func (p plan) endGroup() {
	if !p.namespaces() {
		done := make(chan error)
		go func() { done <- unix.Kill(0, unix.SIGKILL) }() // from another thread: this one may send no signals
		<-done
	}
}
