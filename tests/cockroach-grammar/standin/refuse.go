// What the parser takes and CockroachDB refuses all the same.
package main

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
)

func (t *translator) refuse(ast tree.Statement) *failure {
	refused := refuseStatement(ast)
	walk(ast, func(node interface{}) bool {
		if refused == nil {
			refused = t.refuseNode(node)
		}
		return refused == nil
	})
	if refused == nil {
		refused = refuseMutations(ast)
	}
	if refused == nil {
		refused = refuseCorrelated(ast)
	}
	return refused
}

func refuseStatement(ast tree.Statement) *failure {
	switch s := ast.(type) {
	case *tree.CreateTable:
		if s.Persistence == tree.PersistenceTemporary {
			return &failure{"0A000", "temporary tables are only supported experimentally",
				"See: https://go.crdb.dev/issue-v/46260/v25.2\n--\nYou can enable temporary tables by running `SET experimental_enable_temp_tables = 'on'`."}
		}
		for _, def := range s.Defs {
			if _, index := def.(*tree.IndexTableDef); index {
				return beyond("INDEX in a table's definition")
			}
		}
	case *tree.BeginTransaction:
		return refuseModes(&s.Modes)
	case *tree.SetTransaction:
		return refuseModes(&s.Modes)
	case *tree.CreateSequence:
		for _, option := range s.Options {
			if option.Name == tree.SeqOptCycle {
				return &failure{"0A000", "unimplemented: CYCLE option is not supported", "See: https://go.crdb.dev/issue-v/20961/v25.2"}
			}
		}
	case *tree.PrepareTransaction:
		return &failure{"0A000", "unimplemented: this syntax", "See: https://go.crdb.dev/issue-v/22329/v25.2"}
	case *tree.CreateDatabase, *tree.SetClusterSetting, *tree.Prepare, *tree.Execute:
		return beyond(ast.StatementTag())
	case *tree.Insert:
		if s.OnConflict.IsUpsertAlias() {
			return beyond("UPSERT")
		}
	}
	return nil
}

func refuseModes(modes *tree.TransactionModes) *failure {
	if modes.Deferrable == tree.Deferrable {
		return &failure{"0A000", "unimplemented: DEFERRABLE transactions", "See: https://go.crdb.dev/issue-v/53432/v25.2"}
	}
	return nil
}

// beyond is what CockroachDB takes and the stand-in has no words for.
func beyond(what string) *failure {
	return &failure{"0A000", "the stand-in does not do " + what, ""}
}

func (t *translator) refuseNode(node interface{}) *failure {
	switch n := node.(type) {
	case *tree.FuncExpr:
		return t.refuseFunction(n)
	case *tree.TableName:
		return t.refuseRelation(n)
	case *tree.CastExpr:
		return refuseType(n.Type)
	case *tree.AnnotateTypeExpr:
		return refuseType(n.Type)
	case *tree.ColumnTableDef:
		if n.Hidden {
			return beyond("NOT VISIBLE")
		}
		return refuseType(n.Type)
	case *tree.FamilyTableDef:
		return beyond("FAMILY")
	case *tree.AlterTableAlterPrimaryKey:
		return beyond("ALTER PRIMARY KEY")
	case *tree.ArraySubscript:
		if n.Slice {
			return &failure{"0A000", "unimplemented: ARRAY slicing", "See: https://go.crdb.dev/issue-v/32551/v25.2"}
		}
	case *tree.AlterTableAlterColumnType:
		return refuseType(n.ToType)
	case *tree.CreateType:
		for _, element := range n.CompositeTypeList {
			if refused := refuseType(element.Type); refused != nil {
				return refused
			}
		}
	case *tree.UnresolvedName:
		return refuseColumn(n)
	case *tree.Array:
		for _, element := range n.Exprs {
			if _, nested := element.(*tree.Array); nested {
				return &failure{"0A000", "unimplemented: nested arrays are not supported", "See: https://go.crdb.dev/issue-v/32552/v25.2"}
			}
		}
	}
	return nil
}

// The system columns that PostgreSQL has and CockroachDB has not.
var systemColumns = words("ctid xmin xmax cmin cmax")

func refuseColumn(name *tree.UnresolvedName) *failure {
	if column := name.Parts[0]; !name.Star && systemColumns[column] {
		return &failure{"42703", fmt.Sprintf("column %q does not exist", column), ""}
	}
	return nil
}

