#!/usr/bin/env bats
# Proves: of two switches at once one acts; a switch asks a running dbr-sync to stop, which leaves nothing half done; it does not
# ask anything else.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

active() { jq -r .activeDatabase "$STATE_DIR/state.json"; }

# The secondary does not take rows of leads for as long as this session lasts.
hold_leads() {
    session_open holder "$P2_URL"
    session holder "SET default_transaction_read_only = off"
    session holder "BEGIN"
    session holder "LOCK TABLE leads IN EXCLUSIVE MODE"
}
waits_for_leads() {
    [ "$(server_sql two postgres -At -c "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = '$DB'")" -gt 0 ]
}

@test "two switches at once: one acts, the other exits 6" {
    hold_leads
    p1 -c "INSERT INTO leads (name) VALUES ('late')"
    start_dbr failover --yes
    wait_for 10 waits_for_leads || fail "the first does not wait"
    first=$PID
    run_dbr failover --yes
    exits 6
    stderr_has "$first"
    run_dbr failover --yes --json
    exits 6
    json_is .error.code locked
    session holder "COMMIT"
    finish_dbr
    [ "$status" -eq 0 ] || fail "the first: $(cat "$RUNS"/*.err)"
    is "$(active)" secondary
    is "$(jq -r 'select(.event == "failover") | .kind' "$STATE_DIR/events.jsonl")" planned
    run_dbr sync
    in_step
}

@test "--wait: the second finds it done" {
    hold_leads
    p1 -c "INSERT INTO leads (name) VALUES ('late')"
    start_dbr failover --yes
    wait_for 10 waits_for_leads || fail "the first does not wait"
    "$DBR_BIN/dbr-failover" --env-file "$ENV_FILE" --yes --wait 30 >second.out 2>second.err </dev/null 3>&- &
    local second=$! status2=0
    sleep 0.5
    kill -0 $second || fail "the second does not wait: $(cat second.err)"
    session holder "COMMIT"
    finish_dbr
    exits 0
    wait $second || status2=$?
    is "$status2" 0
    grep -q already second.out || fail "$(cat second.out)"
    is "$(jq -r 'select(.event == "failover") | .kind' "$STATE_DIR/events.jsonl")" planned
}

@test "a running dbr-sync makes way, and leaves no half transaction" {
    hold_leads
    p1 -c "UPDATE users SET balance = balance + 1" -c "INSERT INTO leads (name) VALUES ('late')"
    start_dbr sync
    wait_for 10 waits_for_leads || fail "the sync does not wait"
    local sync=$PID
    "$DBR_BIN/dbr-failover" --env-file "$ENV_FILE" --yes >second.out 2>second.err </dev/null 3>&- &
    local second=$! status2=0
    finish_dbr
    exits 143
    is "$(p2 -c "SELECT count(*) FROM users u WHERE balance <> (id * 37 % 1000) + id * 0.001234")" 0
    session holder "COMMIT"
    wait $second || status2=$?
    is "$status2" 0
    grep -q "asked a running dbr-sync (pid $sync) to stop" second.err || fail "$(cat second.err)"
    is "$(active)" secondary
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'late'")" 1
    run_dbr sync
    in_step
}

@test "a running init is not asked" {
    hold_leads
    start_dbr init-secondary --recreate
    wait_for 10 waits_for_leads || fail "init does not wait"
    run_dbr failover --yes
    exits 6
    stderr_has "$PID"
    kill -0 "$PID" || fail "init was ended"
    session holder "COMMIT"
    finish_dbr
    exits 0
    is "$(active)" primary
    run_dbr failover --yes
    exits 0
}
