#!/usr/bin/env bats
# Proves: a database that hangs, in whatever way, costs the timeout and no more, and does not spoil the other's measurement.

load ../lib/helper
setup() {
    pair_setup empty
    env_set DB_FENCE off # the state says that init is done, but none has fenced
    mkdir -m 700 "$STATE_DIR"
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}' >"$STATE_DIR/state.json"
    env_set HEALTH_CHECK_TIMEOUT 1
}
teardown() {
    if [ -n "${LISTENER:-}" ]; then kill "$LISTENER"; fi
    if [ -n "${PAUSED:-}" ]; then
        server_stop "$PAUSED"
        rm -rf "${SERVERS_DIR:?}/$PAUSED"*
    fi
    pair_teardown
}

# check_in_time [ATLEAST ATMOST]: runs the check and holds its duration (ms) against the timeout, one second without arguments.
check_in_time() {
    local started ended
    started=$(date +%s%N)
    run_dbr health --json
    ended=$(date +%s%N)
    TOOK=$(((ended - started) / 1000000))
    [ "$TOOK" -ge "${1:-900}" ] || fail "gave up after $TOOK ms"
    [ "$TOOK" -lt "${2:-2500}" ] || fail "took $TOOK ms"
}

@test "a stopped server" {
    PAUSED=hang$BATS_TEST_NUMBER
    server_start "$PAUSED"
    env_set DATABASE_URL_SECONDARY "$(server_url "$PAUSED" postgres postgres)"
    run_dbr health
    exits 0
    server_pause "$PAUSED"
    check_in_time
    exits 1
    json_is .secondary.failure down
    json_true '.primary.connected and .primary.latency < 900'
    server_resume "$PAUSED"
    run_dbr health
    exits 0
}

@test "a port that accepts and never answers" {
    python3 - "$BATS_TEST_TMPDIR/port" <<'PY' 3>&- &
import os, socket, sys, time
listener = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(60)
PY
    LISTENER=$!
    wait_for 10 test -e "$BATS_TEST_TMPDIR/port"
    env_set DATABASE_URL "postgresql://app@127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")/$DB"
    check_in_time
    exits 2
    json_true '.primary.error | contains("did not answer within 1 s")'
    json_true .secondary.connected
}

@test "a link that goes dead between the first packet and the answer" {
    env_set HEALTH_CHECK_TIMEOUT 4
    link_open far two 500
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    run_dbr health
    exits 0
    # Six round trips are 3 s: in the middle of them.
    (sleep 0.8 && link_tell far blackhole) 3>&- &
    check_in_time 3900 5500
    exits 1
    json_is .secondary.failure down
}

@test "both hang: still one timeout" {
    link_open one one 0
    link_open two two 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    link_tell one blackhole
    link_tell two blackhole
    check_in_time 900 1900
    exits 2
}

@test "a far database is measured by its own link, in few round trips" {
    env_set HEALTH_CHECK_TIMEOUT 5
    link_open far two 200
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    run_dbr health --json
    exits 0
    json_true '.secondary.latency > 400 and .secondary.latency < 2000'
    json_true '.primary.latency < 400'
    # No more than what a single SELECT from a new connection takes.
    local used
    used=$(link_tell far stats | jq .turnarounds)
    link_tell far reset
    sql "$(link_url far "$P2_URL")" -c "SELECT 1"
    is "$used" "$(link_tell far stats | jq .turnarounds)"
}

@test "SIGTERM during a hang ends the run at once, and nothing is counted" {
    env_set HEALTH_CHECK_TIMEOUT 30
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    link_tell one blackhole
    start_dbr health
    sleep 0.5
    kill -TERM "$PID"
    finish_dbr
    exits 143
    is "$(jq .health "$STATE_DIR/state.json")" null
}
