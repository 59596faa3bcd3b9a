#!/usr/bin/env bats
# Proves: --dry-run prints a schema that psql can run as one transaction, writes nothing, and needs no secondary when the
# dialect is given.

load ../lib/helper
setup() { pair_setup app; }
teardown() { pair_teardown; }

@test "the printed schema runs, and is the same" {
    needs_postgres "the printed schema goes into PostgreSQL by psql"
    run_dbr init-secondary --dry-run
    exits 0
    p2 -1 -f "$RUNS/$RUN.out" >/dev/null
    same_schema
}

@test "it writes nothing anywhere" {
    run_dbr init-secondary --dry-run
    exits 0
    is "$(p2 -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
    [ ! -e "$STATE_DIR/state.json" ] || fail "a state was written"
    run_dbr sync
    exits 5
}

@test "a dialect needs no secondary" {
    env_set DATABASE_URL_SECONDARY "postgresql://app:none@127.0.0.1:1/nowhere"
    run_dbr init-secondary --dry-run --dialect=postgres
    exits 0
    stdout_has 'CREATE TABLE' position_history
    p2 -1 -f "$RUNS/$RUN.out" >/dev/null
    same_schema
    env_unset DATABASE_URL_SECONDARY
    run_dbr init-secondary --dry-run --dialect=postgres
    exits 0
}

@test "the CockroachDB dialect keeps ids small and tells what it replaces" {
    run_dbr init-secondary --dry-run --dialect=cockroach
    exits 0
    stdout_has 'CREATE TABLE'
    stdout_lacks unique_rowid
    ! grep -iqE '(^|[^a-z])(big|small)?serial([^a-z]|$)' <<<"$output" || fail "serial in the CockroachDB schema"
}

@test "objects of every kind survive the printed schema" {
    needs_postgres "the printed schema goes into PostgreSQL by psql"
    p1 <<'SQL'
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE "Odd; --" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, p pair, q positive, "x\y" text DEFAULT E'a\nb''c\\');
COMMENT ON TABLE "Odd; --" IS E'two\nlines; and ''quotes''';
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN RETURN NEW; END $body$;
CREATE TRIGGER t BEFORE INSERT ON "Odd; --" FOR EACH ROW EXECUTE FUNCTION f();
CREATE TABLE cycle_a (id int PRIMARY KEY, b int); CREATE TABLE cycle_b (id int PRIMARY KEY, a int REFERENCES cycle_a (id));
ALTER TABLE cycle_a ADD FOREIGN KEY (b) REFERENCES cycle_b (id);
SQL
    run_dbr init-secondary --dry-run
    exits 0
    p2 -1 -f "$RUNS/$RUN.out" >/dev/null
    same_schema
}

@test "JSON carries the statements" {
    run_dbr init-secondary --dry-run --json
    exits 0
    json_true .success
}

@test "an unknown dialect names the valid ones" {
    run_dbr init-secondary --dry-run --dialect=postgress
    exits 2
    stderr_has postgress postgres
}
