/*
 * The catalog queries for CockroachDB. They give the columns that the readers expect, NULL or a
 * constant where it has nothing like it. Names rather than oids join the information schema; every
 * virtual table is scanned once.
 */
#include "repl/catalog_read.h"

#define NS "pg_catalog.pg_namespace n ON n.oid = "

const char catalog_cockroach_tables[] =
    "SELECT c.oid::INT8, c.relname, 'r', false, false, NULL, NULL, NULL, NULL, false, false, NULL, "
    "'d', NULL, NULL,"
    " d.description, c.reltuples::INT8, 0, false"
    " FROM pg_catalog.pg_class c JOIN " NS "c.relnamespace"
    " LEFT JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0"
    "   AND d.classoid = 'pg_catalog.pg_class'::REGCLASS"
    " WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY c.oid::INT8";

const char catalog_cockroach_columns[] =
    "SELECT a.attrelid::INT8, c.relkind = 'c', c.reltype::INT8, a.attname, format_type(a.atttypid, "
    "a.atttypmod),"
    " t.typname, tn.nspname, e.typname, coalesce(e.typtype, t.typtype), t.typcategory, "
    "a.atttypmod, a.attnotnull,"
    " false, NULL, pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity, NULL,"
    " CASE WHEN co.collname NOT IN ('default', 'C', 'POSIX') THEN '\"' || co.collname || '\"' END, "
    "ds.description,"
    " NULL, NULL, NULL, -1, false, coalesce(ic.is_hidden = 'YES', false)"
    " FROM pg_catalog.pg_class c JOIN " NS
    "c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace tn ON tn.oid = "
    "t.typnamespace"
    " LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'"
    " LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation"
    " LEFT JOIN pg_catalog.pg_description ds ON ds.objoid = a.attrelid AND ds.objsubid = a.attnum"
    "   AND ds.classoid = 'pg_catalog.pg_class'::REGCLASS"
    " LEFT JOIN information_schema.columns ic ON ic.table_schema = n.nspname AND ic.table_name = "
    "c.relname"
    "   AND ic.column_name = a.attname"
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'c') AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attrelid::INT8, a.attnum";

/* Unique constraints are unique indexes there, and are read as such. */
const char catalog_cockroach_constraints[] =
    "SELECT con.conrelid::INT8, false, con.conname, con.contype, pg_get_constraintdef(con.oid),"
    " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(con.conkey) WITH ORDINALITY AS k(num, "
    "n)"
    "   JOIN pg_catalog.pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.num),"
    " CASE WHEN rc.relnamespace = n.oid THEN rc.relname ELSE rn.nspname || '.' || rc.relname END,"
    " coalesce(rc.relnamespace <> n.oid, false),"
    " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(con.confkey) WITH ORDINALITY AS k(num, "
    "n)"
    "   JOIN pg_catalog.pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.num),"
    " con.confdeltype, con.confupdtype, con.confmatchtype, false, false, con.convalidated, true, "
    "false, false, false,"
    " CASE WHEN con.contype = 'c' THEN regexp_replace(pg_get_constraintdef(con.oid), '^CHECK ', "
    "'') END,"
    " d.description"
    " FROM pg_catalog.pg_constraint con JOIN " NS "con.connamespace"
    " JOIN pg_catalog.pg_class c ON c.oid = con.conrelid AND c.relkind = 'r'"
    " LEFT JOIN pg_catalog.pg_class rc ON rc.oid = con.confrelid"
    " LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace"
    " LEFT JOIN pg_catalog.pg_description d ON d.objoid = con.oid"
    "   AND d.classoid = 'pg_catalog.pg_constraint'::REGCLASS"
    " WHERE n.nspname = $1 AND con.contype IN ('c', 'f', 'p') ORDER BY 1, con.conname";

const char catalog_cockroach_indexes[] =
    "SELECT i.indrelid::INT8, i.indexrelid::INT8, x.relname, pg_get_indexdef(i.indexrelid),"
    " CASE am.amname WHEN 'inverted' THEN 'gin' WHEN 'prefix' THEN 'btree' ELSE am.amname END, "
    "i.indisunique,"
    " i.indisprimary, false, true, true, false, i.indisprimary, false, i.indpred, d.description, "
    "i.indexprs::STRING"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relkind = "
    "'r'"
    " JOIN " NS "c.relnamespace JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
    " LEFT JOIN pg_catalog.pg_am am ON am.oid = x.relam"
    " LEFT JOIN pg_catalog.pg_description d ON d.objoid = i.indexrelid AND d.objsubid = 0"
    "   AND d.classoid = 'pg_catalog.pg_class'::REGCLASS"
    " WHERE n.nspname = $1 ORDER BY 1, x.relname";

/*
 * NULLs sort first in ascending order there, which is its only order and so no property of the
 * index: reported as PostgreSQL's default. An expression stands in the definition of the index
 * only.
 */
