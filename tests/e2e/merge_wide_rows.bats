#!/usr/bin/env bats
# Rows of many megabytes in a merge: those that win are written, those that lose go to salvage whole, in little memory.

load ../lib/helper

setup() { pair_setup empty; }
teardown() { pair_teardown; }

p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }
wide() { echo "repeat(md5('$1'), 400000)"; } # 12.8 MB

@test "wide rows win and lose" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, w text, updated_at timestamptz)" \
        -c "INSERT INTO t SELECT g, 'base', $(wide base), '2026-01-01' FROM generate_series(1, 6) g"
    init_pair
    run_dbr failover --force --yes
    exits 0
    env_set DB_MAX_DELETE_PERCENT 100
    p1w -c "UPDATE t SET v = 'p', w = $(wide p), updated_at = '2026-02-01' WHERE id IN (1, 2, 3, 4)" -c "INSERT INTO t VALUES (7, 'p', $(wide p))"
    p2 -c "UPDATE t SET v = 's', w = $(wide s), updated_at = '2026-01-15' WHERE id = 2" \
        -c "UPDATE t SET v = 's', w = $(wide s), updated_at = '2026-02-15' WHERE id = 3" -c "DELETE FROM t WHERE id = 4"
    run_dbr failback --yes
    exits 0
    in_step
    is "$(p1 -c "SELECT string_agg(id || v || (w = repeat(md5(v), 400000))::text, ' ' ORDER BY id) FROM t")" \
        "1ptrue 2ptrue 3strue 5basetrue 6basetrue 7ptrue"
    # what the merge archived: a version of each side where both had one, the primary's alone where the secondary had deleted it
    gzip -dc "$STATE_DIR"/salvage/*-merge-*.gz | jq -c '[.key.id, .reason, .kept.v, .lost.v, (.lost.w | length), (.kept.w | length)]' | sort >archived
    is "$(paste -sd ' ' archived)" \
        '[1,"merge","p","base",12800000,12800000] [2,"merge","p","s",12800000,12800000] [3,"conflict","s","p",12800000,12800000] [4,"conflict",null,"p",12800000,0]'
}
