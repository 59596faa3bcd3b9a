/*
 * The catalog queries for CockroachDB. They give the columns that the readers expect, NULL or a
 * constant where it has nothing like it. Each of its virtual tables is made anew for a scan, and
 * functions like pg_get_constraintdef() make one for each row: a table is named once in a query,
 * and definitions are taken from where those functions take them. Comments come by themselves.
 */
#include "repl/catalog_read.h"

/* clang-format off */
#define NS "pg_catalog.pg_namespace n ON n.oid = "

const char catalog_cockroach_schema[] =
    "SELECT n.nspname, NULL, n.oid::INT8, NULL FROM pg_catalog.pg_namespace n WHERE n.nspname = $1"
    " OR (NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace x WHERE x.nspname = $1)"
    "   AND n.nspname NOT LIKE 'pg@_%' ESCAPE '@' AND n.nspname NOT IN ('information_schema', 'crdb_internal'))";

const char catalog_cockroach_tables[] =
    "SELECT c.oid::INT8, c.relname, 'r', false, false, NULL, NULL, NULL, NULL, false, false, NULL, 'd', NULL, NULL,"
    " NULL, c.reltuples::INT8, 0, false"
    " FROM pg_catalog.pg_class c JOIN " NS "c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY c.oid::INT8";

/* Before v23.2 pg_attrdef does not have generated columns. */
const char catalog_cockroach_columns[] =
    "SELECT a.attrelid::INT8, c.relkind = 'c', c.reltype::INT8, a.attname, format_type(a.atttypid, a.atttypmod),"
    " t.typname, tn.nspname, e.typname, coalesce(e.typtype, t.typtype), t.typcategory, a.atttypmod, a.attnotnull,"
    " false, NULL, coalesce(d.adbin, nullif(ic.generation_expression, '')), a.attgenerated, a.attidentity, NULL,"
    " CASE WHEN co.collname NOT IN ('default', 'C', 'POSIX') THEN '\"' || co.collname || '\"' END, NULL,"
    " NULL, NULL, NULL, -1, false, coalesce(ic.is_hidden = 'YES', false), 0, a.attnum"
    " FROM pg_catalog.pg_class c JOIN " NS "c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace"
    " LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'"
    " LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation"
    " LEFT JOIN information_schema.columns ic ON ic.table_schema = n.nspname AND ic.table_name = c.relname"
    "   AND ic.column_name = a.attname"
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'c') AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attrelid::INT8, a.attnum";

/*
 * Unique constraints are unique indexes there, and are read as such. The names of columns stand in
 * the definition; the numbers of conkey can be others than those of pg_attribute.
 */
const char catalog_cockroach_constraints[] =
    "SELECT con.conrelid::INT8, false, con.conname, con.contype, con.condef, NULL, NULL, false, NULL,"
    " con.confdeltype, con.confupdtype, con.confmatchtype, false, false, con.convalidated, true, false, false, false,"
    " con.consrc, NULL, con.oid::INT8"
    " FROM pg_catalog.pg_constraint con JOIN " NS "con.connamespace"
    " WHERE n.nspname = $1 AND con.contype IN ('c', 'f', 'p') ORDER BY con.conrelid::INT8, con.conname";

const char catalog_cockroach_indexes[] =
    "SELECT i.indrelid::INT8, i.indexrelid::INT8, d.indexname, d.indexdef, NULL, i.indisunique, i.indisprimary, false,"
    " i.indisvalid, true, false, i.indisprimary, false, i.indpred, NULL, i.indkey, i.indoption, i.indnkeyatts, i.indexprs"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_indexes d ON d.crdb_oid = i.indexrelid"
    " WHERE d.schemaname = $1 ORDER BY i.indrelid::INT8, d.indexname";

/*
 * A sequence holds one number there, and the next value is always that and the increment; one that
 * is at its start shows none. All are of type bigint there, and their limits tell what they were
 * made as.
 */
