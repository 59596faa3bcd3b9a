// Messages of PostgreSQL's protocol, version 3: one byte for the kind, four for the length with themselves, the body.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

const header = 5

// What CockroachDB takes in one message; a longer one is read away and answered by an error.
const longestMessage = 16 << 20

var errBroken = errors.New("broken message")

// reader reads messages into one buffer, which the next message overwrites.
type reader struct {
	*bufio.Reader
	body []byte
}

func newReader(r io.Reader) *reader { return &reader{Reader: bufio.NewReaderSize(r, 1<<16)} }

// start returns kind and length of the next message's body, which is still to be read.
func (r *reader) start() (kind byte, length int, err error) {
	var head [header]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return 0, 0, err
	}
	length = int(int32(binary.BigEndian.Uint32(head[1:]))) - 4
	if length < 0 {
		return 0, 0, errBroken
	}
	return head[0], length, nil
}

func (r *reader) rest(length int) ([]byte, error) {
	if cap(r.body) < length || cap(r.body) > 1<<20 && length < 1<<16 {
		r.body = make([]byte, length, length+length/4+512)
	}
	r.body = r.body[:length]
	_, err := io.ReadFull(r, r.body)
	return r.body, err
}

func writeHead(w *bufio.Writer, kind byte, length int) {
	var head [header]byte
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(length+4))
	_, _ = w.Write(head[:])
}

// Errors of a bufio.Writer stay until Flush, where they are looked at.
func writeMessage(w *bufio.Writer, kind byte, body []byte) {
	writeHead(w, kind, len(body))
	_, _ = w.Write(body)
}

// fields takes the body of a message apart; bad after the first that is not there.
type fields struct {
	left []byte
	bad  bool
}

func (f *fields) take(n int) []byte {
	if n < 0 || n > len(f.left) {
		f.bad, f.left = true, nil
		return nil
	}
	taken := f.left[:n]
	f.left = f.left[n:]
	return taken
}

func (f *fields) int16() int {
	if b := f.take(2); b != nil {
		return int(int16(binary.BigEndian.Uint16(b)))
	}
	return 0
}

func (f *fields) int32() int {
	if b := f.take(4); b != nil {
		return int(int32(binary.BigEndian.Uint32(b)))
	}
	return 0
}

func (f *fields) text() string {
	for i, c := range f.left {
		if c == 0 {
			text := string(f.left[:i])
			f.left = f.left[i+1:]
			return text
		}
	}
	f.bad = true
	return ""
}

// failure is an error as a client sees it.
type failure struct {
	code, message, hint string
}

func (f *failure) body(severity string) []byte {
	body := append([]byte("S"), severity...)
	body = append(append(body, 0, 'V'), severity...)
	body = append(append(body, 0, 'C'), f.code...)
	body = append(append(body, 0, 'M'), f.message...)
	if f.hint != "" {
		body = append(append(body, 0, 'H'), f.hint...)
	}
	return append(body, 0, 0)
}

// field returns one field of an ErrorResponse or NoticeResponse.
func field(body []byte, name byte) string {
	f := fields{left: body}
	for len(f.left) > 1 {
		kind := f.take(1)[0]
		text := f.text()
		if kind == name {
			return text
		}
	}
	return ""
}

// withoutPosition drops where in the statement an error was found: it is another statement than the client's.
func withoutPosition(body []byte) []byte {
	f := fields{left: body}
	kept := make([]byte, 0, len(body))
	for len(f.left) > 1 && !f.bad {
		kind := f.take(1)[0]
		text := f.text()
		if kind != 'P' {
			kept = append(append(append(kept, kind), text...), 0)
		}
	}
	return append(kept, 0)
}
