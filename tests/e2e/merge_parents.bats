#!/usr/bin/env bats
# After a forced failover a row was deleted on one database while rows that refer to it were added or changed on the other: it is
# kept, with all that it refers to itself, and nothing goes by a cascade unseen.

load ../lib/helper

setup() {
    pair_setup empty
    env_set DB_MAX_DELETE_PERCENT 100
}
teardown() { pair_teardown; }

p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }

schema() {
    p1 -c "CREATE TABLE grandparents (id int PRIMARY KEY, v text)" \
        -c "CREATE TABLE parents (id int, k text, g int REFERENCES grandparents, code varchar(20) UNIQUE, PRIMARY KEY (id, k))" \
        -c "CREATE TABLE children (id int PRIMARY KEY, pid int, pk text, v text, FOREIGN KEY (pid, pk) REFERENCES parents ON DELETE CASCADE)" \
        -c "CREATE TABLE notes (v text, code varchar(20) REFERENCES parents (code))" \
        -c "CREATE TABLE nodes (id int PRIMARY KEY, up int REFERENCES nodes, v text)" \
        -c "CREATE TABLE x (id int PRIMARY KEY, y int, v text)" \
        -c "CREATE TABLE y (id int PRIMARY KEY, x int REFERENCES x DEFERRABLE INITIALLY DEFERRED, v text)" \
        -c "ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y DEFERRABLE INITIALLY DEFERRED"
    p1 -c "INSERT INTO grandparents SELECT n, 'base' FROM generate_series(1, 20) n" \
        -c "INSERT INTO parents SELECT n, 'k', n, 'code' || n FROM generate_series(1, 20) n" \
        -c "INSERT INTO children SELECT n, n, 'k', 'base' FROM generate_series(5, 10) n" \
        -c "INSERT INTO nodes SELECT n, nullif(n - 1, 0), 'base' FROM generate_series(1, 150) n" \
        -c "BEGIN; INSERT INTO x SELECT n, n FROM generate_series(1, 20) n; INSERT INTO y SELECT n, n FROM generate_series(1, 20) n; COMMIT"
}

forced() {
    init_pair
    run_dbr failover --force --yes
    exits 0
}

ids() { p1 -c "SELECT string_agg(id::text, ' ' ORDER BY id) FROM $1"; }

# A circle of two tables. CockroachDB puts no check off, so that there its rows neither come nor go together.
circle() {
    p1w -c "BEGIN; DELETE FROM x WHERE id <= 3; DELETE FROM y WHERE id <= 3; COMMIT"
    p2 -c "INSERT INTO y VALUES (101, 1, 's')"
    p2 -c "BEGIN; DELETE FROM x WHERE id = 10; DELETE FROM y WHERE id = 10; COMMIT"
    p1w -c "INSERT INTO y VALUES (102, 10, 'p')"
}
circle_is_kept() {
    is "$(ids x)" "1 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"
    is "$(ids y)" "1 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 101 102"
}

every_case() {
    schema
    forced
    # deleted on the secondary: 1 has a new child on the primary, 2 a note that refers to its code, 3 nothing
    p2 -c "DELETE FROM parents WHERE id <= 3" -c "DELETE FROM grandparents WHERE id <= 3"
    p1w -c "INSERT INTO children VALUES (100, 1, 'k', 'p')" -c "INSERT INTO notes VALUES ('p', 'code2')"
    # deleted on the primary: 5 has a new child on the secondary, 6 a changed one, 4 none, 7 an old one; 8 gave its child to 9
    p1w -c "UPDATE children SET pid = 9 WHERE id = 8" -c "DELETE FROM parents WHERE id BETWEEN 4 AND 8" \
        -c "DELETE FROM grandparents WHERE id BETWEEN 4 AND 8"
    p2 -c "INSERT INTO children VALUES (101, 5, 'k', 's')" -c "UPDATE children SET v = 's' WHERE id = 6"
    # a long chain within one table
    p2 -c "DELETE FROM nodes WHERE id > 50"
    p1w -c "INSERT INTO nodes VALUES (1000, 150, 'p')"
    on_standin || circle
    run_dbr failback --dry-run --json
    exits 0
    is "$(p2 -c "SELECT count(*) FROM nodes")" 50
    run_dbr failback --yes --json
    exits 0
    json_is '.merge.kept' "$(on_standin && echo 108 || echo 112)"
    in_step
    is "$(ids grandparents)" "1 2 5 6 9 10 11 12 13 14 15 16 17 18 19 20"
    is "$(ids parents)" "1 2 5 6 9 10 11 12 13 14 15 16 17 18 19 20"
    is "$(ids children)" "6 8 9 10 100 101"
    is "$(p1 -c "SELECT code FROM notes")" code2
    is "$(p1 -c "SELECT count(*) FROM nodes")" 151
    on_standin || circle_is_kept
}

@test "what a child of the other side needs is kept" { every_case; }

@test "the same where the server does not check foreign keys for dbr" {
    as_superuser
    every_case
}

@test "a row that refers to a value that the other side took away is refused" {
    p1 -c "CREATE TABLE parents (id int PRIMARY KEY, code text UNIQUE)" -c "CREATE TABLE children (id int PRIMARY KEY, code text REFERENCES parents (code))"
    p1 -c "INSERT INTO parents SELECT n, 'code' || n FROM generate_series(1, 20) n"
    forced
    p2 -c "UPDATE parents SET code = 'other' WHERE id = 1"
    p1w -c "INSERT INTO children VALUES (1, 'code1')"
    run_dbr failback --yes
    exits 5
    stderr_has "children" "parents"
    is "$(p2 -c "SELECT count(*) FROM children")" 0
}

@test "a value that rows of the secondary refer to stays" {
    p1 -c "CREATE TABLE parents (id int PRIMARY KEY, code text UNIQUE)" -c "CREATE TABLE children (id int PRIMARY KEY, code text REFERENCES parents (code))"
    p1 -c "INSERT INTO parents SELECT n, 'code' || n FROM generate_series(1, 20) n"
    forced
    p1w -c "UPDATE parents SET code = 'other' || id WHERE id IN (1, 2)"
    p2 -c "INSERT INTO children VALUES (1, 'code1')"
    run_dbr failback --yes --json
    exits 0
    in_step
    is "$(p1 -c "SELECT string_agg(code, ' ' ORDER BY id) FROM parents WHERE id <= 2")" "code1 other2"
}

@test "a tree that was deleted goes, in more batches than one" {
    p1 -c "CREATE TABLE nodes (id int PRIMARY KEY, up int REFERENCES nodes)" -c "INSERT INTO nodes SELECT n, nullif(n - 1, 0) FROM generate_series(1, 30) n"
    forced
    env_set DB_SYNC_BATCH_SIZE 3
    p1w -c "DELETE FROM nodes WHERE id > 5"
    run_dbr failback --yes --json
    exits 0
    json_is '.merge.toSecondary.deleted' 25
    in_step
    is "$(ids nodes)" "1 2 3 4 5"
}
