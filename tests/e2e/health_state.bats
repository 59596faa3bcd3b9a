#!/usr/bin/env bats
# Proves: a state that cannot be used is refused, never begun anew, and a state that cannot be written is left as it was.

load ../lib/helper
setup() {
    pair_setup empty
    env_set DB_FENCE off # the state says that init is done, but none has fenced
    mkdir -m 700 "$STATE_DIR"
    GOOD='{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}'
}
teardown() {
    if [ -n "${MOUNTED:-}" ]; then umount "$MOUNTED"; fi
    pair_teardown
}

@test "what is no state is refused with a way out, and stays as it is" {
    local text
    for text in '' '{' 'null' '[]' '{}' "${GOOD%\}}" "$GOOD $GOOD" '{"version": 1}' '{"version": 1, "activeDatabase": "other"}' \
        '{"version": 1, "activeDatabase": null}' '{"version": "1", "activeDatabase": "primary"}' \
        '{"version": 1, "activeDatabase": "primary", "health": []}' \
        '{"version": 1, "activeDatabase": "secondary"}' \
        '{"version": 1, "activeDatabase": "secondary", "lastSwitch": {"op": "failback"}}' \
        '{"version": 1, "activeDatabase": "primary", "lastSwitch": "failover"}' \
        '{"version": 1, "activeDatabase": "primary", "health": {"primary": {"consecutiveFailures": "many"}}}' \
        '{"version": 1, "activeDatabase": "primary", "init": {"status": "perhaps"}}'; do
        printf '%s' "$text" >"$STATE_DIR/state.json"
        run_dbr health
        exits 3
        stderr_has "cannot be used" "dbr-health --doctor"
        stdout_empty
        is "$(cat "$STATE_DIR/state.json")" "$text"
        run_dbr health --json
        exits 3
        json_is .success false
        json_is .error.code usage
        run_dbr health --peek
        exits 3
    done
}

@test "a newer state is refused" {
    echo '{"version": 2, "activeDatabase": "primary"}' >"$STATE_DIR/state.json"
    run_dbr health
    exits 3
    stderr_has "version 2"
}

@test "members that this version does not know are kept" {
    echo "${GOOD%\}}, \"gauges\": {\"primary\": 7}, \"tables\": {\"users\": {\"rows\": 3, \"more\": [1]}}}" >"$STATE_DIR/state.json"
    run_dbr health
    exits 0
    is "$(jq -c '[.gauges.primary, .tables.users.more[0]]' "$STATE_DIR/state.json")" "[7,1]"
}

@test "a state file that leads nowhere or cannot be read is no fresh start" {
    ln -s /nonexistent/state.json "$STATE_DIR/state.json"
    run_dbr health
    exits 3
    rm "$STATE_DIR/state.json"
    mkdir "$STATE_DIR/state.json"
    run_dbr health
    exits 3
}

@test "a full disk: an error, and the old state stands" {
    [ "$(id -u)" -eq 0 ] || skip "needs a mount"
    rmdir "$STATE_DIR" && mkdir -m 700 "$STATE_DIR"
    mount -t tmpfs -o size=64k,mode=700 dbr-test "$STATE_DIR" 2>/dev/null || skip "cannot mount"
    MOUNTED=$STATE_DIR
    echo "$GOOD" >"$STATE_DIR/state.json"
    cp "$STATE_DIR/state.json" "$BATS_TEST_TMPDIR/before"
    dd if=/dev/zero of="$STATE_DIR/filler" bs=4k count=64 2>/dev/null || true
    run_dbr health
    exits 3
    stderr_has "No space left" "as it was"
    stdout_has "status: healthy"
    cmp "$STATE_DIR/state.json" "$BATS_TEST_TMPDIR/before"
    is "$(find "$STATE_DIR" -name '*.tmp' | wc -l)" 0
    rm "$STATE_DIR/filler"
    run_dbr health
    exits 0
}

@test "a state directory that cannot be made" {
    env_set DB_STATE_DIR /dev/null/state
    run_dbr health
    exits 3
    stderr_has "/dev/null/state" DB_STATE_DIR
}

