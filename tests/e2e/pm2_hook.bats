# scripts/dbr-pm2-hook with the real PM2: the processes of an application, forked or clustered, run on the active database after it.
# Needs npm, and no server.
# bats file_tags=once

load ../lib/helper
load ../lib/node

setup_file() { node_fetch; }

setup() {
    node_setup
    cd "$BATS_TEST_TMPDIR" || return 1
    mkdir bin
    ln -s "$ROOT/scripts/dbr-pm2-hook" "$DBR_BIN/dbr-env" bin
    ONE=postgresql://app:se%40cret1@one.example.com/app
    TWO='postgresql://app:se$cret2@two.example.com/app'
    (umask 077 && printf "%s\n" "DATABASE_URL=$ONE" "DATABASE_URL_SECONDARY=$TWO" "DB_STATE_DIR=$PWD/state" >dbr.env)
    export DBR_ENV_FILE=$PWD/dbr.env DB_APP_PM2_NAME=shop DBR_EVENT=failover
    cat >app.js <<'JS'
require("fs").writeFileSync(`url.${process.env.NODE_APP_INSTANCE || 0}`, process.env.DATABASE_URL + "\n" + process.env.KEPT)
setInterval(() => {}, 1000)
JS
    mkdir -m 700 state
    echo '{"version": 1, "activeDatabase": "secondary", "init": {"status": "done"}, "lastSwitch": {"op": "failover"}}' >state/state.json
}

teardown() { node_teardown; }

app_start() {
    env -u DBR_ENV_FILE -u DBR_EVENT DATABASE_URL="$ONE" KEPT="a b" pm2 start app.js --name shop "$@" >/dev/null 3>&-
    wait_for 20 runs_on 0 "$ONE" || fail "the application did not start"
}

runs_on() { [ "$(cat "url.$1" 2>/dev/null)" = "$2"$'\n'"a b" ]; }

hook() {
    status=0
    timeout 60 bin/dbr-pm2-hook "$@" >out 2>err </dev/null 3>&- || status=$?
    output=$(cat out)
    errors=$(cat err)
    LAST=dbr-pm2-hook
    ! grep -q 'se%40cret1\|se$cret2' out err || fail "a password was printed"
}

@test "a forked application is restarted on the active database" {
    app_start
    hook
    exits 0
    stdout_has "shop runs on the active database"
    stdout_lacks "starting it anew"
    runs_on 0 "$TWO"
}

@test "so is a cluster, each process of it" {
    app_start -i 2
    wait_for 20 runs_on 1 "$ONE"
    hook
    exits 0
    stdout_lacks "starting it anew"
    runs_on 0 "$TWO"
    runs_on 1 "$TWO"
}

@test "where a restart keeps the old environment, the application is started anew with all else it had" {
    app_start
    real=$(command -v pm2)
    mkdir fake
    printf '#!/bin/sh\nif [ "$1" = restart ]; then exec %s restart "$2"; fi\nexec %s "$@"\n' "$real" "$real" >fake/pm2
    chmod +x fake/pm2
    PATH=$PWD/fake:$PATH hook
    exits 0
    stdout_has "deleting it and starting it anew" "shop runs on the active database"
    runs_on 0 "$TWO"
    is "$(pm2 pid shop | wc -l)" 1
}

# event COMMAND: dbr tells of a failover as it would from cron.
event() {
    status=0
    sed -i '/^DB_ON_EVENT=/d' dbr.env
    printf "DB_ON_EVENT='DBR_EVENT=failover; %s'\n" "$1" >>dbr.env
    env PATH=/usr/bin:/bin "$DBR_BIN/dbr-event" --event=alert --message=test >out 2>err 3>&- || status=$?
    output=$(cat out)
    errors=$(cat err)
    LAST=dbr-event
}

@test "with the short PATH of cron dbr finds the hook beside itself, and PM2 where the command says" {
    app_start
    unset DBR_EVENT
    event dbr-pm2-hook
    exits 1
    stderr_has "pm2 is not in PATH (/usr/bin:/bin:$(realpath "$DBR_BIN"))" "DB_ON_EVENT='PATH=\$PATH:/where/pm2/is dbr-pm2-hook'"
    event "PATH=\$PATH:$(dirname "$(command -v pm2)") dbr-pm2-hook"
    exits 0
    runs_on 0 "$TWO"
}

@test "what it cannot do it says" {
    DBR_EVENT=alert hook
    exits 0
    [ -z "$output$errors" ]
    DB_APP_PM2_NAME='' hook
    exits 2
    stderr_has "DB_APP_PM2_NAME is not set"
    hook
    exits 1
    stderr_has "PM2 knows no application shop"
    echo '{' >state/state.json
    hook
    exits 1
    stderr_has "dbr-env does not tell which database is active"
    hook --nonsense
    exits 2
}
