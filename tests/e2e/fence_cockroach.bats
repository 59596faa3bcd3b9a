#!/usr/bin/env bats
# Proves: on a secondary like CockroachDB, whose sessions do not tell their database, the fence ends those that may write here and no
# others, says whom else it may have hit, and takes its proof from a statement that leaves nothing behind.

load ../lib/helper

setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }

# The secondary is active, and its cluster has another database, $DB__shop.
setup() {
    pair_setup app
    init_pair
    ROLE=shop_$BATS_TEST_NUMBER
    server_sql two postgres -c "CREATE ROLE $ROLE LOGIN PASSWORD '$SERVERS_APP_PASSWORD'"
    run_dbr failover --yes
    exits 0
}
teardown() {
    local status=0
    pair_teardown || status=1
    database_drop two "${DB}__shop"
    server_sql two postgres -c "DROP OWNED BY $ROLE" -c "DROP ROLE $ROLE" || status=1
    return $status
}

other_database() { server_sql two postgres -c "CREATE DATABASE ${DB}__shop"; }
grants() { server_sql two "$DB" -c "GRANT INSERT ON leads TO $ROLE" -c "GRANT USAGE ON SEQUENCE leads_id_seq TO $ROLE"; }
role_url() { sed "s#//app:#//$ROLE:#; s#/$DB\$#/${1:-$DB}#" <<<"$P2_URL"; }
lives() { kill -0 "$(cat "$BATS_TEST_TMPDIR/session-$1/pid")" 2>/dev/null; }
ends() { wait_for 5 is_gone "$1" || fail "the session is still there: $1"; }
is_gone() { ! lives "$1" || ! psql_answers "$1"; }
# psql notices that its session has ended when it says something.
psql_answers() {
    { echo "SELECT 1;" >&"$(cat "$BATS_TEST_TMPDIR/session-$1/fd")"; } 2>/dev/null && sleep 0.1 && lives "$1"
}
open_secondary() { is "$(server_sql two "$DB" -At -c "SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = '$DB'")" 0; }

@test "a session that may write is ended, one that may not stays" {
    session_open writes "$P2_URL"
    session_open reads "$(role_url)"
    run_dbr failback --yes --json
    exits 0
    json_is '.warnings | length' 0
    ends writes
    session reads "SELECT 1"
    in_step
}

@test "a right to write to one table is enough" {
    grants
    session_open writes "$(role_url)"
    session writes "BEGIN; INSERT INTO leads (name) VALUES ('never committed')"
    run_dbr failback --yes
    exits 0
    ends writes
    is "$(p1 -c "SELECT count(*) FROM leads WHERE name = 'never committed'")" 0
    in_step
}

@test "where there are other databases, who may have been hit is said" {
    other_database
    grants
    session_open elsewhere "$(role_url "${DB}__shop")"
    run_dbr failback --yes --json
    exits 0
    json_true "[.warnings[] | select(contains(\"sessions of $ROLE\") and contains(\"secondary\") and contains(\"another\"))] | length == 1"
    ends elsewhere
}

@test "DB_FENCE_ROLE: the role is barred, other admins are left alone and named" {
    other_database
    grants
    server_sql two postgres -c "CREATE ROLE boss_$BATS_TEST_NUMBER LOGIN PASSWORD '$SERVERS_APP_PASSWORD' IN ROLE admin, app" \
        -c "ALTER ROLE app CREATEROLE"
    server_sql one postgres -c "CREATE ROLE $ROLE LOGIN" -c "GRANT $ROLE TO app" -c "ALTER ROLE app CREATEROLE"
    env_set DB_FENCE_ROLE "$ROLE"
    session_open application "$(role_url)"
    session application "SET default_transaction_read_only = off"
    session_open boss "$(role_url | sed "s#//$ROLE:#//boss_$BATS_TEST_NUMBER:#")"
    run_dbr failback --yes --json
    status_of_failback=$status
    session boss "SELECT 1"
    session_close boss
    server_sql two postgres -c "DROP ROLE boss_$BATS_TEST_NUMBER"
    is "$status_of_failback" 0
    json_true "[.warnings[] | select(contains(\"boss_$BATS_TEST_NUMBER\") and contains(\"DB_FENCE_ROLE\"))] | length == 1"
    json_true "[.warnings[] | select(contains(\"sessions of $ROLE on\"))] | length == 1"
    ends application
    is "$(server_sql two postgres -At -c "SELECT rolcanlogin FROM pg_roles WHERE rolname = '$ROLE'")" f
    env_unset DB_FENCE_ROLE
    server_sql one postgres -c "DROP ROLE $ROLE" -c "ALTER ROLE app NOCREATEROLE"
    server_sql two postgres -c "ALTER ROLE app NOCREATEROLE"
}

@test "dbr's role must be an admin before version 25.4: refused before anything is changed" {
    server_sql two postgres -c "REVOKE admin FROM app"
    run_dbr failback --yes
    server_sql two postgres -c "GRANT admin TO app"
    refused "no admin" "GRANT admin" secondary
    open_secondary
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" secondary
}

@test "a role that overrides the setting: refused, by its name" {
    server_sql two postgres -c "ALTER ROLE $ROLE IN DATABASE $DB SET default_transaction_read_only = off"
    run_dbr failback --yes
    refused "$ROLE" "ALTER ROLE"
    server_sql two postgres -c "ALTER ROLE $ROLE IN DATABASE $DB RESET default_transaction_read_only"
    open_secondary
    run_dbr failback --yes
    exits 0
}

@test "a session that the setting does not hold: refused, undone, and the proof has left nothing" {
    env_set DATABASE_URL_SECONDARY "$P2_URL?options=-cdefault_transaction_read_only%3Doff"
    p2 -c "SELECT nspname FROM pg_namespace ORDER BY 1" >before
    run_dbr failback --yes
    refused "could still write" root
    p2 -c "SELECT nspname FROM pg_namespace ORDER BY 1" >after
    cmp before after
    open_secondary
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" secondary
    p2 -c "INSERT INTO leads (name) VALUES ('served on')"
}

@test "what an earlier run has at work there is ended before anybody looks" {
    local own
    PGAPPNAME="dbr: $DB" psql -X -q -d "$(standin_behind "$P2_URL")" -c "SELECT pg_sleep(60)" >/dev/null 2>&1 3>&- &
    own=$!
    PGAPPNAME="dbr: ${DB}__shop" psql -X -q -d "$(standin_behind "$P2_URL")" -c "SELECT pg_sleep(6)" >/dev/null 2>&1 3>&- &
    wait_for 10 sleepers 2
    # Whatever undoes or goes on with a switch looks at the mark: here the fence of a failback is lifted again.
    server_sql two postgres -c "ALTER ROLE $ROLE SET default_transaction_read_only = off"
    run_dbr failback --yes
    server_sql two postgres -c "ALTER ROLE $ROLE RESET default_transaction_read_only"
    run_dbr failback --yes
    exits 0
    run_dbr failover --yes
    exits 0
    wait_for 5 sleepers 1 || fail "the sleeper of this database is still there, or that of another one is gone"
    wait $own || true
}
sleepers() { [ "$(server_sql two postgres -At -c "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")" = "$1" ]; }
