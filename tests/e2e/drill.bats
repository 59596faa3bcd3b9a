# dbr-drill: switches are rehearsed on copies without a trace on the real pair, and on the real pair it is as it was found.
# bats file_tags=once

load ../lib/helper

setup() {
    pair_setup app
    # The servers' account must get there.
    TMPDIR=$(mktemp -d /tmp/drill.XXXXXX)
    export TMPDIR
    chmod 711 "$TMPDIR"
}

teardown() {
    rm -rf "${TMPDIR:-/nonexistent}"
    pair_teardown
}

drill() { run_dbr drill --seconds=1 "$@"; }
drill_start() { start_dbr drill --seconds=1 "$@"; }
state() { jq -r "$1" "$STATE_DIR/state.json"; }
# Nothing runs or lies around any more. A socket's directory stands in /tmp where TMPDIR is too long.
gone() { [ -z "$(ls -A "$TMPDIR")" ] && ! pgrep -f "$TMPDIR" >/dev/null; }
nothing_left() { wait_for 20 gone || fail "left: $(ls -A "$TMPDIR") $(pgrep -af "$TMPDIR")"; }
writes() { [ "$(cat "$TMPDIR"/*/acked 2>/dev/null | wc -l)" -gt "$1" ]; }
# The real pair, its state and its events.
real() {
    cat "$STATE_DIR/state.json" "$STATE_DIR/events.jsonl"
    p1 -c "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    compare_contents "$P1_URL"
}

@test "on copies: planned switches and an outage, nothing is lost, and the real pair is untouched" {
    init_pair
    real >before
    drill --json
    exits 0
    json_is '[.switches[] | .kind + " " + .program] | join(", ")' \
        "planned dbr-failover, planned dbr-failback, outage dbr-failover, outage dbr-failback"
    json_is '[.mode, .missing, .equal] | tojson' '["copies",0,true]'
    json_true '.acknowledged > 100'
    # Both have been measured: the fence refuses writes, and what came after the last sync is not on the secondary.
    json_true '[.switches[].writesRefusedMs] | all(. > 0)'
    json_is '[.switches[0, 1, 3].rowsAway] | unique | tojson' '[0]'
    json_true '.switches[2].rowsAway > 0'
    real >after
    diff before after
    nothing_left
}

@test "people get a table, --quiet nothing, and --dry-run does nothing" {
    init_pair
    drill --kind=planned --schema-only
    exits 0
    stdout_has "Writes refused" "planned   dbr-failover" "missing at the end: 0; the databases are equal"
    stdout_lacks outage
    drill --kind=outage --quiet
    exits 0
    stdout_empty
    drill --dry-run
    exits 0
    stdout_has "would copy the active database to throwaway servers" "outage of the primary"
    nothing_left
}

@test "roles that policies name are made in the copy" {
    role=drill_$$_$BATS_TEST_NUMBER
    server_sql one postgres -c "CREATE ROLE $role"
    p1 -c "CREATE POLICY readers ON leads TO $role USING (true)"
    drill --kind=planned
    p1 -c "DROP POLICY readers ON leads"
    server_sql one postgres -c "DROP ROLE $role"
    exits 0
    stdout_has "missing at the end: 0"
}

@test "a row that is lost is found" {
    mkdir bin
    ln -s "$(realpath "$DBR_BIN")"/dbr-* bin
    ln -s "$ROOT/scripts/lib" bin/lib
    rm bin/dbr-failback
    cat >bin/dbr-failback <<TEXT
#!/bin/bash
"$DBR_BIN/dbr-failback" "\$@" || exit
psql -X -q -d "\$("$DBR_BIN/dbr-env" "\${@:1:2}" --format=url)" -c "DELETE FROM dbr_drill WHERE id = 5"
TEXT
    chmod +x bin/dbr-failback
    status=0
    timeout 120 bin/dbr-drill --env-file "$ENV_FILE" --kind=planned --seconds=1 --json >out 2>err </dev/null 3>&- || status=$?
    is "$status" 4
    is "$(jq -c '[.success, .missing, .error.code]' out)" '[false,1,"different"]'
    grep -q "1 of .* acknowledged rows are missing on the primary" out
    nothing_left
}

