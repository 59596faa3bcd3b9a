#!/usr/bin/env bats
# Proves: dbr-health --watch --auto as a service of systemd: ready after the first check, alive with each, stopping on SIGTERM at
# once; and it switches as the one-shot run does.
# bats file_tags=postgres

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    export NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify
    listen "$NOTIFY_SOCKET"
}
teardown() {
    unset NOTIFY_SOCKET WATCHDOG_USEC
    kill "$LISTENER" 2>/dev/null || true
    pair_teardown
}

# What systemd does with the socket: each datagram is a line of $BATS_TEST_TMPDIR/told.
listen() {
    python3 - "$1" "$BATS_TEST_TMPDIR/told" 3>&- <<'PY' &
import socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + name[1:] if name.startswith("@") else name)
with open(sys.argv[2], "a", buffering=1) as out:
    while True:
        out.write(s.recv(4096).decode().replace("\n", " ") + "\n")
PY
    LISTENER=$!
    wait_for 10 test -e "$BATS_TEST_TMPDIR/told"
}

told() { grep -cF -- "$1" "$BATS_TEST_TMPDIR/told"; }
told_times() { [ "$(told "$1")" -ge "$2" ]; }

@test "readiness, status, watchdog and a clean end" {
    start_dbr health --watch --auto
    wait_for 20 told_times WATCHDOG=1 3 || fail "no watchdog messages"
    is "$(head -n 1 "$BATS_TEST_TMPDIR/told")" "READY=1 STATUS=healthy WATCHDOG=1"
    is "$(told READY=1)" 1
    kill -TERM "$PID"
    local started=$SECONDS
    finish_dbr
    exits 143
    [ $((SECONDS - started)) -le 2 ] || fail "it did not end at once"
    is "$(tail -n 1 "$BATS_TEST_TMPDIR/told")" "STOPPING=1"
}

@test "the watchdog is fed between checks that are far apart" {
    env_set DB_HEALTH_CHECK_INTERVAL_MS 600000
    export WATCHDOG_USEC=1000000
    start_dbr health --watch
    wait_for 20 told_times WATCHDOG=1 4 || fail "the watchdog would have bitten"
    is "$(told STATUS=)" 1
    kill -TERM "$PID"
    finish_dbr
    exits 143
}

@test "the watchdog is fed while a database is waited for" {
    env_set HEALTH_CHECK_TIMEOUT 4
    export WATCHDOG_USEC=1000000
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    link_tell one blackhole
    start_dbr health --watch
    wait_for 30 told_times STATUS=critical 1
    kill -TERM "$PID"
    finish_dbr
    [ "$(sed '/STATUS=/,$d' "$BATS_TEST_TMPDIR/told" | grep -cx WATCHDOG=1)" -ge 4 ] || fail "it would have bitten"
}

@test "the watchdog is held while it switches, and only then" {
    env_set DB_ON_EVENT "grep -c WATCHDOG_USEC $BATS_TEST_TMPDIR/told >>$BATS_TEST_TMPDIR/held; sleep 3"
    export WATCHDOG_USEC=2000000
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    start_dbr health --watch --auto
    wait_for 20 told_times STATUS=healthy 1
    is "$(told WATCHDOG_USEC)" 0
    link_tell one refuse
    wait_for 40 told_times WATCHDOG_USEC=2000000 1 || fail "not released"
    kill -TERM "$PID"
    finish_dbr
    is "$(grep WATCHDOG_USEC "$BATS_TEST_TMPDIR/told" | head -n 2 | paste -sd ' ')" "WATCHDOG_USEC=86400000000 WATCHDOG_USEC=2000000"
    # The hook of the switch ran in between.
    grep -qx 1 "$BATS_TEST_TMPDIR/held"
}

@test "a name in the abstract namespace" {
    kill "$LISTENER"
    rm "$BATS_TEST_TMPDIR/told"
    export NOTIFY_SOCKET="@dbr-test-$DB-$$"
    listen "$NOTIFY_SOCKET"
    start_dbr health --watch
    wait_for 20 told_times READY=1 1 || fail "not ready"
    kill -TERM "$PID"
    finish_dbr
    exits 143
}

@test "it fails over and back by itself, once each" {
    env_set DB_FAILBACK_THRESHOLD 2
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    start_dbr health --watch --auto
    wait_for 20 told_times STATUS=healthy 1
    link_tell one refuse
    wait_for 30 told_times STATUS=degraded 1 || fail "no failover"
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" secondary
    link_tell one pass
    wait_for 30 eval '[ "$(jq -r .activeDatabase "$STATE_DIR/state.json")" = primary ]' || fail "no failback"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    is "$(grep -cF 'INITIATING FAILOVER' <<<"$errors")" 1
    is "$(grep -cF 'INITIATING FAILBACK' <<<"$errors")" 1
}
