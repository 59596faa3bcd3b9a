#!/usr/bin/env bats
# Proves: what the application does with rows that a merge into CockroachDB has brought over already, while it goes on or after it was
# broken off, is not taken for something of before the failover. Needs Go.

load ../lib/helper

setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }
setup() {
    pair_setup empty
    env_set DB_MAX_DELETE_PERCENT 100
    standin_tell reset
}
teardown() { pair_teardown; }

# jobs 100 and 101 and three flags come from the primary; rows of t are deleted there, one of which a session holds.
brought() {
    p1 -c "CREATE TABLE flags (id int PRIMARY KEY, is_on boolean NOT NULL)" -c "CREATE TABLE jobs (id int PRIMARY KEY, what text, doc jsonb)" \
        -c "CREATE TABLE held (id int PRIMARY KEY, v text, updated_at timestamptz DEFAULT now())" \
        -c "INSERT INTO flags SELECT g, false FROM generate_series(1, 20) g" -c "INSERT INTO jobs SELECT g, 'base' FROM generate_series(1, 5) g" \
        -c "INSERT INTO held SELECT g, 'base', '2026-01-01' FROM generate_series(1, 300) g"
    init_pair
    run_dbr failover --force --yes
    exits 0
    PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" -c "INSERT INTO jobs VALUES (100, 'pay 5 EUR', '{}'), (101, 'pay 7 EUR', NULL)" \
        -c "UPDATE flags SET is_on = true WHERE id <= 3" -c "DELETE FROM held WHERE id BETWEEN 11 AND 20"
}
came() { [ "$(p2 -c "SELECT count(*) FROM jobs WHERE id >= 100")" = 2 ]; }
waits() { [ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 0 ]; }
# A failback that is killed where it waits for a row, and has brought over others.
broken_off() {
    session_open lock "$P2_URL"
    session lock "BEGIN"
    session lock "SELECT 1 FROM held WHERE id = 11 FOR UPDATE"
    start_dbr failback --yes
    wait_for 30 came || fail "no wave was committed"
    wait_for 30 waits || fail "it does not wait"
    kill -KILL "$PID"
    finish_dbr
    session lock "ROLLBACK"
    session_close lock
}
serve() { sql "$P2_URL" -c "DELETE FROM jobs WHERE id = 100" -c "UPDATE flags SET is_on = false WHERE id = 1"; }
served() {
    is "$(p1 -c "SELECT string_agg(id::text, ' ' ORDER BY id) FROM jobs")" "1 2 3 4 5 101"
    is "$(p1 -c "SELECT string_agg(id::text, ' ' ORDER BY id) FROM flags WHERE is_on")" "2 3"
    run_dbr sync
    in_step
}

@test "a merge that is broken off: what the application has done with its rows since is not undone" {
    brought
    broken_off
    serve
    run_dbr failback --yes
    exits 0
    served
}

@test "a reply that the application edits meanwhile keeps what it replies to" {
    local rest="SELECT string_agg(id || body, ' ' ORDER BY id) FROM comments WHERE id < 10"
    p1 -c "CREATE TABLE comments (id int PRIMARY KEY, parent int REFERENCES comments ON DELETE CASCADE, body text, updated_at timestamptz DEFAULT '2026-01-01')" \
        -c "INSERT INTO comments VALUES (1, NULL, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, NULL, 'd'), (5, 4, 'e')" -c "INSERT INTO comments SELECT g, NULL, 'f' FROM generate_series(10, 300) g"
    init_pair
    run_dbr failover --force --yes
    exits 0
    PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" -c "DELETE FROM comments WHERE id IN (1, 4)"
    session_open app "$P2_URL"
    session app "BEGIN"
    session app "UPDATE comments SET body = 'mine', updated_at = '2099-01-01' WHERE id = 3"
    start_dbr failback --yes --json
    wait_for 30 waits || fail "it does not wait"
    session app "COMMIT"
    session_close app
    finish_dbr
    exits 0
    is "$(p1 -c "$rest")" "1a 2b 3mine"
    is "$(p2 -c "$rest")" "1a 2b 3mine"
    json_is ".merge.kept" 2
}

@test "rows without a key: neither is that" {
    local rest="SELECT string_agg(v, ' ' ORDER BY v) FROM lines"
    p1 -c "CREATE TABLE lines (v text, doc jsonb)" -c "INSERT INTO lines VALUES ('a'), ('a'), ('b')"
    brought
    PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" -c "INSERT INTO lines VALUES ('new', '{}'), ('new', '{}'), ('a', NULL)" -c "DELETE FROM lines WHERE v = 'b'"
    broken_off
    has "$(p2 -c "$rest")" "the secondary" "a a a" "new new"
    p2 -c "DELETE FROM lines WHERE v = 'new'" -c "INSERT INTO lines VALUES ('app')"
    serve
    run_dbr failback --yes --json
    exits 0
    is "$(p1 -c "$rest")" "a a a app"
    json_is .conflicts 0
    served
}

@test "a merge in two rounds: neither is it between them" {
    brought
    session_open lock "$P2_URL"
    session lock "BEGIN ISOLATION LEVEL SERIALIZABLE"
    session lock "UPDATE held SET v = 'app', updated_at = now() WHERE id = 11"
    start_dbr failback --yes
    wait_for 30 came || fail "no wave was committed"
    wait_for 30 waits || fail "it does not wait"
    serve
    session lock "COMMIT"
    session_close lock
    finish_dbr
    exits 0
    served
}

