#!/usr/bin/env bats
# Proves: --nagios prints one line with performance data in every case, with the exit status of a plugin; --prometheus writes a file
# that Prometheus' own checker takes, and replaces it at once.
# bats file_tags=postgres

load ../lib/helper
setup() {
    pair_setup app
    link_open two two 0
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    FILE=$BATS_TEST_TMPDIR/dbr.prom
}
teardown() { pair_teardown; }

# One line: status, text without '|', and performance data as the guidelines write it.
plugin_line() {
    is "$(wc -l <"$RUNS/$RUN.out")" 1
    grep -qE "^DBR $1 - [^|]+ \|( '[^'=]+'=(U|-?[0-9.]+)(s|us|ms|%|B|c)?(;[0-9.:~@]*){0,4})+\$" <<<"$output" ||
        fail "no line of a plugin"
}

promtool_takes() {
    command -v promtool >/dev/null || skip "promtool is not installed (Debian: prometheus)"
    promtool check metrics <"$FILE" >"$BATS_TEST_TMPDIR/promtool" 2>&1 || fail "promtool: $(cat "$BATS_TEST_TMPDIR/promtool")"
    [ ! -s "$BATS_TEST_TMPDIR/promtool" ] || fail "promtool: $(cat "$BATS_TEST_TMPDIR/promtool")"
}

# metric NAME{LABELS}: its value.
metric() {
    grep -F -- "$1 " "$FILE" | grep -v '^#' | cut -d ' ' -f 2
}

@test "--nagios: OK, WARNING, CRITICAL" {
    init_pair
    run_dbr health --nagios
    exits 0
    plugin_line OK
    stdout_has "both databases are connected, primary is active" "'primary_latency'=" "ms;4000;;0;5000" "'alerts'=0;0;;0" "'sync_age'="
    stderr_empty
    link_tell two refuse
    run_dbr health --nagios
    exits 1
    plugin_line WARNING
    stdout_has "secondary (standby) is down" "'secondary_latency'=U;4000;;0;5000" "'secondary_failures'=1;;3;0" "'alerts'=1"
    run_dbr health --nagios --cached
    exits 1
    plugin_line WARNING
    env_set DATABASE_URL "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    run_dbr health --nagios --peek
    exits 2
    plugin_line CRITICAL
}

@test "--nagios: UNKNOWN is a line as well" {
    run_dbr health --nagios --cached
    exits 3
    is "$(wc -l <<<"$output")" 1
    stdout_has "DBR UNKNOWN - no health check is recorded"
    stderr_has "no health check is recorded"
    run_dbr health --bogus --nagios
    exits 3
    stdout_has "DBR UNKNOWN - " bogus
    for other in --json --watch --doctor --metrics --history --breakers; do
        run_dbr health --nagios $other
        exits 3
        is "$(wc -l <<<"$output")" 1
        stdout_has "DBR UNKNOWN - --nagios and $other exclude each other"
    done
    env_set DB_CHECKS "'big=echo 123456789012345678901; tiny=echo 0.00000015; plain=echo 1.5'"
    run_dbr health --nagios
    grep -qE "'check_big'=12345678901234[0-9]{7} 'check_tiny'=0.00000015 'check_plain'=1.5\$" <<<"$output" || fail numbers
    env_set DB_FAILOVER_THRESHOLD "'a|b'"
    run_dbr health --nagios
    exits 3
    stdout_has "DBR UNKNOWN - DB_FAILOVER_THRESHOLD"
    stdout_lacks "|"
}

