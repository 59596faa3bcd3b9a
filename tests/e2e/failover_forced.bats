#!/usr/bin/env bats
# Proves: a primary that does not answer, in whatever way, is replaced by the secondary as the last sync left it; the report claims
# to know nothing that was not counted; what cannot be done changes nothing.

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
events() { jq -r "$1" "$STATE_DIR/events.jsonl"; }
takes_writes() { sql "$1" -c "INSERT INTO app_config (key, value) VALUES ('probe', '1')" -c "DELETE FROM app_config WHERE key = 'probe'" 2>/dev/null; }

replaced() {
    exits 0
    is "$(state .activeDatabase)" secondary
    is "$(state .fenceDebt.secondary)" null
    [ "$(state .fenceDebt.primary)" != null ] || fail "no fence is owed"
    takes_writes "$P2_URL" || fail "the secondary takes no writes"
}

@test "a large table that the last sync did not compare as a whole is named with its own age" {
    env_set DB_FINGERPRINT_ROWS 10
    p1 -c "CREATE TABLE nocol (id serial PRIMARY KEY)" -c "INSERT INTO nocol SELECT FROM generate_series(1, 50)"
    run_dbr init-secondary --update
    exits 0
    run_dbr sync --full
    exits 0
    run_dbr sync
    exits 0
    away
    run_dbr failover --yes
    replaced
    grep -qE "may lack what they took since that was done: .*users \([0-9.]+ m?s\)" <<<"$output" || fail "users is not named"
    # CockroachDB does not estimate a table that is new.
    on_standin || grep -q "nocol (" <<<"$output" || fail "nocol is not named"
}

@test "a primary that refuses connections; the report does not guess" {
    p1 -c "INSERT INTO leads (name) VALUES ('never synced')"
    away
    run_dbr failover --yes
    replaced
    stderr_has "INITIATING FAILOVER TO SECONDARY DATABASE"
    stdout_has "unknown" "since the last sync" "may be stranded" users
    stdout_lacks "as a whole"
    [ "$(grep -cE '^ *users +174 +unknown *$' <<<"$output")" = 1 ] || fail "no line for users"
    is "$(events 'select(.event == "failover") | "\(.kind) \(.active)"')" "forced secondary"
}

@test "a primary that hangs, as JSON" {
    link_tell wire blackhole
    run_dbr failover --yes --json
    replaced
    json_is .kind forced
    json_is .databases.primary.before.reachable false
    json_is .databases.primary.before.writable null
    json_is .databases.secondary.before.writable false
    json_is .databases.secondary.after.writable true
    json_is .databases.secondary.after.role active
    json_is '.stranded.tables | length' 15
    json_is '.stranded.tables[] | select(.name == "users") | .lastKnownRows' 174
    json_is '[.stranded.tables[].strandedRows] | unique | tostring' '[null]'
    json_true '[.stranded.tables[].lastFingerprint | type] | unique == ["string"]'
    json_true '.stranded.sinceLastSyncMs > 0'
}

@test "a name that cannot be resolved" {
    env_set DATABASE_URL "${P1_URL/127.0.0.1/db.invalid}"
    run_dbr failover --yes
    replaced
}

@test "a primary that is there but not for us is no reason to switch" {
    env_set DATABASE_URL "${P1_URL/app:*@/app:wrong@}"
    run_dbr failover --yes
    refused --force
    is "$(state .activeDatabase)" primary
    ! takes_writes "$P2_URL" || fail "the secondary takes writes"
}

@test "both down: exit 3, an event, no switch" {
    link_open other two 0
    env_set DATABASE_URL_SECONDARY "$(link_url other "$P2_URL")"
    away
    link_tell other refuse
    run_dbr failover --yes
    exits 3
    stderr_has "both databases offline"
    is "$(state .activeDatabase)" primary
    is "$(state .switch)" null
    is "$(events 'select(.message == "both databases offline") | .event')" error
}

@test "the secondary down: exit 3, and the primary goes on" {
    link_open other two 0
    env_set DATABASE_URL_SECONDARY "$(link_url other "$P2_URL")"
    link_tell other refuse
    cp "$STATE_DIR/state.json" before.json
    run_dbr failover --yes
    exits 3
    stderr_has secondary
    run_dbr failover --yes --force
    exits 3
    cmp before.json "$STATE_DIR/state.json"
    takes_writes "$P1_URL" || fail "the primary takes no writes any more"
}

@test "--force does not touch a primary that answers, but for its fence" {
    p1 -c "INSERT INTO leads (name) VALUES ('stays behind')"
    run_dbr failover --force
    exits 0
    is "$(state .activeDatabase)" secondary
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'stays behind'")" 0
    ! takes_writes "$P1_DIRECT" || fail "the primary takes writes"
    run_dbr sync
    exits 0
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'stays behind'")" 1
    in_step
}

@test "ids leave a gap for those that the lost window handed out" {
    before=$(p1 -c "SELECT last_value FROM leads_id_seq")
    away
    run_dbr failover --yes
    exits 0
    [ "$(p2 -c "INSERT INTO leads (name) VALUES ('a') RETURNING id")" -gt $((before + 1000)) ] || fail "no gap"
}

@test "failing over again while the primary is still away" {
    away
    run_dbr failover --yes
    exits 0
    cp "$STATE_DIR/state.json" before.json
    run_dbr failover --yes
    exits 0
    stdout_has already
    run_dbr failback --yes
    exits 3
    is "$(state .activeDatabase)" secondary
    takes_writes "$P2_URL" || fail "the secondary takes no writes"
    run_dbr sync
    exits 3
    [ "$(state .fenceDebt.primary)" != null ] || fail "the debt was forgotten"
}

# What a long link multiplies: the turnarounds of the connection that switches, and the opening of it.
@test "the pointer moves within eight round trips of the secondary" {
    link_open far two 341
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    env_set HEALTH_CHECK_TIMEOUT 20
    env_set DB_ON_EVENT "python3 '$ROOT/tests/lib/proxy.py' --tell '$BATS_TEST_TMPDIR/link-far' stats >'$BATS_TEST_TMPDIR/stats.json'"
    away
    run_dbr failover --yes --json
    exits 0
    json_true '.pointerMovedMs >= 4 * 341'
    [ $(($(jq .turnarounds_longest stats.json) + 1)) -le 8 ] || fail "$(cat stats.json)"
    is "$(jq .connections stats.json)" 2 # the probe is the other one
}
