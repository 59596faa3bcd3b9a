#!/usr/bin/env bats
# Proves: --verify only compares (exit 4, a list, nothing written), --repair fixes what it finds, --dry-run says what would happen,
# --tables limits all of them.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

damage() {
    p2w -c "UPDATE users SET balance = 0 WHERE id IN (3, 4)" -c "DELETE FROM position_history WHERE id = 9" -c "INSERT INTO leads (name) VALUES ('stray')"
}

contents() { compare_contents "$P1_URL" | md5sum; compare_contents "$P2_URL" | md5sum; }

@test "--verify lists the differences and writes nothing" {
    damage
    before=$(contents)
    run_dbr sync --verify
    exits 4
    stdout_has users position_history leads
    # What a schedule's log has of it.
    run_dbr sync --verify --quiet
    exits 4
    stdout_empty
    stderr_has "the databases differ: " users position_history leads
    run_dbr sync --verify --json
    exits 4
    json_is .success false
    json_is .error.code different
    json_is '[.recordsSynced, .inserted, .updated, .deleted, .tables[].updated] | add' 0
    json_is '.tables[] | select(.name == "users") | .differenceCount' 2
    json_is '[.tables[] | select(.verified == false) | .name] | sort | join(",")' leads,position_history,users
    is "$(contents)" "$before"
    [ -z "$(ls "$STATE_DIR"/salvage 2>/dev/null)" ] || fail "something was kept aside"
}

@test "--verify --json names the keys that differ, and no more than a hundred of a table" {
    damage
    stray=$(p2 -c "SELECT max(id) FROM leads")
    p2w -c "UPDATE billing_profiles SET company = 'changed'" -c "DELETE FROM timeframe_adjustments"
    run_dbr sync --verify --json
    exits 4
    json_is '.tables[] | select(.name == "users") | [.differences[] | .kind + " " + (.key.id | tostring)] | sort | join(",")' \
        "update 3,update 4"
    json_is '.tables[] | select(.name == "position_history") | .differences | tojson' '[{"kind":"insert","key":{"id":9}}]'
    json_is '.tables[] | select(.name == "leads") | .differences | tojson' "[{\"kind\":\"delete\",\"key\":{\"id\":$stray}}]"
    json_is '.tables[] | select(.name == "leads") | .truncated' false
    json_is '[.tables[] | select(.verified) | .differences[]] | length' 0
    p2w -c "UPDATE position_history SET action = 'changed'"
    run_dbr sync --verify --json
    json_is '.tables[] | select(.name == "position_history") | .differences | length' 100
    json_is '.tables[] | select(.name == "position_history") | .truncated' true
    run_dbr sync --verify
    exits 4
    stdout_has "only on the standby:    id=$stray" "missing on the standby: id=9" "different:              id=3" "... and "
}

@test "--verify of equal databases" {
    run_dbr sync --verify --json
    exits 0
    json_true .success
    json_is '[.tables[].verified] | all' true
    json_is .recordsSynced 0
    run_dbr health --json
    json_is '.syncStatus.lastVerification.ok' true
}

@test "--verify of one table sees only that" {
    damage
    run_dbr sync --verify --tables app_config,invoices
    exits 0
    run_dbr sync --verify --tables app_config --tables=users
    exits 4
    stdout_lacks leads
}

@test "--repair fixes, and a second repair finds nothing" {
    damage
    run_dbr sync --repair --json
    exits 0
    json_is .recordsSynced 4
    same_rows
    run_dbr sync --repair --json
    exits 0
    json_is .recordsSynced 0
    in_step
}

@test "--repair of one table" {
    damage
    run_dbr sync --repair --tables users
    exits 0
    run_dbr sync --verify --tables users
    exits 0
    run_dbr sync --verify
    exits 4
    run_dbr sync
    exits 0
    in_step
}

@test "--dry-run counts what a run would do, and writes nothing" {
    p1 -f "$ROOT/tests/data/changes.sql"
    before=$(contents)
    state=$(jq -S 'del(.health)' "$STATE_DIR/state.json")
    run_dbr sync --dry-run --json
    exits 0
    json_is .inserted 118
    json_is .updated 637
    json_is .deleted 27
    run_dbr sync --dry-run
    exits 0
    stdout_has position_history
    is "$(contents)" "$before"
    is "$(jq -S 'del(.health)' "$STATE_DIR/state.json")" "$state"
    [ -z "$(ls "$STATE_DIR"/salvage 2>/dev/null)" ] || fail "something was kept aside"
    run_dbr sync
    exits 0
    in_step
}

@test "npm's own --dry-run is honoured, its --force is refused" {
    p1 -f "$ROOT/tests/data/changes.sql"
    before=$(contents)
    npm_lifecycle_event=db:sync npm_config_dry_run=true run_dbr sync
    exits 0
    stderr_has dry
    is "$(contents)" "$before"
    npm_lifecycle_event=db:sync npm_config_json=true run_dbr sync
    exits 0
    json_is .recordsSynced 782
    p1 -c "DELETE FROM legal_signatures"
    npm_lifecycle_event=db:sync npm_config_force=true run_dbr sync
    exits 2
    stderr_has "npm run db:sync -- --force"
    run_dbr sync
    exits 5
}

@test "options that exclude each other" {
    run_dbr sync --verify --repair
    exits 2
    run_dbr sync --verify --force
    [ "$status" -eq 2 ] || [ "$status" -eq 0 ] || fail "exit status $status"
}

@test "an unknown table is an error with the nearest name, and nothing is done" {
    p1 -c "UPDATE users SET balance = 0"
    run_dbr sync --tables users,position_histroy
    exits 2
    stderr_has position_histroy position_history
    different_rows
    run_dbr sync --tables=
    exits 2
}
