#!/usr/bin/env bats
# Proves: what README.md and dbr(7) tell people to type works as it stands there, and prints what it is said to print. Every command
# of a block is run here, or by another test that the table below names; one that nobody runs fails the last test.
# bats file_tags=once

load ../lib/helper
load ../lib/docs
setup_file() { docs_file_setup; }
teardown_file() { docs_file_teardown; }
setup() { docs_setup; }
teardown() { docs_teardown; }

# What takes a machine of its own: a pattern for the command, the test that runs it, and what that test says of it.
ELSEWHERE='scripts/test*|.ci/run|scripts/test
make|scripts/test|make -s
sudo apt-get install build-essential*|scripts/lib/install.bash|libpq-dev
sudo apt-get install debhelper*|scripts/test|debhelper
sudo make install*|tests/docs/install.bats|make -s install DESTDIR=
make install PREFIX=*|tests/docs/install.bats|make install PREFIX=$HOME/dbr
mkdir -p ~/dbr/lib|tests/docs/install.bats|mkdir -p "$home/dbr/lib"
ldd ~/dbr/bin/*|tests/docs/install.bats|grep '\''^ldd '\'' README.md
[0-9*]*LD_LIBRARY_PATH=/dbr/lib /dbr/bin/dbr-sync*|tests/docs/install.bats|LD_/LD_/p'\'' README.md
[0-9*]*LD_LIBRARY_PATH=/dbr/lib /dbr/bin/dbr-health*|tests/docs/install.bats|LD_/LD_/p'\'' README.md
make deb|tests/docs/package.bats|make -s deb
sudo apt-get install ./build/dbr_*|tests/docs/package.bats|dpkg
sudo install -d /etc/dbr|tests/e2e/setup_systemd.bats|install -d /srv/etc/dbr
sudo dbr-setup --env-file=* --state-dir=* --systemd --run-as=*|tests/e2e/setup_systemd.bats|--state-dir=/srv/lib/dbr/shop --systemd --run-as=nobody
npm run db:sync -- --dry-run|tests/e2e/npm_scripts.bats|npm_run -s db:sync -- --dry-run
npm run db:failover -- *|tests/e2e/npm_scripts.bats|npm_run -s db:failover -- --reason=maintenance --yes
dbr-drill|tests/e2e/drill.bats|@test "people get a table
dbr-drill  *|tests/e2e/drill.bats|@test "on copies: planned
dbr-drill --live --yes*|tests/e2e/drill.bats|@test "on the real pair: there and back
DB_ON_EVENT=*notify/slack*|tests/e2e/notify.bats|slack
DBR_ENV_FILE=*/busybox-httpd *|tests/lib/web.bash|scripts/web/busybox-httpd
curl -fsS https://dbr.example.com/api/*|tests/lib/web.bash|Authorization: Bearer $API_TOKEN'

# A crontab that is a file, and no state outside of the test's directory.
nobodys_machine() {
    mkdir -p "$PLACE/bin"
    printf '#!/bin/sh\ncase $1 in -l) cat "%s" 2>/dev/null || { echo "no crontab for you" >&2; exit 1; } ;; -) cat >"%s" ;; *) exit 2 ;; esac\n' \
        "$PLACE/crontab" "$PLACE/crontab" >"$PLACE/bin/crontab"
    chmod +x "$PLACE/bin/crontab"
    unset DBR_ENV_FILE
    export PATH=$PLACE/bin:$PATH DB_STATE_DIR=$PLACE/home/shop/.local/state/dbr
}

backups_configured() {
    echo key >"$PLACE/etc/dbr/key.pem"
    env_set DB_BACKUP_DIR "$BACKUPS"
    env_set DB_BACKUP_CONFIG_PATHS "$ENV_FILE"
    env_set DB_BACKUP_SECURITY_PATHS "$PLACE/etc/dbr/key.pem"
}

nine_changes() {
    p1 -c "UPDATE customers SET name = name || '!' WHERE id IN (7, 8, 9)" -c "INSERT INTO orders (customer_id, total) VALUES (7, 1)" \
        -c "DELETE FROM order_items WHERE order_id <= 5"
}

