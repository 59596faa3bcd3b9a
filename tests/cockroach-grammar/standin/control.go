package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
)

// Commands of the control socket:
//
//	inject begin|statement|commit|copy WHAT [COUNT] [MATCH]
//	    the next COUNT (1) of these whose statement contains MATCH fail; for commit, of whose transaction a statement contains
//	    it. WHAT is 40001; for commit also deadline (40001 of a transaction that is too long), 40003-applied, 40003-lost (the
//	    client is told that the result is ambiguous: it was committed, or rolled back), drop-applied, drop-lost (the connection
//	    is reset instead); for statement also these four, where it is in no transaction, 53200, 55C01, 58C00; for copy also
//	    53200, drop. A copy fails after its first rows.
//	drop            resets all connections there are
//	delay MS        goes before each answer from now on
//	connections N   refuses more than N connections at a time with 53300; 0: takes any number
//	weather PERCENT that share of BEGINs, statements and COMMITs fails with 40001
//	stats           prints a JSON object
//	reset           forgets injections, delay, limit, weather and numbers
func (s *server) obey(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			line, _ := bufio.NewReader(conn).ReadString('\n')
			answer, err := s.command(strings.Fields(line))
			if err != nil {
				answer = "error: " + err.Error()
			}
			fmt.Fprintln(conn, answer)
		}()
	}
}

func (s *server) command(words []string) (string, error) {
	if len(words) == 0 {
		return "", fmt.Errorf("no command")
	}
	rest := words[1:]
	switch {
	case words[0] == "inject" && len(rest) >= 2:
		return "ok", s.inject(rest)
	case words[0] == "drop" && len(rest) == 0:
		s.mutex.Lock()
		defer s.mutex.Unlock()
		for c := range s.sessions {
			c.drop()
		}
	case (words[0] == "delay" || words[0] == "connections" || words[0] == "weather") && len(rest) == 1:
		n, err := strconv.ParseFloat(rest[0], 64)
		if err != nil {
			return "", err
		}
		s.mutex.Lock()
		defer s.mutex.Unlock()
		switch words[0] {
		case "delay":
			s.pause.Store(int64(n))
		case "connections":
			s.most = int(n)
		default:
			s.weather.set(n)
		}
	case words[0] == "stats" && len(rest) == 0:
		return s.stats()
	case words[0] == "reset" && len(rest) == 0:
		s.pause.Store(0)
		s.weather.reset()
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.most, s.seen = 0, map[uint64]bool{}
		s.numbers = numbers{Statements: map[string]int{}}
	default:
		return "", fmt.Errorf("unknown command")
	}
	return "ok", nil
}

func (s *server) inject(words []string) error {
	at, what, count := words[0], words[1], 1
	words = words[2:]
	if len(words) > 0 {
		if n, err := strconv.Atoi(words[0]); err == nil {
			count, words = n, words[1:]
		}
	}
	return s.weather.inject(at, what, count, strings.Join(words, " "))
}

func (s *server) stats() (string, error) {
	s.weather.mutex.Lock()
	injected := maps.Clone(s.weather.injected)
	s.weather.mutex.Unlock()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.numbers.Injected, s.numbers.Distinct = injected, len(s.seen)
	text, err := json.Marshal(s.numbers)
	return string(text), err
}
