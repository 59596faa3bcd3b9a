#!/usr/bin/env bats
# Trouble that no rule of a merge decides is refused, with the way out, and nothing is written: not to the databases, not to salvage.

load ../lib/helper

setup() {
    pair_setup empty
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, email text UNIQUE)" \
        -c "CREATE TABLE keyless (v text)" \
        -c "INSERT INTO t SELECT g, 'base', g || '@example.com' FROM generate_series(1, 1000) g"
    init_pair
    run_dbr failover --force --yes
    exits 0
}
teardown() { pair_teardown; }

p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }

content() { sql "$1" -c "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM t"; }

# refuses WORD...: a failback is refused for that reason and leaves everything as it is.
refuses() {
    local one two
    one=$(content "$P1_URL")
    two=$(content "$P2_URL")
    run_dbr failback --dry-run
    exits "${DRY:-5}"
    run_dbr failback --yes
    exits 5
    stderr_has "$@"
    is "$(content "$P1_URL")" "$one"
    is "$(content "$P2_URL")" "$two"
    is "$(p2 -c "SELECT count(merged_at) FROM _dbr.base")" 0
    [ ! -e "$STATE_DIR/salvage" ] || is "$(find "$STATE_DIR/salvage" -type f)" ""
    p2 -c "INSERT INTO keyless VALUES ('the secondary still takes writes')"
}

@test "too many deletes, in either direction" {
    p2 -c "DELETE FROM t WHERE id <= 200"
    refuses "table t" "on the primary" DB_MAX_DELETE_PERCENT
    p1w -c "DELETE FROM t WHERE id <= 200"
    p1w -c "DELETE FROM t WHERE id > 700"
    refuses "table t" "on the secondary" DB_MAX_DELETE_PERCENT
    env_set DB_MAX_DELETE_PERCENT 50
    run_dbr failback --yes
    exits 0
    in_step
    is "$(p1 -c "SELECT count(*) FROM t")" 500
}

@test "a table that is empty on one side" {
    env_set DB_MAX_DELETE_PERCENT 100
    p1w -c "DELETE FROM t"
    refuses "table t is empty on the primary"
}

@test "columns that changed since the failover" {
    p1w -c "ALTER TABLE t ADD COLUMN more int"
    refuses "table t" more
    p2 -c "ALTER TABLE t ADD COLUMN more int"
    refuses "table t" "changed since the failover"
}

@test "new rows of both sides with the same unique value" {
    p1w -c "INSERT INTO t VALUES (2001, 'p', 'same@example.com')"
    p2 -c "INSERT INTO t VALUES (2002, 's', 'same@example.com')"
    DRY=0 # only the server can tell
    refuses "table t" "unique"
    p1w -c "UPDATE t SET email = 'another@example.com' WHERE id = 2001"
    run_dbr failback --yes
    exits 0
    in_step
    is "$(p1 -c "SELECT count(*) FROM t WHERE id > 2000")" 2
}

@test "rows that swapped a unique value are no trouble" {
    p1w -c "UPDATE t SET email = NULL WHERE id = 1" -c "UPDATE t SET email = '1@example.com' WHERE id = 2" \
        -c "UPDATE t SET email = '2@example.com' WHERE id = 1"
    run_dbr failback --yes
    exits 0
    in_step
    is "$(p1 -c "SELECT email FROM t WHERE id = 1")" 2@example.com
}

@test "a base that is missing, and one of another failover" {
    p1w -c "INSERT INTO t VALUES (2001, 'p', NULL)"
    p2 -c "UPDATE _dbr.base SET run = 'other'"
    refuses "another failover" --force
    p2 -c "ALTER TABLE _dbr.base RENAME TO gone"
    run_dbr failback --yes
    exits 5
    stderr_has "base of the merge is missing" "dbr-sync --force"
    run_dbr sync --force
    exits 0
    same_rows
    is "$(gzip -dc "$STATE_DIR"/salvage/*.gz | jq -c '[.key.id, .reason]')" '[2001,"delete"]'
    run_dbr failback --yes
    exits 0
}

@test "--force goes past the delete guard" {
    p2 -c "DELETE FROM t WHERE id <= 200"
    p1w -c "INSERT INTO t VALUES (2001, 'p', NULL)"
    run_dbr sync
    exits 5
    stderr_has "table t" "dbr-sync --force"
    run_dbr sync --force
    exits 0
    in_step
    is "$(p2 -c "SELECT count(*) FROM t")" 801
}
