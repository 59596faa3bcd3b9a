#!/usr/bin/env bats
# Proves: the doctor names what is wrong and one thing to do next, where everything else gives up, and changes nothing.

load ../lib/helper
setup() {
    pair_setup app
    # As the doctor advises for CockroachDB.
    ! on_standin || server_sql two "$DB" -c "ALTER DATABASE $DB SET crdb_standin.serial_normalization = 'sql_sequence'" \
        -c "ALTER DATABASE $DB SET crdb_standin.default_int_size = 4"
    crontab_is "* * * * * dbr-health --auto" "0 * * * * dbr-sync"
    env_set DB_ALERT_DISK_PERCENT 100
    env_set DB_FENCE off
    run_dbr init-secondary
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

@test "a mistyped key is named by the doctor, and by nothing that runs every minute" {
    env_set DB_SYNC_TABELS leads
    env_set DB_HOST shop.example
    run_dbr health --doctor
    exits 1
    stdout_has "DB_SYNC_TABELS is no key of dbr: did you mean DB_SYNC_TABLES?" "next: correct the name"
    stdout_lacks DB_HOST
    for program in health sync "env --check"; do
        # shellcheck disable=SC2086 # several words
        run_dbr $program
        exits 0
        stderr_lacks DB_SYNC_TABELS
    done
}

@test "a corrupt state: the way out, and the databases are examined all the same" {
    echo '{' >"$STATE_DIR/state.json"
    run_dbr health --doctor
    exits 3
    stdout_has "cannot be used" "state.json.broken" "answers in"
    is "$(cat "$STATE_DIR/state.json")" '{'
    rm "$STATE_DIR/state.json"
    mkdir "$STATE_DIR/state.json"
    run_dbr health --doctor
    exits 3
    stdout_has "cannot be used" "state.json.broken"
}

@test "a state that is sound and cannot be read is not to be given up: out of reach, or of a newer dbr" {
    local restrict=()
    [ "$(id -u)" -ne 0 ] || restrict=(setpriv "--bounding-set=-dac_override,-dac_read_search")
    run_dbr health
    chmod 000 "$STATE_DIR"
    run "${restrict[@]}" "$DBR_BIN/dbr-health" --doctor --env-file="$ENV_FILE" --state-dir="$STATE_DIR/inner"
    chmod 700 "$STATE_DIR"
    is "$status" 3
    [[ $output == *"cannot be used"*"next: run dbr as the user whom it belongs to"* ]] || fail "$output"
    [[ $output != *"run dbr-health --doctor"* ]] || fail "$output"
    sed -i 's/"version": 1/"version": 2/' "$STATE_DIR/state.json"
    run_dbr health --doctor
    exits 3
    stdout_has "it is of version 2, this dbr knows up to 1" "next: a newer dbr has written it"
    stdout_lacks state.json.broken
    run_dbr sync
    exits 2
    stderr_has "a newer dbr has written it"
    mv "$STATE_DIR/state.json" saved
    ln -s /nowhere/state.json "$STATE_DIR/state.json"
    run_dbr health --doctor
    exits 3
    stdout_has "cannot be used" "next: check the path"
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
    env_unset DB_ALERT_CONNECTIONS_PERCENT
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

# state_set FILTER: changes the state with jq.
state_set() {
    jq "$1" "$STATE_DIR/state.json" >"$STATE_DIR/new"
    (umask 077 && cat "$STATE_DIR/new" >"$STATE_DIR/state.json")
    rm "$STATE_DIR/new"
}
ago() { date -u -d "$1 ago" +%Y-%m-%dT%H:%M:%S.000Z; }

@test "a standby that has not followed a migration" {
    run_dbr health --doctor
    exits 0
    stdout_has "schema public is the same on both: 15 tables"
    p1 -c "ALTER TABLE users ADD COLUMN nickname text" -c "CREATE TABLE coupons (code text PRIMARY KEY)"
    run_dbr health --doctor
    exits 1
    stdout_has "the standby's schema is not the active's: to be added or altered: " "table coupons" "next: dbr-init-secondary --update"
    run_dbr init-secondary --update
    exits 0
    p1 -c "ALTER TABLE users DROP COLUMN nickname"
    run_dbr health --doctor
    exits 1
    stdout_has "to be dropped or retyped: " "needs --force"
}

@test "sequences behind their rows" {
    p1 -c "SELECT setval(pg_get_serial_sequence('users', 'id'), 1)" >/dev/null
    run_dbr health --doctor
    exits 1
    stdout_has "1 sequences are behind their rows" "inserts fail on a key that is there already"
    p1 -c "$(run_dbr health --doctor --json && json .next)" >/dev/null
    run_dbr health --doctor
    exits 0
    p2 -c "SELECT setval(pg_get_serial_sequence('users', 'id'), 1)" >/dev/null
    run_dbr health --doctor
    exits 1
    stdout_has "next: dbr-sync carries the positions"
    run_dbr sync
    exits 0
    run_dbr health --doctor
    exits 0
}

@test "sequences of a database that is being written to are not behind" {
    local writer i next
    # Between any two questions some hundred rows are written.
    link_open far one 100
    env_set DATABASE_URL "$(link_url far "$P1_URL")"
    p1 -c "DO \$\$ BEGIN FOR i IN 1..1000000 LOOP INSERT INTO users (email, referral_code) VALUES (i || '@example.com', 'w' || i); COMMIT; END LOOP; END \$\$" 3>&- &
    writer=$!
    for i in 1 2 3; do
        run_dbr health --doctor
        stdout_lacks "behind their rows"
        kill -0 $writer || fail "nothing was written meanwhile"
    done
    kill $writer
    server_sql one postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$DB'" >/dev/null
    wait $writer || true
    # What is advised never sets a sequence back, even when it stands beyond its rows.
    p1 -c "SELECT setval(pg_get_serial_sequence('users', 'id'), 1)" >/dev/null
    run_dbr health --doctor --json
    next=$(json .next)
    p1 -c "SELECT setval(pg_get_serial_sequence('users', 'id'), 5000000)" >/dev/null
    is "$(p1 -c "$next")" 5000000
}

@test "a connection that is lost partway: what was not answered is not judged" {
    local name url key after cut
    for name in one two; do
        if [ $name = one ]; then url=$P1_URL key=DATABASE_URL; else url=$P2_URL key=DATABASE_URL_SECONDARY; fi
        cut=0
        link_open "lost-$name" $name 0
        env_set $key "$(link_url "lost-$name" "$url")"
        for ((after = 600; after <= 33000; after += after < 6000 ? 400 : 3000)); do
            link_tell "lost-$name" drop-after $after
            run_dbr health --doctor
            stdout_lacks "behind their rows" "the standby's schema is not" "whether the schemas agree cannot be seen" "grant the role"
            # The probe tries once more, so that an early cut harms nothing; a late one comes after the last answer.
            [ "$status" -eq 0 ] || [ "$status" -eq 2 ] || fail "$after bytes of $name: exit $status"
            if [[ $output == *"its rights, schema and sequences were not examined"* ]]; then cut=$((cut + 1)); fi
        done
        [ "$cut" -ge 5 ] || fail "of $name only $cut cuts were amid the questions"
        env_set $key "$url"
    done
    run_dbr health --doctor
    exits 0
}

@test "a role that dbr cannot bar, and sessions that it cannot end" {
    needs_postgres "on CockroachDB other rights are judged"
    server_sql one postgres -c "CREATE ROLE ${DB}_app LOGIN"
    server_sql two postgres -c "CREATE ROLE ${DB}_app LOGIN"
    env_set DB_FENCE on
    env_set DB_FENCE_ROLE "${DB}_app"
    run_dbr health --doctor
    exits 1
    stdout_has "primary       no fence could be placed as configured, and a switch would be refused: dbr's role may not alter the role ${DB}_app on the primary" \
        "it needs CREATEROLE" "secondary     no fence could be placed"
    server_sql one postgres -c "DROP ROLE ${DB}_app"
    server_sql two postgres -c "DROP ROLE ${DB}_app"
    env_set DB_FENCE_ROLE nobody_of_that_name
    run_dbr health --doctor
    exits 1
    stdout_has "DB_FENCE_ROLE names nobody_of_that_name, which the primary does not have" "create the role there"
    # The switch says the same.
    run_dbr failover --dry-run
    stderr_has "DB_FENCE_ROLE names nobody_of_that_name"
}

@test "what the application's role may do on the active only" {
    local role=${DB}_role
    server_sql one postgres -c "CREATE ROLE $role LOGIN" -c "CREATE ROLE ${role}s"
    roles_gone() {
        for server in one two; do
            server_sql $server "$DB" -c "SET client_min_messages = error" -c "SET default_transaction_read_only = off" \
                -c "DROP OWNED BY $role" -c "DROP ROLE $role" || true
        done
        server_sql one "$DB" -c "DROP OWNED BY ${role}s" -c "DROP ROLE ${role}s"
    }
    # It may nothing yet.
    run_dbr health --doctor
    exits 0
    p1 -c "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO ${role}s" -c "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}s"
    server_sql one postgres -c "GRANT ${role}s TO $role"
    run_dbr health --doctor
    exits 1
    stdout_has "warning  rights        what roles may do on the active and not on the standby: $role (there is no such role)" "BEGIN READ WRITE"
    server_sql two postgres -c "CREATE ROLE $role LOGIN"
    run_dbr health --doctor
    exits 1
    stdout_has "not on the standby: $role (SELECT, INSERT, UPDATE, USAGE of sequences)"
    p2 -c "BEGIN READ WRITE" -c "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO $role" -c "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO $role" -c COMMIT
    run_dbr health --doctor
    exits 1
    stdout_has "not on the standby: $role (UPDATE)"
    p2 -c "BEGIN READ WRITE" -c "GRANT UPDATE ON ALL TABLES IN SCHEMA public TO $role" -c COMMIT
    run_dbr health --doctor
    exits 0
    # Barred by a hard fence, or allowed more than on the active: it does not matter.
    server_sql two postgres -c "ALTER ROLE $role NOLOGIN" -c "ALTER ROLE $role SUPERUSER"
    run_dbr health --doctor
    exits 0
    server_sql two postgres -c "ALTER ROLE $role NOSUPERUSER"
    # Rights in a schema that it may not enter are none.
    p2w -c "REVOKE USAGE ON SCHEMA public FROM PUBLIC"
    run_dbr health --doctor
    exits 1
    stdout_has "not on the standby: $role (SELECT, INSERT, UPDATE, USAGE of sequences)"
    roles_gone
}

@test "what is to run by itself, and whether it does" {
    run_dbr health --doctor
    exits 0
    stdout_has "dbr-health is started by the crontab of this user, it has not run yet" "dbr-sync is started by the crontab of this user, it last ran "
    if ! pgrep -x 'cron|crond' | grep -qvx "$PRETENDED_CRON"; then
        no_cron
        run_dbr health --doctor
        exits 1
        stdout_has "dbr-sync would be started by the crontab of this user, but no cron runs here, it last ran " "next: start cron"
        cron_pretend
    fi
    # The table says so, the record does not.
    state_set '.init.time = "'"$(ago '1 day')"'" | .sync.lastSync = "'"$(ago '7 hours')"'"'
    run_dbr health --doctor
    exits 1
    stdout_has "dbr-sync is started by the crontab of this user, it last ran 7" "what to do: run dbr-sync" "cron"
    # Nothing does: the line to add, with the programs and the file of this run.
    crontab_is "0 4 * * * dbr-health --doctor"
    run_dbr health --doctor
    exits 1
    stdout_has "nothing starts dbr-health by itself: it has not run yet" \
        "(crontab -l 2>/dev/null; printf '%s\n' '*/5 * * * * $(realpath "$DBR_BIN")/dbr-health --quiet --auto" "--env-file=$ENV_FILE') | crontab -" \
        "nothing starts dbr-sync by itself" "printf '%s\n' '17 * * * * $(realpath "$DBR_BIN")/dbr-sync --quiet --env-file=$ENV_FILE') | crontab -"
    # That of another pair starts nothing here; and a step that does not divide the hour would be short at its end.
    crontab_is "* * * * * dbr-health --auto --env-file=/etc/dbr/of_another_pair.env" "0 * * * * dbr-sync --env-file=$ENV_FILE"
    env_set DB_HEALTH_CHECK_INTERVAL_MS $((45 * 60000))
    run_dbr health --doctor
    stdout_has "nothing starts dbr-health by itself" "'*/30 * * * * " "dbr-sync is started by the crontab of this user"
}

@test "what something else starts: the record shows it" {
    local i
    crontab_is
    for i in 1 2 3; do run_dbr health --quiet; done
    run_dbr health --doctor
    exits 1
    stdout_has "dbr-health is started by neither cron nor systemd of this machine, but it runs: it last ran " "nothing starts dbr-sync by itself"
}

@test "the line that is advised is one that runs" {
    local odd="$BATS_TEST_TMPDIR/it's 100 % \$HOME.env"
    crontab_is
    mkdir -p "$BATS_TEST_TMPDIR/.config/systemd/user"
    mkfifo "$BATS_TEST_TMPDIR/.config/systemd/user/dbr-health.service"
    cp "$ENV_FILE" "$odd"
    HOME=$BATS_TEST_TMPDIR run_program dbr-health --env-file "$odd" --doctor --json
    printf '#!/bin/sh\nif [ "$1" = - ]; then cat >"%s"; else exit 1; fi\n' "$BATS_TEST_TMPDIR/crontab/lines" >"$BATS_TEST_TMPDIR/crontab/crontab"
    sh -c "$(json '.checks[] | select(.area == "schedule" and (.message | test("dbr-health"))) | .hint')"
    rm -f "$STATE_DIR/history.jsonl"
    # As cron does it, with "%" for the end of a line.
    grep -q '\\%' "$BATS_TEST_TMPDIR/crontab/lines"
    sh -c "$(cut -d' ' -f6- "$BATS_TEST_TMPDIR/crontab/lines" | sed 's/\\%/%/g')" || true
    [ -s "$STATE_DIR/history.jsonl" ]
}

@test "room and backups" {
    env_set DB_BACKUP_DIR "$BATS_TEST_TMPDIR/backups"
    mkdir "$BATS_TEST_TMPDIR/backups"
    run_dbr health --doctor
    exits 1
    stdout_has "the state directory ($STATE_DIR) has " "there is no backup of the database in" "next: dbr-backup db"
    env_unset DB_BACKUP_DIR
    env_set DB_ALERT_DISK_PERCENT 1
    run_dbr health --doctor
    exits 1
    stdout_has "where it is full, no state is written" "next: make room"
}

@test "a witness that does not answer" {
    env_set DB_WITNESS "127.0.0.1:$(server_port one)"
    run_dbr health --doctor
    exits 0
    stdout_has "127.0.0.1:$(server_port one) answers"
    env_set DB_WITNESS "127.0.0.1:1, 127.0.0.1:$(server_port one)"
    run_dbr health --doctor
    exits 0
    stdout_has "127.0.0.1:$(server_port one) answers, but not 127.0.0.1:1"
    env_set DB_WITNESS "127.0.0.1:1,no-such-host.invalid:443"
    run_dbr health --doctor
    exits 1
    stdout_has "none of the witnesses (DB_WITNESS) answers: 127.0.0.1:1, no-such-host.invalid:443" "next: correct DB_WITNESS"
}

@test "commands that are not there, and those that only a shell can judge" {
    local command
    touch "$BATS_TEST_TMPDIR/plain"
    for command in /no/such/cmd "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR" no-such-command "A=1 B='x y' no-such-command --flag" \
        "'/no/such/cmd' x" "no-such-command;true"; do
        env_set DB_ON_EVENT "\"$command\""
        run_dbr health --doctor
        exits 1
        stdout_has "DB_ON_EVENT: " "next: correct DB_ON_EVENT"
        [[ $output == *"cannot be run: "* || $output == *"there is no no-such-command in PATH ("* ]] || fail "$command"
    done
    # What stands beside dbr-health is found there: the hook finds it, too.
    for command in 'if true; then no-such-command; fi' '[ -e /no/such ] && /no/such/cmd' '$HOOK now' './no-such-command' '(/no/such/cmd)' \
        'PATH=$PATH:/opt/pm2 no-such-command' 'X=$(date) no-such-command' 'sed -n p' '/bin/true' '2>/dev/null no-such-command' '[[ -e /x ]]' dbr-pm2-hook; do
        env_set DB_ON_EVENT "'$command'"
        PATH=$BATS_TEST_TMPDIR/crontab:/usr/bin:/bin run_dbr health --doctor
        exits 0
        stdout_lacks "DB_ON_EVENT: "
    done
    env_unset DB_ON_EVENT
    env_set DB_CHECKS "'web=curl-of-mine -fsS http://127.0.0.1/;load=cat /proc/loadavg;disk=/no/such/cmd'"
    run_dbr health --doctor
    exits 1
    stdout_has "the check web of DB_CHECKS: there is no curl-of-mine in PATH" "the check disk of DB_CHECKS: /no/such/cmd cannot be run: No such file"
    stdout_lacks "the check load"
}

@test "a primary that is empty: what comes first is the migration of the application" {
    rm "$STATE_DIR/state.json"
    for server in p1 p2; do $server -c "DROP SCHEMA public CASCADE" -c "CREATE SCHEMA public"; done
    run_dbr health --doctor
    exits 1
    stdout_has "the schema public of the primary holds nothing to copy" "next: run the migrations of the application on the primary first"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)"
    run_dbr health --doctor
    exits 1
    stdout_has "next: run dbr-init-secondary"
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

@test "a table that a prepared transaction holds" {
    needs_postgres "CockroachDB prepares none"
    env_set HEALTH_CHECK_TIMEOUT 1
    p1 -c "BEGIN" -c "LOCK TABLE users IN ACCESS EXCLUSIVE MODE" -c "PREPARE TRANSACTION 'held-$DB'"
    run_dbr health --doctor
    p1 -c "ROLLBACK PREPARED 'held-$DB'"
    exits 2
    stdout_has "table users is locked by a prepared transaction (held-$DB)" "next: end it with COMMIT PREPARED or ROLLBACK PREPARED"
}

@test "a database that stops answering amid the questions is waited for within limits" {
    env_set HEALTH_CHECK_TIMEOUT 1
    session_open migration "$P1_URL"
    session migration "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE"
    run_dbr health --doctor
    exits 2
    stdout_has "did not answer within 3 s: table users is locked by session " "; its rights, schema and sequences were not examined" \
        "next: wait until that transaction ends" "secondary     "
    run_dbr health --metrics --json
    exits 0
    json_is .primary.connected false
    json_true .secondary.connected
    session_close migration
}
