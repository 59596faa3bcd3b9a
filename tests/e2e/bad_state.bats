#!/usr/bin/env bats
# Proves: a state that cannot be read or written stops init and sync before they change anything; it is never replaced by a fresh one.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    p1 -c "UPDATE users SET balance = 0"
}
teardown() {
    chmod -R u+w "$STATE_DIR" 2>/dev/null || true
    pair_teardown
}

@test "a corrupt state: exit 2, the way out, and the file stays" {
    for content in '' '{' '[]' 'null' '{"version": 1' '{"version": "one"}' '{"version": 999}' "$(head -c 300 /dev/zero | tr '\0' x)"; do
        printf '%s' "$content" >"$STATE_DIR/state.json"
        for program in sync "sync --verify" "init-secondary --recreate" "init-secondary --resume"; do
            # shellcheck disable=SC2086 # words
            run_dbr $program
            exits 2
            stderr_has state.json
        done
        is "$(cat "$STATE_DIR/state.json")" "$content"
    done
    stderr_has --doctor
    different_rows
}

@test "a state directory that cannot be written" {
    [ "$(id -u)" -ne 0 ] || skip "root writes everywhere"
    chmod 500 "$STATE_DIR"
    run_dbr sync
    exits 2
    chmod 700 "$STATE_DIR"
}

@test "a state directory that is a file, or below a file" {
    touch plain
    run_dbr sync --state-dir plain
    [ "$status" -eq 2 ] || [ "$status" -eq 1 ] || fail "exit status $status"
    stderr_has plain
    run_dbr sync --state-dir plain/below
    [ "$status" -eq 2 ] || [ "$status" -eq 1 ] || fail "exit status $status"
    different_rows
}

@test "a full disk: the run fails, says so, and the old state stays" {
    cp "$STATE_DIR/state.json" before.json
    RUN=$((RUN + 1))
    LAST="dbr-sync on a full disk"
    status=0
    # No file can grow, as on a full disk; output goes through pipes. The signal of that limit is no death.
    (
        ulimit -f 0
        exec timeout -k 5 "$DBR_TEST_TIMEOUT" "$DBR_BIN/dbr-sync" --env-file "$ENV_FILE" 3>&-
    ) 2>&1 | cat >"$RUNS/$RUN.err"
    status=${PIPESTATUS[0]}
    [ -s "$RUNS/$RUN.err" ] || fail "not a word"
    exits 1
    grep -q "File too large" "$RUNS/$RUN.err" || fail "no reason: $(cat "$RUNS/$RUN.err")"
    jq -e . "$STATE_DIR/state.json" >/dev/null || fail "the state is damaged"
    run_dbr sync
    exits 0
    in_step
}

@test "leftovers of an interrupted write do not disturb" {
    echo '{"half": ' >"$STATE_DIR/state.json.tmp"
    echo '{"half": ' >"$STATE_DIR/state.json.new"
    run_dbr sync
    exits 0
    in_step
}

@test "a lost state directory: a plain init is refused, sync too" {
    rm -rf "$STATE_DIR"
    run_dbr sync
    exits 5
    run_dbr init-secondary
    exits 5
    different_rows
    run_dbr init-secondary --recreate
    exits 0
    in_step
}

@test "another state directory by option and by environment" {
    run_dbr sync --state-dir "$BATS_TEST_TMPDIR/other"
    exits 5
    DB_STATE_DIR=$BATS_TEST_TMPDIR/third run_dbr sync
    exits 5
    run_dbr sync
    exits 0
    in_step
}

@test "a state that calls the secondary active without a failover: refused, and the primary is not overwritten" {
    before=$(p1 -c "SELECT sum(balance) FROM users")
    p2w -c "UPDATE users SET balance = 0"
    edited=$(jq -c '.activeDatabase = "secondary"' "$STATE_DIR/state.json")
    echo "$edited" >"$STATE_DIR/state.json"
    run_dbr sync
    exits 2
    stderr_has lastSwitch "dbr-health --doctor"
    is "$(p1 -c "SELECT sum(balance) FROM users")" "$before"
    p1 -c "CREATE TABLE still_writable (id int)"
    is "$(cat "$STATE_DIR/state.json")" "$edited"
    run_dbr health --doctor
    exits 3
    stdout_has "state.json.broken" lastSwitch
}

@test "a state that was written by hand with the wrong guess: nothing is taken from the database that takes writes" {
    run_dbr failover --yes
    exits 0
    p2 -c "INSERT INTO leads (name) VALUES ('acknowledged')"
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}' >"$STATE_DIR/state.json"
    for option in --verify --dry-run --force ""; do
        run_dbr sync ${option:+"$option"}
        exits 5
        stderr_has "the primary is the active database by the state" "the secondary is not" "The state file is corrupt"
    done
    run_dbr init-secondary --recreate --yes
    exits 5
    stderr_has "the primary is the active database by the state" "the secondary is not"
    for option in --dry-run --yes; do
        run_dbr failover $option
        exits 5
        stderr_has "the primary is the active database by the state" "the secondary is not"
    done
    run_dbr health
    exits 1
    stdout_has "does the state name the right one?"
    stdout_lacks "run dbr-sync, which puts it back"
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'acknowledged'")" 1
    is "$(p2 -c "SHOW default_transaction_read_only")" off
}
