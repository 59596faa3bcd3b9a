#!/usr/bin/env bats
# Proves: a unique value that the primary has freed or handed on in the lost window reaches CockroachDB, also in tables that others refer
# to, where no row may be taken out to make room; and what cannot have room is refused with a way out. Needs Go.

load ../lib/helper

setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }
setup() {
    pair_setup empty
    env_set DB_MAX_DELETE_PERCENT 100
    standin_tell reset
    p1 <<'SQL'
CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL UNIQUE, phone varchar(20) UNIQUE, boss int REFERENCES users ON DELETE CASCADE,
    updated_at timestamptz DEFAULT now());
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users ON DELETE CASCADE);
CREATE TABLE places (id int PRIMARY KEY, list int NOT NULL REFERENCES users, place int NOT NULL, UNIQUE (list, place));
CREATE TABLE notes (id int PRIMARY KEY, place int REFERENCES places);
INSERT INTO users SELECT g, 'u' || g, 'p' || g, nullif(g / 10, 0) FROM generate_series(1, 30) g;
INSERT INTO posts SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO places SELECT g, 1, g FROM generate_series(1, 9) g;
INSERT INTO notes SELECT g, g FROM generate_series(1, 9) g;
SQL
    init_pair
    run_dbr failover --force --yes
    exits 0
}
teardown() {
    standin_tell reset
    pair_teardown
}

p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }
# merged POSTS COUNTS: it is done in one go, no child has gone with its parent, and nothing is left to do.
merged() {
    run_dbr failback --yes --json
    exits 0
    json_is '.merge.toSecondary | "\(.inserted) \(.updated) \(.deleted)"' "$2"
    is "$(p1 -c "SELECT count(*) FROM posts")" "$1"
    is "$(p1 -c "SELECT count(*) FROM notes")" 9
    run_dbr sync
    exits 0
    in_step
}
salvaged() { gzip -dc "$STATE_DIR"/salvage/*-merge-*.gz | jq -r "$1" | sort -n | paste -sd ' '; }

@test "a value of a row that was deleted, with those that refer to it" {
    p1w -c "DELETE FROM users WHERE id IN (15, 25)" -c "INSERT INTO users VALUES (100, 'u15', 'p25')" -c "UPDATE users SET email = 'u25' WHERE id = 3"
    merged 19 "1 1 3"
    is "$(p1 -c "SELECT string_agg(email, ' ' ORDER BY id) FROM users WHERE id IN (3, 15, 25, 100)")" "u25 u15"
    is "$(salvaged 'select(.table == "users") | "\(.key.id)\(.lost.email)"')" "3u3 15u15 25u25"
}

@test "a value that is handed on, and values that are swapped" {
    p1w -c "UPDATE users SET email = 'free' WHERE id = 15" -c "UPDATE users SET email = 'u15' WHERE id = 3" \
        -c "UPDATE users SET email = 'x', phone = NULL WHERE id = 1" -c "UPDATE users SET email = 'u1', phone = 'p1' WHERE id = 2" \
        -c "UPDATE users SET email = 'u2', phone = 'p2' WHERE id = 1" -c "UPDATE places SET place = 10 - place + 100" -c "UPDATE places SET place = place - 100"
    merged 20 "0 12 0"
    is "$(p1 -c "SELECT string_agg(email || phone, ' ' ORDER BY id) FROM users WHERE id IN (1, 2, 3, 15)")" "u2p2 u1p1 u15p3 freep15"
    is "$(p1 -c "SELECT string_agg(place::text, ' ' ORDER BY id) FROM places")" "9 8 7 6 5 4 3 2 1"
    is "$(salvaged 'select(.table == "users") | "\(.key.id)\(.lost.email)\(.lost.phone)"')" "1u1p1 2u2p2 3u3p3 15u15p15"
}

@test "what is left in doubt, and what the application does meanwhile" {
    p1w -c "UPDATE users SET email = 'x' WHERE id = 1" -c "UPDATE users SET email = 'u1' WHERE id = 2" -c "UPDATE users SET email = 'u2' WHERE id = 1" \
        -c "DELETE FROM users WHERE id = 15" -c "INSERT INTO users VALUES (100, 'u15')"
    is "$(standin_tell inject commit 40003-lost 1 'DELETE FROM "public"."users"')" ok
    is "$(standin_tell inject commit drop-lost 1 'UPDATE "public"."users"')" ok
    is "$(standin_tell inject commit 40003-applied 1 'DELETE FROM "public"."users"')" ok
    session_open app "$P2_URL"
    session app "BEGIN ISOLATION LEVEL SERIALIZABLE"
    session app "UPDATE users SET phone = 'app', updated_at = '2099-01-01' WHERE id = 2"
    session app "INSERT INTO posts VALUES (500, 2)"
    start_dbr failback --yes
    wait_for 30 eval '[ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 0 ]'
    session app "ROLLBACK"
    session_close app
    finish_dbr
    exits 0
    is "$(standin_tell stats | jq -c .injected)" '{"commit 40003-applied":1,"commit 40003-lost":1,"commit drop-lost":1}'
    is "$(p1 -c "SELECT string_agg(email, ' ' ORDER BY id) FROM users WHERE id IN (1, 2, 15, 100)")" "u2 u1 u15"
    is "$(salvaged 'select(.table == "users") | "\(.key.id)\(.lost.email)"')" "1u1 2u2 15u15"
    run_dbr sync
    exits 0
    in_step
}

@test "a value that the secondary has given to another row is refused; both have room once one is changed" {
    p1w -c "INSERT INTO users VALUES (100, 'same')"
    p2 -c "INSERT INTO users VALUES (200, 'same')"
    run_dbr failback --yes
    exits 5
    stderr_has "users cannot be merged" "change one of the two rows" "default_transaction_read_only = off"
    is "$(p2 -c "SELECT count(*) FROM users WHERE email = 'same'")" 1
    p2 -c "UPDATE users SET email = 'other' WHERE id = 200"
    merged 20 "1 0 0"
}
