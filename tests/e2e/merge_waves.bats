#!/usr/bin/env bats
# Proves: a merge into CockroachDB is written in small transactions that shrink where the server asks for it, goes past an
# application that reads and writes the same tables, leaves alone what the application has changed since it was decided, and may be
# broken off between them: then a part has come over, and the next one does the rest. Needs Go.

load ../lib/helper

setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }
setup() {
    pair_setup empty
    env_set DB_MAX_DELETE_PERCENT 100
    p1 <<'SQL'
CREATE TABLE owners (id int PRIMARY KEY, n int DEFAULT 0);
CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL REFERENCES owners ON DELETE CASCADE, v text, updated_at timestamptz DEFAULT now());
CREATE TABLE codes (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE lines (v text);
CREATE TABLE chain (id int PRIMARY KEY, up int REFERENCES chain ON DELETE CASCADE);
INSERT INTO chain SELECT g, nullif(g - 1, 0) FROM generate_series(1, 30) g;
UPDATE chain SET up = NULL WHERE id = 21;
CREATE TABLE teams (id int PRIMARY KEY, led int);
CREATE TABLE players (id int PRIMARY KEY, team int REFERENCES teams ON DELETE CASCADE);
ALTER TABLE teams ADD CONSTRAINT led FOREIGN KEY (led) REFERENCES players ON DELETE CASCADE;
INSERT INTO teams SELECT g FROM generate_series(1, 5) g;
INSERT INTO players SELECT g, g FROM generate_series(1, 5) g;
UPDATE teams SET led = id;
INSERT INTO owners SELECT g FROM generate_series(1, 100) g;
INSERT INTO t SELECT g, g % 100 + 1, 'base', '2026-01-01' FROM generate_series(1, 3000) g;
INSERT INTO codes SELECT g, 'c' || g FROM generate_series(1, 50) g;
INSERT INTO lines SELECT 'line ' || g % 40 FROM generate_series(1, 100) g;
SQL
    init_pair
    run_dbr failover --force --yes
    exits 0
    standin_tell reset
}
teardown() {
    standin_tell reset
    [ ! -e writer.pid ] || kill "$(cat writer.pid)" 2>/dev/null || true
    pair_teardown
}

# What the primary was told that the secondary never saw.
p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }
# As the application sees it, through the stand-in.
app() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$P2_URL" "$@"; }

strand() {
    p1w -c "INSERT INTO t SELECT 100000 + g, 1, 'stranded' FROM generate_series(1, $1) g" -c "UPDATE t SET v = 'p', updated_at = '2026-02-02' WHERE id <= 10" \
        -c "DELETE FROM t WHERE id BETWEEN 11 AND 20" -c "INSERT INTO lines VALUES ('line 1'), ('new')"
}
stranded_came() {
    is "$(p1 -c "SELECT count(*) FROM t WHERE v = 'stranded'")" "$1"
    is "$(p1 -c "SELECT count(*) FROM t WHERE id <= 20")" 10
    is "$(p1 -c "SELECT count(*) FROM lines WHERE v IN ('line 1', 'new')")" 5
    run_dbr sync
    exits 0
    in_step
}

@test "what is too large for the server is written in smaller transactions" {
    strand 3000
    standin_tell inject statement 53200 3 'INSERT INTO "public"."t"'
    standin_tell inject commit deadline 2
    run_dbr failback --yes --json
    exits 0
    json_true '.retries >= 2'
    standin_tell reset
    stranded_came 3000
}

# Each transaction reads what the merge writes, and writes what it reads.
writes() {
    local n=0
    while [ ! -e stop ]; do
        n=$((n + 1))
        app -c "BEGIN; SELECT count(*) FROM t; SELECT count(*) FROM lines; SELECT count(*) FROM owners; INSERT INTO t (id, owner, v) VALUES ($((200000 + n)), 2, 'w');
            UPDATE owners SET n = n + 1 WHERE id = 7; COMMIT" >/dev/null 2>&1 && echo "$n" >>written
    done
}

