#!/usr/bin/env bats
# Proves: SIGINT, SIGTERM and SIGKILL at any moment of a sync leave both databases consistent, and the next run finishes the work.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    link_open two two 30
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
}
teardown() { pair_teardown; }

# Each committed group is whole: no child without its parent (the constraints see to that), no lock left, no session left.
stopped_by() {
    local signal=$1 expected=$2 after hit=0 told=0
    for after in 0.02 0.1 0.2 0.3 0.4 0.5 0.65 0.8; do
        p1 -c "UPDATE users SET balance = balance + 1" -c "UPDATE position_history SET fees = fees + 1"
        start_dbr sync
        sleep $after
        kill "-$signal" "$PID" 2>/dev/null || true
        finish_dbr
        if [ "$status" -eq "$expected" ]; then
            hit=$((hit + 1))
        else
            exits 0
        fi
        [ "$status" -eq 0 ] || [ -z "$errors" ] || told=$((told + 1))
        wait_for 5 no_sessions || fail "a session of dbr is left on the secondary"
    done
    [ $hit -gt 0 ] || fail "no run was ever stopped"
    # A signal that comes before main does is silent.
    [ "$signal" = KILL ] || [ $told -gt 0 ] || fail "stopped without a word"
    run_dbr sync
    exits 0
    in_step
}

# shellcheck disable=SC2317 # called by wait_for
no_sessions() { [ "$(server_sql two postgres -Atc "SELECT count(*) FROM pg_stat_activity WHERE datname = '$DB' AND application_name LIKE 'dbr%' AND state <> 'idle'")" = 0 ]; }

@test "SIGINT: exit 130" { stopped_by INT 130; }

@test "SIGTERM: exit 143" { stopped_by TERM 143; }

@test "SIGKILL: the lock goes with the process" { stopped_by KILL 137; }

@test "SIGTERM while the server does not answer ends the run soon" {
    link_tell two blackhole
    start_dbr sync
    sleep 0.5
    kill -TERM "$PID"
    wait_for 5 sh -c "! kill -0 $PID 2>/dev/null" || fail "still running after 5 s"
    finish_dbr
    exits 143
    link_tell two pass
}

@test "a stopped run under --json still prints one document" {
    p1 -c "UPDATE users SET balance = balance + 1"
    start_dbr sync --json
    sleep 0.3
    kill -TERM "$PID" 2>/dev/null || true
    finish_dbr
    if [ "$status" -eq 143 ]; then
        json_is .success false
        json_is .error.code stopped
    fi
}

@test "init stopped by SIGTERM can be resumed" {
    database_create two "$DB" empty
    rm -rf "$STATE_DIR"
    start_dbr init-secondary
    sleep 0.4
    kill -TERM "$PID" 2>/dev/null || true
    finish_dbr
    [ "$status" -eq 143 ] || exits 0
    run_dbr init-secondary --resume
    exits 0
    in_step
    same_schema
}

@test "init stopped by SIGINT at many moments" {
    for after in 0.05 0.2 0.35 0.5 0.65 0.8 0.95; do
        start_dbr init-secondary --recreate
        sleep $after
        kill -INT "$PID" 2>/dev/null || true
        finish_dbr
        [ "$status" -eq 130 ] || exits 0
        is "$(p1 -c "SELECT count(*) FROM users")" 174
    done
    run_dbr init-secondary --recreate
    exits 0
    in_step
}
