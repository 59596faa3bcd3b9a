# A Node application (tests/app: node-postgres) is taken through failovers and back while it writes without a pause: under PM2, told
# by dbr-pm2-hook, and as Passenger does it, with an env file and tmp/restart.txt. Every row that it was told is written is on the
# primary at the end.
# bats file_tags=once

load ../lib/helper
load ../lib/node

setup_file() { node_fetch; }

setup() {
    node_setup
    pair_setup app
    env_set HEALTH_CHECK_TIMEOUT 2
    init_pair
    link_open one one 0
    link_open two two 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    mkdir shop
    cp "$ROOT/tests/app/index.js" shop
    ln -s "$(node_cache)/node_modules" shop/node_modules
    PATH=$DBR_BIN:$PATH
    WATCHER=
}

teardown() {
    node_teardown
    [ -z "${WATCHER:-}" ] || { touch stop && wait "$WATCHER"; }
    [ -z "${DB:-}" ] || pair_teardown
}

# As its comments say: copied beside the application, changed, and named in DB_ON_EVENT.
under_pm2() {
    sed -e "s|\"/etc/dbr/dbr.env\"|\"$ENV_FILE\"|" -e 's|"dist/index.js"|"index.js"|' "$ROOT/scripts/npm/ecosystem.config.cjs" \
        >shop/ecosystem.config.cjs
    env_set DB_APP_PM2_NAME shop
    env_set DB_ON_EVENT "\"$ROOT/scripts/dbr-pm2-hook $PWD/shop/ecosystem.config.cjs\""
    (cd shop && pm2 start ecosystem.config.cjs >/dev/null 3>&-)
    writes_to one
}

acked() { wc -l <shop/acked 2>/dev/null || echo 0; }
on() { grep -c " $(link_port "$1")\$" shop/acked 2>/dev/null || true; }
more_on() { [ "$(on "$1")" -ge "$2" ]; }
# Fifty more rows, on that database.
writes_to() { wait_for 30 more_on "$1" $(($(on "$1") + 50)) || fail "the application does not write to $1:" "$(tail -n 3 shop/refused)"; }

# Each row that was acknowledged is on the primary, once, and the databases are equal.
all_there() {
    run_dbr sync
    exits 0
    cut -d ' ' -f 1 shop/acked | sort >told
    p1 -c "SELECT name FROM leads WHERE name LIKE 'app-%'" | sort >there
    is "$(uniq -d told | wc -l)$(uniq -d there | wc -l)" 00
    [ "$(wc -l <told)" -ge 150 ] || fail "only $(wc -l <told) rows"
    is "$(comm -23 told there | wc -l)" 0
    same_rows
}

@test "under PM2: a planned failover and back" {
    under_pm2
    run_dbr failover --yes
    exits 0
    stderr_has "shop runs on the active database"
    writes_to two
    run_dbr sync
    exits 0
    run_dbr failback --yes
    exits 0
    writes_to one
    # What PM2 keeps for "pm2 resurrect" is no trap: a start from the file asks dbr-env.
    run_dbr failover --yes
    exits 0
    (cd shop && pm2 kill >/dev/null 3>&- && DATABASE_URL=$P1_URL pm2 start ecosystem.config.cjs >/dev/null 3>&-)
    writes_to two
    run_dbr failback --yes
    exits 0
    writes_to one
    pm2 stop shop >/dev/null 3>&-
    all_there
}

@test "under PM2: the primary goes down between two syncs" {
    under_pm2
    run_dbr sync
    exits 0
    writes_to one # these are stranded
    link_tell one refuse
    link_tell one drop
    run_dbr failover --yes
    exits 0
    writes_to two
    link_tell one pass
    run_dbr sync
    exits 0
    stderr_has "was merged into the secondary"
    writes_to two
    run_dbr failback --yes
    exits 0
    writes_to one
    pm2 stop shop >/dev/null 3>&-
    all_there
}

# As Passenger: starts the application with its own env file, and anew when tmp/restart.txt has changed.
passenger() {
    local pid seen
    while [ ! -e stop ]; do
        seen=$(stat -c %y shop/tmp/restart.txt)
        (cd shop && exec node --env-file=.env index.js) &
        pid=$!
        while [ ! -e stop ] && [ "$(stat -c %y shop/tmp/restart.txt)" = "$seen" ]; do sleep 0.05; done
        kill "$pid"
        wait "$pid"
    done
}

@test "as under Passenger: the env file is rewritten, and tmp/restart.txt restarts the application" {
    mkdir shop/tmp
    touch shop/tmp/restart.txt
    (umask 077 && printf 'PORT=3000\nDATABASE_URL=%s\n' "$(link_url one "$P1_URL")" >shop/.env)
    env_set DB_ACTIVE_ENV_FILE "$PWD/shop/.env"
    env_set DB_ON_EVENT "'case \$DBR_EVENT in failover|failback) touch \"$PWD/shop/tmp/restart.txt\" ;; esac'"
    passenger >/dev/null 2>&1 3>&- &
    WATCHER=$!
    writes_to one
    run_dbr failover --yes
    exits 0
    writes_to two
    run_dbr failback --yes
    exits 0
    writes_to one
    touch stop
    wait "$WATCHER" || true
    WATCHER=
    all_there
    grep -q '^PORT=3000$' shop/.env
}
