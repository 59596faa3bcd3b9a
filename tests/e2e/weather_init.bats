#!/usr/bin/env bats
# Proves: a first copy into a database that refuses transactions, loses answers and drops connections ends with every row there
# once, also in tables without a key; what was tried again is counted; a killed one is resumed without loss or duplicate.

load ../lib/helper
setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }

setup() {
    pair_setup empty
    # Several pieces; rows that nothing tells apart; small tables.
    p1 <<'SQL'
CREATE TABLE big (id int PRIMARY KEY, t text, updated_at timestamptz DEFAULT now());
INSERT INTO big SELECT i, repeat(md5(i::text), 7) FROM generate_series(1, 30000) i;
CREATE TABLE plain (n int, t text);
INSERT INTO plain SELECT i / 3, repeat('same', 30) FROM generate_series(1, 24000) i;
CREATE TABLE small_1 (id int PRIMARY KEY, t text);
INSERT INTO small_1 SELECT i, 'x' FROM generate_series(1, 50) i;
CREATE TABLE small_2 (id int PRIMARY KEY, one int REFERENCES small_1 (id));
INSERT INTO small_2 SELECT i, 1 + i % 50 FROM generate_series(1, 1500) i;
CREATE TABLE small_3 (n int);
INSERT INTO small_3 SELECT i / 2 FROM generate_series(1, 1500) i;
CREATE TABLE nothing (id int PRIMARY KEY);
CREATE INDEX big_t ON big (t);
ANALYZE big, plain, small_1, small_2, small_3;
SQL
    standin_tell reset
}
teardown() { pair_teardown; }

# init survives it, and says how often it tried again.
survives() {
    run_dbr init-secondary --json
    exits 0
    json_true ".retries >= $1"
    json_is '[.tables[].verified] | all' true
    same_rows
}

@test "good weather: nothing is tried again, pieces are small, nothing of dbr's own is left" {
    survives 0
    json_is .retries 0
    [ "$(standin_tell stats | jq .statements.COPY)" -ge 6 ] || fail "the pieces are too large"
    is "$(p2 -c "SELECT to_regclass('_dbr.progress') IS NULL")" t
    standin_tell reset
    in_step
}

@test "conflicts at BEGIN, at statements, in COPY, at COMMIT" {
    standin_tell inject begin 40001 2
    standin_tell inject statement 40001 1 "CREATE TABLE"
    standin_tell inject statement 55C01 2 "CREATE INDEX"
    standin_tell inject statement 58C00 2 "FOREIGN KEY"
    standin_tell inject statement 40001 2 "INSERT INTO \"public\""
    standin_tell inject statement 40001 2 "md5"
    standin_tell inject copy 40001 2
    standin_tell inject commit 40001 3
    survives 8
    in_step
}

@test "a conflict at a DROP, behind which a table is made: it is not dropped in the next attempt" {
    standin_tell inject statement 40001 1 "DROP TABLE IF EXISTS _dbr.progress"
    survives 1
    in_step
}

@test "a DROP whose end is not known: what --update makes behind it stays" {
    init_pair
    p1 -c "DROP INDEX big_t" -c "CREATE INDEX big_t ON big (t, id)"
    standin_tell inject statement 40003-applied 1 "DROP INDEX"
    run_dbr init-secondary --update --force --json
    exits 0
    is "$(standin_tell stats | jq -c .injected)" '{"statement 40003-applied":1}'
    is "$(p2 -c "SELECT pg_get_indexdef('big_t'::regclass)" | grep -o 'big USING.*')" 'big USING btree (t, id)'
}

@test "a DROP whose end is not known: what cannot be done twice behind it is not sent twice" {
    p1 -c "CREATE TABLE made (id int PRIMARY KEY, a int NOT NULL, c int GENERATED ALWAYS AS (a * 2) STORED)" -c "INSERT INTO made VALUES (1, 2)"
    init_pair
    p1 -c "ALTER TABLE made ALTER c DROP EXPRESSION" -c "ALTER TABLE made ALTER a DROP NOT NULL"
    standin_tell inject statement 40003-applied 1 "DROP NOT NULL"
    run_dbr init-secondary --update --json
    exits 0
    is "$(standin_tell stats | jq -c .injected)" '{"statement 40003-applied":1}'
    is "$(p2 -c "SELECT attname, attgenerated, attnotnull FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 1 ORDER BY 1")" "a||f
c||f"
    in_step
}

