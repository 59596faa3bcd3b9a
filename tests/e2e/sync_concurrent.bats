#!/usr/bin/env bats
# Proves: syncs beside a busy application and a busy standby lose nothing: writers, deadlocks, serialization failures, long reads,
# locks.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

writer() {
    local i
    for i in $(seq "$2"); do
        p1 -c "BEGIN" -c "UPDATE users SET balance = balance + 1 WHERE id = 1 + ($i * $1) % 174" -c "INSERT INTO position_history (user_id, action) VALUES (1 + $i, 'w$1')" \
            -c "DELETE FROM position_history WHERE action = 'w$1' AND user_id = $i - 3" -c "UPDATE users SET display_name = 'w$1 $i' WHERE id = 1 + ($i * 7) % 174" -c "COMMIT" || true
    done
}

@test "three writers during many syncs" {
    for w in 1 2 3; do writer $w 40 2>/dev/null 3>&- & done
    for i in 1 2 3 4 5 6 7 8; do
        run_dbr sync
        exits 0
    done
    wait
    run_dbr sync
    exits 0
    in_step
}

@test "a reader that holds the standby's rows open" {
    session_open reader "$P2_URL"
    session reader "BEGIN ISOLATION LEVEL REPEATABLE READ"
    session reader "SELECT count(*) FROM users"
    p1 -f "$ROOT/tests/data/changes.sql"
    run_dbr sync
    exits 0
    session reader "SELECT count(*) FROM users"
    session reader "COMMIT"
    in_step
}

@test "a session that locks rows on the standby for a moment" {
    session_open holder "$P2_URL"
    session holder "SET default_transaction_read_only = off"
    session holder "BEGIN"
    session holder "SELECT * FROM users WHERE id = 5 FOR UPDATE"
    p1 -c "UPDATE users SET balance = 3 WHERE id < 10"
    start_dbr sync
    sleep 0.7
    session holder "ROLLBACK"
    finish_dbr
    exits 0
    in_step
}

@test "a deadlock with a session on the standby is retried" {
    server_sql two postgres -c "ALTER DATABASE $DB SET deadlock_timeout = '100ms'"
    session_open other "$P2_URL"
    session other "SET default_transaction_read_only = off"
    session other "BEGIN"
    session other "SELECT * FROM users WHERE id = 150 FOR UPDATE"
    p1 -c "UPDATE users SET balance = 3 WHERE id IN (5, 150)"
    start_dbr sync
    sleep 0.5
    # Waits for a row that the sync holds: one of the two is the victim.
    (session other "SELECT * FROM users WHERE id = 5 FOR UPDATE" 2>/dev/null || true)
    sessions_stop
    finish_dbr
    exits 0
    in_step
}

@test "an application that holds a table of the primary for itself for a moment" {
    session_open owner "$P1_URL"
    session owner "BEGIN"
    session owner "LOCK TABLE leads IN ACCESS EXCLUSIVE MODE"
    start_dbr sync
    sleep 0.5
    session owner "ROLLBACK"
    finish_dbr
    exits 0
    in_step
}