@test "--prometheus: the figures, in a file that promtool takes" {
    init_pair
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id <= 5"
    run_dbr sync
    exits 0
    mkdir "$BATS_TEST_TMPDIR/backups"
    touch "$BATS_TEST_TMPDIR/backups/db-backup-2026-01-02.sql.gz"
    env_set DB_BACKUP_DIR "$BATS_TEST_TMPDIR/backups"
    echo old >"$FILE"
    run_dbr health --prometheus "$FILE"
    exits 0
    stdout_has "status: healthy"
    promtool_takes
    is "$(metric 'dbr_up{role="primary"}')" 1
    is "$(metric 'dbr_active{role="primary"}')" 1
    is "$(metric 'dbr_active{role="secondary"}')" 0
    is "$(metric 'dbr_sync_records_total')" 5
    is "$(metric 'dbr_status')" 0
    is "$(metric 'dbr_alerts')" 0
    is "$(metric 'dbr_breaker_requests_total{role="secondary"}')" 1
    [ "$(metric dbr_last_sync_timestamp_seconds | cut -d . -f 1)" -le "$(date +%s)" ]
    grep -qE '^dbr_latency_seconds\{role="secondary"\} 0[.0-9]*$' "$FILE"
    is "$(stat -c %a "$FILE")" 644
    is "$(find "$BATS_TEST_TMPDIR" -name 'dbr.prom*' | wc -l)" 1
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id <= 2"
    run_dbr sync
    link_tell two refuse
    run_dbr health --auto --prometheus "$FILE" --json
    exits 1
    promtool_takes
    is "$(metric 'dbr_sync_records_total')" 7
    is "$(metric 'dbr_up{role="secondary"}')" 0
    is "$(metric 'dbr_consecutive_failures{role="secondary"}')" 1
    is "$(metric 'dbr_alert{name="standby-down",severity="warning"}')" 1
    ! grep -q 'dbr_latency_seconds{role="secondary"' "$FILE" || fail "a latency of a database that is down"
    grep -q 'dbr_last_backup_timestamp_seconds{kind="db"}' "$FILE"
}

@test "--prometheus: no secondary, no record, no directory" {
    env_unset DATABASE_URL_SECONDARY
    run_dbr health --prometheus "$FILE"
    exits 0
    promtool_takes
    is "$(metric dbr_redundancy_enabled)" 0
    run_dbr health --cached --prometheus "$FILE"
    exits 0
    promtool_takes
    run_dbr health --prometheus "$BATS_TEST_TMPDIR/none/dbr.prom"
    exits 3
    stderr_has "$BATS_TEST_TMPDIR/none/dbr.prom"
    # As /dev/stdout is: a file in its place would be one for the whole machine.
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    ln -s pipe "$BATS_TEST_TMPDIR/stdout"
    run_dbr health --cached --prometheus "$BATS_TEST_TMPDIR/stdout"
    exits 3
    stderr_has "it is not a regular file"
    [ -L "$BATS_TEST_TMPDIR/stdout" ] && [ -p "$BATS_TEST_TMPDIR/pipe" ] || fail "replaced"
    # The check itself stands.
    run_dbr health --cached --json
    json_is .primary.consecutiveSuccesses 2
    run_dbr health --metrics --prometheus "$FILE"
    exits 3
}

@test "--nagios: what went wrong besides does not hide an outage" {
    init_pair
    run_dbr health --nagios "--prometheus=$BATS_TEST_TMPDIR/none/x.prom"
    exits 3
    is "$(wc -l <"$RUNS/$RUN.out")" 2
    stdout_has "DBR UNKNOWN - " "none/x.prom" "'primary_latency'=" "DBR OK - both databases are connected"
    env_set DATABASE_URL "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    run_dbr health --nagios "--prometheus=$BATS_TEST_TMPDIR/none/x.prom"
    exits 2
    plugin_line CRITICAL
    stdout_has "primary (active) is down" "none/x.prom" "'primary_latency'=U"
    stdout_lacks UNKNOWN
    echo '{' >"$STATE_DIR/state.json"
    run_dbr health --nagios
    exits 2
    is "$(wc -l <"$RUNS/$RUN.out")" 1
    stdout_has "DBR CRITICAL - primary does not answer: " "cannot be used"
}
