#!/usr/bin/env bats
# Proves: the stand-in shows a PostgreSQL catalog as CockroachDB would. What is expected is from CockroachDB's own logic tests (pg_catalog,
# information_schema, sequences) and documentation, with OIDs left out.
# bats file_tags=plain

load ../lib/helper

setup_file() {
    server_sql one postgres -c "CREATE DATABASE viewed TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    server_sql one viewed -f "$ROOT/tests/cockroach-grammar/standin/catalog.sql" >/dev/null
    server_sql one viewed <<'SQL' >/dev/null
CREATE TYPE mood AS ENUM ('low', 'it''s fine');
CREATE SEQUENCE counter INCREMENT 2 MINVALUE 2 MAXVALUE 500 START 2;
CREATE SEQUENCE fresh;
CREATE TABLE t1 (p float8 PRIMARY KEY, a int UNIQUE, b int, c int DEFAULT 12, m mood DEFAULT 'low', UNIQUE (a, b));
CREATE TABLE t3 (a int REFERENCES t1 (a), b varchar(20) DEFAULT 'FOO', c text, CONSTRAINT t3_c CHECK (c LIKE '%x%'));
CREATE INDEX t3_a_b_idx ON t3 (a, b DESC) INCLUDE (c);
CREATE INDEX t3_expr ON t3 (lower(c), (a + 1)) WHERE a > 0;
COMMENT ON COLUMN t3.b IS 'bee';
SQL
}

teardown_file() { database_drop one viewed; }

# shows EXPECTED SQL: the rows, fields joined by "|" and rows by "; ".
shows() {
    local seen
    seen=$(server_sql one viewed -Atc "SET search_path = crdb_standin, pg_catalog, public" -c "$2" | grep -v '^SET$' | paste -sd ';' | sed 's/;/; /g')
    [ "$seen" = "$1" ] || fail "expected: $1" "seen:     $seen" "of:       $2"
}

@test "the stand-in is not in its own catalog" {
    shows "0" "SELECT count(*) FROM pg_namespace WHERE nspname = 'crdb_standin'"
    shows "t1; t3" "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'r' AND nspname = 'public' ORDER BY 1"
    shows "crdb_internal; information_schema; pg_catalog; pg_extension; public" "SELECT nspname FROM pg_namespace ORDER BY 1"
}

@test "a table without a primary key has a hidden rowid" {
    shows "a|NO|INT4; b|NO|VARCHAR(20); c|NO|STRING; rowid|YES|INT8" \
        "SELECT column_name, is_hidden, crdb_sql_type FROM columns WHERE table_name = 't3' ORDER BY ordinal_position"
    shows "rowid|t|unique_rowid()" "SELECT a.attname, a.attnotnull, d.adbin FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid
        AND d.adnum = a.attnum WHERE a.attrelid = 't3'::regclass AND a.attname = 'rowid'"
    shows "PRIMARY KEY (rowid ASC)" "SELECT condef FROM pg_constraint WHERE conname = 't3_pkey'"
}

@test "constraints spell the order of their columns, and every unique index is one" {
    shows "t1_a_b_key|u|UNIQUE (a ASC, b ASC); t1_a_key|u|UNIQUE (a ASC); t1_pkey|p|PRIMARY KEY (p ASC)" \
        "SELECT conname, contype, condef FROM pg_constraint WHERE conrelid = 't1'::regclass AND contype <> 'c' ORDER BY 1"
    shows "FOREIGN KEY (a) REFERENCES t1(a)|CHECK ((c LIKE '%x%'::STRING))" "SELECT (SELECT condef FROM pg_constraint WHERE conname = 't3_a_fkey'),
        (SELECT condef FROM pg_constraint WHERE conname = 't3_c')"
}

@test "indexes tell their direction, and what they are over" {
    shows "2 1|prefix|f" "SELECT indoption, amname, indisunique FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am ON pg_am.oid = c.relam
        WHERE relname = 't3_a_b_idx'"
    shows "CREATE INDEX t3_a_b_idx ON viewed.public.t3 USING btree (a ASC, b DESC) STORING (c)" \
        "SELECT indexdef FROM pg_indexes WHERE indexname = 't3_a_b_idx'"
    shows "0 0|{(lower(c)),\"(a + 1)\"}|a > 0" "SELECT indkey, indexprs, indpred FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relname = 't3_expr'"
}

@test "types: the order of an enum begins with 0, OIDs of one's own with 100000" {
    shows "low|0; it's fine|1" "SELECT enumlabel, enumsortorder FROM pg_enum ORDER BY enumsortorder"
    shows "t" "SELECT oid >= 100000 FROM pg_type WHERE typname = 'mood'"
    shows "12|'low'::viewed.public.mood" "SELECT (SELECT adbin FROM pg_attrdef WHERE adrelid = 't1'::regclass AND adnum = 4),
        (SELECT adbin FROM pg_attrdef WHERE adrelid = 't1'::regclass AND adnum = 5)"
}

@test "a sequence is one number, which is not there before the first value" {
    shows "20|2|2|500|2" "SELECT seqtypid::oid::int, seqincrement, seqmin, seqmax, seqstart FROM pg_sequence WHERE seqrelid = 'counter'::regclass"
    shows "counter|; fresh|" "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
    server_sql one viewed -c "SELECT nextval('counter'), nextval('counter')" >/dev/null
    shows "4" "SELECT last_value FROM pg_sequences WHERE sequencename = 'counter'"
    server_sql one viewed -c "SELECT setval('counter', 10, false)" >/dev/null
    shows "8|0|t" "SELECT * FROM sequence_row('counter')"
}

@test "what PostgreSQL has and CockroachDB has not is there, and empty" {
    shows "0|0|0" "SELECT (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_policy), (SELECT count(*) FROM pg_inherits)"
    shows "bee" "SELECT description FROM pg_description WHERE objoid = 't3'::regclass AND objsubid = 2"
}
