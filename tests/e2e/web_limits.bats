#!/usr/bin/env bats
# Proves: the shipped nginx configuration limits what one address may ask, with 429 and Retry-After; the shipped filter and jail
# make a real fail2ban ban an address after more than 100 requests within a minute, for 15 minutes.
# bats file_tags=once

load ../lib/helper
load ../lib/api
load ../lib/web
setup() {
    pair_setup empty
    web_setup
    run_dbr health
}
teardown() {
    ban_stop
    web_teardown
    pair_teardown
}

# burst COUNT PATH [CURL_ARGUMENT...]: that many requests over a few connections, as fast as they go. Prints "STATUS COUNT" lines,
# and sets no more than $took, in seconds, rounded up.
burst() {
    local count=$1 path=$2 started=$SECONDS
    shift 2
    curl -sS --http1.1 --cacert "$WEB/cert.pem" --noproxy '*' --resolve "$WEB_HOST:$WEB_PORT:127.0.0.1" --parallel --parallel-max 4 \
        -o /dev/null -w '%{http_code}\n' "$@" "https://$WEB_HOST:$WEB_PORT$path?[1-$count]" 2>"$WEB/curl.err" >"$WEB/statuses" ||
        fail "curl: $(cat "$WEB/curl.err")"
    took=$((SECONDS - started + 1))
    is "$(wc -l <"$WEB/statuses")" "$count"
}

# passes AT_LEAST RATE: of the last burst that many got through, and no more than came free at RATE a minute meanwhile; the others
# got 429.
passes() {
    local passed busy
    busy=$(grep -c '^429$' "$WEB/statuses" || true)
    passed=$(grep -vc '^429$' "$WEB/statuses" || true)
    [ "$passed" -ge "$1" ] || fail "$passed passed, expected at least $1"
    [ "$passed" -le $(($1 + took * $2 / 60 + 1)) ] || fail "$passed passed within $took s, expected $1"
    [ "$busy" -gt 0 ] || fail "none was refused"
}

# until_refused COUNT PATH [CURL_ARGUMENT...]: requests it; where one came free meanwhile, after another burst of COUNT.
until_refused() {
    local count=$1 tries
    shift
    for tries in 1 2 3 4 5; do
        request "$@"
        [ "$http" != 429 ] || return 0
        [ "$tries" -eq 5 ] || burst "$count" "$@"
    done
}

@test "while a database hangs and many ask for measurements, health is answered" {
    local n pids=() first
    env_set HEALTH_CHECK_TIMEOUT 30
    link_open far one 0
    env_set DATABASE_URL "$(link_url far "$P1_URL")"
    run_dbr health
    nginx_start
    request /api/system/health
    answers 200
    link_tell far blackhole
    curl -sS --cacert "$WEB/cert.pem" --noproxy '*' --resolve "$WEB_HOST:$WEB_PORT:127.0.0.1" -o "$WEB/first" \
        "https://$WEB_HOST:$WEB_PORT/api/system/metrics" 3>&- &
    first=$!
    wait_for 20 measuring
    for ((n = 0; n < 9; n++)); do
        (RUN=$((100 + n)) && request /api/system/database && echo "$http" >"$WEB/others-$n") 3>&- &
        pids+=($!)
    done
    request /api/system/health
    answers 200
    for n in "${pids[@]}"; do wait "$n"; done
    is "$(cat "$WEB"/others-* | sort -u)" 503
    kill -0 $first || fail "the measurement was over before"
    link_tell far drop
    kill $first 2>/dev/null || true # it may have ended by that
}
measuring() { [ -s "$STATE_DIR/api-metrics.lock" ]; }

@test "100 health requests a minute, 10 that switch, 1000 of all in 15 minutes" {
    nginx_start
    burst 140 /api/system/health
    passes 100 100
    until_refused 140 /api/system/db-health
    refuses 429 too_many_requests
    header_has "Retry-After: 60"
    header_has "Cache-Control: no-store"
    # Each has a count of its own.
    burst 20 /api/system/db-sync -d '{}' -H "Content-Type: application/json"
    passes 10 10
    is "$(sort -u "$WEB/statuses" | paste -sd ' ')" "403 429"
    burst 20 /api/system/circuit-breakers/reset-all -d '{}' -H "Content-Type: application/json"
    passes 0 10
    until_refused 20 /api/system/db-failover -d '{}' -H "Content-Type: application/json"
    refuses 429 too_many_requests
    burst 1100 /api/system/version
    passes 1000 66
    # One comes free after its time.
    sleep 7
    request /api/system/db-sync -d '{}' -H "Content-Type: application/json"
    refuses 403 token_not_configured
}

# asked ADDRESS: a request from behind a proxy that says so.
asked() { request /api/system/db-failover -d '{}' -H "Content-Type: application/json" -H "X-Real-IP: $1"; }

@test "what one network of IPv6 asks counts together" {
    local n
    web_more='set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;' nginx_start
    for ((n = 0; n < 15; n++)); do asked "2001:db8:0:1::$n"; done
    refuses 429 too_many_requests
    asked 2001:db8:0:2::1
    refuses 403 token_not_configured
    asked 2001:db8:0:1:ffff::1
    refuses 429 too_many_requests
    asked 192.0.2.7
    refuses 403 token_not_configured
}

# --- fail2ban ---------------------------------------------------------------------

