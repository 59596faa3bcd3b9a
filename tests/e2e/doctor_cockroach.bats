#!/usr/bin/env bats
# Proves: the doctor finds on a secondary like CockroachDB what bites there, in few round trips, changes nothing, and goes on where
# it may not see something. The secondary is the stand-in; what it does not have is judged in the unit tests.

load ../lib/helper

setup_file() {
    local status=0
    STANDIN_MISSING=
    if ! STANDIN_MISSING=$(standin_build); then
        STANDIN_MISSING=${STANDIN_MISSING:-the stand-in cannot be built}
    else
        STANDIN_MISSING=
        server_start wide "" "track_commit_timestamp = on"
        server_sql wide postgres >/dev/null -c "CREATE ROLE app LOGIN PASSWORD '$SERVERS_APP_PASSWORD'" \
            -c "CREATE ROLE admin" -c "CREATE ROLE shop_app" -c "CREATE DATABASE template_empty OWNER app TEMPLATE template0 LC_COLLATE 'C'"
        standin_prepare wide postgres template_empty
        standin_start wide
    fi
    export STANDIN_MISSING
}

teardown_file() {
    [ -z "$STANDIN_MISSING" ] || return 0
    kill "$(cat "$SERVERS_DIR/wide.standin/pid")"
    server_stop wide
    rm -rf "$SERVERS_DIR"/wide*
}

setup() {
    [ -z "$STANDIN_MISSING" ] || skip "$STANDIN_MISSING"
    pair_setup empty
    database_create wide "$DB" empty
    P2_URL=$(server_url wide "$DB")
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    crontab_is "* * * * * dbr-health --auto" "0 * * * * dbr-sync"
    env_set DB_ALERT_DISK_PERCENT 100
    env_set DB_FENCE off
    mkdir -m 700 "$STATE_DIR"
    (umask 077 && echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"},
        "sync": {"lastSync": "'"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)"'"}}' >"$STATE_DIR/state.json")
    # As the advice has it.
    variable serial_normalization sql_sequence
    variable default_int_size 4
}

teardown() {
    [ -z "$STANDIN_MISSING" ] || return 0
    database_drop wide "$DB"
    pair_teardown
}

# variable NAME VALUE: a default of the database, for one that CockroachDB alone has.
variable() { server_sql wide "$DB" -c "ALTER DATABASE $DB SET crdb_standin.$1 = '$2'"; }

# advised STATUS WORD...: the doctor's list has these words.
advised() {
    run_dbr health --doctor
    exits "$1"
    stdout_has "${@:2}"
}

@test "nothing to find" {
    # Far enough that what is asked together arrives together.
    link_open far wide 100
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    standin_tell -p wide reset >/dev/null
    advised 0 "CockroachDB v25.2.1" "0 tables in schema public" "sessions seen: " "DDL in a transaction commits" "all is well"
    stdout_lacks warning error
    # Every question is one that CockroachDB's parser takes.
    is "$(standin_tell -p wide stats | jq .refused)" 0
    # One look, and one more session: handshake, questions, and nothing else, as no column leads a key.
    [ "$(link_tell far stats | jq .connections)" -eq 2 ]
    [ "$(link_tell far stats | jq .turnarounds_longest)" -le 6 ] || fail "$(link_tell far stats)"
}

@test "defaults of the server: what migrations would make" {
    variable serial_normalization rowid
    variable default_int_size 8
    advised 1 "SERIAL makes ids by unique_rowid(), beyond 2^53, and INTEGER is 8 bytes wide" \
        "what to do: ALTER DATABASE \"$DB\" SET serial_normalization = 'sql_sequence'; ALTER DATABASE \"$DB\" SET default_int_size = 4"
}

@test "ids by unique_rowid(), and ids beyond 2^53" {
    server_sql wide "$DB" -c "SET ROLE app" -c "CREATE TABLE orders (id int8 PRIMARY KEY DEFAULT crdb_standin.unique_rowid(), n int8)" \
        -c "CREATE TABLE items (order_id int8 REFERENCES orders, pos int4, PRIMARY KEY (order_id, pos))" \
        -c "CREATE TABLE keyless (x int8, y text)" -c "INSERT INTO orders VALUES (9007199254740992, 9007199254740999)" \
        -c "INSERT INTO items VALUES (9007199254740992, 1)" -c "INSERT INTO keyless VALUES (9007199254740999)"
    advised 1 "new values of orders.id come from unique_rowid()"
    stdout_lacks "hold ids beyond"
    server_sql wide "$DB" -c "INSERT INTO orders VALUES (645994218934534145)" -c "INSERT INTO items VALUES (645994218934534145, 1)"
    advised 1 "2 key columns hold ids beyond 2^53" ": 645994218934534145)" "JavaScript"
    # Without the right to read one of them the rest is told all the same.
    server_sql wide "$DB" -c "REVOKE ALL ON items FROM app" -c "ALTER TABLE items OWNER TO postgres"
    advised 2 "may not read 1 of the 3 tables" "new values of orders.id come from"
}

@test "guardrails" {
    variable disallow_full_table_scans on
    variable transaction_rows_read_err 5000
    advised 1 "disallow_full_table_scans is on" "ALTER ROLE \"app\" SET disallow_full_table_scans = off" "transaction_rows_read_err is 5000"
}

@test "roles: an application's that is an admin, and what dbr's lacks" {
    env_set DB_FENCE on
    env_set DB_FENCE_ROLE shop_app
    server_sql wide postgres -c "GRANT admin TO shop_app"
    advised 1 "shop_app (DB_FENCE_ROLE) is an admin" "the role has no CREATEROLE: it cannot bar shop_app"
    server_sql wide postgres -c "REVOKE admin FROM shop_app" -c "ALTER ROLE app CREATEROLE"
    run_dbr health --doctor
    stdout_lacks "is an admin" "the role has no CREATEROLE"
    server_sql wide postgres -c "ALTER ROLE app NOCREATEROLE"
    env_unset DB_FENCE_ROLE
    env_set DATABASE_URL_SECONDARY "$(server_url wide "$DB" postgres)"
    advised 1 "the role of the URL is an admin" "name it in DB_FENCE_ROLE"
}

@test "time zones of the application's sessions" {
    server_sql one postgres -c "ALTER DATABASE $DB SET TimeZone = 'Europe/Berlin'"
    advised 1 "time zone Europe/Berlin on the primary and UTC on the secondary" "SET TimeZone = 'Europe/Berlin' (on the secondary)"
    server_sql wide postgres -c "ALTER DATABASE $DB SET TimeZone = 'Europe/Berlin'"
    advised 0 "all is well"
}
