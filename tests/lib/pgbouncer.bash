# shellcheck shell=bash
# shellcheck disable=SC2034,SC2119,SC2120 # variables and functions for the tests
# A PgBouncer before the primary of a test, with an application that works through it.
#
#     load ../lib/pgbouncer                    # after ../lib/helper
#     pgbouncer_start; pgbouncer_configure     # dbr knows of it
#     clients_start 3; ...; clients_stop       # each inserts into ticks; fails when one saw an error
#     teardown() { pgbouncer_stop; pair_teardown; }

# pgbouncer_start [SETTING...]: transaction pooling, database "shop"; PGB_INI, PGB_PORT, PGB_ADMIN_URL.
pgbouncer_start() {
    PGB_DIR=$SERVERS_DIR/pgbouncer-$DB
    PGB_INI=$PGB_DIR/pgbouncer.ini
    mkdir -m 755 "$PGB_DIR"
    local try
    for try in 1 2 3; do
        PGB_PORT=$(servers_free_port)
        pgbouncer_write "$@"
        pgbouncer_run && break
        [ "$try" -lt 3 ] || fail "PgBouncer did not start: $(cat "$PGB_DIR/log" "$PGB_DIR/out")"
    done
    PGB_ADMIN_URL="postgresql://admin:admin-secret@127.0.0.1:$PGB_PORT/pgbouncer"
}

pgbouncer_write() {
    (
        umask 077
        cat >"$PGB_INI" <<TEXT
; the application's pooler
[databases]
other = host=127.0.0.1 port=1
  shop = host=127.0.0.1 port=$(server_port one) dbname=$DB user=app password='$SERVERS_APP_PASSWORD' pool_size=4

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $PGB_PORT
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $PGB_DIR/users
admin_users = admin
pool_mode = transaction
logfile = $PGB_DIR/log
pidfile = $PGB_DIR/pid
$(printf '%s\n' "$@")
TEXT
        printf '"%s" "%s"\n' shopper client-secret admin admin-secret >"$PGB_DIR/users"
    )
    local account
    account=$(servers_account)
    [ -z "$account" ] || chown -R "$account" "$PGB_DIR"
}

pgbouncer_run() {
    servers_as "$(command -v pgbouncer || echo /usr/sbin/pgbouncer)" -q -d "$PGB_INI" >"$PGB_DIR/out" 2>&1
    wait_for 5 pgbouncer_answers
}

pgbouncer_answers() { psql -X -q -d "postgresql://admin:admin-secret@127.0.0.1:$PGB_PORT/pgbouncer" -c 'SHOW VERSION' >/dev/null 2>&1; }

# What stays below SERVERS_DIR goes with the servers.
pgbouncer_stop() {
    [ -e "${PGB_DIR:-/nonexistent}/pid" ] || return 0
    kill -KILL "$(cat "$PGB_DIR/pid")" 2>/dev/null || true
    rm -f "$PGB_DIR/pid"
}

pgbouncer_configure() {
    env_set DB_PGBOUNCER_INI "$PGB_INI"
    env_set DB_PGBOUNCER_ADMIN_URL "$PGB_ADMIN_URL"
    env_set DB_PGBOUNCER_DBNAME shop
}

pgbouncer_admin() { psql -X -q -At -d "$PGB_ADMIN_URL" -c "$1"; }
# pgbouncer_shop COLUMN: of "shop" in SHOW DATABASES.
pgbouncer_shop() { psql -X -q -d "$PGB_ADMIN_URL" -x -c 'SHOW DATABASES' | awk -v want="$1" '$1 == "name" { on = $3 == "shop" } on && $1 == want { print $3 }'; }
pool_sql() { psql -X -q -At -v ON_ERROR_STOP=1 -d "postgresql://shopper:client-secret@127.0.0.1:$PGB_PORT/shop" "$@"; }

# clients_start N: each has one connection, inserts one row after another into ticks, and ends at its first error.
clients_start() {
    local i
    rm -rf "$BATS_TEST_TMPDIR/clients"
    mkdir "$BATS_TEST_TMPDIR/clients"
    for ((i = 1; i <= $1; i++)); do
        client "$i" "$BATS_TEST_TMPDIR/clients" </dev/null >/dev/null 2>&1 3>&- &
        echo $! >"$BATS_TEST_TMPDIR/clients/$i.pid"
    done
    wait_for 10 clients_work "$1" || fail "the clients do not work: $(cat "$BATS_TEST_TMPDIR"/clients/*.err)"
}

client() {
    local n=0 status=0
    while [ ! -e "$2/stop" ]; do
        n=$((n + 1))
        echo "INSERT INTO ticks (client, n) VALUES ($1, $n) RETURNING n;"
        sleep 0.01
    done | pool_sql >"$2/$1.out" 2>"$2/$1.err" || status=$?
    echo "$status" >"$2/$1.status"
}

clients_work() { [ "$(cat "$BATS_TEST_TMPDIR"/clients/*.out | wc -l)" -gt "$(($1 * 5))" ]; }

# All ended well; TICKS is the number of rows that were acknowledged.
clients_stop() {
    local file
    touch "$BATS_TEST_TMPDIR/clients/stop"
    for file in "$BATS_TEST_TMPDIR"/clients/*.pid; do wait "$(cat "$file")" || true; done
    for file in "$BATS_TEST_TMPDIR"/clients/*.status; do
        [ "$(cat "$file")" = 0 ] || fail "a client failed: $(cat "${file%.status}.err")"
    done
    TICKS=$(cat "$BATS_TEST_TMPDIR"/clients/*.out | wc -l)
}
