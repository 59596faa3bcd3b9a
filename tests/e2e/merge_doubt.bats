#!/usr/bin/env bats
# Proves: when the answer to a COMMIT of a merge into CockroachDB is lost, it is found out what became of it. Nothing is done twice that the
# application has changed again meanwhile, nothing is left out, and what is reported and salvaged is what happened. Needs Go.

load ../lib/helper

setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }
setup() {
    pair_setup empty
    env_set DB_MAX_DELETE_PERCENT 100
    standin_tell reset
    p1 -c "CREATE TABLE jobs (id int PRIMARY KEY, what text)" -c "CREATE TABLE done (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job int)" \
        -c "CREATE TABLE flags (id int PRIMARY KEY, is_on boolean NOT NULL)" -c "CREATE TABLE gone (id int PRIMARY KEY, v text)" \
        -c "CREATE TABLE codes (id int PRIMARY KEY, code text UNIQUE)" \
        -c "CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE)" -c "CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users)" \
        -c "INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 5) g" -c "INSERT INTO posts SELECT g, g FROM generate_series(1, 5) g" \
        -c "INSERT INTO jobs SELECT g, 'base' FROM generate_series(1, 5) g" -c "INSERT INTO flags SELECT g, false FROM generate_series(1, 5) g" \
        -c "INSERT INTO gone SELECT g, 'base' FROM generate_series(1, 5) g" -c "INSERT INTO codes SELECT g, 'c' || g FROM generate_series(1, 5) g"
    init_pair
    run_dbr failover --force --yes
    exits 0
}
teardown() {
    [ ! -e worker.pid ] || kill "$(cat worker.pid)" 2>/dev/null || true
    standin_tell reset
    pair_teardown
}

p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }
inject() { is "$(standin_tell inject commit "$@")" ok; }
injected() { is "$(standin_tell stats | jq -c .injected)" "$1"; }
secondary() { p2 -c "SELECT coalesce(string_agg($2::text, ' ' ORDER BY id), '') FROM $1"; }
both() {
    is "$(p1 -c "SELECT coalesce(string_agg($2::text, ' ' ORDER BY id), '') FROM $1")" "$3"
    is "$(secondary "$1" "$2")" "$3"
}

# works SQL: the application does this all the time.
works() {
    yes "$1; SELECT pg_sleep(0.001);" | head -n 20000 >worker.sql
    psql -X -q -At -d "$(standin_behind "$P2_URL")" -f worker.sql >worker.log 2>&1 3>&- &
    echo $! >worker.pid
    is "$(standin_tell delay 20)" ok
}

# A COMMIT of which it is not known whether it was done, of each kind.
@test "jobs that the application takes as they come are done once" {
    works "WITH d AS (DELETE FROM jobs WHERE id >= 100 RETURNING id) INSERT INTO done (job) SELECT id FROM d"
    p1w -c "INSERT INTO jobs VALUES (100, 'pay 5 EUR'), (101, 'pay 7 EUR')"
    inject 40003-applied 1 'INSERT INTO "public"."jobs"'
    run_dbr failback --yes --json
    exits 0
    injected '{"commit 40003-applied":1}'
    is "$(secondary "done" job)" "100 101"
    both jobs id "1 2 3 4 5"
    json_is '.merge.toSecondary.inserted' 2
}

@test "the same when the connection is lost, and when it was not done at all" {
    local what
    works "WITH d AS (DELETE FROM jobs WHERE id >= 100 RETURNING id) INSERT INTO done (job) SELECT id FROM d"
    p1w -c "INSERT INTO jobs VALUES (100, 'pay 5 EUR'), (101, 'pay 7 EUR')"
    for what in 40003-lost drop-lost drop-applied; do inject $what 1 'INSERT INTO "public"."jobs"'; done
    run_dbr failback --yes --json
    exits 0
    injected '{"commit 40003-lost":1,"commit drop-applied":1,"commit drop-lost":1}'
    is "$(secondary "done" job)" "100 101"
    both jobs id "1 2 3 4 5"
    json_is '.merge.toSecondary.inserted' 2
}

