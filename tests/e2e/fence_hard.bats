#!/usr/bin/env bats
# Proves: what the fence of a planned failover must hold is held (open sessions, sessions in a pool, with DB_FENCE_ROLE even clients
# that lift the setting themselves); what it cannot hold is refused, and then everything is as it was before.

load ../lib/helper
load ../lib/pgbouncer

# The application has a role of its own; dbr's owns the database and may end its sessions.
setup() {
    pair_setup empty
    p1 -c "CREATE TABLE t (id serial PRIMARY KEY, what text)" -c "INSERT INTO t (what) VALUES ('first')"
    APP_ENV=$BATS_TEST_TMPDIR/app.env
    (umask 077 && echo "DATABASE_URL=unchanged" >"$APP_ENV")
    ROLE=fenced_$BATS_TEST_NUMBER
    local server
    for server in one two; do
        server_sql $server postgres -c "SET client_min_messages = warning" -c "DROP ROLE IF EXISTS $ROLE" \
            -c "CREATE ROLE $ROLE LOGIN PASSWORD '$SERVERS_APP_PASSWORD'"
    done
    P1_APP=${P1_URL/app:/$ROLE:}
    P2_APP=${P2_URL/app:/$ROLE:}
}

teardown() {
    pgbouncer_stop
    server_sql one postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '$ROLE'" >/dev/null
    [ ! -e "$BATS_TEST_TMPDIR/prepared" ] || as_postgres one -c "ROLLBACK PREPARED 'waiting_$DB'" || true
    local status=0
    pair_teardown || status=1
    for server in one two; do server_sql $server postgres -c "DROP ROLE $ROLE" || true; done
    return $status
}

# init, and what the application's role may do on both sides; dbr may end its sessions.
shared() {
    init_pair
    env_set DB_ACTIVE_ENV_FILE "$APP_ENV"
    local server
    for server in one two; do
        PGOPTIONS='-c default_transaction_read_only=off' server_sql $server "$DB" \
            -c "GRANT SELECT, INSERT, UPDATE ON t TO $ROLE" -c "GRANT USAGE ON SEQUENCE t_id_seq TO $ROLE" -c "GRANT $ROLE TO app"
    done
}

# dbr logs in as a superuser, the application does not.
dbr_is_superuser() {
    env_set DATABASE_URL "$(server_url one "$DB" postgres)"
    env_set DATABASE_URL_SECONDARY "$(server_url two "$DB" postgres)"
}
as_postgres() { PGOPTIONS='-c default_transaction_read_only=off' server_sql "$1" "$DB" -At "${@:2}"; }

writes() { sql "$1" -c "INSERT INTO t (what) VALUES ('by $RANDOM')" >/dev/null 2>&1; }
active() { jq -r .activeDatabase "$STATE_DIR/state.json"; }
barred() { [ "$(server_sql "$1" postgres -At -c "SELECT rolcanlogin FROM pg_roles WHERE rolname = '$ROLE'")" = f ]; }

# Both databases, the state and the pointer are as before a switch that was refused.
as_before() {
    is "$(active)" primary
    is "$(jq .switch "$STATE_DIR/state.json")" null
    is "$(cat "$APP_ENV")" DATABASE_URL=unchanged
    writes "$P1_URL" || fail "the primary takes no writes any more"
    ! writes "$P2_URL" || fail "the secondary takes writes"
    run_dbr sync
    exits 0
    in_step
}

@test "a session that was open before is ended, in the middle of a transaction too" {
    shared
    session_open idle "$P1_APP"
    session_open busy "$P1_URL"
    session busy "BEGIN"
    session busy "INSERT INTO t (what) VALUES ('never committed')"
    run_dbr failover --yes
    exits 0
    for name in idle busy; do
        echo "INSERT INTO t (what) VALUES ('late'); COMMIT;" >&"$(cat "$BATS_TEST_TMPDIR/session-$name/fd")"
        wait_for 5 gone $name || fail "the session is still there: $name"
    done
    is "$(p1 -c "SELECT count(*) FROM t")" 1
    in_step
}
gone() { ! kill -0 "$(cat "$BATS_TEST_TMPDIR/session-$1/pid")" 2>/dev/null; }

@test "a server connection that a pool keeps open, without dbr knowing of the pool" {
    shared
    pgbouncer_start
    pool_sql -c "INSERT INTO t (what) VALUES ('pooled')"
    is "$(server_sql one postgres -At -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$DB' AND usename = 'app'")" 1
    run_dbr failover --yes
    exits 0
    run pool_sql -c "INSERT INTO t (what) VALUES ('late')"
    [ "$status" -ne 0 ] || fail "the pool still writes"
    is "$(p2 -c "SELECT count(*) FROM t")" 2
    in_step
}

