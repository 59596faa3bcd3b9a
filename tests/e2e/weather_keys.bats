#!/usr/bin/env bats
# Proves: rows that refer to each other, or swap unique values, arrive in a database whose keys can neither be deferred nor
# switched off. Keys that are taken off for that are back afterwards, also after a kill.

load ../lib/helper
setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }

setup() {
    pair_setup empty
    standin_tell reset
}
teardown() { pair_teardown; }

keys_are_back() {
    is "$(p2 -c "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated")" "$1"
    is "$(p2 -c "SELECT count(*) FROM _dbr.keys_off")" 0
}

cycle() {
    p1 <<'SQL'
CREATE TABLE team (id int PRIMARY KEY, captain int);
CREATE TABLE player (id int PRIMARY KEY, team int NOT NULL REFERENCES team (id));
ALTER TABLE team ADD CONSTRAINT led FOREIGN KEY (captain) REFERENCES player (id) ON DELETE SET NULL;
COMMENT ON CONSTRAINT led ON team IS 'who leads';
INSERT INTO team SELECT i FROM generate_series(1, 40) i;
INSERT INTO player SELECT i, 1 + i % 40 FROM generate_series(1, 200) i;
SQL
    init_pair
    p1 <<'SQL'
INSERT INTO team VALUES (41);
INSERT INTO player VALUES (300, 41);
UPDATE team SET captain = 300 WHERE id = 41;
UPDATE team SET captain = 5 WHERE id = 6;
DELETE FROM player WHERE id = 7;
SQL
}

@test "a cycle, and the weather while keys are taken off and put back" {
    cycle
    standin_tell inject statement 40001 3 "ALTER TABLE"
    standin_tell inject statement 40001 2 "_dbr.keys_off"
    run_dbr sync --json
    exits 0
    json_true ".retries >= 2"
    keys_are_back 2
    is "$(p2 -c "SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conname = 'led'")" "who leads"
    in_step
}

# shellcheck disable=SC2317 # called by wait_for
key_is_off() { [ "$(p2 -c "SELECT count(*) FROM pg_constraint WHERE conname = 'led'")" = 0 ]; }

killed_without_key() {
    cycle
    standin_tell delay 100
    start_dbr sync
    wait_for 60 key_is_off || fail "no key was taken off"
    kill -KILL "$PID"
    finish_dbr
    exits 137
    standin_tell delay 0
    key_is_off || fail "the key is there"
}

@test "killed while a key is off: the next run puts it back" {
    killed_without_key
    run_dbr sync
    exits 0
    keys_are_back 2
    in_step
}

@test "killed while a key is off: --update puts it back" {
    killed_without_key
    run_dbr init-secondary --update
    exits 0
    keys_are_back 2
    in_step
}

@test "killed while a key is off that the primary changes meanwhile: --update makes it as it is now" {
    killed_without_key
    p1 -c "ALTER TABLE team DROP CONSTRAINT led" \
        -c "ALTER TABLE team ADD CONSTRAINT led FOREIGN KEY (captain) REFERENCES player (id) ON DELETE CASCADE"
    run_dbr init-secondary --update
    exits 0
    stdout_has "added or changed: foreign key led"
    keys_are_back 2
    is "$(p2 -c "SELECT confdeltype FROM pg_constraint WHERE conname = 'led'")" c
    in_step
}

@test "killed while a key is off that the primary drops meanwhile: it is forgotten" {
    killed_without_key
    p1 -c "ALTER TABLE team DROP CONSTRAINT led" -c "UPDATE team SET captain = 999 WHERE id = 3"
    run_dbr sync
    exits 0
    stderr_has "foreign key led of table team stays off"
    keys_are_back 1
    in_step
}

@test "killed while a key is off that rows of the primary itself do not fulfil: it stays noted" {
    killed_without_key
    p1 -c "ALTER TABLE team DROP CONSTRAINT led" -c "UPDATE team SET captain = 999 WHERE id = 3" \
        -c "ALTER TABLE team ADD CONSTRAINT led FOREIGN KEY (captain) REFERENCES player (id) ON DELETE SET NULL NOT VALID"
    run_dbr sync
    exits 1
    stderr_has "foreign key led of table team could not be put back"
    is "$(p2 -c "SELECT count(*) FROM _dbr.keys_off")" 1
    p1 -c "UPDATE team SET captain = 5 WHERE id = 3"
    run_dbr sync
    exits 0
    keys_are_back 2
}

@test "killed while a key is off, and the rows are in step already" {
    cycle
    standin_tell delay 100
    start_dbr sync
    wait_for 60 key_is_off || fail "no key was taken off"
    kill -KILL "$PID"
    finish_dbr
    standin_tell delay 0
    p1 -c "UPDATE team SET captain = NULL" -c "DELETE FROM player WHERE id = 300" -c "DELETE FROM team WHERE id = 41" \
        -c "INSERT INTO player VALUES (7, 8)"
    p2w -c "UPDATE team SET captain = NULL" -c "DELETE FROM player WHERE id IN (300)" -c "DELETE FROM team WHERE id = 41"
    run_dbr sync
    exits 0
    keys_are_back 2
    in_step
}

@test "a tree in one table, in many statements" {
    p1 -c "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree (id))" \
        -c "INSERT INTO tree SELECT i, NULLIF(i / 2, 0) FROM generate_series(1, 200) i"
    init_pair
    p1 -c "INSERT INTO tree SELECT i FROM generate_series(300, 340) i" -c "UPDATE tree SET parent = id + 1 WHERE id BETWEEN 300 AND 339" \
        -c "DELETE FROM tree WHERE id BETWEEN 150 AND 200"
    run_dbr sync --batch-size 4
    exits 0
    keys_are_back 1
    in_step
}

swap() {
    p1 -c "CREATE TABLE seats (id int PRIMARY KEY, place int NOT NULL UNIQUE)" \
        -c "CREATE TABLE guests (id int PRIMARY KEY, seat int NOT NULL REFERENCES seats (id) ON DELETE CASCADE)" \
        -c "INSERT INTO seats SELECT i, i FROM generate_series(1, $1) i" -c "INSERT INTO guests SELECT i, i FROM generate_series(1, $1) i"
    init_pair
    p1 -c "UPDATE seats SET place = -place" -c "UPDATE seats SET place = 1 - place % $1"
}

@test "unique values that swap in referenced rows, and COMMITs whose answers are lost" {
    swap 50
    standin_tell inject commit 40003-applied 1
    standin_tell inject commit drop-applied 1
    standin_tell inject commit 40001 1
    run_dbr sync --json
    exits 0
    json_is .updated 50
    json_is .deleted 0
    is "$(p2 -c "SELECT count(*) FROM guests")" 50
    keys_are_back 1
    in_step
}

@test "more of them than a wave takes are one transaction, or several where the server finds that too large" {
    swap 9000
    DBR_TEST_TIMEOUT=120 run_dbr sync --json
    exits 0
    json_is .updated 9000
    json_is .retries 0
    same_rows
    p1 -c "UPDATE seats SET place = -place" -c "UPDATE seats SET place = 1 - place % 9000"
    standin_tell inject statement 53200 1 DELETE FROM '"public"."seats"'
    DBR_TEST_TIMEOUT=120 run_dbr sync --json
    exits 0
    json_is .updated 9000
    json_is .retries 1
    is "$(p2 -c "SELECT count(*) FROM guests")" 9000
    keys_are_back 1
    same_rows
}