# once WHAT CONDITION SQL: the application does this as soon as that is so, and never again.
once() {
    p2 -c "CREATE SCHEMA IF NOT EXISTS side" -c "CREATE TABLE IF NOT EXISTS side.was (what text)" 2>/dev/null
    p2 -c "CREATE FUNCTION side.$1() RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN
        IF $2 AND NOT EXISTS (SELECT FROM side.was WHERE what = '$1') THEN $3; INSERT INTO side.was VALUES ('$1'); END IF; END \$\$"
}

@test "a row that the application sets back, and one that it adds again, stay as it left them" {
    once sets "(SELECT is_on FROM flags WHERE id = 2)" "UPDATE flags SET is_on = false WHERE id = 2"
    once adds "NOT EXISTS (SELECT FROM gone WHERE id = 2)" "INSERT INTO gone VALUES (2, 'base')"
    works "SELECT side.sets(); SELECT side.adds()"
    p1w -c "UPDATE flags SET is_on = true WHERE id = 2" -c "DELETE FROM gone WHERE id = 2"
    inject 40003-applied 1 'INSERT INTO "public"."flags"'
    inject drop-applied 1 'DELETE FROM "public"."gone"'
    run_dbr failback --yes
    exits 0
    injected '{"commit 40003-applied":1,"commit drop-applied":1}'
    both flags is_on "false false false false false"
    both gone id "1 2 3 4 5"
}

@test "rows that are deleted early, to free unique values: what the application adds again stays" {
    once adds "NOT EXISTS (SELECT FROM gone WHERE id = 2)" "INSERT INTO gone VALUES (2, 'base')"
    once posts "NOT EXISTS (SELECT FROM posts WHERE id = 2)" "INSERT INTO posts VALUES (2, 2)"
    works "SELECT side.adds(); SELECT side.posts()"
    p1w -c "DELETE FROM gone WHERE id = 2" -c "DELETE FROM posts WHERE id IN (2, 3, 5)" -c "DELETE FROM users WHERE id = 5" \
        -c "UPDATE users SET email = 'free' WHERE id = 4" -c "UPDATE users SET email = 'u4' WHERE id = 3" -c "INSERT INTO users VALUES (6, 'u5')"
    run_dbr failback --yes --json
    exits 0
    json_is .conflicts 0
    is "$(p2 -c "SELECT count(*) FROM side.was")" 2
    both gone id "1 2 3 4 5"
    both posts id "1 2 4"
    both users email "u1 u2 u4 free u5"
}

@test "a unique value that moves to another row is there at all times" {
    once code "NOT EXISTS (SELECT FROM codes WHERE code = 'c5')" "PERFORM 1"
    once email "NOT EXISTS (SELECT FROM users WHERE email = 'u5')" "PERFORM 1"
    works "SELECT side.code(); SELECT side.email()"
    p1w -c "DELETE FROM codes WHERE id = 5" -c "INSERT INTO codes VALUES (100, 'c5')" -c "DELETE FROM posts WHERE id = 5" \
        -c "DELETE FROM users WHERE id = 5" -c "INSERT INTO users VALUES (100, 'u5')"
    run_dbr failback --yes --json
    exits 0
    is "$(p2 -c "SELECT string_agg(what, ' ') FROM side.was")" ""
    both codes code "c1 c2 c3 c4 c5"
    both users id "1 2 3 4 100"
    both posts id "1 2 3 4"
    json_is '.merge.toSecondary | "\(.inserted) \(.deleted)"' "2 3"
}

@test "rows that are replaced: neither are they written twice" {
    once back "(SELECT code FROM codes WHERE id = 1) = 'c2'" \
        "UPDATE codes SET code = 'x' WHERE id = 1; UPDATE codes SET code = 'c2' WHERE id = 2; UPDATE codes SET code = 'c1' WHERE id = 1"
    works "SELECT side.back()"
    p1w -c "UPDATE codes SET code = 'x' WHERE id = 1" -c "UPDATE codes SET code = 'c1' WHERE id = 2" -c "UPDATE codes SET code = 'c2' WHERE id = 1"
    inject 40003-applied 1 'DELETE FROM "public"."codes"'
    run_dbr failback --yes
    exits 0
    injected '{"commit 40003-applied":1}'
    is "$(p2 -c "SELECT count(*) FROM side.was")" 1
    both codes code "c1 c2 c3 c4 c5"
}

