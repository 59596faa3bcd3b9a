#!/usr/bin/env bats
# Proves: one operation at a time: the second exits 6 and names the first, or waits as long as told; the dead hold no lock.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

# Another process holds the lock, until "release".
hold() {
    flock -o -x "$STATE_DIR/op.lock" sleep 100 3>&- &
    HOLDER=$!
    wait_for 5 held || fail "cannot hold the lock"
}
# shellcheck disable=SC2317 # called by wait_for
held() { ! flock -n -x "$STATE_DIR/op.lock" true; }
release() {
    kill "$HOLDER"
    wait "$HOLDER" 2>/dev/null || true
}

# gets_it_in_the_end PROGRAM [ARGUMENT...]: it waits while the lock is held, and does its work then.
gets_it_in_the_end() {
    start_dbr "$@" --wait 10
    sleep 0.6
    kill -0 "$PID" || fail "did not wait"
    release
    finish_dbr
    exits 0
}

@test "a held lock: exit 6, nothing done" {
    p1 -c "UPDATE users SET balance = 0"
    hold
    run_dbr sync
    exits 6
    [ -n "$errors" ] || fail "no message"
    run_dbr sync --json
    exits 6
    json_is .error.code locked
    run_dbr init-secondary --recreate
    exits 6
    different_rows
    release
    run_dbr sync
    exits 0
    in_step
}

@test "health and --dry-run need no lock" {
    hold
    run_dbr health
    exits 0
    release
}

@test "--wait waits, then goes on" {
    p1 -c "UPDATE users SET balance = 0"
    hold
    gets_it_in_the_end sync
    in_step
}

@test "what another run wrote into the state meanwhile decides, not what stood there before" {
    p1 -c "UPDATE users SET balance = 0"
    hold
    start_dbr sync --wait 10
    sleep 0.6
    kill -0 "$PID" || fail "did not wait"
    jq '.init.status = "failed"' "$STATE_DIR/state.json" >new.json
    mv new.json "$STATE_DIR/state.json"
    release
    finish_dbr
    exits 5
    stderr_has --resume
    different_rows
    is "$(jq -r .init.status "$STATE_DIR/state.json")" failed
}

@test "a run that waits for a standby that hangs holds the lock, and gives it up when it is stopped" {
    link_open hang two 0
    env_set DATABASE_URL_SECONDARY "$(link_url hang "$P2_URL")"
    env_set HEALTH_CHECK_TIMEOUT 1
    link_tell hang blackhole
    start_dbr sync
    local first=$PID
    wait_for 5 held || fail "the first run does not hold the lock"
    run_dbr sync
    exits 6
    stderr_has "$first"
    run_dbr health
    exits 1
    kill -TERM "$first"
    finish_dbr
    exits 143
    link_tell hang pass
    run_dbr sync
    exits 0
    in_step
}

@test "--wait gives up after its time" {
    hold
    started=$(date +%s)
    run_dbr sync --wait=1
    exits 6
    [ $(($(date +%s) - started)) -le 4 ] || fail "waited too long"
    run_dbr sync --wait=-1
    exits 2
    run_dbr sync --wait=soon
    exits 2
    release
}

@test "a stale lock file of a dead process is no lock" {
    echo '{"pid": 999999, "command": "dbr-sync"}' >"$STATE_DIR/op.lock"
    run_dbr sync
    exits 0
}

@test "two syncs started at once: one works, the other says so" {
    p1 -f "$ROOT/tests/data/changes.sql"
    link_open two two 40
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    start_dbr sync
    wait_for 5 test -s "$STATE_DIR/op.lock" || true
    sleep 0.15
    "$DBR_BIN/dbr-sync" --env-file "$ENV_FILE" >second.out 2>second.err 3>&- || second=$?
    finish_dbr
    exits 0
    is "${second:-0}" 6
    grep -q "$PID" second.err || fail "the holder is not named: $(cat second.err)"
    in_step
}

@test "a migration waits for the sync of a timer" {
    p1 -c "ALTER TABLE leads ADD COLUMN campaign text"
    hold
    run_dbr init-secondary --update --wait 1
    exits 6
    gets_it_in_the_end init-secondary --update
    in_step
}
