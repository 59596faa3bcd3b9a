#!/usr/bin/env bats
# Proves: rows of many megabytes arrive, by copy and by sync, and memory stays bounded by the widest row.
# bats file_tags=plain

load ../lib/helper
setup() {
    pair_setup empty
    p1 -c "CREATE TABLE docs (id int PRIMARY KEY, body text, raw bytea, updated_at timestamp DEFAULT now())" \
        -c "INSERT INTO docs SELECT i, repeat(md5(i::text), 100000 * i), decode(repeat(md5(i::text), 30000), 'hex') FROM generate_series(1, 5) i" \
        -c "INSERT INTO docs SELECT i, repeat('é\"\\' || i, 1000) FROM generate_series(100, 400) i"
}
teardown() { pair_teardown; }

@test "wide rows are copied, changed, deleted and kept aside" {
    needs_postgres "CockroachDB takes no row above 16 MiB: weather_init"
    init_pair
    p1 -c "UPDATE docs SET body = body || 'x' WHERE id IN (2, 5)" -c "DELETE FROM docs WHERE id = 3" \
        -c "INSERT INTO docs SELECT 6, repeat(md5('6'), 400000)" -c "UPDATE docs SET raw = raw || '\\x00' WHERE id = 1"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .recordsSynced 5
    in_step
    is "$(zcat "$STATE_DIR"/salvage/*.jsonl.gz | jq -r 'select(.kept == null) | .lost.body | length')" 9600000
}

# rss PROGRAM ARGUMENT...: what a run takes at most, in KiB.
rss() {
    /usr/bin/time -f %M -o rss "$DBR_BIN/dbr-$1" --env-file "$ENV_FILE" "${@:2}" || fail "dbr-$1 failed"
    cat rss
}

@test "memory is bounded by the widest row" {
    needs_postgres "CockroachDB takes no row above 16 MiB: weather_init"
    case $DBR_BIN in *address*) skip "the sanitizer needs memory of its own" ;; esac
    [ -x /usr/bin/time ] || skip "no /usr/bin/time"
    init=$(rss init-secondary -q)
    [ "$init" -lt $((16384 + 2 * 20000 + 12000)) ] || fail "init took $init KiB"
    # A sync holds no wide row at all: what it takes does not depend on the width.
    p1 -c "UPDATE docs SET body = body || 'x'"
    update=$(rss sync -q)
    p1 -c "DELETE FROM docs WHERE id IN (4, 5)"
    delete=$(rss sync -q --force)
    p1 -c "INSERT INTO docs SELECT 7, repeat(md5('7'), 1000000), decode(repeat(md5('7'), 1250000), 'hex')"
    insert=$(rss sync -q)
    [ "$insert" -lt 24000 ] && [ "$update" -lt 24000 ] && [ "$delete" -lt 24000 ] ||
        fail "an insert took $insert KiB, an update $update, a delete $delete"
    in_step
}

@test "memory does not grow with the number of rows" {
    case $DBR_BIN in *address*) skip "the sanitizer needs memory of its own" ;; esac
    [ -x /usr/bin/time ] || skip "no /usr/bin/time"
    p1 -c "DELETE FROM docs WHERE id < 10" -c "CREATE TABLE many (id int PRIMARY KEY, t text)" \
        -c "INSERT INTO many SELECT i, md5(i::text) FROM generate_series(1, 300000) i"
    /usr/bin/time -f %M -o rss "$DBR_BIN/dbr-init-secondary" --env-file "$ENV_FILE" -q
    [ "$(cat rss)" -lt 24000 ] || fail "init took $(cat rss) KiB"
    p1 -c "UPDATE many SET t = t || 'x'"
    /usr/bin/time -f %M -o rss "$DBR_BIN/dbr-sync" --env-file "$ENV_FILE" -q
    [ "$(cat rss)" -lt 24000 ] || fail "sync of all rows took $(cat rss) KiB"
    in_step
}
