#!/usr/bin/env bats
# Proves: the file restores with psql alone, without a word, into an empty database, and what is there then is what was exported:
# every kind of object and every row, as COPY blocks and as INSERT statements, plain and compressed.

load ../lib/helper
load ../lib/every_object

setup() {
    needs_postgres "what only PostgreSQL has is restored into it"
    pair_setup empty
    as_superuser
}
teardown() { pair_teardown; }

# psql FILE into the second database: nothing on stderr.
restore() {
    psql -X -q -v VERBOSITY=verbose -d "$P2_URL" -f "$1" >"$BATS_TEST_TMPDIR/psql.out" 2>"$BATS_TEST_TMPDIR/psql.err" ||
        fail "psql failed: $(cat "$BATS_TEST_TMPDIR/psql.err")"
    [ ! -s "$BATS_TEST_TMPDIR/psql.err" ] || fail "psql said: $(cat "$BATS_TEST_TMPDIR/psql.err")"
}

# Without what differs between two exports of equal databases: PostgreSQL 18 has names for what is NOT NULL, its elders have not,
# and each version writes views in words of its own.
body() {
    local unlike=()
    same_major || unlike=(-e 's/ CONSTRAINT "[^"]*" NOT NULL/ NOT NULL/' -e '/^CREATE (MATERIALIZED )?VIEW /,/;$/d')
    grep -vE '^-- (source|snapshot|crc32|note): ' "$1" | sed -E -e '' "${unlike[@]}"
}

same_export() {
    run_dbr export --source=secondary --output=again.sql "$@"
    exits 0
    diff -u <(body "$FIRST") <(body again.sql) >differences || fail "the second export differs:" "$(head -n 40 differences)"
}

@test "every object and row, as COPY blocks" {
    every_object_load
    run_dbr export --output=every.sql
    exits 0
    stderr_has 'operator ===' 'text search configuration plain_words' 'Export completed: schema and data of the primary'
    restore every.sql
    same_print
    same_rows
    is "$(p2 -c "SELECT count(*) FROM totals")" 1
    is "$(p2 -c "SELECT relispopulated FROM pg_class WHERE relname = 'never_filled'")" f
    FIRST=every.sql
    same_export
}

@test "every object and row, as INSERT statements" {
    every_object_load
    run_dbr export --inserts --output=every.sql
    exits 0
    ! grep -q '^COPY ' every.sql || fail "there is a COPY"
    restore every.sql
    same_print
    same_rows
    FIRST=every.sql
    same_export --inserts
}

@test "compressed, and in one transaction" {
    every_object_load
    run_dbr export --output=every.sql.gz
    exits 0
    gzip -t every.sql.gz
    gzip -dc every.sql.gz | p2 -1 -f - >/dev/null
    same_print
    same_rows
}

@test "schema first, rows later" {
    every_object_load
    run_dbr export --schema-only --output=schema.sql
    exits 0
    ! grep -qE '^(COPY|INSERT|SELECT) ' schema.sql || fail "rows in a schema"
    restore schema.sql
    is "$(p2 -c "SELECT count(*) FROM customers")" 0
    run_dbr export --data-only --output=rows.sql
    exits 0
    ! grep -qE '^(CREATE|ALTER|COMMENT) ' rows.sql || fail "definitions among rows"
}

@test "values that are easily lost" {
    p1 <<'SQL'
CREATE TABLE v (id int PRIMARY KEY, t text, b bytea, j jsonb, f float8, n numeric, ts timestamptz, i interval, a text[], m money, c "char", x xml);
INSERT INTO v VALUES
 (1, E'tab\there\nline\\.\n\\.\nend\r\x08\f\v', '\x00ff5c0a', '{"a": "x\\ny"}', 'NaN', 'NaN', 'infinity', '-1 day +02:03:04.5', '{"a,b",NULL,"NULL","",\\\\}', '$1,234.50', 'q', '<a>&amp;</a>'),
 (2, '', '', '""', '-0', '1e-30', '0044-03-15 12:00:00+00 BC', '178000000 years', '{}', '-$0.01', '', ''),
 (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (4, '\N', '\x5c4e', 'null', 1e308, 123456789012345678901234567890.123456789, '294276-12-31 23:59:59.999999+00', '1 mon -1 days', '{{1,2},{3,4}}', '0', '\', NULL),
 (5, E'\\.', '\x5c2e', '[1.10, 1.1]', 1.1e-5, 0.0000001, '-infinity', '00:00:00.000001', '{"{}"}', '$92,233,720,368,547,758.07', E'\t', NULL);
SQL
    for form in "" --inserts; do
        # shellcheck disable=SC2086 # none or one word
        run_dbr export $form --output=v.sql
        exits 0
        restore v.sql
        same_rows
        p2 -c "DROP TABLE v"
    done
}

@test "values that break a check which was never validated, and a cast" {
    p1 <<'SQL'
CREATE DOMAIN pos AS int;
CREATE TABLE dt (id int PRIMARY KEY, p pos, q int);
INSERT INTO dt VALUES (1, -5, -5);
ALTER DOMAIN pos ADD CONSTRAINT pp CHECK (value > 0) NOT VALID;
ALTER TABLE dt ADD CONSTRAINT qq CHECK (q > 0) NOT VALID;
CREATE TYPE comp AS (a int, b text);
CREATE CAST (comp AS text) WITH INOUT AS ASSIGNMENT;
SQL
    run_dbr export --output=f.sql
    exits 0
    stderr_has "cast comp as text"
    restore f.sql
    same_rows
    is "$(p2 -c "SELECT convalidated FROM pg_constraint WHERE conname = 'pp'")" f
    schema_clear two
    init_pair
}

@test "an export of the standby has the triggers as they are when it is active" {
    p1 <<'SQL'
CREATE TABLE t (id int PRIMARY KEY);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER plain BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER always BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER never BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE t ENABLE ALWAYS TRIGGER always, DISABLE TRIGGER never;
CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
CREATE TABLE parted_1_1 PARTITION OF parted_1 DEFAULT;
CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
CREATE TRIGGER parts AFTER INSERT ON parted FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE parted_1_1 DISABLE TRIGGER parts;
ALTER TABLE parted_2 ENABLE ALWAYS TRIGGER parts;
SQL
    init_pair
    run_dbr export --source=primary --schema-only --output=one.sql
    exits 0
    run_dbr export --source=secondary --schema-only --output=two.sql
    exits 0
    diff <(body one.sql) <(body two.sql) || fail "the exports differ"
    grep -q 'ENABLE ALWAYS TRIGGER "always"' two.sql || fail "a trigger has lost its state"
    grep -q 'ONLY "public"."parted_1_1" DISABLE TRIGGER "parts"' two.sql || fail "a trigger of a partition has lost its state"
    is "$(grep -c 'TRIGGER "parts"' two.sql)" 2
}
