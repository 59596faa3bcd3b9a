#!/usr/bin/env bats
# Proves: --clean drops exactly the objects that the file defines, whatever their names and kinds, and refuses, naming it, when
# anything else needs one of them.

load ../lib/helper

setup() {
    needs_postgres "--clean goes into PostgreSQL only"
    pair_setup empty
    p1 >/dev/null <<'SQL'
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN small AS positive CHECK (VALUE < 100);
CREATE TABLE "select" (id serial PRIMARY KEY, "we""ird.Näme" mood, v small, code text UNIQUE);
CREATE TABLE child (id integer PRIMARY KEY, code text REFERENCES "select" (code));
CREATE TABLE parted (id integer, r integer) PARTITION BY LIST (r);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE base (id integer);
CREATE TABLE heir () INHERITS (base);
CREATE VIEW seen AS SELECT * FROM "select";
CREATE MATERIALIZED VIEW stored AS SELECT * FROM seen;
CREATE FUNCTION f(a integer, m mood DEFAULT 'a') RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(a text) RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION ping(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN pong($1); END';
CREATE FUNCTION pong(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN ping($1); END';
CREATE PROCEDURE modes(OUT a integer, IN b integer) LANGUAGE plpgsql AS 'BEGIN a := 1; END';
CREATE PROCEDURE modes(IN a integer, IN b integer) LANGUAGE plpgsql AS 'BEGIN END';
INSERT INTO "select" ("we""ird.Näme", v, code) VALUES ('a', 1, 'c');
INSERT INTO child VALUES (1, 'c');
SQL
    # It does not read a server that is newer than itself.
    if pg_dump --no-owner --no-privileges -n public -d "$P1_URL" >whole.sql 2>/dev/null; then
        grep -v 'SCHEMA public' whole.sql >dump.sql
    else
        run_dbr export --output=dump.sql
        exits 0
    fi
    p2 -1 -f dump.sql >/dev/null
    p2 -c "CREATE SCHEMA other" -c 'UPDATE "select" SET v = 9'
}
teardown() { pair_teardown; }

# Every object of the secondary, the very same and what it needs, and every row.
everything() {
    p2 -c "SELECT classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype FROM pg_depend ORDER BY 1, 2, 3, 4, 5, 6"
    compare_contents "$P2_URL"
    compare_contents "$P2_URL" other
}

clean() { run_dbr import --target=secondary --input=dump.sql --clean --yes; }

# refuses SQL NAME...: with this on the secondary, the import names these and leaves everything as it is.
refuses() {
    local sql=$1 before
    shift
    p2 -c "$sql" >/dev/null
    before=$(everything)
    clean
    exits 5
    stderr_has "$@"
    [ "$(everything)" = "$before" ] || fail "the secondary has changed"
}

@test "the objects of the file are replaced, others stay" {
    p2 -c "CREATE TABLE mine (id integer)" -c "INSERT INTO mine VALUES (1)" -c "CREATE FUNCTION f(a bigint) RETURNS integer LANGUAGE sql AS 'SELECT 3'" \
        -c "CREATE TABLE other.\"select\" (id integer)"
    clean
    exits 0
    is "$(p2 -c 'SELECT v FROM "select"')" 1
    is "$(p2 -c 'SELECT id FROM mine')" 1
    is "$(p2 -c 'SELECT f(1::bigint)')" 3
    is "$(p2 -c "SELECT to_regclass('other.\"select\"')")" 'other."select"'
    clean
    exits 0
}

@test "without --clean the objects are in the way" {
    run_dbr import --target=secondary --input=dump.sql --yes
    exits 5
    stderr_has "table base" --clean --upsert
}

@test "a view that the file does not define" { refuses "CREATE VIEW other.v AS SELECT * FROM seen" 'other.v'; }
@test "a foreign key of another table" {
    refuses 'CREATE TABLE other.x (code text CONSTRAINT x_fkey REFERENCES public."select" (code))' x_fkey other.x
}
@test "a column of a type" { refuses "CREATE TABLE other.x (m public.mood[])" 'column m of table other.x'; }
@test "a domain over a domain" { refuses "CREATE DOMAIN other.tiny AS small" other.tiny; }
@test "a default from an owned sequence" {
    refuses "CREATE TABLE other.x (id integer DEFAULT nextval('public.select_id_seq'))" 'other.x'
}
@test "a partition" { refuses "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2)" parted_2; }
@test "an heir" { refuses "CREATE TABLE other.heir2 () INHERITS (base)" other.heir2; }
@test "a function with such an argument" {
    refuses "CREATE FUNCTION other.g(public.mood) RETURNS integer LANGUAGE sql AS 'SELECT 1'" other.g
}
@test "a check that calls a function" {
    refuses "CREATE TABLE other.x (t text CONSTRAINT x_check CHECK (public.f(t) = 2))" x_check
}
@test "an object of another kind" {
    refuses "DROP TABLE child; CREATE VIEW child AS SELECT 1 AS id" 'view' child
}
@test "no more than five are named" {
    for i in 1 2 3 4 5 6 7; do p2 -c "CREATE VIEW other.v$i AS SELECT 1 FROM base"; done
    clean
    exits 5
    stderr_has 'other.v1' 'and 2 more'
}
