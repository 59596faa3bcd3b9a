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

# merged_table COUNTS TABLE TEXT: as merged, of a table of a test's own; TEXT is id and value of its rows.
moved() {
    run_dbr failback --yes --json
    exits 0
    json_is '.merge.toSecondary | "\(.inserted) \(.updated) \(.deleted)"' "$1"
    is "$(p1 -c "SELECT string_agg(id || $3, ' ' ORDER BY id) FROM $2")" "$4"
    run_dbr sync
    exits 0
    in_step
}
# A pair with these tables, after a forced failover.
pair_of() {
    pair_teardown
    rm -rf "$STATE_DIR" "$RUNS"
    pair_setup empty
    env_set DB_MAX_DELETE_PERCENT 100
    p1
    init_pair
    run_dbr failover --force --yes
    exits 0
}

@test "a value within an expression or a generated column, and one whose form is checked" {
    pair_of <<'SQL'
CREATE TABLE accounts (id int PRIMARY KEY, mail text NOT NULL CHECK (mail LIKE '%@%'), part int, name text, n int NOT NULL UNIQUE CHECK (n > 0),
    short varchar(4) NOT NULL UNIQUE, upper_name text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE UNIQUE INDEX accounts_mail ON accounts (lower(mail));
CREATE UNIQUE INDEX accounts_name ON accounts (upper_name, coalesce(part, 0));
CREATE TABLE logins (id int PRIMARY KEY, account int REFERENCES accounts);
INSERT INTO accounts SELECT g, 'U' || g || '@x', NULL, 'n' || g, g, 's' || g FROM generate_series(1, 9) g;
INSERT INTO logins SELECT g, g FROM generate_series(1, 9) g;
SQL
    p1w -c "UPDATE accounts SET mail = 'x@x', name = 'x', n = 100, short = 'x' WHERE id = 1" \
        -c "UPDATE accounts SET mail = 'u1@X', name = 'N1', n = 1, short = 's1' WHERE id = 2" \
        -c "UPDATE accounts SET mail = 'u2@x', name = 'n2', n = 2, short = 's2' WHERE id = 1" \
        -c "DELETE FROM logins WHERE id = 9" -c "DELETE FROM accounts WHERE id = 9" -c "UPDATE accounts SET mail = 'u9@x' WHERE id = 3"
    moved "0 3 2" accounts "mail || name || n || short" \
        "1u2@xn22s2 2u1@XN11s1 3u9@xn33s3 4U4@xn44s4 5U5@xn55s5 6U6@xn66s6 7U7@xn77s7 8U8@xn88s8"
}

@test "an account that was merged into another one, and one that a new one replaces" {
    p1w -c "UPDATE posts SET author = 3 WHERE author = 15" -c "DELETE FROM users WHERE id = 15" -c "UPDATE users SET email = 'u15' WHERE id = 3" \
        -c "INSERT INTO users VALUES (100, 'x')" -c "UPDATE posts SET author = 100 WHERE author = 16" -c "INSERT INTO posts VALUES (101, 100)" \
        -c "DELETE FROM users WHERE id = 16" -c "UPDATE users SET email = 'u16' WHERE id = 100"
    merged 21 "2 3 2"
    is "$(p1 -c "SELECT string_agg(email, ' ' ORDER BY id) FROM users WHERE id IN (3, 15, 16, 100)")" "u15 u16"
    is "$(p1 -c "SELECT string_agg(author::text, ' ' ORDER BY id) FROM posts WHERE id IN (15, 16, 101)")" "3 100 100"
    is "$(salvaged 'select(.table == "users") | "\(.key.id)\(.lost.email)"')" "3u3 15u15 16u16"
}

@test "the same while the application gives the account that goes a post: both cannot have the value, which is refused" {
    p1w -c "UPDATE posts SET author = 3 WHERE author = 15" -c "DELETE FROM users WHERE id = 15" -c "UPDATE users SET email = 'u15' WHERE id = 3"
    session_open app "$P2_URL"
    session app "BEGIN ISOLATION LEVEL SERIALIZABLE"
    session app "INSERT INTO posts VALUES (500, 15)"
    start_dbr failback --yes
    wait_for 30 eval '[ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 0 ]'
    session app "COMMIT"
    session_close app
    finish_dbr
    exits 5
    stderr_has "users cannot be merged"
    is "$(p2 -c "SELECT email FROM users WHERE id = 15")" u15
    is "$(p2 -c "SELECT author FROM posts WHERE id = 500")" 15
    [ ! -d "$STATE_DIR/salvage" ] || is "$(gzip -dc "$STATE_DIR"/salvage/*.gz | jq -r 'select(.table == "users").key.id')" ""
}

@test "a tree of which a part was deleted, in more batches than one" {
    local action
    for action in "" "ON DELETE CASCADE" "ON DELETE SET NULL"; do
        pair_of <<SQL
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree $action, slug text UNIQUE);
INSERT INTO tree SELECT g, nullif(g - 1, 0), 's' || g FROM generate_series(1, 20) g;
SQL
        env_set DB_SYNC_BATCH_SIZE 3
        p1w -c "DELETE FROM tree WHERE id > 5" -c "UPDATE tree SET slug = 's13' WHERE id = 1" -c "INSERT INTO tree VALUES (100, 1, 's18')"
        moved "1 1 15" tree slug "1s13 2s2 3s3 4s4 5s5 100s18"
    done
}

