# shellcheck shell=bash
# What goes into an archive of files: what the paths of the configuration name, and what their links lead to.
# The build puts this file into dbr-backup.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

# write_files TEMP PATHS: an archive with names below /. What is missing or cannot be read makes it incomplete (the caller's
# variable), and the rest is saved.
write_files() {
    local status line
    collect "$2"
    if [ ${#members[@]} -eq 0 ]; then
        failed 1 "$kind: nothing can be saved: $incomplete"
        return 1
    fi
    printf '%s\0' "${members[@]}" >"$SCRATCH/members"
    LC_ALL=C run tar --directory=/ --create --gzip --file="$1" --anchored --no-wildcards "${excluded[@]/#/--exclude=}" \
        --null --verbatim-files-from --files-from="$SCRATCH/members" 2>"$SCRATCH/err"
    status=$?
    # What changed while it was read is saved one way or the other.
    while IFS= read -r line; do
        line=${line#tar: }
        case $line in
        Exiting* | Child* | 'Error is not recoverable'*) ;;
        *'file changed as we read it' | *'removed before we read it' | *'socket ignored') warn "$kind: /$line" ;;
        *': Cannot open: '* | *': Cannot stat: '* | *': Cannot read'*) incomplete+="${incomplete:+; }/$line" ;;
        *) incomplete+="${incomplete:+; }$line" ;;
        esac
    done <"$SCRATCH/err"
    [[ $status -lt 2 || -n $incomplete ]] || incomplete="tar ended with exit status $status"
    [ -s "$1" ] || {
        failed 1 "$kind: ${incomplete:-tar wrote nothing}"
        return 1
    }
}

# trace PATH: the links on its way, and where it ends, go into the caller's variable seen. An archive that held a link and something
# below it could not be restored.
trace() {
    local rest=$1 path='' part target
    while [ -n "$rest" ]; do
        part=${rest%%/*}
        if [[ $rest == */* ]]; then rest=${rest#*/}; else rest=''; fi
        case $part in
        '' | .) continue ;;
        ..) path=${path%/*} && continue ;;
        esac
        path+=/$part
        [ -L "$path" ] || continue
        seen[${path#/}]=yes
        target=$(readlink -n -- "$path" && echo /) # which keeps line ends
        [[ $target == /* ]] && path='' || path=${path%/*}
        rest=$target$rest
    done
    seen[${path#/}]=yes
}

# collect PATHS: sets members (without the first slash), excluded, and incomplete. A path that is a link is saved with what it
# leads to, and so are files outside that links inside of a directory lead to: a link alone restores nothing.
collect() {
    local paths path real target
    local -A seen=()
    members=() excluded=()
    IFS=: read -r -a paths <<<"$1"
    for path in "${paths[@]}"; do
        [ -n "$path" ] || continue
        [[ $path == /* ]] || path=$PWD/$path
        if ! real=$(realpath -e -- "$path" 2>&1); then
            incomplete+="${incomplete:+; }$path: ${real##*: }"
            continue
        fi
        if [[ $real == / || $real == "$DIR" || $real == "$DIR"/* ]]; then
            incomplete+="${incomplete:+; }$path: is DB_BACKUP_DIR, a part of it, or everything"
            continue
        fi
        trace "$path"
        [[ $DIR != "$real"/* ]] || excluded+=("${DIR#/}")
        [ -d "$real" ] || continue
        while IFS= read -r -d '' target; do
            [[ $target == "$real"/* || $target == "$DIR"/* ]] || seen[${target#/}]=yes
        done < <(find "$real" -path "$DIR" -prune -o -type l -xtype f -exec realpath -z -- {} + 2>/dev/null)
    done
    [ ${#seen[@]} -eq 0 ] || mapfile -d '' -t members < <(printf '%s\0' "${!seen[@]}" | LC_ALL=C sort -z)
}
