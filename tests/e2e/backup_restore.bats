# dbr-backup restore: a lost database comes back as it was, never over another one; files come back beside those in use.

load ../lib/helper
load ../lib/backups

setup() {
    backups_setup
    run_dbr backup full -q
    exits 0
    FILE=$BACKUPS/db-backup-$TODAY.sql.gz
}

teardown() { backups_teardown; }

@test "a dropped database comes back with every row, key and position" {
    # The secondary holds what the primary held.
    init_pair
    run_dbr backup db
    exits 0
    newest=$output
    database_drop one "$DB"
    run_dbr backup restore "$newest" --target=primary --yes
    exits 3
    server_sql one postgres -c "CREATE DATABASE $DB OWNER app TEMPLATE template_empty"
    run_dbr backup restore "$newest" --target=primary --yes
    exits 0
    stderr_has "Backup restored: ${newest##*/} into the primary"
    in_step
    same_schema
    # A sequence that had been left behind would give out an id that is taken.
    p1 -c "INSERT INTO leads (name) VALUES ('new')"
    grep -q "Backup restored" "$LOG"
}

@test "a database that is not empty is left as it is" {
    init_pair
    p1 -c "UPDATE users SET balance = 77"
    for target in primary secondary; do
        run_dbr backup restore "$FILE" --target=$target --yes --json
        exits 5
        json_is .error.code refused
    done
    is "$(p1 -c "SELECT count(*) FROM users WHERE balance <> 77")" 0
    is "$(p2 -c "SELECT count(*) FROM users WHERE balance = 77")" 0
}

@test "a damaged file is refused before anything is done" {
    schema_clear one
    truncate -s -30 "$FILE"
    run_dbr backup restore "$FILE" --target=primary --yes
    exits 5
    stderr_has "$FILE is damaged: "
    is "$(p1 -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
}

@test "a target and consent are needed, and a dry run takes neither's place" {
    schema_clear one
    run_dbr backup restore "$FILE"
    exits 2
    stderr_has --target
    run_dbr backup restore "$FILE" --target=primary
    exits 5
    stderr_has "add --yes"
    npm_lifecycle_event=x npm_config_yes=true run_dbr backup restore "$FILE" --target=primary
    exits 5
    run_dbr backup restore "$FILE" --target=primary --yes --dry-run
    exits 0
    stdout_has "would restore $FILE into the primary"
    run_dbr backup restore "$FILE" --directory=there
    exits 2
    run_dbr backup restore "$BACKUPS/config-backup-$TODAY.tar.gz" --target=primary --yes
    exits 2
    stderr_has --directory
    run_dbr backup restore
    exits 2
    is "$(p1 -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
}

@test "files come back into an empty directory only" {
    echo changed >files/key.pem
    run_dbr backup restore "security-backup-$TODAY.tar.gz" --directory=back
    exits 0
    is "$(cat "back$PWD/files/key.pem")" two
    is "$(cat files/key.pem)" changed
    run_dbr backup restore "security-backup-$TODAY.tar.gz" --directory=back
    exits 2
    stderr_has "back is not empty"
    run_dbr backup restore "security-backup-$TODAY.tar.gz" --directory=files/key.pem
    exits 2
    mkdir empty
    run_dbr backup restore "security-backup-$TODAY.tar.gz" --directory=empty --dry-run
    exits 0
    is "$(ls -A empty)" ""
    truncate -s -20 "$BACKUPS/security-backup-$TODAY.tar.gz"
    run_dbr backup restore "security-backup-$TODAY.tar.gz" --directory=empty
    exits 5
    is "$(ls -A empty)" ""
}
