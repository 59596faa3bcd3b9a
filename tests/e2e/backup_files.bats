# dbr-backup config and security: what is in the archives, whatever the files are called and wherever links lead. Needs no server.

load ../lib/helper
load ../lib/backups

setup() { files_setup; }

# paths PATH...: of the configuration.
paths() {
    local IFS=:
    env_set DB_BACKUP_CONFIG_PATHS "'$*'"
}

# The names in the archive that the last run wrote, below the current directory.
stored() { tar --quoting-style=escape -tzf "$output" | sed -n "s,^${PWD#/}/,,p" | sort; }

@test "names with blanks, dashes, quotes and line ends, and relative ones" {
    mkdir -p -- "-d" "a b"
    touch -- "-d/--help" "a b/it's" "a b/"$'two\nlines' '*' files/plain
    paths -d "$PWD/a b" '*' files/plain
    run_dbr backup config
    exits 0
    is "$(stored)" "$(printf '%s\n' '*' -d/ -d/--help 'a b/' "a b/it's" 'a b/two\nlines' files/plain | sort)"
    run_dbr backup restore "$output" --directory=back
    exits 0
    [ -e "back$PWD/a b/"$'two\nlines' ]
}

@test "what links lead to is saved with them" {
    mkdir -p archive/deep live tree elsewhere
    echo 1 >archive/key1.pem
    echo 2 >archive/deep/far.pem
    echo 3 >elsewhere/file
    ln -s ../archive/key1.pem live/key.pem
    ln -s "$PWD/archive/deep" deep
    ln -s ../elsewhere/file tree/out
    ln -s ../elsewhere tree/directory
    ln -s nowhere tree/dangling
    ln -s . tree/loop
    ln -s "$PWD/tree" linked-tree
    paths live/key.pem deep linked-tree
    run_dbr backup config
    exits 0
    is "$(stored)" "$(printf '%s\n' live/key.pem archive/key1.pem deep archive/deep/ archive/deep/far.pem linked-tree tree/ tree/out \
        tree/directory tree/dangling tree/loop elsewhere/file | sort)"
    is "$(tar -xzOf "$output" "${PWD#/}/archive/key1.pem")" 1
}

@test "a path through a link, and the link, come back" {
    mkdir -p real/in there/far
    echo 1 >real/in/key
    echo 2 >there/far/key
    ln -s real link
    ln -s link/in second
    ln -s "$PWD/there" real/in/out
    paths link second/key link/in/key second/out/far/key
    run_dbr backup config
    exits 0
    is "$(stored | sort -u)" "$(printf '%s\n' link real/ real/in/ real/in/key real/in/out second there/far/key | sort)"
    run_dbr backup restore "$output" --directory=back
    exits 0
    is "$(cat "back$PWD/second/key")" 1
}

@test "a path that is missing is named, and the others are saved" {
    paths files/app.yml "$PWD/no such" files/key.pem
    run_dbr backup config --json
    exits 1
    json_is '.error.message | contains("'"$PWD"'/no such: No such file or directory")' true
    output=$(json '.files[0].file')
    is "$(stored)" "files/app.yml
files/key.pem"
    grep -q "Backup incomplete: config-backup-$TODAY.tar.gz" "$LOG"
    ln -s nowhere gone
    paths gone nix
    run_dbr backup config
    exits 1
    stderr_has "nothing can be saved" "$PWD/gone" "$PWD/nix"
    is "$(backups config | wc -l)" 1
}

@test "a file that cannot be read is named, and the others are saved" {
    [ "$(id -u)" -ne 0 ] || restrict=(setpriv "--bounding-set=-dac_override,-dac_read_search")
    chmod 0 files/app.yml
    paths files
    status=0
    output=$("${restrict[@]}" "$DBR_BIN/dbr-backup" --env-file "$ENV_FILE" config 2>err) || status=$?
    is "$status" 1
    grep -q "incomplete: .*/files/app.yml: Cannot open: Permission denied" err
    is "$(stored)" "files/
files/key.pem"
}

@test "the backups themselves are not in it" {
    env_set DB_BACKUP_DIR "$PWD/files/backups"
    ln -s files linked
    BACKUPS=$PWD/files/backups
    for path in files linked "$PWD/files/../files" "$PWD/files/"; do
        paths "$path"
        run_dbr backup config
        exits 0
        stored | grep -q key.pem
        ! stored | grep -q backups || fail "$path: the backups are in it"
    done
    for path in files/backups files/backups/logs /; do
        paths "$path"
        run_dbr backup config
        exits 1
        stderr_has "is DB_BACKUP_DIR, a part of it, or everything"
    done
}

@test "what is not configured is refused by name, and skipped by full" {
    env_unset DB_BACKUP_CONFIG_PATHS
    env_set DB_BACKUP_SECURITY_PATHS ''
    for kind in config security; do
        run_dbr backup $kind
        exits 2
        stderr_has "DB_BACKUP_${kind^^}_PATHS is not set"
    done
    [ ! -e "$BACKUPS" ]
    run_dbr backup full --dry-run
    exits 0
    stdout_has "skipped, since nothing is configured for it: config security"
}

@test "runs that no lock keeps apart take different names" {
    mkdir stubs
    printf '#!/bin/sh\nexit 0\n' >stubs/flock
    chmod +x stubs/flock
    for i in 1 2 3 4 5; do
        echo "$i" >files/app.yml
        PATH=$PWD/stubs:$PATH "$DBR_BIN/dbr-backup" --env-file "$ENV_FILE" config >out.$i 2>err.$i 3>&- &
    done
    wait
    is "$(cat out.* | sort -u | wc -l)" 5
    is "$(backups config | wc -l)" 5
    for file in "$BACKUPS"/*.tar.gz; do tar -tzf "$file" >/dev/null; done
}

@test "an archive that leads out of the directory is refused" {
    local name
    python3 - <<'PY'
import tarfile
def archive(name, *members):
    with tarfile.open(name, "w:gz") as tar:
        for path, kind, target in members:
            info = tarfile.TarInfo(path)
            info.type, info.linkname = kind, target
            tar.addfile(info)
FILE, LINK, HARD = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
archive("absolute.tar.gz", ("ok", FILE, ""), ("/tmp/x", FILE, ""))
archive("up.tar.gz", ("ok", FILE, ""), ("a/../../x", FILE, ""))
archive("up-alone.tar.gz", ("..", tarfile.DIRTYPE, ""))
archive("hard.tar.gz", ("in", HARD, "../outside"))
archive("hard-absolute.tar.gz", ("in", HARD, "/etc/passwd"))
archive("through.tar.gz", ("out", LINK, "/tmp"), ("out/x", FILE, ""))
archive("deep.tar.gz", ('a"b/out', LINK, ".."), ('a"b/out/c/x', FILE, ""))
archive("fine.tar.gz", ("out", LINK, "/nowhere"), ("outside", FILE, ""), ("a..b/..c", FILE, ""), ("e/f", HARD, "outside"))
PY
    for name in absolute up up-alone hard hard-absolute through deep; do
        run_dbr backup restore $name.tar.gz --directory=back
        exits 5
        stderr_has "holds a name that leads out of its directory"
        [ ! -e back ]
    done
    run_dbr backup restore fine.tar.gz --directory=back
    exits 0
    is "$(ls back)" "a..b
e
out
outside"
}

@test "names of archives are no hosts, options or pipes" {
    run_dbr backup config -q
    exits 0
    for name in host:x.tar.gz -x.tar.gz; do
        cp "$BACKUPS/config-backup-$TODAY.tar.gz" "./$name"
        TAR_OPTIONS=--totals run_dbr backup restore --directory=back -- "$name"
        exits 0
        stderr_lacks Total
        rm -r back
    done
    mkfifo pipe.tar.gz
    run_dbr backup verify pipe.tar.gz
    exits 2
    ln -s "$BACKUPS/config-backup-$TODAY.tar.gz" link.tar.gz
    run_dbr backup verify link.tar.gz --json
    exits 0
    json_is '.files[0].bytes > 100' true
}

@test "neither HOME nor PATH is needed, and the script may be called by a link" {
    mkdir elsewhere
    ln -s "$(realpath "$DBR_BIN")/dbr-backup" elsewhere/backup
    env -i "$PWD/elsewhere/backup" --env-file="$ENV_FILE" config >out 2>err
    is "$(cat out)" "$BACKUPS/config-backup-$TODAY.tar.gz"
}

@test "the list shows each kind, the newest first" {
    run_dbr backup list
    exits 0
    is "$output" "no backups in $BACKUPS"
    mkdir "$BACKUPS"
    for name in db-backup-2026-01-02.sql.gz db-backup-2026-01-02-10.sql.gz db-backup-2026-01-02-9.sql.gz config-backup-2025-12-31.tar.gz; do
        head -c 1234 /dev/zero >"$BACKUPS/$name"
    done
    # In UTC, whatever the clock on the wall says; of a copy that was made later nothing is known.
    touch -d 2026-01-02T09:08:07Z "$BACKUPS/db-backup-2026-01-02-10.sql.gz"
    touch -d 2026-01-02T00:00:00Z "$BACKUPS/db-backup-2026-01-02-9.sql.gz"
    TZ=America/Lima run_dbr backup list
    exits 0
    is "$(awk 'NR > 1 { print $1, $2, $3, $4 $5, $6 }' <<<"$output" | sed 's,/[^ ]*/,,')" "db 2026-01-02 09:08:07 1.2KB db-backup-2026-01-02-10.sql.gz
db 2026-01-02 00:00:00 1.2KB db-backup-2026-01-02-9.sql.gz
db 2026-01-02 - 1.2KB db-backup-2026-01-02.sql.gz
config 2025-12-31 - 1.2KB config-backup-2025-12-31.tar.gz"
    run_dbr backup list --json
    exits 0
    json_is '.files[0] | "\(.kind) \(.date) \(.time) \(.bytes)"' "db 2026-01-02 2026-01-02T09:08:07Z 1234"
    json_is '.files[2].time' null
}

@test "by default backups go to the current directory, and the configuration is read as node reads it" {
    cat >"$ENV_FILE" <<END
DATABASE_URL=postgresql://app@127.0.0.1:1/app?application_name=a&options=\$(touch\${IFS}ran)
DB_STATE_DIR=$STATE_DIR
export DB_BACKUP_CONFIG_PATHS = "$PWD/files/app.yml" # not this
DB_ON_EVENT=\`touch "told of \$DBR_REASON"\`
END
    run_dbr backup config
    exits 0
    is "$output" "$PWD/backups/config-backup-$TODAY.tar.gz"
    [ -e "told of config" ]
    [ ! -e ran ]
}

@test "what is incomplete does not count, and pushes nothing complete out" {
    local i
    for i in 1 2 3; do
        run_dbr backup config
        exits 0
    done
    mv "$BACKUPS/config-backup-$TODAY.tar.gz" "$BACKUPS/config-backup-2026-01-01.tar.gz"
    mv "$BACKUPS/config-backup-$TODAY-2.tar.gz" "$BACKUPS/config-backup-2026-01-02.tar.gz"
    rm "$BACKUPS/config-backup-$TODAY-3.tar.gz"
    env_set DB_BACKUP_CONFIG_PATHS "$PWD/files/app.yml:$PWD/gone"
    env_set DB_BACKUP_KEEP_DAILY 1
    env_set DB_BACKUP_KEEP_WEEKLY 0
    env_set DB_BACKUP_KEEP_MONTHLY 0
    run_dbr backup config
    exits 1
    run_dbr backup list
    stdout_has "config-backup-$TODAY.tar.gz  (incomplete)"
    run_dbr backup prune
    exits 1
    stderr_has "it is not complete" gone
    is "$(backups config)" "config-backup-2026-01-02.tar.gz"$'\n'"config-backup-$TODAY.tar.gz"
    run_dbr backup verify
    exits 1
    stderr_has "it is not complete"
    mkdir out
    run_dbr backup restore "config-backup-$TODAY.tar.gz" --directory=out
    exits 0
    stderr_has "it is not complete"
}

@test "a directory that cannot be read is not an empty one" {
    [ "$(id -u)" -ne 0 ] || skip "root reads everything"
    run_dbr backup config
    exits 0
    chmod 0 "$BACKUPS"
    run_dbr backup list
    chmod 700 "$BACKUPS"
    exits 1
    stderr_has "cannot read"
}
