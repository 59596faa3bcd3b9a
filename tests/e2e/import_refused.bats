#!/usr/bin/env bats
# Proves: an import goes only where it is meant to, where there is room, and with consent; and whatever ends it leaves the target
# as it was.

load ../lib/helper

setup() {
    pair_setup app
    run_dbr export --output=shop.sql
    exits 0
}
teardown() { pair_teardown; }

import() { run_dbr import --target=secondary "$@"; }
objects() { p2 -c "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace"; }

@test "wrong options" {
    run_dbr import
    exits 2
    stderr_has "--input is missing"
    run_dbr import --input=shop.sql
    exits 2
    stderr_has "--target is missing"
    import --input=shop.sql --clean --upsert
    exits 2
    import --input=shop.sql --check --clean
    exits 2
    import --input=nosuch.sql
    exits 2
    stderr_has nosuch.sql
    run_dbr import --target=active --input=shop.sql
    exits 2
    stderr_has active
    env_unset DATABASE_URL_SECONDARY
    import --input=shop.sql
    exits 2
    npm_config_dry_run=true npm_lifecycle_event=x run_dbr import --target=primary --input=shop.sql --yes
    exits 2
}

@test "a target that holds something of it" {
    needs_postgres "the file is written for PostgreSQL"
    p2 -c "CREATE TABLE users (id int PRIMARY KEY)" -c "INSERT INTO users VALUES (1)"
    import --input=shop.sql
    exits 5
    stderr_has "holds already what the file defines: table users" --upsert --clean
    is "$(objects)" "users,users_pkey"
    p2 -c "DROP TABLE users" -c "CREATE TYPE user_role AS ENUM ('a')"
    import --input=shop.sql
    exits 5
    stderr_has "type user_role"
    # Through a pipe it is the server that notices.
    status=0
    errors=$(bash -c 'cat shop.sql | "$0" --env-file "$1" --target=secondary --input=- 2>&1 >/dev/null' "$DBR_BIN/dbr-import" "$ENV_FILE") || status=$?
    exits 5
    stderr_has "user_role" --clean
    is "$(objects)" ""
}

@test "the active database needs consent" {
    run_dbr import --target=primary --input=shop.sql --upsert
    exits 5
    stderr_has "which is the active database" "add --yes"
    init_pair
    run_dbr failover --yes
    exits 0
    run_dbr import --target=secondary --input=shop.sql --upsert
    exits 5
    stderr_has "which is the active database"
    run_dbr import --target=primary --input=shop.sql --upsert --quiet
    exits 0
}

@test "a statement that fails in the middle" {
    needs_postgres "the file is written for PostgreSQL"
    sed 's/^CREATE VIEW public.open_positions AS SELECT u.email/&, nosuch(1)/' shop.sql >broken.sql
    python3 - <<'PY'
import zlib
lines = open("broken.sql", "rb").read().splitlines(True)
body = b"".join(lines[:-1])
open("broken.sql", "wb").write(body + b"-- crc32: %08x\n" % zlib.crc32(body))
PY
    import --input=broken.sql
    exits 1
    stderr_has "line $(grep -n 'nosuch(1)' broken.sql | cut -d: -f1): CREATE VIEW public.open_positions" "nosuch(integer) does not exist"
    is "$(objects)" ""
}

@test "a row that the target does not take" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "INSERT INTO leads (name) SELECT repeat('x', 100) FROM generate_series(1, 6000)"
    pg_dump -d "$P1_URL" >dump.sql 2>/dev/null || skip "pg_dump is older than the server"
    local line
    line=$(grep -n '^5000	' dump.sql | head -n 1 | cut -d: -f1)
    sed -i "${line}s/^5000	/five	/" dump.sql
    import --input=dump.sql
    exits 1
    stderr_has "line $line: COPY public.leads" "invalid input syntax"
    is "$(objects)" ""
}

@test "the server goes away, or hangs, in the middle" {
    needs_postgres "the file is written for PostgreSQL"
    p1 -c "INSERT INTO leads (name) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 20000) i"
    run_dbr export --output=shop.sql
    exits 0
    link_open far two 200
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    start_dbr import --target=secondary --input=shop.sql
    sleep 1.2
    link_tell far drop
    finish_dbr
    exits 3
    stderr_has "was lost"
    is "$(objects)" ""
}

@test "a signal at any moment" {
    needs_postgres "the file is written for PostgreSQL"
    local i stopped=0
    p1 -c "INSERT INTO leads (name) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 20000) i"
    run_dbr export --output=shop.sql
    exits 0
    for i in 1 3 6 9 14 20; do
        start_dbr import --target=secondary --input=shop.sql
        sleep "$(printf '0.%02d' $((i * 4)))"
        kill -INT "$PID" 2>/dev/null || true
        finish_dbr
        if [ "$status" -eq 130 ]; then
            stopped=$((stopped + 1))
            is "$(objects)" ""
        else
            exits 0
            same_rows
            schema_clear two
        fi
    done
    start_dbr import --target=secondary --input=shop.sql
    sleep 0.1
    kill -KILL "$PID"
    wait "$PID" 2>/dev/null || true
    wait_for 10 nobody || fail "the session does not end"
    is "$(objects)" ""
    [ $stopped -gt 0 ] || fail "no run was stopped"
}
nobody() { [ "$(server_sql two postgres -Atc "SELECT count(*) FROM pg_stat_activity WHERE datname = '$DB' AND application_name = 'dbr'")" = 0 ]; }

