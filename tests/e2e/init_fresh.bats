#!/usr/bin/env bats
# Proves: init on an empty secondary makes a complete twin of the sample application (schema, rows, sequences), says so table by
# table, and leaves a trusted state behind.
# bats file_tags=plain

load ../lib/helper
setup() { pair_setup app; }
teardown() { pair_teardown; }

@test "the twin has every row, and each table is reported" {
    run_dbr init-secondary
    exits 0
    same_rows
    # shellcheck disable=SC2086 # a list
    stdout_has $APP_TABLES 174 144
    in_step
}

@test "the twin has the same schema, comments and indexes included" {
    init_pair
    same_schema
}

@test "the result as JSON" {
    run_dbr init-secondary --json
    exits 0
    json_true .success
    json_is .program dbr-init-secondary
    json_is .inserted 807
    json_is .recordsSynced 807
    json_is '.tables | length' 15
    json_is '.tables[] | select(.name == "users") | .rows' 174
    json_is '[.tables[].verified] | all' true
    json_is '.warnings | type' array
    json_is '.durationMs | type' number
}

@test "quiet prints nothing" {
    run_dbr init-secondary -q
    exits 0
    stdout_empty
    stderr_empty
    same_rows
}

@test "stdout holds the result and stderr the log" {
    run_dbr init-secondary -v
    exits 0
    stdout_lacks "[DB-Redundancy]"
    stderr_has "[DB-Redundancy]"
}

@test "the state is private, and records the event" {
    init_pair
    is "$(stat -c %a "$STATE_DIR")" 700
    is "$(stat -c %a "$STATE_DIR/state.json")" 600
    jq -e 'select(.event == "init")' "$STATE_DIR/events.jsonl" >/dev/null || fail "no init event"
    is "$(jq -r 'has("time")' "$STATE_DIR/events.jsonl" | sort -u)" true
}

@test "init counts as the first sync" {
    init_pair
    run_dbr health --json
    exits 0
    json_is '.lastSync | type' string
    json_is .status healthy
}

@test "a second init is refused and changes nothing" {
    init_pair
    run_dbr init-secondary
    exits 5
    stderr_has --recreate
    in_step
}

@test "an empty primary is more likely a wrong name: refused" {
    schema_clear one
    run_dbr init-secondary
    exits 5
    stderr_has DB_SCHEMA
    p1 -c "CREATE TABLE late (id int PRIMARY KEY)"
    run_dbr init-secondary
    exits 0
    in_step
}

@test "the sequences go on where the primary's stand" {
    init_pair
    is "$(p2w -c "INSERT INTO users (email, referral_code) VALUES ('next@example.com', 'NEXT') RETURNING id")" 182
    is "$(p2w -c "INSERT INTO leads (name) VALUES ('x') RETURNING id")" 5
}
