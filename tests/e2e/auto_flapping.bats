#!/usr/bin/env bats
# Proves: each automatic failback of the last 24 hours doubles the threshold of the next one, up to eight times it.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    run_dbr failover --yes
    exits 0
}
teardown() { pair_teardown; }

# failbacks AGE...: hours ago.
failbacks() {
    local age list=()
    for age in "$@"; do list+=("$(date -u -d "$age hours ago" +%Y-%m-%dT%H:%M:%S.000Z)"); done
    jq '.failbacks = $ARGS.positional' --args "${list[@]}" <"$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
    run_dbr health --peek --json
}

@test "the threshold grows with the failbacks of a day" {
    env_set DB_FAILBACK_THRESHOLD 2
    failbacks 25 48
    json_is .switching.effectiveFailbackThreshold 2
    failbacks 1
    json_is .switching.effectiveFailbackThreshold 4
    failbacks 1 2 30
    json_is .switching.effectiveFailbackThreshold 8
    failbacks 1 2 3
    json_is .switching.effectiveFailbackThreshold 16
    failbacks 1 2 3 4 5 6
    json_is .switching.effectiveFailbackThreshold 16
}

@test "a failback after a flap takes twice as many good checks, and counts itself" {
    env_set DB_FAILBACK_THRESHOLD 2
    failbacks 1
    for _ in 1 2 3; do
        run_dbr health --auto --json
        json_is .activeDatabase secondary
    done
    run_dbr health --auto --json
    json_is .activeDatabase primary
    is "$(jq '.failbacks | length' "$STATE_DIR/state.json")" 2
}
