#!/usr/bin/env bats
# Proves: a crash empties the UNLOGGED tables of its server, and no row of them is deleted elsewhere for that.

load ../lib/helper

# crash SERVER: it stops without a checkpoint, and comes back.
crash() {
    server_stop "$1" immediate
    server_continue "$1"
}
# own_server SERVER ROLE: a server that only this test brings down, for the database of that role.
own_server() {
    server_start "$1" "${DBR_TEST_PRIMARY#standin}" "synchronous_commit = on" "full_page_writes = on"
    server_sql "$1" postgres -c "CREATE ROLE app LOGIN PASSWORD '$SERVERS_APP_PASSWORD'" -c "CREATE DATABASE $DB OWNER app"
}

setup() {
    pair_setup empty
    own_server frail
    P1_URL=$(server_url frail "$DB")
    env_set DATABASE_URL "$P1_URL"
    env_set HEALTH_CHECK_TIMEOUT 2
    p1 -c "CREATE UNLOGGED TABLE sess (id text PRIMARY KEY, v text)" -c "INSERT INTO sess SELECT 's' || g, 'old' FROM generate_series(1, 50) g" \
        -c "CREATE UNLOGGED TABLE hits (page text)" -c "INSERT INTO hits SELECT 'page' FROM generate_series(1, 5)" \
        -c "CREATE TABLE parts (id int, v text) PARTITION BY LIST (id)" -c "CREATE UNLOGGED TABLE part_1 PARTITION OF parts FOR VALUES IN (1, 2)" \
        -c "INSERT INTO parts VALUES (1, 'a'), (2, 'b')" -c "CREATE TABLE plain (id int PRIMARY KEY, v text)" -c "INSERT INTO plain VALUES (1, 'a'), (2, 'b')"
    init_pair
}
teardown() {
    server_stop frail
    rm -rf "$SERVERS_DIR"/frail "$SERVERS_DIR"/frail.*
    pair_teardown
}

sessions() { sql "$1" -c "SELECT count(*) FROM sess WHERE v = 'old'"; }
rows() { sql "$1" -c "SELECT count(*) FROM $2"; }

@test "a merge: what the primary lost in its crash is no delete, with a stray row or without" {
    local stray
    for stray in "" yes; do
        server_stop frail immediate
        run_dbr failover --yes
        exits 0
        p2 -c "DELETE FROM sess WHERE id = 's1'" -c "INSERT INTO sess VALUES ('served', 'new')"
        server_continue frail
        is "$(sessions "$P1_URL")" 0
        p1 -c "DELETE FROM plain WHERE id = 2"
        [ -z "$stray" ] || p1 -c "INSERT INTO sess VALUES ('stray', 'new')" -c "INSERT INTO hits VALUES ('stray')"
        run_dbr sync
        exits 0
        in_step
        is "$(sessions "$P2_URL")" 49
        is "$(rows "$P2_URL" "sess WHERE v = 'new'")" $((1 + ${#stray} / 3))
        is "$(rows "$P2_URL" "hits WHERE page = 'page'")" 5
        is "$(rows "$P2_URL" parts)" 2
        is "$(rows "$P2_URL" plain)" 1
        run_dbr failback --yes
        exits 0
        p1 -c "INSERT INTO sess VALUES ('s1', 'old')" -c "DELETE FROM sess WHERE v = 'new'" -c "INSERT INTO plain VALUES (2, 'b')"
        run_dbr sync
        exits 0
        in_step
    done
}
