#!/usr/bin/env bats
# Proves: an application that writes without pause through a planned failover and failback misses no row that was acknowledged, and
# no id is handed out twice; behind a PgBouncer it sees no error at all.

load ../lib/helper
load ../lib/pgbouncer

setup() { pair_setup app; }
teardown() {
    touch "$BATS_TEST_TMPDIR/stop"
    pgbouncer_stop
    pair_teardown
}

# An application: writes into leads, whose ids come from a sequence, at the database that its env file names. When its session ends it
# reads the file again. acknowledged.N holds what the database said it has.
# shellcheck disable=SC1090 # made by the test
application() {
    local n=0
    while [ ! -e stop ]; do
        (. "$APP_ENV" && echo "$DATABASE_URL") >"url.$1"
        while [ ! -e stop ]; do
            n=$((n + 1))
            echo "$n" >"count.$1"
            echo "INSERT INTO leads (name, email) VALUES ('written', 'w$1-$n@example.com') RETURNING email;" || break
            sleep 0.01
        done 2>/dev/null | psql -X -q -At -v ON_ERROR_STOP=1 -d "$(cat "url.$1")" >>"acknowledged.$1" 2>>"errors.$1" || sleep 0.05
        n=$(cat "count.$1") # what was sent last may be there without a word: its name is not used again
    done
}

applications_start() {
    APP_ENV=$BATS_TEST_TMPDIR/app.env
    APPLICATIONS=()
    (umask 077 && echo "DATABASE_URL='$P1_URL'" >"$APP_ENV")
    env_set DB_ACTIVE_ENV_FILE "$APP_ENV"
    local i
    for i in 1 2; do
        : >"acknowledged.$i"
        application $i </dev/null >/dev/null 2>&1 3>&- &
        APPLICATIONS+=($!)
    done
    writing
}

applications_stop() {
    touch stop
    wait "${APPLICATIONS[@]}"
}

# Both go on writing.
writing() {
    local i
    for i in 1 2; do
        wait_for 15 more "$i" "$(wc -l <"acknowledged.$i")" ||
            fail "application $i does not write: $(tail -n 5 "errors.$i")"
    done
}
more() { [ "$(wc -l <"acknowledged.$1")" -gt $(($2 + 5)) ]; }

# nothing_missing URL: every row that was acknowledged is there.
nothing_missing() {
    cat acknowledged.* | sort >acknowledged
    sql "$1" -c "SELECT email FROM leads WHERE name = 'written'" | sort >there
    [ -z "$(uniq -d acknowledged)" ] || fail "acknowledged twice: $(uniq -d acknowledged)"
    [ -z "$(comm -23 acknowledged there)" ] || fail "missing: $(comm -23 acknowledged there | head -n 5)"
}

fenced() {
    run psql -X -q -At -v VERBOSITY=verbose -d "$1" -c "INSERT INTO leads (name) VALUES ('stray')"
    [[ $output == *25006* ]] || fail "not fenced: $output"
}

@test "through the env file" {
    init_pair
    applications_start
    run_dbr failover --yes
    exits 0
    writing
    fenced "$P1_URL"
    run_dbr sync
    exits 0
    writing
    run_dbr failback --yes
    exits 0
    writing
    fenced "$P2_URL"
    applications_stop
    ! grep -hE "duplicate key|violates|syntax" errors.* || fail "an error that no switch explains"
    nothing_missing "$P1_URL"
    run_dbr sync
    exits 0
    nothing_missing "$P2_URL"
    in_step
}

@test "through PgBouncer" {
    p1 -c "CREATE TABLE ticks (id serial PRIMARY KEY, client int, n int, updated_at timestamptz DEFAULT now())"
    init_pair
    pgbouncer_start
    pgbouncer_configure
    clients_start 3
    run_dbr failover --yes
    exits 0
    wait_for 10 grown "$P2_URL" "$(p2 -c "SELECT count(*) FROM ticks")"
    fenced "$P1_URL"
    run_dbr failback --yes
    exits 0
    wait_for 10 grown "$P1_URL" "$(p1 -c "SELECT count(*) FROM ticks")"
    fenced "$P2_URL"
    clients_stop # fails when one saw an error
    is "$(p1 -c "SELECT count(*) FROM ticks")" "$TICKS"
    run_dbr sync
    exits 0
    in_step
}
grown() { [ "$(sql "$1" -c "SELECT count(*) FROM ticks")" -gt "$2" ]; }

@test "ids go on behind those of the other side, whoever handed them out" {
    init_pair
    last=$(p1 -c "INSERT INTO leads (name) VALUES ('a') RETURNING id")
    for program in failover failback failover failback; do
        run_dbr $program --yes
        exits 0
        url=$P1_URL
        [ $program = failback ] || url=$P2_URL
        is "$(sql "$url" -c "INSERT INTO leads (name) VALUES ('a') RETURNING id")" $((last + 1))
        last=$((last + 1))
    done
    run_dbr sync
    in_step
}
