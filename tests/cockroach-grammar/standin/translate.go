// From a statement as a client sends it to the one that PostgreSQL is sent in its place, or to the reason why it is refused.
package main

import (
	"fmt"
	"strings"
	"sync"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/parser"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/pgwire/pgerror"
	_ "github.com/cockroachdb/cockroachdb-parser/pkg/sql/plpgsql/parser" // for DO and CREATE FUNCTION
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
	"github.com/cockroachdb/errors"
)

type kind byte

const (
	other kind = iota
	begin
	commit
	rollback
	copyIn
	copyOut
	setting
)

// What PostgreSQL is sent where it has to fail: found wanting after it is parsed, so that an aborted transaction is told first.
const failing = `SELECT "crdb_standin fails here"`

// translation of one statement; shared by all sessions, never changed.
type translation struct {
	text    string   // for PostgreSQL
	source  string   // as it came
	refused *failure // what it gets instead of being run
	kind    kind
	ddl     bool   // commits what came before
	weather bool   // may fail with 40001
	tag     string // of CockroachDB, for the statistics
	done    string // command tag in the place of PostgreSQL's; "" leaves it
	name    string // a variable that is set, and what to
	value   string
	csv     bool   // rows come as CSV
	query   string // of COPY ... TO: what is written, to ask for its types
	delim   byte
	null    string
	untyped []int // parameters without a type
}

// translator turns texts into translations and remembers them.
type translator struct {
	catalog *catalog
	version string
	mutex   sync.RWMutex
	known   map[string][]*translation
	failed  map[string]*failure
}

const (
	longestKnown = 1 << 16
	mostKnown    = 20000
)

func newTranslator(version string) *translator {
	return &translator{catalog: readCatalog(), version: version, known: map[string][]*translation{}, failed: map[string]*failure{}}
}

// translate returns one translation for each statement of text. None of them is run when the parser refuses one.
func (t *translator) translate(text string) ([]*translation, *failure) {
	t.mutex.RLock()
	list, ok := t.known[text]
	failed := t.failed[text]
	t.mutex.RUnlock()
	if ok || failed != nil {
		return list, failed
	}
	list, failed = t.parse(text)
	if len(text) > longestKnown {
		return list, failed
	}
	text = strings.Clone(text)
	t.mutex.Lock()
	if len(t.known)+len(t.failed) >= mostKnown {
		t.known, t.failed = map[string][]*translation{}, map[string]*failure{}
	}
	if failed != nil {
		t.failed[text] = failed
	} else {
		t.known[text] = list
	}
	t.mutex.Unlock()
	return list, failed
}

func (t *translator) parse(text string) (list []*translation, failed *failure) {
	defer func() {
		if why := recover(); why != nil {
			list, failed = nil, &failure{"XX000", fmt.Sprint("the parser gave up: ", why), ""}
		}
	}()
	statements, err := parser.Parse(text)
	if err != nil {
		code := pgerror.GetPGCode(err).String()
		hint := strings.Join(errors.GetAllHints(err), "\n")
		return nil, &failure{code, err.Error(), hint}
	}
	list = make([]*translation, 0, len(statements))
	for _, statement := range statements {
		list = append(list, t.one(statement.SQL, statement.AST, statement.NumPlaceholders))
	}
	if len(list) > 1 {
		for _, one := range list {
			if one.kind == copyIn || one.kind == copyOut {
				return nil, &failure{"08P01", "COPY together with other statements in a query string is not supported", ""}
			}
		}
	}
	return list, nil
}

func (t *translator) one(text string, ast tree.Statement, placeholders int) *translation {
	result := &translation{source: text, tag: ast.StatementTag(), ddl: tree.CanModifySchema(ast), weather: true}
	result.refused = t.refuse(ast)
	if result.refused == nil {
		result.refused = t.classify(result, ast, placeholders)
	}
	if result.refused == nil && result.text == "" {
		result.text, result.refused = t.rewrite(text, ast)
	}
	if result.refused != nil {
		result.text = failing
	}
	result.untyped = untyped(ast, placeholders)
	return result
}

