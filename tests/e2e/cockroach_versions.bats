#!/usr/bin/env bats
# Proves: the oldest version of CockroachDB and one whose internals are closed serve as the secondary, through init, sync, switches both
# ways, a merge and an export. A stand-in that behaves as these versions do; no CockroachDB takes part.

load ../lib/helper
teardown() {
    pair_teardown
    standin_file_teardown
}

does() {
    run_dbr "$@"
    exits 0
}

walk() {
    standin_file_setup --version "$1"
    pair_setup app
    init_pair
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id < 20" -c "DELETE FROM referral_subscribers WHERE id < 5"
    does sync
    in_step
    does failover --yes
    p2 -c "INSERT INTO leads (name) VALUES ('served')" -c "DELETE FROM legal_signatures WHERE id = 3"
    does failback --yes
    is "$(p1 -c "SELECT count(*) FROM leads WHERE name = 'served'")" 1
    does sync
    in_step
    does export --source=secondary --output=file.sql
    does health
    stdout_has "CockroachDB $1"
    is "$(standin_tell stats | jq -c .refused)" 0
    # The doctor asks for variables that some versions do not have.
    run_dbr health --doctor
    stdout_has "CockroachDB $1"
}

@test "v23.1" { walk v23.1.11; }

@test "v24.3" { walk v24.3.5; }

@test "v26.1" { walk v26.1.0; }
