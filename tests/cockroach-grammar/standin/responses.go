// From PostgreSQL to the client.
package main

import (
	"encoding/binary"
	"io"
	"time"
)

// Parameters that CockroachDB reports nothing of.
var unreported = words("default_transaction_read_only in_hot_standby scram_iterations search_path")

func (c *session) responses() {
	for {
		if c.fromBase.Buffered() == 0 && c.toUser.Flush() != nil {
			return
		}
		kind, length, err := c.fromBase.start()
		if err != nil {
			_ = c.toUser.Flush()
			return
		}
		if kind == 'D' || kind == 'd' {
			if err = c.row(kind, length); err != nil {
				return
			}
			continue
		}
		body, err := c.fromBase.rest(length)
		if err != nil || c.dropped.Load() {
			return
		}
		c.response(kind, body)
	}
}

func (c *session) response(kind byte, body []byte) {
	front := c.answers.front()
	switch kind {
	case 'S':
		c.parameter(body)
		return
	case 'R', 'K', 'A', 'v':
		if kind == 'K' {
			c.report("crdb_version", c.server.translator.version)
		}
		writeMessage(c.toUser, kind, body)
		return
	}
	if front == nil { // before the first ReadyForQuery, or the last words of a server
		if kind == 'Z' {
			c.answers.ready(body[0])
		}
		writeMessage(c.toUser, kind, body)
		return
	}
	switch kind {
	case 'N':
		if !front.current().hidden {
			writeMessage(c.toUser, kind, withoutPosition(body))
		}
	case 'E':
		c.failed(front, body)
	case '1', '2', '3':
		c.pass(front, kind, body)
		c.answers.pop()
	case 'T', 'n':
		c.described(front, kind, body)
	case 'C', 'I', 's':
		c.completed(front, kind, body)
	case 'Z':
		c.answers.ready(body[0])
		if !front.hidden || c.failing {
			c.server.delayed(c)
			writeMessage(c.toUser, kind, body)
		}
		c.failing = false
		c.answers.pop()
	case 'V':
		c.pass(front, kind, body)
	default: // parameters of a statement, the beginnings and ends of COPY
		c.pass(front, kind, body)
	}
}

// current is the statement that is being answered.
func (a *answer) current() *step {
	if a.at < len(a.steps) {
		return &a.steps[a.at]
	}
	return &a.step
}

func (c *session) pass(front *answer, kind byte, body []byte) {
	if !front.current().hidden {
		writeMessage(c.toUser, kind, body)
	}
}

// What a failure is known by that the stand-in brought about: the column or portal that is not there, the COPY that it ended.
var intended = words("42703 34000 57014")

func (c *session) failed(front *answer, body []byte) {
	c.answers.mutex.Lock()
	why := front.current().fails
	c.answers.mutex.Unlock()
	if why != nil && intended[field(body, 'C')] {
		body = why.body("ERROR")
	} else {
		body = withoutPosition(body)
	}
	c.failing = true
	if front.kind != 'Q' && field(body, 'V') != "FATAL" {
		c.answers.skip()
	}
	writeMessage(c.toUser, 'E', body)
}

func (c *session) completed(front *answer, kind byte, body []byte) {
	now := *front.current()
	if now.drop {
		c.drop()
		return
	}
	if !now.hidden {
		if now.tag != "" {
			body = append([]byte(now.tag), 0)
		}
		writeMessage(c.toUser, kind, body)
	}
	if front.kind == 'Q' {
		front.at++
		front.own = columns{}
		return
	}
	c.answers.pop()
}

// described reads what the rows to come are like.
func (c *session) described(front *answer, kind byte, body []byte) {
	into := front.columns
	if front.portal != nil {
		into = &front.portal.columns
	} else if front.kind == 'Q' {
		into = &front.own
	}
	if kind == 'T' {
		read := readColumns(body)
		if into != nil {
			*into = read
		}
	}
	c.pass(front, kind, body)
	if front.kind == 'D' {
		c.answers.pop()
	}
}

