#!/usr/bin/env bats
# Proves: which failures lead to a failover. Only an outage does; a wrong password, too many connections and a database that is
# read-only by surprise do not, whatever their number.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
}
teardown() { pair_teardown; }

down_count() { jq -r .health.primary.consecutiveDown "$STATE_DIR/state.json"; }

# checks NUMBER STATUS: that many runs, each ending so, with the primary active throughout.
checks() {
    local i
    for ((i = 0; i < $1; i++)); do
        run_dbr health --auto --json
        exits "$2"
        json_is .activeDatabase primary
    done
}

@test "a wrong password on the active: critical, what to fix, no switch, and an outage's count stays as it is" {
    link_tell one refuse
    checks 2 2
    is "$(down_count)" 2
    link_tell one pass
    env_set DATABASE_URL "postgresql://app:not-it@127.0.0.1:$(server_port one)/$DB"
    checks 4 2
    json_is .primary.failure config
    json_is .switching.failuresToGo 1
    json_true '.warnings | any(contains("check user and password in the URL"))'
    is "$(down_count)" 2
    env_set DATABASE_URL "$P1_URL"
    checks 1 0
    is "$(down_count)" 0
}

@test "too many connections warn, and end an outage's count" {
    link_tell one refuse
    checks 2 2
    link_tell one pass
    server_sql one postgres -c "ALTER DATABASE $DB CONNECTION LIMIT 0"
    checks 4 1
    json_is .primary.failure degraded
    is "$(down_count)" 0
}

@test "a database that is closed to everybody is no outage" {
    server_sql one postgres -c "ALTER DATABASE $DB ALLOW_CONNECTIONS false"
    checks 4 2
    json_is .primary.failure config
    is "$(down_count)" 0
}

@test "read-only by surprise warns" {
    p1 -c "ALTER DATABASE $DB SET default_transaction_read_only = on"
    checks 4 1
    json_true '.warnings | any(contains("read-only"))'
    is "$(down_count)" 0
}

@test "a server that hangs is an outage" {
    env_set HEALTH_CHECK_TIMEOUT 1
    link_tell one blackhole
    checks 2 2
    run_dbr health --auto --json
    exits 1
    json_is .activeDatabase secondary
}

@test "a good check in between begins the count anew" {
    link_tell one refuse
    checks 2 2
    link_tell one pass
    checks 1 0
    link_tell one refuse
    checks 2 2
}
