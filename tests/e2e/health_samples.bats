#!/usr/bin/env bats
# Proves: every check measures CPU, memory, the disk and connections; what is beyond its threshold is an alert, also while it cannot
# be measured, and is over by a measurement only, or after a day. --metrics raises nothing.
# bats file_tags=postgres

load ../lib/helper
setup() {
    pair_setup app
    link_open two two 0
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    CALLED=$BATS_TEST_TMPDIR/called
    env_set DB_ON_EVENT "'echo \"\$DBR_REASON \$DBR_SEVERITY \$DBR_ALERTS \$DBR_MESSAGE\" >>$CALLED'"
    init_pair
}
teardown() { pair_teardown; }

names() { json '[.alerts[].name] | sort | join(" ")'; }

# change_state FILTER
change_state() {
    jq "$1" <"$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
}

ago() { date -u -d "-$1" +%Y-%m-%dT%H:%M:%S.000Z; }

@test "memory, disk, connections: at each check, by cron as well" {
    local raised="connections-primary connections-secondary memory"
    ! on_standin || raised="connections-primary memory" # CockroachDB is not asked at each check
    run_dbr health --json
    exits 0
    is "$(names)" ""
    env_set DB_ALERT_CONNECTIONS_PERCENT 1
    env_set DB_ALERT_MEMORY_PERCENT 1
    run_dbr health --auto --quiet
    exits 1
    is "$(cut -d ' ' -f 1 "$CALLED" | sort | xargs)" "$raised"
    run_dbr health --cached --json
    is "$(names)" "$raised"
    json_true '.alerts | all(.value > 1 and .threshold == 1 and .notMeasuredSince == null)'
    jq -e '.samples.measured.disk.percent >= 0' "$STATE_DIR/state.json" >/dev/null || fail "the disk was not measured"
    run_dbr health --metrics --json
    exits 0
    is "$(names)" "$raised"
    env_set DB_ALERT_CONNECTIONS_PERCENT 100
    env_set DB_ALERT_MEMORY_PERCENT 100
    run_dbr health --json
    exits 0
    is "$(grep -c ' ok 0 over after ' "$CALLED")" "$(wc -w <<<"$raised")"
}

@test "--metrics raises nothing and records nothing" {
    run_dbr health -q
    before=$(cat "$STATE_DIR/state.json")
    env_set DB_ALERT_MEMORY_PERCENT 1
    env_set DB_ALERT_CPU_PERCENT 1
    timeout 30 sh -c 'while :; do :; done' 3>&- &
    run_dbr health --metrics --json
    kill "$!"
    exits 0
    is "$(cat "$STATE_DIR/state.json")" "$before"
    [ ! -e "$CALLED" ] || fail "told of: $(cat "$CALLED")"
}

@test "CPU: against the check before, when that is 10 seconds to an hour old" {
    env_set DB_ALERT_CPU_PERCENT 99
    run_dbr health --json
    exits 0
    jq -e '.samples.measured.cpu == null and .samples.cpu.total > 0' "$STATE_DIR/state.json" >/dev/null || fail "measured against nothing"
    # As if everything had been in use since.
    change_state ".samples.cpu |= (.uptime -= 60 | .time = \"$(ago 60seconds)\" | .busy -= 1e12 | .total -= 1e12)"
    run_dbr health --json
    exits 1
    is "$(names)" cpu
    json_true '.alerts[0].value > 99 and .alerts[0].notMeasuredSince == null'
    has "$(cat "$CALLED")" called "cpu warning 1 CPU: 100 % in use"
    # A check that comes soon after says the same; one without a sample of that age cannot say.
    run_dbr health --json
    is "$(names)" cpu
    json_is '.alerts[0].notMeasuredSince' null
    since=$(ago 2hours)
    change_state ".samples.cpu |= (.uptime -= 7200 | .time = \"$since\") | .samples.measured.cpu.time = \"$since\""
    run_dbr health --json
    exits 1
    json_is '.alerts[0].notMeasuredSince' "$since"
    change_state ".samples.cpu |= (.uptime -= 60 | .time = \"$(ago 60seconds)\" | .total -= 1e12)"
    run_dbr health --json
    exits 0
    is "$(names)" ""
    has "$(tail -n 1 "$CALLED")" called "cpu ok 0 over after"
}

