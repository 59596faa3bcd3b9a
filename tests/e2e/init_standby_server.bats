#!/usr/bin/env bats
# Proves: a server that is in recovery (a physical standby) is refused as a target, with what to do, and serves as the source of
# nothing unsafe.
# bats file_tags=plain

load ../lib/helper

setup() {
    pair_setup app
    server_start standby "${DBR_TEST_SECONDARY#standin}"
    server_sql standby postgres -c "CREATE ROLE app LOGIN SUPERUSER PASSWORD '$SERVERS_APP_PASSWORD'" -c "CREATE DATABASE $DB OWNER app"
    server_stop standby fast
    servers_as touch "$SERVERS_DIR/standby/data/standby.signal"
    server_continue standby
    env_set DATABASE_URL_SECONDARY "$(server_url standby "$DB")"
}

teardown() {
    server_stop standby
    rm -rf "$SERVERS_DIR"/standby*
    pair_teardown
}

@test "init into a read-only server is refused" {
    is "$(sql "$(server_url standby "$DB")" -c "SELECT pg_is_in_recovery()")" t
    run_dbr init-secondary
    [ "$status" -eq 5 ] || [ "$status" -eq 1 ] || fail "exit status $status"
    grep -qiE 'read-only|recovery|standby' <<<"$errors" || fail "the reason is not named"
    run_dbr init-secondary --recreate
    [ "$status" -eq 5 ] || [ "$status" -eq 1 ] || fail "exit status $status"
}