# A server of its own, whose action is to write down what would be done.
ban_start() {
    local dir=$WEB/fail2ban
    mkdir -p "$dir"/{filter.d,action.d,jail.d,run}
    cp /etc/fail2ban/filter.d/common.conf "$dir/filter.d/"
    cp "$ROOT/scripts/web/fail2ban-filter.conf" "$dir/filter.d/dbr-api.conf"
    printf '[Definition]\nactionban = echo "ban <ip>" >>%s\nactionunban = echo "unban <ip>" >>%s\n' "$dir/done" "$dir/done" >"$dir/action.d/note.conf"
    printf '[Definition]\nloglevel = INFO\nlogtarget = %s\nsocket = %s\npidfile = %s\ndbfile = None\ndbpurgeage = 1d\nsyslogsocket = auto\n' \
        "$dir/log" "$dir/run/socket" "$dir/run/pid" >"$dir/fail2ban.conf"
    printf '[DEFAULT]\nbantime = 10\naction = note\nmaxmatches = %%(maxretry)s\nusedns = no\nignoreself = false\n' >"$dir/jail.conf"
    : >"$WEB/access.log"
    CONF=fail2ban-jail.conf web_configuration -e 's/^backend = auto/backend = polling/' -e '/^ignoreip/d' >"$dir/jail.d/dbr-api.conf"
    web_run fail2ban fail2ban-server -f -c "$dir" -s "$dir/run/socket" -p "$dir/run/pid" start
    wait_for 20 ban_client status dbr-api || fail "fail2ban did not start: $(cat "$dir/log" "$WEB/fail2ban.log")"
}
ban_client() { fail2ban-client -c "$WEB/fail2ban" -s "$WEB/fail2ban/run/socket" "$@" >"$WEB/client" 2>&1; }
ban_stop() { [ ! -S "$WEB/fail2ban/run/socket" ] || ban_client stop || true; }
ban_says() { ban_client "$@" && cat "$WEB/client"; }
banned() { grep -qx "ban $1" "$WEB/fail2ban/done" 2>/dev/null; }
counted() { [ "$(ban_says get dbr-api failregex | wc -l)" -gt 0 ] && ban_says status dbr-api | grep -q "Total failed:[[:space:]]*$1\$"; }

# log COUNT ADDRESS: lines as nginx writes them, of now.
log() {
    local n
    for ((n = 0; n < $1; n++)); do
        printf '%s - - [%s] "GET /api/system/health HTTP/1.1" 200 123 "-" "curl/7.88.1"\n' "$2" "$(LC_ALL=C date +'%d/%b/%Y:%H:%M:%S %z')"
    done >>"$WEB/access.log"
}

@test "the filter finds the address in what nginx and Apache write, whatever else stands in the line" {
    local line
    cat >"$BATS_TEST_TMPDIR/lines" <<'END'
192.0.2.7 - - [27/Nov/2026:17:22:14 +0000] "GET /api/system/health HTTP/1.1" 200 123 "-" "curl/7.88.1"
192.0.2.7 - - [27/Nov/2026:17:22:14 +0000] "GET //%61pi/system/health?x=1 HTTP/1.1" 404 123 "-" "-"
192.0.2.7 - a b 198.51.100.1 - [27/Nov/2026:17:22:14 +0000] "POST /api/system/db-sync HTTP/2.0" 401 - "-" "-"
2001:db8::7 - \x22 [27/Nov/2026:17:22:14 +0000] "\x16\x03\x01" 400 157 "-" "-"
192.0.2.7 - - [27/Nov/2026:17:22:14 +0000] "GET / HTTP/1.1" 200 123 "-" "198.51.100.1 - - \x22"
END
    fail2ban-regex --usedns no "$BATS_TEST_TMPDIR/lines" "$ROOT/scripts/web/fail2ban-filter.conf" >"$BATS_TEST_TMPDIR/regex" 2>&1 || true
    grep -q 'Lines: 5 lines, 0 ignored, 5 matched, 0 missed' "$BATS_TEST_TMPDIR/regex" || fail "$(cat "$BATS_TEST_TMPDIR/regex")"
    fail2ban-regex --usedns no -o ip "$BATS_TEST_TMPDIR/lines" "$ROOT/scripts/web/fail2ban-filter.conf" >"$BATS_TEST_TMPDIR/addresses" 2>/dev/null || true
    is "$(sort "$BATS_TEST_TMPDIR/addresses" | uniq -c | awk '{ print $1, $2 }' | paste -sd ' ')" "4 192.0.2.7 1 2001:db8::7"
}

@test "an address is banned after more than 100 requests within a minute, for 15 minutes" {
    ban_start
    is "$(ban_says get dbr-api bantime)" 900
    is "$(ban_says get dbr-api findtime)" 60
    log 100 192.0.2.7
    log 60 192.0.2.8
    wait_for 20 counted 160 || fail "$(cat "$WEB/client" "$WEB/fail2ban/log")"
    ! banned 192.0.2.7 || fail "banned after 100"
    log 1 192.0.2.7
    wait_for 20 banned 192.0.2.7 || fail "not banned: $(ban_says status dbr-api)"
    ! banned 192.0.2.8 || fail "another address is banned"
    ban_says status dbr-api | grep -q 'Banned IP list:[[:space:]]*192.0.2.7$'
}

@test "the requests that nginx logs lead to a ban" {
    nginx_start
    ban_start
    burst 101 /api/system/version
    wait_for 20 banned 127.0.0.1 || fail "not banned: $(ban_says status dbr-api) $(tail -n 3 "$WEB/access.log")"
}
