// CockroachDB's words in PostgreSQL's, word by word of the parser's own scanner.
package main

import (
	"strings"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/lexbase"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"

	"example.com/cockroach-grammar/sqltext"
)

// rewriting is one statement on its way; each word is put out, left out or replaced.
type rewriting struct {
	translator *translator
	text       string
	tokens     []sqltext.Token
	out        strings.Builder
	copied     int            // text up to here is put out
	insert     map[int]string // goes before a word
	instead    map[int]string // goes in the place of a word
}

func (t *translator) rewrite(text string, ast tree.NodeFormatter) (string, *failure) {
	r := rewriting{translator: t, text: text, tokens: sqltext.Tokens(text), insert: map[int]string{}, instead: map[int]string{}}
	r.casts(ast)
	r.keyOfQuery(ast)
	for i := 0; i < len(r.tokens); {
		if text := r.insert[i]; text != "" {
			r.out.WriteString(r.text[r.copied:r.tokens[i].Begin] + text)
			r.copied = r.tokens[i].Begin
		}
		if text, ok := r.instead[i]; ok {
			r.replace(i, 1, text)
			i++
			continue
		}
		i += r.word(i)
	}
	r.out.WriteString(text[r.copied:])
	return r.out.String(), nil
}

// keyOfQuery leaves out the primary key of CREATE TABLE ... AS, which PostgreSQL's does not take: functions.sql makes it.
func (r *rewriting) keyOfQuery(ast tree.NodeFormatter) {
	if table, ok := ast.(*tree.CreateTable); !ok || !table.As() {
		return
	}
	for i := 0; i < len(r.tokens) && !r.is(i, "as"); i++ {
		if r.token(i).ID == ',' && r.is(i+1, "primary", "key") {
			for end := r.closing(i + 3); i <= end; i++ {
				r.instead[i] = ""
			}
			i--
		}
	}
}

// token returns the word at i; beyond the ends, one that is nothing.
func (r *rewriting) token(i int) sqltext.Token {
	if i < 0 || i >= len(r.tokens) {
		return sqltext.Token{}
	}
	return r.tokens[i]
}

// replace puts text in the place of n words from i on.
func (r *rewriting) replace(i, n int, text string) {
	r.out.WriteString(r.text[r.copied:r.tokens[i].Begin])
	r.out.WriteString(text)
	r.copied = r.tokens[i+n-1].End
}

// is tells whether the words from i on, names unquoted, are these.
func (r *rewriting) is(i int, words ...string) bool {
	for n, word := range words {
		if t := r.token(i + n); t.Quoted || !strings.EqualFold(r.text[t.Begin:t.End], word) {
			return false
		}
	}
	return true
}

