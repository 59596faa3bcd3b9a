#!/usr/bin/env bats
# Proves: what a failed import must not leave behind, and what one that succeeded must keep, at the places where that is hard: the
# positions of sequences, a COMMIT that is never answered, the state, locks, and input from a pipe.

load ../lib/helper

setup() { pair_setup empty; }
teardown() { pair_teardown; }

import() { run_dbr import --target=secondary "$@"; }
# pipe FILE [ARGUMENT...]: the file through a pipe.
pipe() {
    local file=$1
    RUN=$((RUN + 1))
    LAST="$file | dbr-import"
    status=0
    # shellcheck disable=SC2002 # a pipe is meant
    cat "$file" | "$DBR_BIN/dbr-import" --env-file "$ENV_FILE" --target=secondary --input=- "${@:2}" >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" || status=$?
    output=$(cat "$RUNS/$RUN.out") errors=$(cat "$RUNS/$RUN.err")
    sound
}
# summed FILE: puts the sum at its end right.
summed() {
    python3 - "$1" <<'PY'
import sys, zlib
lines = open(sys.argv[1], "rb").read().splitlines(True)
body = b"".join(lines[:-1])
open(sys.argv[1], "wb").write(body + b"-- crc32: %08x\n" % zlib.crc32(body))
PY
}
# dumped: SQL from standard input between what pg_dump writes around it, in file.sql
dumped() {
    { printf -- '--\n-- PostgreSQL database dump\n--\n\n' && cat && printf -- '\n--\n-- PostgreSQL database dump complete\n--\n\n'; } >file.sql
}
position() { p2 -c "SELECT last_value FROM c_id_seq"; }

both_have_c() {
    local side
    for side in p1 p2; do
        $side -c "CREATE TABLE p (id int PRIMARY KEY)" -c "CREATE TABLE c (id serial PRIMARY KEY, p int REFERENCES p)"
    done
    p1 -c "INSERT INTO p VALUES (1)" -c "INSERT INTO c (p) VALUES (1), (1)"
    p2 -c "SELECT setval('c_id_seq', 1000)" >/dev/null
}

@test "a failed import moves no sequence" {
    needs_postgres "the file is written for PostgreSQL"
    both_have_c
    run_dbr export --data-only --output=rows.sql
    exits 0
    sed 's/^1\t1$/1\t77/' rows.sql >bad.sql
    summed bad.sql
    import --input=bad.sql
    exits 1
    stderr_has "foreign key"
    is "$(position)" 1000
    sed 's/^2\t1$/3\t1/' rows.sql >bad.sql
    pipe bad.sql
    exits 5
    stderr_has "its CRC-32 is"
    is "$(position)" 1000
    is "$(p2 -c "SELECT count(*) FROM c")" 0
    # One that succeeds puts it where it was.
    import --input=rows.sql
    exits 0
    is "$(position)" 2
}

@test "a merge moves sequences beyond the ids in use, and never back" {
    needs_postgres "the file is written for PostgreSQL"
    both_have_c
    run_dbr export --data-only --output=rows.sql
    import --input=rows.sql --upsert
    exits 0
    is "$(position)" 1000
    p2 -c "SELECT setval('c_id_seq', 1)" >/dev/null
    import --input=rows.sql --upsert
    exits 0
    is "$(p2 -c "SELECT nextval('c_id_seq')")" 3
}

