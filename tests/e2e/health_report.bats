#!/usr/bin/env bats
# Proves: a check of two databases that are up reports each of them, as a table and as the document that clients rely on,
# records itself, and exits by the situation.

load ../lib/helper
setup() {
    pair_setup empty
    env_set DB_FENCE off # the state says that init is done, but none has fenced
    mkdir -m 700 "$STATE_DIR"
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}' >"$STATE_DIR/state.json"
}
teardown() { pair_teardown; }

@test "both up: exit 0, one table" {
    run_dbr health
    exits 0
    stdout_has "status: healthy" primary active secondary standby PostgreSQL "last sync: never"
    stdout_lacks warning
    stderr_empty
}

@test "the document has the keys that clients rely on" {
    run_dbr health --json
    exits 0
    json_is 'keys_unsorted[0:8] | join(" ")' \
        "success redundancyEnabled status primary secondary activeDatabase lastSync syncStatus"
    json_is '.primary | keys_unsorted[0:4] | join(" ")' "connected latency lastCheck consecutiveFailures"
    json_true .success
    json_true .redundancyEnabled
    json_is .status healthy
    json_is .activeDatabase primary
    json_is .lastSync null
    json_is .syncStatus.lastSync null
    json_is .syncStatus.recordsSynced 0
    json_is .syncStatus.status healthy
    json_true '.primary.connected and .secondary.connected'
    json_true '.primary.latency >= 0 and .primary.latency < 5000 and (.primary.latency | floor) == .primary.latency'
    json_true '.primary.lastCheck | test("^20[0-9-]{8}T[0-9:]{8}[.][0-9]{3}Z$")'
    json_is .secondary.consecutiveFailures 0
    json_is .primary.engine postgres
    json_true '.primary.version | test("^[0-9]+[.][0-9]+$")'
    json_true '.primary.clockSkewMs | fabs < 1000'
    json_is .primary.error null
}

@test "the check is recorded: counters, history, modes" {
    run_dbr health -q
    exits 0
    stdout_empty
    stderr_empty
    run_dbr health --json
    json_is .primary.consecutiveSuccesses 2
    is "$(wc -l <"$STATE_DIR/history.jsonl")" 2
    is "$(jq -r '.active + " " + (.secondary.connected | tostring)' "$STATE_DIR/history.jsonl" | tail -n 1)" "primary true"
    is "$(stat -c %a "$STATE_DIR")" 700
    is "$(stat -c %a "$STATE_DIR/state.json" "$STATE_DIR/history.jsonl" "$STATE_DIR/state.lock" | sort -u)" 600
    [ ! -e "$STATE_DIR/events.jsonl" ]
}

@test "without a secondary redundancy is disabled, and that is well" {
    env_unset DATABASE_URL_SECONDARY
    run_dbr health --json
    exits 0
    json_is .redundancyEnabled false
    json_is .secondary null
    json_is .status healthy
    run_dbr health
    exits 0
    stdout_has "redundancy is disabled"
    stdout_lacks standby
}

@test "a late sync degrades" {
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"},
        "sync": {"lastSync": "2026-01-24T20:34:43.910Z", "recordsSynced": 150, "status": "healthy"}}' >"$STATE_DIR/state.json"
    run_dbr health --json
    exits 1
    json_is .status degraded
    json_is .syncStatus.status late
    json_is .syncStatus.recordsSynced 150
    json_is .lastSync 2026-01-24T20:34:43.910Z
    # A log gets one line, not a table.
    run_dbr health --auto --quiet
    exits 1
    is "$(wc -l <<<"$output")" 1
    stdout_has "degraded active=primary" "last sync"
    env_set DB_SYNC_INTERVAL_MS 31536000000
    run_dbr health --json
    exits 0
    json_is .syncStatus.status healthy
}

@test "how far init came is said by name" {
    rm "$STATE_DIR/state.json"
    run_dbr health
    exits 1
    stdout_has "not initialised" dbr-init-secondary
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "failed", "reason": "disk full"}}' >"$STATE_DIR/state.json"
    run_dbr health
    exits 1
    stdout_has failed "disk full" --resume
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "running"}}' >"$STATE_DIR/state.json"
    run_dbr health
    exits 1
    stdout_has "broken off" --resume
    flock --no-fork "$STATE_DIR/op.lock" sleep 20 3>&- &
    wait_for 5 test -e "$STATE_DIR/op.lock"
    run_dbr health
    kill %1
    exits 1
    stdout_has "is running"
}

@test "an active database that is read-only degrades, a standby does not" {
    server_sql two postgres -c "ALTER DATABASE $DB SET default_transaction_read_only = on"
    run_dbr health --json
    exits 0
    json_true .secondary.readOnly
    server_sql one postgres -c "ALTER DATABASE $DB SET default_transaction_read_only = on"
    run_dbr health
    exits 1
    stdout_has "primary (active) is read-only"
}

@test "under npm a swallowed --json is honoured" {
    npm_lifecycle_event=db:health npm_config_json=true run_dbr health
    exits 0
    json_true .success
}
