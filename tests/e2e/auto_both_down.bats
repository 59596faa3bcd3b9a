#!/usr/bin/env bats
# Proves: with both databases down, or the standby not fit, nothing is switched; the outage is told once.

load ../lib/helper
setup() {
    pair_setup app
    link_open one one 0
    link_open two two 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
}
teardown() { pair_teardown; }

told() { jq -r .message "$STATE_DIR/events.jsonl" | grep -cxF "both databases offline"; }

@test "both down: no switch, critical, one event and one call for each outage" {
    init_pair
    env_set DB_ON_EVENT "'echo \"\$DBR_EVENT \$DBR_MESSAGE\" >>$BATS_TEST_TMPDIR/called'"
    link_tell one refuse
    link_tell two refuse
    for _ in 1 2 3 4; do
        run_dbr health --auto --json
        exits 2
        json_is .activeDatabase primary
        json_is .switching.blockedBy "both databases offline"
    done
    stderr_lacks "INITIATING"
    is "$(told)" 1
    is "$(cat "$BATS_TEST_TMPDIR/called")" "alert both databases offline"
    # The standby alone comes back: now the count is enough.
    link_tell two pass
    run_dbr health --auto --json
    exits 1
    json_is .activeDatabase secondary
    link_tell two refuse
    run_dbr health --auto --json
    exits 2
    json_is .activeDatabase secondary
    is "$(told)" 2
}

@test "the active secondary alone is down: nothing is given up without a person" {
    init_pair
    link_tell one refuse
    for _ in 1 2 3; do run_dbr health --auto --json; done
    json_is .activeDatabase secondary
    link_tell one pass
    link_tell two refuse
    for _ in 1 2 3 4 5 6; do
        run_dbr health --auto --json
        exits 2
        json_is .activeDatabase secondary
    done
    json_true '.warnings | any(contains("dbr-failback --force"))'
}

@test "a secondary that was not initialised does not take over" {
    link_tell one refuse
    for _ in 1 2 3 4; do
        run_dbr health --auto --json
        exits 2
    done
    json_is .activeDatabase primary
    json_is .switching.eligible true
    json_true '.switching.blockedBy | contains("not initialised")'
}
