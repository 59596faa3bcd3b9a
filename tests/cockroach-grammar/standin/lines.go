// The rows of a COPY ... TO, reworded.
package main

import (
	"bytes"
	"strings"
)

// lines holds how they are written; each message brings one.
type lines struct {
	columns
	csv   bool
	delim byte
	null  string
	out   []byte
}

func (l *lines) reword(line []byte) []byte {
	l.out = l.out[:0]
	line = bytes.TrimSuffix(line, []byte("\n"))
	for column, at := 0, 0; at <= len(line); column++ {
		if column > 0 {
			l.out = append(l.out, l.delim)
		}
		var value []byte
		var null bool
		value, null, at = l.field(line, at)
		if !null && column < len(l.forms) && l.forms[column] != nil {
			value = l.forms[column](value)
		}
		switch {
		case null:
			l.out = append(l.out, l.null...)
		case l.csv:
			l.quote(value)
		default:
			l.escape(value)
		}
	}
	l.out = append(l.out, '\n')
	return l.out
}

// field returns the value that begins at a place, and where the next one begins.
func (l *lines) field(line []byte, at int) (value []byte, null bool, next int) {
	if l.csv && at < len(line) && line[at] == '"' {
		for at++; at < len(line); at++ {
			if line[at] == '"' {
				if at+1 >= len(line) || line[at+1] != '"' {
					break
				}
				at++
			}
			value = append(value, line[at])
		}
		return value, false, at + 2
	}
	end := bytes.IndexByte(line[at:], l.delim)
	if !l.csv {
		for end = 0; at+end < len(line) && line[at+end] != l.delim; end++ {
			if line[at+end] == '\\' {
				end++
			}
		}
	} else if end < 0 {
		end = len(line) - at
	}
	raw := line[at : at+end]
	if string(raw) == l.null {
		return nil, true, at + end + 1
	}
	if l.csv || bytes.IndexByte(raw, '\\') < 0 {
		return raw, false, at + end + 1
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\\' && i+1 < len(raw) {
			i++
			c = raw[i]
			if known := strings.IndexByte("bfnrtv", c); known >= 0 {
				c = "\b\f\n\r\t\v"[known]
			}
		}
		value = append(value, c)
	}
	return value, false, at + end + 1
}

func (l *lines) escape(value []byte) {
	for _, c := range value {
		if c == '\\' || c == l.delim {
			l.out = append(l.out, '\\')
		} else if known := strings.IndexByte("\b\f\n\r\t\v", c); known >= 0 {
			l.out = append(l.out, '\\')
			c = "bfnrtv"[known]
		}
		l.out = append(l.out, c)
	}
}

// quote writes a value as CockroachDB's writer of CSV does, which leaves one bare that is spelled like NULL.
func (l *lines) quote(value []byte) {
	bare := len(value) > 0 && string(value) != `\.` && value[0] != ' ' && value[0] != '\t' && value[0] != '\v' && value[0] != '\f' &&
		bytes.IndexByte(value, l.delim) < 0 && bytes.IndexAny(value, "\"\r\n") < 0
	if bare {
		l.out = append(l.out, value...)
		return
	}
	l.out = append(l.out, '"')
	l.out = append(l.out, bytes.ReplaceAll(value, []byte(`"`), []byte(`""`))...)
	l.out = append(l.out, '"')
}
