#!/usr/bin/env bats
# The application goes on writing to the secondary while a merge runs, and the merge may be killed: every write that was
# acknowledged is there in the end, on both databases.

load ../lib/helper

ROWS=20000

setup() {
    pair_setup empty
    p1 -c "CREATE TABLE owners (id int PRIMARY KEY, n int)" \
        -c "CREATE TABLE t (id serial PRIMARY KEY, owner int REFERENCES owners, v text, n int DEFAULT 0, updated_at timestamptz DEFAULT now())" \
        -c "INSERT INTO owners SELECT g, 0 FROM generate_series(1, 100) g" \
        -c "INSERT INTO t (owner, v) SELECT g % 100 + 1, 'base' FROM generate_series(1, $ROWS) g"
}
teardown() {
    [ ! -e writer.pid ] || kill "$(cat writer.pid)" 2>/dev/null || true
    pair_teardown
}

p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }

forced() {
    init_pair
    run_dbr failover --force --yes
    exits 0
}

# The application: adds rows, counts up existing ones, adds and removes owners. Each statement that was acknowledged is noted.
write_on() {
    local n=0
    while :; do
        n=$((n + 1))
        p2 -c "INSERT INTO t (owner, v) VALUES ($((n % 100 + 1)), 'w$n')" 2>/dev/null && echo "$n" >>inserted
        p2 -c "UPDATE t SET n = n + 1, updated_at = clock_timestamp() WHERE id = 7" 2>/dev/null && echo "$n" >>counted
        [ ! -e stop ] || break
    done
}

start_writer() {
    (write_on) 3>&- &
    echo $! >writer.pid
    wait_for 10 test -e counted
}

stop_writer() {
    touch stop
    wait_for 20 writer_gone
}
writer_gone() { ! kill -0 "$(cat writer.pid)" 2>/dev/null; }

# Sequences of the database that was opened were moved beyond every id: the standby hears of it with the next sync.
synced() {
    run_dbr sync
    exits 0
    in_step
}

nothing_lost() {
    is "$(p1 -c "SELECT count(*) FROM t WHERE v LIKE 'w%'")" "$(wc -l <inserted)"
    is "$(p1 -c "SELECT n FROM t WHERE id = 7")" "$(wc -l <counted)"
    is "$(p1 -c "SELECT count(*) FROM t WHERE v = 'p'")" 1000
    is "$(p1 -c "SELECT count(*) FROM t WHERE owner NOT IN (SELECT id FROM owners)")" 0
}

merges_under_writes() {
    forced
    p1w -c "UPDATE t SET v = 'p', updated_at = now() WHERE id BETWEEN 1000 AND 1999" -c "UPDATE t SET n = 1000, updated_at = '2020-01-01' WHERE id = 7"
    start_writer
    run_dbr failback --yes
    exits 0
    stop_writer
    synced
    nothing_lost
}

@test "writes to the secondary during a merge" { merges_under_writes; }

@test "writes to the secondary during a merge, foreign keys unchecked" {
    as_superuser
    merges_under_writes
}

@test "a parent that the application deletes while its child comes" {
    as_superuser
    forced
    p1w -c "INSERT INTO t (id, owner, v) SELECT 100000 + g, 100, 'p' FROM generate_series(1, 1000) g"
    p2 -c "DELETE FROM t WHERE owner = 100"
    session_open app "$P2_URL"
    session app "BEGIN"
    session app "DELETE FROM owners WHERE id = 100"
    start_dbr failback --yes
    sleep 1
    session app "COMMIT"
    finish_dbr
    exits 0
    session_close app
    synced
    is "$(p1 -c "SELECT count(*) FROM owners WHERE id = 100")" 1
    is "$(p1 -c "SELECT count(*) FROM t WHERE owner NOT IN (SELECT id FROM owners)")" 0
}

child_comes() {
    forced
    p1w -c "DELETE FROM t WHERE owner = 50" -c "DELETE FROM owners WHERE id = 50"
    session_open app "$P2_URL"
    session app "BEGIN"
    session app "INSERT INTO t (owner, v) VALUES (50, 'app')"
    start_dbr failback --yes
    sleep 1
    session app "COMMIT"
    finish_dbr
    exits 0
    session_close app
    synced
    is "$(p1 -c "SELECT string_agg(v, ' ') FROM t WHERE owner = 50")" app
    is "$(p1 -c "SELECT count(*) FROM owners WHERE id = 50")" 1
}

@test "a child that the application adds while its parent goes" { child_comes; }

@test "a child that comes while its parent goes, foreign keys unchecked" {
    as_superuser
    child_comes
}

@test "a merge that is killed is begun again, or has been done" {
    local delay
    forced
    p1w -c "UPDATE t SET v = 'p', updated_at = now() WHERE id BETWEEN 1000 AND 1999" -c "INSERT INTO t (id, owner, v) SELECT 100000 + g, 1, 'stranded' FROM generate_series(1, 5000) g"
    p2 -c "UPDATE t SET v = 's', updated_at = '2020-01-01' WHERE id = 1500" -c "DELETE FROM t WHERE id = 3"
    : >inserted
    : >counted
    for delay in 0.1 0.2 0.3 0.4 0.5 0.6 0.8; do
        start_dbr failback --yes
        sleep $delay
        kill -KILL "$PID" 2>/dev/null || true
        wait "$PID" || true
    done
    run_dbr failback --yes
    exits 0
    synced
    nothing_lost
    is "$(p1 -c "SELECT count(*) FROM t WHERE v = 'stranded'")" 5000
    is "$(p1 -c "SELECT count(*) FROM t WHERE id = 3")" 0
}
