#!/usr/bin/env bats
# Proves: a machine that is cut off counts nothing and switches nothing; a witness that answers lets an outage count.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    link_open one one 0
    link_open two two 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    NOBODY=127.0.0.1:$(servers_free_port)
}
teardown() { pair_teardown; }

@test "no witness and no database answers: isolated, the counters stand still" {
    env_set DB_WITNESS "$NOBODY"
    link_tell one refuse
    link_tell two refuse
    for _ in 1 2 3 4; do
        run_dbr health --auto --json
        exits 2
        json_true .switching.isolated
        json_is .primary.connected false
        json_is .primary.consecutiveFailures 0
        json_is .switching.failuresToGo 3
    done
    json_true '.warnings | any(contains("cut off"))'
    is "$(jq -r .message "$STATE_DIR/events.jsonl" | grep -c "cut off")" 1
    run jq -r .message "$STATE_DIR/events.jsonl"
    lacks "$output" events "both databases offline"
    link_tell one pass
    link_tell two pass
    run_dbr health --auto --json
    exits 0
    json_is .switching.isolated false
}

@test "with a witness that answers both are down" {
    env_set DB_WITNESS "$NOBODY,127.0.0.1:$(server_port one)"
    link_tell one refuse
    link_tell two refuse
    run_dbr health --auto --json
    exits 2
    json_is .switching.isolated false
    json_is .switching.failuresToGo 2
}

@test "a failover waits for a witness" {
    env_set DB_WITNESS "$NOBODY"
    link_tell one refuse
    for _ in 1 2 3; do
        run_dbr health --auto --json
        exits 2
        json_is .activeDatabase primary
    done
    json_is .switching.eligible true
    json_true '.switching.blockedBy | contains("witness")'
    # The secondary answers.
    ! jq -r '.. | strings' <<<"$output" | grep "cut off" || fail "it is not cut off"
    env_set DB_WITNESS "$NOBODY,127.0.0.1:$(server_port two)"
    run_dbr health --auto --json
    exits 1
    json_is .activeDatabase secondary
    json_is .switching.blockedBy null
}
