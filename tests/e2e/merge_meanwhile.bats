#!/usr/bin/env bats
# Proves: what the application does with rows that a merge into CockroachDB has brought over already, while it goes on or after it was
# broken off, is not taken for something of before the failover. Needs Go.

load ../lib/helper

setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }
setup() {
    pair_setup empty
    env_set DB_MAX_DELETE_PERCENT 100
    standin_tell reset
}
teardown() { pair_teardown; }

# jobs 100 and 101 and three flags come from the primary; rows of t are deleted there, one of which a session holds.
brought() {
    p1 -c "CREATE TABLE flags (id int PRIMARY KEY, is_on boolean NOT NULL)" -c "CREATE TABLE jobs (id int PRIMARY KEY, what text, doc jsonb)" \
        -c "CREATE TABLE held (id int PRIMARY KEY, v text, updated_at timestamptz DEFAULT now())" \
        -c "INSERT INTO flags SELECT g, false FROM generate_series(1, 20) g" -c "INSERT INTO jobs SELECT g, 'base' FROM generate_series(1, 5) g" \
        -c "INSERT INTO held SELECT g, 'base', '2026-01-01' FROM generate_series(1, 300) g"
    init_pair
    run_dbr failover --force --yes
    exits 0
    PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" -c "INSERT INTO jobs VALUES (100, 'pay 5 EUR', '{}'), (101, 'pay 7 EUR', NULL)" \
        -c "UPDATE flags SET is_on = true WHERE id <= 3" -c "DELETE FROM held WHERE id BETWEEN 11 AND 20"
}
came() { [ "$(p2 -c "SELECT count(*) FROM jobs WHERE id >= 100")" = 2 ]; }
waits() { [ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 0 ]; }
serve() { sql "$P2_URL" -c "DELETE FROM jobs WHERE id = 100" -c "UPDATE flags SET is_on = false WHERE id = 1"; }
served() {
    is "$(p1 -c "SELECT string_agg(id::text, ' ' ORDER BY id) FROM jobs")" "1 2 3 4 5 101"
    is "$(p1 -c "SELECT string_agg(id::text, ' ' ORDER BY id) FROM flags WHERE is_on")" "2 3"
    run_dbr sync
    in_step
}

@test "a merge that is broken off: what the application has done with its rows since is not undone" {
    brought
    session_open lock "$P2_URL"
    session lock "BEGIN"
    session lock "SELECT 1 FROM held WHERE id = 11 FOR UPDATE"
    start_dbr failback --yes
    wait_for 30 came || fail "no wave was committed"
    wait_for 30 waits || fail "it does not wait"
    kill -KILL "$PID"
    finish_dbr
    session lock "ROLLBACK"
    session_close lock
    serve
    run_dbr failback --yes
    exits 0
    served
}

@test "a merge in two rounds: neither is it between them" {
    brought
    session_open lock "$P2_URL"
    session lock "BEGIN ISOLATION LEVEL SERIALIZABLE"
    session lock "UPDATE held SET v = 'app', updated_at = now() WHERE id = 11"
    start_dbr failback --yes
    wait_for 30 came || fail "no wave was committed"
    wait_for 30 waits || fail "it does not wait"
    serve
    session lock "COMMIT"
    session_close lock
    finish_dbr
    exits 0
    served
}
