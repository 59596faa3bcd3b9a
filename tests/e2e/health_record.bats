#!/usr/bin/env bats
# Proves: --peek records nothing, --cached probes nothing, --watch repeats until it is stopped.

load ../lib/helper
setup() {
    pair_setup empty
    env_set DB_FENCE off # the state says that init is done, but none has fenced
    mkdir -m 700 "$STATE_DIR"
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}' >"$STATE_DIR/state.json"
}
teardown() { pair_teardown; }

@test "--peek leaves the state directory as it was" {
    cp -a "$STATE_DIR" "$BATS_TEST_TMPDIR/before"
    run_dbr health --peek --json
    exits 0
    json_true .primary.connected
    diff -r "$STATE_DIR" "$BATS_TEST_TMPDIR/before"
    rm -r "$STATE_DIR"
    run_dbr health --peek
    exits 1
    [ ! -e "$STATE_DIR" ]
}

@test "--cached prints the last record without a connection" {
    run_dbr health --cached
    exits 3
    stderr_has "no health check is recorded"
    run_dbr health
    exits 0
    env_set DATABASE_URL "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    env_set DATABASE_URL_SECONDARY "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    run_dbr health --cached --json
    exits 0
    json_is .status healthy
    json_is .primary.consecutiveSuccesses 1
    run_dbr health --json
    exits 2
    run_dbr health --cached
    exits 2
    stdout_has "status: critical"
}

@test "--watch repeats, one line for each check, and SIGTERM ends it cleanly" {
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    start_dbr health --watch
    wait_for 20 eval '[ "$(wc -l <"$RUNS/$RUN.out")" -ge 2 ]'
    kill -TERM "$PID"
    finish_dbr
    exits 143
    stdout_has "healthy active=primary primary="
    stderr_has "stopped by SIGTERM"
    [ "$(jq .health.primary.consecutiveSuccesses "$STATE_DIR/state.json")" -ge 2 ]
}

@test "--watch notices an outage and goes on; with --json one document a line" {
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    start_dbr health --watch --json
    wait_for 20 eval '[ "$(wc -l <"$RUNS/$RUN.out")" -ge 1 ]'
    link_tell one refuse
    wait_for 20 grep -q critical "$RUNS/$RUN.out"
    link_tell one pass
    wait_for 20 eval 'tail -n 1 "$RUNS/$RUN.out" | grep -q "\"status\":\"healthy\""'
    kill -INT "$PID"
    finish_dbr
    exits 130
    is "$(jq -s 'map(.status) | unique | join(" ")' -r "$RUNS/$RUN.out")" "critical healthy"
}

@test "options that exclude each other" {
    local pair
    for pair in "--cached --peek" "--cached --watch" "--doctor --cached" "--doctor --watch"; do
        # shellcheck disable=SC2086 # two words
        run_dbr health $pair
        exits 3
        stderr_has "exclude each other"
    done
    run_dbr health --watsh
    exits 3
    stderr_has --watch
}
