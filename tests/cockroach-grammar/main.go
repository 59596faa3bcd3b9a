// Checks that every statement of SQL files is one that CockroachDB's own parser takes, COPY ... FROM STDIN with rows up to "\."
// included. What names stand for is not looked up, but for the types of columns: each must be built in, or created before.
//
//	cockroach-grammar [FILE...]     # "-", or no name, is standard input
//
// Prints "N statements" and exits 0, or names file, line and statement of each one that is refused and exits 1.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/parser"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"

	"example.com/cockroach-grammar/sqltext"
)

// newer holds the types that became built in after the version of the parser, and that dbr writes for servers that have them.
var newer = map[string]bool{"citext": true, "ltree": true}

// unknown returns the first type of a new table's columns, or of a composite type's, that is neither built in nor in created. The
// parser itself takes any name for that of a user's type.
func unknown(statement tree.Statement, created map[string]bool) string {
	var used []tree.ResolvableTypeReference
	switch s := statement.(type) {
	case *tree.CreateTable:
		for _, def := range s.Defs {
			if column, ok := def.(*tree.ColumnTableDef); ok {
				used = append(used, column.Type)
			}
		}
	case *tree.CreateType:
		for _, element := range s.CompositeTypeList {
			used = append(used, element.Type)
		}
	}
	for _, ref := range used {
		if array, ok := ref.(*tree.ArrayTypeReference); ok {
			ref = array.ElementType
		}
		if name, ok := ref.(*tree.UnresolvedObjectName); ok && !created[name.String()] && !newer[name.String()] {
			return name.String()
		}
	}
	return ""
}

// check reports every statement that is refused and returns how many there are of either sort.
func check(name, text string) (taken, refused int) {
	line := 1
	created := make(map[string]bool)
	pass := func(length int) {
		line += strings.Count(text[:length], "\n")
		text = text[length:]
	}
	refuse := func(statement string, why interface{}) {
		fmt.Fprintf(os.Stderr, "%s:%d: %v\n%s\n", name, line, why, statement)
		refused++
	}
	for {
		begin, end := sqltext.Next(text)
		pass(begin)
		if text == "" {
			return taken, refused
		}
		statement := text[:end-begin]
		var ast tree.Statement
		parsed, err := parser.Parse(statement)
		if err == nil {
			ast = parsed[0].AST
		}
		missing := unknown(ast, created)
		switch {
		case err != nil:
			refuse(statement, err)
		case len(text) == len(statement):
			refuse(statement, "no semicolon at the end")
		case missing != "":
			refuse(statement, "no such type: "+missing)
		default:
			taken++
		}
		length := min(len(statement)+1, len(text))
		switch s := ast.(type) {
		case *tree.CreateType:
			created[s.TypeName.String()] = true
		case *tree.CopyFrom:
			if !s.Stdin {
				break
			}
			data := sqltext.Rows(text[length:])
			if data < 0 {
				refuse(statement, `no line "\." after the rows`)
				return taken, refused
			}
			length += data
		}
		pass(length)
	}
}

func read(name string) (string, error) {
	if name == "-" {
		text, err := io.ReadAll(os.Stdin)
		return string(text), err
	}
	text, err := os.ReadFile(name)
	return string(text), err
}

func main() {
	names := os.Args[1:]
	if len(names) == 0 {
		names = []string{"-"}
	}
	taken, refused := 0, 0
	for _, name := range names {
		text, err := read(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		good, bad := check(name, text)
		taken += good
		refused += bad
	}
	if refused > 0 {
		fmt.Fprintf(os.Stderr, "%d statements taken, %d refused\n", taken, refused)
		os.Exit(1)
	}
	fmt.Printf("%d statements\n", taken)
}
