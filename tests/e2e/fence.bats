#!/usr/bin/env bats
# Proves: after init the standby takes no writes but dbr's; the setting is dbr's to lift, and can be left off.

load ../lib/helper
setup() { pair_setup app; }
teardown() { pair_teardown; }

@test "a stray write is refused with 25006" {
    init_pair
    run psql -X -q -At -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -d "$P2_URL" -c "INSERT INTO leads (name) VALUES ('stray')"
    [ "$status" -ne 0 ]
    [[ $output == *25006* ]]
    run psql -X -q -d "$P2_URL" -c "CREATE TABLE stray (id int)"
    [ "$status" -ne 0 ]
    in_step
}

@test "reading the standby goes on" {
    init_pair
    is "$(p2 -c "SELECT count(*) FROM users")" 174
}

@test "a session that was open before init cannot write either" {
    session_open early "$P2_URL"
    run_dbr init-secondary
    exits 0
    echo "CREATE TABLE stray (id int);" >&"$(cat "$BATS_TEST_TMPDIR/session-early/fd")" || true
    sleep 0.3
    is "$(p2 -c "SELECT to_regclass('stray') IS NULL")" t
    in_step
}

@test "DB_FENCE=off leaves the standby open" {
    env_set DB_FENCE off
    init_pair
    p2 -c "INSERT INTO leads (name) VALUES ('allowed')"
    run_dbr sync
    exits 0
    in_step
}

@test "the primary is never fenced" {
    init_pair
    run_dbr sync
    p1 -c "INSERT INTO leads (name) VALUES ('fine')"
    run_dbr sync
    exits 0
    in_step
}

@test "health and the doctor see that the fence is gone, and dbr-sync puts it back" {
    init_pair
    run_dbr sync
    run_dbr health
    exits 0
    server_sql two postgres -c "ALTER DATABASE $DB RESET default_transaction_read_only"
    run_dbr health --json
    exits 1
    json_is .status degraded
    json_true '[.warnings[] | select(contains("takes writes") and contains("dbr-sync"))] | length == 1'
    run_dbr health --cached
    exits 1
    run_dbr health --doctor
    exits 1
    stdout_has "its fence is gone" "next: run dbr-sync"
    DB_FENCE=off run_dbr health
    exits 0
    run_dbr sync
    exits 0
    stderr_has "it is again"
    run_dbr health
    exits 0
    run_dbr health --doctor
    stdout_lacks "its fence is gone"
}
