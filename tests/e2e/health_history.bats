#!/usr/bin/env bats
# Proves: --history tells availability, latency and switches of a span from the record that checks and switches left, for people
# and as JSON, over rotated files, past damaged lines, and without a connection.
# bats file_tags=postgres

load ../lib/helper
setup() {
    pair_setup app
}
teardown() { pair_teardown; }

@test "checks and a switch are in the history" {
    init_pair
    run_dbr health
    run_dbr health
    run_dbr failover --yes --reason "a drill"
    exits 0
    run_dbr health
    run_dbr health --history --json
    exits 0
    json_is .primary.checks 3
    json_is .primary.failures 0
    json_is .primary.availability 1
    json_is .secondary.checks 3
    json_true '.primary.p50 <= .primary.p99 and .primary.p99 <= .primary.max'
    json_is '.switches | length' 1
    json_is '.switches[0].event' failover
    json_is '.switches[0].active' secondary
    json_is '.switches[0].reason' "a drill"
    json_is '.points[-1].active' secondary
    json_is '[.points[].secondary.checks] | add' 3
    run_dbr health --history=90m
    exits 0
    stdout_has "100.000 %" "switches " "failover: a drill" "█"
    LC_ALL=C run_dbr health --history 90m
    exits 0
    ! grep -qP '[^\x00-\x7F]' <<<"$output" || fail "not ASCII"
}

@test "outages, rotated files and damaged lines" {
    mkdir -m 700 "$STATE_DIR"
    python3 - "$STATE_DIR" <<'PY'
import datetime, sys
now = datetime.datetime.now(datetime.timezone.utc)
def line(seconds, connected):
    t = (now - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    p = '{"connected":true,"latency":20}' if connected else '{"connected":false,"latency":null}'
    return '{"time":"%s","active":"primary","primary":%s,"secondary":{"connected":true,"latency":30}}\n' % (t, p)
with open(sys.argv[1] + "/history.jsonl.1", "w") as f:
    f.write(line(90000, True)) # before the day
    f.writelines(line(4000 - i, True) for i in range(60))
with open(sys.argv[1] + "/history.jsonl", "w") as f:
    f.writelines(line(2000 - i, i % 4 != 0) for i in range(40))
    f.write("damaged\n")
PY
    # Nothing is asked of the databases.
    env_set DATABASE_URL "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    run_dbr health --history 24h --json
    exits 0
    stderr_has "damaged and were skipped: 1"
    json_is .damagedLines 1
    json_is .primary.checks 100
    json_is .primary.failures 10
    json_is .primary.availability 0.9
    json_is .primary.p50 20
    json_is .secondary.max 30
    run_dbr health --history 24h
    stdout_has "90.000 %" "×"
}

@test "an empty record, and spans that are none" {
    run_dbr health --history --json
    exits 0
    json_is '.points | length' 0
    json_is .primary.availability null
    json_is .primary.p50 null
    run_dbr health --history
    exits 0
    stdout_has "no check is recorded"
    for span in 10 0h 1.5h yesterday -1d; do
        run_dbr health "--history=$span"
        exits 3
        stderr_has "$span" "24h"
    done
    run_dbr health --history --watch
    exits 3
    stderr_has "exclude each other"
}
