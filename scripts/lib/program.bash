# shellcheck shell=bash
# shellcheck disable=SC2034,SC2317 # variables and functions for the scripts, some called by traps
# What the programs that are scripts do as all programs of dbr do: messages, errors and exit status, signals, and calling the others.
# The options are in options.bash. The build puts both where a script names them.
#
#     PROGRAM=dbr-backup PURPOSE='back up ...'
#     . .../lib/program.bash
#     . .../lib/options.bash
#     option_row dry-run n flag - 'say what would be done, and change nothing'
#     program_start "$@"          # parses; answers --help, --version and the listings
#     heed_npm
#
# A script defines print_document STATUS for --json, and may define at_exit and at_signal anew.
set -uo pipefail
umask 077
unset TAR_OPTIONS GZIP # options that nobody here asked for
export PATH # cron may have none, and then bash has one for itself only

declare -A GIVEN=() # option -> its value, "yes" for a flag
OPERANDS=()

STATUS=0 ERROR='' HINT='' # of the first problem
WARNINGS=()
LOG_FILE='' # once a run may write it
SCRATCH=''  # for messages of other programs
CALL_WITH=() # a command that runs them, for their environment

at_exit() { :; }
at_signal() { :; }

given() { [ -n "${GIVEN[$1]-}" ]; }

# All that is printed goes through here, so that what cannot be written to standard output is an error of the run: see leave. Of
# files, whoever writes them sees to it.
[ -e "/proc/$$/fd/1" ] || exec >/dev/full # closed: nothing that is opened takes its number
STDOUT_IS=$(readlink "/proc/$$/fd/1") STDOUT_LOST=''
printf() {
    # shellcheck disable=SC2059 # the caller's format
    builtin printf "$@" 2>/dev/null && return
    [ "$1" = -v ] || lost_stdout "$BASHPID"
    return 1
}
lost_stdout() { [ "$(readlink "/proc/$1/fd/1")" != "$STDOUT_IS" ] || STDOUT_LOST=yes; }

now() {
    local moment=${EPOCHREALTIME-} # since bash 5; in some places with a comma
    if [ -z "$moment" ]; then
        REPLY=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
    else
        TZ=UTC0 printf -v REPLY '%(%Y-%m-%dT%H:%M:%S)T' "${moment%[.,]*}"
        moment=${moment: -6}
        REPLY+=".${moment:0:3}Z"
    fi
}

log_line() {
    local line
    now
    line="$REPLY [DB-Redundancy] ${2//[[:cntrl:]]/?}"
    [ "$1" = file ] || printf '%s\n' "$line" >&2
    [ -z "$LOG_FILE" ] || printf '%s\n' "$line" 2>/dev/null >>"$LOG_FILE" || true
}
log() { if given quiet; then log_line file "$1"; else log_line both "$1"; fi; }
warn() {
    WARNINGS+=("$1")
    log_line both "WARNING: $1"
}
detail() { ! given verbose || log_line both "$1"; }
# A result for people.
say() { given quiet || given json || printf '%s\n' "$1"; }

# problem STATUS TEXT [HINT]: the run goes on, but will not end well.
problem() {
    local text=${2//[[:cntrl:]]/?} hint=${3-}
    # Nobody is left with an error and nothing to do about it.
    if [ -z "$hint" ]; then
        if [ "$1" -eq 2 ]; then hint="$PROGRAM --help tells what it takes"; else hint='mend that, then run it again'; fi
    fi
    if [ "$STATUS" -eq 0 ]; then
        STATUS=$1 ERROR=$text HINT=$hint
    else
        WARNINGS+=("$text")
    fi
    [ -z "$LOG_FILE" ] || log_line file "ERROR: $text"
    given json && return
    printf '%s: error: %s\n' "$PROGRAM" "$text" >&2
    printf 'hint: %s\n' "${hint//[[:cntrl:]]/?}" >&2
}

die() {
    problem "$@"
    exit "$STATUS"
}

json_string() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    REPLY="\"${text//[[:cntrl:]]/?}\""
}

# A list of strings.
json_strings() {
    local text list=''
    for text in "$@"; do
        json_string "$text"
        list+="${list:+, }$REPLY"
    done
    REPLY="[$list]"
}
# What every document ends with: warnings, and the error when there was one.
print_document_end() { # STATUS
    local code=('' failed usage unreachable different refused locked)
    json_strings "${WARNINGS[@]}" && printf '  "warnings": %s' "$REPLY"
    if [ "$1" -ne 0 ]; then
        json_string "${ERROR:-ended by a signal}"
        printf ',\n  "error": {"code": "%s", "message": %s, "hint": ' "${code[$1]-stopped}" "$REPLY"
        json_string "${HINT:-run it again}"
        printf '%s}' "$REPLY"
    fi
    printf '\n}\n'
}

