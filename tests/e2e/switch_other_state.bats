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

@test "dbr-health and its doctor" {
    run_dbr health --state-dir "$OLD"
    exits 3
    stderr_has "switched by another state directory"
    run_dbr health --doctor --state-dir "$OLD"
    exits 3
    stdout_has "switched by another state directory"
    stdout_lacks "lift that" "makes it read-only again"
}

@test "dbr-failback does not call it done" {
    run_dbr failback --yes --state-dir "$OLD"
    unharmed
    run_dbr failback --yes --state-dir "$BATS_TEST_TMPDIR/none"
    exits 5
    stderr_has "not been initialised"
}

@test "the one that knows goes on" {
    run_dbr sync --state-dir "$STATE_DIR"
    exits 0
    run_dbr failback --yes --state-dir "$STATE_DIR"
    exits 0
    same_rows
}
