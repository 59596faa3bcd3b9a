# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for the tests
# Backups: a database with the sample application, files to save, and a directory for both.
#
#     load ../lib/helper
#     load ../lib/backups
#     setup() { backups_setup; }           # with a database; files_setup: without
#     teardown() { backups_teardown; }

backups_setup() {
    pair_setup app
    directories_setup
}

# Needs no server; nothing may connect.
files_setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    STATE_DIR=$PWD/state
    ENV_FILE=$PWD/dbr.env
    RUNS=$PWD/runs
    RUN=0
    mkdir "$RUNS"
    (umask 077 && printf '%s\n' DATABASE_URL=postgresql://app@127.0.0.1:1/app "DB_STATE_DIR=$STATE_DIR" >"$ENV_FILE")
    directories_setup
}

directories_setup() {
    BACKUPS=$PWD/backups
    LOG=$BACKUPS/logs/backups/backup.log
    mkdir files
    echo one >files/app.yml
    echo two >files/key.pem
    env_set DB_BACKUP_DIR "$BACKUPS"
    env_set DB_BACKUP_CONFIG_PATHS "$PWD/files/app.yml"
    env_set DB_BACKUP_SECURITY_PATHS "$PWD/files/key.pem"
    TODAY=$(date -u +%F)
}

backups_teardown() {
    local status=0
    if [ -e "$LOG" ] && grep -F -e "$SERVERS_APP_PASSWORD" -e "$SERVERS_APP_PASSWORD_ENCODED" "$LOG"; then status=1; fi
    pair_teardown || status=1
    return $status
}

# The names of the backups of a kind, sorted.
backups() { find "$BACKUPS" -maxdepth 1 -name "$1-backup-*" -printf '%f\n' | sort; }

# What is in the directory, with modes and content.
snapshot() { find "$1" -type f ! -name backup.log ! -name .lock -printf '%M %P ' -exec md5sum {} + | sort; }

events() { jq -r "$1" "$STATE_DIR/events.jsonl"; }

# Files of ours below the temporary directory, and servers in them.
nothing_left() {
    [ -z "$(find "$TMPDIR" -mindepth 1 -name 'dbr-backup.*')" ] || fail "left in $TMPDIR: $(ls "$TMPDIR")"
    ! pgrep -f "postgres -D $TMPDIR" >/dev/null || fail "a server is left"
}

# With a backup of each kind, and a temporary directory that the account of a server on trial can get to: a short path, since
# sockets are in it. The backups are made for the first test of a file, and copied for the others, which need no database.
trial_setup() {
    if [ -d "$BATS_FILE_TMPDIR/backups" ]; then
        files_setup
        cp -a "$BATS_FILE_TMPDIR/backups" "$BACKUPS"
    else
        backups_setup
        run_dbr backup full -q
        exits 0
        cp -a "$BACKUPS" "$BATS_FILE_TMPDIR/backups"
    fi
    TMPDIR=$(mktemp -d /tmp/t.XXXXXX)
    export TMPDIR
    chmod 711 "$TMPDIR"
    FILE=$(compgen -G "$BACKUPS/db-backup-*.sql.gz")
}

trial_teardown() {
    rm -rf -- "$TMPDIR"
    if [ -n "${DB-}" ]; then backups_teardown; else no_secrets; fi
}

# rewrite SED: changes the text of that backup and gives it a trailer that fits.
rewrite() {
    gzip -dc "$FILE" | sed "$1" | sed '$d' >text
    printf -- '-- crc32: %08x\n' "$(python3 -c 'import sys, zlib; print(zlib.crc32(open("text", "rb").read()))')" >>text
    gzip -c text >"$FILE"
}
