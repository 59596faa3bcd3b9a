#!/usr/bin/env bats
# Proves: GET answers with what the programs say, from the last record while it is fresh and from one check when it is not, and tells
# no address, name of a user or database, path or statement; the program loads no libpq.
# bats file_tags=postgres

load ../lib/helper
load ../lib/api
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

# The number of checks in the record.
checks() { find "$STATE_DIR" -name history.jsonl -exec cat {} + | wc -l; }

# As if the last check were long ago.
age_record() {
    jq '(.health.primary, .health.secondary).lastCheck = "2026-01-01T00:00:00.000Z"' <"$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
}

@test "libpq is not loaded" {
    readelf -d "$DBR_BIN/dbr-health" | grep -q 'NEEDED.*libpq'
    readelf -d "$DBR_BIN/dbr-api" >"$BATS_TEST_TMPDIR/needed"
    grep -q NEEDED "$BATS_TEST_TMPDIR/needed"
    ! grep -qE 'NEEDED.*(libpq|libssl|libcrypto|libz)' "$BATS_TEST_TMPDIR/needed" || fail "$(cat "$BATS_TEST_TMPDIR/needed")"
}

@test "health: the record while it is fresh, else one check that is recorded" {
    is "$(checks)" 0
    api GET /health
    answers 200
    json_is .status healthy
    json_is .activeDatabase primary
    is "$(checks)" 1
    api GET /health
    api GET /db-health
    answers 200
    is "$(checks)" 1
    run_dbr health --cached --json
    json '[.status, .primary, .secondary, .syncStatus, .switching]' >"$BATS_TEST_TMPDIR/program"
    api GET /db-health
    json '[.status, .primary, .secondary, .syncStatus, .switching]' >"$BATS_TEST_TMPDIR/api"
    diff "$BATS_TEST_TMPDIR/program" "$BATS_TEST_TMPDIR/api"
    json_true '.primary.connected and .secondary.connected and .primary.latency >= 0'
    json_is .operation null
    json_is .apiRun null
    age_record
    api GET /db-health
    answers 200
    is "$(checks)" 2
    json_true '.primary.lastCheck > "2026-01-02"'
}

@test "several that find the record old at once make one check" {
    local n
    local -a pids=()
    for n in 1 2 3 4 5 6; do
        api GET /health &
        pids+=($!)
    done
    for n in "${pids[@]}"; do wait "$n"; done
    is "$(checks)" 1
}

@test "a database that is down: 503 from health when it is the active one, the document all the same, and no address in it" {
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set HEALTH_CHECK_TIMEOUT 1
    link_tell one refuse
    api GET /health
    answers 503
    json_is .success true
    json_is .status critical
    api GET /db-health
    answers 200
    json_is .status critical
    json_is .primary.connected false
    json_is .primary.latency null
    stdout_has "cannot connect to the primary"
    stdout_lacks "postgresql:" "127.0.0.1" "$DB"
    api GET /alerts
    answers 200
    json_is .status critical
    json_true '.warnings | length > 0'
    json_true '.alerts | length > 0 and all(.since != null)'
    stdout_lacks "127.0.0.1"
    api GET /events
    json_true '.events | length >= 2'
    json_true '.events[0].time >= .events[1].time'
    stdout_lacks "127.0.0.1"
}

@test "no name of a host, user or database, where a server's words hold it" {
    env_set DATABASE_URL "postgresql://secretuser:x@secrethost.invalid/secretdb"
    env_set DATABASE_URL_SECONDARY "${P2_URL/app/secretuser}"
    for path in /db-health /alerts /events /metrics /database; do
        api GET "$path"
        answers 200
        stdout_lacks secretuser secrethost secretdb "$DB" 127.0.0.1
    done
    api GET /db-health
    json_true '.primary.error | contains("translate host name \"[name]\"")'
    json_true '.secondary.error | contains("\"[name]\"")'
}

@test "who asked, from where and why is for those who have the token" {
    token_set
    run_dbr health
    api_post /db-sync '{"user": "alice@example.org"}'
    answers 200
    api_post /db-failover '{"user": "alice@example.org", "reason": "private words"}'
    answers 200
    for path in /events /db-health /history; do
        api GET "$path"
        answers 200
        stdout_lacks alice private 192.0.2.7
    done
    api GET /events
    json_true '.events | any(.reason == "asked for by the HTTP API")'
    api GET /events "HTTP_X_DBR_TOKEN=$API_TOKEN"
    stdout_has alice "private words"
    api GET /history
    json_is '.switches | length' 1
}