@test "many checks at once lose no count" {
    echo "$GOOD" >"$STATE_DIR/state.json"
    local i
    for i in 1 2 3 4 5 6; do
        "$DBR_BIN/dbr-health" --env-file "$ENV_FILE" -q >"$RUNS/many.$i" 2>&1 3>&- &
    done
    wait
    is "$(jq .health.primary.consecutiveSuccesses "$STATE_DIR/state.json")" 6
    is "$(wc -l <"$STATE_DIR/history.jsonl")" 6
    is "$(cat "$RUNS"/many.*)" ""
}

# shellcheck disable=SC2016
@test "a full disk: who is down is told all the same, once, and that it is over" {
    [ "$(id -u)" -eq 0 ] || skip "needs a mount"
    rmdir "$STATE_DIR" && mkdir -m 700 "$STATE_DIR"
    mount -t tmpfs -o size=64k,mode=700 dbr-test "$STATE_DIR" 2>/dev/null || skip "cannot mount"
    MOUNTED=$STATE_DIR
    local called=$BATS_TEST_TMPDIR/called
    env_set DB_ON_EVENT "'echo \"\$DBR_REASON \$DBR_SEVERITY \$DBR_ALERTS \$DBR_MESSAGE\" >>$called'"
    echo "$GOOD" >"$STATE_DIR/state.json"
    run_dbr health
    exits 0
    dd if=/dev/zero of="$STATE_DIR/filler" bs=4k count=64 2>/dev/null || true
    run_dbr health
    exits 3
    has "$(cat "$called")" called "check-not-recorded warning 1 the check could not be recorded: " "No space left"
    env_set DATABASE_URL "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    run_dbr health --auto --json
    exits 2
    json_is .success false
    json_is .status critical
    json_is .primary.connected false
    run_dbr health --auto
    exits 2
    stderr_has "No space left"
    is "$(wc -l <"$called")" 2
    has "$(tail -n 1 "$called")" called "check-not-recorded critical" "No space left" "primary (active) is down" "nothing is switched by itself"
    run_dbr health --cached
    exits 2
    stdout_has "later checks could not be recorded"
    # The service does not give up over it.
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    start_dbr health --watch
    wait_for 20 eval '[ "$(grep -c "No space left" "$RUNS/$RUN.err")" -ge 2 ]'
    kill "$PID"
    finish_dbr
    exits 143
    is "$(wc -l <"$called")" 2
    env_set DATABASE_URL "$P1_URL"
    rm "$STATE_DIR/filler"
    run_dbr health -q
    exits 0
    has "$(tail -n 1 "$called")" called "check-not-recorded ok 0 over"
    run_dbr health -q
    is "$(wc -l <"$called")" 3
    run_dbr health --cached
    exits 0
    [ "$(find "$STATE_DIR" -name 'not-recorded.*' | wc -l)" -eq 0 ]
}

@test "a damaged state: told, and an outage is an outage" {
    local called=$BATS_TEST_TMPDIR/called
    env_set DB_ON_EVENT "'echo \"\$DBR_REASON \$DBR_SEVERITY \$DBR_MESSAGE\" >>$called'"
    echo '{' >"$STATE_DIR/state.json"
    run_dbr health -q
    exits 3
    run_dbr health -q
    exits 3
    is "$(wc -l <"$called")" 1
    has "$(cat "$called")" called "check-not-recorded warning" "cannot be used"
    env_set DATABASE_URL "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    run_dbr health --peek
    exits 3
    is "$(wc -l <"$called")" 1
    run_dbr health -q
    exits 2
    has "$(tail -n 1 "$called")" called "check-not-recorded critical" "primary does not answer"
}

@test "a record that is old is not as good as a check" {
    echo "$GOOD" >"$STATE_DIR/state.json"
    run_dbr health -q
    exits 0
    run_dbr health --cached
    exits 0
    jq '.health.primary.lastCheck = "2026-01-01T00:00:00.000Z"' "$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
    run_dbr health --cached
    exits 1
    stdout_has "the last check is " " old: run dbr-health"
    jq '.health.primary.lastCheck = "2999-01-01T00:00:00.000Z"' "$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
    run_dbr health --cached
    exits 1
    stdout_has "the last check is to come"
}
