#!/usr/bin/env bats
# Proves: rows that refer to each other arrive whatever the order: parents and children, self-references, cycles, actions of foreign
# keys that must not fire twice.

load ../lib/helper
setup() { pair_setup empty; }
teardown() { pair_teardown; }

changed() {
    printf '%s;\n' "BEGIN" "$@" "COMMIT" | p1
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "a tree in one table: new branches, moved branches, deleted branches, across batches" {
    env_set DB_SYNC_BATCH_SIZE 4
    p1 -c "CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree (id), name text)" \
        -c "INSERT INTO tree SELECT i, NULLIF(i / 2, 0), 'n' || i FROM generate_series(1, 200) i"
    init_pair
    # Children have smaller keys than their parents here.
    changed "INSERT INTO tree SELECT i, NULL, 'new' FROM generate_series(300, 340) i" "UPDATE tree SET parent = id + 1 WHERE id BETWEEN 300 AND 339" \
        "UPDATE tree SET parent = 320 WHERE id BETWEEN 50 AND 60" "DELETE FROM tree WHERE id BETWEEN 150 AND 200"
    changed "UPDATE tree SET parent = NULL WHERE parent > 300" "DELETE FROM tree WHERE id > 300"
}

@test "a cycle of two tables" {
    p1 <<'SQL'
CREATE TABLE team (id int PRIMARY KEY, captain int);
CREATE TABLE player (id int PRIMARY KEY, team int NOT NULL REFERENCES team (id), name text);
ALTER TABLE team ADD FOREIGN KEY (captain) REFERENCES player (id);
INSERT INTO team SELECT i FROM generate_series(1, 40) i;
INSERT INTO player SELECT i, 1 + i % 40, 'p' || i FROM generate_series(1, 200) i;
UPDATE team SET captain = (SELECT min(id) FROM player WHERE team = team.id);
SQL
    init_pair
    changed "INSERT INTO team VALUES (41)" "INSERT INTO player VALUES (300, 41, 'new'), (301, 41, 'x')" "UPDATE team SET captain = 300 WHERE id = 41" \
        "UPDATE team SET captain = NULL WHERE id = 3" "DELETE FROM player WHERE team = 3" "DELETE FROM team WHERE id = 3" "UPDATE player SET team = 41 WHERE team = 5" \
        "UPDATE team SET captain = 301 WHERE id = 5"
}

@test "a cycle whose columns are all NOT NULL, deferred" {
    p1 <<'SQL'
CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);
CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id) DEFERRABLE INITIALLY DEFERRED;
BEGIN; INSERT INTO a SELECT i, i FROM generate_series(1, 50) i; INSERT INTO b SELECT i, i FROM generate_series(1, 50) i; COMMIT;
SQL
    init_pair
    changed "INSERT INTO a VALUES (100, 101), (101, 100)" "INSERT INTO b VALUES (100, 101), (101, 100)" "DELETE FROM a WHERE id = 7" "DELETE FROM b WHERE id = 7"
}

@test "a cycle whose columns are all NOT NULL, not deferrable" {
    p1 <<'SQL'
CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL);
CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a (id));
WITH x AS (INSERT INTO a SELECT i, i FROM generate_series(1, 50) i) INSERT INTO b SELECT i, i FROM generate_series(1, 50) i;
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id);
SQL
    init_pair
    changed "WITH x AS (INSERT INTO a VALUES (100, 101), (101, 100)) INSERT INTO b VALUES (100, 101), (101, 100)" \
        "WITH x AS (DELETE FROM a WHERE id = 7) DELETE FROM b WHERE id = 7"
}

@test "a cycle of three tables and a self-reference" {
    p1 <<'SQL'
CREATE TABLE x (id int PRIMARY KEY, y int, self int REFERENCES x (id));
CREATE TABLE y (id int PRIMARY KEY, z int);
CREATE TABLE z (id int PRIMARY KEY, x int REFERENCES x (id));
ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y (id); ALTER TABLE y ADD FOREIGN KEY (z) REFERENCES z (id);
INSERT INTO x SELECT i FROM generate_series(1, 30) i; INSERT INTO z SELECT i, i FROM generate_series(1, 30) i; INSERT INTO y SELECT i, i FROM generate_series(1, 30) i;
UPDATE x SET y = 31 - id, self = 1 + id % 30;
SQL
    init_pair
    changed "INSERT INTO x VALUES (50, NULL, 50)" "INSERT INTO z VALUES (50, 50)" "INSERT INTO y VALUES (50, 50)" "UPDATE x SET y = 50 WHERE id IN (50, 4)" \
        "UPDATE x SET y = NULL, self = NULL WHERE id IN (9, 8)" "UPDATE y SET z = NULL WHERE z IN (9, 8)" "DELETE FROM z WHERE x IN (9, 8)" "DELETE FROM x WHERE id = 9"
}

