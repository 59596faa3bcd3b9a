# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for the tests
# Switches that are cut short: a pair whose databases can be away, and runs that are killed.
#
#     load ../lib/helper
#     load ../lib/switching
#     setup() { switching_setup; }
#     teardown() { pair_teardown; }
#
# P1_URL and P2_URL lead straight to the servers, dbr and the pointer go by the links "one" and "two".

switching_setup() {
    pair_setup app
    KILLER=$BATS_TEST_TMPDIR/killer.so
    cc -shared -fPIC -O1 -o "$KILLER" "$ROOT/tests/lib/killer.c" -ldl
    APP_ENV=$BATS_TEST_TMPDIR/app.env
    env_set DB_ACTIVE_ENV_FILE "$APP_ENV"
    env_set HEALTH_CHECK_TIMEOUT 1
    init_pair
    link_open one one 0
    link_open two two 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
}

# away NAME, back NAME: of a link.
away() {
    link_tell "$1" refuse
    link_tell "$1" drop
}
back() { link_tell "$1" pass; }

state() { jq -r "$1" "$STATE_DIR/state.json"; }
takes_writes() { sql "$1" -c "INSERT INTO app_config (key, value) VALUES ('probe', '1')" -c "DELETE FROM app_config WHERE key = 'probe'" >/dev/null 2>&1; }
# marks SERVER: of switches that opened its database.
marks() { server_sql "$1" "$DB" -At -c "SELECT count(*) FROM _dbr.switches" 2>/dev/null || echo 0; }

# killed AT PROGRAM [ARGUMENT...]: before the AT-th state that it writes. Sets what run_dbr sets; status 137.
killed() {
    local at=$1 program=$2
    shift 2
    RUN=$((RUN + 1))
    LAST="dbr-$program $* (killed before state $at)"
    status=0
    ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0:detect_leaks=0 timeout -k 5 60 env LD_PRELOAD="$KILLER" KILLER_AT="$at" \
        KILLER_KINDS=r "$DBR_BIN/dbr-$program" --env-file "$ENV_FILE" "$@" >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" </dev/null 3>&- ||
        status=$?
    output=$(cat "$RUNS/$RUN.out")
    errors=$(cat "$RUNS/$RUN.err")
}

# killed_at STEP failover|failback: a planned one, killed when it had done that step but not written the next one. The number of
# states that it writes before is not the test's business.
killed_at() {
    local at
    for at in 3 4 5 6 7 8 9 10 11; do
        killed "$at" "$2" --yes
        [ "$(state .switch.step)" != "$1" ] || return 0
        run_dbr sync -q
    done
    fail "no $2 was killed at step $1"
}

# at_rest ROLE: that database is the active one, it alone takes writes, and the pointer leads there.
at_rest() {
    local here=$P1_URL there=$P2_URL link=one
    [ "$1" = primary ] || { here=$P2_URL there=$P1_URL link=two; }
    is "$(state .switch)" null
    is "$(state .activeDatabase)" "$1"
    takes_writes "$here" || fail "the $1 takes no writes"
    ! takes_writes "$there" || fail "the standby takes writes beside the $1"
    [ ! -e "$APP_ENV" ] || grep -qF "127.0.0.1:$(link_port $link)/" "$APP_ENV" || fail "the pointer does not lead to the $1"
}

# row URL NAME: as the application would write it; it must be accepted, and nothing may lose it.
row() { sql "$1" -c "INSERT INTO leads (name) VALUES ('$2')"; }
has_row() { is "$(sql "$1" -c "SELECT count(*) FROM leads WHERE name = '$2'")" 1; }