@test "what a further check printed is for those who have the token" {
    printf '#!/bin/sh\necho "cannot connect to redis-main:6379 as svc_payments with abcdef123456" >&2\nexit 1\n' >"$BATS_TEST_TMPDIR/ping"
    chmod +x "$BATS_TEST_TMPDIR/ping"
    token_set
    env_set DB_CHECKS "'redis=$BATS_TEST_TMPDIR/ping;queue[warn>10]=echo 4'"
    run_dbr health
    for path in /db-health /alerts /events /metrics /history; do
        api GET "$path"
        answers 200
        stdout_lacks redis-main svc_payments abcdef123456
    done
    api GET /db-health
    json_is '.checks[] | select(.name == "redis") | [.ok, .message] | tostring' '[false,"it failed"]'
    json_is '.checks[] | select(.name == "queue") | [.ok, .value, .message] | tostring' '[true,4,null]'
    json_is '.alerts[] | select(.name == "check-redis") | .message' "check redis: it failed"
    api GET /db-health "HTTP_X_DBR_TOKEN=$API_TOKEN"
    stdout_has svc_payments
    api GET /events "HTTP_X_DBR_TOKEN=$API_TOKEN"
    stdout_has svc_payments
}

@test "a check that cannot be recorded is told all the same" {
    run_dbr health
    age_record
    exec {held}>"$STATE_DIR/state.lock"
    flock "$held"
    api GET /health
    exec {held}>&-
    answers 200
    json_is .status healthy
    api GET /db-health
    answers 200
}

@test "where names are listed, it answers under no other" {
    local host
    env_set DBR_API_HOSTS "'dbr.example.com, [::1],127.0.0.1'"
    for host in dbr.example.com DBR.Example.com:8443 127.0.0.1:8080 '[::1]' '[::1]:80'; do
        api GET /events "HTTP_HOST=$host"
        answers 200
    done
    for host in evil.example dbr.example.com.evil.example example.com dbr.example.co :80 '' '[::2]:80'; do
        api GET /events "HTTP_HOST=$host"
        refuses 403 host
    done
    env_unset DBR_API_HOSTS
    api GET /events HTTP_HOST=evil.example
    answers 200
}

@test "metrics asked for by a stranger raise nothing, record nothing, and wait for no record" {
    env_set DB_ALERT_MEMORY_PERCENT 1
    env_set DB_ALERT_CPU_PERCENT 1
    env_set DB_ON_EVENT "'echo \"\$DBR_REASON\" >>$BATS_TEST_TMPDIR/called'"
    before=$(cat "$STATE_DIR/state.json")
    exec {held}>"$STATE_DIR/state.lock"
    flock "$held"
    api GET /metrics
    exec {held}>&-
    answers 200
    json_true '.system.memory.percent > 1 and .primary.sizeBytes > 0'
    json_is '.alerts | length' 0
    is "$(cat "$STATE_DIR/state.json")" "$before"
    [ ! -e "$BATS_TEST_TMPDIR/called" ] || fail "told of: $(cat "$BATS_TEST_TMPDIR/called")"
}

@test "while one measures, the others get the measurement before, and a failure is kept as well" {
    exec {held}>"$STATE_DIR/api-metrics.lock"
    flock "$held"
    api GET /metrics
    refuses 503 busy
    header_has "Retry-After: 10"
    exec {held}>&-
    api GET /metrics
    answers 200
    json_is .httpStatus null
    measured=$(json .time)
    touch -d '1 minute ago' "$STATE_DIR/api-metrics.json"
    exec {held}>"$STATE_DIR/api-metrics.lock"
    flock "$held"
    api GET /database
    answers 200
    is "$(json .time)" "$measured"
    exec {held}>&-
    rm "$STATE_DIR/api-metrics.json"
    mkdir "$BATS_TEST_TMPDIR/bin"
    cp "$DBR_BIN/dbr-api" "$BATS_TEST_TMPDIR/bin/"
    printf '#!/bin/sh\necho run >>"%s"\nexit 1\n' "$BATS_TEST_TMPDIR/measured" >"$BATS_TEST_TMPDIR/bin/dbr-health"
    chmod +x "$BATS_TEST_TMPDIR/bin/dbr-health"
    for _ in 1 2 3; do
        [ ! -e "$STATE_DIR/api-metrics.json" ] || touch "$STATE_DIR/api-metrics.json"
        DBR_BIN=$BATS_TEST_TMPDIR/bin api GET /metrics
        refuses 500 failed
    done
    is "$(cat "$BATS_TEST_TMPDIR/measured")" run
}

