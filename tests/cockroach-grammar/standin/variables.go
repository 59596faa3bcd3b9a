// Session variables: which ones CockroachDB has, and which of these PostgreSQL has not.
package main

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
)

// Variables of both.
var shared = words(`application_name bytea_output check_function_bodies client_encoding client_min_messages datestyle
	deadlock_timeout default_table_access_method default_tablespace default_transaction_isolation
	default_transaction_priority default_transaction_read_only escape_string_warning extra_float_digits
	idle_in_transaction_session_timeout idle_session_timeout integer_datetimes intervalstyle is_superuser lc_collate lc_ctype
	lc_messages lc_monetary lc_numeric lc_time lock_timeout max_connections max_identifier_length max_index_keys max_prepared_transactions
	password_encryption role row_security search_path server_encoding server_version server_version_num session_authorization
	ssl standard_conforming_strings statement_timeout synchronize_seqscans synchronous_commit timezone transaction_isolation
	transaction_read_only transaction_timeout xmloption`)

// Variables of CockroachDB alone; PostgreSQL keeps them below the prefix crdb_standin.
var own = map[string]string{
	"allow_unsafe_internals": "off", "autocommit_before_ddl": "on", "avoid_full_table_scans_in_mutations": "on",
	"copy_fast_path_enabled": "on", "copy_from_atomic_enabled": "on", "copy_from_retries_enabled": "on",
	"copy_num_retries_per_batch": "5", "copy_transaction_quality_of_service": "background",
	"create_table_with_schema_locked": "off", "crdb_version": "", "database": "", "default_int_size": "8",
	"default_transaction_quality_of_service": "regular", "default_transaction_use_follower_reads": "off",
	"disallow_full_table_scans": "off", "distsql": "auto", "enable_auto_rehoming": "off", "enable_durable_locking_for_serializable": "off",
	"enable_implicit_select_for_update": "on", "enable_implicit_transaction_for_batch_statements": "on", "enable_multiple_modifications_of_table": "off",
	"expect_and_ignore_not_visible_columns_in_copy": "off", "experimental_enable_temp_tables": "off", "foreign_key_cascades_limit": "10000",
	"idle_in_session_timeout": "0", "inject_retry_errors_enabled": "off", "inject_retry_errors_on_commit_enabled": "off", "locality": "",
	"multiple_active_portals_enabled": "off", "node_id": "1", "null_ordered_last": "off", "optimizer": "on", "reorder_joins_limit": "8",
	"results_buffer_size": "524288", "serial_normalization": "rowid", "session_id": "", "session_user": "", "sql_safe_updates": "off",
	"strict_ddl_atomicity": "off", "tracing": "off", "transaction_priority": "normal", "transaction_rows_read_err": "0",
	"transaction_rows_written_err": "0", "transaction_status": "NoTxn", "use_declarative_schema_changer": "on", "vectorize": "on",
}

// Variables that CockroachDB knows to be PostgreSQL's and has not.
var unsupported = words(`array_nulls backend_flush_after backslash_quote commit_delay commit_siblings constraint_exclusion
	cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction debug_print_plan default_statistics_target
	default_text_search_config default_transaction_deferrable default_with_oids dynamic_library_path effective_cache_size enable_bitmapscan
	enable_hashagg enable_hashjoin enable_indexonlyscan enable_indexscan enable_material enable_mergejoin enable_nestloop enable_seqscan
	enable_sort enable_tidscan exit_on_error force_parallel_mode from_collapse_limit geqo gin_fuzzy_search_limit gin_pending_list_limit jit
	join_collapse_limit lo_compat_privileges log_statement maintenance_work_mem max_parallel_workers max_parallel_workers_per_gather
	operator_precedence_warning parallel_setup_cost quote_all_identifiers random_page_cost seed seq_page_cost session_preload_libraries
	session_replication_role statement_mem tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval temp_buffers temp_file_limit
	temp_tablespaces timezone_abbreviations track_activities track_counts track_functions track_io_timing
	transaction_deferrable transform_null_equals update_process_title vacuum_cost_delay vacuum_freeze_min_age work_mem xmlbinary`)

// adaptVariables leaves what the version has, "v25.2.1", with its own defaults. Before any session.
func adaptVariables(version string) {
	var year, part int
	_, _ = fmt.Sscanf(version, "v%d.%d", &year, &part)
	switch release := year*10 + part; {
	case release < 241:
		delete(own, "autocommit_before_ddl")
	case release < 251:
		own["autocommit_before_ddl"] = "off"
	}
	if year*10+part < 254 {
		delete(own, "allow_unsafe_internals")
	}
}

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

func knownVariable(name string) *failure {
	name = strings.ToLower(name)
	_, isOwn := own[name]
	switch {
	case shared[name] || isOwn:
		return nil
	case unsupported[name]:
		return &failure{"0A000", "the configuration setting \"" + name + "\" is not supported", ""}
	}
	return &failure{"42704", "unrecognized configuration parameter \"" + name + "\"", ""}
}

// setVariable looks at SET and RESET; what is set without LOCAL, and matters to the stand-in, is told to the session.
func setVariable(result *translation, s *tree.SetVar) *failure {
	if s.ResetAll || s.SetRow {
		return nil
	}
	name := strings.ToLower(s.Name)
	if refused := knownVariable(name); refused != nil {
		return refused
	}
	value := "default"
	if !s.Reset && len(s.Values) == 1 {
		value = strings.ToLower(strings.Trim(tree.AsStringWithFlags(s.Values[0], tree.FmtBareStrings), `'"`))
	}
	if refused := validValue(name, value); refused != nil {
		return refused
	}
	if !s.Local {
		result.name, result.value = name, value
	}
	return nil
}

func validValue(name, value string) *failure {
	bad := false
	switch name {
	case "client_encoding":
		bad = value != "utf8" && value != "utf-8" && value != "unicode" && value != "cp65001" && value != "default"
	case "datestyle":
		bad = value != "default" && !strings.HasPrefix(value, "iso")
	case "standard_conforming_strings":
		bad = value != "on" && value != "true" && value != "default"
	}
	if bad {
		return &failure{"0A000", "unimplemented: the value \"" + value + "\" of " + name + " is not supported", ""}
	}
	return nil
}

// showVariable writes a SHOW of what PostgreSQL has not.
func (t *translator) showVariable(result *translation, s *tree.ShowVar) *failure {
	name := strings.ToLower(s.Name)
	if refused := knownVariable(name); refused != nil {
		return refused
	}
	initial, isOwn := own[name]
	switch {
	case name == "session_id":
		result.text = "SELECT crdb_standin.session_id() AS session_id"
	case name == "crdb_version":
		result.text = "SELECT '" + t.version + "' AS crdb_version"
	case name == "database":
		result.text = "SELECT current_database()::text AS database"
	case name == "session_user":
		result.text = "SELECT session_user::text AS session_user"
	case name == "server_version":
		result.text = "SELECT '" + serverVersion + "' AS server_version"
	case name == "server_version_num":
		result.text = "SELECT '130000' AS server_version_num"
	case isOwn:
		result.text = "SELECT coalesce(nullif(current_setting('crdb_standin." + name + "', true), ''), '" + initial + "') AS " + name
	}
	return nil
}
