//go:build e2e && linux

package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	lower  = "../../.tools/boot/root" // made by install.sh
	binary = "../../bin/helios"       // made by make build

	volumeID = "vol-0123456789abcdef0"
	patience = time.Minute // for what a machine does; a boot that hangs is told of by its script
)

// aws is the network of a machine, and all that is in it beside the machine: the bucket of artifacts and CloudFormation's handles.
type aws struct {
	run chan func() // on a thread that is in the network
	url string

	mu      sync.Mutex
	objects map[string]string // files, by their keys
	used    bool              // handles that have served their time refuse, as do presigned URLs
	signals []told
}

// told is what somebody told a handle.
type told struct {
	path, contentType string
	Status            string `json:"Status"`
	UniqueID          string `json:"UniqueId"`
	Data              string `json:"Data"`
	Reason            string `json:"Reason"`
}

// newNetwork makes a network namespace that is reached from one thread of this process. The thread ends with the test.
func newNetwork(t *testing.T) *aws {
	t.Helper()
	a := &aws{run: make(chan func()), objects: map[string]string{}}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread is of no use to anybody else
		err := syscall.Unshare(syscall.CLONE_NEWNET)
		if err == nil {
			err = exec.Command("ip", "link", "set", "lo", "up").Run()
		}
		made <- err
		for do := range a.run {
			do()
		}
	}()
	t.Cleanup(func() { close(a.run) })
	require.NoError(t, <-made, "the test needs a network of its own, which this machine does not allow: run it as root, outside of containers")

	var listener net.Listener
	var err error
	a.do(func() { listener, err = net.Listen("tcp", "127.0.0.1:9000") })
	require.NoError(t, err)
	a.url = "http://127.0.0.1:9000"
	server := &http.Server{Handler: a, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return a
}

func (a *aws) do(what func()) {
	done := make(chan struct{})
	a.run <- func() { defer close(done); what() }
	<-done
}

// ServeHTTP gives objects away and takes signals.
func (a *aws) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if file, ok := a.objects[strings.TrimPrefix(r.URL.Path, "/")]; ok && r.Method == http.MethodGet {
		http.ServeFile(w, r, file)
		return
	}
	if r.Method != http.MethodPut || r.URL.Query().Get("Signature") != secret {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	var s told
	if err != nil || json.Unmarshal(body, &s) != nil {
		http.Error(w, string(body), http.StatusBadRequest)
		return
	}
	s.path, s.contentType = r.URL.Path, r.Header.Get("Content-Type")
	a.signals = append(a.signals, s)
	if a.used {
		w.WriteHeader(http.StatusForbidden)
	}
}

// last is the newest signal; there must be exactly one more than before.
func (a *aws) last(t *testing.T, before int) told {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	require.Len(t, a.signals, before+1)
	return a.signals[before]
}

func (a *aws) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.signals)
}

// disk is a volume: a file behind a loop device.
type disk struct{ file, device string }

func newDisk(t *testing.T, size int64, content func(*os.File)) *disk {
	t.Helper()
	d := &disk{file: filepath.Join(t.TempDir(), "volume")}
	f, err := os.Create(d.file)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	content(f)
	require.NoError(t, f.Close())
	d.device = strings.TrimSpace(host(t, "losetup", "--find", "--show", d.file))
	t.Cleanup(func() { host(t, "losetup", "--detach", d.device) })
	return d
}

// host runs a program of this system.
func host(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	require.NoError(t, err, "this needs root, and loop devices: %s %s\n%s", name, strings.Join(args, " "), out)
	return string(out)
}

// machine is one that is switched on.
type machine struct {
	unshare *exec.Cmd
	first   string // the id of its first process, as this system knows it
	off     sync.Once
}

// switchOn boots a machine whose root volume is in dir, with disks attached. It is switched off at the end of the test, if not
// before.
func switchOn(t *testing.T, a *aws, dir string, disks map[string]*disk) *machine {
	t.Helper()
	group := filepath.Join(cgroups(t), "helios-boot-"+filepath.Base(dir)+"-"+strconv.Itoa(os.Getpid()))
	require.NoError(t, os.MkdirAll(group, 0o755))
	root, err := filepath.Abs(lower)
	require.NoError(t, err)
	args := []string{
		"-c", `echo $$ >"$1/cgroup.procs"; shift; exec unshare --mount --pid --uts --ipc --cgroup --fork --kill-child "$@"`,
		"bash", group, "./machine.sh", root, dir,
	}
	for id, d := range disks {
		args = append(args, id, d.device)
	}
	m := &machine{unshare: exec.Command("bash", args...)}
	var said bytes.Buffer
	m.unshare.Stdout, m.unshare.Stderr = &said, &said
	a.do(func() { err = m.unshare.Start() })
	require.NoError(t, err)
	t.Cleanup(func() {
		m.switchOff()
		empty(t, group)
	})
	pid := strconv.Itoa(m.unshare.Process.Pid)
	require.Eventually(t, func() bool {
		children, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
		m.first = strings.TrimSpace(string(children))
		if m.first == "" {
			return false
		}
		program, _ := os.Readlink("/proc/" + m.first + "/exe")
		return strings.HasSuffix(program, "/systemd") && m.try("systemctl", "is-system-running", "--wait") == nil
	}, patience, 50*time.Millisecond, "the machine does not start: %s", &said)
	return m
}

// switchOff ends all that runs in a machine, as a lack of power does, and waits until its disks are free.
func (m *machine) switchOff() {
	m.off.Do(func() {
		if pid, err := strconv.Atoi(m.first); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // all others end with it
		} else {
			_ = m.unshare.Process.Kill()
		}
		_ = m.unshare.Wait()
	})
}

// cgroups is where the hierarchy of version 2 is mounted.
func cgroups(t *testing.T) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	require.NoError(t, err)
	for line := range strings.Lines(string(mounts)) {
		if field := strings.Fields(line); field[2] == "cgroup2" {
			return field[1]
		}
	}
	require.Fail(t, "the machine's systemd needs a cgroup2 file system, and there is none")
	return ""
}

// empty removes a group of processes that have ended, with the groups in it.
func empty(t *testing.T, group string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_ = exec.Command("find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+").Run()
		_, err := os.Stat(group)
		return errors.Is(err, fs.ErrNotExist)
	}, patience, 20*time.Millisecond)
}

func (m *machine) command(name string, args ...string) (*exec.Cmd, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--target", m.first, "--all", "--root", "--wd", "--", name}, args...)...)
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root"}
	return cmd, cancel
}

// try runs a program in the machine, as root.
func (m *machine) try(name string, args ...string) error {
	cmd, cancel := m.command(name, args...)
	defer cancel()
	return cmd.Run()
}

// sh runs a line of shell in the machine, as root, and gives what it says.
func (m *machine) sh(t *testing.T, line string) string {
	t.Helper()
	cmd, cancel := m.command("bash", "-euo", "pipefail", "-c", line)
	defer cancel()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", line, out)
	return strings.TrimSpace(string(out))
}

// userData runs a script as cloud-init does, and gives its code.
func (m *machine) userData(t *testing.T, script string) int {
	t.Helper()
	cmd, cancel := m.command("bash", "-c", "cat >/var/tmp/part-001 && chmod 0700 /var/tmp/part-001 && exec /var/tmp/part-001")
	defer cancel()
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	t.Logf("user data: %v\n%s", err, out)
	require.NotNil(t, cmd.ProcessState)
	return cmd.ProcessState.ExitCode()
}