@test "cascades and SET NULL: the sync writes what the primary holds, not more" {
    p1 <<'SQL'
CREATE TABLE p (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE c1 (id int PRIMARY KEY, p int REFERENCES p (id) ON DELETE CASCADE, t text);
CREATE TABLE c2 (id int PRIMARY KEY, p int REFERENCES p (id) ON DELETE SET NULL, t text);
CREATE TABLE c3 (id int PRIMARY KEY, code text DEFAULT 'c1' REFERENCES p (code) ON UPDATE CASCADE ON DELETE SET DEFAULT);
INSERT INTO p SELECT i, 'c' || i FROM generate_series(1, 100) i;
INSERT INTO c1 SELECT i, 1 + i % 100, 't' FROM generate_series(1, 300) i; INSERT INTO c2 SELECT * FROM c1; INSERT INTO c3 SELECT i, 'c' || i FROM generate_series(1, 100) i;
SQL
    init_pair
    changed "UPDATE p SET code = 'new' || id WHERE id BETWEEN 10 AND 20" "DELETE FROM p WHERE id BETWEEN 50 AND 55"
    # The parent's key leaves and comes back: its children stay as they are on the primary.
    changed "CREATE TEMP TABLE keep AS SELECT * FROM c1 WHERE p = 70" "DELETE FROM p WHERE id = 70" "INSERT INTO p VALUES (70, 'again')" "INSERT INTO c1 SELECT * FROM keep"
}

@test "a parent that is deleted with all its children, and one whose children move" {
    p1 -c "CREATE TABLE p (id int PRIMARY KEY)" -c "CREATE TABLE c (id int PRIMARY KEY, p int NOT NULL REFERENCES p (id))" \
        -c "CREATE TABLE g (id int PRIMARY KEY, c int NOT NULL REFERENCES c (id))" -c "INSERT INTO p SELECT generate_series(1, 60)" \
        -c "INSERT INTO c SELECT i, 1 + i % 60 FROM generate_series(1, 120) i" -c "INSERT INTO g SELECT i, i FROM generate_series(1, 120) i"
    init_pair
    changed "DELETE FROM g WHERE c IN (SELECT id FROM c WHERE p = 5)" "DELETE FROM c WHERE p = 5" "DELETE FROM p WHERE id = 5" \
        "UPDATE c SET p = 7 WHERE p = 6" "DELETE FROM p WHERE id = 6" "INSERT INTO p VALUES (500)" "INSERT INTO c VALUES (500, 500)" "INSERT INTO g VALUES (500, 500)"
}

@test "--tables brings one table without breaking the others" {
    p1 -c "CREATE TABLE p (id int PRIMARY KEY)" -c "CREATE TABLE c (id int PRIMARY KEY, p int NOT NULL REFERENCES p (id))" \
        -c "INSERT INTO p VALUES (1)" -c "INSERT INTO c VALUES (1, 1)"
    init_pair
    p1 -c "INSERT INTO p VALUES (2)" -c "INSERT INTO c VALUES (2, 2)"
    run_dbr sync --tables p
    exits 0
    is "$(p2 -c "SELECT count(*) FROM p")$(p2 -c "SELECT count(*) FROM c")" 21
    run_dbr sync --tables=c
    exits 0
    in_step
    # The child cannot come before its parent, which comes along.
    p1 -c "INSERT INTO p VALUES (3)" -c "INSERT INTO c VALUES (3, 3)"
    run_dbr sync --tables c
    exits 0
    stderr_has "p is included"
    in_step
}

@test "rows that break a foreign key which was never validated" {
    p1 -c "CREATE TABLE p (id int PRIMARY KEY)" -c "CREATE TABLE c (id int PRIMARY KEY, p int, t text)" -c "INSERT INTO c VALUES (1, 99, 'orphan')" \
        -c "ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p) REFERENCES p (id) NOT VALID" -c "INSERT INTO p VALUES (1)"
    init_pair
    changed "UPDATE c SET t = 'changed' WHERE id = 1" "INSERT INTO c VALUES (2, 1, 'fine')"
}
