#!/usr/bin/env bats
# Proves: a planned switch says, before it is consented to, what a migration that ran on one of the two only has left different;
# and its refusals name the migration first, not what would undo it.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

# Views and functions are no part of a twin at CockroachDB.
if on_standin; then BESIDE=(); else BESIDE=(fresh_view fresh_function); fi
migrate() {
    on_standin || "$1" -c "CREATE VIEW fresh_view AS SELECT 1 AS x" -c "CREATE FUNCTION fresh_function() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    "$1" -c "ALTER TABLE leads ADD CONSTRAINT fresh_check CHECK (id < 1000000000)" -c "CREATE INDEX fresh_index ON leads (id, name)"
}
named() { stderr_has "the secondary lacks" "${BESIDE[@]}" fresh_check fresh_index "run the migration there as well"; }

@test "a twin that lacks a migration: told by the plan, before the consent, and by the switch" {
    run_dbr failover --dry-run
    exits 0
    stderr_lacks "the schema of"
    migrate p1
    run_dbr failover --dry-run
    exits 0
    named
    run_dbr failover --dry-run --json
    exits 0
    json_true '.warnings | any(contains("fresh_index"))'
    run_dbr failover
    refused consent fresh_index
    named
    run_dbr failover --yes --json
    exits 0
    named
    json_is '.warnings | map(select(contains("fresh_index"))) | length' 1
}

@test "what checks the rows of the other one is refused on the way back: the migration is the way, not --update" {
    needs_postgres "a check of the other engine is not taken for the same or a stricter one"
    migrate p1
    run_dbr failover --yes
    exits 0
    run_dbr failback --yes
    refused fresh_check "if a migration ran on the primary only, run it on the secondary as well" "would undo it"
    stderr_has "run the migration on the secondary as well"
    run_dbr sync
    refused leads "if a migration ran on the standby only, run it on the active database as well"
    run_dbr init-secondary --update
    refused --force
    run_dbr health --json
    exits 1
    json_is '.alerts[].name | select(. == "schema-behind")' schema-behind
    migrate p2
    run_dbr sync
    exits 0
    run_dbr health --json
    exits 0
    json_is '.alerts | length' 0
    run_dbr failback --yes
    exits 0
    stderr_lacks "the schema of"
    same_schema
}

@test "an alert of an update that failed ends with the switch that sees the schemas are the same" {
    p1 -c "ALTER TABLE leads DROP COLUMN message"
    run_dbr init-secondary --update
    refused --force
    p2w -c "ALTER TABLE leads DROP COLUMN message"
    run_dbr failover --yes
    exits 0
    run_dbr health --json
    json_is '[.alerts[] | select(.name == "schema-behind")] | length' 0
}
