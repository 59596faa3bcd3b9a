#!/usr/bin/env bats
# Proves: a sync into a database that refuses transactions, loses answers and drops connections ends with both the same, counts
# what it changed once, salvages what it overwrote once, and goes on where an earlier run was killed.

load ../lib/helper
setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }

setup() {
    pair_setup empty
    p1 <<'SQL'
CREATE TABLE parent (id int PRIMARY KEY, t text, updated_at timestamptz DEFAULT now());
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent (id), t text);
CREATE TABLE plain (n int, t text);
INSERT INTO parent SELECT i, 'p' || i FROM generate_series(1, 3000) i;
INSERT INTO child SELECT i, 1 + i % 3000, 'c' || i FROM generate_series(1, 3000) i;
INSERT INTO plain SELECT i / 3, 'same' FROM generate_series(1, 3000) i;
SQL
    standin_tell reset
    init_pair
    rm -rf "$STATE_DIR/salvage"
}
teardown() { pair_teardown; }

# 1,000 parents and children come, 500 change, 300 children and 100 parents go; of the rows without a key 600 come and 300 go.
change() {
    p1 <<'SQL'
INSERT INTO parent SELECT i, 'new' FROM generate_series(10001, 11000) i;
INSERT INTO child SELECT i, i, 'new' FROM generate_series(10001, 11000) i;
UPDATE parent SET t = 'changed' WHERE id <= 500;
DELETE FROM child WHERE parent BETWEEN 2701 AND 3000;
DELETE FROM parent WHERE id BETWEEN 2901 AND 3000;
INSERT INTO plain SELECT i / 3, 'more' FROM generate_series(1, 600) i;
DELETE FROM plain WHERE n BETWEEN 801 AND 900;
SQL
}

# Small batches make many statements, and waves of 256 of them.
syncs() {
    run_dbr sync --json --batch-size 5
    exits 0
    json_true ".retries >= $1"
    json_is .inserted 2600
    json_is .updated 500
    json_is .deleted 700
    salvaged 1200
    same_rows
}

# Versions that were lost, each once.
salvaged() {
    is "$(zcat "$STATE_DIR"/salvage/*.gz | wc -l)" "$1"
    is "$(zcat "$STATE_DIR"/salvage/*.gz | jq -c '[.table, .lost]' | sort | uniq -d | grep -vc plain)" 0
}

@test "good weather" {
    change
    syncs 0
    json_is .retries 0
    in_step
}

@test "40001 at BEGIN, at statements, at COMMIT" {
    change
    standin_tell inject begin 40001 2
    standin_tell inject statement 40001 3 INSERT
    standin_tell inject statement 40001 2 DELETE
    standin_tell inject statement 40001 2 "count(*)"
    standin_tell inject commit 40001 3
    syncs 5
}

@test "COMMITs that are ambiguous and were applied" {
    change
    standin_tell inject commit 40003-applied 3
    syncs 3
}

@test "COMMITs that are ambiguous and were lost" {
    change
    standin_tell inject commit 40003-lost 3
    run_dbr sync --json --batch-size 5
    exits 0
    json_is .updated 500
    json_true ".retries >= 3"
    in_step
    # What may have been lost is kept, also twice.
    [ "$(zcat "$STATE_DIR"/salvage/*.gz | wc -l)" -ge 1200 ] || fail "not salvaged"
}

@test "connections that are lost at COMMIT, applied or not" {
    change
    standin_tell inject commit drop-applied 1
    standin_tell inject commit drop-lost 1
    standin_tell inject commit drop-applied 1
    run_dbr sync --json --batch-size 5
    exits 0
    json_is .inserted 2600
    json_is .updated 500
    json_is .deleted 700
    json_true ".retries >= 3"
    in_step
}

@test "it rains all the time" {
    change
    standin_tell weather 4
    DBR_TEST_TIMEOUT=120 run_dbr sync --json
    standin_tell weather 0
    exits 0
    json_true ".retries >= 1"
    json_is .inserted 2600
    json_is .deleted 700
    salvaged 1200
    in_step
}

# Conflicts that never end, from the second transaction on: exit 1, and the next run does the rest.
@test "what was applied before a run gave up stays, and the next run goes on" {
    local first
    change
    standin_tell inject statement 40001 1000 DELETE FROM \"public\".\"child\"
    DBR_TEST_TIMEOUT=120 run_dbr sync --batch-size 5
    exits 1
    stderr_has "restart transaction" "given up after"
    standin_tell reset
    is "$(p2 -c "SELECT count(*) FROM parent WHERE t = 'new'")" 1000
    first=$(zcat "$STATE_DIR"/salvage/*.gz | wc -l)
    is "$first" 500
    run_dbr sync --json
    exits 0
    json_is .inserted 0
    json_is .deleted 700
    salvaged 1200
    in_step
}

@test "killed between two transactions, the next run goes on" {
    change
    standin_tell delay 200
    start_dbr sync --batch-size 5
    wait_for 60 half_way || fail "nothing was committed"
    kill -KILL "$PID"
    finish_dbr
    standin_tell delay 0
    [ "$(p2 -c "SELECT count(*) FROM plain")" != 3300 ] || skip "it was faster"
    run_dbr sync
    exits 0
    in_step
}
# shellcheck disable=SC2317 # called by wait_for
half_way() { [ "$(p2 -c "SELECT count(*) FROM parent WHERE t = 'new'")" -gt 0 ]; }

@test "a check that only the secondary has is no weather: its table is held by name, and the others are synced" {
    change
    p2w -c "ALTER TABLE child ADD CHECK (t <> 'new')"
    run_dbr sync --json
    exits 5
    json_is '.tables[] | select(.name == "child") | .error | test("there on the secondary only")' true
    json_is .retries 0
    is "$(p2 -c "SELECT count(*) FROM parent WHERE t = 'new'")" 1000
}

@test "many changed rows with long keys are asked for in several messages" {
    p1 -c "CREATE TABLE docs (path text PRIMARY KEY, n int, updated_at timestamptz NOT NULL DEFAULT now())" \
        -c "INSERT INTO docs SELECT i || repeat('/directory', 90), i, now() - interval '1 day' FROM generate_series(1, 20000) i" -c "ANALYZE docs"
    run_dbr init-secondary --update
    exits 0
    env_set DB_FINGERPRINT_ROWS 1000
    run_dbr sync
    p1 -c "UPDATE docs SET n = n + 1, updated_at = now()"
    run_dbr sync --json
    exits 0
    json_is .updated 20000
    in_step
}
