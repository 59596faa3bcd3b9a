#!/usr/bin/env bats
# Proves: rows too wide to be held in memory arrive as they are and are kept aside as they were, whatever their types, their keys and
# the way in which they are written.
# bats file_tags=plain

load ../lib/helper
setup() {
    needs_postgres "rows go in parts into PostgreSQL only; whole ones to CockroachDB: weather_init"
    pair_setup empty
    p1 -c "CREATE TYPE mood AS ENUM ('sad', 'so \"so\"')" -c "CREATE TYPE point2 AS (x int, y text)" \
        -c "CREATE TABLE w (a text, b int, name text UNIQUE, body text, raw bytea, doc jsonb, plain json, c char(5), flag boolean, list text[],
            m mood, p point2, n numeric, ip inet, twice int GENERATED ALWAYS AS (b * 2) STORED, updated_at timestamptz DEFAULT now(),
            CHECK (b < 100), PRIMARY KEY (a, b))" \
        -c "CREATE TABLE other (id int PRIMARY KEY)"
    p1 -c "INSERT INTO w SELECT 'k\"\\é' || i, i, 'name ' || i, repeat(E'\u00e9\"\\\\\t\n\x7f\u20ac\U0001F600' || i, 100000),
            CASE WHEN i > 1 THEN decode(repeat(md5(i::text), 70000), 'hex') ELSE '' END,
            jsonb_build_object('a', repeat('\"x', 300000)), E'{\"b\":\n 1}', 'ab', i > 1, ARRAY['x', NULL, '{\"'], 'so \"so\"', ROW(NULL, NULL)::point2,
            1.50, '10.0.0.1' FROM generate_series(1, 3) i" \
        -c "INSERT INTO w (a, b, body) SELECT 'nulls', 0, repeat('x', 1048570 + i) FROM generate_series(1, 1) i" \
        -c "INSERT INTO w (a, b, raw, body) VALUES ('exact', 1, decode(repeat('00', 2 * 262144), 'hex'), repeat('y', 4 * 262144))"
}
teardown() { pair_teardown; }

# How many of the rows of table "before" are, value by value, what json_populate_record makes of the salvaged ones.
salvaged() {
    zcat "$STATE_DIR"/salvage/*.jsonl.gz >lines
    p1 -c "CREATE TABLE back (LIKE w)" -c "CREATE TEMPORARY TABLE lines (line json)" \
        -c "\\copy lines FROM lines WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')" \
        -c "INSERT INTO back SELECT (json_populate_record(NULL::w, line->'lost')).* FROM lines" \
        -c "SELECT count(*) FROM (SELECT to_jsonb(before) - 'twice' FROM before INTERSECT SELECT to_jsonb(back) - 'twice' FROM back) AS s"
}

@test "every type comes through, there and into salvage" {
    p1 -c "CREATE TABLE before AS SELECT * FROM w"
    init_pair
    p2w -c "TRUNCATE w"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .inserted 5
    in_step
    p1 -c "UPDATE w SET body = NULL, flag = NOT flag WHERE b < 3" -c "DELETE FROM w WHERE b = 3"
    run_dbr sync --json --force
    exits 0
    json_is .updated 4
    json_is .deleted 1
    in_step
    is "$(salvaged)" 5
    is "$(zcat "$STATE_DIR"/salvage/*.jsonl.gz | jq -s 'map(select(.reason == "update" and .kept.body == null)) | length')" 4
    is "$(zcat "$STATE_DIR"/salvage/*.jsonl.gz | jq -r 'select(.reason == "delete") | [.key.a, .key.b, .kept] | @text')" '["k\"\\é3",3,null]'
}

@test "rows that swap unique values are replaced" {
    init_pair
    p1 -c "UPDATE w SET name = 'x' WHERE b = 2" -c "UPDATE w SET name = 'name 2', raw = '\\x00' WHERE b = 3" \
        -c "UPDATE w SET name = 'name 3' WHERE b = 2" -c "DELETE FROM w WHERE a = 'exact'"
    run_dbr sync --json --batch-size 1
    exits 0
    json_is .updated 2
    json_is .deleted 1
    in_step
    is "$(zcat "$STATE_DIR"/salvage/*.jsonl.gz | jq -r '[.reason, .lost.name] | @text' | sort | paste -sd ' ')" \
        '["delete",null] ["update","name 2"] ["update","name 3"]'
}

@test "a newer row of the standby is a conflict" {
    init_pair
    p1 -c "UPDATE w SET body = body || 'x' WHERE b = 2"
    p2w -c "UPDATE w SET body = body || 'y', updated_at = now() + interval '1 hour' WHERE b = 2"
    run_dbr sync --json
    exits 0
    json_is .conflicts 1
    in_step
    is "$(zcat "$STATE_DIR"/salvage/*.jsonl.gz | jq -r '[.reason, .lost.body[-1:], .kept.body[-1:]] | @text')" '["conflict","y","x"]'
}

@test "a row that the standby does not take holds up its table only" {
    init_pair
    p2w -c "CREATE INDEX ON w ((1 / (length(body) - 2000001)))"
    p1 -c "UPDATE w SET body = repeat('z', 2000001) WHERE b = 2" -c "INSERT INTO other VALUES (1)"
    run_dbr sync
    exits 1
    stdout_has "division by zero"
    stderr_has "did not take the rows of w"
    is "$(p2 -c 'SELECT count(*) FROM other')" 1
    is "$(ls "$STATE_DIR"/salvage)" ""
}

@test "without the right to make temporary tables rows go whole" {
    init_pair
    server_sql two postgres -c "REVOKE TEMPORARY ON DATABASE $DB FROM PUBLIC" -c "ALTER DATABASE $DB OWNER TO postgres"
    p1 -c "UPDATE w SET body = body || 'x' WHERE b = 2"
    run_dbr sync --json
    exits 0
    json_is .updated 1
    in_step
}

@test "a link that breaks in the middle of a row leaves no broken line in salvage" {
    init_pair
    p1 -c "UPDATE w SET body = body || 'x' WHERE b = 2"
    link_open one one 0
    link_open two two 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    for link in one two; do
        rm -rf "$STATE_DIR/salvage"
        link_tell $link drop-after 1000000
        run_dbr sync --json
        exits 0
        json_is .updated 1
        is "$(zcat "$STATE_DIR"/salvage/*.jsonl.gz | jq -r .reason)" update
        p1 -c "UPDATE w SET body = body || 'y' WHERE b = 2"
    done
    run_dbr sync
    in_step
}