// readColumns also turns json into jsonb, which is all that CockroachDB has.
func readColumns(body []byte) columns {
	f := fields{left: body}
	read := columns{known: true, plain: true}
	for n := f.int16(); n > 0 && !f.bad; n-- {
		f.text()
		f.take(6)
		at := f.left
		kind := f.int32()
		f.take(6)
		text := f.int16() == 0
		switch kind {
		case oidJSON:
			binary.BigEndian.PutUint32(at, oidJSONB)
		case oidJSONArray:
			binary.BigEndian.PutUint32(at, oidJSONBArray)
		}
		var reword form
		if text {
			reword = formOf(kind)
		}
		read.forms = append(read.forms, reword)
		read.plain = read.plain && reword == nil
	}
	return read
}

// columnsOf returns how the rows of the message that is being answered are to be reworded.
func (front *answer) columnsOf() *columns {
	if front.kind == 'Q' {
		return &front.own
	}
	p := front.portal
	if p == nil {
		return &columns{plain: true}
	}
	if !p.known && p.statement != nil && p.statement.columns.known {
		p.columns = columns{known: true, plain: true}
		for i, reword := range p.statement.columns.forms {
			format := 0
			if len(p.formats) == 1 {
				format = p.formats[0]
			} else if i < len(p.formats) {
				format = p.formats[i]
			}
			if format != 0 {
				reword = nil
			}
			p.forms = append(p.forms, reword)
			p.plain = p.plain && reword == nil
		}
	}
	return &p.columns
}

// row passes one row on. Rows that need no rewording are not held in memory.
func (c *session) row(kind byte, length int) error {
	front := c.answers.front()
	if front == nil || front.current().hidden {
		_, err := c.fromBase.Discard(length)
		return err
	}
	if kind == 'd' && front.lines != nil {
		body, err := c.fromBase.rest(length)
		if err == nil {
			writeMessage(c.toUser, kind, front.lines.reword(body))
		}
		return err
	}
	forms := front.columnsOf()
	if kind == 'd' || forms.plain || !forms.known {
		writeHead(c.toUser, kind, length)
		if length <= c.fromBase.Size()/2 {
			body, err := c.fromBase.Peek(length)
			_, _ = c.toUser.Write(body)
			_, _ = c.fromBase.Discard(len(body))
			return err
		}
		_, err := io.CopyN(c.toUser, c.fromBase, int64(length))
		return err
	}
	body, err := c.fromBase.rest(length)
	if err != nil {
		return err
	}
	writeMessage(c.toUser, kind, c.reword(body, forms.forms))
	return nil
}

func (c *session) reword(body []byte, forms []form) []byte {
	f := fields{left: body}
	out := binary.BigEndian.AppendUint16(c.scratch[:0], uint16(f.int16()))
	for i := 0; len(f.left) > 0 && !f.bad; i++ {
		length := f.int32()
		if length < 0 {
			out = binary.BigEndian.AppendUint32(out, 1<<32-1)
			continue
		}
		value := f.take(length)
		if i < len(forms) && forms[i] != nil {
			value = forms[i](value)
		}
		out = binary.BigEndian.AppendUint32(out, uint32(len(value)))
		out = append(out, value...)
	}
	c.scratch = out
	return out
}

func (c *session) parameter(body []byte) {
	f := fields{left: body}
	name := f.text()
	switch {
	case unreported[name]:
	case name == "server_version":
		c.report(name, serverVersion)
	default:
		writeMessage(c.toUser, 'S', body)
	}
}

func (c *session) report(name, value string) {
	writeMessage(c.toUser, 'S', []byte(name+"\x00"+value+"\x00"))
}

func (s *server) delayed(c *session) {
	if pause := s.pause.Load(); pause > 0 {
		_ = c.toUser.Flush()
		time.Sleep(time.Duration(pause) * time.Millisecond)
	}
}