@test "what cannot be measured now is told as such, and ends by a measurement" {
    needs_postgres "CockroachDB is not asked at each check"
    env_set DB_ALERT_CONNECTIONS_PERCENT 99
    run_dbr health -q
    exits 0
    since=$(ago 30seconds)
    change_state ".samples.measured[\"connections-secondary\"] = {\"time\": \"$since\", \"percent\": 99.5}"
    link_tell two refuse
    env_set DB_FAILOVER_THRESHOLD 9 # no breaker opens
    run_dbr health --json
    exits 1
    is "$(names)" "connections-secondary standby-down"
    json_is '.alerts[] | select(.name == "connections-secondary") | .notMeasuredSince' "$since"
    run_dbr health --nagios --prometheus "$BATS_TEST_TMPDIR/dbr.prom"
    exits 1
    stdout_has "connections of the secondary: 100 % in use, not measured since $since" "'alerts'=2"
    grep -qx 'dbr_alerts 2' "$BATS_TEST_TMPDIR/dbr.prom"
    grep -q 'dbr_alert{name="connections-secondary"' "$BATS_TEST_TMPDIR/dbr.prom"
    run_dbr health --cached
    stdout_has "not measured since $since"
    ! grep -q '"change":"over"' "$STATE_DIR/events.jsonl" || fail "over without a measurement"
    link_tell two pass
    run_dbr health --json
    exits 0
    has "$(tail -n 2 "$CALLED")" called "connections-secondary ok" "over after"
}

@test "what nobody measures for a day is told as no longer measured" {
    needs_postgres "CockroachDB is not asked at each check"
    run_dbr health -q
    env_set DB_ALERT_CONNECTIONS_PERCENT 99
    change_state ".samples.measured[\"connections-secondary\"] = {\"time\": \"$(ago 30seconds)\", \"percent\": 99.5}"
    link_tell two refuse
    run_dbr health -q
    grep -q '^connections-secondary warning ' "$CALLED"
    change_state ".samples.measured[\"connections-secondary\"].time = \"$(ago 25hours)\""
    run_dbr health --json
    is "$(names)" "standby-down"
    has "$(tail -n 1 "$CALLED")" called "connections-secondary ok 1 over after" "no longer measured: connections of the secondary"
}

@test "a database that does not tell its connections is not down" {
    needs_postgres "CockroachDB is not asked at each check"
    local told='.samples.measured["connections-secondary"]'
    local open="-c default_transaction_read_only=off" # it is fenced
    PGOPTIONS=$open server_sql two "$DB" -c "REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC"
    run_dbr health --json
    exits 0
    jq -e "$told == null and .samples.measured[\"connections-primary\"] != null" "$STATE_DIR/state.json" >/dev/null || fail "it was told"
    PGOPTIONS=$open server_sql two "$DB" -c "GRANT SELECT ON pg_catalog.pg_stat_activity TO PUBLIC"
    # The question has to wait for a lock.
    PGOPTIONS=$open server_sql two "$DB" -c "SET allow_system_table_mods = on" -c "BEGIN" \
        -c "ALTER VIEW pg_catalog.pg_stat_activity SET (security_barrier = false)" -c "SELECT pg_sleep(60)" >/dev/null 2>&1 3>&- &
    wait_for 20 locked
    run_dbr health --json
    exits 0
    json_true '.secondary.connected'
    jq -e "$told == null" "$STATE_DIR/state.json" >/dev/null || fail "it was told"
    server_sql two postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()" >/dev/null
    run_dbr health --json
    jq -e "$told.percent > 0" "$STATE_DIR/state.json" >/dev/null || fail "it was not told"
}

locked() {
    [ "$(server_sql two postgres -Atc "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()")" = 1 ]
}

@test "--watch measures CPU by itself" {
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    start_dbr health --watch --json
    wait_for 40 jq -e '.samples.measured.cpu.percent != null' "$STATE_DIR/state.json" >/dev/null || fail "no CPU"
    kill -TERM "$PID"
    finish_dbr
    exits 143
}
