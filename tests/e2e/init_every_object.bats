#!/usr/bin/env bats
# Proves: a schema with every kind of object, under the worst names, comes out of init and of the printed schema as pg_dump
# prints it on the primary, but for what is named as not carried over; rows of every table come along.

load ../lib/helper
load ../lib/every_object

setup() {
    pair_setup empty
    as_superuser
    every_object_load
}
teardown() { pair_teardown; }

@test "init carries every object and every row" {
    needs_postgres "pg_dump compares the two"
    run_dbr init-secondary
    exits 0
    stdout_has 'operator ===' 'text search configuration plain_words'
    ! grep -E 'failed|could not' <<<"$output$errors" || fail "something failed"
    same_print "$STATES"
    same_rows
    is "$(p2 -c "SELECT count(*) FROM totals")" 1
    is "$(p2 -c "SELECT relispopulated FROM pg_class WHERE relname = 'never_filled'")" f
    is "$(p2 -c "SELECT last_value, is_called FROM \"Free Sequence\"")" "500|f"
    run_dbr sync --verify
    exits 0
}

@test "the schema alone" {
    needs_postgres "pg_dump compares the two"
    run_dbr init-secondary --schema-only
    exits 0
    same_print "$STATES"
}

@test "the printed schema is the same" {
    needs_postgres "pg_dump compares the two"
    run_dbr init-secondary --dry-run
    exits 0
    p2 -1 -f "$RUNS/$RUN.out" >/dev/null
    same_print
}

@test "creating it anew drops every object first" {
    needs_postgres "pg_dump compares the two"
    run_dbr init-secondary
    exits 0
    run_dbr init-secondary --recreate --yes
    exits 0
    same_print "$STATES"
    same_rows
}

@test "every substitution for CockroachDB is named" {
    run_dbr init-secondary --dry-run --dialect=cockroach
    exits 0
    has "$output$errors" output 'column customers.price' 'column customers.document' 'default of column customers.code' \
        'check slug_known' 'constraint orders_room_excl' 'foreign key orders_parent_fkey' 'sequence invoice_numbers' \
        'index customers_function' 'index customers_valid' 'domain positive' 'table measurements' 'view paid' \
        'function slug_of' 'trigger touch_customers' 'policy everyone' 'row security of table items' \
        'column identities.always_id' 'table _AToB' 'table log_lines'
    output=$(grep -v '^--' <<<"$output")
    stdout_lacks SERIAL 'USING btree' DEFERRABLE 'CREATE EXTENSION' 'CREATE DOMAIN'
}
