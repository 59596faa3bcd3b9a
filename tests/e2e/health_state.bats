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
