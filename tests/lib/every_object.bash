# shellcheck shell=bash
# A schema with every kind of object and some rows in each table, on the primary; and a comparison of two schemas as pg_dump
# prints them.

# shellcheck disable=SC2034 # for the tests
STATES='^ALTER TABLE .*(EN|DIS)ABLE [A-Z ]*TRIGGER'

every_object_load() {
    server_sql one "$DB" -c "CREATE EXTENSION citext" >/dev/null 2>&1 || skip "no contrib modules on this server"
    p1 -f "$ROOT/tests/data/every_object.sql" >/dev/null
    p1 <<'SQL' >/dev/null
INSERT INTO customers (name, contact, favourite, home, who, grid, document, price, valid_in, gaps, tags)
    VALUES ('Ann', 'a@b', 3, '(street,5,city)', '(x,"(s,1,c)","{pending}")', '{{1,2},{3,4}}', '<a/>', 1.5, '[2024-01-01,2025-01-01)', '[1,2)', '{a}'),
           ('Bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}');
INSERT INTO identities DEFAULT VALUES;
INSERT INTO "select" ("from", "a""b", "it's", "größe 😀") VALUES (1, 'q', E'back\\slash', 1.50);
INSERT INTO orders (customer_id, number, reference, during, room) VALUES (1, 1, 'r', '[2024-01-01,2024-02-01)', 1);
INSERT INTO orders (customer_id, number, parent_customer, parent_number) VALUES (1, 2, 1, 1);
INSERT INTO items VALUES (1, 1, 1, 'one'), (2, NULL, NULL, 'two');
UPDATE orders SET main_item = 1;
INSERT INTO log_lines VALUES (now(), 'l'), (now(), 'l'), (NULL, NULL);
INSERT INTO "_AToB" VALUES (1, 2);
INSERT INTO scratch VALUES (1);
INSERT INTO measurements (at, kind, value) SELECT '2024-06-01'::date + 30 * i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'c' END, i FROM generate_series(0, 30) i;
INSERT INTO hashed SELECT i, 'h' FROM generate_series(1, 20) i;
INSERT INTO vehicles (id) VALUES (1);
INSERT INTO trucks (id, name, load) VALUES (2, 't', 3);
INSERT INTO nodes VALUES (1, 5);
REFRESH MATERIALIZED VIEW totals;
SQL
    # That of an unlogged table is unlogged, too, which PostgreSQL 14 does not know.
    [[ $(major1) -lt 15 || $(major2) -ge 15 ]] || p1 -c "ALTER SEQUENCE scratch_id_seq SET LOGGED" >/dev/null
}

# pg_dump restores with an empty search_path, where functions find nothing unless they bring their own: with psql no more than
# with dbr.
every_object_closed() {
    p1 <<'SQL'
SELECT format('ALTER FUNCTION %s SET search_path = public', p.oid::regprocedure)
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND l.lanname IN ('sql', 'plpgsql') \gexec
SQL
}

# The schema as pg_dump prints it, without the objects that dbr names as not carried over. $2: a pattern of lines to leave
# out; on a standby triggers that would fire when rows are applied are switched off.
printed() {
    pg_dump --schema-only --no-owner --no-privileges -n public -d "$1" |
        grep -vE '^(--|SET |SELECT pg_catalog|\\(un)?restrict |$)' | grep -vE "${2:-^\$}" |
        awk '/^CREATE OPERATOR public.===/ || /TEXT SEARCH CONFIGURATION/ { skip = 1 } !skip { print } /;$/ { skip = 0 }'
}

major1() { echo $(($(p1 -c "SHOW server_version_num") / 10000)); }
major2() { echo $(($(p2 -c "SHOW server_version_num") / 10000)); }
same_major() { [ "$(major1)" -eq "$(major2)" ]; }

# Both servers print alike, and pg_dump knows them.
printable() { same_major && [ "$(major1)" -le "$(pg_dump --version | grep -oE '[0-9]+' | head -n 1)" ]; }

# same_print [PATTERN]
same_print() {
    printable || { same_schema && return; }
    printed "$P1_URL" "$@" >"$BATS_TEST_TMPDIR/schema1"
    printed "$P2_URL" "$@" >"$BATS_TEST_TMPDIR/schema2"
    diff -u "$BATS_TEST_TMPDIR/schema1" "$BATS_TEST_TMPDIR/schema2" >"$BATS_TEST_TMPDIR/diff" ||
        fail "the schemas differ:" "$(head -n 60 "$BATS_TEST_TMPDIR/diff")"
}