const char catalog_cockroach_index_parts[] =
    "SELECT i.indexrelid::INT8, s.storing = 'YES',"
    " CASE WHEN s.column_name NOT LIKE 'crdb_internal_idx_expr%' THEN s.column_name END,"
    " CASE WHEN s.column_name LIKE 'crdb_internal_idx_expr%' THEN"
    "   coalesce((SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attribute a JOIN "
    "pg_catalog.pg_attrdef d"
    "     ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attname "
    "= s.column_name),"
    "     s.column_name) END,"
    " NULL, NULL, s.direction = 'DESC', s.direction = 'DESC'"
    " FROM information_schema.statistics s JOIN pg_catalog.pg_namespace n ON n.nspname = "
    "s.table_schema"
    " JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.table_name AND "
    "c.relkind = 'r'"
    " JOIN pg_catalog.pg_index i ON i.indrelid = c.oid"
    " JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND x.relname = s.index_name"
    " WHERE n.nspname = $1 AND s.implicit = 'NO'"
    " ORDER BY i.indrelid::INT8, x.relname, s.seq_in_index";

/* A sequence holds one number there: the next value is always last_value + increment. */
const char catalog_cockroach_sequences[] =
    "SELECT c.oid::INT8, c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqmin, s.seqmax, "
    "s.seqincrement,"
    " s.seqcache, s.seqcycle, NULL, NULL, false, true, coalesce(p.last_value, s.seqstart - "
    "s.seqincrement),"
    " d.description, false"
    " FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN " NS
    "c.relnamespace"
    " LEFT JOIN pg_catalog.pg_sequences p ON p.schemaname = n.nspname AND p.sequencename = "
    "c.relname"
    " LEFT JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0"
    "   AND d.classoid = 'pg_catalog.pg_class'::REGCLASS"
    " WHERE n.nspname = $1 ORDER BY c.relname";

/* The row type of a table is a composite type too; pg_class tells them apart. */
const char catalog_cockroach_types[] = "SELECT t.oid::INT8, t.typname, t.typtype, e.labels, NULL, "
                                       "NULL, false, NULL, NULL, d.description"
                                       " FROM pg_catalog.pg_type t JOIN " NS "t.typnamespace"
                                       " LEFT JOIN (SELECT enumtypid, array_agg(enumlabel ORDER BY "
                                       "enumsortorder) AS labels FROM pg_catalog.pg_enum"
                                       "   GROUP BY enumtypid) e ON e.enumtypid = t.oid"
                                       " LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid"
                                       " LEFT JOIN pg_catalog.pg_description d ON d.objoid = t.oid "
                                       "AND d.classoid = 'pg_catalog.pg_type'::REGCLASS"
                                       " WHERE n.nspname = $1 AND (t.typtype = 'e' OR (t.typtype = "
                                       "'c' AND c.relkind = 'c')) ORDER BY 1";

const char catalog_cockroach_functions[] =
    "SELECT p.oid::INT8, 'f', CASE p.prokind WHEN 'p' THEN 'P' ELSE 'F' END,"
    " CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,"
    " p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.proname, NULL, NULL,"
    " pg_get_functiondef(p.oid), false, NULL, NULL,"
    " CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || quote_ident($1) || '.' || "
    "quote_ident(p.proname)"
    "   || '(' || pg_get_function_identity_arguments(p.oid) || ')'"
    " FROM pg_catalog.pg_proc p JOIN " NS "p.pronamespace WHERE n.nspname = $1 ORDER BY 1";

/* A view can only use older ones, so their numbers are an order in which they can be created. */
const char catalog_cockroach_views[] =
    "SELECT c.oid::INT8, 'r', CASE c.relkind WHEN 'v' THEN 'V' ELSE 'M' END,"
    " CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, c.relname, c.relname, "
    "NULL, NULL,"
    " CASE c.relkind WHEN 'v' THEN 'CREATE VIEW ' ELSE 'CREATE MATERIALIZED VIEW ' END"
    "   || quote_ident($1) || '.' || quote_ident(c.relname) || ' AS ' || coalesce(v.definition, "
    "m.definition),"
    " true, NULL, d.description,"
    " CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'MATERIALIZED VIEW ' END || quote_ident($1) || '.' "
    "|| quote_ident(c.relname)"
    " FROM pg_catalog.pg_class c JOIN " NS "c.relnamespace"
    " LEFT JOIN pg_catalog.pg_views v ON v.schemaname = n.nspname AND v.viewname = c.relname"
    " LEFT JOIN pg_catalog.pg_matviews m ON m.schemaname = n.nspname AND m.matviewname = c.relname"
    " LEFT JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0"
    "   AND d.classoid = 'pg_catalog.pg_class'::REGCLASS"
    " WHERE n.nspname = $1 AND c.relkind IN ('v', 'm') ORDER BY 1";

const char catalog_cockroach_others[] =
    "SELECT 0, NULL, 'T', 'trigger', t.tgname || ' on ' || c.relname, t.tgname, NULL, c.relname, "
    "NULL, true, 'O', NULL,"
    " NULL FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN " NS
    "c.relnamespace"
    " WHERE n.nspname = $1 ORDER BY 5";
