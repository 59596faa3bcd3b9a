# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for the tests
# What every end-to-end test stands on. tests/run has started two servers, "one" and "two"; each test has a fresh database
# on either of them, an env file and a state directory.
#
#     load ../lib/helper
#     setup() { pair_setup app; }          # or: empty
#     teardown() { pair_teardown; }
#
#     @test "..." {
#         run_dbr init-secondary; exits 0
#         p1 -c "UPDATE users SET balance = 1 WHERE id = 7"
#         out_of_step; run_dbr sync; exits 0; in_step
#     }

bats_require_minimum_version 1.5.0

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib/servers.bash
. "$ROOT/scripts/lib/servers.bash"
# shellcheck source=scripts/lib/compare.bash
. "$ROOT/scripts/lib/compare.bash"
# shellcheck source=tests/lib/standin.bash
. "$ROOT/tests/lib/standin.bash"

DBR_BIN=${DBR_BIN:-$ROOT/build/bin}
DBR_TEST_TIMEOUT=${DBR_TEST_TIMEOUT:-60}

# Nothing of the caller's environment reaches the programs.
unset DATABASE_URL DATABASE_URL_SECONDARY DATABASE_URL_DIRECT DATABASE_FAILOVER MIRROR_DATABASE_URL DBR_ENV_FILE "${!PG@}" "${!DB_@}" \
    "${!npm_@}" "${!HEALTH_CHECK_@}" "${!AUTO_FAIL@}" "${!DBR_API_@}"
export NO_COLOR=1 LC_ALL=C.UTF-8 TZ=UTC
export ASAN_OPTIONS=exitcode=99:detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:exitcode=99:print_stacktrace=1

# --- databases ----------------------------------------------------------------

