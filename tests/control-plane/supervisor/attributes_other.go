//go:build !linux

package main

import "syscall"

// A process group of its own keeps Ctrl-C in a terminal from the servers.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
