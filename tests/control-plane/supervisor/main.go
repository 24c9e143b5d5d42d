// Command supervisor owns the servers of one test process.
//
// It reads one JSON request a line from stdin and writes one JSON line to
// stdout for each: the answer to a request (it carries the request's id), or
// the news that a server ended on its own or by request (it carries "exit").
// When stdin closes, however the test process ended, it kills every server,
// removes the directories it was given, and ends.
//
//	{"id":1,"op":"start","name":"a/etcd","path":"/…/etcd","args":["…"],"env":["K=V"],"log":"/…/etcd.log"}
//	{"id":2,"op":"signal","name":"a/etcd","signal":"stop"}     stop, cont, term or kill
//	{"id":3,"op":"stop","name":"a/etcd","millis":5000}         term, then kill; answers when it is gone
//	{"id":4,"op":"own","dir":"/tmp/…"}                         remove it at the end
//	{"id":5,"op":"release","name":"a/","dir":"/tmp/…"}         kill all named a/… and what they started, then remove the directory
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

type request struct {
	ID     int      `json:"id"`
	Op     string   `json:"op"`
	Name   string   `json:"name"`
	Path   string   `json:"path"`
	Args   []string `json:"args"`
	Env    []string `json:"env"`
	Log    string   `json:"log"`
	Signal string   `json:"signal"`
	Millis int      `json:"millis"`
	Dir    string   `json:"dir"`
}

type answer struct {
	ID    int    `json:"id,omitempty"`
	Pid   int    `json:"pid,omitempty"`
	Error string `json:"error,omitempty"`
	Exit  string `json:"exit,omitempty"`
	How   string `json:"how,omitempty"`
}

type server struct {
	process *os.Process
	gone    chan struct{}
}

type supervisor struct {
	lock    sync.Mutex
	servers map[string]*server
	dirs    map[string]bool
	out     sync.Mutex
}

var signals = map[string]syscall.Signal{
	"stop": syscall.SIGSTOP, "cont": syscall.SIGCONT, "term": syscall.SIGTERM, "kill": syscall.SIGKILL,
}

// The kernel ties the death signal of a child to the thread that started it:
// all servers are started by the main thread, which lives as long as we do.
func init() { runtime.LockOSThread() }

func main() {
	s := &supervisor{servers: map[string]*server{}, dirs: map[string]bool{}}
	requests := make(chan request)
	go read(requests)
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	// A test process that is gone cannot read the answers: that is no reason to end before the servers do.
	signal.Ignore(syscall.SIGPIPE)
	for {
		select {
		case r, open := <-requests:
			if !open {
				s.end()
				return
			}
			s.handle(r)
		case <-ended:
			s.end()
			return
		}
	}
}

func read(requests chan<- request) {
	defer close(requests)
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			fmt.Fprintln(os.Stderr, "supervisor: not a request:", err)
			return
		}
		requests <- r
	}
}

func (s *supervisor) say(a answer) {
	s.out.Lock()
	defer s.out.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(a)
}

func (s *supervisor) reply(id, pid int, err error) {
	a := answer{ID: id, Pid: pid}
	if err != nil {
		a.Error = err.Error()
	}
	s.say(a)
}

func (s *supervisor) handle(r request) {
	switch r.Op {
	case "start":
		pid, err := s.start(r)
		s.reply(r.ID, pid, err)
	case "signal":
		s.reply(r.ID, 0, s.signal(r.Name, r.Signal))
	case "stop":
		go func() { s.reply(r.ID, 0, s.stop(r.Name, time.Duration(r.Millis)*time.Millisecond)) }()
	case "own":
		s.lock.Lock()
		s.dirs[r.Dir] = true
		s.lock.Unlock()
		s.reply(r.ID, 0, nil)
	case "release":
		go func() {
			s.kill(r.Name)
			err := os.RemoveAll(r.Dir)
			s.lock.Lock()
			delete(s.dirs, r.Dir)
			s.lock.Unlock()
			s.reply(r.ID, 0, err)
		}()
	default:
		s.reply(r.ID, 0, fmt.Errorf("unknown request %q", r.Op))
	}
}

func (s *supervisor) find(name string) (*server, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if found := s.servers[name]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("%s does not run", name)
}

func (s *supervisor) start(r request) (int, error) {
	if running, _ := s.find(r.Name); running != nil {
		return 0, fmt.Errorf("%s runs already", r.Name)
	}
	log, err := os.OpenFile(r.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	command := exec.Command(r.Path, r.Args...)
	command.Env = append(withoutProxies(os.Environ()), r.Env...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = attributes()
	if err := command.Start(); err != nil {
		return 0, err
	}
	started := &server{process: command.Process, gone: make(chan struct{})}
	s.lock.Lock()
	s.servers[r.Name] = started
	s.lock.Unlock()
	go func() {
		how := "exit status 0"
		if err := command.Wait(); err != nil {
			how = err.Error()
		}
		// Said first: who then asks for the same name again hears nothing more of this one.
		s.say(answer{Exit: r.Name, Pid: command.Process.Pid, How: how})
		s.lock.Lock()
		delete(s.servers, r.Name)
		s.lock.Unlock()
		close(started.gone)
	}()
	return command.Process.Pid, nil
}

func (s *supervisor) signal(name, which string) error {
	number, known := signals[which]
	if !known {
		return fmt.Errorf("unknown signal %q", which)
	}
	found, err := s.find(name)
	if err != nil {
		return err
	}
	return found.process.Signal(number)
}

func (s *supervisor) stop(name string, patience time.Duration) error {
	found, err := s.find(name)
	if err != nil {
		return nil
	}
	// A paused server cannot act on SIGTERM.
	_ = found.process.Signal(syscall.SIGTERM)
	_ = found.process.Signal(syscall.SIGCONT)
	select {
	case <-found.gone:
		return nil
	case <-time.After(patience):
	}
	if err := killGroup(found.process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-found.gone
	return nil
}

// A server may have started others: pilot-agent starts Envoy. Each server leads
// a process group of its own, and what it started is in it.
func killGroup(leader *os.Process) error {
	err := leader.Kill()
	if err == nil {
		_ = syscall.Kill(-leader.Pid, syscall.SIGKILL)
	}
	return err
}

func (s *supervisor) kill(prefix string) {
	s.lock.Lock()
	var ending []*server
	for name, found := range s.servers {
		if strings.HasPrefix(name, prefix) {
			ending = append(ending, found)
		}
	}
	s.lock.Unlock()
	for _, e := range ending {
		_ = killGroup(e.process)
	}
	for _, e := range ending {
		<-e.gone
	}
}

func (s *supervisor) end() {
	s.kill("")
	s.lock.Lock()
	defer s.lock.Unlock()
	for dir := range s.dirs {
		_ = os.RemoveAll(dir)
	}
}

// The servers talk to loopback addresses only; with these set, the API server
// would send its own calls through a proxy.
func withoutProxies(environment []string) []string {
	var kept []string
	for _, pair := range environment {
		name, _, _ := strings.Cut(pair, "=")
		switch strings.ToUpper(name) {
		case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY":
		default:
			kept = append(kept, pair)
		}
	}
	return kept
}
