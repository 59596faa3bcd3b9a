#!/usr/bin/env bats
# A switch that is killed at any step is finished or undone by the next run, whichever program that is: one side takes writes, the
# pointer agrees with the state, no row is lost.

load ../lib/helper

setup() {
    pair_setup app
    KILLER=$BATS_TEST_TMPDIR/killer.so
    cc -shared -fPIC -O1 -o "$KILLER" "$ROOT/tests/lib/killer.c" -ldl
    APP_ENV=$BATS_TEST_TMPDIR/app.env
    env_set DB_ACTIVE_ENV_FILE "$APP_ENV"
    init_pair
    ROWS=0
}
teardown() { pair_teardown; }

# killed AT KINDS PROGRAM [ARGUMENT...]: exit status 137 when it was killed; without AT it counts into $BATS_TEST_TMPDIR/moments.
killed() {
    local at=$1 kinds=$2 program=$3
    shift 3
    RUN=$((RUN + 1))
    LAST="dbr-$program $* (killed at $at of $kinds)"
    status=0
    ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0:detect_leaks=0 timeout -k 5 60 env LD_PRELOAD="$KILLER" KILLER_AT="$at" \
        KILLER_KINDS="$kinds" KILLER_COUNT="$BATS_TEST_TMPDIR/moments" "$DBR_BIN/dbr-$program" --env-file "$ENV_FILE" "$@" \
        >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" </dev/null 3>&- || status=$?
    output=$(tr -d '\0' <"$RUNS/$RUN.out")
    errors=$(tr -d '\0' <"$RUNS/$RUN.err")
}

active() { jq -r .activeDatabase "$STATE_DIR/state.json"; }

# A row that the application writes where the pointer leads: acknowledged, so it must never be missed.
application_writes() {
    local url=$P1_URL
    [ "$(active)" = primary ] || url=$P2_URL
    ROWS=$((ROWS + 1))
    sql "$url" -c "INSERT INTO leads (name, email) VALUES ('acknowledged', 'a$ROWS@example.com')"
}

takes_writes() { sql "$1" -c "INSERT INTO app_config (key, value) VALUES ('probe', '1')" -c "DELETE FROM app_config WHERE key = 'probe'" 2>/dev/null; }

settled() {
    local here=$P1_URL there=$P2_URL
    [ "$(jq 'has("switch")' "$STATE_DIR/state.json")" = false ] || fail "the journal is still open: $1"
    [ "$(active)" = primary ] || { here=$P2_URL there=$P1_URL; }
    takes_writes "$here" || fail "the active database takes no writes: $1"
    ! takes_writes "$there" || fail "the standby takes writes: $1"
    if [ -e "$APP_ENV" ]; then
        grep -qF "$here" "$APP_ENV" || fail "the pointer does not lead to the active database: $1"
    fi
    is "$(sql "$here" -c "SELECT count(*) FROM leads WHERE name = 'acknowledged'")" "$ROWS"
}

# walk OPERATION KINDS EVERY: kills it at every EVERY-th moment; the next run is that of another program each time.
walk() {
    local op=$1 kinds=$2 every=$3 back=failback at total n=0
    local others=("sync" "health" "$op --yes" "sync --verify" "health --auto")
    [ "$op" = failover ] || back=failover
    killed "" "$kinds" "$op" --yes
    [ "$status" -eq 0 ] || fail "the switch failed"
    total=$(cat "$BATS_TEST_TMPDIR/moments")
    [ "$total" -gt 5 ] || fail "only $total moments: they are not counted"
    run_dbr $back --yes
    exits 0
    for ((at = 1; at <= total; at += every)); do
        application_writes
        killed "$at" "$kinds" "$op" --yes
        [ "$status" -eq 137 ] || [ "$status" -eq 0 ] || fail "neither killed nor done"
        # shellcheck disable=SC2086 # program and options
        run_dbr ${others[n++ % ${#others[@]}]}
        settled "killed at $at of $total ($kinds), then $LAST"
        run_dbr "$op" --yes
        exits 0
        settled "killed at $at of $total ($kinds), then $LAST, then $op"
        application_writes
        run_dbr $back --yes
        exits 0
        settled "back after $at of $total ($kinds)"
    done
    run_dbr sync
    in_step
}

@test "planned failover, killed before each state it writes" { walk failover r 1; }

@test "planned failover, killed between messages" { walk failover s 7; }

@test "planned failback, killed before each state it writes" {
    run_dbr failover --yes
    exits 0
    walk failback r 1
}
