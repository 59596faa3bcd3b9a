#!/usr/bin/env bats
# Proves: what a sync that was killed has left undone in the standby is not taken over in silence when that becomes the active
# database without the primary: it is mended, or named by every program until it is.

load ../lib/helper
setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }

setup() {
    pair_setup empty
    standin_tell reset
    env_set HEALTH_CHECK_TIMEOUT 2
}
teardown() {
    standin_tell reset
    pair_teardown
}

primary_away() { env_set DATABASE_URL "${P1_URL/:[0-9]*\//:1/}"; }
primary_back() { env_set DATABASE_URL "$P1_URL"; }
keys_there() { is "$(p2 -c "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated")" "$1"; }
keys_noted() { is "$(p2 -c "SELECT count(*) FROM _dbr.keys_off")" "$1"; }
orphans() { p2 -c "SELECT count(*) FROM player p WHERE NOT EXISTS (SELECT FROM team t WHERE t.id = p.team)"; }

# shellcheck disable=SC2317 # called by wait_for
key_is_off() { [ "$(p2 -c "SELECT count(*) FROM pg_constraint WHERE conname = 'led'")" = 0 ]; }

# A sync is killed while the foreign keys of a cycle are off.
killed_without_keys() {
    p1 <<'SQL'
CREATE TABLE team (id int PRIMARY KEY, captain int);
CREATE TABLE player (id int PRIMARY KEY, team int NOT NULL REFERENCES team (id) ON DELETE CASCADE);
ALTER TABLE team ADD CONSTRAINT led FOREIGN KEY (captain) REFERENCES player (id) ON DELETE SET NULL;
INSERT INTO team SELECT i FROM generate_series(1, 40) i;
INSERT INTO player SELECT i, 1 + i % 40 FROM generate_series(1, 200) i;
SQL
    init_pair
    p1 <<'SQL'
INSERT INTO team VALUES (41);
INSERT INTO player VALUES (300, 41);
UPDATE team SET captain = 300 WHERE id = 41;
SQL
    standin_tell delay 100
    start_dbr sync
    wait_for 60 key_is_off || fail "no key was taken off"
    kill -KILL "$PID"
    finish_dbr
    exits 137
    standin_tell delay 0
    key_is_off || fail "the key is there"
}

@test "foreign keys that are off are back before the application writes" {
    killed_without_keys
    run_dbr health --doctor
    stdout_has "foreign keys are off" "team.led"
    primary_away
    standin_tell inject statement 40001 2 "_dbr.keys_off"
    run_dbr failover --force --yes --json
    exits 0
    json_true '[.warnings[] | select(contains("are back"))] | length == 1'
    keys_there 2
    keys_noted 0
    p2 -c "DELETE FROM team WHERE id = 5"
    is "$(orphans)" 0
    run_dbr health
    stdout_lacks "foreign keys"
}

@test "what rows do not fulfil stays off, is named everywhere, and is tried again" {
    killed_without_keys
    p2w -c "ALTER TABLE player DROP CONSTRAINT IF EXISTS player_team_fkey" -c "INSERT INTO player VALUES (400, 77)"
    primary_away
    run_dbr failover --force --yes --json
    exits 0
    json_true '[.warnings[] | select(contains("player.player_team_fkey"))] | length == 1'
    json_true '[.warnings[] | select(contains("team.led"))] | length == 0'
    keys_there 1
    keys_noted 1
    grep -q '"event":"error".*player.player_team_fkey' "$STATE_DIR/events.jsonl" || fail "no event names the key"

    run_dbr health
    exits 1
    stdout_has "player.player_team_fkey"
    run_dbr health --doctor
    stdout_has "player.player_team_fkey"

    # The primary stays away: a sync fails, but what it can do it has done.
    run_dbr sync
    exits 3
    stderr_has "player.player_team_fkey"
    keys_there 1
    p2 -c "DELETE FROM player WHERE id = 400"
    run_dbr sync
    exits 3
    keys_there 2
    keys_noted 0
    run_dbr health
    stdout_lacks "foreign keys"
}

@test "automation tries again by itself" {
    killed_without_keys
    p2w -c "ALTER TABLE player DROP CONSTRAINT IF EXISTS player_team_fkey" -c "INSERT INTO player VALUES (400, 77)"
    env_set DB_FAILOVER_THRESHOLD 1
    primary_away
    run_dbr health --auto
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" secondary
    stderr_has "player.player_team_fkey"
    keys_there 1
    p2 -c "DELETE FROM player WHERE id = 400"
    jq '.remains.tried = "2020-01-01T00:00:00.000Z"' "$STATE_DIR/state.json" >"$STATE_DIR/new" # an hour later
    cat "$STATE_DIR/new" >"$STATE_DIR/state.json"
    rm "$STATE_DIR/new"
    run_dbr health --auto
    keys_there 2
    keys_noted 0
    stdout_lacks "foreign keys"
}

