# shellcheck shell=bash
# The backups that there are, by their names in DB_BACKUP_DIR: which are sound, and which of them are kept.
# The build puts this file into dbr-backup.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

KINDS=(db config security)

extension() { if [ "$1" = db ]; then REPLY=sql.gz; else REPLY=tar.gz; fi; }

# inventory KIND: what is ours by its name, the newest first: names, dates, numbers within the day, and ISO weeks. Links are not ours.
inventory() {
    local pattern path name number unsorted=() line
    local -A real=()
    extension "$1"
    pattern="^$1-backup-([0-9]{4}-[0-9]{2}-[0-9]{2})(-([2-9]|[1-9][0-9]+))?\\.${REPLY/./\\.}\$"
    names=() dates=() numbers=() weeks=()
    for path in "$DIR/$1-backup-"*; do
        name=${path##*/}
        [[ $name =~ $pattern && -f $path && ! -L $path ]] || continue
        number=${BASH_REMATCH[3]:-1}
        unsorted+=("${BASH_REMATCH[1]} $number $name")
    done
    [ ${#unsorted[@]} -gt 0 ] || return 0
    # One call for all; it leaves out what is no day of the calendar.
    while read -r line number; do
        real[$line]=$number
    done < <(printf '%s\n' "${unsorted[@]%% *}" | LC_ALL=C date -u -f - '+%F %G-W%V' 2>/dev/null)
    while read -r line number name; do
        [ -n "${real[$line]-}" ] || continue
        names+=("$name") dates+=("$line") numbers+=("$number") weeks+=("${real[$line]}")
    done < <(printf '%s\n' "${unsorted[@]}" | LC_ALL=C sort -k1,1r -k2,2nr)
}

# is_incomplete FILE: what was to be saved and could not be is told in a file beside it, REPLY.
is_incomplete() {
    REPLY=$(dirname -- "$1")/.${1##*/}.incomplete
    [ -e "$REPLY" ]
}

# is_sound KIND FILE: 0 yes, 1 damaged, 2 unknown; why not is in unsound.
is_sound() {
    local status
    unsound=''
    if [ ! -r "$2" ]; then
        unsound='cannot be read'
        return 2
    fi
    detail "reading $2"
    if [ "$1" = db ]; then
        call dbr-import "${COMMON[@]}" --check --input="$2" >/dev/null
        status=$?
        unsound=$call_error
        [ "$status" -eq 5 ] && return 1
        [ "$status" -eq 0 ] || return 2
        return 0
    fi
    need_scratch
    if is_incomplete "$2"; then
        unsound="it is not complete: $(head -c 500 -- "$REPLY" 2>/dev/null)"
        return 1
    fi
    run gzip -t -- "$2" 2>"$SCRATCH/err" && LC_ALL=C run tar --list --gzip --force-local --file="$2" >/dev/null 2>"$SCRATCH/err" && return 0
    unsound=$(sed -n '1s/^[a-z]*: //p' "$SCRATCH/err")
    unsound=${unsound:-it is not complete}
    return 1
}

do_list() {
    local kind i bytes size
    local -i found=0
    for kind in "${KINDS[@]}"; do
        inventory "$kind"
        for ((i = 0; i < ${#names[@]}; i++)); do
            bytes=$(stat -c %s -- "$DIR/${names[i]}") || continue
            size_text "$bytes" && size=$REPLY
            written_at "$DIR/${names[i]}" "${dates[i]}"
            [ $((found++)) -gt 0 ] || say "$(printf '%-8s  %-10s  %-8s  %8s  %s' KIND DATE 'TIME UTC' SIZE FILE)"
            say "$(printf '%-8s  %-10s  %-8s  %8s  %s%s' "$kind" "${dates[i]}" "${REPLY:--}" "$size" "$DIR/${names[i]}" \
                "$(! is_incomplete "$DIR/${names[i]}" || echo '  (incomplete)')")"
            json_file "$kind" "${dates[i]}" "$bytes" "$DIR/${names[i]}"
        done
    done
    [ $found -gt 0 ] || say "no backups in $DIR"
}

# --- retention ----------------------------------------------------------------------

# prune_kind KIND: keeps the newest sound one of each of the last days, weeks and months that have one, and the newest in any case.
# Nothing is removed before all that is kept has been read, and nothing of today: a second run has reasons not to replace the first.
prune_kind() {
    local kind=$1 i wanted day week month verdict doomed=()
    local -i kept=0
    local -A days=() weeks_kept=() months=()
    inventory "$kind"
    for ((i = 0; i < ${#names[@]}; i++)); do
        # Written while the clock was wrong, or not by us: it must not push out those of real days.
        if [[ ${dates[i]} > $TODAY ]]; then
            warn "${names[i]} is dated later than today: it does not count, and stays"
            continue
        fi
        day=${dates[i]} week=${weeks[i]} month=${dates[i]%-*} wanted=''
        [[ -n ${days[$day]-} || ${#days[@]} -ge $DB_BACKUP_KEEP_DAILY ]] || wanted=yes
        [[ -n ${weeks_kept[$week]-} || ${#weeks_kept[@]} -ge $DB_BACKUP_KEEP_WEEKLY ]] || wanted=yes
        [[ -n ${months[$month]-} || ${#months[@]} -ge $DB_BACKUP_KEEP_MONTHLY ]] || wanted=yes
        if [[ -z $wanted && $kept -gt 0 ]]; then
            [[ ! $day < $TODAY ]] || doomed+=("${names[i]}")
            continue
        fi
        is_sound "$kind" "$DIR/${names[i]}"
        verdict=$?
        if [ $verdict -eq 2 ]; then
            problem 1 "${names[i]}: $unsound; nothing of its kind is removed"
            return 1
        elif [ $verdict -eq 1 ]; then
            DAMAGED+=("$DIR/${names[i]}")
            problem 1 "${names[i]} is damaged and does not count as a backup: $unsound" \
                "delete it, or put a sound copy in its place; dbr-backup verify tells which backups are sound"
            continue
        fi
        kept+=1
        [ ${#days[@]} -ge "$DB_BACKUP_KEEP_DAILY" ] || days[$day]=yes
        [ ${#weeks_kept[@]} -ge "$DB_BACKUP_KEEP_WEEKLY" ] || weeks_kept[$week]=yes
        [ ${#months[@]} -ge "$DB_BACKUP_KEEP_MONTHLY" ] || months[$month]=yes
    done
    [ ${#doomed[@]} -eq 0 ] || remove "${doomed[@]}"
}

remove() {
    local name
    given dry-run || (cd -- "$DIR" && printf '%s\0' "$@" | xargs -0 rm -f --) 2>/dev/null
    for name in "$@"; do
        if given dry-run; then
            say "would remove $DIR/$name"
        elif [ ! -e "$DIR/$name" ]; then
            ! is_incomplete "$DIR/$name" || rm -f -- "$REPLY"
            log "Backup removed: $name"
            say "removed $DIR/$name"
        else
            problem 1 "cannot remove $DIR/$name"
            continue
        fi
        REMOVED+=("$DIR/$name")
    done
}

prune_kinds() {
    local kind
    for kind in "$@"; do prune_kind "$kind"; done
}

do_prune() {
    given dry-run || open_directory
    prune_kinds "${KINDS[@]}"
    [ ${#REMOVED[@]} -gt 0 ] || say 'nothing to remove'
}