// classify finds what a session has to know of a statement, and writes those that PostgreSQL has in other words altogether.
func (t *translator) classify(result *translation, ast tree.Statement, placeholders int) *failure {
	switch s := ast.(type) {
	case *tree.BeginTransaction:
		result.kind = begin
		if s.Modes.AsOf.Expr != nil {
			result.text = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" // what is past conflicts with nothing
		} else {
			result.text = "BEGIN ISOLATION LEVEL " + isolation(s.Modes) + access(s.Modes)
		}
	case *tree.CommitTransaction:
		result.kind = commit
	case *tree.RollbackTransaction:
		result.kind, result.weather = rollback, false
	case *tree.SetTransaction:
		result.weather = false
		if s.Modes.AsOf.Expr != nil {
			result.text = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
		}
	case *tree.Savepoint, *tree.ReleaseSavepoint, *tree.RollbackToSavepoint, *tree.SetSessionCharacteristics:
		result.weather = false
	case *tree.CopyFrom:
		result.kind = copyIn
		return copyInForm(result, s)
	case *tree.CopyTo:
		result.kind = copyOut
		return t.copyOutForm(result, s)
	case *tree.SetVar:
		result.kind, result.weather = setting, false
		return setVariable(result, s)
	case *tree.ShowVar:
		result.weather, result.done = false, "SHOW"
		return t.showVariable(result, s)
	case *tree.AlterRoleSet:
		if s.SetOrReset != nil {
			return knownVariable(s.SetOrReset.Name)
		}
	case *tree.ShowSessions:
		result.done = "SHOW SESSIONS"
	case *tree.CancelSessions:
		return t.cancelSessions(result, s, placeholders)
	case *tree.CreateExtension:
		return createExtension(result, s)
	case *tree.DropIndex:
		return dropIndex(result, s)
	}
	return nil
}

// isolation: all of them are stronger than asked for, unless a cluster setting allows less, but READ COMMITTED, which is on by default.
func isolation(modes tree.TransactionModes) string {
	if modes.Isolation == tree.ReadCommittedIsolation {
		return "READ COMMITTED"
	}
	return "SERIALIZABLE"
}

func access(modes tree.TransactionModes) string {
	switch modes.ReadWriteMode {
	case tree.ReadOnly:
		return " READ ONLY"
	case tree.ReadWrite:
		return " READ WRITE"
	}
	return ""
}

// CancelSessions answers no rows, and neither does DO.
func (t *translator) cancelSessions(result *translation, s *tree.CancelSessions, placeholders int) *failure {
	if placeholders > 0 {
		return &failure{"0A000", "the stand-in takes no parameters here", ""}
	}
	query, refused := t.rewrite(tree.AsString(s.Sessions), s.Sessions)
	if refused != nil {
		return refused
	}
	result.text = "DO $standin$BEGIN PERFORM crdb_standin.cancel(q.id) FROM (" + query + ") AS q(id); END$standin$"
	result.done = "CANCEL SESSIONS 1"
	return nil
}

// Those that are built in.
var extensions = map[string]bool{"postgis": true, "pg_trgm": true, "fuzzystrmatch": true, "pgcrypto": true, "uuid-ossp": true, "vector": true}

func createExtension(result *translation, s *tree.CreateExtension) *failure {
	if !extensions[string(s.Name)] {
		return &failure{"0A000", "extension \"" + string(s.Name) + "\" is not yet supported", ""}
	}
	result.text, result.done = "DO $$BEGIN END$$", "CREATE EXTENSION"
	return nil
}

// dropIndex: an index belongs to its table, and a unique constraint is an index.
func dropIndex(result *translation, s *tree.DropIndex) *failure {
	if len(s.IndexList) != 1 {
		return beyond("DROP INDEX of several")
	}
	name := s.IndexList[0]
	schema := "public"
	if name.Table.ExplicitSchema {
		schema = string(name.Table.SchemaName)
	}
	result.text = fmt.Sprintf("DO $standin$BEGIN PERFORM crdb_standin.drop_index(%s, %s, %s, %t, %t); END$standin$", literal(schema),
		literal(string(name.Table.ObjectName)), literal(string(name.Index)), s.IfExists, s.DropBehavior == tree.DropCascade)
	result.done = "DROP INDEX"
	return nil
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
