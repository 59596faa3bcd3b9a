#!/usr/bin/env bats
# Proves: a run that would delete too much, or empty a table, leaves that table and those that hang on it alone (exit 5) until
# --force; every deleted or overwritten row is kept aside in full.

load ../lib/helper
setup() {
    pair_setup empty
    p1 -c "CREATE TABLE big (id int PRIMARY KEY, t text)" -c "CREATE TABLE hanging (id int PRIMARY KEY, big int REFERENCES big (id))" \
        -c "CREATE TABLE small (id int PRIMARY KEY, t text)" -c "CREATE TABLE other (id int PRIMARY KEY, t text)" \
        -c "INSERT INTO big SELECT i, 'big ' || i FROM generate_series(1, 2000) i" -c "INSERT INTO hanging SELECT i, i + 1000 FROM generate_series(1, 50) i" \
        -c "INSERT INTO small SELECT i, 'small ' || i FROM generate_series(1, 50) i" -c "INSERT INTO other VALUES (1, 'x')"
    init_pair
}
teardown() { pair_teardown; }

salvage() { zcat "$STATE_DIR"/salvage/*.jsonl.gz; }

@test "more than a tenth, and more than 100 rows: refused by name, the others go on" {
    p1 -c "UPDATE other SET t = 'y'"
    out_of_step
    stderr_has --repair
    stderr_lacks --force
    p1 -c "DELETE FROM big WHERE id <= 300" -c "INSERT INTO hanging VALUES (1000, 1999)"
    out_of_step
    stderr_has --repair --force
    run_dbr sync
    refused big --force
    is "$(p2 -c "SELECT count(*) FROM big")" 2000
    is "$(p2 -c "SELECT t FROM other")" y
    run_dbr sync --json
    exits 5
    json_is .error.code refused
    run_dbr sync --force
    exits 0
    is "$(salvage | jq -c 'select(.kept == null)' | wc -l)" 300
    in_step
}

@test "the guard holds for --full, --repair and a dry run" {
    p1 -c "DELETE FROM big WHERE id <= 300"
    run_dbr sync --full
    refused big
    run_dbr sync --repair
    refused big
    run_dbr sync --dry-run
    exits 5
    is "$(p2 -c "SELECT count(*) FROM big")" 2000
    run_dbr sync --repair --force
    exits 0
    in_step
}

@test "a tenth, or a hundred rows, are fine" {
    p1 -c "DELETE FROM big WHERE id <= 200" -c "DELETE FROM small WHERE id <= 40"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .deleted 240
    in_step
}

@test "a table emptied on the primary is refused whatever its size" {
    p1 -c "DELETE FROM other"
    run_dbr sync
    refused other
    is "$(p2 -c "SELECT count(*) FROM other")" 1
    run_dbr sync --force
    exits 0
    in_step
}

@test "a truncated table, by the owner or by accident, is refused" {
    p1 -c "TRUNCATE big CASCADE"
    run_dbr sync
    refused big
    is "$(p2 -c "SELECT count(*) FROM big")" 2000
    is "$(p2 -c "SELECT count(*) FROM hanging")" 50
    run_dbr sync --force
    exits 0
    in_step
}

@test "DB_MAX_DELETE_PERCENT moves the limit" {
    env_set DB_MAX_DELETE_PERCENT 50
    p1 -c "DELETE FROM big WHERE id <= 900"
    out_of_step
    run_dbr sync
    exits 0
    in_step
    env_set DB_MAX_DELETE_PERCENT 0
    p1 -c "DELETE FROM big WHERE id BETWEEN 901 AND 1000"
    out_of_step
    # Not more than 100 rows.
    run_dbr sync
    exits 0
    in_step
}

@test "what is kept aside can be read and put back" {
    p1 -c "DELETE FROM small WHERE id = 7" -c "UPDATE other SET t = 'after'"
    run_dbr sync
    exits 0
    salvage >lost
    is "$(jq -r 'select(.table == "small") | .lost.t' lost)" "small 7"
    is "$(jq -r 'select(.table == "small") | .key.id' lost)" 7
    is "$(jq -r 'select(.table == "small") | .kept' lost)" null
    is "$(jq -r 'select(.table == "other") | .lost.t + " " + .kept.t' lost)" "x after"
    is "$(jq -r 'has("time") and has("run") and has("reason")' lost | sort -u)" true
    for f in "$STATE_DIR"/salvage/*; do
        is "$(stat -c %a "$f")" 600
    done
}

@test "values of every kind survive in what is kept aside" {
    p1 -c "CREATE TABLE odd (id int PRIMARY KEY, t text, b bytea, j jsonb, a text[], n numeric, f float8, ts timestamp)" \
        -c "INSERT INTO odd VALUES (1, E'q\"\\\\ \\n ü 👍', '\\x00ff', '{\"a\": [1, null]}', '{\"x,y\",NULL}', 123456789012345678901234567890.5, 'NaN', 'infinity')"
    run_dbr init-secondary --update
    exits 0
    p1 -c "INSERT INTO odd (id) VALUES (2)" -c "DELETE FROM odd WHERE id = 1"
    run_dbr sync
    exits 0
    salvage | jq -c 'select(.table == "odd") | .lost' >lost
    is "$(jq -r .t lost)" "$(printf 'q"\\ \n ü 👍')"
    # Values are the server's own text: what it printed, it reads.
    p1 -v row="$(cat lost)" >again <<'SQL'
INSERT INTO odd SELECT (r ->> 'id')::int, r ->> 't', (r ->> 'b')::bytea, (r ->> 'j')::jsonb, (r ->> 'a')::text[], (r ->> 'n')::numeric,
    (r ->> 'f')::float8, (r ->> 'ts')::timestamp FROM (SELECT :'row'::jsonb AS r) x;
SELECT t = E'q"\\ \n ü 👍' AND b = '\x00ff' AND j = '{"a": [1, null]}' AND a[1] = 'x,y' AND a[2] IS NULL
    AND n = 123456789012345678901234567890.5 AND f = 'NaN' AND ts = 'infinity' FROM odd WHERE id = 1;
SQL
    is "$(cat again)" t
}

@test "a row that a concurrent transaction brings back is not deleted" {
    p2w -c "INSERT INTO small VALUES (500, 'about to come')"
    link_open slow one 100
    env_set DATABASE_URL "$(link_url slow "$P1_URL")"
    start_dbr sync
    sleep 0.5
    p1 -c "INSERT INTO small VALUES (500, 'came')"
    finish_dbr
    exits 0
    run_dbr sync
    exits 0
    is "$(p2 -c "SELECT t FROM small WHERE id = 500")" came
}

@test "two databases that have lost all tables are not in step" {
    for server in one two; do schema_clear $server; done
    for _ in 1 2; do
        run_dbr sync
        refused "neither database holds a table any more" "the last sync knew of 4" "Both databases are lost"
    done
    run_dbr health
    exits 1
    run_dbr sync --verify
    refused "neither database holds a table"
    run_dbr failover --yes
    refused "neither database holds a table"
    p1 -c "CREATE TABLE writable (id int PRIMARY KEY); DROP TABLE writable"
    run_dbr sync --force
    exits 0
    run_dbr sync
    exits 0
    run_dbr failover --yes
    exits 0
}
