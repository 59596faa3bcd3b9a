# dbr-backup verify: a backup is read and restored on trial, damage is found, and nothing is left of the trial.

load ../lib/helper
load ../lib/backups

setup() { trial_setup; }
teardown() { trial_teardown; }

@test "the newest of each kind is sound, and restored on trial" {
    echo broken >"$BACKUPS/db-backup-2020-01-01.sql.gz"
    run_dbr backup verify
    exits 0
    stdout_has "$FILE: sound (restored into a server on trial, PostgreSQL " \
        "config-backup-$TODAY.tar.gz: sound (read)" "security-backup-$TODAY.tar.gz: sound (read)"
    nothing_left
    run_dbr backup verify --quick --json
    exits 0
    json_is '.files | map(.kind) | join(" ")' "db config security"
    # By its name alone, and from anywhere.
    run_dbr backup verify "db-backup-$TODAY.sql.gz" --quick
    exits 0
    is "$output" "$FILE: sound (read)"
}

@test "a file that is cut, changed, empty or something else is damaged" {
    cp "$FILE" whole
    size=$(stat -c %s whole)
    for change in "truncate -s $((size - 20))" "truncate -s $((size / 2))" "truncate -s 0" flip other; do
        cp whole "$FILE"
        case $change in
        flip) printf '\377' | dd of="$FILE" bs=1 seek=$((size / 2)) conv=notrunc status=none ;;
        other) echo "SELECT 1;" | gzip >"$FILE" ;;
        *) $change "$FILE" ;;
        esac
        run_dbr backup verify "$FILE" --json
        exits 1
        json_is '.damaged[0]' "$FILE"
        json_is .error.code failed
    done
    head -c 50 "$BACKUPS/security-backup-$TODAY.tar.gz" >cut.tar.gz
    run_dbr backup verify cut.tar.gz
    exits 1
    stderr_has "cut.tar.gz: is damaged: "
    nothing_left
}

@test "a backup of CockroachDB is read, and the output says that it was not restored" {
    rewrite 's/^-- source: .*/-- source: secondary, CockroachDB v24.1.0/'
    run_dbr backup verify "$FILE"
    exits 0
    stdout_has "it is of CockroachDB"
}

@test "that there is no backup is a failure, of what is configured" {
    rm "$BACKUPS"/*-backup-*
    env_set DB_BACKUP_SECURITY_PATHS ''
    run_dbr backup verify
    exits 1
    stderr_has "there is no db backup" "there is no config backup"
    stderr_lacks "security"
    run_dbr backup verify "$PWD/nowhere.sql"
    exits 2
    touch odd.zip
    run_dbr backup verify odd.zip
    exits 2
    stderr_has "is not named like a backup"
}