@test "a check that keeps rows that go from letting go harms nothing where nobody waits for their values" {
    pair_of <<'SQL'
CREATE TABLE codes (id int PRIMARY KEY, code text NOT NULL UNIQUE CHECK (length(code) = 2));
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree, slug text UNIQUE, CHECK (up IS NOT NULL OR id = 1));
CREATE TABLE uses (id int PRIMARY KEY, code int REFERENCES codes, node int REFERENCES tree);
INSERT INTO codes SELECT g, 'c' || g FROM generate_series(1, 9) g;
INSERT INTO tree SELECT g, nullif(g / 2, 0), 's' || g FROM generate_series(1, 9) g;
INSERT INTO uses VALUES (1, 3, 8);
SQL
    p1w -c "UPDATE uses SET code = 1, node = 1" -c "DELETE FROM codes WHERE id IN (3, 5)" -c "INSERT INTO codes VALUES (100, 'c5')" \
        -c "DELETE FROM tree WHERE id IN (8, 9)" -c "UPDATE tree SET slug = 's9' WHERE id = 1"
    moved "1 2 4" codes code "1c1 2c2 4c4 6c6 7c7 8c8 9c9 100c5"
    is "$(p1 -c "SELECT string_agg(slug, ' ' ORDER BY id) FROM tree")" "s9 s2 s3 s4 s5 s6 s7"
}

@test "of the columns of an index the surest lets go, and short values have room however often it is tried" {
    pair_of <<'SQL'
CREATE TABLE accounts (id int PRIMARY KEY, deleted boolean, name text NOT NULL, mail text NOT NULL, code varchar(2) NOT NULL UNIQUE);
CREATE UNIQUE INDEX accounts_mail ON accounts (lower(mail), (coalesce(deleted, false)));
CREATE UNIQUE INDEX accounts_name ON accounts ((left(name, 1)), mail, (coalesce(deleted, false)));
CREATE TABLE logins (id int PRIMARY KEY, account int REFERENCES accounts);
INSERT INTO accounts SELECT g, NULL, chr(65 + g % 26) || g, 'u' || g, chr(65 + g / 26) || chr(65 + g % 26) FROM generate_series(1, 150) g;
SQL
    p1w -c "UPDATE accounts SET mail = mail || 'x', code = lower(code)" \
        -c "UPDATE accounts a SET mail = 'u' || b.id, code = upper(b.code) FROM accounts b WHERE b.id = a.id % 150 + 1"
    is "$(standin_tell inject commit 40001 2 'UPDATE "public"."accounts"')" ok
    run_dbr failback --yes --json
    exits 0
    json_is '.merge.toSecondary.updated' 150
    is "$(standin_tell stats | jq -c .injected)" '{"commit 40001":2}'
    is "$(p1 -c "SELECT string_agg(mail || code, ' ' ORDER BY id) FROM accounts WHERE id IN (1, 2, 150)")" "u2AC u3AD u1AB"
    in_step
}

