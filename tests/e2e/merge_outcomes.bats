#!/usr/bin/env bats
# After a forced failover rows changed on both databases. dbr-failback decides each as the table in dbr-failback(1) says, whatever
# the table's key; afterwards both hold the same, and every version that lost is in salvage.

load ../lib/helper

setup() {
    pair_setup empty
    env_set DB_MAX_DELETE_PERCENT 100
}
teardown() { pair_teardown; }

# What the primary was told that the secondary never saw: round the fence that is there by now.
p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }

# Rows by number: what became of them on primary/secondary. ID, V and AT are how this table says id, value and time.
#    1 as base/changed       2 changed/as base   3 both, primary later   4 both, secondary later   5 both at the same time
#    6 missing/changed       7 as base/missing   8 changed/missing       9 changed in the future/missing
#   10 missing/as base      11 missing/missing 101 new/-               102 -/new                 103 new/new   104 new/new, alike
diverge() {
    local table=$1 id=$2 at=${3:-} insert=$4
    set_to() { echo "UPDATE $table SET v = '$2'${at:+, $at = '$3'} WHERE $id = $1;"; }
    gone() { echo "DELETE FROM $table WHERE $id = $1;"; }
    # shellcheck disable=SC2059 # the caller gives the format
    new() { printf "INSERT INTO $table VALUES ($insert);\n" "$@"; }
    p2 <<<"$(set_to 1 s 2026-02-01) $(set_to 3 s 2026-02-01) $(set_to 4 s 2026-02-02) $(set_to 5 s 2026-02-01)
        $(set_to 6 s 2026-02-01) $(gone 7) $(gone 8) $(gone 9) $(gone 11)
        $(new 102 s 2026-02-01) $(new 103 s 2026-02-01) $(new 104 x 2026-02-01)"
    p1w <<<"$(set_to 2 p 2026-02-01) $(set_to 3 p 2026-02-02) $(set_to 4 p 2026-02-01) $(set_to 5 p 2026-02-01)
        $(gone 6) $(set_to 8 p 2026-02-01) $(set_to 9 p 2099-01-01) $(gone 10) $(gone 11)
        $(new 101 p 2026-02-01) $(new 103 p 2026-02-02) $(new 104 x 2026-02-01)"
}

forced() {
    init_pair
    run_dbr failover --force --yes
    exits 0
}

failed_back() {
    run_dbr failback --yes --json
    exits 0
    cp "$RUNS/$RUN.out" merged.json
    in_step
}

# Rows that are not as they were in the beginning.
rows_are() { is "$(p1 -c "SELECT string_agg($2 || v, ' ' ORDER BY $2) FROM $1 WHERE v <> 'base' OR $2 > 100")" "$3"; }
gone_are() { is "$(p1 -c "SELECT string_agg(g::text, ' ' ORDER BY g) FROM generate_series(1, 50) g WHERE g NOT IN (SELECT $2 FROM $1)")" "$3"; }
# lost TABLE REASON: the rows of which versions went to salvage for that reason, as key and the value that was lost.
lost() {
    gzip -dc "$STATE_DIR"/salvage/*-merge-*.gz |
        jq -r --arg t "$1" --arg r "$2" 'select(.table == $t and .reason == $r) | "\(.key | to_entries[0].value)\(.lost.v)"' |
        sort -n | paste -sd ' '
}

@test "a table with a change column: the later wins" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, updated_at timestamptz)"
    p1 -c "INSERT INTO t SELECT g, 'base', '2026-01-01' FROM generate_series(1, 50) g"
    forced
    diverge t id updated_at "%d, '%s', '%s'"
    run_dbr failback --dry-run --json
    exits 0
    json_is .conflicts 7
    is "$(p2 -c "SELECT v FROM t WHERE id = 2")" base
    [ ! -e "$STATE_DIR/salvage" ]
    failed_back
    rows_are t id "1s 2p 3p 4s 5s 6s 9p 101p 102s 103s 104x"
    gone_are t id "7 8 10 11"
    is "$(jq .conflicts merged.json)" 7
    is "$(lost t conflict)" "4p 5p 8p 103p"
    is "$(lost t merge)" "2base 3s 10base"
}

@test "a table without a change column: the active database wins" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text)"
    p1 -c "INSERT INTO t SELECT g, 'base' FROM generate_series(1, 50) g"
    forced
    diverge t id "" "%d, '%s' /* %s */"
    failed_back
    rows_are t id "1s 2p 3s 4s 5s 6s 101p 102s 103s 104x"
    gone_are t id "7 8 9 10 11"
    is "$(jq .conflicts merged.json)" 7
    is "$(lost t conflict)" "3p 4p 5p 8p 9p 103p"
    is "$(lost t merge)" "2base 10base"
}

