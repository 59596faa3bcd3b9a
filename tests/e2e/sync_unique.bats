#!/usr/bin/env bats
# Proves: unique values that move between rows (swaps, chains, a value freed by a delete, changes across batches) arrive.

load ../lib/helper
setup() {
    pair_setup empty
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, u text NOT NULL UNIQUE, v int, updated_at timestamp DEFAULT now())" \
        -c "INSERT INTO t SELECT i, 'u' || i, i FROM generate_series(1, 300) i" \
        -c "CREATE TABLE child (id int PRIMARY KEY, t int REFERENCES t (id), by_u text REFERENCES t (u) ON UPDATE CASCADE)" \
        -c "INSERT INTO child SELECT i, i, 'u' || i FROM generate_series(1, 50) i"
}
teardown() { pair_teardown; }

changed() {
    init_pair
    printf '%s;\n' "BEGIN" "$@" "COMMIT" | p1
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "two rows swap a unique value" {
    changed "UPDATE t SET u = 'tmp' WHERE id = 100" "UPDATE t SET u = 'u100' WHERE id = 101" "UPDATE t SET u = 'u101' WHERE id = 100"
}

@test "two rows that others refer to swap a unique value" {
    changed "UPDATE t SET u = 'tmp' WHERE id = 1" "UPDATE t SET u = 'u1' WHERE id = 2" "UPDATE t SET u = 'u2' WHERE id = 1"
}

@test "a chain: every row takes its neighbour's value" {
    changed "UPDATE t SET u = 'x' || u WHERE id > 50" "UPDATE t SET u = 'u' || 51 + (id - 50) % 250 WHERE id > 50"
}

@test "a chain across batches of three rows" {
    env_set DB_SYNC_BATCH_SIZE 3
    changed "UPDATE t SET u = 'x' || u WHERE id > 50" "UPDATE t SET u = 'u' || 51 + (id - 50) % 250 WHERE id > 50"
}

@test "a value freed by a delete is taken by a new and by an old row" {
    changed "DELETE FROM t WHERE id IN (200, 201)" "INSERT INTO t VALUES (1000, 'u200', 0)" "UPDATE t SET u = 'u201' WHERE id = 60"
}

@test "a value freed by an update is taken by a new row of a smaller key" {
    changed "UPDATE t SET u = 'free' WHERE id = 250" "INSERT INTO t VALUES (-5, 'u250', 0)"
}

@test "a stray row on the standby holds the value" {
    init_pair
    p2w -c "INSERT INTO t VALUES (5000, 'wanted', 0)" -c "UPDATE t SET u = 'wanted too' WHERE id = 90"
    p1 -c "INSERT INTO t VALUES (400, 'wanted', 1)" -c "UPDATE t SET u = 'wanted too' WHERE id = 91"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "exclusion constraints and composite unique keys with swaps" {
    p1 -c "CREATE TABLE rooms (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&))" -c "INSERT INTO rooms SELECT i, int4range(i * 10, i * 10 + 10) FROM generate_series(1, 20) i" \
        -c "CREATE TABLE seats (id int PRIMARY KEY, y int, x int, UNIQUE (y, x))" -c "INSERT INTO seats SELECT i, i / 10, i % 10 FROM generate_series(0, 99) i"
    changed "UPDATE rooms SET r = int4range(1000, 1010) WHERE id = 1" "UPDATE rooms SET r = int4range(10, 20) WHERE id = 2" "UPDATE rooms SET r = int4range(20, 30) WHERE id = 1" \
        "UPDATE seats SET y = y + 100" "UPDATE seats SET y = 109 - y"
}

@test "a deferred unique constraint" {
    p1 -c "CREATE TABLE ranked (id int PRIMARY KEY, place int UNIQUE DEFERRABLE INITIALLY DEFERRED)" -c "INSERT INTO ranked SELECT i, i FROM generate_series(1, 40) i"
    changed "UPDATE ranked SET place = 41 - place"
}

@test "swaps in a table without foreign keys, many at once, with --full" {
    p1 -c "CREATE TABLE lone (id int PRIMARY KEY, u int UNIQUE)" -c "INSERT INTO lone SELECT i, i FROM generate_series(1, 3000) i"
    init_pair
    p1 -c "UPDATE lone SET u = -u" -c "UPDATE lone SET u = 3001 + u"
    out_of_step
    run_dbr sync --full
    exits 0
    in_step
}

@test "no moment of a sync of swaps lacks a row" {
    p1 -c "CREATE TABLE lone (id int PRIMARY KEY, u int NOT NULL UNIQUE)" -c "INSERT INTO lone SELECT i, i FROM generate_series(1, 20000) i"
    init_pair
    p1 -c "UPDATE lone SET u = -u" -c "UPDATE lone SET u = 1 - u % 20000"
    start_dbr sync
    while kill -0 "$PID" 2>/dev/null; do
        is "$(p2 -c "SELECT count(*) FROM lone")" 20000
    done
    finish_dbr
    exits 0
    same_rows
}
