#!/usr/bin/env bats
# Proves: a file holds one moment of all tables, while others write, truncate and rewrite them.

load ../lib/helper

setup() { pair_setup empty; }
teardown() { pair_teardown; }

@test "money that moves between tables is neither lost nor doubled" {
    local i pids=()
    p1 -c "CREATE TABLE a (id int PRIMARY KEY, v int, pad text)" -c "CREATE TABLE b (id int PRIMARY KEY, v int, pad text)" \
        -c "INSERT INTO a SELECT i, 100, repeat('x', 500) FROM generate_series(1, 4000) i" \
        -c "INSERT INTO b SELECT i, 100, repeat('x', 500) FROM generate_series(1, 4000) i"
    for i in 1 2; do
        psql -X -q -d "$P1_URL" >/dev/null 2>&1 3>&- <<SQL &
SELECT format('BEGIN; UPDATE a SET v = v - 1 WHERE id = %s; UPDATE b SET v = v + 1 WHERE id = %s; COMMIT', i % 4000 + 1, i * 7 % 4000 + 1)
FROM generate_series($i, 100000, 2) i \gexec
SQL
        pids+=($!)
    done
    for i in 1 2 3; do
        run_dbr export --output="shop$i.sql"
        exits 0
    done
    kill "${pids[@]}" 2>/dev/null || true
    wait "${pids[@]}" 2>/dev/null || true
    for i in 1 2 3; do
        p2 -c "DROP TABLE IF EXISTS a, b" -f "shop$i.sql" >/dev/null 2>&1
        is "$(p2 -c "SELECT (SELECT sum(v) FROM a) + (SELECT sum(v) FROM b)")" 800000
    done
    [ "$(p1 -c "SELECT sum(v) FROM a")" -lt 400000 ] || fail "nothing was written meanwhile"
}

@test "TRUNCATE waits for the export, and never empties it" {
    p1 -c "CREATE TABLE first (id int PRIMARY KEY, pad text)" -c "CREATE TABLE second (id int PRIMARY KEY, pad text)" \
        -c "INSERT INTO first SELECT i, repeat('x', 900) FROM generate_series(1, 20000) i" \
        -c "INSERT INTO second SELECT i, repeat('x', 900) FROM generate_series(1, 2000) i"
    link_open far one 30
    env_set DATABASE_URL "$(link_url far "$P1_URL")"
    start_dbr export --output=shop.sql
    wait_for 10 locked || fail "no lock was taken"
    p1 -c "TRUNCATE second" &
    finish_dbr
    exits 0
    wait $!
    grep -q '^-- rows: 2000 "second"' shop.sql || fail "rows are missing: $(grep '^-- rows' shop.sql)"
    is "$(p1 -c "SELECT count(*) FROM second")" 0
}
locked() { [ "$(p1 -c "SELECT count(*) FROM pg_locks WHERE relation = 'second'::regclass AND mode = 'AccessShareLock' AND granted")" -gt 0 ]; }

@test "a table that was truncated just before the lock is noticed" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)" -c "INSERT INTO t SELECT generate_series(1, 100)"
    # The lock of this session makes the export wait after its snapshot; then the table is truncated, and other rows come.
    session_open holder "$P1_URL"
    session holder "BEGIN"
    session holder "LOCK TABLE t IN ACCESS EXCLUSIVE MODE"
    start_dbr export --output=shop.sql
    wait_for 10 waiting || fail "the export does not wait"
    session holder "TRUNCATE t"
    session holder "INSERT INTO t SELECT generate_series(1, 7)"
    session holder "COMMIT"
    finish_dbr
    exits 0
    grep -q '^-- rows: 7 "t"' shop.sql || fail "neither the old rows nor the new: $(grep '^-- rows' shop.sql)"
    session_close holder
}
waiting() { [ "$(p1 -c "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND NOT granted")" -gt 0 ]; }
