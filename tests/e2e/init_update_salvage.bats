#!/usr/bin/env bats
# Proves: what --update --force drops or retypes is in a salvage file before it is gone, whichever database it is dropped on.

load ../lib/helper

setup() { pair_setup empty; }
teardown() { pair_teardown; }

# lost TABLE: "key lost" of its lines with reason "drop", sorted.
lost() {
    zcat "$STATE_DIR"/salvage/*-update-*.jsonl.gz | jq -csS "map(select(.table == \"$1\" and .reason == \"drop\" and .kept == null) | [.key, .lost]) | sort[]"
}

@test "after a forced failover: tables and columns that only the primary has" {
    p1 -c "CREATE TABLE nou (id int PRIMARY KEY, v text)" -c "INSERT INTO nou VALUES (1, 'one'), (2, 'two')" \
        -c "CREATE TABLE loose (v text)" -c "INSERT INTO loose VALUES ('a')"
    init_pair
    p1 -c "ALTER TABLE nou ADD COLUMN extra text" -c "UPDATE nou SET extra = 'e1' WHERE id = 1" -c "INSERT INTO nou VALUES (9001, 'P', 'ex')" \
        -c "CREATE TABLE newt (id serial PRIMARY KEY, v text)" -c "INSERT INTO newt (v) VALUES ('only here')" \
        -c "ALTER TABLE loose ADD COLUMN more jsonb" -c "UPDATE loose SET more = '{\"a\": 1}'"
    run_dbr failover --force --yes
    exits 0
    p2 -c "INSERT INTO nou VALUES (3, 'served')"
    run_dbr init-secondary --update
    exits 5
    run_dbr init-secondary --update --force
    exits 0
    stdout_has "column nou.extra" "table newt" "kept: 4 rows" salvage
    is "$(lost newt)" '[{"id":1},{"id":1,"v":"only here"}]'
    is "$(lost nou)" "$(printf '%s\n' '[{"id":1},{"extra":"e1"}]' '[{"id":9001},{"extra":"ex"}]')"
    is "$(lost loose)" '[{},{"more":{"a":1},"v":"a"}]'
    # The row itself went with the sync that followed.
    is "$(zcat "$STATE_DIR"/salvage/*-init-*.jsonl.gz | jq -c 'select(.table == "nou") | .lost')" '{"id":9001,"v":"P"}'
    same_schema
    in_step
}

@test "on the secondary: a dropped table, a retyped column, a generated one, partitions and children" {
    needs_postgres "partitions and inheritance are not carried to CockroachDB"
    p1 -c "CREATE TABLE gone (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)" -c "CREATE TABLE gone_1 PARTITION OF gone FOR VALUES FROM (0) TO (10)" \
        -c "CREATE TABLE part (id int PRIMARY KEY, v text, w int) PARTITION BY RANGE (id)" -c "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)" \
        -c "CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20)" \
        -c "CREATE TABLE base (id int PRIMARY KEY, w int)" -c "CREATE TABLE child (PRIMARY KEY (id)) INHERITS (base)" \
        -c "CREATE TABLE t (id int PRIMARY KEY, v text, twice int GENERATED ALWAYS AS (id * 2) STORED)" -c "CREATE TABLE named (id int PRIMARY KEY, a text)" \
        -c "INSERT INTO named VALUES (1, 'a')" \
        -c "INSERT INTO gone VALUES (1, 'g')" -c "INSERT INTO part VALUES (1, 'p', 7), (11, 'q', 8)" \
        -c "INSERT INTO base VALUES (1, 3)" -c "INSERT INTO child VALUES (2, 4)" -c "INSERT INTO t (id, v) VALUES (1, '007'), (2, NULL)"
    init_pair
    p1 -c "DROP TABLE gone" -c "ALTER TABLE part DROP COLUMN w" -c "DROP TABLE part_2" -c "ALTER TABLE base DROP COLUMN w" \
        -c "ALTER TABLE t DROP COLUMN twice" -c "ALTER TABLE t ALTER COLUMN v TYPE int USING v::int" -c "ALTER TABLE named RENAME COLUMN a TO b"
    run_dbr init-secondary --update --force --json
    exits 0
    is "$(json .salvage)" "$(echo "$STATE_DIR"/salvage/*-update-*)"
    is "$(lost gone)" '[{"id":1},{"id":1,"v":"g"}]'
    is "$(lost gone_1)" ""
    is "$(lost part)" "$(printf '%s\n' '[{"id":1},{"w":7}]' '[{"id":11},{"w":8}]')"
    is "$(lost part_2)" '[{"id":11},{"id":11,"v":"q","w":8}]'
    is "$(lost base)" '[{"id":1},{"w":3}]'
    is "$(lost child)" '[{"id":2},{"w":4}]'
    is "$(lost t)" '[{"id":1},{"v":"007"}]'
    is "$(lost named)" ""
    same_schema
    in_step
}

@test "what holds nothing leaves no file, and a file that cannot be written drops nothing" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, w text)" -c "CREATE TABLE none (id int PRIMARY KEY)" -c "INSERT INTO t (id, v) VALUES (1, 'v')"
    init_pair
    p1 -c "ALTER TABLE t DROP COLUMN w" -c "DROP TABLE none"
    run_dbr init-secondary --update --force
    exits 0
    stdout_lacks "kept:"
    is "$(find "$STATE_DIR" -path '*/salvage/*')" ""
    p1 -c "ALTER TABLE t DROP COLUMN v"
    rm -rf "$STATE_DIR/salvage"
    touch "$STATE_DIR/salvage"
    run_dbr init-secondary --update --force
    exits 2
    stderr_has "keeping the rows of table t"
    is "$(p2 -c "SELECT v FROM t")" v
}