@test "a merge in two rounds: what is overwritten in either is counted once, and salvaged" {
    p1 -c "CREATE TABLE acct (id int PRIMARY KEY, v text, updated_at timestamptz DEFAULT now())" -c "CREATE TABLE lines (v text)" \
        -c "CREATE TABLE subs (id int PRIMARY KEY, acct int REFERENCES acct, v text)" -c "INSERT INTO lines VALUES ('a'), ('b'), ('b')" \
        -c "INSERT INTO acct SELECT g, 'base', '2026-01-01' FROM generate_series(1, 300) g" -c "INSERT INTO subs VALUES (1, 1, 'base')"
    init_pair
    run_dbr failover --force --yes
    exits 0
    PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" -c "UPDATE acct SET v = 'p', updated_at = '2099-01-01' WHERE id IN (11, 12, 13)" \
        -c "INSERT INTO subs VALUES (2, 200, 'p'), (3, 3, 'p')" -c "INSERT INTO lines VALUES ('a'), ('c'), ('c')" -c "DELETE FROM lines WHERE v = 'b'"
    p2 -c "UPDATE acct SET v = 's', updated_at = '2026-02-02' WHERE id IN (12, 14)" -c "DELETE FROM acct WHERE id IN (13, 200)"
    session_open lock "$P2_URL"
    session lock "BEGIN ISOLATION LEVEL SERIALIZABLE"
    session lock "UPDATE acct SET v = 'the application wrote this', updated_at = now() WHERE id = 11"
    start_dbr failback --yes --json
    wait_for 30 waits || fail "it does not wait"
    session lock "COMMIT"
    session_close lock
    finish_dbr
    exits 0
    # 11 is a conflict of the second round, 12 and 13 were of the first; 200 is kept for its child.
    json_is '.merge | "\(.conflicts) \(.kept)"' "4 1"
    json_is '.merge.toSecondary | "\(.inserted) \(.updated) \(.deleted)"' "7 2 2"
    json_is '.merge.tables[] | select(.name == "lines").toSecondary | "\(.inserted) \(.updated) \(.deleted)"' "3 0 2"
    is "$(gzip -dc "$STATE_DIR"/salvage/*-merge-*.gz | jq -r 'select(.table == "acct") | "\(.key.id) \(.lost.v)"' | sort | paste -sd ';')" \
        "11 the application wrote this;12 s"
    is "$(p1 -c "SELECT string_agg(v, ' ' ORDER BY id) FROM acct WHERE id IN (11, 12, 13, 14, 200)")" "p p p s base"
    run_dbr sync
    exits 0
    in_step
}

@test "an application that is never quiet: refused in the end, and no row goes with another" {
    local i
    p1 -c "CREATE TABLE owners (id int PRIMARY KEY, n int DEFAULT 0, updated_at timestamptz DEFAULT now())" \
        -c "CREATE TABLE t (id int PRIMARY KEY, owner int NOT NULL REFERENCES owners ON DELETE CASCADE, v text)" \
        -c "CREATE TABLE codes (id int PRIMARY KEY, code text UNIQUE, n int DEFAULT 0, updated_at timestamptz DEFAULT now())" \
        -c "INSERT INTO codes SELECT g, 'c' || g FROM generate_series(1, 9) g" -c "INSERT INTO owners SELECT g FROM generate_series(1, 10) g" \
        -c "INSERT INTO t SELECT g, g % 10 + 1, 'base' FROM generate_series(1, 300) g"
    init_pair
    run_dbr failover --force --yes
    exits 0
    PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" -c "UPDATE owners SET n = 100000, updated_at = '2099-01-01' WHERE id IN (5, 6)" \
        -c "UPDATE codes SET code = 'x', updated_at = '2099-01-01' WHERE id = 1" -c "UPDATE codes SET code = 'c1' WHERE id = 2" \
        -c "UPDATE codes SET code = 'c2' WHERE id = 1"
    yes "UPDATE owners SET n = n + 1 WHERE id = 5; UPDATE codes SET n = n + 1 WHERE id = 1; SELECT pg_sleep(0.004);" | head -n 4000 >busy.sql
    psql -X -q -At -d "$P2_URL" -f busy.sql >/dev/null 2>&1 3>&- &
    echo $! >busy.pid
    DBR_TEST_TIMEOUT=120 run_dbr failback --yes
    kill "$(cat busy.pid)" 2>/dev/null || true
    wait || true
    # It may get through all the same, or says who is in the way. What must not be is a child that went with its parent, or a row that
    # nobody wrote meanwhile and that was left.
    case $status in
    0) ;;
    1) stderr_has "could not serialize access" "given up after" "others write the same rows" ;;
    5) stderr_has "cannot be merged while the application changes the rows" "run this again when the application is quieter" ;;
    *) fail "exit status $status" ;;
    esac
    is "$(p2 -c "SELECT n FROM owners WHERE id = 6")" 100000
    is "$(p2 -c "SELECT count(*) FROM t")" 300
    is "$(p1 -c "SELECT count(*) FROM t")" 300
    run_dbr failback --yes
    exits 0
    is "$(p1 -c "SELECT count(*) FROM t")" 300
    is "$(p1 -c "SELECT string_agg(code, ' ' ORDER BY id) FROM codes WHERE id < 3")" "c2 c1"
    run_dbr sync
    in_step
}
