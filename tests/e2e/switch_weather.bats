#!/usr/bin/env bats
# Proves: what CockroachDB may do to any statement at any time (ask for it again, leave it open whether a COMMIT happened, drop
# connections) does not keep a switch from its end, and never leaves two databases that take writes. Needs Go.

load ../lib/helper
load ../lib/switching

setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }
setup() {
    switching_setup
    env_set HEALTH_CHECK_TIMEOUT 30 # what is asked for again takes time
}
teardown() {
    standin_tell reset
    pair_teardown
}

injected() { [ "$(standin_tell stats | jq '.injected | add // 0')" -ge "$1" ] || fail "only $(standin_tell stats) injected"; }

# rains MATCH...: each statement that has this in it is refused twice.
rains() {
    local match
    standin_tell reset
    for match in "$@"; do standin_tell inject statement 40001 2 "$match"; done
}

@test "every step of planned switches is asked for again" {
    row "$P1_URL" before
    rains "CREATE SCHEMA" "CREATE TABLE" "setval" "INSERT INTO _dbr.switches" "ALTER DATABASE" "SHOW CLUSTER SESSIONS" \
        "pg_db_role_setting" "SELECT count(*)"
    run_dbr failover --yes
    exits 0
    injected 8
    at_rest secondary
    has_row "$P2_URL" before
    row "$P2_URL" served
    rains "ALTER DATABASE" "CREATE SCHEMA IF NOT EXISTS \"public\"" "SHOW session_id" "CANCEL SESSION" "cluster_logical_timestamp" \
        "pg_class" "SELECT count(*)"
    standin_tell inject begin 40001 2
    session_open stays "$P2_URL"
    run_dbr failback --yes
    exits 0
    injected 8
    at_rest primary
    has_row "$P1_URL" served
    run_dbr sync
    in_step
}

@test "every step of a forced failover, and of the merge after it" {
    away one
    row "$P1_URL" stranded
    rains "CREATE TABLE IF NOT EXISTS _dbr.base" "CREATE TABLE IF NOT EXISTS \"_dbr\"" "merge_rows" "INSERT INTO _dbr.base" \
        "INSERT INTO _dbr.switches" "RESET default_transaction_read_only"
    run_dbr failover --yes
    exits 0
    injected 8
    is "$(state .activeDatabase)" secondary
    takes_writes "$P2_URL"
    row "$P2_URL" served
    sql "$P2_URL" -c "DELETE FROM invoices WHERE billing_profile_id < 4" -c "DELETE FROM billing_profiles WHERE id < 4"
    back one
    rains "_dbr.base" "SELECT x.n" "UPDATE _dbr.base" "INSERT INTO"
    standin_tell inject commit 40001 2
    standin_tell inject commit 40003-lost 1 'INSERT INTO "public"' # of a wave, which is run again then
    standin_tell inject commit 40003-applied 1 'INSERT INTO "public"'
    standin_tell inject commit 40003-applied 1 merged_at
    standin_tell inject statement 40003-applied 1 _dbr.turn
    env_set DB_MAX_DELETE_PERCENT 100
    run_dbr failback --yes
    exits 0
    is "$(standin_tell stats | jq -c '.injected | [."commit 40001", ."commit 40003-applied", ."commit 40003-lost", ."statement 40003-applied"]')" \
        "[2,2,1,1]"
    injected 10
    at_rest primary
    has_row "$P1_URL" stranded
    has_row "$P1_URL" served
    run_dbr sync
    in_step
}

# Whatever the chance, the switch ends, or is undone and can be made again.
@test "switches there and back while one statement in twenty is refused" {
    local round
    for round in 1 2 3; do
        row "$P1_URL" "before $round"
        standin_tell weather 5
        run_dbr failover --yes
        exits 0
        standin_tell weather 0
        at_rest secondary
        row "$P2_URL" "served $round"
        standin_tell weather 5
        run_dbr failback --yes
        exits 0
        standin_tell weather 0
        at_rest primary
        has_row "$P1_URL" "before $round"
        has_row "$P1_URL" "served $round"
    done
    injected 5
    in_step
}

# The connections are torn wherever they happen to be, a little later each time.
@test "connections that are lost in the middle of switches" {
    local bytes op url
    for ((bytes = 3000; bytes < 42000; bytes += 3000)); do
        op=failover url=$P1_URL
        [ "$(state .activeDatabase)" = primary ] || op=failback url=$P2_URL
        row "$url" "row $bytes"
        link_tell two drop-after $bytes
        run_dbr $op --yes
        link_tell two pass
        run_dbr $op --yes
        exits 0
        at_rest "$([ $op = failover ] && echo secondary || echo primary)"
        has_row "$([ $op = failover ] && echo "$P2_URL" || echo "$P1_URL")" "row $bytes"
    done
    in_step
}