@test "on databases that are named, which are emptied at the end" {
    needs_postgres "the copies are of PostgreSQL"
    for name in one two; do database_create $name "${DB}_copy" empty; done
    (umask 077 && printf '%s\n' "DATABASE_URL=$(server_url one "${DB}_copy")" "DATABASE_URL_SECONDARY=$(server_url two "${DB}_copy")" \
        >copies.env)
    drill_start --copies=copies.env --json
    wait_for 60 writes 20 || fail "it does not write"
    ! pgrep -af "$SERVERS_APP_PASSWORD_ENCODED.*${DB}_copy" || fail "a password is in an argument"
    finish_dbr
    exits 0
    json_is '[.missing, .equal, (.switches | length)] | tojson' '[0,true,4]'
    for name in one two; do
        is "$(sql "$(server_url $name "${DB}_copy")" -c "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE nspname IN ('public', '_dbr')")" 0
        sql "$(server_url $name "${DB}_copy")" -c "CREATE TABLE mine (id int)"
    done
    # What holds something is neither used nor emptied.
    drill --copies=copies.env
    exits 5
    stderr_has "the first database of copies.env is not empty"
    sql "$(server_url one "${DB}_copy")" -c "DROP TABLE mine"
    drill --copies=copies.env
    exits 5
    stderr_has "the secondary is not empty"
    sql "$(server_url two "${DB}_copy")" -c "SELECT * FROM mine"
    is "$(sql "$(server_url one "${DB}_copy")" -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
    # Least of all the real pair.
    drill --copies="$ENV_FILE"
    exits 5
    p1 -c "SELECT * FROM leads" >/dev/null
    drill --copies=nosuch.env
    exits 2
    for name in one two; do database_drop $name "${DB}_copy"; done
    nothing_left
}

@test "whatever ends it, no server and no file is left" {
    init_pair
    for signal in INT TERM HUP KILL; do
        # A shell's background job would ignore INT.
        LAST="dbr-drill, ended by $signal"
        env --default-signal=INT "$DBR_BIN/dbr-drill" --env-file "$ENV_FILE" --kind=outage >out 2>err </dev/null 3>&- &
        PID=$!
        wait_for 60 writes 20 || fail "it does not write"
        kill -$signal "$PID"
        status=0
        wait "$PID" || status=$?
        is "$status" "$((128 + $(kill -l $signal)))"
        nothing_left
    done
    is "$(state .activeDatabase)" primary
}

# While they are read, rows are in no file that has a name; nor does what a kill leaves at work write files anew.
@test "killed while it reads the rows, and while it makes its servers: nothing is left, even where nobody asks for its end" {
    init_pair
    for moment in reading making; do
        # A parent that never waits keeps a killed process in the list.
        perl -e '$SIG{TERM} = sub { exit }; my $pid = fork; exec @ARGV unless $pid; $| = 1; print "$pid\n"; sleep 120 while 1' \
            "$DBR_BIN/dbr-drill" --env-file "$ENV_FILE" --kind=outage >out 2>err </dev/null 3>&- &
        parent=$!
        wait_for 60 $moment || fail "it is never $moment"
        # Empty, it has one for a moment.
        ! find "$TMPDIR" -name '*.sql*' -size +0 | grep . || fail "rows have a name"
        kill -KILL "$(cat out)"
        nothing_left
        kill "$parent"
        wait "$parent" || true
    done
}
reading() { ls "$TMPDIR"/*/real >/dev/null 2>&1; }
making() { ls "$TMPDIR"/*/one >/dev/null 2>&1; }