func (t *translator) refuseRelation(name *tree.TableName) *failure {
	table, schema := string(name.ObjectName), ""
	if name.ExplicitSchema {
		schema = string(name.SchemaName)
	}
	switch schema {
	case "pg_catalog", "information_schema":
		if t.catalog.relations[table] {
			return nil
		}
		table = schema + "." + table
	case "":
		if !strings.HasPrefix(table, "pg_") || t.catalog.relations[table] {
			return nil
		}
	case "crdb_internal", "crdb_standin", "pg_toast", "pg_temp":
		table = schema + "." + table
	default:
		return nil
	}
	return &failure{"42P01", fmt.Sprintf("relation %q does not exist", table), ""}
}

// Types that PostgreSQL has, CockroachDB has not, and its parser takes for those of a user.
var missingTypes = words(`aclitem cid cidr circle box3d daterange datemultirange hstore int4range int4multirange int8range int8multirange jsonpath line lseg
	macaddr macaddr8 money nummultirange numrange path pg_snapshot point polygon regconfig regdictionary regoper regoperator tid tsmultirange
	tsrange tstzmultirange tstzrange txid_snapshot xid xid8 xml`)

func refuseType(ref tree.ResolvableTypeReference) *failure {
	if array, ok := ref.(*tree.ArrayTypeReference); ok {
		ref = array.ElementType
	}
	name, ok := ref.(*tree.UnresolvedObjectName)
	if !ok || !missingTypes[name.Parts[0]] || name.NumParts > 1 && name.Parts[1] != "pg_catalog" {
		return nil
	}
	return &failure{"42704", fmt.Sprintf("type %q does not exist", name.Parts[0]), ""}
}

// refuseMutations looks for a table that one statement changes twice.
func refuseMutations(ast tree.Statement) *failure {
	seen := map[string]bool{} // true: by an INSERT without ON CONFLICT only
	var refused *failure
	walk(ast, func(node interface{}) bool {
		var target tree.TableExpr
		plain := false
		switch s := node.(type) {
		case *tree.Insert:
			target, plain = s.Table, s.OnConflict == nil
		case *tree.Update:
			target = s.Table
		case *tree.Delete:
			target = s.Table
		default:
			return true
		}
		if aliased, ok := target.(*tree.AliasedTableExpr); ok {
			target = aliased.Expr
		}
		name := tree.AsString(target)
		before, again := seen[name]
		if again && !(before && plain) {
			refused = &failure{"0A000", "multiple mutations of the same table " + name + " are not supported unless they all use INSERT without ON CONFLICT; " +
				"this is to prevent data corruption, see documentation of sql.multiple_modifications_of_table.enabled", ""}
		}
		seen[name] = plain && (before || !again)
		return true
	})
	return refused
}

func copyInForm(result *translation, s *tree.CopyFrom) *failure {
	switch s.Options.CopyFormat {
	case tree.CopyFormatCSV:
		result.csv = true
	case tree.CopyFormatText:
		return &failure{"0A000", "the stand-in takes rows as CSV only: in text format CockroachDB would store jsonb and bytea changed", ""}
	}
	if !s.Stdin {
		return &failure{"0A000", "unimplemented: COPY from a file is not supported", ""}
	}
	return nil
}

// copyOutForm notes what is needed to reword the rows.
func (t *translator) copyOutForm(result *translation, s *tree.CopyTo) *failure {
	if s.Options.CopyFormat == tree.CopyFormatBinary {
		return &failure{"0A000", "unimplemented: binary format for COPY TO not implemented", "See: https://go.crdb.dev/issue-v/97180/v25.2"}
	}
	query := ""
	if s.Statement != nil {
		query = tree.AsString(s.Statement)
	} else {
		columns := "*"
		if len(s.Columns) > 0 {
			columns = tree.AsString(&s.Columns)
		}
		query = "SELECT " + columns + " FROM " + tree.AsString(&s.Table)
	}
	result.csv = s.Options.CopyFormat == tree.CopyFormatCSV
	result.delim, result.null = '\t', `\N`
	if result.csv {
		result.delim, result.null = ',', ""
	}
	if text, ok := s.Options.Delimiter.(*tree.StrVal); ok && len(text.RawString()) == 1 {
		result.delim = text.RawString()[0]
	}
	if text, ok := s.Options.Null.(*tree.StrVal); ok {
		result.null = text.RawString()
	}
	var refused *failure
	result.query, refused = t.rewrite(query, s)
	return refused
}