@test "COMMITs that are ambiguous, applied or lost" {
    standin_tell inject commit 40003-applied 2
    standin_tell inject commit 40003-lost 1
    standin_tell inject commit 40003-applied 1
    standin_tell inject commit 40003-lost 2
    survives 6
    in_step
}

@test "connections that are lost at COMMIT, applied or not" {
    standin_tell inject commit drop-applied 1
    standin_tell inject commit drop-lost 2
    standin_tell inject commit drop-applied 2
    survives 5
    in_step
}

@test "connections that are lost within COPY" {
    standin_tell inject copy drop 3
    survives 3
}

@test "pieces that are too large go in smaller ones" {
    standin_tell inject commit deadline 3
    standin_tell inject copy 53200 3
    survives 0
    [ "$(standin_tell stats | jq .statements.COPY)" -ge 12 ] || fail "the pieces are as large as before"
}

@test "it rains all the time" {
    standin_tell weather 4
    DBR_TEST_TIMEOUT=120 run_dbr init-secondary --json
    standin_tell weather 0
    exits 0
    json_true ".retries >= 1"
    same_rows
}

# shellcheck disable=SC2317 # called by wait_for
has_pieces() { [ "$(p2 -c "SELECT count(*) FROM _dbr.progress WHERE piece > 0 AND table_name IN ('big', 'plain')" 2>/dev/null)" -ge "$1" ]; }

# Kills init when there are so many pieces.
kill_at() {
    standin_tell delay 60
    start_dbr init-secondary --jobs 1 "${@:2}"
    wait_for 60 has_pieces "$1" || fail "init did not come so far"
    kill -KILL "$PID"
    finish_dbr
    exits 137
    standin_tell delay 0
}

@test "killed within a table, and again: --resume, without loss or duplicate" {
    kill_at 2
    [ "$(p2 -c "SELECT count(*) FROM big")" -gt 0 ] || fail "nothing was copied"
    run_dbr sync
    exits 5
    p1 -c "UPDATE big SET t = 'changed' WHERE id % 100 = 0" -c "DELETE FROM plain WHERE n = 5" -c "INSERT INTO plain VALUES (1, 'new')"
    kill_at 4 --resume
    standin_tell inject statement 40001 1 TRUNCATE
    run_dbr init-secondary --resume --json
    exits 0
    same_rows
    in_step
}

@test "conflicts that never end: exit 1, then --resume" {
    standin_tell inject copy 40001 1000
    DBR_TEST_TIMEOUT=120 run_dbr init-secondary
    exits 1
    stderr_has "restart transaction" "given up after 20 attempts"
    standin_tell reset
    run_dbr init-secondary --resume
    exits 0
    in_step
}

# The way to the secondary breaks in the middle of a table.
break_link() {
    link_open weak two 0
    env_set DATABASE_URL_SECONDARY "$(link_url weak "$P2_URL")"
    standin_tell delay 60
    start_dbr init-secondary --jobs 1
    wait_for 60 has_pieces 1 || fail "init did not come so far"
    link_tell weak refuse
    link_tell weak drop
    standin_tell delay 0
}

@test "a database that is back after a while" {
    break_link
    sleep 3
    kill -0 "$PID" || fail "the run gave up"
    link_tell weak pass
    finish_dbr
    exits 0
    stdout_has "Retries: "
    same_rows
}

@test "a database that stays away: exit 3, then --resume" {
    break_link
    finish_dbr
    exits 3
    link_tell weak pass
    run_dbr init-secondary --resume
    exits 0
    same_rows
}

wide() { p1 -c "$1" -c "INSERT INTO files SELECT 7, repeat('0123456789abcdef', $2 * 65536)" -c "INSERT INTO files VALUES (8, 'x')"; }

@test "a row that no message can carry is refused by its key" {
    wide "CREATE TABLE files (id int PRIMARY KEY, body text)" 17
    run_dbr init-secondary
    exits 5
    stderr_has "table files" "id = 7" "17.0 MiB" "16 MiB" DB_SYNC_EXCLUDE_TABLES
    env_set DB_SYNC_EXCLUDE_TABLES files
    run_dbr init-secondary --resume
    exits 0
    is "$(p2 -c "SELECT count(*) FROM big")" 30000
    run_dbr sync --verify
    exits 0
}

@test "a row of nearly that size is carried" {
    wide "CREATE TABLE files (id int PRIMARY KEY, body text)" 15
    DBR_TEST_TIMEOUT=120 run_dbr init-secondary
    exits 0
    same_rows
}
