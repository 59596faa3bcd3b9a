#!/usr/bin/env bats
# Proves: dbr-health --auto from cron. Three counted failures make exactly one failover, also when runs overlap; five good checks
# make exactly one failback, and no row is lost on the way.

load ../lib/helper

setup() {
    pair_setup app
    # A server of its own, to be stopped.
    server_start mortal "${DBR_TEST_PRIMARY#standin}"
    server_sql mortal postgres -c "CREATE ROLE app LOGIN PASSWORD '$SERVERS_APP_PASSWORD'" -c "CREATE DATABASE $DB OWNER app"
    P1_URL=$(server_url mortal "$DB")
    env_set DATABASE_URL "$P1_URL"
    p1 -f "$ROOT/tests/data/app.sql" >/dev/null
    init_pair
}

teardown() {
    server_stop mortal
    rm -rf "$SERVERS_DIR"/mortal*
    pair_teardown
}

events_of() { jq -r "select(.event == \"$1\") | .event" "$STATE_DIR/events.jsonl" | wc -l; }

@test "server stopped: the third check switches, once; back after five good ones, once" {
    run_dbr health --auto --json
    exits 0
    json_is .switching.failuresToGo 3
    server_stop mortal
    run_dbr health --auto --json
    exits 2
    json_is .activeDatabase primary
    json_is .switching.failuresToGo 2
    run_dbr health --auto --json
    exits 2
    json_is .activeDatabase primary
    json_is .switching.failuresToGo 1
    stderr_lacks "INITIATING FAILOVER"
    # Two at once, as when a cron run takes longer than a minute.
    start_dbr health --auto
    first=$PID
    first_run=$RUN
    run_dbr health --auto
    wait "$first" || true
    is "$(cat "$RUNS/$first_run.err" "$RUNS/$RUN.err" | grep -cF '[DB-Redundancy] INITIATING FAILOVER TO SECONDARY DATABASE')" 1
    is "$(events_of failover)" 1
    is "$(jq -r .lastSwitch.by "$STATE_DIR/state.json")" auto
    run_dbr health --auto --json
    exits 1
    json_is .activeDatabase secondary
    json_is .status degraded
    json_true '.warnings | any(contains("not fenced"))'
    is "$(events_of failover)" 1
    p2 -c "UPDATE users SET balance = 4242 WHERE id = 7"
    # The fenced standby takes no writes: the primary is fenced as soon as it answers.
    server_continue mortal
    run_dbr health --auto --json
    json_is .primary.connected true
    json_is .primary.consecutiveSuccesses 1
    json_is .switching.fenceDebt null
    json_is .switching.successesToGo 4
    run p1 -c "UPDATE users SET balance = 1 WHERE id = 7"
    [ "$status" -ne 0 ] || fail "the primary takes writes"
    for _ in 2 3 4; do
        run_dbr health --auto --json
        json_is .activeDatabase secondary
    done
    stderr_lacks "INITIATING FAILBACK"
    run_dbr health --auto --json
    json_is .activeDatabase primary
    exits 0
    stderr_has "[DB-Redundancy] INITIATING FAILBACK TO PRIMARY DATABASE"
    json_is .primary.consecutiveSuccesses 0
    is "$(p1 -c "SELECT balance::int FROM users WHERE id = 7")" 4242
    run_dbr health --auto --json
    exits 0
    json_is .activeDatabase primary
    is "$(events_of failback)" 1
    is "$(events_of failover)" 1
    p1 -c "UPDATE users SET balance = 1 WHERE id = 7"
    run_dbr sync
    exits 0
    in_step
}

@test "checks without --auto count, and only --auto acts" {
    server_stop mortal
    for _ in 1 2 3 4; do
        run_dbr health --json
        exits 2
        json_is .activeDatabase primary
    done
    json_is .switching.failuresToGo 0
    json_is .switching.eligible true
    run_dbr health --peek
    exits 2
    stdout_has "a failover is due"
    # Under --quiet, too, what nobody asked for is said.
    run_dbr health --auto -q
    exits 1
    stderr_has "[DB-Redundancy] INITIATING FAILOVER TO SECONDARY DATABASE"
    run_dbr health --cached --json
    json_is .activeDatabase secondary
    json_is .switching.lastSwitch.by auto
    json_is .switching.lastSwitch.kind forced
}
