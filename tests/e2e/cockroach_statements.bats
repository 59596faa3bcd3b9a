#!/usr/bin/env bats
# Proves: every statement that any program sends to CockroachDB, or writes for it, is one that CockroachDB's own parser takes. A
# stand-in before the secondary writes down what it is sent, over whole runs of all programs. Needs Go, and no CockroachDB.

load ../lib/helper

setup_file() {
    GRAMMAR=$("$ROOT/tests/cockroach-grammar/build") || skip "$GRAMMAR"
    SENT=$BATS_FILE_TMPDIR/sent.sql
    standin_file_setup --statements "$SENT"
    export GRAMMAR SENT
}
teardown_file() { standin_file_teardown; }
setup() {
    pair_setup app
}
teardown() { pair_teardown; }

# sent LEAST: so many different statements were sent at least; the parser takes them and the given files, and the stand-in, which
# knows functions, types and catalogs as well, has refused none.
sent() {
    local least=$1 said file
    shift
    for file in "$@"; do sed -i '/^\\set ON_ERROR_STOP on$/d' "$file"; done # psql's own
    said=$("$GRAMMAR" "$SENT" "$@" 2>&1) || fail "CockroachDB would refuse:" "$said"
    [ "${said% statements}" -ge "$least" ] || fail "$said, expected at least $least"
    is "$(standin_tell stats | jq -c .refused)" 0
    echo "# $said" >&3
}

does() {
    run_dbr "$@"
    exits 0
}
away() { env_set DATABASE_URL "${P1_URL/:[0-9]*\//:1/}"; }
back() { env_set DATABASE_URL "$P1_URL"; }

@test "as the secondary: init, sync, verify, repair, switches both ways, merge, export, import, health" {
    env_set HEALTH_CHECK_TIMEOUT 5
    does init-secondary
    does health
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id < 40" -c "INSERT INTO leads (name) VALUES ('new')" \
        -c "DELETE FROM referral_subscribers WHERE id < 5"
    does sync
    run_dbr sync --verify
    p2w -c "UPDATE users SET balance = 0 WHERE id = 7" -c "DELETE FROM leads WHERE name = 'new'"
    does sync --repair
    p1 -c "ALTER TABLE leads ADD COLUMN origin varchar(20)" -c "CREATE INDEX leads_origin ON leads (origin)"
    does init-secondary --update
    does export --source=secondary --output=exported.sql
    does export --source=secondary --dialect=postgres --inserts --output=postgres.sql
    does export --source=primary --dialect=cockroach --output=primary.sql
    schema_clear two
    does import --target=secondary --input=exported.sql --yes
    does sync
    does failover --yes
    p2 -c "UPDATE users SET balance = balance + 1 WHERE id < 20" -c "INSERT INTO leads (name) VALUES ('served')"
    does sync
    does failback --dry-run
    does failback --yes
    away
    does failover --yes
    back
    p2 -c "DELETE FROM landing_videos WHERE id = 1" -c "UPDATE users SET balance = balance + 1 WHERE id = 3" \
        -c "DELETE FROM invoices WHERE user_id = 9" -c "INSERT INTO leads (name) VALUES ('by the secondary')"
    p1 -c "UPDATE users SET balance = balance + 2 WHERE id = 4" -c "INSERT INTO leads (name) VALUES ('stranded')" \
        -c "DELETE FROM referred_users WHERE id = 2" -c "UPDATE users SET balance = 5 WHERE id = 3"
    does failback --dry-run
    does failback --yes
    run_dbr health --doctor
    does sync # the conflict of the merge is an alert until then
    does health --metrics
    does health --auto
    in_step
    # A base is asked by its key, wave by wave.
    grep -q 'CREATE TABLE IF NOT EXISTS "_dbr"."base_[^"]*" (k1, row_hash, PRIMARY KEY (k1)) AS' "$SENT" || fail "a base without a primary key"
    sent 400 exported.sql primary.sql
}

@test "as the primary: init, sync, a planned and a forced failover, export" {
    local database=${DB}__source
    server_sql two postgres -c "CREATE DATABASE $database OWNER app TEMPLATE template_app"
    P1_URL=$(server_url two "$database")
    P2_URL=$(server_url one "$DB")
    server_sql one postgres -c "DROP DATABASE $DB" -c "CREATE DATABASE $DB OWNER app TEMPLATE template_empty"
    env_set DATABASE_URL "$P1_URL"
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    does init-secondary
    sql "$P1_URL" -c "UPDATE users SET balance = balance + 1 WHERE id < 40" -c "DELETE FROM referral_subscribers WHERE id < 5"
    does sync
    does export --output=exported.sql
    does failover --yes
    p2 -c "INSERT INTO leads (name) VALUES ('served')"
    does failback --yes
    does failover --force --yes
    p2 -c "UPDATE users SET balance = 17 WHERE id = 11"
    does failback --yes
    does health
    in_step
    database_drop two "$database"
    sent 100 exported.sql
}

@test "every kind of object that it can hold" {
    as_superuser
    p1 -f "$ROOT/tests/data/every_object.sql" >/dev/null 2>&1 || skip "no contrib modules on this server"
    does init-secondary
    does sync
    does export --source=secondary --output=exported.sql
    sent 100 exported.sql
}
