#!/usr/bin/env bats
# Proves: --update --force drops nothing that the configuration leaves out; a table that became partitioned, or ceased to be, is made
# anew with consent; partitions and columns that come in one migration follow; every hint leads out.

load ../lib/helper
setup() { pair_setup empty; }
teardown() { pair_teardown; }

followed() {
    run_dbr init-secondary --update "$@"
    exits 0
    same_schema
    run_dbr sync
    exits 0
    in_step
    run_dbr init-secondary --update
    exits 0
    stdout_has 'nothing to change'
}

# Everything of the secondary but what belongs to t.
own_things() {
    p2 -c "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 't%' ORDER BY 1" \
        -c "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1" \
        -c "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1" \
        -c "SELECT typname FROM pg_type WHERE typtype IN ('e', 'd') AND typnamespace = 'public'::regnamespace ORDER BY 1"
}

@test "what the configuration leaves out is not dropped, nor what hangs on it" {
    needs_postgres "partitions and views are not carried to CockroachDB"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, n int)" -c "INSERT INTO t VALUES (1, 1)" -c "CREATE VIEW gone AS SELECT 1 AS x"
    env_set DB_SYNC_TABLES t
    init_pair
    p2w -c "CREATE TYPE mood AS ENUM ('good')" -c "CREATE SEQUENCE numbers" \
        -c "CREATE FUNCTION check_note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'" \
        -c "CREATE TABLE mine (id int PRIMARY KEY DEFAULT nextval('numbers'), s serial, m mood DEFAULT 'good') PARTITION BY RANGE (id)" \
        -c "CREATE TABLE mine_1 PARTITION OF mine FOR VALUES FROM (1) TO (100)" -c "CREATE INDEX mine_s ON mine (s)" \
        -c "CREATE TRIGGER mine_trigger BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION check_note()" \
        -c "CREATE VIEW my_view AS SELECT * FROM mine" -c "CREATE VIEW my_other_view AS SELECT * FROM my_view" \
        -c "CREATE FUNCTION my_count() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM my_view'" -c "INSERT INTO mine DEFAULT VALUES"
    own_things >mine.before
    p1 -c "ALTER TABLE t DROP COLUMN n" -c "DROP VIEW gone" -c "ALTER TABLE t ALTER COLUMN id TYPE bigint"
    run_dbr init-secondary --update --force
    exits 0
    stdout_has "view gone"
    own_things >mine.after
    diff <(grep -v '^gone|' mine.before) mine.after
    is "$(p2 -c "SELECT count(*) FROM mine")" 1
    is "$(p2 -c "SELECT count(*) FROM information_schema.columns WHERE table_name = 't'")" 1
    run_dbr init-secondary --update
    exits 0
    stdout_has 'nothing to change'
}

@test "a table replaced by a partitioned one of the same name" {
    needs_postgres "partitions and views are not carried to CockroachDB"
    p1 -c "CREATE TABLE t (id serial PRIMARY KEY, v int)" -c "INSERT INTO t (v) SELECT i FROM generate_series(1, 300) i" \
        -c "CREATE TABLE c (id int PRIMARY KEY, t int REFERENCES t)" -c "INSERT INTO c SELECT i, i FROM generate_series(1, 20) i" \
        -c "CREATE VIEW v AS SELECT * FROM t" \
        -c "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'" \
        -c "CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"
    init_pair
    p1 <<'SQL'
BEGIN;
DROP VIEW v;
ALTER TABLE c DROP CONSTRAINT c_t_fkey;
ALTER TABLE t RENAME TO t_old;
ALTER TABLE t_old RENAME CONSTRAINT t_pkey TO t_old_pkey;
DROP TRIGGER tr ON t_old;
CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('t_id_seq'), v int) PARTITION BY RANGE (id);
ALTER SEQUENCE t_id_seq OWNED BY t.id;
ALTER TABLE t ATTACH PARTITION t_old FOR VALUES FROM (0) TO (1000);
CREATE TABLE t_new PARTITION OF t FOR VALUES FROM (1000) TO (2000);
ALTER TABLE c ADD FOREIGN KEY (t) REFERENCES t;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE VIEW v AS SELECT * FROM t;
COMMIT;
INSERT INTO t VALUES (1500, 1);
ALTER TABLE c ADD COLUMN extra int;
SQL
    run_dbr init-secondary --update
    refused --force
    stdout_has "table t, to make it anew"
    run_dbr sync
    exits 0
    is "$(p2 -c "SELECT count(*) FROM t")" 301
    followed --force
    is "$(p2 -c "SELECT relkind FROM pg_class WHERE relname = 't'")" p
}

