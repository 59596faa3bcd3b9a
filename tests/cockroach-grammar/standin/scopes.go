// What CockroachDB finds only when it gives names and parameters their types.
package main

import (
	"fmt"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
)

// refuseCorrelated looks for a WITH inside a subquery that takes columns from around it. A name that is not given inside of it is
// one from outside.
func refuseCorrelated(ast tree.Statement) *failure {
	var refused *failure
	outer := aliases(ast)
	walk(ast, func(node interface{}) bool {
		s, ok := node.(*tree.Select)
		if !ok || s.With == nil || node == interface{}(ast) {
			return refused == nil
		}
		for _, cte := range s.With.CTEList {
			own := aliases(cte.Stmt)
			walk(cte.Stmt, func(inner interface{}) bool {
				name, ok := inner.(*tree.UnresolvedName)
				if ok && name.NumParts > 1 && outer[name.Parts[1]] && !own[name.Parts[1]] {
					refused = &failure{"0A000", "unimplemented: CTEs may not be correlated", "See: https://go.crdb.dev/issue-v/42540/v25.2"}
				}
				return refused == nil
			})
		}
		return refused == nil
	})
	return refused
}

// aliases returns what the tables of a statement are called in it.
func aliases(node interface{}) map[string]bool {
	names := map[string]bool{}
	walk(node, func(node interface{}) bool {
		table, ok := node.(*tree.AliasedTableExpr)
		switch {
		case !ok:
		case table.As.Alias != "":
			names[string(table.As.Alias)] = true
		default:
			if name, ok := table.Expr.(*tree.TableName); ok {
				names[string(name.ObjectName)] = true
			}
		}
		return true
	})
	return names
}

// untyped returns the parameters that nothing gives a type to. One place is enough: a cast, a comparison with what has a type, a value
// for a column, a function that takes one type only.
func untyped(ast tree.Statement, count int) []int {
	if count == 0 {
		return nil
	}
	typed := make([]bool, count)
	is := func(e tree.Expr) (*tree.Placeholder, bool) {
		for {
			paren, ok := e.(*tree.ParenExpr)
			if !ok {
				break
			}
			e = paren.Expr
		}
		p, ok := e.(*tree.Placeholder)
		return p, ok
	}
	give := func(list ...tree.Expr) {
		for _, e := range list {
			if p, ok := is(e); ok && int(p.Idx) < count {
				typed[p.Idx] = true
			}
		}
	}
	// together: they have one type, which any that is not a parameter or NULL gives to all.
	together := func(list ...tree.Expr) {
		for _, e := range list {
			_, parameter := is(e)
			if !parameter && e != nil && e != tree.DNull {
				give(list...)
			}
		}
	}
	walk(ast, func(node interface{}) bool {
		switch n := node.(type) {
		case *tree.CastExpr:
			give(n.Expr)
		case *tree.AnnotateTypeExpr:
			give(n.Expr)
		case *tree.ComparisonExpr:
			together(n.Left, n.Right)
			if list, ok := n.Right.(*tree.Tuple); ok {
				together(append([]tree.Expr{n.Left}, list.Exprs...)...)
			}
		case *tree.BinaryExpr:
			together(n.Left, n.Right)
		case *tree.RangeCond:
			together(n.Left, n.From, n.To)
		case *tree.CoalesceExpr:
			together(n.Exprs...)
		case *tree.NullIfExpr:
			together(n.Expr1, n.Expr2)
		case *tree.AndExpr:
			give(n.Left, n.Right)
		case *tree.OrExpr:
			give(n.Left, n.Right)
		case *tree.NotExpr:
			give(n.Expr)
		case *tree.Limit:
			give(n.Count, n.Offset)
		case *tree.UpdateExpr:
			give(n.Expr)
		case *tree.Insert:
			if n.Rows != nil {
				if values, ok := n.Rows.Select.(*tree.ValuesClause); ok {
					for _, row := range values.Rows {
						give(row...)
					}
				}
			}
		case *tree.FuncExpr:
			if _, name := functionName(n); !overloaded[name] {
				give(n.Exprs...)
			}
		}
		return true
	})
	var left []int
	for i, ok := range typed {
		if !ok {
			left = append(left, i+1)
		}
	}
	return left
}

// Functions that take more than one type in the same place.
var overloaded = words(`abs array_agg array_append array_length array_position array_remove array_to_string avg bit_length ceil coalesce concat
	count date_trunc decode encode extract floor format generate_series greatest json_agg json_build_object jsonb_agg
	jsonb_build_object least length lower max md5 min mod nextval octet_length pg_typeof quote_literal quote_nullable reverse round row_to_json sha256 sign
	string_agg substr substring sum timezone to_char to_json to_jsonb trunc unnest`)

func untypedFailure(number int) *failure {
	return &failure{"42P18", fmt.Sprintf("could not determine data type of placeholder $%d", number), ""}
}
