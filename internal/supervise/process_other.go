//go:build !linux

package supervise

import "os"

// self is the file of this program.
func self() (string, error) { return os.Executable() }

// volunteer does nothing where the kernel takes no such hints.
func volunteer() {}

// Memory is 0: this system does not tell cheaply how much memory a process has in use.
func Memory() int64 { return 0 }
