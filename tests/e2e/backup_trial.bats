# The server on trial of dbr-backup verify: what cannot be restored fails, and nothing of it is left, however the run ends.

load ../lib/helper
load ../lib/backups

setup() { trial_setup; }
teardown() { trial_teardown; }

@test "a file that is whole but cannot be restored fails" {
    rewrite 's/REFERENCES users(/REFERENCES no_such_table(/'
    run_dbr backup verify "$FILE"
    exits 1
    stderr_has "a restore fails: " no_such_table
    nothing_left
}

@test "a signal ends the trial, and neither server nor directory are left" {
    start_dbr backup verify
    wait_for 20 compgen -G "$TMPDIR/dbr-backup.*/server/data/postmaster.pid" >/dev/null
    kill -TERM "$PID"
    finish_dbr
    exits 143
    nothing_left
}

@test "a killed run leaves no server" {
    setpriv --pdeathsig=INT true 2>/dev/null || skip "setpriv cannot do that here"
    start_dbr backup verify
    wait_for 20 compgen -G "$TMPDIR/dbr-backup.*/server/data/postmaster.pid" >/dev/null
    kill -KILL "$PID"
    finish_dbr
    wait_for 10 no_server || fail "the server goes on"
}

no_server() { ! pgrep -f "postgres -D $TMPDIR" >/dev/null; }
