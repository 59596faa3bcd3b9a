#!/usr/bin/env bats
# Proves: an init that is killed at any moment leaves the secondary empty or resumable, never trusted; --resume finishes it
# without copying finished tables again.

load ../lib/helper

setup() {
    pair_setup app
    p1 <<'SQL'
CREATE TABLE big_1 (id int PRIMARY KEY, t text, updated_at timestamp DEFAULT now());
CREATE TABLE big_2 (LIKE big_1 INCLUDING ALL);
CREATE TABLE big_3 (LIKE big_1 INCLUDING ALL);
CREATE INDEX big_1_t ON big_1 (t);
INSERT INTO big_1 SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 40000) i;
INSERT INTO big_2 SELECT * FROM big_1;
INSERT INTO big_3 SELECT * FROM big_1;
SQL
}
teardown() { pair_teardown; }

# Kills init after a time, and proves that nobody trusts the remains.
kill_after() {
    start_dbr init-secondary "${@:2}"
    sleep "$1"
    kill -KILL "$PID" 2>/dev/null || true
    finish_dbr
}

# Indexes on the secondary take for ever from now on: init stands still when the big tables are copied, and none is indexed.
hold_indexes() {
    server_sql two "$DB" -c "CREATE SCHEMA hold" \
        -c "CREATE FUNCTION hold.wait() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(100); END'" \
        -c "CREATE EVENT TRIGGER hold ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION hold.wait()"
}
let_go() {
    server_sql two postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$DB' AND wait_event = 'PgSleep'" >/dev/null
    server_sql two "$DB" -c "DROP EVENT TRIGGER hold" -c "SET client_min_messages = warning" -c "DROP SCHEMA hold CASCADE"
}
# shellcheck disable=SC2317 # called by wait_for
is_held() { [ "$(server_sql two postgres -Atc "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = '$DB' AND wait_event = 'PgSleep'")" = t ]; }

# Kills init between the copy and the indexes.
kill_in_the_middle() {
    hold_indexes
    start_dbr init-secondary --jobs 1
    wait_for 30 is_held || fail "init did not come to the indexes"
    kill -KILL "$PID"
    finish_dbr
    exits 137
    let_go
}

# Kills init at the third table that it makes, and leaves its session on the server asleep in that.
kill_amid_the_tables() {
    server_sql two "$DB" -c "CREATE SCHEMA hold" -c "CREATE FUNCTION hold.wait() RETURNS event_trigger LANGUAGE plpgsql AS
        'BEGIN IF (SELECT count(*) FROM pg_class WHERE relkind = ''r'' AND relnamespace = ''public''::regnamespace) > 1 THEN PERFORM pg_sleep(100); END IF; END'" \
        -c "CREATE EVENT TRIGGER hold ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION hold.wait()"
    start_dbr init-secondary "$@"
    wait_for 30 is_held || fail "init did not come to the third table"
    kill -KILL "$PID"
    finish_dbr
    exits 137
    server_sql two "$DB" -c "DROP EVENT TRIGGER hold" -c "SET client_min_messages = warning" -c "DROP SCHEMA hold CASCADE"
}

# What init left behind: complete when it was faster than the kill.
distrusted() {
    [ "$status" -ne 0 ] || return 0
    run_dbr sync
    exits 5
    stderr_has dbr-init-secondary
    run_dbr health
    [ "$status" -ne 0 ] || fail "health trusts half a twin"
}

@test "killed early, in the middle and late: --resume makes the twin" {
    for after in 0.03 0.1 0.18 0.3 0.6; do
        kill_after "$after"
        distrusted
        run_dbr init-secondary --resume
        exits 0
        in_step
        same_schema
        schema_clear two
        rm -rf "$STATE_DIR"
    done
}

@test "killed again and again, --resume still finishes" {
    kill_after 0.15
    for after in 0.1 0.2 0.3 0.15; do
        kill_after "$after" --resume
    done
    run_dbr init-secondary --resume
    exits 0
    same_schema
    in_step
}

@test "killed amid the tables, its session still at work: --resume makes the rest, --recreate all anew" {
    kill_amid_the_tables
    distrusted
    run_dbr init-secondary --resume
    exits 0
    same_schema
    in_step
    schema_clear two
    rm -rf "$STATE_DIR"
    kill_amid_the_tables
    run_dbr init-secondary --recreate
    exits 0
    same_schema
    in_step
}

