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

@test "roles that policies name are made" {
    # The first is found by what the server says, all of them by the lines of the policies.
    rewrite '/^-- dbr export complete/i CREATE POLICY "p TO nobody" ON public.users TO staff, "two words", "it\o47s ""so"" \\", PUBLIC USING (true);\
CREATE POLICY p2 ON public.users TO clerk USING (true);'
    run_dbr backup verify "$FILE"
    exits 0
    stdout_has "$FILE: sound (restored into a server on trial, "
    stderr_empty
    nothing_left
}

@test "an extension that this machine does not have is no fault of the file" {
    rewrite '/^-- dbr export complete/i CREATE EXTENSION IF NOT EXISTS "no-such" WITH SCHEMA public;\
CREATE TABLE public.needs_it (id int PRIMARY KEY, a public.no_such_type);'
    run_dbr backup verify "$FILE" --json
    exits 0
    json_is '.damaged | length' 0
    json_is '.warnings | length' 1
    json_is '.warnings[0] | contains("cannot be tried here: this machine does not have the extension no-such (") and contains("no_such_type")' true
    nothing_left
}

@test "a file of a newer server that cannot be restored here is no fault of the file" {
    rewrite 's/^-- source: .*/-- source: primary, PostgreSQL 99.1/;/^-- dbr export complete/i CREATE TABLE public.f (id of_the_future);'
    run_dbr backup verify "$FILE"
    exits 0
    stdout_has "sound (read; a restore cannot be tried here: it is of PostgreSQL 99, installed is "
    stderr_has WARNING of_the_future
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