@test "another run holds the lock" {
    mkdir -p "$STATE_DIR"
    (flock -x 9 && sleep 3) 9>"$STATE_DIR/op.lock" &
    sleep 0.3
    import --input=shop.sql
    exits 6
    wait
}

@test "rows alone: into tables that are there and empty" {
    needs_postgres "the file is written for PostgreSQL"
    run_dbr export --data-only --output=rows.sql
    exits 0
    import --input=rows.sql
    exits 5
    stderr_has "which the secondary does not have"
    run_dbr export --schema-only --output=schema.sql
    exits 0
    import --input=schema.sql
    exits 0
    p2 -c "INSERT INTO leads (id, name) VALUES (999, 'mine')"
    import --input=rows.sql
    exits 5
    stderr_has "table leads" "has rows" --upsert
    is "$(p2 -c "SELECT count(*) FROM leads")" 1
    is "$(p2 -c "SELECT count(*) FROM users")" 0
    p2 -c "DELETE FROM leads"
    import --input=rows.sql
    exits 0
    same_rows
    same_schema
}

@test "rows alone: circles, triggers, and keys that must hold" {
    needs_postgres "the file is written for PostgreSQL"
    schema_clear one
    p1 <<'SQL'
CREATE TABLE chicken (id int PRIMARY KEY, egg int);
CREATE TABLE egg (id int PRIMARY KEY, chicken int REFERENCES chicken);
ALTER TABLE chicken ADD CONSTRAINT "Its Egg" FOREIGN KEY (egg) REFERENCES egg;
CREATE TABLE log (n serial PRIMARY KEY);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log DEFAULT VALUES; RETURN NULL; END';
CREATE TRIGGER t AFTER INSERT ON egg FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER a AFTER INSERT ON egg FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE egg ENABLE ALWAYS TRIGGER a;
INSERT INTO chicken VALUES (1, NULL), (2, NULL); INSERT INTO egg VALUES (1, 2), (2, 1); UPDATE chicken SET egg = id;
SQL
    run_dbr export --schema-only --output=schema.sql
    run_dbr export --data-only --output=rows.sql
    import --input=schema.sql
    exits 0
    import --input=rows.sql
    exits 0
    same_rows
    same_schema
    is "$(p2 -c "SELECT string_agg(tgenabled::text, '' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal")" AO
    is "$(p2 -c "SELECT condeferrable FROM pg_constraint WHERE conname = 'Its Egg'")" f
    # A row that refers to nothing is refused at the end.
    p2 -c "TRUNCATE chicken, egg, log"
    sed 's/^1\t2$/1\t77/' rows.sql >bad.sql
    python3 - <<'PY'
import zlib
lines = open("bad.sql", "rb").read().splitlines(True)
body = b"".join(lines[:-1])
open("bad.sql", "wb").write(body + b"-- crc32: %08x\n" % zlib.crc32(body))
PY
    import --input=bad.sql
    exits 1
    stderr_has "foreign key"
    is "$(p2 -c "SELECT count(*) FROM egg")" 0
    same_schema
}

@test "what belongs to a server is named and left out" {
    needs_postgres "the file is written for PostgreSQL"
    cat >dump.sql <<'SQL'
--
-- PostgreSQL database dump
--

\restrict abcDEF123

-- Dumped from database version 18.1
-- Dumped by pg_dump version 18.1

SET statement_timeout = 0;
SET transaction_timeout = 0;
SET default_table_access_method = nosuch_method;
SET session_replication_role = replica;
CREATE EXTENSION IF NOT EXISTS nosuch_extension WITH SCHEMA public;
COMMENT ON EXTENSION nosuch_extension IS 'none';
CREATE SCHEMA extra;
ALTER SCHEMA extra OWNER TO somebody;
CREATE TABLE extra.t (id integer NOT NULL);
ALTER TABLE extra.t OWNER TO somebody;
CREATE PUBLICATION p FOR TABLE ONLY extra.t;
COMMENT ON PUBLICATION p IS 'none';
SELECT pg_catalog.lo_create('2121');
COMMENT ON LARGE OBJECT 2121 IS 'none';
COPY extra.t (id) FROM stdin;
1
2
\.
GRANT SELECT ON TABLE extra.t TO somebody;

--
-- PostgreSQL database dump complete
--

\unrestrict abcDEF123
SQL
    import --input=dump.sql
    exits 0
    stderr_has default_table_access_method session_replication_role nosuch_extension "CREATE PUBLICATION p" "COMMENT ON PUBLICATION p" "COMMENT ON LARGE OBJECT" "owners and privileges"
    is "$(p2 -c "SELECT sum(id) FROM extra.t")" 3
    is "$(p2 -c "SELECT count(*) FROM pg_publication")" 0
}