# --- rows that swap unique values -----------------------------------------------

swap() {
    p1 -c "CREATE TABLE seats (id int PRIMARY KEY, place int NOT NULL UNIQUE)" -c "INSERT INTO seats SELECT i, i FROM generate_series(1, $1) i"
    init_pair
    p1 -c "UPDATE seats SET place = -place" -c "UPDATE seats SET place = 1 - place % $1"
}
seats() { p2 -c "SELECT count(*) FROM seats"; }
rows_noted() { is "$(p2 -c "SELECT count(*) FROM _dbr.keys_off")" "$1"; }
# shellcheck disable=SC2317 # called by wait_for
deletes() {
    [ "$(p2 -c "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND query LIKE '%seats%'
        AND (query ILIKE '%DELETE FROM%' OR query ILIKE '%CASE count%' AND query NOT ILIKE '%INSERT%')")" != 0 ]
}
# shellcheck disable=SC2317 # called by wait_for
some_are_out() { [ "$(seats)" -lt 3000 ]; }

# A sync is killed while rows of seats are out, since the server does not take them in one transaction.
killed_without_rows() {
    swap 3000
    standin_tell inject statement 53200 1 DELETE FROM '"public"."seats"'
    # What comes after the rows are out takes long enough to be met.
    server_sql two "$DB" -c "SET default_transaction_read_only = off" \
        -c "CREATE FUNCTION crdb_standin.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END'" \
        -c "CREATE TRIGGER slow BEFORE INSERT ON seats EXECUTE FUNCTION crdb_standin.slow()"
    start_dbr sync
    wait_for 60 some_are_out || fail "no row was taken out"
    kill -KILL "$PID"
    finish_dbr
    exits 137
    server_sql two "$DB" -c "SET default_transaction_read_only = off" \
        -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" \
        -c "DROP FUNCTION crdb_standin.slow() CASCADE" >/dev/null
    some_are_out || fail "all rows are there"
    rows_noted 1
}

@test "20,000 rows that swap are one transaction: none is missing whenever the sync is killed" {
    swap 20000
    standin_tell delay 20
    start_dbr sync
    wait_for 60 deletes || fail "no row was deleted"
    kill -KILL "$PID"
    finish_dbr
    exits 137
    standin_tell delay 0
    is "$(seats)" 20000
    primary_away
    run_dbr failover --force --yes --json
    exits 0
    json_true '[.warnings[] | select(contains("seats"))] | length == 0'
    is "$(seats)" 20000
}

@test "no moment of such a sync lacks a row" {
    swap 20000
    start_dbr sync
    while kill -0 "$PID" 2>/dev/null; do
        is "$(seats)" 20000
        sleep 0.05
    done
    finish_dbr
    exits 0
    same_rows
}

@test "rows that a killed sync has taken out: the next one says so and brings them back" {
    killed_without_rows
    run_dbr health --doctor
    stdout_has "rows are missing" seats
    run_dbr sync --verify
    exits 4
    stderr_has "still missing"
    run_dbr sync
    exits 0
    stderr_has "seats" "are back"
    rows_noted 0
    same_rows
}

@test "a failover without them needs --force, names them, and the merge brings them back" {
    killed_without_rows
    primary_away
    run_dbr failover --dry-run
    exits 5
    run_dbr failover --yes
    exits 5
    stderr_has seats --force salvage/
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" primary

    run_dbr failover --force --yes --json
    exits 0
    json_true '[.warnings[] | select(contains("taken out of table seats"))] | length == 1'
    grep -q '"event":"error".*seats' "$STATE_DIR/events.jsonl" || fail "no event names the table"
    run_dbr health
    exits 1
    stdout_has "rows are missing in table seats"
    run_dbr health --doctor
    stdout_has "rows are missing"

    primary_back
    run_dbr sync
    exits 0
    is "$(seats)" 3000
    rows_noted 0
    run_dbr health
    exits 0
    same_rows
}

@test "automation does not wait for somebody to ask: it takes over, and says what is missing" {
    killed_without_rows
    env_set DB_FAILOVER_THRESHOLD 1
    primary_away
    run_dbr health --auto
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" secondary
    stderr_has "taken out of table seats"
    stdout_has "rows are missing in table seats"
}
