#!/usr/bin/env bats
# Proves: a primary that comes back as it was before the last sync, from a snapshot, costs no row: what it has lost is not taken for
# deleted, whether it is the active database or returns after a failover.

load ../lib/helper

setup() {
    pair_setup empty
    server_start restored "${DBR_TEST_PRIMARY#standin}" "synchronous_commit = on" "full_page_writes = on"
    server_sql restored postgres -c "CREATE ROLE app LOGIN PASSWORD '$SERVERS_APP_PASSWORD'" -c "CREATE DATABASE $DB OWNER app"
    P1_URL=$(server_url restored "$DB")
    env_set DATABASE_URL "$P1_URL"
    env_set HEALTH_CHECK_TIMEOUT 2
    env_set DB_FAILOVER_THRESHOLD 1
    env_set DB_FAILBACK_THRESHOLD 1
    p1 -c "CREATE TABLE accounts (id int PRIMARY KEY, email text, updated_at timestamptz NOT NULL DEFAULT now())" \
        -c "INSERT INTO accounts SELECT g, 'old' FROM generate_series(1, 50) g" -c "CREATE TABLE hits (page text)" -c "INSERT INTO hits VALUES ('a')"
    init_pair
    snapshot
    # What both have, and the snapshot has not.
    p1 -c "INSERT INTO accounts SELECT g, 'new' FROM generate_series(51, 110) g" -c "UPDATE accounts SET email = 'changed', updated_at = now() WHERE id = 1" \
        -c "INSERT INTO hits VALUES ('b')"
    run_dbr sync
    exits 0
    in_step
    server_stop restored immediate
}
teardown() {
    server_stop restored
    rm -rf "$SERVERS_DIR"/restored "$SERVERS_DIR"/restored.*
    pair_teardown
}

snapshot() {
    server_stop restored fast
    cp -a "$SERVERS_DIR/restored/data" "$SERVERS_DIR/restored/snapshot"
    server_continue restored
}
restore() {
    rm -rf "$SERVERS_DIR/restored/data"
    cp -a "$SERVERS_DIR/restored/snapshot" "$SERVERS_DIR/restored/data"
    server_continue restored
    is "$(p1 -c "SELECT count(*) FROM accounts")" 50
}
# whole URL: it has everything that was ever acknowledged.
whole() {
    is "$(sql "$1" -c "SELECT count(*) FROM accounts")" 110
    is "$(sql "$1" -c "SELECT email FROM accounts WHERE id = 1")" changed
    is "$(sql "$1" -c "SELECT string_agg(page, ' ' ORDER BY page) FROM hits")" "a b"
}

@test "it returns after an automatic failover: the merge keeps what the other one has" {
    run_dbr health --auto
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" secondary
    p2 -c "INSERT INTO accounts VALUES (200, 'later')"
    restore
    for _ in 1 2 3; do run_dbr health --auto; done
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" primary
    grep -q "primary is older than it was: what it has lost stays on the secondary" "$STATE_DIR/events.jsonl" || fail "$(cat "$STATE_DIR/events.jsonl")"
    is "$(p1 -c "DELETE FROM accounts WHERE id = 200 RETURNING email")" later
    whole "$P1_URL"
    run_dbr sync
    exits 0
    in_step
}

@test "the same by hand, with a program that has not checked before" {
    run_dbr failover --yes
    exits 0
    restore
    run_dbr failback --yes
    exits 0
    stderr_has "the primary is older than it was" "Nothing is deleted on the secondary"
    whole "$P1_URL"
    whole "$P2_URL"
}

@test "it is the active one: a sync deletes nothing, and a failover makes everything active again" {
    restore
    run_dbr sync --dry-run
    exits 5
    run_dbr sync
    exits 5
    stderr_has "the primary is older than it was" "run dbr-health"
    run_dbr health --json
    exits 1
    json_true '[.alerts[].name] | contains(["not-merged"])'
    run_dbr health --doctor --json
    json_true '.next | startswith("dbr-export --source=secondary")'
    run_dbr health
    stderr_lacks "is older"
    p1 -c "INSERT INTO accounts VALUES (300, 'after')"
    run_dbr sync
    exits 5
    stdout_has "came back older"
    whole "$P2_URL"
    run_dbr failover --yes
    exits 5
    stderr_has "dbr-failover --force keeps what the secondary has"
    run_dbr failover --force --yes
    exits 0
    run_dbr failback --yes
    exits 0
    is "$(p1 -c "DELETE FROM accounts WHERE id = 300 RETURNING email")" after
    whole "$P1_URL"
    run_dbr sync
    exits 0
    in_step
    run_dbr health --json
    json_is '.alerts | length' 0
}

@test "it has written more than it lost before dbr looks, in fewer transactions" {
    local before
    before=$(jq -r .positions.primary.log "$STATE_DIR/state.json")
    restore
    p1 -c "INSERT INTO hits SELECT repeat(g::text, 100) FROM generate_series(1, 5000) g"
    run_dbr sync --dry-run
    exits 5
    stderr_has "the primary is older than it was"
    run_dbr health --json
    exits 1
    json_true '[.alerts[].name] | contains(["not-merged"])'
    [ "$(jq -r .positions.primary.log "$STATE_DIR/state.json")" -gt "$before" ] || fail "its log alone would tell"
    run_dbr sync
    exits 5
    is "$(p2 -c "SELECT count(*) FROM accounts")" 110
}

@test "a check that asked before another one, and is done after it, finds nothing older" {
    server_continue restored
    run_dbr health
    cp "$ENV_FILE" slow.env
    printf '#!/bin/sh\nwhile [ ! -e %s ]; do touch %s; sleep 0.1; done\n' "$PWD/go" "$PWD/asked" >gate
    chmod +x gate
    echo "DB_CHECKS=gate=$PWD/gate" >>slow.env
    # It waits for that with what it has seen of the databases.
    "$DBR_BIN/dbr-health" --env-file=slow.env >slow.out 2>&1 3>&- &
    wait_for 20 test -e asked
    sleep 1
    p1 -c "INSERT INTO hits SELECT 'c' FROM generate_series(1, 1000)"
    run_dbr health
    exits 0
    touch go
    wait $! || fail "$(cat slow.out)"
    ! grep -q older slow.out || fail "$(cat slow.out)"
    run_dbr sync
    exits 0
    in_step
}

@test "a standby that comes back older is brought in step as ever, large tables too" {
    local look
    for look in health ""; do
        server_continue restored
        run_dbr failover --yes
        exits 0
        env_set DB_FINGERPRINT_ROWS 0
        run_dbr sync
        exits 0
        server_stop restored fast
        restore
        if [ -n "$look" ]; then
            run_dbr "$look"
            stderr_lacks "is older"
        fi
        run_dbr sync
        exits 0
        whole "$P1_URL"
        in_step
        # From then on they are large again.
        p2 -c "INSERT INTO hits VALUES ('c')"
        run_dbr sync
        exits 0
        is "$(p1 -c "SELECT count(*) FROM hits WHERE page = 'c'")" 0
        p2 -c "DELETE FROM hits WHERE page = 'c'"
        run_dbr failback --yes
        exits 0
        server_stop restored fast
    done
}