@test "a partitioned table replaced by a plain one" {
    needs_postgres "partitions and views are not carried to CockroachDB"
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)" -c "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (1000)" \
        -c "CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (1000) TO (2000)" -c "INSERT INTO t SELECT i, i FROM generate_series(1, 300) i"
    init_pair
    p1 -c "ALTER TABLE t RENAME TO o" -c "ALTER TABLE o RENAME CONSTRAINT t_pkey TO o_pkey" -c "CREATE TABLE t (id int PRIMARY KEY, v int)" \
        -c "INSERT INTO t SELECT * FROM o" -c "ALTER TABLE o DETACH PARTITION t_1" -c "DROP TABLE o" -c "INSERT INTO t VALUES (5000, 1)"
    run_dbr init-secondary --update
    refused --force
    followed --force
}

@test "a new column of a partitioned table together with a new partition" {
    needs_postgres "partitions and views are not carried to CockroachDB"
    p1 -c "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)" -c "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10)" \
        -c "INSERT INTO p VALUES (1)"
    init_pair
    p1 -c "ALTER TABLE p ADD COLUMN z int" -c "ALTER TABLE p ADD COLUMN n int NOT NULL DEFAULT 7" \
        -c "CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (100) PARTITION BY RANGE (id)" \
        -c "CREATE TABLE p_2_a PARTITION OF p_2 FOR VALUES FROM (10) TO (20)" -c "CREATE INDEX p_z ON p (z)" -c "INSERT INTO p VALUES (11, 1)"
    followed
}

@test "a check that a domain lost: the hint of sync is the one that helps" {
    needs_postgres "columns of a domain become its type on CockroachDB"
    p1 -c "CREATE DOMAIN d AS int CHECK (value > 0)" -c "CREATE TABLE t (id int PRIMARY KEY, d d)" -c "INSERT INTO t VALUES (1, 1)"
    init_pair
    p1 -c "ALTER DOMAIN d DROP CONSTRAINT d_check" -c "INSERT INTO t VALUES (2, -1)"
    run_dbr sync
    refused "dbr-init-secondary --update" "with --force what it dropped"
    followed --force
}

@test "removals under -q: what says which they are" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, v int)"
    init_pair
    p1 -c "ALTER TABLE t DROP COLUMN v"
    run_dbr init-secondary --update -q
    refused --force "without -q"
    stdout_empty
    run_dbr init-secondary --update --json
    exits 5
    json_is '.error.hint | test("needsForce")' true
    json_is '.needsForce | join(",")' "column t.v"
}

@test "what needs --force is not said to be done, nor the other way round" {
    needs_postgres "CockroachDB replaces a primary key in one statement"
    p1 -c "CREATE TABLE a (id int PRIMARY KEY, n int NOT NULL)" -c "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)" \
        -c "CREATE TABLE q (id serial PRIMARY KEY)" -c "INSERT INTO q DEFAULT VALUES"
    init_pair
    p1 -c "ALTER TABLE a DROP CONSTRAINT a_pkey CASCADE" -c "ALTER TABLE a ADD PRIMARY KEY (n)" -c "ALTER TABLE q RENAME TO qnew"
    run_dbr init-secondary --update
    exits 5
    stdout_has "needs --force: constraint a_pkey of table a" "needs --force: table q" "table qnew" "name of the old q_pkey, now dbr_old_q_pkey"
    is "$(grep -c "constraint a_pkey" <<<"$output")" 1
    is "$(sed -nE 's/^(added or changed|needs --force|not carried over): ([^:]*).*/\2/p' <<<"$output" | sort | uniq -d)" ""
    run_dbr init-secondary --update --json
    exits 5
    json_is '.notes | length' 0
    followed --force
}

@test "a table that was swapped by renames" {
    needs_postgres "CockroachDB replaces a primary key in one statement"
    p1 -c "CREATE TABLE c (id serial PRIMARY KEY, email text UNIQUE)" -c "INSERT INTO c (email) SELECT g || '@' FROM generate_series(1, 20) g"
    init_pair
    p1 -c "CREATE TABLE c2 (LIKE c INCLUDING ALL)" -c "INSERT INTO c2 SELECT * FROM c" -c "ALTER TABLE c RENAME TO c_old" -c "ALTER TABLE c2 RENAME TO c" \
        -c "INSERT INTO c (email) VALUES ('after')"
    run_dbr init-secondary --update
    exits 5
    stderr_has "dbr-init-secondary --update --force"
    stderr_lacks "server's log"
    followed --force
}