# blocked: it waits for a row that a session holds.
blocked() { wait_for 30 eval '[ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 0 ]'; }

@test "an account that goes, and is on the primary again before it has gone, does not stay without its values" {
    p1w -c "UPDATE posts SET author = 3 WHERE author = 15" -c "DELETE FROM users WHERE id = 15" -c "UPDATE users SET email = 'u15' WHERE id = 3"
    session_open app "$P2_URL"
    session app "BEGIN; SELECT FROM posts WHERE id = 15 FOR UPDATE"
    start_dbr failback --yes
    blocked
    p1w -c "INSERT INTO users VALUES (15, 'again', 'p15')"
    session app "ROLLBACK"
    session_close app
    finish_dbr
    exits 0
    is "$(p1 -c "SELECT string_agg(email || phone, ' ' ORDER BY id) FROM users WHERE id IN (3, 15)")" "u15p3 againp15"
    run_dbr sync
    exits 0
    in_step
}

@test "what was replaced, and what the application adds to it after that, is not touched by the rest of the round" {
    pair_of <<'SQL'
CREATE TABLE codes (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE);
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users);
INSERT INTO codes SELECT g, 'c' || g FROM generate_series(1, 9) g;
INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 9) g;
INSERT INTO posts SELECT g, g FROM generate_series(1, 9) g;
SQL
    p1w -c "DELETE FROM codes WHERE id = 6" -c "UPDATE codes SET code = 'c6' WHERE id = 1" \
        -c "UPDATE posts SET author = 3 WHERE author = 8" -c "DELETE FROM users WHERE id = 8" -c "UPDATE users SET email = 'u8' WHERE id = 3"
    session_open one "$P2_URL"
    session one "BEGIN; SELECT FROM users WHERE id = 3 FOR UPDATE"
    session_open two "$P2_URL"
    session two "BEGIN; SELECT FROM posts WHERE id = 8 FOR UPDATE"
    start_dbr failback --yes
    blocked
    # Now both tables are to be replaced in one round, and one row more is to be deleted.
    p1w -c "DELETE FROM codes WHERE id = 5"
    session one "ROLLBACK"
    wait_for 30 eval '[ "$(p2 -c "SELECT count(*) FROM codes WHERE id = 5")" = 0 ]'
    blocked
    p2 -c "INSERT INTO codes VALUES (5, 'c5')"
    is "$(standin_tell inject commit 40001 1 'UPDATE "public"."users"')" ok
    session two "ROLLBACK"
    session_close two
    session_close one
    finish_dbr
    exits 0
    is "$(standin_tell stats | jq -c .injected)" '{"commit 40001":1}'
    is "$(p1 -c "SELECT string_agg(id || code, ' ' ORDER BY id) FROM codes")" "1c6 2c2 3c3 4c4 5c5 7c7 8c8 9c9"
    is "$(p1 -c "SELECT string_agg(id || email, ' ' ORDER BY id) FROM users WHERE id IN (3, 8)")" 3u8
}

@test "a value whose form leaves no other one is refused, and said why" {
    pair_of <<'SQL'
CREATE TABLE codes (id int PRIMARY KEY, code text NOT NULL UNIQUE CONSTRAINT four CHECK (length(code) = 4));
CREATE TABLE uses (id int PRIMARY KEY, code int REFERENCES codes);
INSERT INTO codes SELECT g, 'cod' || g FROM generate_series(1, 9) g;
SQL
    p1w -c "UPDATE codes SET code = 'codx' WHERE id = 1" -c "UPDATE codes SET code = 'cod1' WHERE id = 2" -c "UPDATE codes SET code = 'cod2' WHERE id = 1"
    run_dbr failback --yes
    exits 5
    stderr_has "codes cannot be merged" "let go of their unique values for a moment" four "change one of the two rows"
    is "$(p2 -c "SELECT string_agg(code, ' ' ORDER BY id) FROM codes WHERE id < 3")" "cod1 cod2"
}
