#!/usr/bin/env bats
# Proves: a table that the configuration leaves out of a merge keeps what the primary holds of it until somebody says otherwise, and
# the hints of a refused merge lead to an end.

load ../lib/helper

setup() {
    pair_setup empty
    p1 -c "CREATE TABLE acc (id int PRIMARY KEY, v text)" -c "CREATE TABLE nou (id int PRIMARY KEY, v text)" \
        -c "INSERT INTO acc SELECT g, 'base' FROM generate_series(1, 20) g" -c "INSERT INTO nou SELECT g, 'base' FROM generate_series(1, 20) g"
    init_pair
    run_dbr failover --force --yes
    exits 0
    p1w -c "INSERT INTO acc VALUES (900, 'stranded')" -c "INSERT INTO nou VALUES (901, 'stranded')" -c "UPDATE nou SET v = 'stranded' WHERE id = 5"
    p2 -c "INSERT INTO nou VALUES (30, 'served')" -c "UPDATE nou SET v = 'served' WHERE id = 6"
}
teardown() { pair_teardown; }

p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }
stranded() { sql "$1" -c "SELECT string_agg(id || v, ' ' ORDER BY id) FROM nou WHERE v = 'stranded' OR id IN (6, 30)"; }

# without_nou: the merge, and it says what it leaves.
without_nou() {
    env_set DB_SYNC_EXCLUDE_TABLES nou
    run_dbr sync
    exits 0
    stderr_has "left out of the merge: nou"
    is "$(p2 -c "SELECT v FROM acc WHERE id = 900")" stranded
    is "$(stranded "$P1_URL")" "5stranded 6base 901stranded"
    env_unset DB_SYNC_EXCLUDE_TABLES
}

@test "it is not overwritten by the next sync, nor by a failback" {
    without_nou
    p2 -c "INSERT INTO acc VALUES (31, 'served')"
    run_dbr sync
    exits 5
    stdout_has "nou" "left out of the merge"
    stderr_has "dbr-sync --force" salvage dbr-export
    is "$(stranded "$P1_URL")" "5stranded 6base 901stranded"
    is "$(p1 -c "SELECT v FROM acc WHERE id = 31")" served
    run_dbr failback --yes
    exits 5
    stderr_has nou "left out of the merge" "dbr-sync --force"
    is "$(stranded "$P1_URL")" "5stranded 6base 901stranded"
    run_dbr sync --force
    exits 0
    in_step
    is "$(stranded "$P1_URL")" "6served 30served"
    is "$(zcat "$STATE_DIR"/salvage/*-sync-*.gz | jq -c 'select(.lost.v == "stranded") | .key.id' | sort)" "$(printf '%s\n' 5 901)"
    # It is a table like any other now.
    p2 -c "UPDATE nou SET v = 'later' WHERE id = 7"
    run_dbr sync
    exits 0
    in_step
}

@test "what is copied by hand, as the hint says, is lost nowhere" {
    needs_postgres "the file is written for PostgreSQL, and merged there"
    without_nou
    run_dbr export --source primary --tables nou --output "$BATS_TEST_TMPDIR/nou.sql"
    exits 0
    p2 -c "DELETE FROM nou WHERE id IN (6, 30)"
    run_dbr import --target secondary --input "$BATS_TEST_TMPDIR/nou.sql" --upsert --yes
    exits 0
    run_dbr sync
    exits 0
    in_step
    is "$(stranded "$P2_URL")" "5stranded 6base 901stranded"
    p2 -c "UPDATE nou SET v = 'later' WHERE id = 7"
    run_dbr sync
    exits 0
    in_step
}

@test "the hints of a refused merge do not lead in a circle" {
    needs_postgres "the file is written for PostgreSQL, and merged there"
    p1w -c "CREATE TABLE newt (id int PRIMARY KEY, v text)" -c "INSERT INTO newt VALUES (1, 'only here')"
    run_dbr sync
    exits 5
    stderr_has "table newt cannot be merged" "DB_SYNC_EXCLUDE_TABLES" "dbr-export --source=primary --tables=newt" "until dbr-sync --force"
    stderr_lacks alike
    p1w -c "ALTER TABLE nou ADD COLUMN extra text"
    env_set DB_SYNC_EXCLUDE_TABLES newt
    run_dbr sync
    exits 5
    stderr_has "table nou cannot be merged" "what it was at the failover, on both databases"
    p1w -c "ALTER TABLE nou DROP COLUMN extra"
    run_dbr sync
    exits 0
    is "$(stranded "$P2_URL")" "5stranded 6served 30served 901stranded"
    env_unset DB_SYNC_EXCLUDE_TABLES
    run_dbr export --source primary --tables newt --output "$BATS_TEST_TMPDIR/newt.sql"
    run_dbr import --target secondary --input "$BATS_TEST_TMPDIR/newt.sql" --yes
    exits 0
    run_dbr sync
    exits 0
    in_step
}

@test "it is no base of the next merge: the secondary keeps what it alone has, and the later version" {
    local way
    for way in "" --force; do
        pair_teardown
        rm -rf "$STATE_DIR" "$RUNS"
        pair_setup empty
        p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, updated_at timestamptz)" -c "INSERT INTO t SELECT g, 'base', '2026-01-01' FROM generate_series(1, 50) g" \
            -c "CREATE TABLE other (id int PRIMARY KEY)"
        init_pair
        env_set DB_SYNC_EXCLUDE_TABLES t
        run_dbr failover --force --yes
        exits 0
        p2 -c "INSERT INTO t VALUES (100, 's', '2026-02-01')" -c "UPDATE t SET v = 's', updated_at = '2026-02-02' WHERE id = 1"
        # shellcheck disable=SC2086
        run_dbr failback --yes $way
        exits 0
        env_unset DB_SYNC_EXCLUDE_TABLES
        p1 -c "INSERT INTO t VALUES (101, 'p', '2026-03-01')" -c "UPDATE t SET v = 'p', updated_at = '2026-02-01' WHERE id = 1"
        run_dbr failover --force --yes
        exits 0
        run_dbr failback --yes
        exits 0
        in_step
        is "$(p1 -c "SELECT string_agg(id || v, ' ' ORDER BY id) FROM t WHERE v <> 'base'")" "1s 100s 101p"
        is "$(jq -c '[.leftOut, .unmerged] | map(.t // empty)' "$STATE_DIR/state.json")" "[]"
    done
}