@test "a session of a killed run that does not end is waited for, and told of" {
    local session
    needs_postgres "the stand-in's sessions are its own"
    kill_amid_the_tables
    session=$(server_sql two postgres -Atc "SELECT pid FROM pg_stat_activity WHERE datname = '$DB' AND wait_event = 'PgSleep'")
    kill -STOP "$session"
    run_dbr init-secondary --resume
    kill -CONT "$session"
    exits 5
    stderr_has "a session of an earlier run of dbr on the secondary does not end" pg_terminate_backend
    run_dbr init-secondary --resume
    exits 0
    same_schema
    in_step
}

@test "--recreate killed after it has dropped the tables: --resume copies them all" {
    kill_in_the_middle
    p2 -c "DELETE FROM _dbr.progress WHERE table_name = 'users'" # one is begun, the others are complete
    kill_amid_the_tables --recreate
    run_dbr init-secondary --resume
    exits 0
    same_schema
    in_step
}

@test "after a kill, a plain init is refused and names --resume and --recreate" {
    kill_in_the_middle
    distrusted
    run_dbr init-secondary
    exits 5
    stderr_has --resume --recreate
    run_dbr init-secondary --recreate
    exits 0
    in_step
}

@test "--resume does not copy finished tables again" {
    kill_in_the_middle
    is "$(p2 -c "SELECT count(*) FROM big_1")" 40000
    link_open counted two 0
    env_set DATABASE_URL_SECONDARY "$(link_url counted "$P2_URL")"
    run_dbr init-secondary --resume
    exits 0
    # Three times 5 MB are there already.
    [ "$(link_tell counted stats | jq .bytes_up)" -lt 2000000 ] || fail "copied again: $(link_tell counted stats)"
    same_schema
    in_step
}

@test "rows changed between the kill and --resume are in the twin" {
    kill_in_the_middle
    p1 -c "UPDATE big_1 SET t = 'changed' WHERE id % 100 = 0" -c "DELETE FROM big_2 WHERE id < 500" \
        -c "INSERT INTO big_3 (id, t) VALUES (0, 'new')" -c "UPDATE users SET balance = 0"
    run_dbr init-secondary --resume
    exits 0
    in_step
}

@test "--resume while the application goes on writing" {
    kill_in_the_middle
    # shellcheck disable=SC2016 # $1 is the inner shell's
    sh -c 'while [ ! -e stop ]; do
        psql -X -q -d "$1" -c "UPDATE big_1 SET t = md5(random()::text) WHERE id % 1000 = (random() * 1000)::int" \
            -c "INSERT INTO leads (name) VALUES (random()::text)" \
            -c "DELETE FROM big_2 WHERE id IN (SELECT (random() * 40000)::int FROM generate_series(1, 5))" || exit 1
        echo >>written
    done' writer "$P1_URL" 3>&- &
    local writer=$!
    wait_for 10 test -e written
    run_dbr init-secondary --resume
    touch stop
    wait "$writer" || fail "the application was disturbed"
    exits 0
    [ "$(wc -l <written)" -gt 2 ] || fail "nothing was written meanwhile"
    run_dbr sync
    exits 0
    same_schema
    in_step
}

@test "a schema changed between the kill and --resume is refused or followed, never mixed" {
    kill_in_the_middle
    p1 -c "ALTER TABLE big_1 ADD COLUMN extra int DEFAULT 7" -c "CREATE TABLE another (id int PRIMARY KEY)"
    run_dbr init-secondary --resume
    if [ "$status" -ne 0 ]; then
        exits 5
        run_dbr init-secondary --recreate
        exits 0
    fi
    same_schema
    in_step
}

@test "--resume of a finished init is done already" {
    init_pair
    run_dbr init-secondary --resume
    exits 0
    in_step
}

@test "--resume before any init makes the twin of an empty secondary" {
    run_dbr init-secondary --resume
    exits 0
    in_step
}

@test "--resume does not adopt a secondary that dbr did not fill" {
    p2 -c "CREATE TABLE precious (id int PRIMARY KEY)" -c "INSERT INTO precious VALUES (1)"
    run_dbr init-secondary --resume
    exits 5
    is "$(p2 -c "SELECT count(*) FROM precious")" 1
}

@test "a secondary that goes away in the middle: exit 3, then --resume" {
    link_open weak two 0
    env_set DATABASE_URL_SECONDARY "$(link_url weak "$P2_URL")"
    hold_indexes
    start_dbr init-secondary
    wait_for 30 is_held || fail "init did not come to the indexes"
    link_tell weak refuse
    link_tell weak drop
    finish_dbr
    exits 3
    let_go
    link_tell weak pass
    run_dbr init-secondary --resume
    exits 0
    same_schema
    in_step
}
