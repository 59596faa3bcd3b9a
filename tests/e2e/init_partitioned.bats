#!/usr/bin/env bats
# Proves: partitioned tables, nested and with a default partition, are copied beside others by several workers and stay in step; every
# row lies in the same partition on both sides.

load ../lib/helper
setup() {
    pair_setup empty
    p1 -c "CREATE TABLE p (id int, k int, t text, PRIMARY KEY (id, k)) PARTITION BY LIST (k)" \
        -c "CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1)" \
        -c "CREATE TABLE p_2 PARTITION OF p FOR VALUES IN (2) PARTITION BY RANGE (id)" \
        -c "CREATE TABLE p_2_low PARTITION OF p_2 FOR VALUES FROM (1) TO (10000)" -c "CREATE TABLE p_2_rest PARTITION OF p_2 DEFAULT" \
        -c "CREATE TABLE p_rest PARTITION OF p DEFAULT" \
        -c "INSERT INTO p SELECT i, i % 4, md5(i::text) FROM generate_series(1, 40000) i"
    for name in q r s; do
        p1 -c "CREATE TABLE $name (id int PRIMARY KEY, t text)" -c "INSERT INTO $name SELECT i, md5(i::text) FROM generate_series(1, 20000) i"
    done
}
teardown() { pair_teardown; }

# One table is all that CockroachDB has of them.
same_partitions() {
    local name
    ! on_standin || return 0
    for name in p p_1 p_2 p_2_low p_2_rest p_rest; do
        is "$(p2 -c "SELECT count(*), md5(string_agg(x::text, ',' ORDER BY id)) FROM ONLY $name AS x")" \
            "$(p1 -c "SELECT count(*), md5(string_agg(x::text, ',' ORDER BY id)) FROM ONLY $name AS x")"
    done
}

@test "a large partitioned table is copied by four workers" {
    [ "$(p1 -c "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('p')")" -gt 262144 ]
    run_dbr init-secondary --jobs 4 --json
    exits 0
    json_is '.tables[] | select(.name == "p") | .rows, .verified' "40000
true"
    same_partitions
    in_step
}

@test "rows that move between partitions are followed" {
    init_pair --jobs 4
    p1 -c "DELETE FROM p WHERE id % 100 = 0" -c "UPDATE p SET t = 'x' WHERE id % 101 = 0" -c "UPDATE p SET k = 2 WHERE id % 103 = 0 AND k = 1"
    out_of_step
    run_dbr sync
    exits 0
    same_partitions
    in_step
}