@test "a client that lifts the setting itself: only the bar of its role holds it" {
    shared
    lifts() { PGOPTIONS='-c default_transaction_read_only=off' sql "$1" -c "INSERT INTO t (what) VALUES ('lifted')" 2>&1; }
    run_dbr failover --yes
    exits 0
    lifts "$P1_APP" || fail "this test proves nothing"
    run_dbr failback --yes
    exits 0
    env_set DB_FENCE_ROLE "$ROLE"
    run_dbr failover --yes
    refused CREATEROLE
    is "$(active)" primary
    writes "$P1_APP" || fail "the fence was not undone"
    dbr_is_superuser
    session_open stays "$P1_APP"
    session stays "SET default_transaction_read_only = off"
    run_dbr failover --yes
    exits 0
    barred one || fail "the role may still log in to the primary"
    ! barred two || fail "the role may not log in to the secondary"
    ! lifts "$P1_APP" || fail "the fence does not hold"
    echo "INSERT INTO t (what) VALUES ('late');" >&"$(cat "$BATS_TEST_TMPDIR/session-stays/fd")"
    wait_for 5 gone stays || fail "the session is still there"
    writes "$P2_APP" || fail "the application cannot write to the secondary"
    run_dbr failback --yes
    exits 0
    barred two || fail "the role may still log in to the secondary"
    ! barred one || fail "the role may not log in to the primary"
    writes "$P1_APP" || fail "the application cannot write to the primary"
    run_dbr sync
    exits 0
    in_step
}

@test "a role that dbr may not bar: a forced failover fences without it, and says so" {
    shared
    env_set DB_FENCE_ROLE "$ROLE"
    env_set DATABASE_URL_SECONDARY "$(server_url two "$DB" postgres)"
    run_dbr failover --force --yes
    exits 0
    stderr_has "$ROLE (DB_FENCE_ROLE) cannot be barred from the primary"
    is "$(active)" secondary
    ! writes "$P1_APP" || fail "the primary takes writes beside the secondary"
    jq -e '.fenceDebt.primary == null' "$STATE_DIR/state.json"
    writes "$P2_APP" || fail "the application cannot write to the secondary"
    # That lasts until dbr may do it: each sync tries.
    run_dbr health --json
    exits 1
    json_is '.alerts | map(.name) | join(" ")' fence-gone
    run_dbr sync
    exits 0
    stderr_has "not fenced as it should be"
    run_dbr health -q
    exits 1
    dbr_is_superuser
    run_dbr sync
    exits 0
    barred one || fail "the role may still log in to the primary"
    run_dbr health --json
    exits 0
    json_is '.alerts | length' 0
}

@test "dbr's own role cannot be barred" {
    shared
    env_set DB_FENCE_ROLE app
    run_dbr failover --yes
    refused DB_FENCE_ROLE
    env_unset DB_FENCE_ROLE
    as_before
}

@test "a role that is not there" {
    shared
    env_set DB_FENCE_ROLE nobody_of_that_name
    run_dbr failover --yes
    refused nobody_of_that_name
    env_unset DB_FENCE_ROLE
    as_before
}

@test "a prepared transaction could commit behind the fence: refused" {
    shared
    touch "$BATS_TEST_TMPDIR/prepared"
    p1 -c "BEGIN" -c "INSERT INTO t (what) VALUES ('prepared')" -c "PREPARE TRANSACTION 'waiting_$DB'"
    run_dbr failover --yes
    refused "prepared transaction" pg_prepared_xacts
    p1 -c "COMMIT PREPARED 'waiting_$DB'"
    as_before
    is "$(p2 -c "SELECT count(*) FROM t WHERE what = 'prepared'")" 1
}

@test "a role that overrides the setting: refused, by its name" {
    shared
    server_sql one postgres -c "ALTER ROLE $ROLE IN DATABASE $DB SET default_transaction_read_only = off"
    run_dbr failover --yes
    refused "$ROLE" "ALTER ROLE"
    server_sql one postgres -c "ALTER ROLE $ROLE IN DATABASE $DB RESET default_transaction_read_only"
    as_before
}

@test "a session that dbr may not end: refused, by its role" {
    shared
    server_sql one postgres -c "REVOKE $ROLE FROM app"
    session_open stays "$P1_APP"
    run_dbr failover --yes
    refused "a session of $ROLE" pg_signal_backend
    session stays "INSERT INTO t (what) VALUES ('goes on')"
    session_close stays
    as_before
}

@test "a session of a superuser is named, and does not stop the switch" {
    shared
    session_open boss "$(server_url one "$DB" postgres)"
    run_dbr failover --yes --json
    exits 0
    json_true '[.warnings[] | select(contains("superuser postgres") and contains("primary"))] | length == 1'
    session_close boss
    dbr_is_superuser
    run_dbr failback --yes
    exits 0
    session_open boss "$(server_url one "$DB" postgres)"
    run_dbr failover --yes --json
    exits 0
    json_is '.warnings | length' 0
    wait_for 5 boss_is_gone || fail "a superuser's session was left to a superuser"
}
boss_is_gone() { [ "$(server_sql one postgres -At -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$DB' AND usename = 'postgres'")" = 0 ]; }

@test "a secondary that goes away behind the fence: the primary serves on" {
    shared
    link_open other two 250 # leaves time to tear it
    env_set DATABASE_URL_SECONDARY "$(link_url other "$P2_URL")"
    session_open ended "$P1_APP"
    echo "SELECT pg_sleep(60);" >&"$(cat "$BATS_TEST_TMPDIR/session-ended/fd")"
    # The fence ends this session: that moment is behind it.
    tear() {
        wait_for 20 gone ended
        link_tell other refuse
        link_tell other drop
    }
    tear >/dev/null 2>&1 3>&- &
    local tearing=$!
    run_dbr failover --yes
    wait $tearing
    [ "$status" -ne 0 ] || fail "this test proves nothing"
    stderr_has "was undone"
    link_tell other pass
    link_tell other rtt 0
    as_before
}
