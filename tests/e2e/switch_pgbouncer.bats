# PgBouncer as the pointer: clients that work through it wait during a planned switch and see no error; what PgBouncer or its
# file does not do is told, and the next run sets it right.

load ../lib/helper
load ../lib/pgbouncer

setup() {
    pair_setup empty
    p1 -c "CREATE TABLE ticks (client int, n int, at timestamptz DEFAULT now(), PRIMARY KEY (client, n))"
    init_pair
    pgbouncer_start
    pgbouncer_configure
}

teardown() {
    pgbouncer_stop
    pair_teardown
}

@test "clients work through a planned failover and a failback without an error" {
    clients_start 3
    run_dbr failover --yes --reason test
    exits 0
    is "$(pgbouncer_shop port)" "$(server_port two)"
    is "$(pgbouncer_shop paused)" 0
    before=$(p2 -c "SELECT count(*) FROM ticks")
    wait_for 30 grown "$before"
    run_dbr failback --yes
    exits 0
    is "$(pgbouncer_shop port)" "$(server_port one)"
    sleep 0.3
    clients_stop
    is "$(p1 -c "SELECT count(*) FROM ticks")" "$TICKS"
    run_dbr sync
    exits 0
    in_step
}

grown() { [ "$(p2 -c "SELECT count(*) FROM ticks")" -gt "$1" ]; }

@test "only the line of the database changes, and the file keeps its mode" {
    cp "$PGB_INI" before
    run_dbr failover --yes
    exits 0
    is "$(stat -c '%a %U' "$PGB_INI")" "600 $(stat -c %U "$PGB_DIR")"
    sed "s/port=$(server_port one) dbname=$DB/port=$(server_port two) dbname=$DB/" before >expected
    diff expected "$PGB_INI"
    cp -p "$PGB_INI" moved
    run_dbr failover --yes
    exits 0
    is "$(stat -c '%i %Y' "$PGB_INI")" "$(stat -c '%i %Y' "$PGB_INI")"
    cmp moved "$PGB_INI"
}

@test "a login with quotes and blanks reaches the server" {
    server_sql two postgres -c "CREATE ROLE quoted LOGIN SUPERUSER PASSWORD 'po ol''s \"pass\"=%#;'"
    SECRET="po ol's"
    env_set DATABASE_URL_SECONDARY "postgresql://quoted:po%20ol%27s%20%22pass%22%3D%25%23%3B@127.0.0.1:$(server_port two)/$DB"
    run_dbr failover --yes
    exits 0
    is "$(pool_sql -c "SELECT current_user")" quoted
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    run_dbr failover --yes
    exits 0
    is "$(pool_sql -c "SELECT current_user")" app
}

@test "a transaction that lasts holds up the switch for a bounded time" {
    pool_sql -c "BEGIN; SELECT pg_sleep(60); COMMIT" >/dev/null 2>&1 3>&- &
    long=$!
    clients_start 2
    run_dbr failover --yes
    exits 0
    stderr_has "within a transaction for longer than"
    sleep 0.3
    clients_stop
    wait $long && fail "the long transaction was not ended"
    is "$(p2 -c "SELECT count(*) FROM ticks")" "$TICKS"
}

@test "a forced failover frees clients that hang at the dead host" {
    link_open gone one 1
    sed -i "s/port=$(server_port one) dbname/port=$(link_port gone) dbname/" "$PGB_INI"
    pgbouncer_admin RELOAD
    env_set DATABASE_URL "$(link_url gone "$P1_URL")"
    pool_sql -c "SELECT pg_sleep(60)" >out 2>err 3>&- &
    hanging=$!
    sleep 0.5
    link_tell gone hang
    env_set HEALTH_CHECK_TIMEOUT 1
    DBR_TEST_TIMEOUT=60 run_dbr failover --yes --force
    exits 0
    stderr_has "dropping the clients of shop"
    wait $hanging && fail "the hanging client was not dropped"
    is "$(pool_sql -c "INSERT INTO ticks VALUES (1, 1) RETURNING n")" 1
    is "$(pgbouncer_shop paused)" 0
}

