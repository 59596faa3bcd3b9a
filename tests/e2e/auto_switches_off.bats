#!/usr/bin/env bats
# Proves: AUTO_FAILOVER_ENABLED and AUTO_FAILBACK_ENABLED keep --auto from acting, and it says that it would; a failback that was
# refused says what stands in the way and is not tried again at once.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DB_FAILBACK_THRESHOLD 2
}
teardown() { pair_teardown; }

@test "failover switched off" {
    env_set AUTO_FAILOVER_ENABLED false
    link_tell one refuse
    for _ in 1 2 3 4; do
        run_dbr health --auto --json
        exits 2
    done
    json_is .activeDatabase primary
    json_is .switching.autoFailover false
    json_is .switching.eligible true
    json_true '.switching.blockedBy | contains("AUTO_FAILOVER_ENABLED")'
    run_dbr health --auto
    stdout_has "a failover is due" "run dbr-failover"
    # By hand it goes at once.
    run_dbr failover --yes
    exits 0
}

@test "a failover that nobody makes is due, however long that lasts" {
    link_tell one refuse
    for _ in 1 2; do run_dbr health; done
    stdout_has "automatic failover: 2 of 3 failed checks in a row"
    for _ in 3 4; do run_dbr health; done
    exits 2
    stdout_has "automatic failover: due, 4 failed checks in a row (threshold 3)" "run dbr-failover, or dbr-health --auto"
}

@test "failback switched off" {
    env_set AUTO_FAILBACK_ENABLED false
    run_dbr failover --yes
    exits 0
    for _ in 1 2 3; do
        run_dbr health --auto --json
        json_is .activeDatabase secondary
    done
    exits 0
    json_is .switching.eligible true
    json_true '.switching.blockedBy | contains("AUTO_FAILBACK_ENABLED")'
    env_set AUTO_FAILBACK_ENABLED true
    run_dbr health --auto --json
    exits 0
    json_is .activeDatabase primary
}

@test "a failback that is refused is eligible, says why, and pauses" {
    run_dbr failover --yes
    exits 0
    # Something that the sync leaves alone stands in the way: a table that the standby does not have.
    p2 -c "CREATE TABLE newcomer (id int PRIMARY KEY)"
    for _ in 1 2; do run_dbr health --auto --json; done
    exits 1
    json_is .activeDatabase secondary
    json_is .switching.eligible true
    json_true '.switching.blockedBy | contains("newcomer")'
    json_true '.switching.retryAt != null'
    attempts=$(jq .auto.attempts "$STATE_DIR/state.json")
    is "$attempts" 1
    run_dbr health --auto --json
    is "$(jq .auto.attempts "$STATE_DIR/state.json")" 1
    stdout_has "a failback is due, but"
    stderr_lacks "INITIATING"
    # The pause over, and nothing in the way any more.
    p2 -c "DROP TABLE newcomer"
    jq '.auto.retryAt = "2026-01-01T00:00:00.000Z"' <"$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
    run_dbr health --auto --json
    exits 0
    json_is .activeDatabase primary
    json_is .switching.blockedBy null
    is "$(jq -r '.auto.attempts' "$STATE_DIR/state.json")" null
}

@test "a target that did not follow is set right by a later run" {
    env_set DB_ON_EVENT "exit 3"
    link_tell one refuse
    for _ in 1 2 3; do run_dbr health --auto --json; done
    json_is .activeDatabase secondary
    exits 1
    json_true '.warnings | any(contains("not everything followed"))'
    env_unset DB_ON_EVENT
    run_dbr health --auto --json
    json_true '.warnings | any(contains("not everything followed")) | not'
}
