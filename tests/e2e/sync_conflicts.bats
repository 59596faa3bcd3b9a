#!/usr/bin/env bats
# Proves: the active always wins; a standby row that is newer is overwritten, counted as a conflict and kept aside.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

@test "a newer row on the standby is a conflict" {
    p2w -c "UPDATE users SET display_name = 'newer', updated_at = now() WHERE id = 5"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .conflicts 1
    json_is '.tables[] | select(.name == "users") | .conflicts' 1
    zcat "$STATE_DIR"/salvage/*.jsonl.gz | jq -e 'select(.table == "users" and .key.id == 5) | .lost.display_name == "newer"' >/dev/null ||
        fail "the newer row was not kept aside"
    in_step
}

@test "an older row on the standby is none" {
    p1 -c "UPDATE users SET display_name = 'primary', updated_at = now() WHERE id = 5"
    run_dbr sync --json
    exits 0
    json_is .conflicts 0
    in_step
}

@test "a time that was taken away decides nothing" {
    p1 -c "ALTER TABLE users ALTER updated_at DROP NOT NULL"
    p2w -c "ALTER TABLE users ALTER updated_at DROP NOT NULL"
    p1 -c "UPDATE users SET updated_at = NULL WHERE id = 5"
    run_dbr sync --json
    exits 0
    json_is .conflicts 0
    p1 -c "UPDATE users SET updated_at = now() WHERE id = 5"
    run_dbr sync --json
    exits 0
    json_is .conflicts 0
    in_step
}

@test "rows without a time to decide: the active's stays, the other is kept aside" {
    p2w -c "UPDATE position_history SET action = 'other' WHERE id = 5"
    p1 -c "UPDATE position_history SET action = 'mine' WHERE id = 5"
    run_dbr sync --json
    exits 0
    is "$(p1 -c "SELECT action FROM position_history WHERE id = 5")" mine
    zcat "$STATE_DIR"/salvage/*.jsonl.gz | grep -q '"other"' || fail "the other row was not kept aside"
    in_step
}