@test "an application that reads and writes every table all the time" {
    strand 2000
    (writes) 3>&- &
    echo $! >writer.pid
    wait_for 10 test -e written
    run_dbr failback --yes
    exits 0
    touch stop
    wait_for 20 eval '! kill -0 $(cat writer.pid) 2>/dev/null'
    is "$(p1 -c "SELECT count(*) FROM t WHERE v = 'w'")" "$(wc -l <written)"
    is "$(p1 -c "SELECT n FROM owners WHERE id = 7")" "$(wc -l <written)"
    stranded_came 2000
}

waits() { [ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 0 ]; }

# The application has not committed when the merge decides, and has when it writes.
@test "rows that the application changes meanwhile are decided anew" {
    strand 10
    p1w -c "DELETE FROM t WHERE owner = 50" -c "DELETE FROM owners WHERE id = 50"
    session_open app "$P2_URL"
    session app "BEGIN ISOLATION LEVEL SERIALIZABLE"
    session app "UPDATE t SET v = 'app', updated_at = '2026-03-03' WHERE id IN (1, 2, 11)"
    session app "DELETE FROM t WHERE id = 3"
    session app "INSERT INTO t VALUES (100001, 3, 'app')"
    session app "INSERT INTO t VALUES (300000, 50, 'child')"
    start_dbr failback --yes --json
    wait_for 20 waits
    session app "COMMIT"
    finish_dbr
    exits 0
    cp "$RUNS/$RUN.out" merged.json
    session_close app
    is "$(p1 -c "SELECT string_agg(id || v, ' ' ORDER BY id) FROM t WHERE id < 15 OR v IN ('app', 'child')")" \
        "1app 2app 4p 5p 6p 7p 8p 9p 10p 11app 100001app 300000child"
    is "$(p1 -c "SELECT count(*) FROM owners WHERE id = 50")" 1
    is "$(gzip -dc "$STATE_DIR"/salvage/*-merge-*.gz | jq -r 'select(.reason == "conflict") | "\(.key.id)\(.lost.v)"' | sort -n | paste -sd ' ')" "1p 2p 3p 100001stranded"
    run_dbr sync
    exits 0
    in_step
}

@test "unique values that the primary has swapped" {
    p1w -c "UPDATE codes SET code = 'x' WHERE id = 1" -c "UPDATE codes SET code = 'c1' WHERE id = 2" -c "UPDATE codes SET code = 'c2' WHERE id = 1"
    run_dbr failback --yes
    exits 0
    is "$(p1 -c "SELECT string_agg(code, ' ' ORDER BY id) FROM codes WHERE id < 4")" "c2 c1 c3"
    run_dbr sync
    in_step
}

@test "rows that refer to each other in a circle, and in a chain, are deleted and added" {
    p1w <<'SQL'
INSERT INTO chain VALUES (101, NULL), (102, 101), (103, 102), (104, 103);
DELETE FROM chain WHERE id <= 20;
DELETE FROM players WHERE id <= 3;
DELETE FROM teams WHERE id <= 3;
SQL
    run_dbr failback --yes
    exits 0
    is "$(p1 -c "SELECT count(*) FROM chain")" 14
    is "$(p1 -c "SELECT count(*) FROM teams")/$(p1 -c "SELECT count(*) FROM players")" 2/2
    run_dbr sync
    in_step
}

@test "a merge that is given up says what to do, and the next one does the rest" {
    strand 3000
    standin_tell inject statement 40001 1000 'DELETE FROM "public"."t"'
    DBR_TEST_TIMEOUT=180 run_dbr failback --yes
    exits 1
    stderr_has "restart transaction" "run the program again"
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" secondary
    standin_tell reset
    app -c "UPDATE t SET v = 'served', updated_at = '2099-01-01' WHERE id = 100001"
    run_dbr failback --yes
    exits 0
    is "$(p1 -c "SELECT v FROM t WHERE id = 100001")" served
    stranded_came 2999
}
