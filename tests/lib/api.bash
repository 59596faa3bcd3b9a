# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for the tests
# Requests to dbr-api as a web server would make them, without one: environment and standard input.
#
#     api GET /health; answers 200; json_is .status healthy
#     token_set; api POST /db-sync BODY='{}' HTTP_ORIGIN=http://evil.example; answers 403
#     api_post /db-sync '{"reason": "why"}'        # with token and content type

API_TOKEN=not-a-real-token-but-long-enough

# token_set: a token file for the test's env file.
token_set() {
    (umask 077 && printf '%s\n' "$API_TOKEN" >"$BATS_TEST_TMPDIR/token")
    env_set DBR_API_TOKEN_FILE "$BATS_TEST_TMPDIR/token"
}

# api METHOD PATH [NAME=VALUE...]: PATH below /api/system, with its query; variables are set beside or in place of the usual ones;
# BODY is the body. Sets http, headers, and what run_dbr sets, with the body of the answer as stdout.
api() {
    local method=$1 path=$2 body="" item query=""
    local -a variables=()
    shift 2
    case $path in *\?*) query=${path#*\?} path=${path%%\?*} ;; esac
    for item in "$@"; do
        case $item in BODY=*) body=${item#BODY=} ;; *) variables+=("$item") ;; esac
    done
    [ -z "$body" ] || variables=("CONTENT_LENGTH=$(LC_ALL=C; echo ${#body})" "${variables[@]}")
    RUN=$((RUN + 1))
    LAST="api $method $path $*"
    status=0
    printf %s "$body" | timeout -k 5 "$DBR_TEST_TIMEOUT" env -i "PATH=$PATH" "ASAN_OPTIONS=$ASAN_OPTIONS" "UBSAN_OPTIONS=$UBSAN_OPTIONS" \
        GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 "DBR_ENV_FILE=$ENV_FILE" "REQUEST_METHOD=$method" \
        "PATH_INFO=/api/system$path" "QUERY_STRING=$query" REMOTE_ADDR=192.0.2.7 HTTP_HOST=dbr.example.com "${variables[@]}" \
        "$DBR_BIN/dbr-api" >"$RUNS/$RUN.cgi" 2>"$RUNS/$RUN.err" 3>&- || status=$?
    errors=$(tr -d '\0' <"$RUNS/$RUN.err")
    sound
    [ "$status" -eq 0 ] || fail "dbr-api: exit status $status"
    api_take "$RUNS/$RUN.cgi"
}

# Splits an answer into status, headers and body.
api_take() {
    headers=$(sed '/^\r\{0,1\}$/,$d' "$1" | tr -d '\r')
    sed '1,/^\r\{0,1\}$/d' "$1" >"$RUNS/$RUN.out"
    output=$(tr -d '\0' <"$RUNS/$RUN.out")
    http=$(sed -n 's/^Status: \([0-9]*\).*/\1/p' <<<"$headers")
}

# api_post PATH [BODY [NAME=VALUE...]]: as whoever has the token.
api_post() {
    local path=$1 body=${2:-'{}'}
    shift
    [ $# -eq 0 ] || shift
    api POST "$path" "BODY=$body" CONTENT_TYPE=application/json "HTTP_AUTHORIZATION=Bearer $API_TOKEN" "$@"
}

answers() { [ "$http" = "$1" ] || fail "HTTP status $http, expected $1"; }
header_has() { grep -qixF -- "$1" <<<"$headers" || fail "no header $1 in:" "$headers"; }
# An error document with that code and a message.
refuses() {
    answers "$1"
    json_is .success false
    json_is .error.code "$2"
    json_true '.error.message | length > 0'
}
