#!/usr/bin/env bats
# Proves: a link that breaks at any point of a sync ends in a retry or exit 3, leaves whole transactions only, and the next run
# finishes the work. An unclear commit is cleared up by looking. A planned switch goes on after such a retry.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    link_open one one 0
    link_open two two 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
}
teardown() { pair_teardown; }

finished() {
    link_tell one pass
    link_tell two pass
    run_dbr sync
    exits 0
    in_step
}

@test "the connection to the secondary resets after so many bytes" {
    p1 -f "$ROOT/tests/data/changes.sql"
    for bytes in 10 400 2000 5000 9000 14000 20000 30000 45000 70000; do
        link_tell two drop-after "$bytes"
        run_dbr sync
        [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || fail "exit status $status after $bytes bytes"
        p1 -c "UPDATE users SET balance = balance + 1 WHERE id % 3 = 0"
    done
    finished
}

@test "the connection to the primary resets after so many bytes" {
    p1 -f "$ROOT/tests/data/changes.sql"
    for bytes in 10 400 2000 5000 9000 14000 20000 30000 45000 70000; do
        link_tell one drop-after "$bytes"
        run_dbr sync
        [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || fail "exit status $status after $bytes bytes"
        p1 -c "UPDATE users SET balance = balance + 1 WHERE id % 3 = 0"
    done
    finished
}

@test "the secondary's server ends the session" {
    p1 -f "$ROOT/tests/data/changes.sql"
    link_tell two rtt 60
    start_dbr sync
    sleep 0.5
    server_sql two postgres -Atc "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '$DB'" >/dev/null
    finish_dbr
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || fail "exit status $status"
    finished
}

# Its transaction has begun.
is_connected() {
    [ "$(server_sql two postgres -Atc "SELECT count(*) FROM pg_stat_activity WHERE datname = '$DB' AND state = 'idle in transaction'")" -ge 1 ]
}

# A sync that has been connected when the secondary goes away.
lose_secondary() {
    p1 -f "$ROOT/tests/data/changes.sql"
    link_tell two rtt 800
    start_dbr sync
    wait_for 20 is_connected
    link_tell two refuse
    link_tell two drop
    link_tell two rtt 0
}

@test "the secondary is back after a while: the run goes on" {
    lose_secondary
    sleep 3
    kill -0 "$PID" || fail "the run gave up"
    link_tell two pass
    finish_dbr
    exits 0
    finished
}

@test "a stop ends the wait for the secondary" {
    lose_secondary
    sleep 1
    kill -TERM "$PID" || { finish_dbr; fail "the run gave up"; }
    DBR_TEST_TIMEOUT=5 finish_dbr
    exits 143
    finished
}

@test "the server refuses: exit 3, named, at once" {
    link_tell two refuse
    run_dbr sync
    exits 3
    stderr_has secondary
    link_tell two pass
    link_tell one refuse
    run_dbr sync
    exits 3
    stderr_has primary
    finished
}

@test "a run that lost its secondary says so in JSON" {
    link_tell two refuse
    run_dbr sync --json
    exits 3
    json_is .success false
    json_is .error.code unreachable
    json_is '.error.message | length > 0' true
    finished
}

@test "a planned switch whose sync loses the secondary goes on: the primary's connection is in no transaction any more" {
    local server
    needs_postgres "CockroachDB has no functions that checks could call"
    for server in one two; do
        server_sql $server "$DB" -c "SET default_transaction_read_only = off" -c "CREATE SCHEMA aside AUTHORIZATION app" \
            -c "CREATE SEQUENCE aside.calls OWNED BY NONE" -c "ALTER SEQUENCE aside.calls OWNER TO app" \
            -c "CREATE FUNCTION aside.taken() RETURNS bool LANGUAGE sql AS 'SELECT true'" \
            -c "ALTER TABLE leads ADD CHECK (aside.taken())"
    done
    # A row's first way in ends the session that brings it.
    server_sql two "$DB" -c "SET default_transaction_read_only = off" -c "CREATE OR REPLACE FUNCTION aside.taken() RETURNS bool LANGUAGE plpgsql AS \$\$
        BEGIN IF nextval('aside.calls') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(5); END IF; RETURN true; END \$\$"
    p1 -c "INSERT INTO leads (name) VALUES ('brought at the second try')"
    run_dbr failover --yes
    is "$(server_sql two "$DB" -Atc "SELECT last_value > 1 FROM aside.calls")" t
    exits 0
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'brought at the second try'")" 1
}

@test "a commit whose answer is lost" {
    # All answers of the secondary vanish from some moment on; the commit may or may not have happened.
    for after in 0.25 0.35 0.45 0.55; do
        p1 -c "UPDATE users SET balance = balance + 1"
        link_tell two rtt 60
        start_dbr sync
        sleep $after
        link_tell two drop
        finish_dbr
        [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || fail "exit status $status"
        link_tell two rtt 0
        finished
    done
}
