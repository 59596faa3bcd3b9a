# shellcheck shell=bash
# The options of a program that is a script: from a table come parsing, --help, hints for what is mistyped, and the listings that
# completions are made of. It goes with program.bash, and the build puts both where a script names them.
# shellcheck disable=SC2004,SC2034,SC2154 # variables of the script and of its frame, GIVEN with names for keys

# From these tables come parsing, --help, and what the completions are made of (--list-commands, --list-options).
COMMANDS=() OPTIONS=() COMMON_OPTIONS=()
command_row() { local IFS=$'\t' && COMMANDS+=("$*"); }
option_row() { local IFS=$'\t' && OPTIONS+=("$*"); }
common_row() { local IFS=$'\t' && COMMON_OPTIONS+=("$*"); }

# Name, letter, kind, argument or choices, help.
common_row env-file - file FILE 'read the configuration from FILE'
common_row state-dir - dir DIR 'keep the state in DIR'
common_row json - flag - 'print one JSON document'
common_row yes y flag - 'consent to every step that asks for it'
common_row quiet q flag - 'print only warnings and errors'
common_row verbose v flag - 'print more of what is done'
common_row no-color - flag - 'print without colours'
common_row help h flag - 'print this help'
common_row version V flag - 'print the version'

print_help() {
    local name letter kind argument text left row
    printf 'Usage: %s%s [options]\n\n%s\n' "$PROGRAM" "${COMMANDS:+ COMMAND}" "$PURPOSE"
    [ ${#COMMANDS[@]} -eq 0 ] || printf '\nCommands:\n'
    for row in "${COMMANDS[@]}"; do
        IFS=$'\t' read -r name argument text <<<"$row"
        [ "$argument" = - ] || name+=" $argument"
        printf '  %-28s%s\n' "$name" "$text"
    done
    printf '\nOptions:\n'
    for row in "${OPTIONS[@]}" '' "${COMMON_OPTIONS[@]}"; do
        if [ -z "$row" ]; then
            printf '\nCommon options:\n'
            continue
        fi
        IFS=$'\t' read -r name letter kind argument text _ <<<"$row"
        left="      --$name"
        [ "$letter" = - ] || left="  -$letter, --$name"
        [ "$kind" = flag ] || left+="=$argument"
        [ ${#left} -le 28 ] || left+=$'\n'"$(printf '%28s' '')"
        printf '%-28s  %s\n' "$left" "$text"
    done
    printf '\nThe manual is %s(1).\n' "$PROGRAM"
}

# An argument as a message may quote it: a URL may hold a password.
shown() {
    case $1 in
    *://* | *password=*) REPLY='(a URL)' ;;
    *) REPLY=${1//[[:cntrl:]]/?} ;;
    esac
}

# nearest WORD CANDIDATE...: the one that was probably meant, or nothing.
nearest() {
    local word=$1 candidate best=$((${#1} / 3 > 1 ? ${#1} / 3 : 1)) i j left above diagonal
    local -a row
    shift
    REPLY=
    for candidate in "$@"; do
        if [[ ${#word} -ge 2 && $candidate == "$word"* ]]; then
            REPLY=$candidate
            return
        fi
        for ((j = 0; j <= ${#candidate}; j++)); do row[j]=$j; done
        for ((i = 1; i <= ${#word}; i++)); do
            diagonal=${row[0]} row[0]=$i
            for ((j = 1; j <= ${#candidate}; j++)); do
                above=$((row[j] + 1)) left=$((row[j - 1] + 1))
                [ "${word:i-1:1}" = "${candidate:j-1:1}" ] || diagonal=$((diagonal + 1))
                ((above < diagonal)) && diagonal=$above
                ((left < diagonal)) && diagonal=$left
                above=${row[j]} row[j]=$diagonal diagonal=$above
            done
        done
        if ((row[${#candidate}] <= best)); then
            REPLY=$candidate best=$((row[${#candidate}] - 1))
        fi
    done
}

# did_you_mean DASHES WORD NAME...: a hint.
did_you_mean() {
    local dashes=$1
    shift
    nearest "$@"
    if [ -n "$REPLY" ]; then REPLY="did you mean $dashes$REPLY?"; else REPLY="$PROGRAM --help lists ${COMMANDS:+commands and }options"; fi
}

# find_option FIELD TEXT: the option whose field 1 (name) or 2 (letter) is that; sets option, kind and argument.
find_option() {
    local row letter
    for row in "${OPTIONS[@]}" "${COMMON_OPTIONS[@]}"; do
        IFS=$'\t' read -r option letter kind argument _ <<<"$row"
        if [ "$1" -eq 1 ]; then [ "$option" != "$2" ] || return 0; else [ "$letter" != "$2" ] || return 0; fi
    done
    return 1
}

unknown_option() {
    local text
    shown "$2"
    text=$REPLY
    did_you_mean -- "$2" "${OPTIONS[@]%%$'\t'*}" "${COMMON_OPTIONS[@]%%$'\t'*}"
    die 2 "unknown option $1$text" "$REPLY"
}

# take_option VALUE: of the option that find_option found.
take_option() {
    local text
    [ -n "$1" ] || die 2 "--$option has an empty value"
    if [ "$kind" = choice ] && [[ "|$argument|" != *"|$1|"* || $1 == *'|'* ]]; then
        shown "$1"
        text=$REPLY
        IFS='|' read -r -a choices <<<"$argument"
        did_you_mean "--$option=" "$1" "${choices[@]}"
        die 2 "--$option must be one of $argument, not '$text'" "$REPLY"
    fi
    GIVEN[$option]=$1
}

parse() {
    local word option kind argument letters
    while [ $# -gt 0 ]; do
        word=$1
        shift
        case $word in
        --)
            OPERANDS+=("$@")
            return
            ;;
        --list-options | --list-commands)
            GIVEN[${word#--}]=yes
            return
            ;;
        --*)
            word=${word#--}
            find_option 1 "${word%%=*}" || unknown_option -- "${word%%=*}"
            letters=
            ;;
        -?*)
            find_option 2 "${word:1:1}" || unknown_option - "${word:1:1}"
            letters=${word:2}
            word=$option
            ;;
        *)
            OPERANDS+=("$word")
            continue
            ;;
        esac
        if [ "$kind" = flag ]; then
            [ "$word" = "$option" ] || die 2 "--$option takes no value"
            GIVEN[$option]=yes
            # All letters stand for flags: the others of a cluster come next.
            [ -z "$letters" ] || set -- "-$letters" "$@"
            [[ $option != help && $option != version ]] || return
        elif [ "$word" != "$option" ]; then
            take_option "${word#*=}"
        else
            [[ $# -gt 0 && $1 != -* ]] || die 2 "--$option needs a value ($argument)"
            take_option "$1"
            shift
        fi
    done
}

# npm keeps options for itself that are given without "--". Consent is never taken from there; without the others, what would run
# is not what was asked for.
heed_npm() {
    local row name argument key script=${npm_lifecycle_event-} names='' meant=''
    [ -n "$script" ] || return 0
    for row in "${OPTIONS[@]}" "${COMMON_OPTIONS[@]:0:2}"; do # of the common ones: --env-file, --state-dir
        IFS=$'\t' read -r name _ _ argument _ <<<"$row"
        key=npm_config_${name//-/_}
        [[ $name != dry-run && -n ${!key-} && ${!key} != false ]] || continue
        [ "$argument" = - ] && argument='' || argument="=$argument"
        names+="${names:+, }--$name" meant+=" --$name$argument"
    done
    [ -z "$names" ] || die 2 "npm kept $names for itself; nothing was done" "npm run $script --$meant"
    if [[ ${npm_config_dry_run-} == true && -z ${GIVEN[dry-run]-} ]]; then
        GIVEN[dry-run]=yes
        log 'npm was given --dry-run: this is a dry run'
    fi
    if [[ ${npm_config_json-} == true && -z ${GIVEN[json]-} ]]; then
        GIVEN[json]=yes
        log 'npm was given --json: the result is printed as JSON'
    fi
    unset npm_lifecycle_event # the other programs are not what npm was told to run
}

answer() {
    local version
    if given list-options; then
        printf '%s\n' "${OPTIONS[@]}" "${COMMON_OPTIONS[@]}" | cut -f 1-5 || lost_stdout "$BASHPID"
    elif given list-commands; then
        printf '%s\n' "${COMMANDS[@]}"
    elif given help; then
        print_help
    elif given version; then
        find_program dbr-env || die 1 "$call_error" "$call_hint"
        version=$("$REPLY" --version) || die 1 'dbr-env does not tell its version'
        printf '%s %s\n' "$PROGRAM" "${version##* }"
    else
        return
    fi
    unset 'GIVEN[json]'
    exit 0
}
