#!/usr/bin/env bats
# A merge of more than a hundred thousand changed rows takes no more memory than one of a few.
# bats file_tags=plain

load ../lib/helper

ROWS=20000

setup() {
    pair_setup empty
    p1 -c "CREATE TABLE owners (id int PRIMARY KEY, n int)" \
        -c "CREATE TABLE t (id serial PRIMARY KEY, owner int REFERENCES owners, v text, n int DEFAULT 0, updated_at timestamptz DEFAULT now())" \
        -c "INSERT INTO owners SELECT g, 0 FROM generate_series(1, 100) g" \
        -c "INSERT INTO t (owner, v) SELECT g % 100 + 1, 'base' FROM generate_series(1, $ROWS) g"
}
teardown() { pair_teardown; }

p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }

forced() {
    init_pair
    run_dbr failover --force --yes
    exits 0
}

synced() {
    run_dbr sync
    exits 0
    in_step
}

@test "more than a hundred thousand changed rows, in little memory" {
    p1 -c "INSERT INTO t (owner, v) SELECT g % 100 + 1, 'base' FROM generate_series(1, 150000) g"
    forced
    p1w -c "UPDATE t SET v = 'p' || id, updated_at = now() WHERE id > 20000 AND id % 2 = 0" -c "INSERT INTO t (id, owner, v) SELECT 1000000 + g, 1, 'stranded' FROM generate_series(1, 30000) g"
    p2 -c "UPDATE t SET v = 's' || id, updated_at = now() WHERE id > 20000 AND id % 3 = 0"
    run_dbr failback --dry-run --json
    exits 0
    json_is .merge.toSecondary.inserted 30000
    RUN=$((RUN + 1))
    LAST="dbr-failback"
    status=0
    /usr/bin/time -f '%e s, %M KiB' -o memory "$DBR_BIN/dbr-failback" --env-file "$ENV_FILE" --yes >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" </dev/null || status=$?
    exits 0
    # The sanitizer needs memory of its own.
    case $DBR_BIN in
    *address*) ;;
    *) [ "$(sed -n '$s/.*, //; $s/ KiB//p' memory)" -lt 24576 ] || fail "$(cat memory)" ;;
    esac
    synced
}