@test "the other reads" {
    run_dbr sync
    run_dbr health
    api GET /version
    answers 200
    json_is .version "$("$DBR_BIN/dbr-api" --version | cut -d ' ' -f 2)"
    api GET /circuit-breakers
    answers 200
    json_is .breakers.primary.state CLOSED
    api GET /metrics
    answers 200
    json_true '.system.memory.totalBytes > 0 and .primary.sizeBytes > 0'
    measured=$(json .time)
    api GET /database
    answers 200
    json_is '.system' null
    json_true '.primary.sizeBytes > 0 and (.secondary.connected) and (.primary.tables | length > 10)'
    # Measured at most once in ten seconds.
    api GET /metrics
    is "$(json .time)" "$measured"
    api GET /history
    answers 200
    json_true '.points | length > 0'
    api GET '/history?period=7d'
    answers 200
    json_is .primary.availability 1
    api GET '/history?x=1&period=1y'
    refuses 400 bad_request
    api GET /events
    answers 200
    json_is '.events[-1].event' init
    api GET '/events?limit=1'
    json_is '.events | length' 1
    for limit in 0 501 -1 1x '' 99999999999 %31 '<b>'; do
        api GET "/events?limit=$limit"
        refuses 400 bad_request
    done
    api HEAD /db-health
    answers 200
    stdout_empty
    header_has "Content-Type: application/json; charset=utf-8"
    header_has "Cache-Control: no-store"
    header_has "X-Content-Type-Options: nosniff"
}

@test "the path from a script below cgi-bin, and from the address alone" {
    api GET /version SCRIPT_NAME=/cgi-bin/dbr-api
    answers 200
    api GET /version PATH_INFO= "REQUEST_URI=/api/system/version?x=1"
    answers 200
    api GET /version SCRIPT_NAME=/api/system/version PATH_INFO=
    answers 200
    api GET /version SCRIPT_NAME=/api PATH_INFO=/system/version
    answers 200
    for path in /nope / // /version/ /Version /../version /version%20 "/$(printf 'x%.0s' {1..5000})"; do
        api GET "$path"
        refuses 404 not_found
    done
    api GET / PATH_INFO=/version
    refuses 404 not_found
    api GET / PATH_INFO=
    refuses 404 not_found
}

@test "reads can want the token, too" {
    env_set DBR_API_PROTECT_READS true
    api GET /health
    refuses 403 token_not_configured
    token_set
    api GET /health
    refuses 401 token_required
    header_has 'WWW-Authenticate: Bearer realm="dbr"'
    api GET /health HTTP_X_DBR_TOKEN=wrong
    refuses 403 token_wrong
    api GET /health "HTTP_X_DBR_TOKEN=$API_TOKEN"
    answers 200
    api OPTIONS /health
    answers 204
}

@test "a configuration or state that cannot be used is told to the log, and not to the client" {
    env_set HEALTH_CHECK_TIMEOUT soon
    api GET /health
    refuses 500 usage
    stdout_lacks HEALTH_CHECK "$BATS_TEST_TMPDIR"
    stderr_has HEALTH_CHECK_TIMEOUT
    env_unset HEALTH_CHECK_TIMEOUT
    echo broken >"$STATE_DIR/state.json"
    for path in /health /db-health /alerts /events; do
        api GET "$path"
        refuses 500 usage
        stdout_lacks "$STATE_DIR"
        stderr_has state.json
    done
}

@test "on a command line it explains itself" {
    run_program dbr-api --env-file "$ENV_FILE"
    exits 0
    stdout_has /api/system/db-failover "token: none" "$STATE_DIR"
    (umask 022 && echo "$API_TOKEN" >"$BATS_TEST_TMPDIR/open")
    env_set DBR_API_TOKEN_FILE "$BATS_TEST_TMPDIR/open"
    run_dbr api
    stdout_has "token: unusable" "open to others"
    token_set
    run_dbr api --json
    exits 0
    json_is .token configured
    json_is '.endpoints | length' 15
    stdout_lacks "$API_TOKEN"
}
