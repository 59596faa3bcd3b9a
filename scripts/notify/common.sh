# shellcheck shell=sh
# What the scripts beside this one share: the arguments, and the event in words. They are for DB_ON_EVENT, which sets DBR_EVENT,
# DBR_ACTIVE, DBR_REASON, DBR_MESSAGE, DBR_SEVERITY, DBR_ALERTS, DBR_FILE and DBR_TIME; started by hand they send a test message.

die() {
    echo "${0##*/}: error: $1" >&2
    [ -z "${2-}" ] || echo "hint: $2" >&2
    exit "${3-1}"
}

# The comment at the top of the script, which is its help.
help() {
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "$0"
    exit 0
}

# only LIST: ends the script where the event is none of the list (words of DBR_EVENT, separated by commas).
only() {
    case ,$1, in *,"$event",*) ;; *) exit 0 ;; esac
}

# take_common "$@": --help and --only=LIST before all else; prints nothing. Sets taken to 1 where the caller is to shift.
take_common() {
    taken=0
    case ${1-} in
    -h | --help) help ;;
    --only=*) only "${1#--only=}" && taken=1 ;;
    esac
}

# address WORD: the word itself, or with @FILE the first line of a file: what is secret does not belong on a command line.
address() {
    case $1 in
    @*)
        [ -r "${1#@}" ] || die "cannot read ${1#@}" "put the address on the first line of the file; chmod 600" 2
        sed -n '1{s/[[:space:]]*$//;p;}' "${1#@}"
        ;;
    *) printf '%s\n' "$1" ;;
    esac
}

# A text as a JSON string, quotes included. Control characters become blanks.
json_string() {
    printf '%s' "$1" | tr '\000-\037\177' ' ' | sed 's/[\\"]/\\&/g; s/^/"/; s/$/"/'
    [ -n "$1" ] || printf '""'
}

# curl with its URL, and a body from a file, kept off the command line: post URL TYPE BODY. Retries once; 18 s at most, of the 20 of an alert.
post() {
    command -v curl >/dev/null || die "curl is not in PATH ($PATH)" "install curl"
    case $1 in
    http://* | https://*) ;;
    *) die "that is no address of the kind https://..." "${0##*/} --help" 2 ;;
    esac
    # In curl's configuration a quote or backslash in a value is escaped.
    printf 'url = "%s"\nheader = "Content-Type: %s"\n' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')" "$2" |
        curl --config - --silent --show-error --fail --output /dev/null --max-time 8 --retry 1 --retry-delay 2 \
            --data-binary "$3" || die "the message was not taken"
}

event=${DBR_EVENT:-test}
severity=${DBR_SEVERITY:-}
active=${DBR_ACTIVE:-}
reason=${DBR_REASON:-}
message=${DBR_MESSAGE:-}
time=${DBR_TIME:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}
host=$(uname -n)
[ -n "${DBR_EVENT:-}" ] || message='this is a test message of dbr'

# "alert standby-down (warning)", "failover to the secondary", ...
case $event in
alert) title="alert ${reason:-?}${severity:+ ($severity)}" ;;
failover | failback) title="$event${active:+ to the $active}" ;;
*) title=$event ;;
esac
# What is to be said: the message, or for a switch without one its reason.
text=${message:-$reason}
