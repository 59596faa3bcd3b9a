#!/usr/bin/env bats
# Proves: POST does what the programs do for whoever has the token and for nobody else, records who asked, and says no in the order
# path, method, token, origin, content type, length, body.
# bats file_tags=postgres

load ../lib/helper
load ../lib/api
setup() {
    pair_setup app
    init_pair
    token_set
}
teardown() { pair_teardown; }

is_active() { is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" "$1"; }

# Nothing was run, nothing written.
untouched() {
    is_active primary
    ! grep -q '"via"' "$STATE_DIR/events.jsonl" || fail "it was recorded"
}

@test "sync" {
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id <= 7"
    different_rows
    api_post /db-sync '{"walletAddress": "admin"}'
    answers 200
    json_is .success true
    json_is .program dbr-sync
    json_is .recordsSynced 7
    same_rows
    api GET '/events?limit=2' "HTTP_X_DBR_TOKEN=$API_TOKEN"
    json_is '.events | map(.event) | join(",")' sync,sync
    json_is '.events[1].reason' "admin ([address], HTTP API)"
    json_is '.events[1].via' api
    api GET /db-health
    json_is .syncStatus.recordsSynced 7
}

@test "failover and failback, with a dry run before" {
    api_post /db-failover '{"walletAddress": "0xabc", "reason": "maintenance\u001b[2J\n<b>", "dry_run": true}'
    answers 200
    is_active primary
    api_post /db-failover '{"walletAddress": "0xabc", "reason": "maintenance\u001b[2J\n<b>"}'
    answers 200
    json_is .activeDatabase secondary
    is_active secondary
    is "$(jq -r .lastSwitch.reason "$STATE_DIR/state.json")" "0xabc (192.0.2.7, HTTP API): maintenance?[2J <b>"
    p2 -c "UPDATE users SET balance = 5 WHERE id = 1"
    # Once more: it is so already.
    api_post /db-failover
    answers 200
    api_post /db-failback '{"user": "ops"}' "HTTP_ORIGIN=https://dbr.example.com" HTTP_SEC_FETCH_SITE=same-origin
    answers 200
    json_is .activeDatabase primary
    is "$(p1 -c "SELECT balance::int FROM users WHERE id = 1")" 5
    in_step
}

@test "breakers are reset" {
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set HEALTH_CHECK_TIMEOUT 1
    link_tell one refuse
    for _ in 1 2 3; do run_dbr health; done
    api GET /circuit-breakers
    json_is .breakers.primary.state OPEN
    api_post /db-sync
    refuses 503 unreachable
    stdout_lacks 127.0.0.1 "postgresql:"
    header_has "Retry-After: 10"
    api_post /circuit-breakers/secondary/reset
    answers 200
    json_is .breakers.primary.state OPEN
    api_post /circuit-breakers/primary/reset
    answers 200
    json_is .breakers.primary.state CLOSED
    api_post /circuit-breakers/reset-all
    answers 200
    api_post /circuit-breakers/third/reset
    refuses 404 not_found
}

@test "a failed run, a refused one and one that meets a lock keep their codes, and tell no path" {
    flock -x -o "$STATE_DIR/op.lock" sleep 20 3>&- &
    wait_for 5 lock_taken
    api_post /db-sync
    refuses 409 locked
    stdout_lacks "$STATE_DIR"
    api GET /db-health
    json_true '.operation != null'
    kill $!
    wait_for 5 lock_free
    rm "$STATE_DIR/state.json"
    api_post /db-sync
    refuses 422 refused
    stdout_has init-secondary
    stdout_lacks "$BATS_TEST_TMPDIR" postgresql:
}
lock_taken() { ! flock -n "$STATE_DIR/op.lock" true; }
lock_free() { flock -n "$STATE_DIR/op.lock" true; }

@test "a run that takes longer than 20 s answers 202, goes on, and is seen until its end" {
    session_open blocker "$P1_URL"
    session blocker "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE"
    api_post /db-sync '{"walletAddress": "admin"}'
    answers 202
    json_is .status running
    header_has "Location: /api/system/db-health"
    api GET /db-health "HTTP_X_DBR_TOKEN=$API_TOKEN"
    json_is .operation.program dbr-sync
    json_true '.operation.pid > 0 and (.operation.since | startswith("20"))'
    json_is .apiRun.state running
    json_is .apiRun.by "admin ([address], HTTP API)"
    json_is .apiRun.program dbr-sync
    api_post /db-sync
    refuses 409 locked
    session blocker "COMMIT"
    wait_for 30 run_ended
    api GET /db-health
    json_is .operation null
    json_is .apiRun.state ended
    json_is .apiRun.exitStatus 0
    # The clock may be set meanwhile.
    start=$(cut -d ' ' -f 22 /proc/$$/stat)
    jq --argjson pid $$ --argjson at $((start / $(getconf CLK_TCK))) \
        '.state = "running" | .pid = $pid | .pidStarted = $at | .startedAt = "2026-01-01T00:00:00.000Z"' "$STATE_DIR/api-run.json" >"$BATS_TEST_TMPDIR/record"
    cat "$BATS_TEST_TMPDIR/record" >"$STATE_DIR/api-run.json"
    api GET /db-health
    json_is .apiRun.state running
    # After a boot its number may be that of another process.
    jq '.state = "running" | .pid = 1' "$STATE_DIR/api-run.json" >"$BATS_TEST_TMPDIR/record"
    cat "$BATS_TEST_TMPDIR/record" >"$STATE_DIR/api-run.json"
    api GET /db-health
    json_is .apiRun.state lost
    api GET /events
    json_true '[.events[] | select(.message | contains("ended with exit status 0"))] | length == 1'
    in_step
}
run_ended() { jq -e '.state == "ended"' "$STATE_DIR/api-run.json" >/dev/null; }

@test "without the token nothing happens, whoever it claims to be" {
    api POST /db-failover BODY='{"walletAddress": "admin"}' CONTENT_TYPE=application/json
    refuses 401 token_required
    header_has 'WWW-Authenticate: Bearer realm="dbr"'
    for guess in guessed "" " $API_TOKEN" "$API_TOKEN " "${API_TOKEN}x" "${API_TOKEN%?}" "sha256:x" "$(printf 'x%.0s' {1..4000})"; do
        api POST /db-failover BODY='{}' CONTENT_TYPE=application/json "HTTP_X_DBR_TOKEN=${guess:- }"
        refuses 403 token_wrong
        stdout_lacks "${guess:-$API_TOKEN}"
        stderr_has "refused POST /api/system/db-failover from 192.0.2.7"
    done
    api POST /db-failover BODY='{}' CONTENT_TYPE=application/json "HTTP_AUTHORIZATION=Basic $API_TOKEN"
    refuses 401 token_required
    api POST "/db-failover?token=$API_TOKEN" BODY='{}' CONTENT_TYPE=application/json
    refuses 401 token_required
    untouched
}

@test "a token that is not configured, open to others, empty or broken: every POST is refused, and the log says why" {
    chmod 644 "$BATS_TEST_TMPDIR/token"
    api_post /db-sync
    refuses 403 token_not_configured
    stderr_has "open to others"
    stdout_lacks "$BATS_TEST_TMPDIR"
    run_dbr health --doctor
    stdout_has "open to others"
    chmod 600 "$BATS_TEST_TMPDIR/token"
    : >"$BATS_TEST_TMPDIR/token"
    api_post /db-sync
    refuses 403 token_not_configured
    stderr_has empty
    echo sha256:abc >"$BATS_TEST_TMPDIR/token"
    api_post /db-sync
    refuses 403 token_not_configured
    stderr_has "64 hex digits"
    rm "$BATS_TEST_TMPDIR/token"
    api_post /db-sync
    refuses 403 token_not_configured
    stderr_has "does not exist"
    env_unset DBR_API_TOKEN_FILE
    api_post /db-sync
    refuses 403 token_not_configured
    untouched
}

@test "a token kept as a digest, and one in the env file" {
    (umask 077 && printf 'sha256:%s\nmore\n' "$(printf %s "$API_TOKEN" | sha256sum | cut -d ' ' -f 1)" >"$BATS_TEST_TMPDIR/token")
    api_post /db-sync
    answers 200
    env_unset DBR_API_TOKEN_FILE
    env_set DBR_API_TOKEN "$API_TOKEN"
    api_post /db-sync
    answers 200
}

@test "a page of another origin is refused" {
    for origin in https://evil.example null "" https://dbr.example.com.evil.example https://dbr.example.com:444 ftp://dbr.example.com \
        https://dbr.example.co http://; do
        api_post /db-failover '{}' "HTTP_ORIGIN=$origin"
        refuses 403 origin
    done
    for site in cross-site same-site x; do
        api_post /db-failover '{}' "HTTP_SEC_FETCH_SITE=$site"
        refuses 403 origin
    done
    untouched
    for origin in https://dbr.example.com http://dbr.example.com:80 https://DBR.example.com:443; do
        api_post /circuit-breakers/reset-all '{}' "HTTP_ORIGIN=$origin"
        answers 200
    done
}

@test "methods, content types, lengths and bodies" {
    api GET /db-failover
    refuses 405 method_not_allowed
    header_has "Allow: POST, OPTIONS"
    api_post /health
    refuses 405 method_not_allowed
    header_has "Allow: GET, HEAD, OPTIONS"
    for method in PUT DELETE PATCH TRACE get post "" "GET /"; do
        api "$method" /db-failover
        refuses 405 method_not_allowed
    done
    api OPTIONS /db-failover
    answers 204
    header_has "Allow: POST, OPTIONS"
    stdout_empty
    for type in text/plain application/x-www-form-urlencoded application/jsonx "application/json; charset=latin1" "application/json x" x; do
        api_post /db-failover '{}' "CONTENT_TYPE=$type"
        refuses 415 content_type
    done
    api_post /db-failover '{}' HTTP_CONTENT_ENCODING=gzip
    refuses 415 content_type
    api_post /db-failover "{\"reason\": \"$(printf 'x%.0s' {1..4100})\"}"
    refuses 413 too_large
    api_post /db-failover '{}' CONTENT_LENGTH=99999999999999999999999
    refuses 413 too_large
    for length in -1 +2 0x2 2.0 ' 2' a; do
        api_post /db-failover '{}' "CONTENT_LENGTH=$length"
        refuses 400 bad_request
    done
    api_post /db-failover '{}' CONTENT_LENGTH=40
    refuses 400 bad_request
    # It would run for real.
    api_post '/db-failover?dryRun=true'
    refuses 400 bad_request
    for body in '[]' '"x"' 'null' '{' '{}x' '{"dryRun": 1}' '{"DRY-RUN": "true"}' '{"reason": {}}' '{"user": 7}' $'{"reason": "\xff"}' ' '; do
        api_post /db-failover "$body"
        refuses 400 bad_request
    done
    api POST /db-failover CONTENT_TYPE=application/json "HTTP_X_DBR_TOKEN=$API_TOKEN"
    refuses 400 bad_request
    untouched
    api_post /db-sync '{}' "CONTENT_TYPE=Application/JSON; charset=UTF-8"
    answers 200
}

@test "no environment of the request reaches the programs, and no argument is read" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    cp -r "$DBR_BIN/dbr-api" "$BATS_TEST_TMPDIR/bin/"
    printf '#!/bin/sh\nenv | sort >%s\nprintf "%%s\\n" "$@" >%s\necho {}\n' "$BATS_TEST_TMPDIR/env" "$BATS_TEST_TMPDIR/args" >"$BATS_TEST_TMPDIR/bin/dbr-sync"
    chmod 755 "$BATS_TEST_TMPDIR/bin/dbr-sync"
    DBR_BIN=$BATS_TEST_TMPDIR/bin
    api_post /db-sync '{}' LD_PRELOAD= NODE_OPTIONS=x npm_config_dry_run=true PGSSLROOTCERT=/x.crt DB_SCHEMA=public
    answers 200
    is "$(cut -d = -f 1 "$BATS_TEST_TMPDIR/env" | grep -vxE '_|PWD|SHLVL|OLDPWD' | paste -sd ' ')" "DBR_ENV_FILE DB_SCHEMA HOME PATH PGSSLROOTCERT"
    is "$(paste -sd ' ' "$BATS_TEST_TMPDIR/args")" "--json --yes"
    # Words in the place of a document are a failure, whatever the exit status.
    printf '#!/bin/sh\necho /etc/passwd\n' >"$BATS_TEST_TMPDIR/bin/dbr-sync"
    api_post /db-sync
    refuses 500 failed
    stdout_lacks passwd
    rm "$BATS_TEST_TMPDIR/bin/dbr-sync"
    api_post /db-sync
    refuses 500 failed
    stdout_lacks "$BATS_TEST_TMPDIR"
}
