# shellcheck shell=bash
# Whether a backup could be restored: its sum is read, and a server on trial takes what it holds.
# The build puts this file into dbr-backup.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

# find_file FILE: as it is named, or in DB_BACKUP_DIR; sets file and kind.
find_file() {
    file=$1
    [[ $file == */* || -e $file ]] || file=$DIR/$file
    shown "$1"
    [ -f "$file" ] || die 2 "there is no file $REPLY" 'dbr-backup list shows the backups'
    [ -r "$file" ] || die 2 "$REPLY cannot be read"
    case ${file##*/} in
    config-*.tar.gz | security-*.tar.gz) kind=${file##*/} && kind=${kind%%-*} ;;
    *.tar.gz | *.tgz) kind=files ;;
    *.sql | *.sql.gz) kind=db ;;
    *) die 2 "$REPLY is not named like a backup" 'its name must end in .sql.gz or .tar.gz' ;;
    esac
}

# The SQL on stdin, at the server on trial.
trial_sql() { server_sql "$SCRATCH/server"; }

start_server() { server_make "$SCRATCH/server" && server_begin "$SCRATCH/server" synchronous_commit=off; }

# import_on_trial FILE: all of it or nothing.
import_on_trial() {
    local status
    CALL_WITH=(env -i "PATH=$PATH" "DB_SCHEMA=$DB_SCHEMA" "DATABASE_URL=host=${SERVER_SOCKETS[$SCRATCH/server]} user=postgres dbname=postgres")
    call dbr-import --env-file="$SCRATCH/trial.env" --state-dir="$SCRATCH/state" --quiet --target=primary --input="$1" --yes >/dev/null
    status=$?
    CALL_WITH=()
    return $status
}

# A role is not part of a backup, but policies name some. All at once, as each try reads the whole file: what may be a name in their
# lines becomes one, quoted as it is there, and what is a word of the language is refused.
make_roles() { # NAME: the one that is missing
    {
        printf 'CREATE ROLE "%s";\n' "${1//\"/\"\"}"
        grep -a '^CREATE POLICY ' "$SCRATCH/definitions" | LC_ALL=C grep -aoE '"([^"]|"")+"|[a-z_][a-z0-9_$]*' | LC_ALL=C sort -u |
            sed 's/.*/CREATE ROLE &;/'
    } | trial_sql
}

# Those that the file creates and that this machine does not have.
missing_extensions() {
    local line name available
    available=$'\n'$(trial_sql <<<'SELECT name FROM pg_available_extensions')$'\n'
    REPLY=
    while IFS= read -r line; do
        [[ $line =~ ^CREATE\ EXTENSION\ (IF\ NOT\ EXISTS\ )?(\"[^\"]+\"|[^\ \;]+) ]] || continue
        name=${BASH_REMATCH[2]//\"/}
        [[ $available == *$'\n'"$name"$'\n'* ]] || REPLY+="${REPLY:+, }$name"
    done <"$SCRATCH/definitions"
}

# restore_on_trial FILE MAJOR: sets how; false with unsound when it fails for the file's sake.
restore_on_trial() {
    local role made=()
    : >"$SCRATCH/trial.env"
    how="restored into a server on trial, PostgreSQL $server_major"
    import_on_trial "$1" && return
    gzip -dcf -- "$1" 2>/dev/null | grep -aE '^CREATE (POLICY|EXTENSION) ' >"$SCRATCH/definitions"
    while [[ ${#made[@]} -lt 20 && $call_error =~ role\ \"(.*)\"\ does\ not\ exist ]]; do
        role=${BASH_REMATCH[1]}
        [[ " ${made[*]} " != *" $role "* ]] || break
        made+=("$role")
        make_roles "$role"
        import_on_trial "$1" && return
    done
    unsound="a restore fails: $call_error"
    missing_extensions
    if [ -n "$REPLY" ]; then
        how="this machine does not have the extension $REPLY"
    elif [ "$2" -gt "$server_major" ]; then
        how="it is of PostgreSQL $2, installed is $server_major"
    else
        return 1
    fi
    warn "$1: its sum and rows are as they should be, but a restore cannot be tried here: $how ($call_error)"
    how="read; a restore cannot be tried here: $how"
}

# try_restore FILE: into a server of its own; sets how. True as well when that is not possible here.
try_restore() {
    local head status major=0
    head=$({ gzip -dcf -- "$1" 2>/dev/null || true; } | head -n 40 | grep -aE '^-- (source:|Dumped from database version) ' | tr -d '\0')
    [[ ! $head =~ (PostgreSQL|version)\ ([0-9]+) ]] || major=${BASH_REMATCH[2]}
    if given quick; then
        how='read'
    elif [[ $head == *CockroachDB* ]]; then
        how='read; a restore cannot be tried here: it is of CockroachDB'
    elif ! find_server; then
        how='read; a restore cannot be tried here: there are no server programs of PostgreSQL'
    elif ! start_server; then
        how="read; a restore cannot be tried here: $(grep -m 1 -iE 'error|fatal|no space|could not' "$SCRATCH/server.log" 2>/dev/null)"
        warn "$1: $how"
        servers_remove
    else
        restore_on_trial "$1" "$major"
        status=$?
        servers_remove
        return $status
    fi
}

# verify_file KIND FILE
verify_file() {
    local how='read' verdict
    is_sound "$1" "$2"
    verdict=$?
    [[ $verdict -ne 0 || $1 != db ]] || try_restore "$2" || verdict=2
    if [ $verdict -eq 0 ]; then
        say "$2: sound ($how)"
    else
        [ $verdict -ne 1 ] || DAMAGED+=("$2")
        problem 1 "$2: $([ $verdict -ne 1 ] || echo 'is damaged: ')$unsound" \
            "$([ $verdict -ne 1 ] || echo 'delete it, or put a sound copy in its place')"
    fi
    report_file "$1" "$2"
}

do_verify() {
    local kind file i
    if [ -n "$FILE" ]; then
        find_file "$FILE"
        verify_file "$kind" "$file"
        return
    fi
    for kind in "${KINDS[@]}"; do
        inventory "$kind"
        if [ ${#names[@]} -gt 0 ]; then
            # Those dated later than today only where there is nothing else.
            for ((i = 0; i < ${#names[@]} - 1; i++)); do [[ ${dates[i]} > $TODAY ]] || break; done
            [[ ! ${dates[i]} > $TODAY ]] || i=0
            verify_file "$kind" "$DIR/${names[i]}"
        elif is_configured "$kind"; then
            problem 1 "there is no $kind backup in $DIR" "dbr-backup $kind"
        fi
    done
}
