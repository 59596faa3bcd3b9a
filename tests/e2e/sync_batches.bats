#!/usr/bin/env bats
# Proves: batches of any size bring the same, at every boundary: first, last, exactly full, one more, one key twice.

load ../lib/helper
setup() { pair_setup empty; }
teardown() { pair_teardown; }

@test "batch sizes around the number of rows" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE, v text)" -c "INSERT INTO t SELECT i, i, 'v' || i FROM generate_series(1, 100) i"
    init_pair
    for size in 1 2 3 9 10 11 99 100 101 100000; do
        p1 -c "UPDATE t SET v = v || '.'" -c "DELETE FROM t WHERE id = (SELECT max(id) FROM t)" -c "INSERT INTO t SELECT 1000 + $size, 1000 + $size, 'new'"
        out_of_step
        run_dbr sync --batch-size "$size"
        exits 0
        same_rows
    done
    in_step
}

@test "a batch size that is no number" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)"
    init_pair
    for size in 0 -5 many 10k 99999999999999999999 ""; do
        run_dbr sync --batch-size="$size"
        exits 2
        stderr_has batch-size
    done
    env_set DB_SYNC_BATCH_SIZE lots
    run_dbr sync
    exits 2
    stderr_has DB_SYNC_BATCH_SIZE
}

@test "many tables, empty tables, one row tables" {
    p1 -c "DO \$\$ BEGIN FOR i IN 1..200 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, v text, updated_at timestamp DEFAULT now())', i);
        IF i % 3 = 0 THEN EXECUTE format('INSERT INTO t%s SELECT j, ''v'' FROM generate_series(1, %s) j', i, i % 7); END IF; END LOOP; END \$\$"
    init_pair
    p1 -c "DO \$\$ BEGIN FOR i IN 1..200 BY 5 LOOP EXECUTE format('INSERT INTO t%s VALUES (100, ''new'')', i); END LOOP; END \$\$"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .inserted 40
    in_step
}

@test "100,000 rows, of which scattered ones differ" {
    p1 -c "CREATE TABLE t (id bigint PRIMARY KEY, v text, updated_at timestamp DEFAULT '2026-01-01')" -c "INSERT INTO t SELECT i * 7, md5(i::text) FROM generate_series(1, 100000) i"
    init_pair
    p1 -c "UPDATE t SET v = 'changed' WHERE id % 9973 = 0" -c "DELETE FROM t WHERE id % 7919 = 0" -c "INSERT INTO t SELECT i * 7000 + 3, 'between' FROM generate_series(0, 99) i" \
        -c "INSERT INTO t VALUES (-9, 'first'), (9000000, 'last')" -c "DELETE FROM t WHERE id IN (7, 700000)"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "a dense block of differences in a large table, with a text key" {
    p1 -c "CREATE TABLE t (k text PRIMARY KEY, v int)" -c "INSERT INTO t SELECT md5(i::text), i FROM generate_series(1, 50000) i"
    init_pair
    p1 -c "UPDATE t SET v = -v WHERE v BETWEEN 20000 AND 24000" -c "DELETE FROM t WHERE v BETWEEN 100 AND 2000"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "a key that is deleted and made again while its neighbours go" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text)" -c "INSERT INTO t SELECT i, 'v' FROM generate_series(1, 60) i"
    init_pair
    p1 -c "DELETE FROM t WHERE id BETWEEN 8 AND 12" -c "INSERT INTO t VALUES (10, 'again')" -c "UPDATE t SET id = 9 WHERE id = 30"
    run_dbr sync --batch-size 2
    exits 0
    in_step
}