const char catalog_cockroach_sequences[] =
    "SELECT c.oid::INT8, c.relname,"
    " CASE WHEN s.seqmax = 32767 OR s.seqmin = -32768 THEN 'smallint'"
    "   WHEN s.seqmax = 2147483647 OR s.seqmin = -2147483648 THEN 'integer' ELSE 'bigint' END,"
    " s.seqstart, s.seqmin, s.seqmax, s.seqincrement, s.seqcache, s.seqcycle, t.relname, a.attname, false,"
    " p.last_value IS NOT NULL, coalesce(p.last_value, s.seqstart), NULL, false"
    " FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN " NS "c.relnamespace"
    " LEFT JOIN pg_catalog.pg_sequences p ON p.schemaname = n.nspname AND p.sequencename = c.relname"
    " LEFT JOIN pg_catalog.pg_depend o ON o.objid = c.oid AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')"
    " LEFT JOIN pg_catalog.pg_class t ON t.oid = o.refobjid"
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid"
    " WHERE n.nspname = $1 ORDER BY c.relname";

/* The row type of a table is a composite type too; pg_class tells them apart, and before v23.2 has
 * the tables only. */
const char catalog_cockroach_types[] =
    "SELECT t.oid::INT8, t.typname, t.typtype, e.labels, NULL, NULL, false, NULL, NULL, NULL"
    " FROM pg_catalog.pg_type t JOIN " NS "t.typnamespace"
    " LEFT JOIN (SELECT enumtypid, array_agg(enumlabel ORDER BY enumsortorder) AS labels FROM pg_catalog.pg_enum"
    "   GROUP BY enumtypid) e ON e.enumtypid = t.oid"
    " LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid"
    " WHERE n.nspname = $1 AND t.typname NOT LIKE 'crdb@_internal@_%' ESCAPE '@'"
    " AND (t.typtype = 'e' OR (t.typtype = 'c' AND coalesce(c.relkind, 'c') = 'c')) ORDER BY t.oid::INT8";

const char catalog_cockroach_functions[] =
    "SELECT p.oid::INT8, 'f', CASE p.prokind WHEN 'p' THEN 'P' ELSE 'F' END,"
    " CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,"
    " p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.proname, NULL, NULL,"
    " pg_get_functiondef(p.oid), false, NULL, NULL,"
    " CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || quote_ident($1) || '.' || "
    "quote_ident(p.proname)"
    "   || '(' || pg_get_function_identity_arguments(p.oid) || ')'"
    " FROM pg_catalog.pg_proc p JOIN " NS "p.pronamespace WHERE n.nspname = $1 ORDER BY p.oid::INT8";

/* A view can only use older ones, so their numbers are an order in which they can be created. */
const char catalog_cockroach_views[] =
    "SELECT c.oid::INT8, 'r', CASE c.relkind WHEN 'v' THEN 'V' ELSE 'M' END,"
    " CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, c.relname, c.relname, NULL, NULL,"
    " CASE c.relkind WHEN 'v' THEN 'CREATE VIEW ' ELSE 'CREATE MATERIALIZED VIEW ' END"
    "   || quote_ident($1) || '.' || quote_ident(c.relname) || ' AS ' || coalesce(v.definition, m.definition),"
    " true, NULL, NULL,"
    " CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'MATERIALIZED VIEW ' END || quote_ident($1) || '.' "
    "|| quote_ident(c.relname)"
    " FROM pg_catalog.pg_class c JOIN " NS "c.relnamespace"
    " LEFT JOIN pg_catalog.pg_views v ON v.schemaname = n.nspname AND v.viewname = c.relname"
    " LEFT JOIN pg_catalog.pg_matviews m ON m.schemaname = n.nspname AND m.matviewname = c.relname"
    " WHERE n.nspname = $1 AND c.relkind IN ('v', 'm') ORDER BY c.oid::INT8";

const char catalog_cockroach_others[] =
    "SELECT 0, NULL, 'T', 'trigger', t.tgname || ' on ' || c.relname, t.tgname, NULL, c.relname, NULL, true, 'O', NULL, NULL"
    " FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN " NS "c.relnamespace"
    " WHERE n.nspname = $1 ORDER BY 5";
/* clang-format on */
