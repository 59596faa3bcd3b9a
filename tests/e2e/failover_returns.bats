#!/usr/bin/env bats
# Proves: a primary that comes back after a forced failover is fenced before anything else, whichever program runs first; what was
# written there before and after the failover is merged, none of it is lost.

load ../lib/helper

setup() {
    pair_setup app
    env_set HEALTH_CHECK_TIMEOUT 1
    init_pair
    link_open wire one 0
    P1_DIRECT=$P1_URL
    env_set DATABASE_URL "$(link_url wire "$P1_URL")"
}
teardown() { pair_teardown; }

away() {
    link_tell wire refuse
    link_tell wire drop
}
back() { link_tell wire pass; }

state() { jq -r "$1" "$STATE_DIR/state.json"; }
takes_writes() { sql "$1" -c "INSERT INTO app_config (key, value) VALUES ('probe', '1')" -c "DELETE FROM app_config WHERE key = 'probe'" 2>/dev/null; }

# returning PROGRAM...: the primary comes back with writes of before and after the failover; the program fences it before it does
# anything else, and nothing is lost in the end.
returning() {
    p1 -c "INSERT INTO leads (name) VALUES ('stranded')" -c "UPDATE users SET balance = 4711 WHERE id = 9"
    away
    run_dbr failover --yes
    exits 0
    p2 -c "INSERT INTO leads (name) VALUES ('served')" -c "UPDATE users SET balance = 815 WHERE id = 10"
    # The application of another machine did not hear of it: it is still connected, and writes again.
    sql "$P1_DIRECT" -c "INSERT INTO leads (name) VALUES ('split brain')" -c "DELETE FROM legal_signatures WHERE id = 3"
    session_open stale "$P1_DIRECT"
    session stale "INSERT INTO leads (name) VALUES ('split brain too')"
    back
    run_dbr "$@"
    ! takes_writes "$P1_DIRECT" || [ "$(state .activeDatabase)" = primary ] || fail "the primary is not fenced"
    echo "INSERT INTO leads (name) VALUES ('too late');" >&"$(cat "$BATS_TEST_TMPDIR/session-stale/fd")"
    wait_for 5 stale_is_gone || fail "the session of before is still there"
    is "$(state .fenceDebt.primary)" null
}
stale_is_gone() { ! kill -0 "$(cat "$BATS_TEST_TMPDIR/session-stale/pid")" 2>/dev/null; }

nothing_lost() {
    local url
    for url in "$P1_DIRECT" "$P2_URL"; do
        is "$(sql "$url" -c "SELECT string_agg(name, ', ' ORDER BY name) FROM leads WHERE name IN ('stranded', 'served', 'split brain', 'split brain too')")" \
            "served, split brain, split brain too, stranded"
        is "$(sql "$url" -c "SELECT string_agg(balance::text, ' ' ORDER BY id) FROM users WHERE id IN (9, 10)")" "4711.000000 815.000000"
        is "$(sql "$url" -c "SELECT count(*) FROM legal_signatures WHERE id = 3")" 0
        is "$(sql "$url" -c "SELECT count(*) = count(DISTINCT id) FROM leads")" t
    done
}

@test "the primary is back: dbr-sync fences it and merges" {
    returning sync
    exits 0
    stderr_has "the primary is back and has been fenced"
    nothing_lost
    in_step
}

@test "the primary is back: dbr-failback fences it, merges and goes back" {
    returning failback --yes
    exits 0
    is "$(state .activeDatabase)" primary
    nothing_lost
    run_dbr sync
    exits 0
    in_step
}

@test "the primary is back: dbr-sync --verify fences it and sees that they differ" {
    returning sync --verify
    exits 4
    stderr_has "yet to be merged" "dbr-failback --dry-run"
    stderr_lacks --repair
    run_dbr sync
    exits 0
    nothing_lost
    in_step
}

@test "the primary is back: a change of the schema does not go past the merge" {
    returning init-secondary --update
    run_dbr sync
    exits 0
    nothing_lost
    in_step
}
