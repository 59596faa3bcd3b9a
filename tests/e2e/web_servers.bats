#!/usr/bin/env bats
# Proves: the shipped configurations work: the API (and, for Apache, the page) through real nginx with fcgiwrap, Apache and BusyBox httpd.
# bats file_tags=once

load ../lib/helper
load ../lib/api
load ../lib/web
setup() {
    pair_setup app
    init_pair
    token_set
    web_setup
}
teardown() {
    web_teardown
    pair_teardown
}

# What must be so through each of them; the argument is what stands before /api/system.
works() {
    local before=$1
    request "$before/api/system/health"
    answers 200
    json_is .status healthy
    header_has "Cache-Control: no-store"
    request "$before/api/system/events?limit=1"
    answers 200
    json_is '.events | length' 1
    request "$before/api/system/db-failover"
    refuses 405 method_not_allowed
    header_has "Allow: POST, OPTIONS"
    request "$before/api/system/db-failover" -d '{}' -H "Content-Type: application/json"
    refuses 401 token_required
    request "$before/api/system/db-failover" -d '{}' -H "Content-Type: application/json" -H "X-DBR-Token: x"
    refuses 403 token_wrong
    request_post "$before/api/system/db-failover" '{}' -H "Origin: https://evil.example"
    refuses 403 origin
    request_post "$before/api/system/db-failover" "$(printf '{"x": "%4200s"}' x)"
    answers 413
    request_post "$before/api/system/db-failover" '{"walletAddress": "admin", "reason": "tést"}' -H "Origin: ${SCHEME:-https}://$WEB_HOST:$WEB_PORT"
    answers 200
    json_is .activeDatabase secondary
    is "$(jq -r .lastSwitch.reason "$STATE_DIR/state.json")" "admin (127.0.0.1, HTTP API): tést"
    request "$before/api/system/db-failback" -H "X-DBR-Token: $API_TOKEN" -H "Content-Type: application/json" -d '{}'
    answers 200
    json_is .activeDatabase primary
    request "$before/api/system/nope"
    refuses 404 not_found
    request "$before/api/system/health" -I
    answers 200
    in_step
}

@test "nginx and fcgiwrap" {
    nginx_start
    works ""
    request /api/system/db-sync -H "X-DBR-Token: $API_TOKEN" -H "Content-Type: application/json" -H "Transfer-Encoding: chunked" -d '{"reason": "pieces"}'
    answers 200
    request_post /api/system/db-sync "$(printf '%20000s' x)"
    refuses 413 too_large
    # What it refuses by itself.
    request /api/system/health -X TRACE
    refuses 405 method_not_allowed
    header_has "Allow: GET, HEAD, POST, OPTIONS"
    request /api/system/%00
    refuses 400 bad_request
    request /dbr-method
    [ "$http" = 404 ] || fail "$http"
    SCHEME=http request /api/system/health --unix-socket "$WEB/plain.sock"
    header_has "Location: https://dbr.example.com/api/system/health"
}

@test "nginx without fcgiwrap says so in the form of the API" {
    nginx_start
    kill -- "-$(cat "$WEB/fcgiwrap.pid")"
    rm -f "$WEB/fcgiwrap.sock"
    request /api/system/health
    refuses 503 unavailable
    header_has "Retry-After: 10"
}

@test "Apache" {
    apache_start
    works ""
    request /
    answers 200
    stdout_has "<!doctype html>"
    grep -qi "^content-security-policy: default-src 'none'; script-src 'self'" <<<"$headers" || fail "no policy: $headers"
    request /app.js
    grep -qi "^content-type: text/javascript" <<<"$headers" || fail "$headers"
    request /api/nothing
    refuses 404 not_found
    request /../apache.conf
    [ "$http" != 200 ] || fail "out of the root"
}

@test "BusyBox httpd answers under the names of this machine, or those that are given" {
    busybox_start
    SCHEME=http
    local host
    for host in localhost:1234 127.0.0.1; do
        request /cgi-bin/dbr-api/api/system/version -H "Host: $host"
        answers 200
    done
    request /cgi-bin/dbr-api/api/system/events -H "Host: evil.example"
    refuses 403 host
    # Those of the env file are not hidden by them.
    env_set DBR_API_HOSTS dbr.example.com
    busybox_again
    request /cgi-bin/dbr-api/api/system/version -H "Host: dbr.example.com"
    answers 200
    request /cgi-bin/dbr-api/api/system/version -H "Host: localhost"
    refuses 403 host
}
busybox_again() {
    kill "$(cat "$WEB/busybox.pid")"
    wait_for 5 web_is_free
    busybox_start
}
web_is_free() { ! web_listens; }

@test "BusyBox httpd" {
    DBR_API_HOSTS=$WEB_HOST busybox_start
    SCHEME=http
    works /cgi-bin/dbr-api
    request /cgi-bin/.httpd.conf
    [ "$http" != 200 ] || fail "its configuration is served"
    # It takes what it made away again.
    local root
    root=$(tr '\0' '\n' <"/proc/$(pgrep -P "$(cat "$WEB/busybox.pid")" busybox)/cmdline" | sed -n '/^-h$/{n;p}')
    [ -d "$root" ]
    kill "$(cat "$WEB/busybox.pid")"
    wait_for 5 gone "$root"
    ! web_listens || fail "it still listens"
}
gone() { [ ! -e "$1" ]; }

@test "a run that is under way outlives fcgiwrap and the web server" {
    nginx_start
    session_open blocker "$P1_URL"
    session blocker "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE"
    ! request_post /api/system/db-sync '{}' --max-time 2 2>/dev/null || fail "it did not wait"
    request /api/system/db-health
    json_is .operation.program dbr-sync
    kill "$(cat "$WEB/nginx.pid")"
    kill -KILL -- "-$(cat "$WEB/fcgiwrap.pid")"
    session blocker "COMMIT"
    wait_for 30 synced
    run_dbr health --json
    json_is .operation null
    in_step
}
synced() { jq -e '[.[] | select(.event == "sync" and .message != "asked for")] | length == 1' <(jq -s . "$STATE_DIR/events.jsonl") >/dev/null; }

# hostile COUNT [PREFIX]: none is carried out, and those that reach dbr-api get its answers.
hostile() {
    cp "$STATE_DIR/state.json" "$BATS_TEST_TMPDIR/before"
    python3 "$ROOT/tests/lib/hostile.py" "$WEB_PORT" "$@" >"$BATS_TEST_TMPDIR/hostile" 2>&1 || fail "$(head -c 8000 "$BATS_TEST_TMPDIR/hostile")"
    for code in 200 404 405; do grep -q "^$code " "$BATS_TEST_TMPDIR/hostile" || fail "none was answered with $code: $(cat "$BATS_TEST_TMPDIR/hostile")"; done
    cmp "$STATE_DIR/state.json" "$BATS_TEST_TMPDIR/before"
    ! grep -q '"via"' "$STATE_DIR/events.jsonl" || fail "one was carried out"
    ! grep -qE 'Sanitizer|runtime error' "$WEB"/*.log || fail "$(grep -hE -A 20 'Sanitizer|runtime error' "$WEB"/*.log)"
}

@test "hostile requests through nginx" {
    run_dbr health
    nginx_start
    hostile 700
}

@test "hostile requests through BusyBox httpd" {
    run_dbr health
    DBR_API_HOSTS=$WEB_HOST busybox_start
    hostile 300 /cgi-bin/dbr-api
}