@test "on the real pair: there and back, measured, nothing written" {
    init_pair
    p1 -c "INSERT INTO leads (name) VALUES ('since the last sync')"
    run_dbr sync
    exits 0
    drill --live
    exits 5
    stderr_has "consent is needed"
    drill --live --dry-run
    exits 0
    stdout_has "would rehearse on the real pair"
    is "$(state '.lastSwitch | type')" null
    p1 -c "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1" >before
    drill --live --yes --json
    exits 0
    json_is '[.mode, .missing, ([.switches[].program] | join(" "))] | tojson' '["live",null,"dbr-failover dbr-failback"]'
    json_true '[.switches[].writesRefusedMs] | all(. > 0)'
    is "$(state .activeDatabase)" primary
    p1 -c "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1" >after
    diff before after
    p1 -c "INSERT INTO leads (name) VALUES ('takes writes')"
    in_step_after_sync
}
in_step_after_sync() {
    run_dbr sync
    exits 0
    in_step
}

@test "a busy machine or a late backup does not keep the real pair from a drill, a late sync does" {
    init_pair
    any_load
    mkdir backups
    env_set DB_BACKUP_DIR "$PWD/backups"
    env_set DB_ALERT_MEMORY_PERCENT 1
    run_dbr health
    for _ in 1 2; do run_dbr health --metrics; done
    run_dbr health --peek --json
    exits 1
    json_is '[.alerts[].name] | sort | join(" ")' "backup-late memory"
    drill --live --dry-run
    exits 0
    stdout_has "would rehearse on the real pair"
    stderr_has "there is no backup of the database" "% in use: no reason to wait"
    env_set DB_SYNC_INTERVAL_MS 1000
    sleep 3
    drill --live --dry-run
    exits 5
    stderr_has "the pair is not healthy"
    env_set DATABASE_URL_SECONDARY "$P1_URL"
    drill --live --dry-run
    exits 2
    stderr_has "are the same"
}

@test "a pair that is not well is left alone" {
    init_pair
    link_open two two 0
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    env_set HEALTH_CHECK_TIMEOUT 1
    link_tell two refuse
    link_tell two drop
    drill --live --yes
    exits 5
    stderr_has "the pair is not healthy"
    link_tell two pass
    run_dbr failover --yes
    exits 0
    drill --live --yes
    exits 5
    stderr_has "the secondary is active"
    is "$(state .activeDatabase)" secondary
    env_unset DATABASE_URL_SECONDARY
    drill --live --yes
    exits 2
}

@test "on the real pair, broken off: the primary is active again" {
    init_pair
    start_dbr drill --seconds=60 --live --yes
    wait_for 60 writes 20 || fail "it does not ask"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    is "$(state '.lastSwitch | type')" null
    drill_start --live --yes
    wait_for 60 is_active secondary || fail "no failover"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    is "$(state .activeDatabase)" primary
    is "$(state .switch)" null
    p1 -c "INSERT INTO leads (name) VALUES ('takes writes')"
    # A target that does not follow.
    mkdir app.env
    env_set DB_ACTIVE_ENV_FILE "$PWD/app.env"
    drill --live --yes
    [ "$status" -ne 0 ] || fail "a target that does not follow is no success"
    is "$(state .activeDatabase)" primary
    nothing_left
}
is_active() { [ "$(state .activeDatabase 2>/dev/null)" = "$1" ]; }

@test "usage" {
    drill --live --kind=outage
    exits 2
    drill --live --copies=x
    exits 2
    run_dbr drill --seconds=0
    exits 2
    run_dbr drill --seconds=x
    exits 2
    drill --kind=nonsense
    exits 2
    drill more
    exits 2
    drill --lve
    exits 2
    stderr_has "did you mean --live?"
    npm_lifecycle_event=db:drill npm_config_live=true run_dbr drill
    exits 2
    stderr_has "npm run db:drill -- --live"
    nothing_left
}
