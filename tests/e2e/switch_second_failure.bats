#!/usr/bin/env bats
# Proves: a switch that was killed, and whose undoing or finishing meets a second failure (a database away, a pooler away, another
# kill, a refusal), still ends with one database that takes writes: none is lost, and never none of the two.

load ../lib/helper
load ../lib/switching

setup() { switching_setup; }
teardown() { pair_teardown; }

no_pooler() {
    printf '[databases]\napp = host=127.0.0.1 port=1\n' >"$BATS_TEST_TMPDIR/pooler.ini"
    env_set DB_PGBOUNCER_INI "$BATS_TEST_TMPDIR/pooler.ini"
    env_set DB_PGBOUNCER_ADMIN_URL postgresql://x@127.0.0.1:1/pgbouncer
    env_set DB_PGBOUNCER_DBNAME app
}

# opened: a planned failover that was killed right after it had opened the secondary.
opened() {
    killed_at open failover
    is "$(marks two)" 1
    away two
}

# What an undoing leaves stays undone, whoever finds it: rows of the primary are safe there.
stays_undone() {
    row "$P1_URL" acknowledged
    back two
    run_dbr "$@"
    at_rest primary
    run_dbr sync
    exits 0
    has_row "$P2_URL" acknowledged
    in_step
}

@test "an undoing is killed after the primary was let go" {
    opened
    killed 3 sync
    is "$(state .switch.undoing)" true
    stays_undone health
}

@test "an undoing cannot let the clients of a pooler go" {
    opened
    no_pooler
    run_dbr sync
    stderr_has "undoing it"
    env_unset DB_PGBOUNCER_INI
    env_unset DB_PGBOUNCER_ADMIN_URL
    env_unset DB_PGBOUNCER_DBNAME
    stays_undone health
}

@test "the secondary was opened by a switch that was undone without it: a forced failover goes there all the same" {
    opened
    run_dbr sync
    [ "$(state .fenceDebt.secondary)" != null ] || fail "the fence of the secondary is not owed"
    row "$P1_URL" stranded
    back two
    away one
    run_dbr failover --yes
    exits 0
    takes_writes "$P2_URL" || fail "the secondary takes no writes"
    row "$P2_URL" served
    back one
    run_dbr sync
    exits 0
    at_rest secondary
    has_row "$P1_URL" served
    has_row "$P2_URL" stranded
    run_dbr failback --yes
    exits 0
    at_rest primary
}

# gone: the primary is fenced by a planned failover that was killed, and away.
gone() {
    killed_at settle failover
    ! takes_writes "$P1_URL" || fail "the primary is not fenced"
    away one
}

returns() {
    back one
    run_dbr health --auto
    run_dbr health --auto
    at_rest "$1"
    run_dbr sync
    exits 0
    at_rest "$1"
    in_step
}

@test "the secondary was opened by a switch that was undone without it: a check fences it when it is back" {
    opened
    run_dbr sync
    back two
    run_dbr health --auto
    at_rest primary
}

@test "a forced failover after it is refused: the primary is let go when it is back" {
    needs_postgres "CockroachDB is opened in steps: one that was begun may be finished instead"
    gone
    server_sql two postgres -c "ALTER DATABASE $DB OWNER TO postgres"
    run_dbr failover --yes
    server_sql two postgres -c "ALTER DATABASE $DB OWNER TO app"
    [ "$status" -ne 0 ] || fail "it was not refused"
    is "$(state .activeDatabase)" primary
    returns primary
}

@test "a forced failover after it is killed at its first steps" {
    gone
    killed 2 failover --yes
    returns "$(state .activeDatabase)"
}

@test "a forced failover after it is killed when the secondary is open" {
    gone
    killed 3 failover --yes
    back one
    run_dbr health --auto
    run_dbr health --auto
    at_rest "$(state .activeDatabase)"
}

@test "a failback was killed, and the secondary is dead: --force gets out" {
    run_dbr failover --yes
    exits 0
    killed_at settle failback
    away two
    run_dbr health --auto
    run_dbr failback --yes
    exits 3
    stderr_has --force
    run_dbr failback --force
    exits 0
    at_rest primary
    row "$P1_URL" acknowledged
    back two
    run_dbr sync
    exits 0
    at_rest primary
    has_row "$P2_URL" acknowledged
}

@test "a failback was killed when the primary was open, and the secondary is dead: automation finishes it" {
    run_dbr failover --yes
    exits 0
    killed_at open failback
    is "$(marks one)" 1
    away two
    run_dbr health --auto
    at_rest primary
    row "$P1_URL" acknowledged
    back two
    run_dbr sync
    exits 0
    has_row "$P2_URL" acknowledged
    in_step
}

@test "the primary is down and a pointer target is broken: the failover goes on, exit 1, and the target follows when it is mended" {
    rm -f "$APP_ENV"
    ln -s /nonexistent/dir/file "$APP_ENV"
    away one
    run_dbr failover --yes
    exits 1
    stderr_has "the secondary is active" "$APP_ENV"
    takes_writes "$P2_URL" || fail "the secondary takes no writes"
    rm "$APP_ENV"
    back one
    run_dbr failover --yes
    exits 0
    at_rest secondary
}
