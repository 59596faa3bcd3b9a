#!/usr/bin/env bats
# Proves: a first copy into a database that refuses transactions, loses answers and drops connections ends with every row there
# once, also in tables without a key; what was tried again is counted; a killed one is resumed without loss or duplicate.

load ../lib/helper
setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }

setup() {
    pair_setup app
    # Three pieces, two of them by their bytes; and rows that nothing tells apart.
    p1 <<'SQL'
CREATE TABLE big (id int PRIMARY KEY, t text);
INSERT INTO big SELECT i, repeat(md5(i::text), 7) FROM generate_series(1, 18000) i;
CREATE TABLE plain (n int, t text);
INSERT INTO plain SELECT i / 3, repeat('same', 30) FROM generate_series(1, 12000) i;
ANALYZE big, plain;
SQL
    standin_tell reset
}
teardown() { pair_teardown; }

injected() { standin_tell stats | jq ".injected[\"$1\"] // 0"; }

# init survives it, and says how often it tried again.
survives() {
    run_dbr init-secondary --json
    exits 0
    json_true ".retries >= $1"
    is "$(p2 -c "SELECT count(*) FROM plain")" 12000
    standin_tell reset
    in_step
}

@test "good weather: nothing is tried again" {
    run_dbr init-secondary --json
    exits 0
    json_is .retries 0
    in_step
}

@test "40001 at BEGIN, at statements, in COPY, at COMMIT" {
    standin_tell inject begin 40001 3
    standin_tell inject statement 40001 2 "CREATE TABLE"
    standin_tell inject statement 40001 2 "INSERT INTO"
    standin_tell inject copy 40001 2
    standin_tell inject commit 40001 3
    survives 10
}

@test "a COMMIT that is ambiguous and was applied" {
    standin_tell inject commit 40003-applied 3
    survives 3
}

@test "a COMMIT that is ambiguous and was lost" {
    standin_tell inject commit 40003-lost 3
    survives 3
}

@test "a connection that is lost at COMMIT, applied or not" {
    standin_tell inject commit drop-applied 2
    standin_tell inject commit drop-lost 2
    survives 4
}

@test "a connection that is lost within COPY" {
    standin_tell inject copy drop 3
    survives 3
}
