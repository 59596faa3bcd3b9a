#!/usr/bin/env bats
# Proves: what a database that is away means, by role and by reason: down, not letting us in, out of connections; counters,
# events and the fixed log phrase.

load ../lib/helper
setup() {
    pair_setup empty
    env_set DB_FENCE off # the state says that init is done, but none has fenced
    mkdir -m 700 "$STATE_DIR"
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}' >"$STATE_DIR/state.json"
    # A port that nobody listens on: one that was just free.
    AWAY="postgresql://app:$SERVERS_APP_PASSWORD_ENCODED@127.0.0.1:$(servers_free_port)/$DB"
}
teardown() { pair_teardown; }

events() { jq -r .message "$STATE_DIR/events.jsonl"; }

@test "standby down: degraded, counted, an event, the phrase in the log" {
    env_set DATABASE_URL_SECONDARY "$AWAY"
    run_dbr health --json
    exits 1
    json_true .success
    json_is .status degraded
    json_is .secondary.connected false
    json_is .secondary.latency null
    json_is .secondary.consecutiveFailures 1
    json_is .secondary.failure down
    json_true '.secondary.error | length > 10'
    grep -qF '[DB-Redundancy] Health check failed for secondary' <<<"$errors"
    stderr_lacks "failed for primary"
    run_dbr health --json
    json_is .secondary.consecutiveFailures 2
    is "$(jq -r '.event + " " + (.change // "")' "$STATE_DIR/events.jsonl")" "health "$'\n'"alert raised"
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    run_dbr health --json
    exits 0
    json_is .secondary.consecutiveFailures 0
    json_is .secondary.consecutiveSuccesses 1
    has "$(events)" events "secondary does not answer" "secondary answers again"
}

@test "active down: critical" {
    env_set DATABASE_URL "$AWAY"
    run_dbr health
    exits 2
    stdout_has "status: critical" "primary (active) is down" NO
    grep -qF '[DB-Redundancy] Health check failed for primary' <<<"$errors"
    # The same database as standby is only a warning.
    echo '{"version": 1, "activeDatabase": "secondary", "lastSwitch": {"op": "failover"}, "init": {"status": "done"}}' >"$STATE_DIR/state.json"
    run_dbr health --json
    exits 1
    json_is .activeDatabase secondary
}

@test "both down: critical, and an event of its own" {
    env_set DATABASE_URL "$AWAY"
    env_set DATABASE_URL_SECONDARY "$AWAY"
    run_dbr health --json
    exits 2
    json_is .status critical
    has "$(events)" events "both databases offline"
}

@test "a wrong password is no outage, but critical on the active; it is never shown" {
    SECRET=guessed-wrong
    env_set DATABASE_URL "postgresql://app:$SECRET@127.0.0.1:$(server_port one)/$DB"
    run_dbr health --json
    exits 2
    json_is .primary.failure config
    json_is .primary.consecutiveFailures 1
    is "$(jq .health.primary.consecutiveDown "$STATE_DIR/state.json")" 0
    run_dbr health
    stdout_has "does not let dbr in"
    env_set DATABASE_URL "$P1_URL"
    env_set DATABASE_URL_SECONDARY "postgresql://app:$SECRET@127.0.0.1:$(server_port two)/$DB"
    run_dbr health
    exits 1
}

@test "an unknown database is a matter of configuration" {
    env_set DATABASE_URL "${P1_URL%/*}/no_such_database"
    run_dbr health --json
    exits 2
    json_is .primary.failure config
    json_true '.primary.error | contains("no_such_database")'
}

@test "a database that takes no more connections warns" {
    server_sql one postgres -c "ALTER DATABASE $DB CONNECTION LIMIT 0"
    run_dbr health --json
    exits 1
    json_is .primary.failure degraded
    json_is .status degraded
}

@test "without a secondary, the primary down is critical" {
    env_unset DATABASE_URL_SECONDARY
    env_set DATABASE_URL "$AWAY"
    run_dbr health --json
    exits 2
    json_is .secondary null
}