# However the run ends.
leave() {
    local status=$?
    trap - EXIT
    trap '' INT TERM HUP
    at_exit
    [ -z "$SCRATCH" ] || rm -rf -- "$SCRATCH"
    ! given json || print_document "$status"
    [ -z "$STDOUT_LOST" ] || {
        unset 'GIVEN[json]' # which could not be written either
        problem 1 'cannot write to standard output' 'make room on that file system (df -h, df -i, quota), then run the program again'
        [ "$status" -ne 0 ] || status=1
    }
    exit "$status"
}

on_signal() {
    local children
    trap '' INT TERM HUP
    children=$(jobs -p)
    # shellcheck disable=SC2086 # one word each
    [ -z "$children" ] || {
        kill -TERM $children
        at_signal
        wait $children
    } 2>/dev/null
    exit $((128 + $1))
}

# make_temporary NAME: a directory NAME.PLACE.PID.xxxxxx, REPLY; those of runs that were killed go. The place is the machine and
# the namespace of processes in it: of other ones (a container that shares /tmp) nobody here knows who lives.
make_temporary() {
    local place path pid
    place=${HOSTNAME//[!A-Za-z0-9-]/_}-$(stat -L -c %i /proc/self/ns/pid 2>/dev/null) || place=
    for path in "$1.$place".*.*; do
        pid=${path#"$1.$place."} pid=${pid%%.*}
        [[ -n $place && $pid =~ ^[1-9][0-9]*$ && -d $path && ! -L $path && -O $path ]] || continue
        kill -0 "$pid" 2>/dev/null || [ -e "/proc/$pid" ] || rm -rf -- "$path"
    done
    REPLY=$(mktemp -d "$1.${place:-unknown}.$$.XXXXXX" 2>&1)
}

need_scratch() {
    [ -z "$SCRATCH" ] || return 0
    make_temporary "${TMPDIR:-/tmp}/$PROGRAM" || die 1 "cannot make a temporary directory: ${REPLY##*: }"
    SCRATCH=$REPLY
}

# run COMMAND...: so that a signal does not wait for its end. Its stdin is empty.
run() {
    "$@" &
    wait $!
}

# The program of dbr that is installed beside this script, whatever PATH says.
find_program() {
    local place
    for place in "$0" "$(realpath -- "$0")"; do # a link to this script may stand anywhere
        REPLY=$(dirname -- "$place")/$1
        [ ! -x "$REPLY" ] || return 0
    done
    REPLY=$(command -v "$1") && return
    call_error="cannot find $1" call_hint="install it beside $PROGRAM"
    return 1
}

# call PROGRAM ARGUMENT...: what it prints on stderr is passed on, but for its error, which goes to call_error and call_hint.
call() {
    local name=$1 status line
    shift
    need_scratch
    find_program "$name" || return 1
    run "${CALL_WITH[@]}" "$REPLY" "$@" 2>"$SCRATCH/err"
    status=$?
    call_error='' call_hint=''
    while IFS= read -r line; do
        case $line in
        "$name: error: "*) call_error=${line#"$name: error: "} ;;
        'hint: '*) call_hint=${line#hint: } ;;
        *) [ -n "${call_silent-}" ] || printf '%s\n' "$line" >&2 ;;
        esac
    done <"$SCRATCH/err"
    [[ $status -eq 0 || -n $call_error ]] || call_error="$name ended with exit status $status"
    return $status
}

confirm() {
    local answer=''
    given yes && return
    [[ -t 0 && -t 2 ]] || die 5 "consent is needed, and there is no terminal to ask at: $1" 'add --yes to consent'
    printf '%s [y/N] ' "$1" >&2
    read -r answer || true
    [[ ${answer,,} == y || ${answer,,} == yes ]] || die 5 'not done: no consent was given'
}

# For a POSIX shell.
shell_word() {
    REPLY=$1
    [[ $1 =~ ^[A-Za-z0-9_./=:,@+-]+$ ]] || REPLY="'${1//\'/\'\\\'\'}'"
}

# For a line of a unit: specifiers and variables are expanded there, too.
unit_word() {
    REPLY=${1//\\/\\\\}
    REPLY=${REPLY//\"/\\\"}
    REPLY=\"${REPLY//%/%%}\"
}

# program_start ARGUMENT...
program_start() {
    trap leave EXIT
    trap 'on_signal 1' HUP
    trap 'on_signal 2' INT
    trap 'on_signal 15' TERM
    # Also a command line that is not understood is answered in JSON.
    [[ " $* " != *' --json '* ]] || GIVEN[json]=yes
    parse "$@"
    answer
}
