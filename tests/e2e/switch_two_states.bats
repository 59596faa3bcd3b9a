#!/usr/bin/env bats
# Proves: two state directories that switch one pair at the same time end with one database that takes writes, whoever was first.
# The one that comes too late does not take the fence off that the other one has placed.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    # So far away that the two meet at every step.
    link_open one one 30
    link_open two two 30
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    run_dbr sync
    cp -a "$STATE_DIR" "$STATE_DIR.other"
}
teardown() { pair_teardown; }

fenced() { is_on "$(sql "$1" -c "SHOW default_transaction_read_only")"; }
is_on() { [ "$1" = on ]; }

# both PROGRAM DELAY: two states begin it DELAY seconds apart. Sets won: how many of them did it.
both() {
    local first second
    "$DBR_BIN/dbr-$1" --env-file "$ENV_FILE" --yes >first.out 2>&1 3>&- &
    first=$!
    sleep "$2"
    "$DBR_BIN/dbr-$1" --env-file "$ENV_FILE" --state-dir="$STATE_DIR.other" --yes >second.out 2>&1 3>&- &
    second=$!
    won=0
    wait $first && won=$((won + 1))
    wait $second && won=$((won + 1))
    return 0
}

@test "at no distance in time do both databases take writes afterwards" {
    local n=0 met=0 to=secondary alone delay
    alone=$(date +%s%N)
    run_dbr failover --yes
    exits 0
    alone=$((($(date +%s%N) - alone) / 1000000))
    run_dbr failback --yes
    exits 0
    rm -rf "$STATE_DIR.other" && cp -a "$STATE_DIR" "$STATE_DIR.other"
    for part in 10 20 30 40 50 60 70 80; do
        delay=$(printf '%d.%03d' $((alone * part / 100000)) $((alone * part / 100 % 1000)))
        if [ $to = secondary ]; then both failover "$delay"; else both failback "$delay"; fi
        n=$((n + 1))
        [ "$(fenced "$P1_URL"; echo $?)$(fenced "$P2_URL"; echo $?)" != 11 ] || fail "both take writes after $delay s: $(cat first.out; echo; cat second.out)"
        [ "$(fenced "$P1_URL"; echo $?)$(fenced "$P2_URL"; echo $?)" != 00 ] || fail "none takes writes after $delay s: $(cat first.out; echo; cat second.out)"
        ! grep -qh "was given up: another state directory" first.out second.out || met=$((met + 1))
        [ $won -gt 0 ] || continue
        # Both begin the next one with what is so now.
        if [ "$(jq -r .activeDatabase "$STATE_DIR/state.json")" = $to ]; then
            rm -rf "$STATE_DIR.other" && cp -a "$STATE_DIR" "$STATE_DIR.other"
        else
            rm -rf "$STATE_DIR" && cp -a "$STATE_DIR.other" "$STATE_DIR"
        fi
        if [ $to = secondary ]; then to=primary; else to=secondary; fi
    done
    [ $met -gt 0 ] || skip "they never met in $n tries of $alone ms"
}

step_is() { [ "$(jq -r .switch.step "$1/state.json" 2>/dev/null)" = "$2" ]; }
# killed_at STEP: a failover of the other state, which ends there.
killed_at() {
    "$DBR_BIN/dbr-failover" --env-file near.env --state-dir="$STATE_DIR.other" --yes >killed.out 2>&1 3>&- &
    wait_for 20 step_is "$STATE_DIR.other" "$1"
    kill -KILL $!
    wait $! || true
    step_is "$STATE_DIR.other" "$1"
}
one_is_open() { is "$(fenced "$P1_URL"; echo $?)$(fenced "$P2_URL"; echo $?)" "$1"; }

@test "one that undoes what it had begun while another one switches: what is acknowledged meanwhile is not deleted" {
    local status_of_first
    sed -e "s|^DATABASE_URL=.*|DATABASE_URL=$P1_URL|" -e "s|^DATABASE_URL_SECONDARY=.*|DATABASE_URL_SECONDARY=$P2_URL|" "$ENV_FILE" >near.env
    chmod 600 near.env
    killed_at settle
    # Far enough for the other one to come in between.
    link_tell one rtt 250
    link_tell two rtt 250
    "$DBR_BIN/dbr-failover" --env-file "$ENV_FILE" --yes >first.out 2>&1 3>&- &
    wait_for 60 step_is "$STATE_DIR" settle
    "$DBR_BIN/dbr-health" --env-file near.env --state-dir="$STATE_DIR.other" --auto >other.out 2>&1 3>&- || true
    ! p1 -c "INSERT INTO leads (name) VALUES ('acknowledged')" 2>/dev/null || touch acknowledged
    status_of_first=0
    wait $! || status_of_first=$?
    link_tell one rtt 0
    link_tell two rtt 0
    if [ "$status_of_first" -eq 0 ]; then one_is_open 01; else one_is_open 10; fi
    run_dbr sync
    [ "$status" -eq 0 ] || [ "$status" -eq 5 ] || fail "$errors"
    [ ! -e acknowledged ] || is "$(p1 -c "SELECT count(*) FROM leads WHERE name = 'acknowledged'")" 1
}
