#!/usr/bin/env bats
# Proves: a check sees to what an earlier run left. An automatic switch that is killed at any step is brought to its end by the
# checks that follow, without a person and without a lost row; fences that are owed are placed, unless another run is at work, and
# cost no time while the database is away.
# bats file_tags=plain

load ../lib/helper

setup() {
    pair_setup app
    env_set DB_FAILOVER_THRESHOLD 1
    env_set DB_FAILBACK_THRESHOLD 1
    APP_ENV=$BATS_TEST_TMPDIR/app.env
    env_set DB_ACTIVE_ENV_FILE "$APP_ENV"
    init_pair
    link_open wire one 0
    P1_DIRECT=$P1_URL
    P1_URL=$(link_url wire "$P1_URL")
    env_set DATABASE_URL "$P1_URL"
}
teardown() { pair_teardown; }

away() {
    link_tell wire refuse
    link_tell wire drop
}
state() { jq -r "$1" "$STATE_DIR/state.json"; }
takes_writes() { sql "$1" -c "INSERT INTO app_config (key, value) VALUES ('probe', '1')" -c "DELETE FROM app_config WHERE key = 'probe'" 2>/dev/null; }

killed_health() {
    RUN=$((RUN + 1))
    LAST="dbr-health --auto (killed at $1)"
    status=0
    ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0:detect_leaks=0 timeout -k 5 60 env LD_PRELOAD="$KILLER" KILLER_AT="$1" \
        KILLER_KINDS=r "$DBR_BIN/dbr-health" --env-file "$ENV_FILE" --auto >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" </dev/null 3>&- ||
        status=$?
    errors=$(cat "$RUNS/$RUN.err")
}

# checks_until ROLE: as cron would, until that database is active and nothing is left open.
checks_until() {
    local i
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        run_dbr health --auto
        [ "$(state .activeDatabase)" != "$1" ] || [ "$(state .switch)" != null ] || return 0
    done
    fail "the $1 is not active after $i checks"
}

@test "an automatic failover and failback, killed before each state they write" {
    KILLER=$BATS_TEST_TMPDIR/killer.so
    cc -shared -fPIC -O1 -o "$KILLER" "$ROOT/tests/lib/killer.c" -ldl
    local at
    for at in 1 2 3 4 5 6 7 8; do
        p1 -c "INSERT INTO leads (name) VALUES ('on the primary $at')" # not synced: stranded
        away
        killed_health "$at"
        checks_until secondary
        takes_writes "$P2_URL" || fail "the secondary takes no writes ($at)"
        grep -qF "$P2_URL" "$APP_ENV" || fail "the pointer does not lead to the secondary ($at)"
        p2 -c "INSERT INTO leads (name) VALUES ('on the secondary $at')"
        link_tell wire pass
        killed_health "$at"
        checks_until primary
        takes_writes "$P1_URL" || fail "the primary takes no writes ($at)"
        ! takes_writes "$P2_URL" || fail "the secondary takes writes ($at)"
        grep -qF "$P1_URL" "$APP_ENV" || fail "the pointer does not lead to the primary ($at)"
        is "$(p1 -c "SELECT count(*) FROM leads WHERE name LIKE 'on the %'")" $((2 * at))
    done
    run_dbr sync
    exits 0
    in_step
}

@test "a fence that is owed costs no time while the database is away" {
    away
    run_dbr health --auto
    is "$(state .activeDatabase)" secondary
    link_tell wire blackhole
    env_set HEALTH_CHECK_TIMEOUT 2
    local started
    started=$(date +%s%N)
    run_dbr health
    exits 1
    [ $((($(date +%s%N) - started) / 1000000)) -lt 3500 ] || fail "it waited for more than the probe"
    stdout_has "is not fenced since"
}

@test "a fence that is owed is placed by the next check of any kind, but not while another run is at work" {
    away
    run_dbr health --auto
    is "$(state .activeDatabase)" secondary
    link_tell wire pass
    takes_writes "$P1_DIRECT" || fail "the primary is fenced already"
    exec 8>>"$STATE_DIR/op.lock"
    flock 8
    run_dbr health 8>&-
    takes_writes "$P1_DIRECT" || fail "it did not leave it to the other run"
    exec 8>&-
    run_dbr health --peek
    takes_writes "$P1_DIRECT" || fail "--peek changed something"
    run_dbr health --json
    stderr_has "the primary is back and has been fenced"
    json_is .switching.fenceDebt null
    json_is .primary.readOnly true
    ! takes_writes "$P1_DIRECT" || fail "the primary takes writes"
}