@test "a key of several columns, and a unique index instead of a key" {
    p1 -c "CREATE TABLE t (x int, y text, v text, updated_at timestamptz, PRIMARY KEY (y, x))"
    p1 -c "CREATE TABLE w (x int NOT NULL, y text NOT NULL, v text, updated_at timestamptz, UNIQUE (x, y))"
    p1 -c "INSERT INTO t SELECT g, 'a ''\"b\\', 'base', '2026-01-01' FROM generate_series(1, 50) g" -c "INSERT INTO w SELECT * FROM t"
    forced
    diverge t x updated_at "%d, 'new {}', '%s', '%s'"
    diverge w x updated_at "%d, 'new {}', '%s', '%s'"
    failed_back
    rows_are t x "1s 2p 3p 4s 5s 6s 9p 101p 102s 103s 104x"
    gone_are t x "7 8 10 11"
    rows_are w x "1s 2p 3p 4s 5s 6s 9p 101p 102s 103s 104x"
    gone_are w x "7 8 10 11"
    is "$(jq .conflicts merged.json)" 14
}

@test "a table without any key: rows are added and taken away" {
    p1 -c "CREATE TABLE t (v text, n int, CHECK (true))" -c "INSERT INTO t SELECT 'r', g FROM generate_series(1, 50) g"
    p1 -c "INSERT INTO t VALUES ('same', 0), ('same', 0), ('same', 0)"
    forced
    p1w -c "DELETE FROM t WHERE n = 1" -c "UPDATE t SET v = 'p' WHERE n = 2" -c "INSERT INTO t VALUES ('same', 0), ('new', 101)"
    p2 -c "DELETE FROM t WHERE n = 3" -c "UPDATE t SET v = 's' WHERE n = 4" -c "INSERT INTO t VALUES ('new', 102)"
    failed_back
    is "$(p1 -c "SELECT string_agg(v || n, ' ' ORDER BY n, v) FROM t WHERE v <> 'r' OR n > 100")" "same0 same0 same0 same0 p2 s4 new101 new102"
    is "$(p1 -c "SELECT count(*) FROM t WHERE n IN (1, 3)")" 0
    is "$(jq .conflicts merged.json)" 0
}

@test "a timestamp without zone is read in the TimeZone of its own database" {
    p1 -c "ALTER DATABASE $DB SET TimeZone = 'America/New_York'"
    p2 -c "ALTER DATABASE $DB SET TimeZone = 'Asia/Tokyo'"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, updated_at timestamp)"
    p1 -c "INSERT INTO t SELECT g, 'base', '2026-01-01' FROM generate_series(1, 50) g"
    forced
    # 12:00 in New York is 17:00 UTC, 22:00 in Tokyo is 13:00 UTC
    p1w -c "UPDATE t SET v = 'p', updated_at = '2026-02-01 12:00' WHERE id IN (1, 2)"
    p2 -c "UPDATE t SET v = 's', updated_at = '2026-02-01 22:00' WHERE id = 1" \
        -c "UPDATE t SET v = 's', updated_at = '2026-02-02 03:00' WHERE id = 2"
    failed_back
    rows_are t id "1p 2s"
}