# init_done FILL: a pair in step.
init_done() {
    "$1"
    run_dbr init-secondary
    exits 0
}

# The checks of some minutes: from here on the other programs do not try the primary.
breaker_opens() { for _ in 1 2 3; do run_dbr health; done; }

leads() { psql -X -q -At -d "$1" -c "SELECT string_agg(name, ', ' ORDER BY id) FROM leads WHERE id > 998"; }

# --- README.md ------------------------------------------------------------------

@test "README: the quickstart" {
    cd "$ROOT"
    block README.md dbr 1
    stdout_has "What happened" "status: healthy" "the servers and their data are gone again"
}

@test "README: three commands" {
    shop_fill
    BEFORE[2]=nine_changes
    block README.md dbr 3
    same_rows
}

@test "README: set up by one command, then a migration" {
    shop_fill
    nobodys_machine
    ANSWERS=("primary .not shown" "$P1_URL" "secondary .not shown" "$P2_URL" "y/N" y)
    block README.md "Set up a pair" 1
    ANSWERS=()
    same_rows
    grep -q "dbr-health --auto" "$PLACE/crontab"
    p1 -c "ALTER TABLE customers ADD COLUMN phone text" -c "UPDATE customers SET phone = '1' WHERE id = 1"
    block README.md "Set up a pair" 3
    run_program dbr-sync
    exits 0
    same_rows
}

@test "README: set up by hand" {
    shop_fill
    nobodys_machine
    STATUS="0 0 1" block README.md "Set up a pair" 2
    is "$(stat -c %a .env)" 600
    same_rows
}

@test "README.es: lo mismo en español" {
    shop_fill
    nobodys_machine
    block README.md "README.es: inicio rápido" 1
    STATUS=1 block README.md "README.es: inicio rápido" 2
    block README.md "README.es: inicio rápido" 3
    is "$(stat -c %a .env)" 600
    same_rows
}

@test "README: when the primary is down" {
    init_done shop_fill
    nine_changes
    run_dbr sync
    p1 -c "INSERT INTO orders (customer_id, total) VALUES (8, 2)" -c "UPDATE orders SET total = total + 1, updated_at = now() WHERE id IN (10, 11)"
    server_stop one fast
    block README.md "When the primary is down" 1
    p2 -c "INSERT INTO orders (customer_id, total) VALUES (9, 3)" -c "UPDATE orders SET total = total + 2, updated_at = now() WHERE id IN (11, 12)" \
        -c "UPDATE customers SET name = 'x', updated_at = now() WHERE id = 1"
    server_continue one
    block README.md "When the primary is down" 2
    same_rows
    block README.md "When the primary is down" 3
    same_rows
}

@test "README: lines for cron" {
    init_done shop_fill
    backups_configured
    p1 -c "DELETE FROM order_items WHERE order_id <= 5"
    block README.md cron 1
    same_rows
    [ ! -s "$STATE_DIR/cron.log" ]
    compgen -G "$BACKUPS/db-backup-*.sql.gz"
    # The templates have the same lines.
    diff <(grep '^[^#]' "$ROOT/scripts/cron/dbr.crontab") <(sed -n '/^### cron/,/^### /{/dbr-.*cron.log/p}' "$ROOT/README.md")
}

@test "README: lines of the env file" {
    block README.md "The application" 1
    block README.md PM2 1
    block README.md Plesk 4
    block README.md Monitoring 1
    block README.md Backups 3
}

@test "README: a token for the API" {
    block README.md "HTTP API and status page" 1
    block README.md "HTTP API and status page" 2
    is "$(stat -c %a "$PLACE/etc/dbr/token")" 600
    is "$(wc -c <"$PLACE/etc/dbr/token")" 65
}

@test "README: export and import" {
    init_done shop_fill
    nine_changes
    block README.md "Export and import" 1
    # By psql alone, as the text says.
    psql -X -q -d postgres -c "CREATE DATABASE scratch"
    gzip -dc shop.sql.gz | psql -X -q -1 -v ON_ERROR_STOP=1 -d scratch >/dev/null
    is "$(psql -X -At -d scratch -c "SELECT count(*) FROM orders")" 8451
}

