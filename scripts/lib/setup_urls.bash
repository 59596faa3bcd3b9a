# shellcheck shell=bash
# Where the two URLs come from: files, the environment, the env file of before, or the keyboard.
# The build puts this file into dbr-setup.
# shellcheck disable=SC2004,SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

# url_from OPTION: the first line of its file; from "-" the next line of stdin.
url_from() {
    local file=${GIVEN[$1]}
    REPLY=
    if [ "$file" = - ]; then
        IFS= read -r REPLY || [ -n "$REPLY" ] || die 2 "standard input has no line for --$1" 'write the URL as a line of its own'
    else
        { IFS= read -r REPLY <"$file"; } 2>/dev/null || [ -n "$REPLY" ] || die 2 "cannot read a line of $file for --$1" 'the URL is its first line'
    fi
    REPLY=${REPLY%$'\r'}
    [ -n "$REPLY" ] || die 2 "--$1: the first line of $file is empty" 'the URL is its first line'
}

# Nothing that is typed is shown from here on until show_typing, not even what is pasted before it is asked for.
TYPING='' # how the terminal was set
hide_typing() { [[ -n $TYPING || ! -t 0 ]] || ! TYPING=$(stty -g 2>/dev/null) || stty -echo; }
show_typing() {
    [ -z "$TYPING" ] || stty "$TYPING"
    TYPING=''
}
at_exit() { show_typing; }

# ask_url WHAT [AGAIN]: at the terminal, without an echo.
ask_url() {
    hide_typing
    # The prompt comes when nothing that is typed is shown any more, and not before.
    printf '%s (not shown; %s): ' "$1" "${2-postgresql://user:password@host/database?sslmode=verify-full}" >&2
    IFS= read -r REPLY || REPLY=
    echo >&2
    [ -n "$REPLY" ] || die 2 "no URL was given for the $1" "run $PROGRAM again"
}

# use_url KEY URL: it goes into the env file, and into the examination: what the file is going to say.
use_url() {
    local i at=${#SET_KEYS[@]}
    for i in "${!SET_KEYS[@]}"; do [ "${SET_KEYS[i]}" != "$1" ] || at=$i; done
    SET_KEYS[at]=$1 SET_VALUES[at]=$2
    export "$1=$2"
}

# take_url KEY OPTION WHAT [needed]: from the option, the environment, the env file (which then stays as it is), the terminal.
take_url() {
    local key=$1 option=$2 what=$3
    REPLY=
    if given "$option"; then
        url_from "$option"
    elif [ -n "${!key-}" ]; then
        REPLY=${!key}
    elif [ "${4-}" != needed ] || in_file "$key" || { [ "$key" = DATABASE_URL_SECONDARY ] && in_file MIRROR_DATABASE_URL; }; then
        return 0
    elif [ -t 0 ] && ! given json; then
        ask_url "$what"
        ASKED[$key]=yes
    else
        die 2 "$key is not set in $ENV_FILE" "set it there or in the environment, or name a file that holds it with --$option"
    fi
    use_url "$key" "$REPLY"
}

take_urls() {
    given json || hide_typing
    [ -n "${DATABASE_URL_SECONDARY-}" ] || [ -z "${MIRROR_DATABASE_URL-}" ] || DATABASE_URL_SECONDARY=$MIRROR_DATABASE_URL
    take_url DATABASE_URL primary-from primary needed
    take_url DATABASE_URL_SECONDARY secondary-from secondary needed
    take_url DATABASE_URL_DIRECT direct-from 'direct address of the primary'
    [ ${#ASKED[@]} -gt 0 ] || show_typing
}
