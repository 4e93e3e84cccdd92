//go:build !linux

package supervise

// volunteer does nothing where the kernel takes no such hints.
func volunteer() {}

// Memory is 0: this system does not tell cheaply how much memory a process has in use.
func Memory() int64 { return 0 }
