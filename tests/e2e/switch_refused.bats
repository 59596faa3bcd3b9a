#!/usr/bin/env bats
# Proves: a switch that is refused leaves both databases, the state and the pointer as they were, says why and what to do, and
# goes through once that has been done.

load ../lib/helper

setup() {
    pair_setup app
    POINTER=$BATS_TEST_TMPDIR/app.env
    printf 'DATABASE_URL=before\n' >"$POINTER"
    env_set DB_ACTIVE_ENV_FILE "$POINTER"
}
teardown() { pair_teardown; }

fenced() { sql "$1" -c "SHOW default_transaction_read_only"; }

# untouched ACTIVE: that database takes writes and the other one does not, no switch is under way, the pointer has not moved.
untouched() {
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" "$1"
    is "$(jq -r '.switch // "none"' "$STATE_DIR/state.json")" none
    is "$(jq -r '.fenceDebt // {} | length' "$STATE_DIR/state.json")" 0
    case $1 in
    primary) is "$(fenced "$P1_URL") $(fenced "$P2_URL")" "off on" ;;
    secondary) is "$(fenced "$P1_URL") $(fenced "$P2_URL")" "on off" ;;
    esac
    is "$(cat "$POINTER")" "${2:-DATABASE_URL=before}"
}

# Rows that a refused failover may have brought to the standby are no harm; those of the primary are all there.
rows_kept() { is "$(p1 -c "SELECT count(*), sum(balance) FROM users")" "$1"; }

fails_over() {
    run_dbr failover --yes
    exits 0
    is "$(fenced "$P1_URL") $(fenced "$P2_URL")" "on off"
    run_dbr sync --verify
    exits 0
}

@test "before init there is nothing to switch to" {
    run_dbr failover --yes
    refused "has not been initialised" dbr-init-secondary
    stdout_empty
    run_dbr failover --yes --force
    refused "has not been initialised"
    is "$(cat "$POINTER")" DATABASE_URL=before
    is "$(fenced "$P1_URL")" off
}

@test "no terminal to ask at, and no --yes" {
    init_pair
    run_dbr failover
    refused --yes planned
    untouched primary
    npm_lifecycle_event=db:failover npm_config_yes=true run_dbr failover
    refused --yes
    npm_lifecycle_event=db:failover npm_config_yes=true npm_config_force=true run_dbr failover
    exits 2
    stderr_has "npm kept --force for itself" "npm run db:failover -- --force"
    untouched primary
    fails_over
    run_dbr failback
    refused --yes
    untouched secondary "$(cat "$POINTER")"
}

@test "a migration that the standby has not followed" {
    init_pair
    p1 -c "ALTER TABLE leads ADD COLUMN campaign text" -c "UPDATE users SET balance = balance + 3"
    before=$(p1 -c "SELECT count(*), sum(balance) FROM users")
    run_dbr failover --dry-run
    refused leads campaign --update
    run_dbr failover --yes
    refused leads campaign --update
    untouched primary
    rows_kept "$before"
    run_dbr init-secondary --update
    exits 0
    fails_over
    p2 -c "ALTER TABLE leads DROP COLUMN campaign"
    run_dbr failback --yes
    refused leads campaign
    stderr_lacks "dbr-failover --force"
    untouched secondary "$(cat "$POINTER")"
}

@test "deletes that the guard holds" {
    init_pair
    p1 -c "DELETE FROM position_history"
    run_dbr failover --yes
    refused position_history "dbr-sync --force"
    untouched primary
    is "$(p2 -c "SELECT count(*) FROM position_history")" 144
    run_dbr sync --force
    exits 0
    fails_over
    is "$(p2 -c "SELECT count(*) FROM position_history")" 0
}

@test "a prepared transaction, which could commit behind the fence" {
    init_pair
    p1 -c "BEGIN" -c "UPDATE users SET balance = 5 WHERE id = 2" -c "PREPARE TRANSACTION '$DB'"
    run_dbr failover --yes
    refused "prepared transaction" "COMMIT PREPARED"
    untouched primary
    p1 -c "COMMIT PREPARED '$DB'"
    fails_over
    is "$(p2 -c "SELECT balance::int FROM users WHERE id = 2")" 5
}

@test "a role that overrides the fence for itself" {
    init_pair
    server_sql one postgres -c "CREATE ROLE ${DB}_r LOGIN" -c "ALTER ROLE ${DB}_r IN DATABASE $DB SET default_transaction_read_only = off"
    run_dbr failover --yes
    refused "${DB}_r" "RESET default_transaction_read_only"
    untouched primary
    server_sql one postgres -c "ALTER ROLE ${DB}_r IN DATABASE $DB RESET default_transaction_read_only"
    fails_over
    server_sql one postgres -c "DROP ROLE ${DB}_r"
}

@test "a session that dbr may not end" {
    init_pair
    server_sql one postgres -c "CREATE ROLE ${DB}_r LOGIN PASSWORD '$SERVERS_APP_PASSWORD'"
    session_open other "${P1_URL/app:/${DB}_r:}"
    run_dbr failover --yes
    refused "is not dbr's to end" "${DB}_r" pg_signal_backend
    untouched primary
    session other "SELECT 1"
    server_sql one postgres -c "GRANT ${DB}_r TO app"
    fails_over
    server_sql one postgres -c "DROP ROLE ${DB}_r"
}

