#!/usr/bin/env bats
# Proves: --watch does not wait for a command that is told of an alert before it switches, and tells what became of it; it is not
# ended by what may be well again.

load ../lib/helper
setup() {
    pair_setup app
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    CALLED=$BATS_TEST_TMPDIR/called
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    init_pair
}
teardown() { pair_teardown; }

state_has() { jq -e "$1" "$STATE_DIR/state.json" >/dev/null 2>&1; }

@test "a command that hangs does not delay the failover" {
    # That of the first alert ends well only once the secondary is active: within its 20 seconds, while it is not waited for.
    env_set DB_ON_EVENT "'[ \$DBR_EVENT = alert ] || exit 0; if [ \$DBR_REASON\$DBR_SEVERITY = active-downcritical ]; then until grep -q \"\\\"activeDatabase\\\": *\\\"secondary\\\"\" $STATE_DIR/state.json; do sleep 0.1; done; fi; echo \$DBR_REASON \$DBR_SEVERITY >>$CALLED'"
    start_dbr health --watch --auto
    wait_for 20 state_has .health.primary.connected
    link_tell one refuse
    wait_for 60 state_has '.activeDatabase == "secondary"' || fail "it did not switch"
    wait_for 60 grep -qx "active-down critical" "$CALLED" || fail "waited for: $(cat "$RUNS/$RUN.err")"
    # Its end is told after it.
    wait_for 60 grep -qx "active-down ok" "$CALLED"
    is "$(grep active-down "$CALLED" | paste -sd ' ')" "active-down critical active-down ok"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    stderr_lacks "did not end within"
}

@test "nor does one that is told that checks are recorded again" {
    # It ends well only once the secondary is active: within its 20 seconds, while it is not waited for.
    env_set DB_ON_EVENT "'[ \$DBR_EVENT = alert ] || exit 0; if [ \$DBR_REASON\$DBR_SEVERITY = check-not-recordedok ]; then until grep -q \"\\\"activeDatabase\\\": *\\\"secondary\\\"\" $STATE_DIR/state.json; do sleep 0.1; done; fi; echo \$DBR_REASON \$DBR_SEVERITY >>$CALLED'"
    run_dbr health -q
    : >"$STATE_DIR/not-recorded.warning"
    link_tell one refuse
    start_dbr health --watch --auto
    wait_for 60 state_has '.activeDatabase == "secondary"' || fail "it did not switch"
    wait_for 60 grep -qx "check-not-recorded ok" "$CALLED" || fail "waited for: $(cat "$RUNS/$RUN.err")"
    wait_for 20 gone "$STATE_DIR/not-recorded.warning"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    stderr_lacks "did not end within"
    is "$(grep -c check-not-recorded "$CALLED")" 1
}
gone() { [ ! -e "$1" ]; }

@test "where the end of an alert is still being told when it is raised again, that is the last word" {
    local bad=$BATS_TEST_TMPDIR/bad go=$BATS_TEST_TMPDIR/go
    env_set DB_ON_EVENT "'[ \$DBR_SEVERITY != ok ] || until [ -e $go ]; do sleep 0.1; done; echo \$DBR_REASON \$DBR_SEVERITY >>$CALLED'"
    env_set DB_CHECKS "'a=test ! -e $bad'"
    touch "$bad"
    start_dbr health --watch
    wait_for 20 state_has '.alerts["check-a"] | .notified != null and .pending == null'
    rm "$bad"
    wait_for 20 state_has '.alerts["check-a"].over != null'
    touch "$bad"
    wait_for 20 told_of 2 # that is not delayed either
    touch "$go"
    wait_for 20 told_of 4 || fail "told: $(cat "$CALLED")"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    is "$(paste -sd ' ' "$CALLED")" "check-a warning check-a warning check-a ok check-a warning"
}
told_of() { [ "$(wc -l <"$CALLED")" = "$1" ]; }

@test "a state that cannot be read does not end it, nor keeps it from starting" {
    local well
    well=$(cat "$STATE_DIR/state.json")
    env_set DB_ON_EVENT "'echo \$DBR_REASON \$DBR_SEVERITY >>$CALLED'"
    echo '{' >"$STATE_DIR/state.json"
    start_dbr health --watch
    wait_for 20 eval '[ "$(grep -c "state.json" "$RUNS/$RUN.err")" -ge 2 ]' || fail "it gave up"
    printf '%s\n' "$well" >"$STATE_DIR/state.json"
    wait_for 20 grep -q " healthy active=primary" "$RUNS/$RUN.out"
    wait_for 20 grep -q "check-not-recorded ok" "$CALLED"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    is "$(cat "$CALLED")" "check-not-recorded warning
check-not-recorded ok"
}

@test "a wrong configuration ends it at its start, with what to do" {
    env_set DB_FAILOVER_THRESHOLD many
    run_dbr health --watch
    exits 3
    stderr_has DB_FAILOVER_THRESHOLD
    env_unset DB_FAILOVER_THRESHOLD
    run_dbr health -q
    database_create two "${DB}_other" empty
    env_set DATABASE_URL_SECONDARY "$(server_url two "${DB}_other")"
    run_dbr health --watch
    database_drop two "${DB}_other"
    exits 3
    stderr_has secondary
}

@test "a command that still runs when the watch is stopped is ended, and told again by the next run" {
    env_set DB_ON_EVENT "'echo \$DBR_REASON >>$CALLED; [ -e $BATS_TEST_TMPDIR/works ] || sleep 1000'"
    env_set DB_CHECKS "'a=false'"
    start_dbr health --watch
    wait_for 20 grep -qx check-a "$CALLED"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    state_has '.alerts["check-a"] | .notified == null and .pending == null' || fail "$(jq .alerts "$STATE_DIR/state.json")"
    touch "$BATS_TEST_TMPDIR/works"
    run_dbr health -q
    is "$(cat "$CALLED")" "check-a
check-a"
    state_has '.alerts["check-a"] | .notified != null and .pending == null'
}

@test "it follows its env file: what is switched off there is off" {
    env_set DB_FAILBACK_THRESHOLD 2
    start_dbr health --watch --auto --verbose
    wait_for 20 state_has .health.primary.connected
    env_set AUTO_FAILBACK_ENABLED false
    wait_for 20 grep -q "was changed: it is in force from now on" "$RUNS/$RUN.err"
    "$DBR_BIN/dbr-failover" --env-file "$ENV_FILE" --yes >failover.out 2>&1 3>&- || fail "$(cat failover.out)"
    wait_for 30 state_has '.health.primary.consecutiveSuccesses >= 5' || fail "$(cat "$RUNS/$RUN.err")"
    state_has '.activeDatabase == "secondary"' || fail "it went back: $(cat "$RUNS/$RUN.err")"
    # What cannot be used changes nothing, and is said once.
    env_set DB_FAILBACK_THRESHOLD never
    wait_for 20 grep -q "cannot be used: DB_FAILBACK_THRESHOLD" "$RUNS/$RUN.err"
    env_set DB_FAILBACK_THRESHOLD 2
    env_set AUTO_FAILBACK_ENABLED true
    wait_for 30 state_has '.activeDatabase == "primary"' || fail "it did not go back: $(cat "$RUNS/$RUN.err")"
    env_unset DATABASE_URL_SECONDARY
    wait_for 20 grep -q "names no DATABASE_URL_SECONDARY any more: the primary alone counts from now on" "$RUNS/$RUN.err" || fail "$(cat "$RUNS/$RUN.err")"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    is "$(grep -c "cannot be used" "$RUNS/$RUN.err")" 1
}
