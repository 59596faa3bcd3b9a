#!/usr/bin/env bats
# Proves: the doctor names what is wrong and one thing to do next, where everything else gives up, and changes nothing.

load ../lib/helper
setup() {
    pair_setup app
    # As the doctor advises for CockroachDB.
    ! on_standin || server_sql two "$DB" -c "ALTER DATABASE $DB SET crdb_standin.serial_normalization = 'sql_sequence'" \
        -c "ALTER DATABASE $DB SET crdb_standin.default_int_size = 4"
    env_set DB_FENCE off # the state says that init is done, but none has fenced
    mkdir -m 700 "$STATE_DIR"
    (umask 077 && echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"},
        "sync": {"lastSync": "'"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)"'"}}' >"$STATE_DIR/state.json")
}
teardown() { pair_teardown; }

@test "all is well: every key with its origin, exit 0" {
    run_dbr health --doctor
    exits 0
    stdout_has DATABASE_URL_SECONDARY "env file line 2" DB_WITNESS DB_BACKUP_KEEP_DAILY "next: nothing, all is well" \
        "postgresql://app@127.0.0.1:$(server_port one)/$DB" "15 tables in schema public"
    stdout_lacks error warning
}

@test "where values come from, aliases included" {
    env_set HEALTH_CHECK_INTERVAL 60
    DB_SYNC_BATCH_SIZE=50 run_dbr health --doctor --json
    exits 0
    json_is '.configuration[] | select(.key == "DB_SYNC_BATCH_SIZE") | .from + " " + .value' "environment 50"
    json_is '.configuration[] | select(.key == "DB_HEALTH_CHECK_INTERVAL_MS") | .name + " " + .value' "HEALTH_CHECK_INTERVAL 60"
    json_is '.configuration[] | select(.key == "DB_SCHEMA") | .from' default
    json_is .next null
}

@test "broken values are named, all of them, without their secrets" {
    SECRET=hunter-two
    env_set DATABASE_URL_SECONDARY "postgresql://app:$SECRET@[::1/x"
    env_set DB_SYNC_BATCH_SIZE many
    env_set AUTO_FAILOVER_ENABLED perhaps
    run_dbr health --doctor
    exits 3
    stdout_has DB_SYNC_BATCH_SIZE '"many"' AUTO_FAILOVER_ENABLED '"perhaps"' DATABASE_URL_SECONDARY "next: correct"
    run_dbr health
    exits 3
    stdout_empty
}

@test "a corrupt state: the way out, and the databases are examined all the same" {
    echo '{' >"$STATE_DIR/state.json"
    run_dbr health --doctor
    exits 3
    stdout_has "cannot be used" "state.json.broken" "answers in"
    is "$(cat "$STATE_DIR/state.json")" '{'
}

@test "the same database twice" {
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    run_dbr health --doctor
    exits 3
    stdout_has "same database" "next: point DATABASE_URL_SECONDARY"
}

@test "a database that is down, and one that bars the role" {
    env_set DATABASE_URL_SECONDARY "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    run_dbr health --doctor
    exits 2
    stdout_has "cannot connect to the secondary"
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    server_sql one "$DB" -c "REVOKE ALL ON users FROM app" -c "ALTER TABLE users OWNER TO postgres"
    run_dbr health --doctor
    exits 2
    stdout_has "may not read 1 of the 15 tables"
}

@test "connections near their limit, and sessions of the application in another time zone" {
    local i
    needs_postgres "CockroachDB has no limit of a database's connections"
    server_sql two postgres -c "ALTER DATABASE $DB CONNECTION LIMIT 5" -c "ALTER DATABASE $DB SET TimeZone = 'America/Lima'"
    run_dbr health --doctor
    exits 1
    stdout_has "time zone UTC on the primary and America/Lima on the secondary" "what to do: ALTER DATABASE \"$DB\" SET TimeZone = 'UTC'"
    stdout_lacks "connections are in use"
    for i in 1 2 3; do session_open "$i" "$P2_URL"; done
    run_dbr health --doctor
    exits 1
    stdout_has "of 5 connections are in use" "raise the limit"
    sessions_stop
}

@test "files that others can read, and no secondary" {
    chmod 644 "$ENV_FILE" "$STATE_DIR/state.json"
    env_unset DATABASE_URL_SECONDARY
    run_dbr health --doctor
    exits 1
    stdout_has "chmod 600" "open to others" "redundancy is disabled"
}

@test "nothing configured at all" {
    cd "$BATS_TEST_TMPDIR"
    run_program dbr-health --doctor --state-dir "$STATE_DIR"
    exits 3
    stdout_has "DATABASE_URL is not set" "next: set DATABASE_URL"
    run_program dbr-health --doctor --env-file "$BATS_TEST_TMPDIR/none" --state-dir "$STATE_DIR"
    exits 3
    stdout_has "No such file"
}
