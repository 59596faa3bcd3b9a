# shellcheck shell=bash
# Bringing a backup back: into an empty database, or into an empty directory.
# The build puts this file into dbr-backup.
# shellcheck disable=SC2034,SC2153,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

do_restore() {
    local kind file verdict
    find_file "$FILE"
    if [ "$kind" = db ]; then
        ! given directory || die 2 '--directory is for backups of files' 'a database is restored with --target'
        given target || die 2 'say with --target which database to restore into' 'it must exist and be empty'
    else
        ! given target || die 2 '--target is for backups of the database' 'files are restored with --directory'
        given directory || die 2 'say with --directory where to restore the files' 'files are never put over those in use'
    fi
    is_sound "$kind" "$file"
    verdict=$?
    if [ $verdict -eq 1 ] && is_incomplete "$file"; then
        warn "$file: $unsound"
    elif [ $verdict -ne 0 ]; then
        [ $verdict -eq 1 ] || die 1 "$file: $unsound"
        DAMAGED+=("$file")
        die 5 "$file is damaged: $unsound" 'take an older one: dbr-backup list'
    fi
    if [ "$kind" = db ]; then restore_database "$file"; else restore_files "$file"; fi
    report_file "$kind" "$file"
}

restore_database() {
    local target=${GIVEN[target]}
    if given dry-run; then
        say "would restore $1 into the $target"
        return
    fi
    confirm "Restore ${1##*/} into the $target?"
    open_log
    call dbr-import "${COMMON[@]}" --target="$target" --input="$1" --yes >/dev/null ||
        die $? "$call_error" "${call_hint/#--upsert*/restore into an empty database; dbr-import itself can merge (--upsert) or replace (--clean)}"
    log "Backup restored: ${1##*/} into the $target"
}

# Refuses an archive, which may not be from here, with names that lead out of the directory, or through a link of its own. Links
# that lead outside are common in backups; nothing is written through them.
stays_inside() {
    local name
    LC_ALL=C run tar --list --verbose --gzip --force-local --absolute-names --numeric-owner --quoting-style=c --file="$1" >"$SCRATCH/members" ||
        die 1 "cannot read $1"
    name=$(LC_ALL=C awk '
        function take() { # the next name in quotes
            if (!match($0, /"([^"\\]|\\.)*"/)) return ""
            name = substr($0, RSTART + 1, RLENGTH - 2)
            $0 = substr($0, RSTART + RLENGTH)
            return name
        }
        function leads_out(name) { return name ~ /^\// || name ~ /(^|\/)\.\.(\/|$)/ }
        {
            type = substr($0, 1, 1)
            names[NR] = take()
            if (type == "l") links[names[NR]] = 1
            if (leads_out(names[NR]) || (type == "h" && leads_out(take()))) { print names[NR]; found = 1; exit }
        }
        END {
            for (i = 1; i <= NR && !found; i++) {
                n = split(names[i], parts, "/")
                path = parts[1]
                for (j = 2; j <= n && !found; path = path "/" parts[j++])
                    if (path in links) { print names[i]; found = 1 }
            }
        }' "$SCRATCH/members")
    [ -z "$name" ] || die 5 "$1 holds a name that leads out of its directory: $name" 'such an archive is not from dbr-backup'
}

restore_files() {
    local directory=${GIVEN[directory]} why
    if [ -d "$directory" ]; then
        why=$(find "$directory" -mindepth 1 -print -quit 2>&1)
        [ -z "$why" ] || die 2 "$directory is not empty" 'files are restored into an empty directory only'
    elif [[ -e $directory || -L $directory ]]; then
        die 2 "$directory is no directory"
    fi
    if given dry-run; then
        say "would restore $1 into $directory"
        return
    fi
    open_log
    need_scratch
    stays_inside "$1"
    why=$(mkdir -p -- "$directory" 2>&1) || die 2 "cannot make $directory: ${why##*: }"
    LC_ALL=C run tar --extract --gzip --force-local --preserve-permissions --file="$1" --directory="$directory" 2>"$SCRATCH/err" ||
        die 1 "cannot restore all of $1: $(sed -n '1s/^[a-z]*: //p' "$SCRATCH/err")"
    log "Backup restored: ${1##*/} into $directory"
    say "$directory"
}
