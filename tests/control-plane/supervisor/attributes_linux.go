package main

import "syscall"

// A process group of its own keeps Ctrl-C in a terminal from the servers; the
// death signal ends them should the supervisor itself be killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
