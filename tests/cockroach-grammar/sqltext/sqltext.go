// Package sqltext takes SQL text apart as CockroachDB's own scanner does, so that it and the parser agree on strings and comments.
package sqltext

import (
	"strings"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/lexbase"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/scanner"
)

// Token is one word of a statement: text[Begin:End]. ID is what the parser's grammar calls it; Word is a name folded to lower case
// and without its quotes, or the value of a string.
type Token struct {
	ID         int32
	Begin, End int
	Word       string
	Quoted     bool
}

// symbol is what the scanner writes its findings into.
type symbol struct {
	id, pos int32
	text    string
}

func (s *symbol) ID() int32               { return s.id }
func (s *symbol) SetID(id int32)          { s.id = id }
func (s *symbol) Pos() int32              { return s.pos }
func (s *symbol) SetPos(pos int32)        { s.pos = pos }
func (s *symbol) Str() string             { return s.text }
func (s *symbol) SetStr(text string)      { s.text = text }
func (s *symbol) UnionVal() interface{}   { return nil }
func (s *symbol) SetUnionVal(interface{}) {}

// Tokens returns the words of text, up to the first that cannot be scanned.
func Tokens(text string) []Token {
	var s scanner.SQLScanner
	var found symbol
	tokens := make([]Token, 0, len(text)/5+1)
	s.Init(text)
	for {
		s.Scan(&found)
		if found.id == 0 || found.id == lexbase.ERROR {
			return tokens
		}
		begin := int(found.pos)
		tokens = append(tokens, Token{found.id, begin, s.Pos(), found.text, text[begin] == '"'})
	}
}

// Next returns where the first statement of text begins and where its semicolon stands; begin is len(text) when there is none.
// What cannot be scanned has no end, and the parser says why.
func Next(text string) (begin, end int) {
	var s scanner.SQLScanner
	var found symbol
	s.Init(text)
	for s.Scan(&found); found.id == ';'; s.Scan(&found) {
	}
	if found.id == 0 {
		return len(text), len(text)
	}
	begin = int(found.pos)
	for ; found.id != ';'; s.Scan(&found) {
		if found.id == 0 || found.id == lexbase.ERROR {
			return begin, len(text)
		}
	}
	return begin, int(found.pos)
}

// Rows returns the length of the rows that follow a COPY statement and its semicolon: the rest of that line, and all up to the
// line "\.", or -1 without such a line.
func Rows(text string) int {
	length := strings.IndexByte(text, '\n') + 1
	for length > 0 && length < len(text) {
		line, _, more := strings.Cut(text[length:], "\n")
		length += len(line)
		if more {
			length++
		}
		if strings.TrimSuffix(line, "\r") == `\.` {
			return length
		}
	}
	return -1
}
