#!/usr/bin/env bats
# A state directory that has missed a switch (a second machine, a restored backup) is refused by every program that would write: what
# it calls the standby is what the application uses.

load ../lib/helper

setup() {
    pair_setup app
    env_unset DB_STATE_DIR
    OLD=$BATS_TEST_TMPDIR/old
    run_dbr init-secondary --state-dir "$STATE_DIR"
    exits 0
    cp -a "$STATE_DIR" "$OLD"
    run_dbr failover --yes --state-dir "$STATE_DIR"
    exits 0
    p2 -c "INSERT INTO leads (name) VALUES ('acknowledged')"
}
teardown() { pair_teardown; }

unharmed() {
    refused "switched by another state directory"
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'acknowledged'")" 1
    p2 -c "INSERT INTO leads (name) VALUES ('still open')" -c "DELETE FROM leads WHERE name = 'still open'"
}

@test "dbr-sync" {
    run_dbr sync --state-dir "$OLD"
    unharmed
    run_dbr sync --repair --force --state-dir "$OLD"
    unharmed
}

@test "dbr-failover" {
    run_dbr failover --yes --state-dir "$OLD"
    unharmed
    run_dbr failover --force --state-dir "$OLD"
    unharmed
}

@test "dbr-init-secondary" {
    run_dbr init-secondary --recreate --state-dir "$OLD"
    unharmed
    run_dbr init-secondary --update --state-dir "$OLD"
    unharmed
}

@test "the one that knows goes on" {
    run_dbr sync --state-dir "$STATE_DIR"
    exits 0
    run_dbr failback --yes --state-dir "$STATE_DIR"
    exits 0
    same_rows
}
