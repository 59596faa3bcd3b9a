#!/usr/bin/env bats
# Proves: init never writes into a secondary that holds anything, unless told to drop it; and never takes a wrong target.

load ../lib/helper
setup() { pair_setup app; }
teardown() { pair_teardown; }

secondary_untouched() {
    is "$(p2 -c "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" "$1"
}

@test "a secondary with one empty table is refused, and not touched" {
    p2 -c "CREATE TABLE precious (note text)"
    run_dbr init-secondary
    exits 5
    stderr_has --recreate
    stdout_empty
    secondary_untouched precious
}

@test "a secondary with the same tables and rows is refused" {
    sql "$P2_URL" -f "$ROOT/tests/data/app.sql" >/dev/null
    p2 -c "UPDATE users SET display_name = 'secondary'"
    run_dbr init-secondary
    exits 5
    is "$(p2 -c "SELECT count(*) FROM users WHERE display_name = 'secondary'")" 174
}

@test "a secondary with only a type, a sequence, a view or a function is refused" {
    p2 -c "CREATE TYPE user_role AS ENUM ('x')"
    run_dbr init-secondary
    exits 5
    p2 -c "DROP TYPE user_role" -c "CREATE SEQUENCE s"
    run_dbr init-secondary
    exits 5
    p2 -c "DROP SEQUENCE s" -c "CREATE VIEW v AS SELECT 1"
    run_dbr init-secondary
    exits 5
    p2 -c "DROP VIEW v" -c "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    run_dbr init-secondary
    exits 5
}

@test "what lies in another schema is none of its business" {
    p2 -c "CREATE SCHEMA elsewhere" -c "CREATE TABLE elsewhere.t (id int)" -c "INSERT INTO elsewhere.t VALUES (1)"
    init_pair
    is "$(p2 -c "SELECT count(*) FROM elsewhere.t")" 1
    run_dbr init-secondary --recreate
    exits 0
    is "$(p2 -c "SELECT count(*) FROM elsewhere.t")" 1
}

@test "--recreate drops what is there and makes the twin" {
    p2 -c "CREATE TABLE precious (note text)" -c "CREATE TYPE user_role AS ENUM ('other')" \
        -c "CREATE TABLE users (id text PRIMARY KEY, r user_role)" -c "CREATE VIEW v AS SELECT * FROM users" \
        -c "CREATE MATERIALIZED VIEW mv AS SELECT * FROM users" -c "CREATE SEQUENCE s" \
        -c "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'" -c "CREATE DOMAIN d AS int"
    run_dbr init-secondary --recreate
    exits 0
    same_schema
    in_step
}

@test "--recreate of a twin that has been in use, fence and all" {
    init_pair
    p1 -c "ALTER TABLE users ADD COLUMN extra int" -c "DELETE FROM position_history"
    run_dbr init-secondary --recreate
    exits 0
    same_schema
    in_step
}

@test "--recreate takes its consent from the command line only" {
    p2 -c "CREATE TABLE precious (note text)"
    npm_lifecycle_event=db:init npm_config_recreate=true npm_config_yes=true run_dbr init-secondary
    exits 2
    stderr_has "npm kept --recreate for itself" "npm run db:init -- --recreate"
    npm_lifecycle_event=db:init npm_config_yes=true run_dbr init-secondary
    exits 5
    secondary_untouched precious
}

@test "the same database twice is refused before anything is touched" {
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    run_dbr init-secondary --recreate
    exits 5
    is "$(p1 -c "SELECT count(*) FROM users")" 174
}

@test "the same database by another name is still the same" {
    env_set DATABASE_URL_SECONDARY "${P1_URL/127.0.0.1/localhost}?application_name=other"
    run_dbr init-secondary --recreate
    exits 5
    is "$(p1 -c "SELECT count(*) FROM users")" 174
    env_set DATABASE_URL_SECONDARY \
        "postgresql:///$DB?host=$(server_socket_dir one)&port=$(server_port one)&user=app&password=$SERVERS_APP_PASSWORD_ENCODED"
    run_dbr init-secondary --recreate
    exits 5
    is "$(p1 -c "SELECT count(*) FROM users")" 174
    run_dbr sync
    exits 5
}

@test "another database on the same server is a secondary like any other" {
    server_sql one postgres -c "CREATE DATABASE ${DB}_b OWNER app TEMPLATE template_empty"
    P2_URL=$(server_url one "${DB}_b")
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    init_pair
    p1 -c "UPDATE users SET balance = 1"
    run_dbr sync
    exits 0
    in_step
    database_drop one "${DB}_b"
}

@test "a URL that later leads to another database is refused" {
    init_pair
    server_sql two postgres -c "CREATE DATABASE ${DB}_b OWNER app TEMPLATE template_app"
    env_set DATABASE_URL_SECONDARY "$(server_url two "${DB}_b")"
    sql "$(server_url two "${DB}_b")" -c "UPDATE users SET display_name = 'mine'"
    run_dbr sync
    exits 5
    run_dbr sync --verify
    exits 5
    is "$(sql "$(server_url two "${DB}_b")" -c "SELECT count(*) FROM users WHERE display_name = 'mine'")" 174
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    in_step
    database_drop two "${DB}_b"
}

@test "a swapped pair of URLs is refused" {
    init_pair
    env_set DATABASE_URL "$P2_URL"
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    p1 -c "UPDATE users SET balance = 5"
    run_dbr sync
    exits 5
    is "$(p1 -c "SELECT count(*) FROM users WHERE balance = 5")" 174
}

@test "a role that may not create tables is told so, and the secondary stays empty" {
    server_sql two postgres -c "ALTER DATABASE $DB OWNER TO postgres"
    server_sql two "$DB" -c "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    run_dbr init-secondary
    [ "$status" -eq 1 ] || [ "$status" -eq 5 ] || fail "exit status $status"
    stderr_has "permission denied"
    secondary_untouched ""
}

@test "row security that hides rows from dbr's own role is refused, with what to do" {
    p1 -c "CREATE TABLE hidden (id int PRIMARY KEY)" -c "INSERT INTO hidden VALUES (1)" \
        -c "ALTER TABLE hidden ENABLE ROW LEVEL SECURITY" -c "ALTER TABLE hidden FORCE ROW LEVEL SECURITY"
    run_dbr init-secondary
    refused hidden BYPASSRLS 'NO FORCE ROW LEVEL SECURITY'
    server_sql one postgres -c "ALTER ROLE app BYPASSRLS"
    server_sql two postgres -c "ALTER ROLE app BYPASSRLS"
    run_dbr init-secondary --recreate --yes
    status_with=$status
    server_sql one postgres -c "ALTER ROLE app NOBYPASSRLS"
    server_sql two postgres -c "ALTER ROLE app NOBYPASSRLS"
    is "$status_with" 0
}
