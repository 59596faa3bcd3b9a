// A stand-in for tests: a proxy before a PostgreSQL server that behaves towards clients as CockroachDB does, and refuses what
// CockroachDB refuses. It parses every statement with CockroachDB's own parser.
//
//	cockroach-standin --target HOST:PORT --directory DIR [--version v25.2.1] [--weather PERCENT --seed N] [--statements FILE]
//
// Listens on a free port of 127.0.0.1. DIR/port holds the port, DIR/pid the process, DIR/control is a socket that takes one command
// a connection (see control.go). catalog.sql must have been run in the databases behind. --weather lets that share of BEGINs,
// statements and COMMITs fail with 40001. Every statement that comes is appended to FILE once.
package main

import (
	"flag"
	"fmt"
	"hash/maphash"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type server struct {
	target     string
	translator *translator
	weather    *weather
	pause      atomic.Int64 // milliseconds before each answer
	mutex      sync.Mutex
	sessions   map[*session]bool
	most       int // connections; 0: any number
	numbers    numbers
	seen       map[uint64]bool // hashes of statements
	statements *os.File
}

var hashSeed = maphash.MakeSeed()

// numbers are what "stats" prints.
type numbers struct {
	Statements  map[string]int `json:"statements"`
	Refused     int            `json:"refused"`
	Injected    map[string]int `json:"injected"`
	Distinct    int            `json:"distinct"`
	Connections int            `json:"connections"`
}

func (s *server) enter(c *session) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.most > 0 && len(s.sessions) >= s.most {
		return false
	}
	s.sessions[c] = true
	s.numbers.Connections++
	return true
}

func (s *server) leave(c *session) {
	s.mutex.Lock()
	delete(s.sessions, c)
	s.mutex.Unlock()
}

func (s *server) count(add func(*numbers)) {
	s.mutex.Lock()
	add(&s.numbers)
	s.mutex.Unlock()
}

// note remembers a statement that a client sent.
func (s *server) note(text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	hash := maphash.String(hashSeed, text)
	if s.seen[hash] || len(text) > longestKnown {
		return
	}
	s.seen[hash] = true
	if s.statements == nil {
		return
	}
	text = strings.TrimRight(strings.TrimSpace(text), ";") + ";\n"
	if list, _ := s.translator.translate(text); len(list) == 1 && list[0].kind == copyIn {
		text += "\\.\n"
	}
	_, _ = s.statements.WriteString(text)
}

func main() {
	target := flag.String("target", "", "HOST:PORT of the server behind")
	directory := flag.String("directory", "", "where port, pid and control go")
	version := flag.String("version", "v25.2.1", "of CockroachDB")
	percent := flag.Float64("weather", 0, "percentage of statements that fail with 40001")
	seed := flag.Int64("seed", 1, "of the weather")
	statements := flag.String("statements", "", "file for the statements that come")
	flag.Parse()
	if *target == "" || *directory == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	s := &server{target: *target, weather: newWeather(*percent, *seed), sessions: map[*session]bool{}, seen: map[uint64]bool{},
		numbers: numbers{Statements: map[string]int{}}}
	adaptVariables(*version)
	s.translator = newTranslator("CockroachDB CCL " + *version + " (x86_64-pc-linux-gnu, built 2025/01/01 00:00:00, go1.23.7)")
	if err := s.run(*directory, *statements); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (s *server) run(directory, statements string) (err error) {
	if statements != "" {
		if s.statements, err = os.OpenFile(statements, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	control, err := net.Listen("unix", filepath.Join(directory, "control"))
	if err != nil {
		return err
	}
	go s.obey(control)
	go endWithParent()
	if err = os.WriteFile(filepath.Join(directory, "pid"), []byte(fmt.Sprintln(os.Getpid())), 0o644); err != nil {
		return err
	}
	port := filepath.Join(directory, "port")
	if err = os.WriteFile(port+".new", []byte(fmt.Sprintln(listener.Addr().(*net.TCPAddr).Port)), 0o644); err != nil {
		return err
	}
	if err = os.Rename(port+".new", port); err != nil {
		return err
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go s.serve(client)
	}
}

// endWithParent: the stand-in goes with whoever started it.
func endWithParent() {
	parent := os.Getppid()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	for parent == 1 || os.Getppid() == parent {
		select {
		case <-signals:
			os.Exit(0)
		case <-time.After(500 * time.Millisecond):
		}
	}
	os.Exit(0)
}