@test "each COMMIT of a merge may be left open, in either way" {
    p1w -c "INSERT INTO jobs VALUES (100, 'a'), (101, 'b')" -c "UPDATE flags SET is_on = true WHERE id < 3" -c "DELETE FROM gone WHERE id < 3" \
        -c "UPDATE jobs SET what = 'p' WHERE id = 1"
    p2 -c "UPDATE jobs SET what = 's' WHERE id = 1"
    inject 40003-lost 2 'INSERT INTO "public"."flags"'
    inject 40003-applied 1 'INSERT INTO "public"."flags"'
    inject drop-lost 1 'DELETE FROM "public"."gone"'
    inject drop-applied 1 'DELETE FROM "public"."gone"'
    inject drop-lost 1 merged_at
    inject 40003-applied 1 merged_at
    run_dbr failback --yes --json
    exits 0
    injected '{"commit 40003-applied":2,"commit 40003-lost":2,"commit drop-applied":1,"commit drop-lost":2}'
    json_is '.merge.toSecondary | "\(.inserted) \(.updated) \(.deleted)"' "2 2 2"
    json_is .conflicts 1
    both jobs what "s base base base base a b"
    is "$(gzip -dc "$STATE_DIR"/salvage/*-merge-*.gz | jq -r '"\(.table) \(.reason)"' | sort | uniq -c | tr -s ' ' | paste -sd ';')" \
        " 2 flags merge; 2 gone merge; 1 jobs conflict"
    run_dbr sync
    exits 0
    in_step
}

is_overwritten() { [ "$(p2 -c "SELECT v FROM gone WHERE id = 1")" = primary ]; }
salvaged() {
    find "$STATE_DIR/salvage" -name '*.gz' -exec gzip -dc {} + | jq -e --arg v "$1" 'select(.table == "gone" and .lost.v == $v)' >/dev/null ||
        fail "'$1' is in neither database, and not in salvage"
}

@test "a run that is stopped while its COMMIT is under way: what that overwrote is in salvage" {
    p1w -c "UPDATE gone SET v = 'primary' WHERE id = 1"
    standin_tell delay 500
    start_dbr failback --yes
    wait_for 60 is_overwritten || fail "the merge does not begin"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    standin_tell reset
    salvaged base
    run_dbr failback --yes
    exits 0
    both gone v "primary base base base base"
}

@test "a transaction of another run that does not end is not waited for without end" {
    p1w -c "INSERT INTO jobs VALUES (100, 'a')"
    p2 -c "CREATE TABLE _dbr.turn (id int8 PRIMARY KEY, number int8 NOT NULL)" -c "INSERT INTO _dbr.turn VALUES (1, 0)"
    session_open other "$P2_URL"
    session other "BEGIN ISOLATION LEVEL SERIALIZABLE"
    session other "UPDATE _dbr.turn SET number = number + 1"
    run_dbr failback --yes
    exits 1
    stderr_has "another run is still under way" "run this again"
    session other "ROLLBACK"
    session_close other
    run_dbr failback --yes
    exits 0
    both jobs id "1 2 3 4 5 100"
}

@test "a base that another machine has dropped meanwhile: who it was is said" {
    p1w -c "UPDATE users SET email = 'p' WHERE id = 1"
    session_open app "$P2_URL"
    session app "BEGIN ISOLATION LEVEL SERIALIZABLE"
    session app "UPDATE users SET email = 's' WHERE id = 1"
    start_dbr failback --yes
    wait_for 30 eval '[ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 0 ]'
    p2 -c "DROP TABLE _dbr.turn" &
    wait_for 30 eval '[ "$(p2 -c "SELECT count(*) FROM pg_locks WHERE NOT granted")" -gt 1 ]'
    session app "ROLLBACK"
    session_close app
    finish_dbr
    wait || true
    exits 1
    stderr_has "another run writes into the same database"
}
