#!/usr/bin/env bats
# Proves: an import into a database that refuses transactions, loses answers and drops connections ends with every row of the
# file there once, or with nothing of it.

load ../lib/helper
setup_file() { standin_file_setup; }
teardown_file() { standin_file_teardown; }

setup() {
    pair_setup empty
    # Blocks of 2 MB, small ones, and rows that go as INSERT; two of the tables have no key.
    p1 <<'SQL'
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE big (id int PRIMARY KEY, t text, m mood DEFAULT 'good');
INSERT INTO big SELECT i, repeat(md5(i::text), 7) || E'\n"' FROM generate_series(1, 20000) i;
CREATE TABLE plain (n int, t text);
INSERT INTO plain SELECT i / 3, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'a,"b"\n\\N' ELSE 'same' END FROM generate_series(1, 3000) i;
CREATE TABLE small (n serial, one int REFERENCES big (id), b bytea);
INSERT INTO small (one, b) SELECT 1 + i % 50, E'\\xdeadbeef' FROM generate_series(1, 500) i;
CREATE TABLE nothing (id int PRIMARY KEY);
CREATE INDEX ON big (m);
SQL
    run_dbr export --dialect=cockroach --output=file.sql
    exits 0
    standin_tell reset
}
teardown() { pair_teardown; }

imports() {
    run_dbr import --target=secondary --input=file.sql --json
    exits 0
    json_true ".retries >= $1"
    json_is .inserted 23500
    json_is '[.tables[] | .inserted == .rows] | all' true
    same_rows
    is "$(p2 -c "SELECT to_regclass('_dbr.import') IS NULL")" t
}

@test "good weather" {
    imports 0
    json_is .retries 0
}

@test "conflicts at BEGIN, at statements, in COPY, at COMMIT" {
    standin_tell inject begin 40001 2
    standin_tell inject statement 40001 1 "CREATE TYPE"
    standin_tell inject statement 55C01 2 "CREATE TABLE"
    standin_tell inject statement 58C00 1 "FOREIGN KEY"
    standin_tell inject statement 40001 1 SET
    standin_tell inject statement 40001 2 "INSERT INTO \"public\""
    standin_tell inject copy 40001 2
    standin_tell inject commit 40001 2
    imports 7
}

@test "COMMITs that are ambiguous, applied or lost" {
    standin_tell inject commit 40003-applied 1
    standin_tell inject commit 40003-lost 2
    standin_tell inject commit 40003-applied 2
    imports 4
}

@test "connections that are lost at COMMIT, applied or not, and within COPY" {
    standin_tell inject commit drop-applied 1
    standin_tell inject commit drop-lost 1
    standin_tell inject copy drop 2
    standin_tell inject commit drop-applied 1
    imports 4
}

@test "pieces that are too large go in smaller ones" {
    standin_tell inject commit deadline 2
    standin_tell inject copy 53200 1
    imports 3
}

@test "rows as INSERT statements" {
    run_dbr export --dialect=cockroach --inserts --output=inserts.sql
    mv inserts.sql file.sql
    standin_tell inject statement 40001 2 "INSERT INTO \"public\""
    standin_tell inject commit 40003-applied 2
    standin_tell inject commit drop-lost 1
    imports 3
}

@test "conflicts that never end: nothing stays, and the next import is whole" {
    standin_tell inject copy 40001 1000
    standin_tell inject statement 40001 2 "DROP TABLE"
    DBR_TEST_TIMEOUT=120 run_dbr import --target=secondary --input=file.sql
    exits 1
    stderr_has "restart transaction"
    stderr_lacks "by hand"
    is "$(p2 -c "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', '_dbr')")" 0
    standin_tell reset
    imports 0
}

@test "tables that were there: those that may hold a part are named" {
    run_dbr export --dialect=cockroach --schema-only --output=schema.sql
    run_dbr import --target=secondary --input=schema.sql
    exits 0
    run_dbr export --dialect=cockroach --data-only --output=file.sql
    exits 0
    standin_tell inject commit 40001 1000
    DBR_TEST_TIMEOUT=120 run_dbr import --target=secondary --input=file.sql
    exits 1
    stderr_has "empty before you import again" big
    standin_tell reset
    p2 -c "TRUNCATE big, plain, small, nothing"
    imports 0
}

@test "rows that a failed import left in a table that was there are found by the next sync, however large it is" {
    env_set DB_FINGERPRINT_ROWS 0
    p1 -c "CREATE TABLE late_1 (id int PRIMARY KEY, updated_at timestamptz)" -c "CREATE TABLE late_2 (LIKE late_1 INCLUDING ALL)" \
        -c "INSERT INTO late_1 SELECT i, '2020-01-01' FROM generate_series(1, 3000) i" -c "INSERT INTO late_2 SELECT * FROM late_1"
    run_dbr export --dialect=cockroach --data-only --tables=late_1,late_2 --output=late.sql
    exits 0
    p1 -c "DELETE FROM late_1" -c "DELETE FROM late_2"
    init_pair
    standin_tell inject commit 40001 1000 late_2
    DBR_TEST_TIMEOUT=120 run_dbr import --target=secondary --input=late.sql --yes
    exits 1
    standin_tell reset
    is "$(p2 -c "SELECT count(*) FROM late_1")" 3000
    p2w -c "ANALYZE late_1" # the server knows by now that it is large
    run_dbr sync
    exits 5
    stderr_has "left as they are: late_1"
    run_dbr sync --force
    exits 0
    is "$(p2 -c "SELECT count(*) FROM late_1")" 0
    in_step
}

@test "an INSERT that is longer than a message may be: refused at once, and nothing stays" {
    p1 -c "CREATE TABLE wide (id int PRIMARY KEY, t text)" -c "INSERT INTO wide SELECT 1, repeat('x', 17000000)"
    run_dbr export --source=primary --dialect=cockroach --inserts --output=wide.sql
    exits 0
    run_dbr import --target=secondary --input=wide.sql --yes
    exits 1
    stderr_has "maximum allowed message size" DB_SYNC_EXCLUDE_TABLES
    is "$(p2 -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'wide'")" 0
}

@test "an import that is killed: the next one says what to do, and then everything is there once" {
    run_dbr export --dialect=cockroach --output=file.sql
    standin_tell delay 100
    start_dbr import --target=secondary --input=file.sql --yes
    wait_for 60 filling || fail "it never began"
    kill -KILL "$PID"
    finish_dbr
    standin_tell reset
    run_dbr import --target=secondary --input=file.sql --yes
    exits 5
    stderr_has "holds already what the file defines" "create it anew" --recreate
    schema_clear two
    imports 0
}
filling() { [ "$(p2 -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" -eq 4 ]; }
