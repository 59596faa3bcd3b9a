#!/usr/bin/env bats
# Proves: the same database twice, or another database than before, is seen and refused.

load ../lib/helper
setup() {
    pair_setup empty
    env_set DB_FENCE off # the state says that init is done, but none has fenced
    mkdir -m 700 "$STATE_DIR"
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}' >"$STATE_DIR/state.json"
}
teardown() { pair_teardown; }

@test "both URLs lead to one database" {
    cp "$STATE_DIR/state.json" "$BATS_TEST_TMPDIR/before"
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    run_dbr health
    exits 3
    stderr_has "same database" DATABASE_URL_SECONDARY
    # By another name of the host it is still the same one.
    env_set DATABASE_URL_SECONDARY "${P1_URL/127.0.0.1/localhost}"
    run_dbr health --json
    exits 3
    json_is .success false
    json_is .error.code refused
    cmp "$STATE_DIR/state.json" "$BATS_TEST_TMPDIR/before"
}

@test "two databases of one server are two" {
    database_create one "${DB}_twin" empty
    env_set DATABASE_URL_SECONDARY "$(server_url one "${DB}_twin")"
    run_dbr health
    database_drop one "${DB}_twin"
    exits 0
}

@test "a database that is not the one of the state" {
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"},
        "identities": {"primary": "postgres:1/elsewhere", "secondary": null}}' >"$STATE_DIR/state.json"
    run_dbr health
    exits 3
    stderr_has "not the database it was" "postgres:1/elsewhere" DATABASE_URL
}

@test "URLs that were exchanged are named as such" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)"
    run_dbr init-secondary
    exits 0
    run_dbr health
    exits 0
    env_set DATABASE_URL "$P2_URL"
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    run_dbr health
    exits 3
    stderr_has exchanged
    # The standby's fence is not to be lifted.
    run_dbr health --doctor
    exits 3
    stdout_has exchanged
    stdout_lacks "takes no writes" "takes writes"
}

@test "a server that does not tell its identifier is known by what it does tell" {
    server_sql one "$DB" -c "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"
    run_dbr health
    exits 0
    run_dbr health --doctor
    stdout_has "postgres:~"
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    run_dbr health
    exits 3
    stderr_has "same database"
}

@test "what was refused for that is told by DB_ON_EVENT, once" {
    local called=$BATS_TEST_TMPDIR/called
    env_set DB_ON_EVENT "'echo \"\$DBR_REASON \$DBR_SEVERITY \$DBR_MESSAGE\" >>$called'"
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    run_dbr health -q
    exits 3
    run_dbr health -q
    exits 3
    is "$(wc -l <"$called")" 1
    has "$(cat "$called")" called "check-not-recorded warning" "same database"
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    run_dbr health -q
    exits 0
    is "$(tail -n 1 "$called" | cut -d ' ' -f 1-2)" "check-not-recorded ok"
}
