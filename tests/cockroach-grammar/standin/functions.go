// Functions that CockroachDB has, by name and number of arguments, each looked up in its list of built-in functions.
package main

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
)

// functionName returns schema and name of a call.
func functionName(call *tree.FuncExpr) (schema, name string) {
	switch f := call.Func.FunctionReference.(type) {
	case *tree.UnresolvedName:
		if f.NumParts > 1 {
			schema = f.Parts[1]
		}
		return schema, f.Parts[0]
	}
	return "", strings.ToLower(call.Func.String())
}

func (t *translator) refuseFunction(call *tree.FuncExpr) *failure {
	schema, name := functionName(call)
	if schema != "" && schema != "pg_catalog" && schema != "crdb_internal" {
		return nil // the user's
	}
	if schema == "crdb_internal" {
		name = schema + "." + name
	}
	known, ok := builtin[name]
	n := len(call.Exprs)
	if ok && n >= known.least && (n <= known.most || known.most < 0) {
		return nil
	}
	return &failure{"42883", fmt.Sprintf("unknown function: %s()", name), ""}
}

type arguments struct{ least, most int }

// Name, least and most arguments; -1: any number.
var builtin = readBuiltin(`
	abs 1 1, array_agg 1 1, array_append 2 2, array_length 2 2, array_position 2 3, array_remove 2 2, array_to_string 2 3, array_upper 2 2,
	avg 1 1, bit_and 1 1, bit_or 1 1, bool_and 1 1, bool_or 1 1, btrim 1 2, cardinality 1 1, ceil 1 1, ceiling 1 1, char_length 1 1, chr 1 1,
	clock_timestamp 0 0, cluster_logical_timestamp 0 0, col_description 2 2, concat 0 -1, concat_ws 1 -1, convert_from 2 2, convert_to 2 2,
	count 1 1, count_rows 0 0, crdb_internal.cluster_id 0 0, currval 1 1, current_database 0 0, current_date 0 0, current_schema 0 0,
	current_schemas 1 1, current_setting 1 2, current_timestamp 0 1, current_user 0 0, date_trunc 2 3, decode 2 2, encode 2 2, every 1 1,
	experimental_strftime 2 2, experimental_strptime 2 2, extract 2 2, floor 1 1, fnv64a 1 -1, format 1 -1, format_type 2 2, gen_random_uuid 0 0,
	generate_series 2 3, greatest 0 -1, has_database_privilege 2 3, has_schema_privilege 2 3, has_sequence_privilege 2 3, has_system_privilege 1 2, has_table_privilege 2 3, host 1 1, initcap 1 1,
	json_agg 1 1, json_build_object 0 -1, jsonb_agg 1 1, jsonb_build_object 0 -1, jsonb_set 3 4, jsonb_typeof 1 1, lastval 0 0, least 0 -1, left 2 2,
	ilike_escape 3 3, like_escape 3 3, not_ilike_escape 3 3, not_like_escape 3 3, not_similar_to_escape 2 3, similar_to_escape 2 3,
	length 1 1, localtimestamp 0 1, lower 1 1, lpad 2 3, ltrim 1 2, masklen 1 1, max 1 1, md5 0 -1, min 1 1, mod 2 2, nextval 1 1, now 0 0, num_nonnulls 0 -1,
	obj_description 1 2, octet_length 1 1, overlay 3 4, pg_backend_pid 0 0, pg_get_constraintdef 1 2, pg_get_expr 2 3,
	pg_get_function_identity_arguments 1 1, pg_get_functiondef 1 1, pg_get_indexdef 1 3, pg_get_serial_sequence 2 2, pg_get_viewdef 1 2,
	pg_has_role 2 3, pg_sequence_last_value 1 1, pg_sleep 1 1, pg_table_is_visible 1 1, pg_type_is_visible 1 1, pg_typeof 1 1, position 2 2, quote_ident 1 1,
	quote_literal 1 1, quote_nullable 1 1, random 0 0, regexp_replace 3 4, repeat 2 2, replace 3 3, reverse 1 1, right 2 2, round 1 2,
	row_number 0 0, row_to_json 1 1, rpad 2 3, rtrim 1 2, session_user 0 0, set_config 3 3, setval 2 3, sha256 0 -1, sign 1 1, split_part 3 3, sqrt 1 1,
	statement_timestamp 0 0, string_agg 2 2, string_to_array 2 3, strpos 2 2, substr 2 3, substring 2 3, sum 1 1, timezone 2 2, to_char 2 2, to_hex 1 1,
	to_json 1 1, to_jsonb 1 1, to_timestamp 1 1, to_tsvector 1 2, transaction_timestamp 0 0, translate 3 3, trunc 1 2, unique_rowid 0 0, unnest 1 -1,
	upper 1 1, uuid_generate_v4 0 0, version 0 0, xor_agg 1 1`)

func readBuiltin(list string) map[string]arguments {
	known := map[string]arguments{}
	for _, entry := range strings.Split(list, ",") {
		var name string
		var n arguments
		if _, err := fmt.Sscan(entry, &name, &n.least, &n.most); err != nil {
			panic(err)
		}
		known[name] = n
	}
	return known
}
