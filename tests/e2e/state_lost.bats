#!/usr/bin/env bats
# Proves: the runbooks of dbr(7) for a state that is lost, for a secondary and for a primary that is lost for good, work as they are
# written, for a pair that has been switched before.

load ../lib/helper

setup() {
    pair_setup app
    init_pair
    run_dbr failover --yes
    exits 0
}
teardown() {
    rm -rf "$BATS_TEST_TMPDIR/new"
    database_drop one "${DB}_new"
    pair_teardown
}

there_and_back() {
    p2 -c "INSERT INTO leads (name) VALUES ('on the secondary')"
    run_dbr failback --yes
    exits 0
    p1 -c "INSERT INTO leads (name) VALUES ('on the primary')"
}

# everything_works ROLE: with that database active nothing is lost, and the pair can be switched there and back again.
everything_works() {
    local op=failover back=failback
    [ "$1" = primary ] || { op=failback back=failover; }
    run_dbr health
    exits 0
    run_dbr sync
    exits 0
    for name in "on the primary" "on the secondary"; do is "$(p1 -c "SELECT count(*) FROM leads WHERE name = '$name'")" 1; done
    run_dbr $op --yes
    exits 0
    run_dbr $back --yes
    exits 0
    run_dbr sync
    in_step
}

@test "the state is lost, the application uses the primary" {
    there_and_back
    rm -rf "$STATE_DIR"
    run_dbr sync
    exits 5
    run_dbr init-secondary --resume
    exits 0
    everything_works primary
}

@test "the secondary is gone for good: an empty one, and a new state directory" {
    there_and_back
    run_dbr sync
    database_create two "$DB" empty
    env_set DB_STATE_DIR "$BATS_TEST_TMPDIR/new"
    STATE_DIR=$BATS_TEST_TMPDIR/new
    run_dbr init-secondary
    exits 0
    everything_works primary
}

@test "the primary is lost for good: the URLs are exchanged" {
    p2 -c "INSERT INTO leads (name) VALUES ('on the primary'), ('on the secondary')"
    database_create one "${DB}_new" empty
    env_set DATABASE_URL "$P2_URL"
    env_set DATABASE_URL_SECONDARY "$(server_url one "${DB}_new")"
    P1_URL=$P2_URL P2_URL=$(server_url one "${DB}_new")
    env_set DB_STATE_DIR "$BATS_TEST_TMPDIR/new"
    STATE_DIR=$BATS_TEST_TMPDIR/new
    run_dbr init-secondary
    exits 0
    everything_works primary
}

# A forced failover whose state is lost before the primary could be merged, and is written anew as the doctor says.
lost_after_forced() {
    there_and_back
    run_dbr sync
    p1 -c "INSERT INTO leads (name) VALUES ('stranded')" -c "UPDATE users SET balance = 4711 WHERE id = 9"
    env_set DATABASE_URL "${P1_URL/:[0-9]*\//:1/}"
    run_dbr failover --force --yes
    exits 0
    p2 -c "INSERT INTO leads (name) VALUES ('served')" -c "UPDATE users SET balance = 815 WHERE id = 10"
    env_set DATABASE_URL "$P1_URL"
    echo garbage >"$STATE_DIR/state.json"
    run_dbr sync
    exits 2
    echo '{"version": 1, "activeDatabase": "secondary", "lastSwitch": {"op": "failover"}, "init": {"status": "done"}}' >"$STATE_DIR/state.json"
}
nothing_lost() {
    is "$(p1 -c "SELECT string_agg(name, ', ' ORDER BY name) FROM leads WHERE name IN ('stranded', 'served')")" "served, stranded"
    is "$(p1 -c "SELECT string_agg(balance::text, ' ' ORDER BY id) FROM users WHERE id IN (9, 10)")" "4711.000000 815.000000"
    run_dbr sync
    in_step
}

@test "the state is lost between a forced failover and its merge: dbr-sync finds the base and merges" {
    lost_after_forced
    run_dbr health --auto
    run_dbr sync
    exits 0
    stderr_has "still to be merged"
    nothing_lost
    run_dbr failback --yes
    exits 0
    everything_works primary
}

@test "the state is lost between a forced failover and its merge: so does dbr-failback" {
    lost_after_forced
    run_dbr failback --yes
    exits 0
    nothing_lost
    everything_works primary
}

@test "the state is lost between a forced failover and its merge: what is not merged is known to all" {
    lost_after_forced
    run_dbr export --source=secondary --dialect=postgres --output="$BATS_TEST_TMPDIR/dump.sql"
    exits 0
    run_dbr import --target=primary --input="$BATS_TEST_TMPDIR/dump.sql" --clean --yes
    exits 5
    stderr_has "merged nowhere yet"
    run_dbr sync --dry-run
    exits 5
    stderr_has "to be merged first"
    run_dbr sync
    exits 0
    nothing_lost
}