@test "a PgBouncer that is away is told, and the next run finishes the work" {
    pgbouncer_stop
    run_dbr failover --yes --force
    exits 1
    stderr_has "PgBouncer: cannot connect to the admin console"
    pgbouncer_run
    run_dbr failover --yes
    exits 0
    is "$(pgbouncer_shop port)" "$(server_port two)"
}

@test "clients that a killed run left paused go on with the next one" {
    pgbouncer_admin "PAUSE shop"
    run_dbr failover --yes
    exits 0
    is "$(pgbouncer_shop paused)" 0
    pgbouncer_admin "PAUSE shop"
    run_dbr failover --yes
    exits 0
    is "$(pgbouncer_shop paused)" 0
    is "$(pool_sql -c "SELECT 1")" 1
}

@test "a switch that is undone lets the clients go on where they were" {
    # A prepared transaction is refused behind the pause.
    clients_start 2
    as_superuser
    p1 -c "BEGIN; INSERT INTO ticks VALUES (99, 1); PREPARE TRANSACTION 'open'"
    run_dbr failover --yes
    [ "$status" -ne 0 ]
    is "$(pgbouncer_shop paused)" 0
    is "$(pgbouncer_shop port)" "$(server_port one)"
    p1 -c "ROLLBACK PREPARED 'open'"
    sleep 0.3
    clients_stop
    is "$(p1 -c "SELECT count(*) FROM ticks")" "$TICKS"
}

@test "what would not work is refused before anything changes" {
    cp "$PGB_INI" before
    refuse() {
        run_dbr failover --yes
        exits 2
        stderr_has "$@"
        is "$(pgbouncer_shop paused)" 0
    }
    env_set DB_PGBOUNCER_DBNAME nosuch
    refuse "has no line for nosuch"
    env_unset DB_PGBOUNCER_DBNAME
    refuse "DB_PGBOUNCER_DBNAME is not set"
    pgbouncer_configure
    env_set DB_PGBOUNCER_INI "$PGB_DIR/nosuch.ini"
    refuse "nosuch.ini does not exist"
    pgbouncer_configure
    env_set DATABASE_URL_DIRECT "$P1_URL"
    env_set DATABASE_URL "$P1_URL?sslmode=require"
    refuse "server_tls_sslmode"
    env_set DATABASE_URL "$P1_URL"
    sed -i "s/port=$(server_port one) dbname/port=1 dbname/" "$PGB_INI"
    refuse "PgBouncer serves shop from another place than"
    sed -i "s/ user=app//" "$PGB_INI"
    env_set DATABASE_URL_SECONDARY "$(server_url two "$DB" postgres)"
    refuse "has no user="
}

@test "dbr itself behind a PgBouncer that drops its settings: the switch is undone, and the pooler is named" {
    local key
    for key in INI ADMIN_URL DBNAME; do env_unset "DB_PGBOUNCER_$key"; done
    sed -i '/^\[pgbouncer\]/a ignore_startup_parameters = options,extra_float_digits' "$PGB_INI"
    psql -X -q -d "$PGB_ADMIN_URL" -c RELOAD
    env_set DATABASE_URL "postgresql://shopper:client-secret@127.0.0.1:$PGB_PORT/shop"
    run_dbr failover --yes
    exits 5
    stderr_has "the fence does not hold" "a pooler passes on sessions" DATABASE_URL_DIRECT
    p1 -c "INSERT INTO ticks VALUES (9, 9)"
    env_set DATABASE_URL_DIRECT "$P1_URL"
    run_dbr failover --yes
    exits 0
    is "$(p2 -c "SELECT count(*) FROM ticks WHERE client = 9")" 1
}
