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
