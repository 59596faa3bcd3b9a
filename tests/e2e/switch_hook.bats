# DB_ON_EVENT in a switch: it is run once the new database is active and the pointer has moved, knows which, holds nothing of dbr's,
# and its failure is told without undoing anything.

load ../lib/helper

setup() {
    pair_setup empty
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)"
    init_pair
    env_set DB_ACTIVE_ENV_FILE "$PWD/app.env"
}

teardown() { pair_teardown; }

# hook TEXT: a script as the command.
hook() {
    printf '#!/bin/sh\n%s\n' "$1" >hook
    chmod +x hook
    env_set DB_ON_EVENT "$PWD/hook"
}

@test "the command sees the switch done, and dbr-env in it the same state" {
    # shellcheck disable=SC2016 # the script's own
    hook 'echo "$DBR_EVENT $DBR_ACTIVE $DBR_REASON" >seen
cp app.env moved
'"$DBR_BIN"'/dbr-env --format=url >url
echo "the URL is $(cat url)"'
    run_dbr failover --yes --reason "a test"
    exits 0
    is "$(cat seen)" "failover secondary a test"
    is "$(cat moved)" "DATABASE_URL='$P2_URL'"
    is "$(cat url)" "$P2_URL"
    stderr_has "DB_ON_EVENT: the URL is postgresql://app:***@127.0.0.1"
    run_dbr env --check
    exits 0
    run_dbr failback --yes
    exits 0
    is "$(cat seen)" "failback primary "
}

@test "what it leaves running holds no lock" {
    hook 'sleep 30 & echo $! >sleeper'
    run_dbr failover --yes
    exits 0
    kill -0 "$(cat sleeper)"
    run_dbr sync
    exits 0
    kill "$(cat sleeper)"
}

@test "its failure is told and undoes nothing" {
    hook 'echo "no such application"; exit 3'
    run_dbr failover --yes
    exits 1
    stderr_has "DB_ON_EVENT" "exit status 3: no such application"
    is "$("$DBR_BIN/dbr-env" --env-file "$ENV_FILE" --format=url)" "$P2_URL"
    p2 -c "INSERT INTO t VALUES (1)"
}

@test "its failure is seen until it has been run, which --auto does" {
    hook '[ ! -e broken ] || exit 3; echo "$DBR_EVENT" >>seen'
    touch broken
    run_dbr failover --yes -q
    exits 1
    run_dbr health --json
    exits 1
    json_is '.alerts | map(.name) | join(" ")' switch-incomplete
    run_dbr health --auto -q
    [ ! -e seen ] || fail "it was not to be run"
    rm broken
    run_dbr health --auto -q
    is "$(grep -c failover seen)" 1
    run_dbr health --json
    exits 0
    json_is '.alerts | length' 0
}