@test "README: backups, their trial, and back" {
    init_done shop_fill
    backups_configured
    block README.md Backups 1
    block README.md Backups 2
    server_sql one postgres -c "DROP DATABASE shop WITH (FORCE)" -c "CREATE DATABASE shop OWNER shop"
    rm -r "$STATE_DIR" # another database of that name
    block README.md Backups 4
    is "$(p1 -c "SELECT count(*) FROM order_items")" 8450
    is "$(cat "$PLACE/root/restored/"*/key.pem "$PLACE/root/restored$PLACE/etc/dbr/key.pem" 2>/dev/null)" key
}

# What runs that were killed may leave in salvage, before and behind a sound file: no byte, a file cut in the middle of a line, one
# cut behind a line end.
runs_killed() {
    local sound
    sound=$(compgen -G "$STATE_DIR/salvage/*.jsonl.gz") || fail "nothing in salvage"
    cd "$STATE_DIR/salvage" || return 1
    : >0-empty.jsonl.gz
    zcat "$sound" | sed 's/"leads"/"cut"/' >lines
    { cat lines && head -n 1 lines | head -c -9; } | cut_gzip >1-middle.jsonl.gz
    cut_gzip <lines >2-whole.jsonl.gz
    cp 0-empty.jsonl.gz 3-empty.jsonl.gz
    rm lines
    cd - >/dev/null || return 1
    ! zcat "$STATE_DIR"/salvage/*.jsonl.gz >/dev/null 2>&1 || fail "they are sound"
}
# Every byte of the input can be read, and there the file ends early.
cut_gzip() {
    python3 -c 'import sys, zlib
z = zlib.compressobj(wbits=31)
sys.stdout.buffer.write(z.compress(sys.stdin.buffer.read()) + z.flush(zlib.Z_SYNC_FLUSH))'
}

# --- dbr(7) -----------------------------------------------------------------------

@test "dbr(7): what was lost, and how to put it back" {
    init_done leads_fill
    p1 -c "DELETE FROM leads WHERE id = 900" -c "UPDATE leads SET email = 'other' WHERE id = 901"
    run_dbr sync
    exits 0
    ACTIVE_URL=$P1_URL
    runs_killed
    block dbr.7 SALVAGE 1
    [[ $output = *'"reason":"delete"'* ]]
    is "$(cd "$STATE_DIR/salvage" && salvaged | jq -r .table | sort | uniq -c | xargs)" "4 cut 2 leads"
    block dbr.7 SALVAGE 2
    is "$(p1 -c "SELECT email || ' ' || message FROM leads WHERE id = 900")" '900@example.com it'\''s "900"'
    p1 -c "UPDATE leads SET email = 'broken', updated_at = now() WHERE id = 900"
    block dbr.7 SALVAGE 3
    is "$(p1 -c "SELECT email || ' ' || message FROM leads WHERE id = 900")" '900@example.com it'\''s "900"'
    # Deleted twice, the second time in another version; one of them is there again.
    run_dbr sync
    p1 -c "DELETE FROM leads WHERE id = 900"
    run_dbr sync
    p1 -c $'INSERT INTO leads (id, name, email) OVERRIDING SYSTEM VALUE VALUES (900, E\'tab\\t\\x02 \\\\ "\', \'second\')'
    run_dbr sync
    p1 -c "DELETE FROM leads WHERE id BETWEEN 860 AND 901"
    run_dbr sync
    p1 -c "INSERT INTO leads (id, name) OVERRIDING SYSTEM VALUE VALUES (901, 'again')"
    block dbr.7 SALVAGE 4
    is "$(p1 -c "SELECT name FROM leads WHERE id = 901")" again
    is "$(p1 -c "SELECT count(*) FROM leads")" 1000
    is "$(p1 -c "SELECT email || name FROM leads WHERE id = 900")" $'secondtab\t\x02 \\ "'
}

@test "dbr(7): the role of the application, and a fence that is lifted by hand" {
    block dbr.7 "The hard fence" 1
    server_sql two postgres -c "CREATE ROLE shop_app LOGIN"
    init_done leads_fill
    SECONDARY_URL=$P2_URL
    block dbr.7 PRIVILEGES 1
    is "$(p2 -c "SELECT has_table_privilege('shop_app', 'leads', 'DELETE')")" t
    ! p2 -c "INSERT INTO leads (name) VALUES ('refused')" || fail "there is no fence"
    block dbr.7 "By hand" 1
    p2 -c "INSERT INTO leads (name) VALUES ('taken')"
    run_dbr sync
    ! p2 -c "INSERT INTO leads (name) VALUES ('refused')" || fail "there is no fence"
    block dbr.7 "By hand" 2
    p2 -c "INSERT INTO leads (name) VALUES ('taken')"
    server_sql one postgres -c "DROP ROLE shop_app"
    server_sql two shop -c "SET default_transaction_read_only = off" -c "DROP OWNED BY shop_app" -c "DROP ROLE shop_app"
}

@test "dbr(7): the primary is down" {
    init_done leads_fill
    p1 -c "INSERT INTO leads (name) VALUES ('stranded')"
    server_stop one fast
    breaker_opens
    run_dbr sync
    exits 3
    stderr_has "the circuit breaker of the primary is open"
    ANSWERS=("y/N" y)
    STATUS="2 0" block dbr.7 "The primary is down" 1
    p2 -c "INSERT INTO leads (name) VALUES ('served')"
    server_continue one
    run_dbr sync
    exits 3
    STATUS="1 0 0 0" block dbr.7 "The primary is down" 2
    same_rows
    has "$(leads "$P1_URL")" "the primary" stranded served
}

@test "dbr(7): both are down, then the primary is lost for good" {
    init_done leads_fill
    run_dbr health
    server_stop one
    server_stop two fast
    block dbr.7 "Both databases are down" 1
    stdout_has "primary    active"
    run_dbr failover --yes
    exits 3
    server_continue two
    block dbr.7 "The primary is lost for good" 1
    server_continue one
    server_sql one postgres -c "DROP DATABASE shop WITH (FORCE)" -c "CREATE DATABASE shop OWNER shop"
    env_set DATABASE_URL "$P2_URL"
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    block dbr.7 "The primary is lost for good" 2
    same_rows
}

@test "dbr(7): split brain after a forced failover" {
    init_done leads_fill
    server_stop one fast
    breaker_opens
    run_dbr failover --yes
    exits 0
    server_continue one
    p1 -c "INSERT INTO leads (name) VALUES ('written to the primary')"
    p2 -c "INSERT INTO leads (name) VALUES ('written to the secondary')"
    run_dbr health --peek
    stdout_has "primary (standby) is not fenced"
    STATUS="1 0" block dbr.7 "Split brain" 1
    same_rows
    has "$(leads "$P2_URL")" "the secondary" "written to the primary" "written to the secondary"
    ! p1 -c "INSERT INTO leads (name) VALUES ('refused')" || fail "the primary takes writes"
}

@test "dbr(7): split brain by a fence that was lifted" {
    init_done leads_fill
    SECONDARY_URL=$P2_URL
    block dbr.7 "By hand" 1
    p2 -c "UPDATE leads SET name = 'later there', updated_at = now() WHERE id = 999" -c "INSERT INTO leads (id, name) VALUES (5000, 'only there')"
    p1 -c "UPDATE leads SET name = 'later here', updated_at = now() WHERE id = 1000" -c "INSERT INTO leads (name) VALUES ('only here')"
    run_dbr health
    stdout_has "takes writes, its fence is gone"
    STATUS="4 0 0 0 0" block dbr.7 "Split brain" 2
    same_rows
    is "$(leads "$P1_URL")" "later there, later here, only here, only there"
    ! p2 -c "INSERT INTO leads (name) VALUES ('refused')" || fail "the secondary takes writes"
}

@test "dbr(7): both are lost" {
    init_done leads_fill
    backups_configured
    run_dbr backup full
    exits 0
    for server in one two; do server_sql $server postgres -c "DROP DATABASE shop WITH (FORCE)" -c "CREATE DATABASE shop OWNER shop"; done
    block dbr.7 "Both databases are lost" 1
    is "$(p1 -c "SELECT count(*) FROM leads")" 1000
    same_rows
}

@test "dbr(7): restore, and one table by way of a scratch database" {
    init_done leads_fill
    backups_configured
    run_dbr backup full
    exits 0
    p1 -c "DELETE FROM leads WHERE id > 990" -c "UPDATE leads SET name = 'newer', updated_at = now() WHERE id = 990"
    run_dbr sync
    block dbr.7 Restore 3
    is "$(p1 -c "SELECT count(*), max(name) FILTER (WHERE id = 990) FROM leads")" "1000|newer"
    same_rows
    server_sql one postgres -c "DROP DATABASE shop WITH (FORCE)" -c "CREATE DATABASE shop OWNER shop"
    rm -r "$STATE_DIR"
    block dbr.7 Restore 1
    is "$(p1 -c "SELECT count(*) FROM leads")" 1000
    block dbr.7 Restore 2
}

@test "dbr(7): a table was lost, and rows" {
    init_done leads_fill
    backups_configured
    run_dbr backup db
    exits 0
    p1 -c "SET client_min_messages = warning" -c "DROP TABLE leads CASCADE"
    run_dbr sync
    exits 5
    # shellcheck disable=SC2016 # run by block
    BEFORE[4]='p1 -c "$(grep "where it is gone" leads.sql | sed "s/.*where it is gone: //")"'
    block dbr.7 "A table was lost" 1
    same_rows
    same_schema
    p1 -c "DELETE FROM leads WHERE id > 990"
    block dbr.7 "A table was lost" 2
    is "$(p1 -c "SELECT count(*) FROM leads")" 1000
    same_rows
}

@test "dbr(7): planned maintenance" {
    init_done leads_fill
    # Why automation is switched off there: it ends a failover by hand as well.
    env_set DB_FAILBACK_THRESHOLD 1
    run_dbr failover --yes
    run_dbr health --auto
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" primary
    ANSWERS=("y/N" y)
    block dbr.7 "Planned maintenance" 1
    is "$(dbr-env --config=AUTO_FAILBACK_ENABLED)" "AUTO_FAILBACK_ENABLED='false'"
    run_dbr health --auto
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" secondary
    p2 -c "INSERT INTO leads (name) VALUES ('meanwhile')"
    server_stop one fast
    breaker_opens
    server_continue one
    block dbr.7 "Planned maintenance" 2
    is "$(dbr-env --config=AUTO_FAILBACK_ENABLED)" "AUTO_FAILBACK_ENABLED='true'"
    same_rows
    [[ $(leads "$P1_URL") = *meanwhile* ]]
    block dbr.7 "A drill" 1
}

@test "dbr(7): a state that cannot be read, an init that was interrupted, a migration" {
    leads_fill
    server_sql two shop -c "CREATE TABLE public.leads ()"
    run_dbr init-secondary
    exits 5
    server_sql two shop -c "DROP TABLE public.leads"
    block dbr.7 "Init was interrupted" 1
    same_rows
    echo garbage >"$STATE_DIR/state.json"
    run_dbr sync
    exits 2
    block dbr.7 "The state file is corrupt" 1
    run_dbr sync
    exits 0
    p1 -c "ALTER TABLE leads ADD COLUMN phone text"
    block dbr.7 Migrations 1
    run_dbr sync
    same_rows
}

@test "dbr(7): a migration before the merge" {
    init_done leads_fill
    printf '%s\n' "ALTER TABLE leads ADD COLUMN phone text;" \
        "CREATE TABLE tags (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, lead_id int REFERENCES leads, tag text);" >migration.sql
    p1 -f migration.sql -c "INSERT INTO leads (name, phone) VALUES ('stranded', '1')" -c "UPDATE leads SET phone = '2' WHERE id = 2" \
        -c "INSERT INTO tags (lead_id, tag) VALUES (2, 'of the primary')"
    server_stop one fast
    breaker_opens
    run_dbr failover --yes
    exits 0
    p2 -c "INSERT INTO leads (name) VALUES ('served')"
    server_continue one
    run_dbr health
    run_dbr failback --yes
    exits 5
    stderr_has "cannot be merged" "A migration before the merge"
    run_dbr init-secondary --update
    exits 5
    stderr_has "on whichever database was migrated"
    # What it says does not help.
    p2 -f migration.sql
    run_dbr sync
    exits 5
    stderr_has "cannot be merged"
    p2 -c "ALTER TABLE leads DROP COLUMN phone" -c "DROP TABLE tags"
    PRIMARY_URL=$P1_URL SECONDARY_URL=$P2_URL
    block dbr.7 "A migration before the merge" 1
    has "$(leads "$P2_URL")" "the secondary" stranded served
    BEFORE[4]='ANSWERS=("y/N" y)' BEFORE[5]='ANSWERS=()'
    export PRIMARY_URL SECONDARY_URL
    block dbr.7 "A migration before the merge" 2
    same_rows
    same_schema
    is "$(p1 -c "SELECT string_agg(name || '=' || phone, ' ' ORDER BY id) FROM leads WHERE phone IS NOT NULL")" "Lead 2=2 stranded=1"
    p1 -c "INSERT INTO tags (lead_id, tag) VALUES (3, 'another')"
    is "$(p1 -c "SELECT string_agg(tag, ' ' ORDER BY id) FROM tags")" "of the primary another"
}

# What a restored server lacks, and how it is told from a deletion, is in database_older.bats.
@test "dbr(7): a database that comes back older" {
    init_done leads_fill
    older() {
        jq '.positions.primary.log = 9007199254740991' "$STATE_DIR/state.json" >older.json
        cat older.json >"$STATE_DIR/state.json"
        run_dbr health
        stderr_has "the primary is older than it was"
        p1 -c "DELETE FROM leads WHERE id = $1"
        run_dbr sync
        exits 5
    }
    block dbr.7 "A database that comes back older" 3
    older 500
    block dbr.7 "A database that comes back older" 2
    same_rows
    older 501
    block dbr.7 "A database that comes back older" 1
    run_dbr failback --yes
    exits 0
    is "$(p1 -c "SELECT count(*) FROM leads WHERE id IN (500, 501)")" 1
}

@test "dbr(7): CockroachDB's parser takes the statements for it" {
    grammar=$(HOME=$OUR_HOME "$ROOT/tests/cockroach-grammar/build") || skip "$grammar"
    for n in 1 2; do
        python3 "$ROOT/tests/lib/docs.py" block "$ROOT/man/dbr.7" "The fence on CockroachDB" $n >statements.nul
        line=$(tr "\0" "\n" <statements.nul | head -n 1)
        tr "\0" "\n" <statements.nul | sed 1,2d >statements
        "$grammar" statements
        echo "dbr.7:$line" >>"$DOCS/ran"
    done
}

# --- all of them ------------------------------------------------------------------

@test "troubleshooting: what the server says of rights that are missing" {
    shop_fill
    server_sql two postgres -c "ALTER DATABASE shop OWNER TO postgres" -c "GRANT CONNECT ON DATABASE shop TO shop"
    server_sql two shop -c "GRANT ALL ON SCHEMA public TO shop"
    run_dbr init-secondary
    stderr_has "permission denied for database shop"
    server_sql two postgres -c "ALTER DATABASE shop OWNER TO shop"
    server_sql one shop -c "REVOKE ALL ON SEQUENCE orders_id_seq FROM shop"
    run_dbr init-secondary --recreate
    stderr_has "permission denied for sequence orders_id_seq"
    # To a session that another one's statement was meant for, behind a pooler.
    errors=$(psql -X -d "$P1_URL" -c "EXECUTE nothing" 2>&1) || true
    stderr_has 'prepared statement "nothing" does not exist'
}

@test "each command of README.md and dbr(7) was run, here or by a test that is there" {
    [ "$BATS_TEST_NUMBER" -gt 20 ] || skip "the tests before were left out"
    nobody_runs "$ROOT/README.md" "$ROOT/man/dbr.7" >missing
    cat missing
    [ ! -s missing ]
    [ "$(sort -u "$DOCS/ran" | wc -l)" -gt 80 ]
    # It would find one.
    cp "$ROOT/README.md" .
    printf '%s\n' '```sh' 'dbr-sync --wrong' '```' >>README.md
    is "$(nobody_runs README.md)" "README.md:$(($(wc -l <README.md) - 1)): nobody runs (shell): dbr-sync --wrong"
}
