#!/usr/bin/env bats
# Proves: a day of changes to all 15 tables of the sample application (782 rows: updates that leave updated_at alone, inserts,
# deletes) arrives on the standby, and is counted exactly.
# bats file_tags=plain

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

@test "782 changed rows arrive and are counted" {
    p1 -f "$ROOT/tests/data/changes.sql"
    out_of_step
    run_dbr sync --json
    exits 0
    json_true .success
    json_is .program dbr-sync
    json_is .recordsSynced 782
    json_is .inserted 118
    json_is .updated 637
    json_is .deleted 27
    json_is '.tables | length' 15
    json_is '.tables[] | select(.name == "users") | .updated' 150
    json_is '.tables[] | select(.name == "position_history") | .deleted' 10
    in_step
}

@test "the log phrase and the table" {
    p1 -f "$ROOT/tests/data/changes.sql"
    run_dbr sync -v
    exits 0
    stderr_has "[DB-Redundancy] Sync completed: 782 records updated"
    grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z \[DB-Redundancy\] Sync completed' <<<"$errors" || fail "the log line has no time"
    stdout_has users position_history
    in_step
}

@test "nothing to do is done, and said" {
    run_dbr sync
    exits 0
    run_dbr sync --json
    exits 0
    json_is .recordsSynced 0
    json_is .success true
    run_dbr sync -q
    exits 0
    stdout_empty
    stderr_empty
}

@test "rows whose updated_at moves are found too" {
    p1 -c "UPDATE users SET balance = 7, updated_at = now() WHERE id <= 5" -c "UPDATE leads SET stage = 'won', updated_at = now()"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .updated 9
    in_step
}

@test "many runs in a row, each with some changes" {
    for i in 1 2 3 4 5; do
        p1 -c "UPDATE users SET balance = balance + $i WHERE id % 7 = $i" -c "DELETE FROM position_history WHERE id = $i * 3" \
            -c "INSERT INTO leads (name) VALUES ('run $i')" -c "UPDATE app_config SET value = '$i', updated_at = now() WHERE key = 'fees'"
        run_dbr sync --json
        exits 0
        json_is .deleted 1
        json_is .inserted 1
    done
    in_step
}

@test "everything at once with --full" {
    p1 -f "$ROOT/tests/data/changes.sql"
    run_dbr sync --full --json
    exits 0
    json_is .recordsSynced 782
    in_step
}

@test "the state and the events tell of the run" {
    p1 -f "$ROOT/tests/data/changes.sql"
    run_dbr sync
    exits 0
    is "$(jq -r 'select(.event == "sync") | .event' "$STATE_DIR/events.jsonl" | tail -n 1)" sync
    run_dbr health --json --cached
    run_dbr health --json
    exits 0
    json_is .syncStatus.recordsSynced 782
    json_is .syncStatus.status healthy
    [[ $(json .lastSync) =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$ ]] || fail "lastSync is no time"
}
