#!/usr/bin/env bats
# Proves: where the state was lost, --resume takes over a secondary that is a twin, writes only what differs, and touches nothing
# that may be another's or the active database.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

# The state of before, as when a disk is lost; the fence and the rows stay.
lose_state() { rm -rf "$STATE_DIR"; }
# When each row of the secondary was written: the same as long as nothing is copied.
marks() { p2 -c "SELECT md5(string_agg(xmin::text || id, ',' ORDER BY id)) FROM users"; }
fence() { server_sql "$1" postgres -c "ALTER DATABASE $DB SET default_transaction_read_only = on"; }
lift() { server_sql "$1" postgres -c "ALTER DATABASE $DB RESET default_transaction_read_only"; }

@test "an equal twin is taken over, and nothing is copied" {
    before=$(marks)
    lose_state
    run_dbr sync
    exits 5
    run_dbr init-secondary
    exits 5
    stderr_has --resume
    run_dbr init-secondary --resume --json
    exits 0
    json_is .recordsSynced 0
    json_is '[.tables[].verified] | all' true
    is "$(marks)" "$before"
    run_dbr health
    exits 0
    same_schema
    in_step
}

# What an update that was killed may leave on the secondary: only the table that was new then stands in it.
leave_ledger() {
    p2w -c "CREATE SCHEMA IF NOT EXISTS _dbr" \
        -c "CREATE TABLE _dbr.progress (table_name text, piece int8, copied_rows int8 NOT NULL, PRIMARY KEY (table_name, piece))" \
        -c "INSERT INTO _dbr.progress VALUES ('users', 0, 100)"
}

@test "the records of an update that was killed are no reason to copy anything again" {
    before=$(marks)
    leave_ledger
    lose_state
    run_dbr init-secondary --resume --json
    exits 0
    json_is .recordsSynced 0
    is "$(marks)" "$before"
    is "$(p2 -c "SELECT to_regclass('_dbr.progress') IS NULL")" t
    in_step
}

@test "nor where a --recreate failed behind it" {
    needs_postgres "on CockroachDB the drops that were made stay"
    before=$(marks)
    leave_ledger
    server_sql two "$DB" -c "SET default_transaction_read_only = off" -c "CREATE SCHEMA aside" \
        -c "CREATE FUNCTION aside.refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not now''; END'" \
        -c "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('DROP TYPE') EXECUTE FUNCTION aside.refuse()"
    run_dbr init-secondary --recreate
    exits 1
    stderr_has "not now"
    server_sql two "$DB" -c "SET default_transaction_read_only = off" -c "SET client_min_messages = warning" -c "DROP EVENT TRIGGER refuse" -c "DROP SCHEMA aside CASCADE"
    run_dbr init-secondary --resume --json
    exits 0
    json_is .recordsSynced 0
    is "$(marks)" "$before"
    in_step
}

@test "nor to copy into what may be the active database" {
    lift two
    leave_ledger
    fence one
    lose_state
    run_dbr init-secondary --resume --yes
    exits 5
    stderr_has "may be the database that the application uses"
    run_dbr init-secondary --recreate --yes
    exits 5
    lift one
}

@test "a ledger says nothing where the tables are gone" {
    lose_state
    schema_clear two
    leave_ledger
    run_dbr init-secondary --resume
    exits 0
    same_schema
    in_step
}

@test "what differs is written, and salvaged" {
    p1 -c "UPDATE users SET balance = 7 WHERE id = 3"
    p2w -c "UPDATE users SET balance = 5 WHERE id = 4"
    lose_state
    run_dbr init-secondary --resume --json
    exits 0
    json_is .updated 2
    is "$(zcat "$STATE_DIR"/salvage/*.gz | jq -s 'length')" 2
    in_step
}

@test "an open secondary that differs needs consent; it is the standby again afterwards" {
    lift two
    p2 -c "UPDATE users SET balance = 5 WHERE id = 4"
    lose_state
    run_dbr init-secondary --resume
    exits 5
    stderr_has "which database the application uses" --yes
    is "$(p2 -c "SELECT balance::int FROM users WHERE id = 4")" 5
    run_dbr sync
    exits 5
    run_dbr init-secondary --resume --yes
    exits 0
    run p2 -c "UPDATE users SET balance = 5 WHERE id = 4"
    [ "$status" -ne 0 ] || fail "the secondary is not fenced"
    in_step
}

@test "an open secondary that is equal is taken over" {
    lift two
    lose_state
    run_dbr init-secondary --resume
    exits 0
    in_step
}

@test "the primary is fenced and the secondary is not: it may be the active one, and is left alone" {
    lift two
    p2 -c "UPDATE users SET balance = 5 WHERE id = 4"
    fence one
    lose_state
    for way in "--resume" "--resume --yes" "--recreate"; do
        # shellcheck disable=SC2086 # words
        run_dbr init-secondary $way
        exits 5
        stderr_has "may be the database that the application uses" "DB_STATE_DIR"
    done
    run_dbr health --doctor
    exits 2
    stdout_has "lost state file"
    is "$(p2 -c "SELECT balance::int FROM users WHERE id = 4")" 5
    lift one
    run_dbr init-secondary --resume --yes
    exits 0
    in_step
}

@test "another schema, or rows that are no twin's, are left alone" {
    lift two
    p2 -c "ALTER TABLE leads ADD COLUMN precious text"
    lose_state
    run_dbr init-secondary --resume
    exits 5
    stderr_has precious --recreate
    p2 -c "ALTER TABLE leads DROP COLUMN precious" \
        -c "INSERT INTO leads (name) SELECT 'precious' FROM generate_series(1, 400)"
    run_dbr init-secondary --resume --yes
    exits 5
    stderr_has leads "nothing was written"
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'precious'")" 400
    run_dbr sync
    exits 5
}

@test "a secondary that a forced failover made active is left alone, though the primary was never fenced" {
    env_set DATABASE_URL "${P1_URL/:[0-9]*\//:1/}"
    run_dbr failover --force --yes
    exits 0
    p2 -c "INSERT INTO leads (name) VALUES ('served')"
    env_set DATABASE_URL "$P1_URL"
    lose_state
    run_dbr health
    exits 1
    stdout_has "by switch 1, which this state does not know"
    rm -rf "$STATE_DIR"
    for way in "" "--resume" "--resume --yes" "--recreate"; do
        # shellcheck disable=SC2086 # words
        run_dbr init-secondary $way
        exits 5
        stderr_has "may be the database that the application uses" "switch 1" "DB_STATE_DIR" "The state file is lost"
    done
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'served'")" 1
    # The way out of dbr(7), for either answer.
    mkdir -p "$STATE_DIR"
    echo '{"version": 1, "activeDatabase": "secondary", "lastSwitch": {"op": "failover"}, "init": {"status": "done"}}' >"$STATE_DIR/state.json"
    run_dbr sync
    exits 0
    in_step
    run_dbr failback --yes
    exits 0
    # A later switch opened the primary: nothing speaks for the secondary any more.
    lift two
    lose_state
    run_dbr init-secondary --resume
    exits 0
    is "$(p1 -c "SELECT count(*) FROM leads WHERE name = 'served'")" 1
    in_step
}
