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

@test "after a kill, a plain init is refused and names --resume and --recreate" {
    # The link is slow enough to be in the middle of the copy.
    link_open slow two 60
    env_set DATABASE_URL_SECONDARY "$(link_url slow "$P2_URL")"
    kill_after 0.9
    [ "$status" -eq 137 ] || skip "init was faster than the kill"
    run_dbr init-secondary
    if [ "$status" -ne 0 ]; then
        exits 5
        stderr_has --resume --recreate
        run_dbr init-secondary --recreate
        exits 0
    fi
    in_step
}

@test "--resume does not copy finished tables again" {
    link_open slow two 20
    env_set DATABASE_URL_SECONDARY "$(link_url slow "$P2_URL")"
    start_dbr init-secondary --jobs 1
    # As soon as one of the big tables is committed on the secondary, kill.
    # shellcheck disable=SC2317 # called by wait_for
    one_is_there() { [ "$(p2 -c "SELECT sum(n_live_tup) >= 40000 FROM pg_stat_user_tables" 2>/dev/null)" = t ] ||
        [ "$(p2 -c "SELECT count(*) FROM big_1" 2>/dev/null)" = 40000 ] || ! kill -0 "$PID" 2>/dev/null; }
    wait_for 30 one_is_there
    kill -KILL "$PID" 2>/dev/null || true
    finish_dbr
    [ "$status" -eq 137 ] || skip "init was faster than the kill"
    link_tell slow reset
    run_dbr init-secondary --resume
    exits 0
    # Three times 5 MB; the finished one is not sent again.
    [ "$(link_tell slow stats | jq .bytes_up)" -lt 13000000 ] || fail "everything was copied again: $(link_tell slow stats)"
    in_step
}

@test "rows changed between the kill and --resume are in the twin" {
    kill_after 0.25
    p1 -c "UPDATE big_1 SET t = 'changed' WHERE id % 100 = 0" -c "DELETE FROM big_2 WHERE id < 500" \
        -c "INSERT INTO big_3 (id, t) VALUES (0, 'new')" -c "UPDATE users SET balance = 0"
    if [ "$status" -eq 0 ]; then run_dbr sync; else run_dbr init-secondary --resume; fi
    exits 0
    in_step
}

@test "a schema changed between the kill and --resume is refused or followed, never mixed" {
    kill_after 0.25
    [ "$status" -eq 137 ] || skip "init was faster than the kill"
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
    start_dbr init-secondary
    sleep 0.25
    link_tell weak refuse
    link_tell weak drop
    finish_dbr
    [ "$status" -ne 0 ] || skip "init was faster than the cut"
    exits 3
    link_tell weak pass
    run_dbr init-secondary --resume
    exits 0
    in_step
}
