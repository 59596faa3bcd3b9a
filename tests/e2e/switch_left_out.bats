#!/usr/bin/env bats
# Proves: a table that the configuration leaves out, and that is on the primary alone, is in the way of no switch and no sync.

load ../lib/helper

setup() {
    pair_setup app
    p1 -c "CREATE TABLE sessions (id int PRIMARY KEY)" -c "INSERT INTO sessions VALUES (1)"
    env_set DB_SYNC_EXCLUDE_TABLES sessions
    run_dbr init-secondary
    exits 0
    is "$(p2 -c "SELECT to_regclass('sessions') IS NULL")" t
}
teardown() { pair_teardown; }

works() {
    p2 -c "INSERT INTO leads (name) VALUES ('served')"
    run_dbr sync
    exits 0
    run_dbr failback --yes
    exits 0
    run_dbr sync
    exits 0
    is "$(p1 -c "SELECT count(*) FROM leads WHERE name = 'served'")" 1
    is "$(p1 -c "SELECT count(*) FROM sessions")" 1
}

@test "a planned failover, and back" {
    local left="the configuration leaves out sessions: rows that the primary holds there stay there, and are not on the secondary"
    run_dbr failover --dry-run
    exits 0
    stderr_has "$left"
    run_dbr failover --dry-run --json
    exits 0
    json_true "[.warnings[] | select(. == \"$left\")] | length == 1"
    run_dbr failover --yes
    exits 0
    stderr_has "$left"
    works
}

@test "a forced failover, while the primary is away, and back with a merge" {
    env_set DATABASE_URL "${P1_URL/:[0-9]*\//:1/}"
    run_dbr failover --yes
    exits 0
    env_set DATABASE_URL "$P1_URL"
    works
}

@test "the same with DB_SYNC_TABLES" {
    env_unset DB_SYNC_EXCLUDE_TABLES
    env_set DB_SYNC_TABLES leads
    run_dbr sync
    exits 0
    run_dbr failover --yes
    exits 0
    works
}

@test "a name that neither database has is an error of a sync, and in the way of no failover" {
    env_set DB_SYNC_EXCLUDE_TABLES "sessions,laeds"
    run_dbr sync
    exits 2
    stderr_has laeds "did you mean leads?"
    env_set DATABASE_URL "${P1_URL/:[0-9]*\//:1/}"
    run_dbr failover --yes
    exits 0
}

# A table that both have, and that the configuration leaves out from now on.
leave_visits_out() {
    p1 -c "CREATE TABLE visits (id int PRIMARY KEY)" -c "INSERT INTO visits VALUES (1)"
    run_dbr init-secondary --update
    exits 0
    run_dbr sync
    exits 0
    env_set DB_SYNC_EXCLUDE_TABLES sessions,visits
}

@test "a forced failover says which of the tables that it had synced will not be merged" {
    leave_visits_out
    env_set DATABASE_URL "${P1_URL/:[0-9]*\//:1/}"
    run_dbr failover --yes --dry-run
    grep -E '^visits +1 +unknown, not merged: left out' <<<"$output" || fail "not said by a dry run"
    run_dbr failover --yes
    exits 0
    grep -E '^visits +1 +unknown, not merged: left out' <<<"$output" || fail "not said"
    grep -E '^users +[0-9]+ +unknown$' <<<"$output" || fail "of others as well"
}

@test "what was written to it while the secondary was active is not deleted when it is left out no more" {
    leave_visits_out
    run_dbr failover --yes
    exits 0
    p2 -c "INSERT INTO visits VALUES (78)"
    run_dbr failback --yes
    exits 0
    run_dbr sync
    exits 0
    run_dbr health
    exits 0
    env_set DB_SYNC_EXCLUDE_TABLES sessions
    run_dbr sync
    refused visits "dbr-sync --force" salvage
    stdout_has "left out of the merge or sync of a switch"
    is "$(p2 -c "SELECT count(*) FROM visits WHERE id = 78")" 1
    run_dbr sync --force
    exits 0
    is "$(p2 -c "SELECT count(*) FROM visits WHERE id = 78")" 0
    run_dbr sync
    exits 0
}
