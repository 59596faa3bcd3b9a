#!/usr/bin/env bats
# Proves: what is not as it should be is an alert with a name, in the document, the report, the state, the events and by
# DB_ON_EVENT: told once when it is raised, again after a time while it lasts, and once when it is over.

load ../lib/helper
setup() {
    pair_setup app
    link_open two two 0
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    CALLED=$BATS_TEST_TMPDIR/called
    env_set DB_ON_EVENT "'echo \"\$DBR_EVENT \$DBR_REASON \$DBR_SEVERITY \$DBR_MESSAGE\" >>$CALLED'"
    init_pair
}
teardown() { pair_teardown; }

names() { json '[.alerts[].name] | join(" ")'; }
alert_events() { jq -r 'select(.event == "alert") | "\(.reason) \(.change) \(.severity)"' "$STATE_DIR/events.jsonl"; }

@test "standby down: raised once, repeated, over" {
    env_set DB_FAILOVER_THRESHOLD 4 # when a breaker opens
    run_dbr health --json
    exits 0
    is "$(names)" ""
    [ ! -e "$CALLED" ]
    link_tell two refuse
    run_dbr health --json
    exits 1
    is "$(names)" standby-down
    json_is '.alerts[0].severity' warning
    since=$(json '.alerts[0].since')
    run_dbr health
    exits 1
    stdout_has "secondary (standby) is down" "standby-down  warning   $since"
    is "$(wc -l <"$CALLED")" 1
    has "$(cat "$CALLED")" called "alert standby-down warning secondary (standby) is down"
    # As if the time to repeat were over.
    env_set DB_ALERT_REPEAT_MS 1
    run_dbr health -q
    is "$(wc -l <"$CALLED")" 2
    has "$(tail -n 1 "$CALLED")" called "standby-down warning" "(since "
    env_set DB_ALERT_REPEAT_MS 0
    run_dbr health --json
    json_is '.alerts[0].since' "$since"
    json_true '.alerts | any(.name == "breaker-open-secondary")'
    has "$(tail -n 1 "$CALLED")" called "breaker-open-secondary warning"
    run_dbr health --cached --json
    json_is '.alerts[0].since' "$since"
    run_dbr health --peek --json
    json_is '.alerts[0].since' "$since"
    is "$(wc -l <"$CALLED")" 3
    link_tell two pass
    run_dbr health --json
    exits 0
    is "$(names)" ""
    is "$(wc -l <"$CALLED")" 5
    has "$(cat "$CALLED")" called "alert standby-down ok over after"
    is "$(alert_events)" "standby-down raised warning
breaker-open-secondary raised warning
standby-down over warning
breaker-open-secondary over warning"
}

@test "a command that fails is run again at the next check" {
    env_set DB_ON_EVENT "'echo x >>$CALLED; [ -e $BATS_TEST_TMPDIR/works ]'"
    env_set DB_FAILOVER_THRESHOLD 9 # no breaker opens
    link_tell two refuse
    run_dbr health
    exits 1
    stderr_has "DB_ON_EVENT ended with exit status 1"
    run_dbr health
    is "$(wc -l <"$CALLED")" 2
    # One that fails again may have told somebody all the same: not every check.
    run_dbr health
    is "$(wc -l <"$CALLED")" 2
    jq '.alerts["standby-down"].retryAt = "2026-01-01T00:00:00.000Z"' "$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
    touch "$BATS_TEST_TMPDIR/works"
    run_dbr health
    is "$(wc -l <"$CALLED")" 3
    jq -e '.alerts["standby-down"] | .notified != null and .failures == null' "$STATE_DIR/state.json"
    run_dbr health --peek
    is "$(wc -l <"$CALLED")" 3
    is "$(alert_events)" "standby-down raised warning"
}

@test "late syncs, conflicts, old verifications, late backups" {
    jq '.sync.lastSync = "2026-01-01T00:00:00.000Z" | .sync.conflicts = 3
        | .init.time = "2026-01-01T00:00:00.000Z" | .tables[].lastFingerprint = "2026-01-01T00:00:00.000Z"' \
        <"$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
    mkdir "$BATS_TEST_TMPDIR/backups"
    env_set DB_BACKUP_DIR "$BATS_TEST_TMPDIR/backups"
    run_dbr health --json
    exits 1
    is "$(names)" "sync-late conflicts verification-old backup-late"
    json_is '.alerts[1].value' 3
    json_is '.alerts[1].threshold' 0
    touch "$BATS_TEST_TMPDIR/backups/db-backup-2026-01-02.sql.gz"
    env_set DB_ALERT_CONFLICTS 3
    env_set DB_ALERT_VERIFICATION_MS 0
    run_dbr health --json
    is "$(names)" sync-late
    run_dbr sync
    exits 0
    env_unset DB_ALERT_VERIFICATION_MS
    run_dbr health --json
    exits 0
    is "$(names)" ""
}

@test "times that are to come are not recent ones" {
    mkdir "$BATS_TEST_TMPDIR/backups"
    env_set DB_BACKUP_DIR "$BATS_TEST_TMPDIR/backups"
    jq '.sync.lastSync = "2999-01-01T00:00:00.000Z" | .init.time = "2999-01-01T00:00:00.000Z"' <"$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
    touch -d 2099-01-01 "$BATS_TEST_TMPDIR/backups/db-backup-2026-01-02.sql.gz"
    run_dbr health --json
    exits 1
    is "$(names)" "sync-late verification-old backup-late"
    json_is .syncStatus.status late
    run_dbr health --nagios
    stdout_has "the time of the last sync is to come (2999-" "'sync_age'=U"
}

