# shellcheck shell=bash
# The env file of dbr-setup: which one it is, what it has, and what is written into it. Whether it is good is the matter of
# dbr-health --doctor, and its lines are those of dbr-env --set.
# The build puts this file into dbr-setup.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

ENV_FILE=''               # absolute
SET_KEYS=() SET_VALUES=() # what goes into it
ENV_FILE_CHANGED=''       # the keys that did, or would in a dry run

# has_key KEY FILE: whether it gives the key a value there. The doctor reads it properly.
has_key() {
    [ -e "$2" ] && grep -E "^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=" -- "$2" 2>/dev/null |
        grep -qvE "=[[:space:]]*(''|\"\")?[[:space:]]*(#.*)?$"
}
in_file() { has_key "$1" "$ENV_FILE"; }

# Where all programs look, in their order. The application's own .env counts where dbr has something in it.
choose_env_file() {
    REPLY=${GIVEN[env-file]-${DBR_ENV_FILE-}}
    [ -z "$REPLY" ] || return 0
    if [ -e .env.production ]; then
        REPLY=.env.production
    elif [[ -e .env && ! -r .env ]] || has_key '(DATABASE_URL|MIRROR_DATABASE_URL|DB_[A-Z0-9_]+)' .env; then
        REPLY=.env
    elif [ -e /etc/dbr/dbr.env ]; then
        REPLY=/etc/dbr/dbr.env
    else
        REPLY=.env.production
    fi
}

find_env_file() {
    local file
    choose_env_file
    file=$REPLY
    ENV_FILE=$(realpath -m -- "$file") || die 2 "no path: $file"
    [[ ! -e $ENV_FILE || -f $ENV_FILE ]] || die 2 "$ENV_FILE is no file" 'name another one with --env-file'
    [[ $ENV_FILE != *[[:cntrl:]]* ]] || die 2 'the path of the env file has a control character in it' 'name another one with --env-file'
    [[ ! -e $ENV_FILE || -r $ENV_FILE ]] || die 2 "cannot read $ENV_FILE" 'run it as the owner of that file'
    if [ ! -e "$ENV_FILE" ]; then
        [ -d "$(dirname -- "$ENV_FILE")" ] || die 2 "there is no directory $(dirname -- "$ENV_FILE")" 'make it, or name another file with --env-file'
    fi
    unset DBR_ENV_FILE
}

# Before anything is asked for: which one is going to be written to.
say_env_file() {
    local new=''
    [ -e "$ENV_FILE" ] || new=' (a new one)'
    say "$(printf '%-12s  env file: %s%s' checked "$ENV_FILE" "$new")"
    [[ $ENV_FILE != /etc/dbr/dbr.env || ! -e .env || -e .env.production ]] || given env-file ||
        warn "programs that are started here without --env-file read .env, which has nothing of dbr, instead of $ENV_FILE"
}

# Sets COMMON: what the other programs read now. A copy stands for a file that is not there yet, so that nothing is found in one of
# another name instead; and for one that the user of a service cannot read, whom systemd hands it as well.
lend_env_file() {
    local lent
    need_scratch
    lent=$SCRATCH/env
    COMMON=("--env-file=$ENV_FILE")
    if [ -e "$ENV_FILE" ]; then
        [ ${#CALL_WITH[@]} -gt 0 ] && ! "${CALL_WITH[@]}" test -r "$ENV_FILE" || return 0
        given systemd || die 5 "${GIVEN[run-as]} cannot read $ENV_FILE" "chown ${GIVEN[run-as]} $ENV_FILE"
        cat -- "$ENV_FILE" >"$lent"
    else
        : >"$lent"
    fi
    COMMON=("--env-file=$lent")
    # The file is theirs, the directory is not, for root writes there.
    [ ${#CALL_WITH[@]} -eq 0 ] || { chmod 711 "$SCRATCH" && chown -- "${GIVEN[run-as]}" "$lent"; }
}

# call, with the file that is meant in its error.
call_named() {
    local status=0
    call "$@" || status=$?
    call_error=${call_error//"$SCRATCH/env"/"$ENV_FILE"} call_hint=${call_hint//"$SCRATCH/env"/"$ENV_FILE"}
    return $status
}

# set_in FILE: the keys into that file; prints those that changed.
set_in() {
    local keys
    printf -v keys '%s,' "${SET_KEYS[@]}"
    printf '%s\n' "${SET_VALUES[@]}" >"$SCRATCH/values"
    find_program dbr-env || die 1 "$call_error" "$call_hint"
    "$REPLY" "--set=${keys%,}" "--env-file=$1" <"$SCRATCH/values" >"$SCRATCH/set" 2>"$SCRATCH/err" || {
        local status=$? error hint
        error=$(sed -n 's/^dbr-env: error: //p' "$SCRATCH/err")
        hint=$(sed -n 's/^hint: //p' "$SCRATCH/err")
        die $status "${error//"$1"/$ENV_FILE}" "${hint//"$1"/$ENV_FILE}"
    }
    rm -f "$SCRATCH/values"
    REPLY=$(sed -n 's/ changed$//p' "$SCRATCH/set" | paste -sd , | sed 's/,/, /g')
}

write_env_file() {
    local new=yes copy=$SCRATCH/copy changed mode=600
    : >"$copy"
    if [ -e "$ENV_FILE" ]; then
        new=
        cat -- "$ENV_FILE" >"$copy"
        mode=$(stat -L -c %a -- "$ENV_FILE")
    fi
    # On a copy first: what would change is known before it does.
    REPLY=
    [ ${#SET_KEYS[@]} -eq 0 ] || set_in "$copy"
    changed=$REPLY
    if [[ -z $changed && $((8#$mode & 8#77)) -eq 0 ]]; then
        step unchanged "env file $ENV_FILE"
        return
    fi
    [[ -n $new || $changed != *DATABASE_URL* ]] || ! replaces_url "$changed" || consent "replace $changed in $ENV_FILE?"
    # It may be the application's as well, which runs as somebody else.
    [[ -n $new || $((8#$mode & 8#77)) -eq 0 ]] || consent "keep $ENV_FILE (mode $mode) for its owner alone? it holds passwords; an application of another user could not read it any more"
    ENV_FILE_CHANGED=$changed
    if ! given dry-run; then
        if [ ${#SET_KEYS[@]} -gt 0 ]; then set_in "$ENV_FILE"; else chmod 600 -- "$ENV_FILE"; fi
        [[ -z $new || ${#CALL_WITH[@]} -eq 0 ]] || chown -- "${GIVEN[run-as]}" "$ENV_FILE"
    fi
    if [ -n "$new" ]; then step created "env file $ENV_FILE, mode 600: $changed"; else step changed "env file $ENV_FILE, mode 600${changed:+: $changed}"; fi
    # From now on it is the file that counts, for this user and for a timer.
    unset DATABASE_URL DATABASE_URL_SECONDARY DATABASE_URL_DIRECT MIRROR_DATABASE_URL
    given dry-run || lend_env_file
}

# Whether one of these keys had a value.
replaces_url() {
    local key
    for key in ${1//,/}; do
        [[ $key != DATABASE_URL* ]] || ! in_file "$key" || return 0
    done
    return 1
}
