# dbr-backup full, db, config and security: what is written, under which name, who is told, and that nothing is half there.

load ../lib/helper
load ../lib/backups

setup() { backups_setup; }
teardown() { backups_teardown; }

@test "full saves each kind, for its owner only, and tells of each" {
    # shellcheck disable=SC2016 # the hook's own
    env_set DB_ON_EVENT "'echo \"\$DBR_EVENT \$DBR_ACTIVE \$DBR_REASON \$DBR_FILE|\$DBR_MESSAGE\" >>$PWD/told'"
    run_dbr backup full
    exits 0
    is "$output" "$BACKUPS/db-backup-$TODAY.sql.gz
$BACKUPS/config-backup-$TODAY.tar.gz
$BACKUPS/security-backup-$TODAY.tar.gz"
    is "$(find "$BACKUPS" -type f ! -perm 600)$(find "$BACKUPS" -type d ! -perm 700)" ""
    is "$(tar -xzOf "$BACKUPS/security-backup-$TODAY.tar.gz")" two
    is "$(tar -tzf "$BACKUPS/config-backup-$TODAY.tar.gz")" "${PWD#/}/files/app.yml"
    is "$(gzip -dc "$BACKUPS/db-backup-$TODAY.sql.gz" | grep -c '^COPY')" 15
    is "$(wc -l <told)" 3
    grep -q "^backup primary db $BACKUPS/db-backup-$TODAY.sql.gz|Backup completed: db-backup-$TODAY.sql.gz (.*)\$" told
    grep -qE "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z \[DB-Redundancy\] Backup completed: db-backup-$TODAY.sql.gz \([0-9.]+ KB\)\$" "$LOG"
    is "$(events 'select(.event == "backup") | .reason + " " + .active' | sort | tr '\n' ,)" "config primary,db primary,security primary,"
    is "$(events 'select(.reason == "db") | .file')" "$BACKUPS/db-backup-$TODAY.sql.gz"
}

@test "a further run of the day replaces nothing, and its name comes after the others" {
    env_unset DATABASE_URL_SECONDARY
    run_dbr backup db -q
    exits 0
    stdout_empty
    stderr_empty
    before=$(snapshot "$BACKUPS")
    ln -s elsewhere "$BACKUPS/db-backup-$TODAY-2.sql.gz"
    touch "$BACKUPS/db-backup-$TODAY-11.sql.gz"
    p1 -c "UPDATE users SET balance = 1"
    run_dbr backup db
    exits 0
    is "$output" "$BACKUPS/db-backup-$TODAY-12.sql.gz"
    [ -L "$BACKUPS/db-backup-$TODAY-2.sql.gz" ]
    rm "$BACKUPS/db-backup-$TODAY-2.sql.gz" "$BACKUPS"/*-1[12].sql.gz
    is "$(snapshot "$BACKUPS")" "$before"
}

@test "full keeps what was written earlier on the same day" {
    run_dbr backup full -q
    exits 0
    p1 -c "DELETE FROM leads"
    run_dbr backup full -q
    exits 0
    is "$(backups db)" "db-backup-$TODAY-2.sql.gz
db-backup-$TODAY.sql.gz"
}

@test "without a database that answers the files are saved, and older backups of it stay" {
    run_dbr backup db -q
    exits 0
    for date in 2020-01-01 2020-01-02; do
        for kind in db.sql config.tar; do
            cp "$BACKUPS/db-backup-$TODAY.sql.gz" "$BACKUPS/${kind%.*}-backup-$date.${kind#*.}.gz"
        done
    done
    env_set DB_BACKUP_KEEP_MONTHLY 0
    env_set DB_BACKUP_KEEP_WEEKLY 0
    env_set DB_BACKUP_KEEP_DAILY 1
    link_open one one 0
    link_tell one refuse
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    run_dbr backup full --json
    exits 3
    json_is .success false
    json_is .error.code unreachable
    json_is '.files | map(.kind) | join(" ")' "config security"
    json_is '.removed | length' 2
    is "$(backups db | wc -l)" 3
    is "$(backups config)" "config-backup-$TODAY.tar.gz"
    is "$(events 'select(.event == "error") | .reason')" backup
    is "$(find "$BACKUPS" -name '.new.*')" ""
}

@test "--source names the database, and by default the active one is saved" {
    p2 -c "CREATE TABLE twin (id int PRIMARY KEY)"
    run_dbr backup db --source=secondary
    exits 0
    gzip -dc "$output" | grep -q twin
    mkdir -p "$STATE_DIR"
    chmod 700 "$STATE_DIR"
    echo '{"version": 1, "activeDatabase": "secondary", "init": {"status": "done"}, "lastSwitch": {"op": "failover"}}' >"$STATE_DIR/state.json"
    run_dbr backup db
    exits 0
    gzip -dc "$output" | grep -q twin
    run_dbr backup db --source=primary
    exits 0
    is "$(gzip -dc "$output" | grep -c twin)" 0
}

@test "a command of DB_ON_EVENT that fails is told, and the backup stands" {
    env_set DB_ON_EVENT "'echo no vault; exit 7'"
    run_dbr backup db --json
    exits 1
    json_is '.files[0].file' "$BACKUPS/db-backup-$TODAY.sql.gz"
    json_is '.error.message | contains("is complete") and contains("exit status 7: no vault")' true
    [ -s "$BACKUPS/db-backup-$TODAY.sql.gz" ]
}

@test "a dry run changes nothing, also when npm was given the option" {
    run_dbr backup full --dry-run
    exits 0
    stdout_has "would write $BACKUPS/db-backup-$TODAY.sql.gz: the database, active" "config-backup-$TODAY.tar.gz: $PWD/files/app.yml"
    npm_lifecycle_event=db:backup npm_config_dry_run=true run_dbr backup full
    exits 0
    stdout_has "would write"
    stderr_has "npm was given --dry-run"
    [ ! -e "$BACKUPS" ]
    [ ! -e "$STATE_DIR" ]
}

@test "what the file lacks is said, also when nobody looks" {
    p1 -c "CREATE TEXT SEARCH CONFIGURATION words (COPY = simple)"
    run_dbr backup db --quiet
    exits 0
    stderr_has "not carried over: text search configuration words"
    stderr_lacks "owners and privileges"
    grep -q "text search configuration words" "$LOG"
}
