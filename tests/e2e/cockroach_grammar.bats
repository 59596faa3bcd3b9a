#!/usr/bin/env bats
# Proves: what dbr writes for CockroachDB is what CockroachDB's own parser takes, every statement of it. Needs Go, and no CockroachDB.

load ../lib/helper

setup_file() {
    local status=0
    GRAMMAR=$("$ROOT/tests/cockroach-grammar/build") || status=$?
    GRAMMAR_MISSING=
    if [ $status -eq 3 ]; then
        GRAMMAR_MISSING=$GRAMMAR
    elif [ $status -ne 0 ]; then
        return 1
    fi
    export GRAMMAR GRAMMAR_MISSING
}

setup() {
    [ -z "$GRAMMAR_MISSING" ] || skip "$GRAMMAR_MISSING"
    pair_setup "$([[ $BATS_TEST_DESCRIPTION == *"sample application"* ]] && echo app || echo empty)"
}
teardown() { [ -n "$GRAMMAR_MISSING" ] || pair_teardown; }

# taken LEAST: the last run's output is SQL of at least that many statements, all of which the parser takes.
taken() {
    local said
    said=$("$GRAMMAR" "$RUNS/$RUN.out" 2>&1) || fail "CockroachDB would refuse:" "$said"
    [ "${said% statements}" -ge "$1" ] || fail "$said, expected at least $1"
}

# refuses SQL LINE WORD: the check names the line and says the word.
refuses() {
    local said status=0
    said=$(printf '%s\n' "$1" | "$GRAMMAR" 2>&1) || status=$?
    [ $status -eq 1 ] || fail "exit status $status for: $1"
    has "$said" "the answer to $1" "-:$2: " "$3"
}

@test "the schema of the sample application" {
    run_dbr init-secondary --dry-run --dialect=cockroach
    exits 0
    taken 80
}

@test "a schema with every kind of object" {
    as_superuser
    server_sql one "$DB" -c "CREATE EXTENSION citext" >/dev/null 2>&1 || skip "no contrib modules on this server"
    p1 -f "$ROOT/tests/data/every_object.sql" >/dev/null
    run_dbr init-secondary --dry-run --dialect=cockroach
    exits 0
    taken 70
}

@test "the check takes rows as psql does" {
    local said
    said=$(printf '%s\n' '-- a comment; with a semicolon' 'CREATE TABLE "a" (x STRING);' \
        "COPY \"a\" (\"x\") FROM STDIN WITH CSV NULL '\\N';" 'no; statement' \\. "SELECT 'a;b', \$\$;\$\$;" | "$GRAMMAR")
    is "$said" "3 statements"
}

@test "the check refuses what CockroachDB does" {
    refuses 'SELECT 1; CREATE TABEL x ();' 1 'syntax error'
    refuses $'SELECT 1;\n\nCREATE TABLE x (\n  a xml);' 3 unimplemented
    refuses 'CREATE TABLE x (a int4range[]);' 1 'no such type: int4range'
    refuses "CREATE TYPE a.e AS ENUM ('a'); CREATE TABLE t (x a.e, y b.e);" 1 'no such type: b.e'
    refuses 'CREATE INDEX i ON t USING brin (a);' 1 unimplemented
    refuses 'ALTER TABLE t ADD CONSTRAINT c UNIQUE (a) DEFERRABLE;' 1 unimplemented
    refuses $'COPY a FROM STDIN;\n;;\n\\.\n\nCREATE DOMAIN d AS int;' 5 unimplemented
    refuses "SELECT 'a" 1 unterminated
    refuses 'SELECT 1' 1 semicolon
    refuses $'COPY a FROM STDIN;\n1' 1 'no line'
}
