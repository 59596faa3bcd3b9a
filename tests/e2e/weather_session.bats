#!/usr/bin/env bats
# Proves: what a session asks before anything else (its settings, which database this is) may be refused by CockroachDB's weather, and no
# program takes the answer to one question for that to another.

load ../lib/helper
setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }
setup() {
    pair_setup app
    standin_tell reset
    init_pair
}
teardown() {
    standin_tell reset
    pair_teardown
}

# refused MATCH PROGRAM...: the first statement with this in it is refused once.
refused() {
    local match=$1
    shift
    standin_tell reset
    standin_tell inject statement 40001 1 "$match"
    run_dbr "$@"
    exits 0
    [ "$(standin_tell stats | jq '.injected | add // 0')" -eq 1 ] || fail "nothing was refused"
}

everything() {
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id < 10"
    refused "$1" sync
    refused "$1" sync --verify
    refused "$1" init-secondary --update
    stdout_has "nothing to change"
    refused "$1" health
    refused "$1" failover --yes
    p2 -c "INSERT INTO leads (name) VALUES ('served')"
    refused "$1" sync
    refused "$1" failback --yes
    refused "$1" sync
    in_step
    refused "$1" init-secondary --recreate
    in_step
}

@test "the settings of the session" { everything default_int_size; }

@test "which database it is: the state keeps what it knew" {
    local before
    before=$(jq -r .identities.secondary "$STATE_DIR/state.json")
    [[ $before == cockroach:[0-9a-f]* ]]
    everything cluster_id
    is "$(jq -r .identities.secondary "$STATE_DIR/state.json")" "$before"
}

@test "what a state that was written by hand does not know" {
    run_dbr failover --force --yes
    exits 0
    PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" -c "INSERT INTO leads (name) VALUES ('stranded')"
    echo '{"version": 1, "activeDatabase": "secondary", "lastSwitch": {"op": "failover"}, "init": {"status": "done"}}' >"$STATE_DIR/state.json"
    run_dbr health --peek --json
    json_is .switching.mergePending null
    run_dbr health --doctor
    stdout_has "whether the primary holds what is still to be merged is not known"
    refused 'ORDER BY epoch DESC, id DESC' sync
    stderr_has "still to be merged"
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'stranded'")" 1
}
