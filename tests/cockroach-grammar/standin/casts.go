// Casts inside a statement that give another value in CockroachDB: to text, where numbers and JSON come out in its spelling, as they do on
// the wire, and to DECIMAL, where a float keeps all of its digits.
package main

import (
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/lexbase"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
)

var castFunctions = map[string]string{"string": "text", "text": "text", "decimal": "decimal", "numeric": "decimal", "dec": "decimal"}

// casts turns x::STRING into crdb_standin.text(x), and x::T[] into crdb_standin.flat(x::T[]), but not in definitions, which PostgreSQL
// keeps; CREATE TABLE ... AS is a query.
func (r *rewriting) casts(ast tree.NodeFormatter) {
	table, ok := ast.(*tree.CreateTable)
	if r.is(0, "create") && !(ok && table.As()) || r.is(0, "alter") || r.is(0, "comment") {
		return
	}
	for i := range r.tokens {
		if r.tokens[i].ID != lexbase.TYPECAST {
			continue
		}
		function := castFunctions[r.token(i+1).Word]
		end := r.typeEnd(i + 1)
		array := r.token(end-1).ID == ']'
		switch {
		case array && r.token(i-1).ID != lexbase.PLACEHOLDER:
			function = "flat"
		case array || function == "" || end != i+2 || r.token(i+1).Quoted || r.literal(i-1) && r.token(i-2).ID != lexbase.TYPECAST:
			continue
		}
		begin := r.operand(i - 1)
		if begin < 0 {
			continue
		}
		r.insert[begin] = "crdb_standin." + function + "(" + r.insert[begin]
		if array {
			r.instead[end-1] = "])"
		} else {
			r.instead[i], r.instead[i+1] = ")", ""
		}
		if next := r.token(end); r.tokens[i-1].ID == lexbase.IDENT && r.selected(begin) && (next.ID == 0 || next.ID == ',' || next.ID == ')' || r.is(end, "from")) {
			name := r.tokens[i-1]
			r.instead[end-1] += " AS " + r.text[name.Begin:name.End]
		}
	}
}

// typeEnd returns where the type ends whose name begins at i.
func (r *rewriting) typeEnd(i int) int {
	i++
	for r.token(i).ID == '.' {
		i += 2
	}
	if r.token(i).ID == '(' {
		i = r.closing(i) + 1
	}
	if r.token(i).ID == '[' {
		i = r.closing(i) + 1
	}
	return i
}

// literal: a constant or a parameter, which is as it was sent.
func (r *rewriting) literal(i int) bool {
	switch r.token(i).ID {
	case lexbase.SCONST, lexbase.PLACEHOLDER, lexbase.NULL, lexbase.TRUE, lexbase.FALSE:
		return true
	}
	return false
}

// operand returns where the operand begins whose last word is at i, -1 when that is not simple to say.
func (r *rewriting) operand(i int) int {
	for i >= 0 {
		switch t := r.tokens[i]; {
		case t.ID == ')' || t.ID == ']':
			if i = r.opening(i); i < 0 {
				return -1
			}
			if before := r.token(i - 1); before.ID == ')' || before.ID == ']' || r.name(i-1) {
				i--
				continue
			}
			return i
		case r.name(i) || r.literal(i) || t.ID == lexbase.ICONST || t.ID == lexbase.FCONST:
			switch r.token(i - 1).ID {
			case '.', lexbase.TYPECAST:
				i -= 2
				continue
			}
			return i
		default:
			return -1
		}
	}
	return -1
}

// Words that stand before a parenthesis or a name without belonging to it.
var separate = words(`all and any as between by case distinct else exists filter from group having if ilike in intersect into is join like limit
	not offset on or order over returning select set similar some then union using values when where with within`)

// name tells a name, or a function's or type's word, from one that begins something else.
func (r *rewriting) name(i int) bool {
	t := r.token(i)
	if t.ID == lexbase.IDENT {
		return true
	}
	return t.Word != "" && !r.literal(i) && t.ID != lexbase.ICONST && t.ID != lexbase.FCONST && !separate[t.Word] && t.Word != "end" && t.ID > 255 && letters(t.Word)
}

func letters(word string) bool {
	for _, c := range word {
		if (c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return word != ""
}

// opening returns where the parenthesis or bracket is opened that closes at i.
func (r *rewriting) opening(i int) int {
	depth := 0
	for ; i >= 0; i-- {
		switch r.tokens[i].ID {
		case ')', ']':
			depth++
		case '(', '[':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// selected tells whether what begins at i is an entry of a SELECT's list.
func (r *rewriting) selected(i int) bool {
	if before := r.token(i - 1); before.ID != ',' && before.ID != lexbase.SELECT {
		return false
	}
	for i--; i >= 0; i-- {
		switch t := r.tokens[i]; {
		case t.ID == ')' || t.ID == ']':
			if i = r.opening(i); i < 0 {
				return false
			}
		case t.ID == '(' || t.ID == '[' || r.is(i, "from") || r.is(i, "by"):
			return false
		case t.ID == lexbase.SELECT:
			return true
		}
	}
	return false
}
