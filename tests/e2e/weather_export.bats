#!/usr/bin/env bats
# Proves: an export of a database that refuses statements and drops connections has every row of it once, and is the same file as
# in good weather; where it is given up, nothing of it stays.

load ../lib/helper
setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }

setup() {
    pair_setup empty
    # Two of the tables are larger than what is on the way at any time; one has no key.
    p2 <<'SQL'
CREATE TABLE first (id int PRIMARY KEY, t text);
INSERT INTO first SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 20000) i;
CREATE TABLE second (a text, b int, t text, PRIMARY KEY (b, a));
INSERT INTO second SELECT md5(i::text), i % 7, E'a\n\\,"b"' || repeat('x', i % 900) FROM generate_series(1, 10000) i;
CREATE TABLE third (n int);
INSERT INTO third SELECT i / 3 FROM generate_series(1, 100) i;
SQL
    link_open far two 0
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    run_dbr export --source=secondary --output=good.sql --json
    exits 0
    json_is .retries 0
    standin_tell reset
}
teardown() {
    standin_tell reset
    pair_teardown
}

# exports RETRIES [OPTION...]: at least so many; but for the moment of it and what is reckoned from that the file is as in good weather.
exports() {
    local retries=$1
    shift
    run_dbr export --source=secondary --output=rain.sql --json "$@"
    exits 0
    json_true ".retries >= $retries"
    json_is .rows 30100
    cmp <(grep -v '^-- \(snapshot\|crc32\): ' good.sql) <(grep -v '^-- \(snapshot\|crc32\): ' rain.sql) || fail "the files differ"
    run_dbr import --check --input=rain.sql
    exits 0
}

@test "what is asked before the rows is asked again" {
    local what
    for what in "statement 40001 2 cluster_logical_timestamp" "begin 40001 2" "statement 58C00 1 pg_catalog.pg_attribute"; do
        standin_tell inject "$what"
        exports 1
        standin_tell reset
    done
}

@test "a table that cannot be read for a moment is read again" {
    standin_tell inject statement 40001 2 'COPY (SELECT'
    standin_tell inject statement 58C00 1 'FROM "public"."second"'
    exports 3
}

@test "connections that are lost before, between and within tables" {
    local bytes
    for bytes in 6000 30000 2000000 6500000 9000000 9600000; do
        link_tell far drop-after $bytes
        exports 1
    done
}

@test "as INSERT statements, compressed" {
    run_dbr export --source=secondary --inserts --output=good.sql
    exits 0
    standin_tell inject statement 40001 1 'FROM "public"."first"'
    link_tell far drop-after 5000000
    exports 2 --inserts
    run_dbr export --source=secondary --output=good.sql.gz
    exits 0
    link_tell far drop-after 3000000
    run_dbr export --source=secondary --output=rain.sql.gz --json
    exits 0
    json_true ".retries >= 1"
    run_dbr import --check --input=rain.sql.gz
    exits 0
}

@test "weather that does not end: nothing of the file stays, and it is said what to do" {
    standin_tell inject statement 40001 1000 'FROM "public"."second"'
    DBR_TEST_TIMEOUT=120 run_dbr export --source=secondary --output=rain.sql
    exits 1
    stderr_has "restart transaction" "run the program again"
    [ ! -e rain.sql ] || fail "there is a file"
}