@test "a COMMIT that is not answered is looked up" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, updated_at timestamptz)" -c "INSERT INTO t VALUES (1, 'new', '2026-02-02')"
    p2 -c "CREATE TABLE t (id int PRIMARY KEY, v text, updated_at timestamptz)" -c "INSERT INTO t VALUES (1, 'precious', '2026-01-01')"
    run_dbr export --data-only --output=rows.sql
    # The server commits slowly, and the line breaks meanwhile.
    p2 <<'SQL'
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END';
CREATE TABLE log (n int);
SQL
    server_sql two "$DB" -c "CREATE FUNCTION on_commit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    link_open far two 300
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    start_dbr import --target=secondary --input=rows.sql --upsert --json
    wait_for 20 committed || fail "nothing was committed"
    link_tell far drop
    finish_dbr
    exits 0
    is "$(jq -r .updated <<<"$output")" 1
    is "$(p2 -c "SELECT v FROM t")" new
    zcat "$STATE_DIR"/salvage/*import*.jsonl.gz | grep -q precious || fail "the overwritten row is not in salvage"
}
committed() { [ "$(p2 -c "SELECT v FROM t")" = new ]; }

@test "a state that cannot be written is noticed before the commit" {
    [ "$(id -u)" -ne 0 ] || skip "root writes everywhere"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)" -c "INSERT INTO t VALUES (1)"
    run_dbr export --output=t.sql
    mkdir -p "$STATE_DIR"
    run_dbr health --quiet || true
    chmod 500 "$STATE_DIR"
    import --input=t.sql
    chmod 700 "$STATE_DIR"
    [ "$status" -ne 0 ] || fail "it succeeded"
    is "$(p2 -c "SELECT to_regclass('t')")" ""
}

@test "a file does not say how long others may be waited for" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text)" -c "INSERT INTO t VALUES (1, 'x')"
    p2 -c "CREATE TABLE t (id int PRIMARY KEY, v text)"
    run_dbr export --data-only --output=rows.sql
    grep -q '^SET lock_timeout = 0;' rows.sql
    p1 -c "SELECT 1" >/dev/null
    # Seen while it runs, by somebody who looks at the locks that it waits for.
    session_open holder "$P2_URL"
    session holder "BEGIN"
    session holder "LOCK TABLE t IN ACCESS EXCLUSIVE MODE"
    start_dbr import --target=secondary --input=rows.sql
    wait_for 20 waiting || fail "it does not wait"
    session holder "COMMIT"
    finish_dbr
    exits 0
    session_close holder
}
waiting() { [ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 0 ]; }

@test "only the file's own tables are touched" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "CREATE TABLE x (id int PRIMARY KEY)" -c "INSERT INTO x VALUES (1)"
    p2 -c "CREATE TABLE x (id int PRIMARY KEY)" -c "CREATE TABLE other_p (id int PRIMARY KEY)" \
        -c "CREATE TABLE other_c (p int REFERENCES other_p)"
    server_sql two "$DB" -c "ALTER TABLE other_c OWNER TO other" -c "ALTER TABLE other_p OWNER TO other"
    run_dbr export --data-only --output=rows.sql
    import --input=rows.sql
    exits 0
    is "$(p2 -c "SELECT count(*) FROM x")" 1
}

@test "through a pipe nothing is replaced, and the dialect counts" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'" -c "CREATE TABLE t (id int PRIMARY KEY)"
    p2 -c "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 42'"
    run_dbr export --output=f.sql
    pipe f.sql
    exits 5
    is "$(p2 -c "SELECT f()")" 42
    p2 -c "DROP FUNCTION f" -c "CREATE TABLE gone (id int)" -c "INSERT INTO gone VALUES (1)"
    dumped <<'SQL'
CREATE TABLE IF NOT EXISTS gone (id int);
COPY gone (id) FROM stdin;
2
\.
SQL
    pipe file.sql
    exits 5
    stderr_has "the table gone of the target has rows"
    is "$(p2 -c "SELECT count(*) FROM gone")" 1
    run_dbr export --dialect=cockroach --output=other.sql
    pipe other.sql
    exits 5
    stderr_has "is written for cockroach"
}

@test "what dbr has noted in a database is no part of its dump" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)" -c "INSERT INTO t VALUES (1)"
    init_pair
    run_dbr failover --yes
    exits 0
    run_dbr failback --yes
    exits 0
    pg_dump -d "$P1_URL" >dump.sql 2>/dev/null || skip "pg_dump is older than the server"
    grep -q 'CREATE SCHEMA _dbr' dump.sql || fail "there is nothing to leave out"
    database_create two "${DB}_x" empty
    env_set DATABASE_URL "$(server_url two "${DB}_x")"
    env_set DB_STATE_DIR "$BATS_TEST_TMPDIR/other-state"
    run_dbr import --target=primary --input=dump.sql --yes
    exits 0
    is "$(sql "$(server_url two "${DB}_x")" -c "SELECT count(*) FROM t" -c "SELECT count(*) FROM pg_namespace WHERE nspname = '_dbr'")" $'1\n0'
    database_drop two "${DB}_x"
}

@test "views that need each other, as dumps write them" {
    needs_postgres "the file is written for PostgreSQL"
    dumped <<'SQL'
CREATE TABLE t (id integer NOT NULL, v text);
CREATE VIEW v AS
SELECT
    NULL::integer AS id,
    NULL::text AS v;
COPY t (id, v) FROM stdin;
1	one
\.
ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
CREATE OR REPLACE VIEW v AS
 SELECT id, v FROM t GROUP BY id;
SQL
    import --input=file.sql
    exits 0
    is "$(p2 -c "SELECT v FROM v")" one
}

@test "a table that the file says is empty must be empty" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)"
    p2 -c "CREATE TABLE t (id int PRIMARY KEY)" -c "INSERT INTO t VALUES (5)"
    run_dbr export --data-only --output=rows.sql
    import --input=rows.sql
    exits 5
    stderr_has "the table t of the secondary has rows"
}

@test "a default that a child does not have from its parent" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "CREATE TABLE parent (id int PRIMARY KEY, n int DEFAULT 7)" -c "CREATE TABLE child () INHERITS (parent)" \
        -c "ALTER TABLE child ALTER n DROP DEFAULT"
    run_dbr export --output=f.sql
    import --input=f.sql
    exits 0
    same_schema
}

@test "thousands of statements that are left out make a few lines" {
    needs_postgres "the file is written for PostgreSQL"
    { for i in $(seq 1 3000); do echo "SELECT pg_catalog.lo_create('$i');"; done && echo "CREATE TABLE t (id int);"; } | dumped
    import --input=file.sql
    exits 0
    [ "$(wc -l <<<"$errors")" -lt 20 ] || fail "too many lines"
    stderr_has "and 2995 more statements"
}

@test "nobody waits for an answer while the lock is held" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)"
    run_dbr export --output=t.sql
    script -qec "$DBR_BIN/dbr-import --env-file $ENV_FILE --target=primary --input=t.sql --upsert" /dev/null <<<"" >asked 2>&1 &
    sleep 1
    flock -n "$STATE_DIR/op.lock" true || fail "the lock is held"
    wait || true
}