@test "one that becomes critical is told of again, and its end when the command is whole again" {
    env_set DB_CHECKS "'queue[warn>10,crit>20]=cat $BATS_TEST_TMPDIR/n'"
    echo 15 >n
    run_dbr health -q
    exits 1
    echo 25 >n
    run_dbr health -q
    run_dbr health -q
    is "$(cut -d ' ' -f 1-3 "$CALLED")" "alert check-queue warning
alert check-queue critical"
    env_set DB_ON_EVENT false
    echo 5 >n
    run_dbr health -q
    exits 0
    run_dbr health --cached --json
    is "$(names)" ""
    env_set DB_ON_EVENT "'echo \"\$DBR_REASON \$DBR_SEVERITY\" >>$CALLED'"
    run_dbr health -q
    run_dbr health -q
    is "$(tail -n +3 "$CALLED")" "check-queue ok"
    is "$(alert_events)" "check-queue raised warning
check-queue raised critical
check-queue over critical"
    jq -e '.alerts == {}' "$STATE_DIR/state.json"
}

@test "commands run side by side, and one that hangs is left alone for a while" {
    env_set DB_CHECKS "'a=false; b=false'"
    # Each waits for the other.
    env_set DB_ON_EVENT "'touch \$DBR_REASON; until [ -e check-a ] && [ -e check-b ]; do sleep 0.1; done; echo \$DBR_REASON >>$CALLED'"
    run_dbr health -q
    is "$(sort "$CALLED")" "check-a
check-b"
    env_set DB_CHECKS "'c=false'"
    env_set DB_ON_EVENT "'echo \$DBR_REASON \$DBR_SEVERITY >>$CALLED; [ \$DBR_SEVERITY = ok ] || sleep 1000'"
    run_dbr health
    stderr_has "check-c: DB_ON_EVENT did not end within 20 s"
    run_dbr health -q
    is "$(tail -n +3 "$CALLED" | sort)" "check-a ok
check-b ok
check-c warning"
    jq -e '.alerts["check-c"] | .notified == null and .retryAt != null' "$STATE_DIR/state.json"
}

@test "a check from before a switch raises nothing" {
    run_dbr health -q
    run_dbr failover --yes -q
    exits 0
    run_dbr health --cached --json
    exits 0
    json_is '.warnings | length' 0
    run_dbr health --metrics --json
    json_is '.alerts | length' 0
    run_dbr health -q
    exits 0
    run_dbr failback --yes -q
    exits 0
    run_dbr health --cached --json
    exits 0
    run_dbr health --metrics --json
    json_is '.alerts | length' 0
    ! grep -q fence "$CALLED" || fail "$(cat "$CALLED")"
    # A fence that is gone is seen, and over once a sync has put it back.
    p2w -c "ALTER DATABASE $DB RESET default_transaction_read_only"
    run_dbr health --json
    is "$(names)" fence-gone
    run_dbr sync -q
    exits 0
    run_dbr health --cached --json
    is "$(names)" ""
}

@test "where both go down, what was wrong with one of them is not over" {
    env_set DB_FAILOVER_THRESHOLD 2
    env_set AUTO_FAILOVER_ENABLED false
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    link_tell two refuse
    run_dbr health -q
    run_dbr health -q
    is "$(alert_events)" "standby-down raised warning
breaker-open-secondary raised warning"
    link_tell one refuse
    run_dbr health --json
    is "$(names)" both-down
    is "$(alert_events | tail -n +3)" "both-down raised critical"
    link_tell one pass
    run_dbr health --json
    is "$(names)" "standby-down breaker-open-secondary"
    is "$(alert_events | tail -n +4)" "both-down over critical"
    link_tell two pass
    run_dbr health --json
    exits 0
    is "$(alert_events | tail -n +5)" "standby-down over warning
breaker-open-secondary over warning"
}

@test "the end of an alert is told after the alert, however long that takes" {
    env_set DB_CHECKS "'a=test -e a'"
    env_set DB_ON_EVENT "'until [ \$DBR_SEVERITY = ok ] || [ -e go ]; do sleep 0.1; done; echo \$DBR_REASON \$DBR_SEVERITY >>$CALLED'"
    start_dbr health -q
    wait_for 20 jq -e '.alerts["check-a"].pending' "$STATE_DIR/state.json" >/dev/null
    local first=$PID
    : >a
    "$DBR_BIN/dbr-health" --env-file "$ENV_FILE" -q 3>&-
    [ ! -e "$CALLED" ] || fail "told too early: $(cat "$CALLED")"
    : >go
    wait "$first" || true
    run_dbr health -q
    is "$(cat "$CALLED")" "check-a warning
check-a ok"
    jq -e '.alerts == {}' "$STATE_DIR/state.json"
    is "$(alert_events)" "check-a raised warning
check-a over warning"
}

@test "a command is told how many alerts there are" {
    env_set DB_CHECKS "'a=test -e a; b=test -e b'"
    env_set DB_ON_EVENT "'echo \"\$DBR_REASON \$DBR_SEVERITY \$DBR_ALERTS\" >>$CALLED'"
    run_dbr health -q
    is "$(sort "$CALLED")" "check-a warning 2
check-b warning 2"
    : >a
    run_dbr health -q
    run_dbr health -q
    : >b
    run_dbr health -q
    is "$(tail -n +3 "$CALLED")" "check-a ok 1
check-b ok 0"
}