# pair_setup TEMPLATE: "app" gives the primary the sample application, "empty" nothing. The secondary is empty.
pair_setup() {
    local name
    cd "$BATS_TEST_TMPDIR" || return 1
    name=$(basename "$BATS_TEST_FILENAME" .bats)
    DB=t_${name//[^a-z0-9]/_}_$BATS_TEST_NUMBER
    server_sql one postgres -c "CREATE DATABASE $DB OWNER app TEMPLATE template_${1:-app}"
    server_sql two postgres -c "CREATE DATABASE $DB OWNER app TEMPLATE template_empty"
    P1_URL=$(server_url one "$DB")
    P2_URL=$(server_url two "$DB")
    STATE_DIR=$BATS_TEST_TMPDIR/state
    ENV_FILE=$BATS_TEST_TMPDIR/dbr.env
    RUNS=$BATS_TEST_TMPDIR/runs
    RUN=0
    mkdir "$RUNS"
    (umask 077 && printf '%s\n' "DATABASE_URL=$P1_URL" "DATABASE_URL_SECONDARY=$P2_URL" "DB_STATE_DIR=$STATE_DIR" >"$ENV_FILE")
    any_load
}

pair_teardown() {
    local status=0
    proxies_stop
    sessions_stop
    [ -z "${PRETENDED_CRON:-}" ] || no_cron
    no_secrets || status=1
    database_drop one "$DB"
    database_drop two "$DB"
    return $status
}

# database_create SERVER NAME TEMPLATE
database_create() {
    database_drop "$1" "$2"
    server_sql "$1" postgres -c "CREATE DATABASE $2 OWNER app TEMPLATE template_$3"
}

database_drop() {
    server_sql "$1" postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $2 WITH (FORCE)" || true
}

# schema_clear SERVER: the test's database is empty and open.
schema_clear() {
    PGOPTIONS='-c default_transaction_read_only=off -c client_min_messages=warning' \
        server_sql "$1" "$DB" -c "DROP SCHEMA public CASCADE" -c "CREATE SCHEMA public AUTHORIZATION app" \
        -c "ALTER DATABASE $DB RESET default_transaction_read_only"
}

# env_set KEY VALUE: sets a line of the env file.
env_set() {
    sed -i "/^$1=/d" "$ENV_FILE"
    printf '%s=%s\n' "$1" "$2" >>"$ENV_FILE"
}

# How busy this machine is raises no alert (a percentage is never beyond 100).
any_load() {
    local what
    for what in CPU MEMORY DISK CONNECTIONS; do env_set "DB_ALERT_${what}_PERCENT" 100; done
}

# crontab_is [LINE...]: what "crontab -l" prints to the programs from here on; none: the user has no crontab.
crontab_is() {
    mkdir -p "$BATS_TEST_TMPDIR/crontab"
    printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/crontab/lines"
    if [ $# -gt 0 ]; then printf '#!/bin/sh\ncat "%s"\n' "$BATS_TEST_TMPDIR/crontab/lines"; else printf '#!/bin/sh\nexit 1\n'; fi \
        >"$BATS_TEST_TMPDIR/crontab/crontab"
    chmod +x "$BATS_TEST_TMPDIR/crontab/crontab"
    PATH=$BATS_TEST_TMPDIR/crontab:${PATH#"$BATS_TEST_TMPDIR/crontab:"}
    [ -n "${PRETENDED_CRON:-}" ] || cron_pretend
}

# A process that looks like a cron that runs; no_cron ends it.
cron_pretend() {
    cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/crontab/cron"
    "$BATS_TEST_TMPDIR/crontab/cron" 1000 </dev/null >/dev/null 2>&1 3>&- &
    PRETENDED_CRON=$!
}

no_cron() {
    kill "$PRETENDED_CRON"
    wait "$PRETENDED_CRON" 2>/dev/null || true
    PRETENDED_CRON=
}

env_unset() { sed -i "/^$1=/d" "$ENV_FILE"; }

# From here on everybody connects as the superuser instead of the owner of the database.
as_superuser() {
    P1_URL=$(server_url one "$DB" postgres)
    P2_URL=$(server_url two "$DB" postgres)
    env_set DATABASE_URL "$P1_URL"
    env_set DATABASE_URL_SECONDARY "$P2_URL"
}

# psql on the primary and the secondary, as the application would connect (past a stand-in). The standby is read-only for everyone but dbr after
# init; p2w is someone who gets round that.
p1() { sql "$P1_URL" "$@"; }
p2() { sql "$P2_URL" "$@"; }
p2w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P2_URL" "$@"; }
sql() {
    local url
    url=$(standin_behind "$1")
    shift
    psql -X -q -At -v ON_ERROR_STOP=1 -d "$url" "$@"
}

# Sessions that stay open: session_open NAME URL; session NAME "SQL"; session_close NAME. "session" returns when the
# statement is done and prints nothing; a failing statement fails the test.
session_open() {
    local dir=$BATS_TEST_TMPDIR/session-$1 fd
    mkdir "$dir"
    mkfifo "$dir/in"
    psql -X -q -At -v ON_ERROR_STOP=1 -d "$(standin_behind "$2")" <"$dir/in" >"$dir/out" 2>&1 3>&- &
    echo $! >"$dir/pid"
    exec {fd}>"$dir/in"
    echo "$fd" >"$dir/fd"
    session "$1" "SELECT 1"
}

session() {
    local dir=$BATS_TEST_TMPDIR/session-$1 fd mark
    fd=$(cat "$dir/fd")
    mark=done-$RANDOM$RANDOM
    printf '%s;\n\\echo %s\n' "$2" "$mark" >&"$fd"
    wait_for 20 session_said "$dir" "$mark" || fail "session $1: $2: $(cat "$dir/out")"
}

session_said() {
    grep -q "^$2\$" "$1/out" && return 0
    kill -0 "$(cat "$1/pid")" 2>/dev/null || return 1
    return 1
}

session_close() {
    local dir=$BATS_TEST_TMPDIR/session-$1 fd
    fd=$(cat "$dir/fd")
    exec {fd}>&-
    wait "$(cat "$dir/pid")" || true
    rm -r "$dir"
}

sessions_stop() {
    local dir
    for dir in "$BATS_TEST_TMPDIR"/session-*; do
        [ -e "$dir/pid" ] || continue
        kill "$(cat "$dir/pid")" 2>/dev/null || true
    done
}

# --- links --------------------------------------------------------------------

# link_open NAME SERVER RTT: a proxy before a server; link_port NAME, link_tell NAME COMMAND (see proxy.py).
link_open() {
    local dir=$BATS_TEST_TMPDIR/link-$1
    mkdir "$dir"
    python3 "$ROOT/tests/lib/proxy.py" --target "127.0.0.1:$(server_port "$2")" --rtt "$3" --directory "$dir" \
        </dev/null >"$dir/log" 2>&1 3>&- &
    wait_for 10 test -e "$dir/port" || fail "the proxy did not start: $(cat "$dir/log")"
}
link_port() { cat "$BATS_TEST_TMPDIR/link-$1/port"; }
link_tell() { python3 "$ROOT/tests/lib/proxy.py" --tell "$BATS_TEST_TMPDIR/link-$1" "${@:2}"; }
# link_url NAME URL: the URL with the link's port.
link_url() { sed -E "s#@127\.0\.0\.1:[0-9]+/#@127.0.0.1:$(link_port "$1")/#" <<<"$2"; }

proxies_stop() {
    local dir
    for dir in "$BATS_TEST_TMPDIR"/link-*; do
        [ -e "$dir/pid" ] || continue
        kill "$(cat "$dir/pid")" 2>/dev/null || true
    done
}

# --- running ------------------------------------------------------------------

# run_dbr PROGRAM [ARGUMENT...]: the program without its "dbr-". Sets status, output and errors.
run_dbr() { run_program "dbr-$1" --env-file "$ENV_FILE" "${@:2}"; }

# RUN_IN=COMMAND run_program ...: by that command, say in namespaces.
run_program() {
    local program=$1
    shift
    RUN=$((RUN + 1))
    LAST="$program $*"
    status=0
    ${RUN_IN:+"$RUN_IN"} timeout -k 5 "$DBR_TEST_TIMEOUT" "$DBR_BIN/$program" "$@" >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" </dev/null 3>&- ||
        status=$?
    output=$(tr -d '\0' <"$RUNS/$RUN.out")
    errors=$(tr -d '\0' <"$RUNS/$RUN.err")
    sound
}

# start_dbr PROGRAM ...: in the background; PID. finish_dbr waits for it and sets what run_dbr sets.
start_dbr() {
    local program=dbr-$1
    shift
    RUN=$((RUN + 1))
    LAST="$program $* (in the background)"
    "$DBR_BIN/$program" --env-file "$ENV_FILE" "$@" >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" </dev/null 3>&- &
    PID=$!
}

finish_dbr() {
    local limit=$((SECONDS + DBR_TEST_TIMEOUT))
    while kill -0 "$PID" 2>/dev/null && [ $SECONDS -lt $limit ]; do sleep 0.02; done
    kill -KILL "$PID" 2>/dev/null && fail "$LAST did not end" && return 1
    status=0
    wait "$PID" || status=$?
    output=$(tr -d '\0' <"$RUNS/$RUN.out")
    errors=$(tr -d '\0' <"$RUNS/$RUN.err")
    sound
}

# A crash, a hang or a sanitizer's finding is never what a test wants to see.
sound() {
    case $status in
    99 | 124 | 132 | 134 | 135 | 136 | 139) fail "$LAST crashed or hung" ;;
    esac
    if grep -qE 'AddressSanitizer|LeakSanitizer|runtime error:' <<<"$errors"; then fail "$LAST: sanitizer"; fi
    # Nobody is left with an error and nothing to do about it.
    if grep -qE '^dbr-[a-z-]+: error: ' <<<"$errors" && ! grep -q '^hint: ' <<<"$errors"; then fail "$LAST: no hint"; fi
    if [ "$status" -ne 0 ] && [ "${output:0:1}" = "{" ] && jq -e '.error? | objects | .hint | not' <<<"$output" >/dev/null 2>&1; then
        fail "$LAST: no hint"
    fi
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local limit=$(($(date +%s%N) / 1000000 + $1 * 1000))
    shift
    until "$@"; do
        [ "$(($(date +%s%N) / 1000000))" -lt "$limit" ] || return 1
        sleep 0.02
    done
}

# --- claims -------------------------------------------------------------------

fail() {
    {
        printf '%s\n' "$@"
        echo "--- last run: ${LAST:-none}: exit status ${status:-}"
        echo "--- stdout"
        head -c 4000 <<<"${output:-}"
        echo "--- stderr"
        head -c 8000 <<<"${errors:-}"
    } >&2
    return 1
}

exits() { [ "$status" -eq "$1" ] || fail "exit status $status, expected $1"; }
stdout_has() { has "$output" stdout "$@"; }
stderr_has() { has "$errors" stderr "$@"; }
stdout_lacks() { lacks "$output" stdout "$@"; }
stderr_lacks() { lacks "$errors" stderr "$@"; }
has() {
    local text=$1 where=$2 word
    shift 2
    for word in "$@"; do
        grep -qF -- "$word" <<<"$text" || fail "$where lacks: $word"
    done
}
lacks() {
    local text=$1 where=$2 word
    shift 2
    for word in "$@"; do
        ! grep -qF -- "$word" <<<"$text" || fail "$where has: $word"
    done
}
stdout_empty() { [ -z "$output" ] || fail "stdout is not empty"; }
stderr_empty() { [ -z "$errors" ] || fail "stderr is not empty"; }

# json FILTER: applies a jq filter to stdout, which must be exactly one JSON document.
json() {
    jq -rs "if length == 1 then .[0] else error(\"\(length) documents\") end | $1" "$RUNS/$RUN.out" 2>"$RUNS/$RUN.jq" ||
        fail "stdout is not one JSON document, or the filter $1 fails: $(cat "$RUNS/$RUN.jq")"
}
json_is() {
    local value
    value=$(json "$1") || return 1
    [ "$value" = "$2" ] || fail "$1 is $value, expected $2"
}
json_true() { json_is "$1" true; }

is() { [ "$1" = "$2" ] || fail "is: $1" "expected: $2"; }

# shellcheck disable=SC2119,SC2120 # the schema is optional
both_compared() { compare_databases "$(standin_behind "$P1_URL")" "$(standin_behind "$P2_URL")" "${1:-public}"; }
# shellcheck disable=SC2119
same_rows() { both_compared >"$BATS_TEST_TMPDIR/diff" || fail "the databases differ:" "$(head -n 20 "$BATS_TEST_TMPDIR/diff")"; }
# shellcheck disable=SC2119
different_rows() { ! both_compared >/dev/null || fail "the databases do not differ"; }

# The end of every scenario: an independent comparison and dbr's own agree that the two are the same, and one more run finds nothing
# to do.
in_step() {
    same_rows
    run_dbr sync --verify "$@"
    exits 0
    run_dbr sync --json "$@"
    exits 0
    json_is .recordsSynced 0
    json_is .success true
    same_rows
}

# Before a sync that has something to do: both comparisons see it.
out_of_step() {
    different_rows
    run_dbr sync --verify "$@"
    exits 4
}

# init, once the primary holds what the test wants.
init_pair() {
    run_dbr init-secondary "$@"
    exits 0
    same_rows
}

# Refused, and by this table's name; the others go through.
refused() {
    exits 5
    stderr_has "$@"
}

# No password in any output, any file of the state directory, or any server's list of application names.
no_secrets() {
    local word
    for word in "$SERVERS_APP_PASSWORD" "$SERVERS_APP_PASSWORD_ENCODED" "$SERVERS_PASSWORD" "${SECRET:-$SERVERS_PASSWORD}"; do
        if grep -rlF -- "$word" "$RUNS" "$STATE_DIR" 2>/dev/null; then
            echo "a password was written: $word" >&2
            return 1
        fi
    done
}

# Tables, columns, keys, indexes, sequences, types, functions, triggers and comments of the two are the same; before a stand-in
# those of them that CockroachDB has too.
same_schema() {
    p1 -f "$ROOT/tests/lib/schema.sql" | schema_shared >"$BATS_TEST_TMPDIR/schema1"
    p2 -f "$ROOT/tests/lib/schema.sql" | schema_shared >"$BATS_TEST_TMPDIR/schema2"
    diff -U 0 "$BATS_TEST_TMPDIR/schema1" "$BATS_TEST_TMPDIR/schema2" >"$BATS_TEST_TMPDIR/diff" ||
        fail "the schemas differ:" "$(head -n 30 "$BATS_TEST_TMPDIR/diff")"
}

# Views are carried to no CockroachDB, nor functions, triggers and operator classes.
schema_shared() {
    if ! on_standin; then
        cat
        return
    fi
    awk '/^table / && ($3 == "v" || $3 == "m") { view[$2] = 1 }
        (/^(table|column) / && view[$2]) || /^(function|trigger|domain) / || /^comment (view|function|trigger|domain)/ { next }
        { sub(/ jsonb_path_ops/, ""); print }'
}

APP_TABLES="users custom_pools timeframe_adjustments position_history real_positions invoices billing_profiles app_config referrals
    referred_users referral_subscribers managed_nfts leads landing_videos legal_signatures"
