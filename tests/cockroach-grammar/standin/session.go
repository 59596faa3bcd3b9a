// One connection: its start, and what both directions share.
package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
)

const (
	requestSSL    = 80877103
	requestGSSENC = 80877104
	requestCancel = 80877102
	serverVersion = "13.0.0"
)

type prepared struct {
	*translation
	columns columns // of its rows, in text
}

type session struct {
	server   *server
	client   net.Conn
	backend  net.Conn
	fromUser *reader
	toUser   *bufio.Writer // of the reader of answers
	fromBase *reader
	toBase   *bufio.Writer // of the reader of requests
	answers  answers
	dropped  atomic.Bool
	scratch  []byte // of the reader of answers
	failing  bool   // an error has come since the last ReadyForQuery; of the same

	// Of the reader of requests.
	statements  map[string]*prepared
	portals     map[string]*portal
	executed    int      // statements since the last Sync
	turned      kind     // the last BEGIN, COMMIT or ROLLBACK since then
	transaction []string // its statements, while one is begun; else nil
	autocommit  bool
	copying     *rowsIn
	rows        rowsIn
}

func (s *server) serve(client net.Conn) {
	defer client.Close()
	c := &session{server: s, client: client, fromUser: newReader(client), statements: map[string]*prepared{}, portals: map[string]*portal{}, autocommit: own["autocommit_before_ddl"] == "on"}
	c.answers.changed.L = &c.answers.mutex
	packet, version, err := c.startup()
	if err != nil {
		return
	}
	if version == requestCancel {
		s.cancel(packet)
		return
	}
	c.toUser = bufio.NewWriterSize(client, 1<<16)
	packet, failed := c.options(packet, version)
	if failed == nil && !s.enter(c) {
		failed = &failure{"53300", "sorry, too many clients already", ""}
	} else if failed == nil {
		defer s.leave(c)
	}
	if failed == nil {
		if c.backend, err = net.Dial("tcp", s.target); err != nil {
			failed = &failure{"57P03", "cannot reach the server behind: " + err.Error(), ""}
		}
	}
	if failed != nil {
		writeMessage(c.toUser, 'E', failed.body("FATAL"))
		_ = c.toUser.Flush()
		return
	}
	defer c.backend.Close()
	c.fromBase, c.toBase = newReader(c.backend), bufio.NewWriterSize(c.backend, 1<<16)
	_, _ = c.toBase.Write(packet)
	if c.toBase.Flush() != nil {
		return
	}
	go func() {
		c.requests()
		c.backend.Close()
	}()
	c.responses()
	c.answers.end()
	c.client.Close()
}

// startup returns the first packet that is not a wish for encryption.
func (c *session) startup() ([]byte, int, error) {
	for {
		var head [8]byte
		if _, err := io.ReadFull(c.fromUser, head[:]); err != nil {
			return nil, 0, err
		}
		length, version := int(binary.BigEndian.Uint32(head[:])), int(binary.BigEndian.Uint32(head[4:]))
		if length < 8 || length > 1<<16 {
			return nil, 0, errBroken
		}
		packet := append([]byte(nil), head[:]...)
		packet = append(packet, make([]byte, length-8)...)
		if _, err := io.ReadFull(c.fromUser, packet[8:]); err != nil {
			return nil, 0, err
		}
		if version != requestSSL && version != requestGSSENC {
			return packet, version, nil
		}
		if _, err := c.client.Write([]byte("N")); err != nil {
			return nil, 0, err
		}
	}
}

// options returns the start-up packet without what only CockroachDB knows.
func (c *session) options(packet []byte, version int) ([]byte, *failure) {
	out := make([]byte, 8, len(packet)+64)
	f := fields{left: packet[8:]}
	for len(f.left) > 1 && !f.bad {
		name, value := f.text(), f.text()
		switch lower := strings.ToLower(name); lower {
		case "user", "database":
		case "replication":
			return nil, &failure{"0A000", "unimplemented: replication connections", ""}
		case "options":
			var failed *failure
			if value, failed = c.settings(value); failed != nil {
				return nil, failed
			}
		default:
			if strings.HasPrefix(lower, "_pq_.") {
				break
			}
			if failed := c.preset(lower, value); failed != nil {
				return nil, failed
			}
			if _, isOwn := own[lower]; isOwn {
				name = "crdb_standin." + lower
			}
		}
		out = append(append(append(append(out, name...), 0), value...), 0)
	}
	// There every transaction is serializable that does not ask for less.
	out = append(out, "default_transaction_isolation\x00serializable\x00"...)
	out = append(out, "crdb_standin.version\x00"+c.server.translator.version+"\x00\x00"...)
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	binary.BigEndian.PutUint32(out[4:], uint32(version))
	return out, nil
}

// preset looks at a variable that is set from the start.
func (c *session) preset(name, value string) *failure {
	if failed := knownVariable(name); failed != nil {
		return failed
	}
	if failed := validValue(name, strings.ToLower(value)); failed != nil {
		return failed
	}
	c.set(name, strings.ToLower(value))
	return nil
}

func (c *session) set(name, value string) {
	if name == "autocommit_before_ddl" {
		c.autocommit = value != "off" && value != "false" && value != "0"
	}
}

// settings takes "-c name=value ..." apart: words end at blanks, unless a backslash goes before one.
func (c *session) settings(text string) (string, *failure) {
	var kept []string
	var list []string
	var word strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			word.WriteString(text[i : i+2])
			i++
		case strings.IndexByte(" \t\n", text[i]) < 0:
			word.WriteByte(text[i])
		case word.Len() > 0:
			list = append(list, word.String())
			word.Reset()
		}
	}
	if word.Len() > 0 {
		list = append(list, word.String())
	}
	for i := 0; i < len(list); i++ {
		setting := strings.TrimPrefix(list[i], "--")
		if list[i] == "-c" && i+1 < len(list) {
			i++
			setting = list[i]
		} else if strings.HasPrefix(list[i], "-c") {
			setting = list[i][2:]
		}
		name, value, ok := strings.Cut(setting, "=")
		name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
		if !ok {
			return "", &failure{"08P01", "option \"" + list[i] + "\" is invalid, check -c or -- prefix", ""}
		}
		if name == "cluster" {
			continue
		}
		if failed := c.preset(name, strings.ReplaceAll(value, `\`, "")); failed != nil {
			return "", failed
		}
		if _, isOwn := own[name]; isOwn {
			name = "crdb_standin." + name
		}
		kept = append(kept, "-c", name+"="+value)
	}
	return strings.Join(kept, " "), nil
}

func (s *server) cancel(packet []byte) {
	backend, err := net.Dial("tcp", s.target)
	if err != nil {
		return
	}
	defer backend.Close()
	_, _ = backend.Write(packet)
	_, _ = io.Copy(io.Discard, backend)
}

// drop ends the connection as a lost network does.
func (c *session) drop() {
	c.dropped.Store(true)
	if tcp, ok := c.client.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.client.Close()
	if c.backend != nil {
		c.backend.Close()
	}
}
