# dbr-backup that does not come to its end: another run, a kill, a signal, a full disk. There is a whole backup afterwards, or none.

load ../lib/helper
load ../lib/backups

setup() { backups_setup; }
teardown() { backups_teardown; }

# A backup that waits for its database, with temporary files of the test's own: PID.
backup_hangs() {
    export TMPDIR=$BATS_TEST_TMPDIR/tmp
    mkdir "$TMPDIR"
    link_open one one 0
    link_tell one blackhole
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    start_dbr backup db
}

@test "only one run at a time, and what a killed one leaves is neither a backup nor forever" {
    backup_hangs
    wait_for 10 compgen -G "$BACKUPS/.new.*" >/dev/null
    run_dbr backup config
    exits 6
    stderr_has "another backup is running (pid $PID)"
    kill -KILL "$PID"
    finish_dbr
    pkill -KILL -f "dbr-export.*$BACKUPS" || true
    is "$(backups db)" ""
    is "$(find "$BACKUPS" -maxdepth 1 -name '.new.*' | wc -l)" 1
    [ "$(find "$TMPDIR" -mindepth 1 -maxdepth 1 -name 'dbr-backup.*' | wc -l)" -ge 1 ] || fail "nothing is left"
    # What lives, or what another machine may be at, stays.
    here=${HOSTNAME//[!A-Za-z0-9-]/_}-$(stat -L -c %i /proc/self/ns/pid)
    mkdir "$BACKUPS/.new.elsewhere.$PID.xxxxxx" "$TMPDIR/dbr-backup.elsewhere.$PID.xxxxxx" "$TMPDIR/dbr-backup.$here.$$.xxxxxx"
    wait_for 10 run_dbr_ok backup config
    is "$(find "$BACKUPS" -maxdepth 1 -name '.new.*' -printf '%f\n')" ".new.elsewhere.$PID.xxxxxx"
    is "$(find "$TMPDIR" -mindepth 1 -maxdepth 1 -name 'dbr-backup.*' | wc -l)" 2
    rmdir "$TMPDIR"/dbr-backup.*.xxxxxx
    touch -d '1 day ago' "$BACKUPS"/.new.*
    run_dbr backup config
    exits 0
    is "$(find "$BACKUPS" -name '.new.*')" ""
}

run_dbr_ok() {
    run_dbr "$@"
    [ "$status" -eq 0 ]
}

@test "a run in a container that shares the directory of temporary files takes nobody else's away" {
    local mine
    in_namespace true 2>/dev/null || skip "no namespaces here"
    backup_hangs
    wait_for 10 compgen -G "$TMPDIR/dbr-backup.*" >/dev/null
    mine=$(ls "$TMPDIR")
    cp "$ENV_FILE" other.env
    OWN=$ENV_FILE
    ENV_FILE=$PWD/other.env
    env_set DB_BACKUP_DIR "$BATS_TEST_TMPDIR/other"
    ENV_FILE=$OWN
    in_namespace "$DBR_BIN/dbr-backup" config --env-file="$PWD/other.env" --quiet
    is "$(ls "$TMPDIR")" "$mine"
    kill -TERM "$PID"
    finish_dbr
    is "$(ls "$TMPDIR")" ""
}
in_namespace() { unshare --map-root-user --pid --fork --mount --mount-proc "$@"; }

@test "a signal ends the run and what it started, and leaves nothing" {
    link_open one one 0
    link_tell one blackhole
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    for signal in TERM HUP; do
        start_dbr backup full
        wait_for 10 pgrep -f "dbr-export.*$BACKUPS" >/dev/null
        kill -$signal "$PID"
        finish_dbr
        exits $((128 + $(kill -l $signal)))
        ! pgrep -f "dbr-export.*$BACKUPS" || fail "dbr-export goes on"
        is "$(backups db)$(backups config)$(find "$BACKUPS" -name '.new.*')" ""
    done
}

@test "a full disk leaves no backup and what was there before" {
    run_dbr backup db -q
    exits 0
    before=$(snapshot "$BACKUPS")
    p1 -c "CREATE TABLE big AS SELECT md5(i::text) FROM generate_series(1, 20000) i"
    head -c 300000 /dev/urandom >files/key.pem
    if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
        # shellcheck disable=SC2016 # the inner shell's
        limited=(unshare -m sh -c 'mkdir "$1" && mount -t tmpfs -o size=200k tmpfs "$1" && export DB_BACKUP_DIR="$1" && shift && "$@"
            status=$?; ls -A "$DB_BACKUP_DIR" >left; exit $status' sh "$PWD/small")
    else
        limited=(bash -c 'ulimit -f 100; "$@"; status=$?; : >left; exit $status' sh)
    fi
    for kind in db security; do
        status=0
        "${limited[@]}" "$DBR_BIN/dbr-backup" --env-file "$ENV_FILE" $kind >out 2>err || status=$?
        rm -rf small
        is "$status" 1
        is "$(cat out)" ""
        grep -q "^dbr-backup: error: $kind: " err
        is "$(grep -- -backup- left || true)" ""
    done
    is "$(snapshot "$BACKUPS")" "$before"
}
