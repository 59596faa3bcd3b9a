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

@test "a sync: what the active database lost in a crash stays on the standby until somebody says otherwise" {
    p1 -c "DELETE FROM sess WHERE id IN ('s1', 's2')" -c "DELETE FROM hits WHERE ctid = (SELECT ctid FROM hits LIMIT 1)"
    run_dbr sync
    exits 0
    in_step
    # An orderly restart empties nothing.
    server_stop frail fast
    server_continue frail
    p1 -c "DELETE FROM sess"
    p1 -c "INSERT INTO sess SELECT 's' || g, 'old' FROM generate_series(11, 50) g"
    run_dbr sync
    exits 0
    in_step
    is "$(sessions "$P2_URL")" 40
    crash frail
    p1 -c "INSERT INTO sess VALUES ('new', 'new')" -c "INSERT INTO plain VALUES (3, 'c')"
    run_dbr sync
    exits 5
    stdout_has sess UNLOGGED crashed "40 rows of the standby"
    stderr_has "dbr-sync --force" dbr-export
    is "$(sessions "$P2_URL")" 40
    is "$(rows "$P2_URL" plain)" 3
    run_dbr failover --yes
    exits 5
    stderr_has UNLOGGED "dbr-sync --force"
    # As the hint says, and once more with consent.
    run_dbr export --source secondary --dialect postgres --tables sess --output "$BATS_TEST_TMPDIR/sess.sql"
    exits 0
    run_dbr import --target primary --input "$BATS_TEST_TMPDIR/sess.sql" --upsert --yes
    exits 0
    run_dbr sync --tables sess
    exits 0
    is "$(sessions "$P1_URL")" 40
    is "$(rows "$P2_URL" sess)" 41
    run_dbr sync --force
    exits 0
    in_step
    is "$(rows "$P2_URL" hits)" 0
    p1 -c "DELETE FROM sess WHERE id = 'new'"
    run_dbr sync
    exits 0
    in_step
    is "$(sessions "$P2_URL")" 40
}

@test "an active secondary crashes: its standby keeps what it has" {
    needs_postgres "CockroachDB has no such tables"
    own_server brittle
    server_sql brittle "$DB" -c "ALTER SCHEMA public OWNER TO app"
    P2_URL=$(server_url brittle "$DB")
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    rm -rf "$STATE_DIR"
    init_pair
    run_dbr failover --yes
    exits 0
    crash brittle
    p2 -c "INSERT INTO sess VALUES ('new', 'new')"
    run_dbr sync
    exits 5
    stdout_has sess UNLOGGED "50 rows of the standby"
    is "$(sessions "$P1_URL")" 50
    server_stop brittle
    rm -rf "$SERVERS_DIR"/brittle "$SERVERS_DIR"/brittle.*
}

@test "a merge: a parent that the primary deleted stays for a child that its crash took" {
    p1 -c "CREATE UNLOGGED TABLE kid (id int PRIMARY KEY, plain int REFERENCES plain)" -c "INSERT INTO kid VALUES (1, 1), (2, 2)"
    run_dbr init-secondary --update
    exits 0
    run_dbr sync
    exits 0
    server_stop frail immediate
    run_dbr failover --yes
    exits 0
    server_continue frail
    p1 -c "DELETE FROM plain WHERE id = 2"
    run_dbr sync
    exits 0
    in_step
    is "$(p2 -c "SELECT string_agg(id || ' ' || plain, ', ' ORDER BY id) FROM kid")" "1 1, 2 2"
    is "$(rows "$P2_URL" plain)" 2
}

@test "without a crash a change of an UNLOGGED table is merged as that of any other" {
    sed -i "s|^DATABASE_URL=.*|DATABASE_URL=postgresql://app@127.0.0.1:$(servers_free_port)/$DB|" "$ENV_FILE"
    p1 -c "UPDATE sess SET v = 'acknowledged' WHERE id = 's2'" -c "INSERT INTO sess VALUES ('later', 'acknowledged')"
    run_dbr failover --yes
    exits 0
    env_set DATABASE_URL "$P1_URL"
    run_dbr sync
    exits 0
    stderr_lacks "changed on both sides"
    is "$(p2 -c "SELECT count(*) FROM sess WHERE v = 'acknowledged'")" 2
}
