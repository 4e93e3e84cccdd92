//go:build linux || darwin

package supervise

import "syscall"

// apart gives a worker a process group of its own: what a person types at the terminal reaches it only through its supervisor.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// keep keeps inherited files from being inherited on: a helper that outlives the worker would hold the pipes open.
func keep(files ...int) {
	for _, fd := range files {
		syscall.CloseOnExec(fd)
	}
}