@test "a URL that leads to another database" {
    init_pair
    database_create two "${DB}_b" app
    env_set DATABASE_URL_SECONDARY "$(server_url two "${DB}_b")"
    run_dbr failover --yes
    refused "is not the database it was"
    run_dbr failover --force
    refused "is not the database it was"
    is "$(fenced "$(server_url two "${DB}_b")")" off
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    untouched primary
    fails_over
    database_drop two "${DB}_b"
}

@test "a primary that answers and does not let dbr in is not switched away from" {
    init_pair
    SECRET=not-the-word
    env_set DATABASE_URL "${P1_URL/$SERVERS_APP_PASSWORD_ENCODED/$SECRET}"
    run_dbr failover --yes
    refused "is there but cannot be used" --force
    untouched primary
    env_set DATABASE_URL "$P1_URL"
    fails_over
}

@test "deletes that the guard does not believe: the dry run says so as well" {
    init_pair
    p1 -c "CREATE TABLE big (id int PRIMARY KEY)" -c "INSERT INTO big SELECT generate_series(1, 1000)"
    run_dbr init-secondary --update
    exits 0
    p1 -c "DELETE FROM big WHERE id <= 300"
    run_dbr failover --dry-run
    refused big DB_MAX_DELETE_PERCENT --force
    run_dbr failover --dry-run --json
    exits 5
    json_is .error.code refused
    run_dbr failover --yes
    refused big DB_MAX_DELETE_PERCENT --force
    untouched primary
    run_dbr sync --force
    exits 0
    run_dbr failover --dry-run
    exits 0
    fails_over
    p2 -c "DELETE FROM big WHERE id <= 900"
    run_dbr failback --dry-run
    exits 5
    run_dbr failback --yes
    exits 5
    untouched secondary "$(cat "$POINTER")"
}

@test "a pointer that cannot be written is seen before anything is fenced" {
    init_pair
    env_set DB_ACTIVE_ENV_FILE "$BATS_TEST_TMPDIR/missing/app.env"
    run_dbr failover --dry-run
    exits 2
    run_dbr failover --yes
    exits 2
    stderr_has "$BATS_TEST_TMPDIR/missing"
    untouched primary
    env_set DB_ACTIVE_ENV_FILE "$ENV_FILE"
    run_dbr failover --yes
    exits 2
    untouched primary
    env_set DB_ACTIVE_ENV_FILE "$POINTER"
    fails_over
    grep -qF "$P2_URL" "$POINTER" || fail "the pointer has not moved"
    printf 'DATABASE_URL=before\n' >"$POINTER"
}

@test "no forced failover while no witness can be reached" {
    init_pair
    env_set DB_WITNESS "127.0.0.1:1"
    env_set DATABASE_URL "${P1_URL/:$(server_port one)\//:1/}"
    run_dbr failover --yes
    refused DB_WITNESS
    env_set DATABASE_URL "$P1_URL"
    untouched primary
    fails_over
}

@test "a merge that would empty a table waits for dbr-sync --force, and loses no row of the active" {
    init_pair
    server_sql one postgres -c "ALTER DATABASE $DB CONNECTION LIMIT 0"
    run_dbr failover --force
    exits 0
    server_sql one postgres -c "ALTER DATABASE $DB CONNECTION LIMIT -1"
    p2 -c "DELETE FROM position_history" -c "INSERT INTO leads (name) VALUES ('later')"
    moved=$(cat "$POINTER")
    run_dbr failback --yes
    refused position_history "144 rows"
    untouched secondary "$moved"
    run_dbr sync
    refused position_history
    is "$(p1 -c "SELECT count(*) FROM position_history")" 144
    run_dbr sync --force
    exits 0
    run_dbr failback --yes
    exits 0
    in_step
    is "$(p1 -c "SELECT count(*) FROM leads WHERE name = 'later'")" 1
    is "$(p1 -c "SELECT count(*) FROM position_history")" 0
    is "$(zcat "$STATE_DIR"/salvage/*.gz | jq -c 'select(.table == "position_history").key.id' | sort -u | wc -l)" 144
}

@test "init drops what a forced failback left on the secondary with consent alone" {
    init_pair
    fails_over
    p2 -c "INSERT INTO leads (name) VALUES ('later')"
    run_dbr failback --force
    exits 0
    run_dbr init-secondary --recreate
    refused "nobody has merged" "dbr-export --source=secondary" --force
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'later'")" 1
    is "$(jq -r .init.status "$STATE_DIR/state.json")" "done"
    run_dbr export --source=secondary --data-only --output=rows.sql
    exits 0
    grep -q later rows.sql
    run_dbr init-secondary --recreate --force
    exits 0
    in_step
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'later'")" 0
    run_dbr init-secondary --recreate
    exits 0
}

@test "a failback without the secondary says that nothing will be merged" {
    init_pair
    fails_over
    p2 -c "INSERT INTO leads (name) VALUES ('later')"
    run_dbr failback --force
    exits 0
    stdout_has "will not be merged" salvage/
    run_dbr health --json
    exits 1
    json_is '.alerts[].name' not-merged
    run_dbr sync --dry-run
    refused leads
    for _ in 1 2; do
        run_dbr sync
        refused leads dbr-export "dbr-sync --force"
        stdout_has "not merged (a forced failback"
    done
    run_dbr failover --yes
    refused leads "dbr-sync --force"
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'later'")" 1
    run_dbr sync --force
    exits 0
    in_step
    run_dbr health --json
    exits 0
    json_is '.alerts | length' 0
    is "$(zcat "$STATE_DIR"/salvage/*.gz | jq -r 'select(.table == "leads").lost.name')" later
}
