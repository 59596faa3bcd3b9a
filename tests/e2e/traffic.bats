#!/usr/bin/env bats
# Proves: every report tells what was read from each database and written to it, in agreement with the wire; and nothing is asked or
# written row by row: the number of statements and round trips does not grow with the rows.

load ../lib/helper
setup() { pair_setup empty; }
teardown() { pair_teardown; }

# rows_table N: on the primary.
rows_table() {
    p1 -c "CREATE TABLE items (id int PRIMARY KEY, name text, n bigint, updated_at timestamptz NOT NULL DEFAULT now())" \
        -c "CREATE INDEX ON items (n)" -c "INSERT INTO items SELECT g, 'item ' || g, g FROM generate_series(1, $1) g"
}

# traffic SIDE KEY: of the last run.
traffic() { json ".traffic.$1.$2"; }

# complete SIDE: all of the keys are there, as numbers.
complete() {
    json_is "[\"rowsRead\", \"rowsWritten\", \"bytesRead\", \"bytesWritten\", \"statements\", \"roundTrips\", \"connections\"]
        - (.traffic.$1 | to_entries | map(select(.value | type == \"number\") | .key)) | length" 0
}

@test "init, sync, the switches, export and import report both sides" {
    rows_table 300
    run_dbr init-secondary --json
    exits 0
    complete primary
    complete secondary
    [ "$(traffic primary rowsRead)" -ge 300 ]
    is "$(traffic primary rowsWritten)" 0
    [ "$(traffic secondary rowsWritten)" -ge 300 ]
    p1 -c "UPDATE items SET n = n + 1, updated_at = now() WHERE id <= 40" -c "DELETE FROM items WHERE id > 290"
    run_dbr sync --json
    exits 0
    complete primary
    json_is .recordsSynced 50
    is "$(traffic secondary rowsWritten)" 50
    run_dbr failover --yes --json
    exits 0
    complete primary
    complete secondary
    run_dbr failback --yes --json
    exits 0
    complete primary
    complete secondary
    run_dbr export --source=secondary --json --output="$BATS_TEST_TMPDIR/x.sql"
    exits 0
    json_is .traffic.primary null
    complete secondary
    [ "$(traffic secondary rowsRead)" -ge 290 ]
    needs_postgres "--upsert goes into PostgreSQL only"
    run_dbr import --target=secondary --input="$BATS_TEST_TMPDIR/x.sql" --upsert --yes --json
    exits 0
    json_is .traffic.primary null
    [ "$(traffic secondary rowsWritten)" -ge 290 ]
}

@test "as text with -v, and not otherwise" {
    rows_table 10
    run_dbr init-secondary -v
    exits 0
    stderr_has "Traffic with the primary: " "Traffic with the secondary: " " rows read (" "connections opened: "
    run_dbr sync
    stderr_lacks Traffic
    run_dbr sync -q
    stderr_empty
    run_dbr export -v --output=-
    exits 0
    stderr_has "Traffic with the primary"
    stderr_lacks "Traffic with the secondary"
    stdout_lacks Traffic
}

@test "the bytes are those on the wire" {
    rows_table 2000
    link_open far two 0
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    run_dbr init-secondary --json
    exits 0
    agrees
    p1 -c "UPDATE items SET name = name || '!', updated_at = now()"
    run_dbr sync --json
    exits 0
    agrees
    run_dbr export --source=secondary --json --output="$BATS_TEST_TMPDIR/x.sql"
    exits 0
    agrees
}

# within SEEN REPORTED ROOM: two in a hundred more at most, and the room.
within() { [ "$1" -ge "$2" ] && [ "$1" -le $(($2 + $2 / 50 + $3)) ]; }

# agrees: with what the link has counted since the last time, connecting left out: some hundred bytes for each connection.
agrees() {
    local stats way reported seen
    stats=$(link_tell far stats)
    for way in "bytesRead down" "bytesWritten up"; do
        reported=$(traffic secondary "${way% *}")
        seen=$(jq ".bytes_${way#* }" <<<"$stats")
        within "$seen" "$reported" $((2000 * $(traffic secondary connections))) ||
            fail "${way% *} is $reported, and the link has seen $seen"
    done
    is "$(traffic secondary connections)" "$(jq .connections <<<"$stats")"
    link_tell far reset >/dev/null
}

@test "statements and round trips do not grow with the rows" {
    local few many
    rows_table 50
    run_dbr init-secondary --json
    exits 0
    few=$(json '[.traffic[] | .statements, .roundTrips] | join(" ")')
    p1 -c "UPDATE items SET n = n + 1, updated_at = now()"
    run_dbr sync --json
    exits 0
    json_is .recordsSynced 50
    few="$few $(json '[.traffic[] | .statements, .roundTrips] | join(" ")')"
    p1 -c "INSERT INTO items SELECT g, 'item ' || g, g FROM generate_series(51, 900) g"
    run_dbr init-secondary --recreate --json
    exits 0
    many=$(json '[.traffic[] | .statements, .roundTrips] | join(" ")')
    p1 -c "UPDATE items SET n = n + 1, updated_at = now()"
    run_dbr sync --json
    exits 0
    json_is .recordsSynced 900
    many="$many $(json '[.traffic[] | .statements, .roundTrips] | join(" ")')"
    # 18 times the rows; --recreate drops what was there before.
    paste <(tr ' ' '\n' <<<"$few") <(tr ' ' '\n' <<<"$many") | while read -r a b; do
        [ "$b" -le $((a + 20)) ] || fail "few rows: $few; many rows: $many"
    done
}

@test "a health check is one connection, one question and a few kilobytes" {
    rows_table 10
    init_pair
    link_open far two 0
    env_set DATABASE_URL_SECONDARY "$(link_url far "$P2_URL")"
    run_dbr health
    exits 0
    link_tell far stats | jq -e '.connections == 1 and .turnarounds <= 6 and .bytes_down < 2048 and .bytes_up < 3500' ||
        fail "$(link_tell far stats)"
}

# What the cost in README.md and dbr(7) is made of; where a query changes, the tables there have to.
@test "the number of statements is that of the documentation" {
    on_standin || skip "the documentation tells that of CockroachDB"
    p1 -f "$ROOT/tests/data/app.sql" >/dev/null
    init_pair
    run_dbr sync --json
    run_dbr sync --json
    is "$(traffic secondary statements)" 35
    run_dbr sync --verify --json
    is "$(traffic secondary statements)" 42
    grep -q "Sync with nothing to do: 35 statements" "$ROOT/man/dbr.7"
    grep -q "Verification: 42 statements" "$ROOT/man/dbr.7"
}
