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

# settle OPERATION WHAT: after a kill, a run of some program brings the pair to rest, and the operation itself to its end.
settle() {
    local op=$1 what=$2
    local others=("sync" "$op --yes" "sync --verify" "init-secondary --update")
    # shellcheck disable=SC2086 # program and options
    run_dbr ${others[TURN++ % ${#others[@]}]}
    settled "$what, then $LAST"
    run_dbr "$op" --yes
    exits 0
    settled "$what, then $LAST"
    application_writes
}

# walk KINDS EVERY: there and back again, killed at every EVERY-th moment of either switch.
walk() {
    local kinds=$1 every=$2 total at op
    TURN=0
    killed "" "$kinds" failover --yes
    [ "$status" -eq 0 ] || fail "the switch failed"
    total=$(cat "$BATS_TEST_TMPDIR/moments")
    [ "$total" -gt 5 ] || fail "only $total moments: they are not counted"
    run_dbr failback --yes
    exits 0
    for ((at = 1; at <= total; at += every)); do
        for op in failover failback; do
            application_writes
            killed "$at" "$kinds" $op --yes
            [ "$status" -eq 137 ] || [ "$status" -eq 0 ] || fail "neither killed nor done"
            settle $op "$op killed at $at of $total ($kinds)"
        done
    done
    run_dbr sync
    in_step
}

@test "planned switches, killed before each state they write" { walk r 1; }

@test "planned switches, killed between messages" { walk s 23; }

# The primary is away, and back for the merge.
@test "forced failover and the failback after it, killed before each state they write" {
    local total at
    TURN=0
    link_open wire one 0
    P1_URL=$(link_url wire "$P1_URL")
    env_set DATABASE_URL "$P1_URL"
    link_tell wire refuse
    link_tell wire drop
    killed "" r failover --yes
    [ "$status" -eq 0 ] || fail "the switch failed"
    total=$(cat "$BATS_TEST_TMPDIR/moments")
    [ "$total" -gt 3 ] || fail "only $total moments: they are not counted"
    link_tell wire pass
    run_dbr failback --yes
    exits 0
    for ((at = 1; at <= total + 3; at++)); do
        application_writes
        run_dbr sync
        exits 0
        application_writes # nobody synced this one: stranded
        link_tell wire refuse
        link_tell wire drop
        killed "$at" r failover --yes
        run_dbr failover --yes
        exits 0
        is "$(active)" secondary
        is "$(sql "$P2_URL" -c "INSERT INTO leads (name) VALUES ('served $at') RETURNING 1")" 1
        link_tell wire pass
        killed "$at" r failback --yes
        settle failback "forced failover and failback killed at $at"
        is "$(sql "$P1_URL" -c "SELECT count(*) FROM leads WHERE name LIKE 'served %'")" "$at"
    done
    run_dbr sync
    in_step
}