// closing returns where the parenthesis or bracket that opens at i is closed.
func (r *rewriting) closing(i int) int {
	depth := 0
	for ; i < len(r.tokens); i++ {
		switch r.tokens[i].ID {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// Names of types that mean another in PostgreSQL, or nothing.
var types = map[string]string{
	"string": "text", "bytes": "bytea", "int": "int8", "integer": "int8", "json": "jsonb", "int64": "int8", "blob": "bytea",
}

// word handles the word at i and returns how many words it took.
func (r *rewriting) word(i int) int {
	t := r.tokens[i]
	before := r.token(i - 1)
	switch {
	case t.ID == lexbase.TYPEANNOTATE:
		r.replace(i, 1, "::")
	case t.ID == lexbase.IDENT && r.token(i+1).ID == '@' && (r.is(0, "alter") || r.is(0, "comment")):
		r.replace(i, 2, "")
		return 2
	case r.is(i, "as", "of", "system", "time"):
		return r.asOf(i)
	case t.ID == lexbase.SCONST && r.token(i-1).ID == '(' && r.is(i-2, "set_config"):
		if _, isOwn := own[t.Word]; isOwn {
			r.replace(i, 1, "'crdb_standin."+t.Word+"'")
		}
	case t.ID == '(' && r.hexadecimal(i):
	case t.ID == lexbase.SCONST || t.ID == lexbase.IDENT && t.Quoted || before.ID == '.':
	case r.token(i+1).ID == '.':
		return r.qualified(i)
	case r.token(i+1).ID == '(' && r.standin(t.Word):
		r.replace(i, 1, "crdb_standin."+t.Word)
	case r.translator.catalog.relations[t.Word] && strings.HasPrefix(t.Word, "pg_"):
		r.replace(i, 1, "crdb_standin."+t.Word)
	case types[t.Word] != "" && r.isType(i):
		r.replace(i, 1, r.typeName(i))
	case r.is(i, "show", "cluster", "sessions"):
		r.replace(i, 3, "SELECT * FROM crdb_standin.sessions()")
		return 3
	case r.is(i, "inverted", "index"):
		r.replace(i, 1, "")
		r.inverted(i)
	case r.is(i, "storing"):
		r.replace(i, 1, "INCLUDE")
	case r.is(i, "concurrently"):
		r.replace(i, 1, "")
	case r.is(i, "drop", "stored"):
		r.replace(i, 2, "DROP EXPRESSION")
		return 2
	case r.is(i, "gin_trgm_ops"), r.is(i, "gist_trgm_ops"):
		r.replace(i, 1, "crdb_standin."+t.Word)
	case r.is(i, "set"), r.is(i, "reset"):
		r.variable(i)
	case r.is(i, "from"):
		return r.sequence(i)
	}
	return 1
}

// Functions of the stand-in beside those of catalog.sql, and the only ones that go into definitions.
var (
	ownFunctions = words("experimental_strftime version")
	stored       = words("experimental_strftime unique_rowid")
)

func (r *rewriting) standin(name string) bool {
	if r.is(0, "create") || r.is(0, "alter") {
		return stored[name]
	}
	return r.translator.catalog.functions[name] || ownFunctions[name]
}

// qualified handles a name in one of the catalog's schemas.
func (r *rewriting) qualified(i int) int {
	schema, name := r.tokens[i].Word, r.token(i+2).Word
	call := r.token(i+3).ID == '('
	switch {
	case schema == "crdb_internal" && call, schema == "pg_catalog" && call && r.standin(name):
		r.replace(i, 1, "crdb_standin")
	case (schema == "pg_catalog" || schema == "information_schema") && !call && r.translator.catalog.relations[name]:
		r.replace(i, 1, "crdb_standin")
	default:
		return 1
	}
	return 3
}

// isType tells a type from a column of that name, which another word than these goes before.
func (r *rewriting) isType(i int) bool {
	switch before := r.token(i - 1); before.ID {
	case lexbase.TYPECAST, lexbase.TYPEANNOTATE:
		return true
	case lexbase.IDENT:
		return true // a column's definition
	case lexbase.AS:
		return r.insideCast(i) || r.is(0, "create", "sequence")
	case lexbase.TYPE:
		return true
	default: // a column's name may be a keyword
		return r.is(0, "create", "table") && (r.token(i-2).ID == ',' || r.token(i-2).ID == '(')
	}
}

func (r *rewriting) insideCast(i int) bool {
	depth := 0
	for i--; i >= 0; i-- {
		switch r.tokens[i].ID {
		case ')':
			depth++
		case '(':
			if depth == 0 {
				return r.is(i-1, "cast")
			}
			depth--
		}
	}
	return false
}

func (r *rewriting) typeName(i int) string {
	name := types[r.tokens[i].Word]
	if name == "text" && r.token(i+1).ID == '(' {
		return "varchar"
	}
	return name
}

// hexadecimal: ('0x' || ...)::int8 is a cast that PostgreSQL has from version 16 on.
func (r *rewriting) hexadecimal(i int) bool {
	if t := r.token(i + 1); t.ID != lexbase.SCONST || t.Word != "0x" || r.token(i+2).ID != lexbase.CONCAT {
		return false
	}
	end := r.closing(i)
	if end < 0 || r.token(end+1).ID != lexbase.TYPECAST || !r.is(end+2, "int8") {
		return false
	}
	r.replace(i, 1, "crdb_standin.hexadecimal(")
	r.instead[end+1], r.instead[end+2] = "", ""
	return true
}

// inverted: the index method comes before the first parenthesis after ON.
func (r *rewriting) inverted(i int) {
	for i++; i < len(r.tokens) && r.tokens[i].ID != '('; i++ {
	}
	r.insert[i] = "USING gin "
}

// asOf leaves out AS OF SYSTEM TIME and its value, a literal or a call.
func (r *rewriting) asOf(i int) int {
	n := 5
	if r.token(i+n-1).ID == '-' || r.token(i+n-1).ID == '+' {
		n++
	}
	if r.token(i+n).ID == '(' {
		n = r.closing(i+n) - i + 1
	}
	r.replace(i, n, "")
	return n
}

// variable: PostgreSQL keeps what it does not know below a prefix.
func (r *rewriting) variable(i int) {
	if i++; r.is(i, "local") || r.is(i, "session") {
		i++
	}
	if _, isOwn := own[r.token(i).Word]; isOwn && r.token(i+1).ID != '(' {
		r.insert[i] = "crdb_standin."
	}
}

// sequence: a sequence that is read like a table, known by the name of its first column in a list without a table's name.
func (r *rewriting) sequence(i int) int {
	n := 1
	if r.token(i+2).ID == '.' {
		n = 3
	}
	if r.token(i+n).ID != lexbase.IDENT || !r.readsSequence(i) {
		return 1
	}
	name := r.text[r.tokens[i+1].Begin:r.tokens[i+n].End]
	r.replace(i+1, n, "crdb_standin.sequence_row('"+strings.ReplaceAll(name, "'", "''")+"'::regclass)")
	return n + 1
}

func (r *rewriting) readsSequence(i int) bool {
	found := false
	for i--; i >= 0 && r.tokens[i].ID != '('; i-- {
		if r.is(i, "select") {
			return found
		}
		found = found || r.tokens[i].Word == "last_value" && r.token(i-1).ID != '.'
	}
	return false
}
