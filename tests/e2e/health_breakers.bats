#!/usr/bin/env bats
# Proves: a database that keeps failing opens its circuit breaker, which spares other programs the timeout; after a pause one may
# try; success and --reset-breaker close it.
# bats file_tags=postgres

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
}
teardown() { pair_teardown; }

# As if the pause were over.
pass_time() {
    jq '.breakers.primary.retryAt = "2026-01-01T00:00:00.000Z"' <"$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
}

outage() {
    link_tell one refuse
    for _ in 1 2 3; do run_dbr health --json; done
    exits 2
    json_is .primary.breaker OPEN
}

@test "the figures" {
    run_dbr health --json
    json_is .primary.breaker CLOSED
    outage
    run_dbr health --breakers --json
    exits 0
    json_is .breakers.primary.state OPEN
    json_is .breakers.primary.totalRequests 4
    json_is .breakers.primary.totalFailures 3
    json_is .breakers.primary.successRate 0.25
    json_true '.breakers.primary.avgDuration >= 0'
    json_is .breakers.secondary.state CLOSED
    json_is .breakers.secondary.successRate 1
    json_is '.global | "\(.openBreakers) \(.totalRequests) \(.totalFailures) \(.successRate)"' "1 8 3 0.625"
    json_true '.global.avgDuration >= 0'
    run_dbr health --breakers
    exits 0
    stdout_has BREAKER "25.0 %" OPEN
    run_dbr health --reset-breaker=primary --json
    exits 0
    json_is .breakers.primary.state CLOSED
    json_is .breakers.primary.totalRequests 0
    json_is .breakers.secondary.totalRequests 4
    run_dbr health --reset-breaker all --json
    json_is .breakers.secondary.totalRequests 0
    run_dbr health --reset-breaker=third
    exits 3
    stderr_has third
}

@test "open: the others fail at once and say what to do; the switches look for themselves" {
    outage
    link_tell one blackhole
    local started
    started=$(date +%s%N)
    run_dbr sync
    exits 3
    [ $((($(date +%s%N) - started) / 1000000)) -lt 2000 ] || fail "it waited"
    stderr_has "circuit breaker of the primary is open" "--reset-breaker=primary"
    run_dbr sync --dry-run
    exits 3
    run_dbr init-secondary --update
    exits 3
    stderr_has "circuit breaker"
    run_dbr failover --force
    exits 0
}

@test "half open: one may try; success closes" {
    outage
    pass_time
    run_dbr health --peek --json
    run_dbr health --breakers --json
    json_is .breakers.primary.state HALF_OPEN
    # The trial fails: open again, for longer.
    run_dbr sync
    exits 3
    stderr_lacks "circuit breaker"
    run_dbr sync
    exits 3
    stderr_has "circuit breaker"
    is "$(jq .breakers.primary.openings "$STATE_DIR/state.json")" 2
    pass_time
    link_tell one pass
    run_dbr sync
    exits 0
    run_dbr health --breakers --json
    json_is .breakers.primary.state CLOSED
    run_dbr sync
    exits 0
}

@test "dbr-health is never held up, and its success closes" {
    outage
    link_tell one pass
    run_dbr health --json
    exits 0
    json_is .primary.breaker CLOSED
    run_dbr sync
    exits 0
}