@test "salvage is put back by json_populate_record" {
    p1 -c "CREATE TYPE mood AS ENUM ('fine', 'so so')"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, j jsonb, b bytea, a text[], n numeric(20, 5), m mood, f float8, updated_at timestamptz)"
    p1 -c "INSERT INTO t SELECT g, 'base' FROM generate_series(1, 50) g"
    forced
    p1w -c "UPDATE t SET v = E'a\\nb''\"\\\\', j = '{\"a\": [1, null]}', b = '\\x00ff', a = '{\"x y\",NULL}', n = 1.5, m = 'so so', f = 0.1 WHERE id = 1"
    p1w -c "CREATE SCHEMA aside" -c "CREATE TABLE aside.t AS SELECT * FROM t WHERE id = 1"
    p2 -c "UPDATE t SET v = 's' WHERE id = 1"
    run_dbr failback --yes
    exits 0
    gzip -dc "$STATE_DIR"/salvage/*-merge-*.gz | jq -c .lost >lost.json
    p1 -c "UPDATE t SET v = v" -c "CREATE TABLE aside.lost (line json)" -c "\\copy aside.lost FROM PROGRAM 'sed ''s/\\\\/\\\\\\\\/g'' lost.json'"
    is "$(p1 -c "SELECT count(*) FROM aside.lost, json_populate_record(NULL::t, line) r JOIN aside.t o ON r IS NOT DISTINCT FROM o::text::t")" 1
}

@test "conflicts of a merge are counted, recorded and alerted, whichever program merges" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, updated_at timestamptz DEFAULT now())" -c "INSERT INTO t VALUES (1, 'base'), (2, 'base')"
    forced
    p1w -c "UPDATE t SET v = 'p', updated_at = now() WHERE id = 1"
    p2 -c "UPDATE t SET v = 's', updated_at = now() + interval '1 s' WHERE id = 1"
    run_dbr sync --json
    exits 0
    json_is .conflicts 1
    run_dbr health --json
    exits 1
    json_is '.alerts | map(.name) | join(" ")' conflicts
    is "$(jq -r 'select(.event == "conflict") | .conflicts' "$STATE_DIR/events.jsonl")" 1
    run_dbr sync -q
    run_dbr failback --yes -q
    run_dbr health -q
    exits 0
    run_dbr failover --force --yes -q
    p1w -c "UPDATE t SET v = 'p', updated_at = now() WHERE id = 2"
    p2 -c "UPDATE t SET v = 's', updated_at = now() + interval '1 s' WHERE id = 2"
    run_dbr failback --yes -q
    exits 0
    run_dbr health --json
    exits 1
    json_is '.alerts | map(.name) | join(" ")' conflicts
}

@test "of equal rows without a key the greater number stays, and nobody says that salvage has the others" {
    p1 -c "CREATE TABLE hits (page text, at date)" -c "CREATE TABLE t (id int PRIMARY KEY, v text)" -c "INSERT INTO t VALUES (1, 'base')"
    forced
    p1w -c "INSERT INTO hits SELECT 'home' FROM generate_series(1, 5)"
    p2 -c "INSERT INTO hits SELECT 'home' FROM generate_series(1, 4)"
    run_dbr failback --dry-run
    exits 0
    stdout_has "1 conflicts: of equal rows of a table without a key the greater number stays"
    stdout_lacks "was overwritten"
    run_dbr sync
    exits 0
    stderr_has "hits 1" "the greater number stays" "none of them is in salvage/"
    is "$(p2 -c "SELECT count(*) FROM hits")" 5
    run_dbr health
    exits 1
    stdout_has "none of them is in salvage/"
    stdout_lacks "was overwritten"
    is "$(jq -r 'select(.event == "conflict") | .message' "$STATE_DIR/events.jsonl" | grep -c "none of them is in salvage/")" 1
    # Beside one that is.
    run_dbr failback --yes -q
    exits 0
    run_dbr failover --force --yes -q
    p1w -c "INSERT INTO hits SELECT 'home' FROM generate_series(1, 2)" -c "UPDATE t SET v = 'p'"
    p2 -c "INSERT INTO hits SELECT 'home'" -c "UPDATE t SET v = 's'"
    run_dbr sync
    exits 0
    stderr_has "hits 1, t 1" "what was overwritten is in salvage/ of the state directory, but of equal rows"
    is "$(p2 -c "SELECT count(*) FROM hits")" 7
}

@test "what a forced failback left unmerged is no base of the next merge: the secondary keeps what it alone has" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v text, updated_at timestamptz)" -c "CREATE TABLE bare (v text)" \
        -c "INSERT INTO t SELECT g, 'base', '2026-01-01' FROM generate_series(1, 50) g" -c "INSERT INTO bare VALUES ('base')"
    init_pair
    run_dbr failover --yes
    exits 0
    p2 -c "INSERT INTO t VALUES (101, 'later', '2026-02-01')" -c "UPDATE t SET v = 's', updated_at = '2026-02-02' WHERE id IN (1, 2)" \
        -c "INSERT INTO bare VALUES ('later')"
    run_dbr failback --force --yes
    exits 0
    p1w -c "INSERT INTO t VALUES (102, 'p', '2026-03-01')" -c "DELETE FROM t WHERE id = 4" -c "INSERT INTO bare VALUES ('p')" \
        -c "UPDATE t SET v = 'p', updated_at = CASE id WHEN 1 THEN timestamptz '2026-02-01' ELSE '2026-02-03' END WHERE id IN (1, 2, 3)"
    run_dbr failover --force --yes
    exits 0
    p2 -c "INSERT INTO t VALUES (103, 's', '2026-04-01')"
    failed_back
    rows_are t id "1s 2p 3p 101later 102p 103s"
    is "$(p1 -c "SELECT string_agg(v, ' ' ORDER BY v) FROM bare")" "base later p"
    gone_are t id ""
    is "$(lost t conflict)" 1p
    is "$(lost t merge)" "2s 3base"
    is "$(jq -c .unmerged "$STATE_DIR/state.json")" '{}'
    is "$(jq .conflicts merged.json)" 6
}
