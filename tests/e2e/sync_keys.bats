#!/usr/bin/env bats
# Proves: rows are found by any kind of key: composite, text in any collation, uuid, quotes and unicode, unique instead of primary,
# nullable unique beside the key, none at all.

load ../lib/helper
setup() { pair_setup empty; }
teardown() { pair_teardown; }

# changed SQL...: what must arrive.
changed() {
    local sql
    for sql in "$@"; do p1 -c "$sql"; done
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "composite keys, with parts that would run together" {
    p1 -c "CREATE TABLE t (a text, b text, n int, PRIMARY KEY (a, b))" \
        -c "INSERT INTO t VALUES ('a b', 'c', 1), ('a', 'b c', 2), ('', 'a', 3), ('a', '', 4), ('a,b', 'c', 5), ('a', 'b,c', 6), ('N', 'N', 7)" \
        -c "INSERT INTO t SELECT i::text, (i % 10)::text, i FROM generate_series(100, 1000) i" \
        -c "CREATE TABLE mixed (a int, b text, c timestamp, d uuid, v text, PRIMARY KEY (d, b, a, c))" \
        -c "INSERT INTO mixed SELECT i % 3, 'k' || i % 7, timestamp '2026-01-01' + i * interval '1 second', md5((i % 11)::text)::uuid, 'v' FROM generate_series(1, 800) i"
    init_pair
    changed "UPDATE t SET n = 20 WHERE a = 'a' AND b = 'b c'" "DELETE FROM t WHERE a = 'a b'" "INSERT INTO t VALUES ('a b c', '', 9)" \
        "UPDATE mixed SET v = 'w' WHERE a = 1 AND b = 'k3'" "DELETE FROM mixed WHERE d = md5('5')::uuid AND b = 'k2'" \
        "INSERT INTO mixed SELECT 9, 'k9', timestamp '2026-02-01', md5(i::text)::uuid, 'new' FROM generate_series(1, 30) i"
}

@test "text keys whose order depends on the collation, and differs between the two" {
    needs_postgres "text of CockroachDB is compared by its bytes everywhere"
    server_sql two postgres -c "DROP DATABASE $DB" \
        -c "CREATE DATABASE $DB OWNER app TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'" ||
        { database_create two "$DB" empty && skip "no ICU databases on this server"; }
    p1 -c "CREATE TABLE t (k text PRIMARY KEY, n int)" -c "CREATE TABLE icu (k text COLLATE \"und-x-icu\" PRIMARY KEY, n int)" \
        -c "CREATE TABLE low (k varchar(30) COLLATE \"C\" PRIMARY KEY, n int)" \
        -c "INSERT INTO t SELECT k || i, i FROM unnest(ARRAY['a', 'B', 'c', 'ä', 'Z', 'z', '-', '_', ' ', 'é', 'ß', 'ss', 'İ', 'Æ', '10', '9', '東', '👍']) k, generate_series(1, 60) i" \
        -c "INSERT INTO icu SELECT * FROM t" -c "INSERT INTO low SELECT * FROM t"
    init_pair
    changed "UPDATE t SET n = -n WHERE k LIKE 'ä%' OR k LIKE '\_3%'" "DELETE FROM t WHERE k IN ('B7', 'z60', ' 1')" \
        "INSERT INTO t SELECT k || 'x', 0 FROM unnest(ARRAY['a', 'B', '-', 'ä', 'ss']) k" \
        "UPDATE icu SET n = -n WHERE n % 7 = 0" "DELETE FROM icu WHERE k LIKE 'ß1%'" "UPDATE low SET n = -n WHERE n = 30" "DELETE FROM low WHERE n = 31"
    is "$(p2 -c "SELECT count(*) FROM t")" "$(p1 -c "SELECT count(*) FROM t")"
}

@test "a case-insensitive (nondeterministic) collation as key" {
    p1 -c "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)" || skip "no ICU"
    p1 -c "CREATE TABLE t (k text COLLATE ci PRIMARY KEY, n int)" -c "INSERT INTO t SELECT 'Key ' || i, i FROM generate_series(1, 300) i"
    run_dbr init-secondary
    exits 0
    changed "UPDATE t SET k = upper(k) WHERE n % 10 = 0" "DELETE FROM t WHERE n = 5" "UPDATE t SET n = 0 WHERE n = 6"
}

@test "keys with quotes, backslashes, newlines, NULL look-alikes and unicode" {
    p1 -c "CREATE TABLE t (k text PRIMARY KEY, n int DEFAULT 0)" -c "CREATE TABLE child (id serial PRIMARY KEY, k text REFERENCES t (k) ON UPDATE CASCADE)"
    p1 <<'SQL'
INSERT INTO t (k) VALUES (''), (' '), (''''), ('"'), ('\'), ('\\'), ('\N'), ('\.'), ('NULL'), ('null'), (E'tab\there'), (E'new\nline'), (E'cr\rlf\n'),
    ('{a,b}'), ('{"a"}'), ('(1,2)'), ('a,b'), ('$1'), ('%s'), ('--'), ('/*'), ('; DROP TABLE t'), ('é'), (U&'e\0301'), ('👩‍🚀'), (U&'\200B'), (E'\x01\x7f'),
    (repeat('k', 2000));
INSERT INTO child (k) SELECT k FROM t;
SQL
    init_pair
    changed "UPDATE t SET n = 1" "DELETE FROM child WHERE k IN ('\\N', '''', '{a,b}')" "DELETE FROM t WHERE k IN ('\\N', '''', '{a,b}')" \
        "UPDATE t SET k = k || '\"''\\' WHERE k IN ('\\', 'null', '', '\$1')"
}

@test "uuid, bigint, numeric, timestamp, date, boolean, bytea, inet, enum and negative keys" {
    p1 <<'SQL'
CREATE TYPE color AS ENUM ('red', 'green', 'blue', 'amber');
CREATE TABLE k_uuid (k uuid PRIMARY KEY, v int); INSERT INTO k_uuid SELECT md5(i::text)::uuid, i FROM generate_series(1, 300) i;
CREATE TABLE k_big (k bigint PRIMARY KEY, v int); INSERT INTO k_big SELECT (i - 150) * 60000000000000000, i FROM generate_series(1, 300) i;
INSERT INTO k_big VALUES (9223372036854775807, 0), (-9223372036854775808, 0);
CREATE TABLE k_num (k numeric PRIMARY KEY, v int); INSERT INTO k_num SELECT (i + 0.5) * 10::numeric ^ (i % 20 - 10), i FROM generate_series(1, 300) i;
INSERT INTO k_num VALUES ('NaN', 0), (-1.50, 1), (0.00, 2), (1e30, 3), ('Infinity', 4);
CREATE TABLE k_ts (k timestamp PRIMARY KEY, v int); INSERT INTO k_ts SELECT timestamp '1999-12-31 23:59:59' + i * interval '1.000001 s', i FROM generate_series(1, 300) i;
INSERT INTO k_ts VALUES ('infinity', 0), ('-infinity', 0), ('0044-03-15 BC', 0);
CREATE TABLE k_tz (k timestamptz PRIMARY KEY, v int); INSERT INTO k_tz SELECT timestamptz '2026-03-29 00:59:00Z' + i * interval '1 s', i FROM generate_series(1, 300) i;
CREATE TABLE k_date (k date PRIMARY KEY, v int); INSERT INTO k_date SELECT date '2026-01-01' + i, i FROM generate_series(1, 300) i;
CREATE TABLE k_bool (k boolean PRIMARY KEY, v int); INSERT INTO k_bool VALUES (true, 1), (false, 2);
CREATE TABLE k_bytes (k bytea PRIMARY KEY, v int); INSERT INTO k_bytes SELECT decode(md5(i::text), 'hex'), i FROM generate_series(1, 300) i;
INSERT INTO k_bytes VALUES ('', 0), ('\x00', 0), ('\x0000', 0), ('\x5c', 0), ('\x27', 0);
CREATE TABLE k_inet (k inet PRIMARY KEY, v int); INSERT INTO k_inet SELECT inet '10.0.0.0' + i, i FROM generate_series(1, 300) i;
CREATE TABLE k_enum (k color PRIMARY KEY, v int); INSERT INTO k_enum SELECT unnest(enum_range(NULL::color)), 1;
CREATE TABLE k_float (k double precision PRIMARY KEY, v int); INSERT INTO k_float SELECT i / 3.0, i FROM generate_series(1, 300) i;
INSERT INTO k_float VALUES ('NaN', 0), ('Infinity', 0), ('-Infinity', 0), (-0.0, 0), (1e308, 0), (5e-324, 0);
CREATE TABLE k_char (k char(5) PRIMARY KEY, v int); INSERT INTO k_char SELECT 'c' || i, i FROM generate_series(1, 300) i;
CREATE TABLE k_time (k time PRIMARY KEY, v int); INSERT INTO k_time SELECT time '00:00' + i * interval '77 s', i FROM generate_series(1, 300) i;
CREATE TABLE k_ival (k interval PRIMARY KEY, v int); INSERT INTO k_ival SELECT i * interval '31 hours', i FROM generate_series(1, 300) i;
CREATE TABLE k_array (k int[] PRIMARY KEY, v int); INSERT INTO k_array SELECT ARRAY[i % 10, i], i FROM generate_series(1, 300) i;
CREATE TABLE k_json (k jsonb PRIMARY KEY, v int); INSERT INTO k_json SELECT jsonb_build_object('i', i), i FROM generate_series(1, 300) i;
CREATE TABLE k_range (k int4range PRIMARY KEY, v int); INSERT INTO k_range SELECT int4range(i, i + 5), i FROM generate_series(1, 300) i;
SQL
    init_pair
    for t in uuid big num ts tz date bytes inet float char time ival array json range; do
        p1 -c "UPDATE k_$t SET v = -1 WHERE v IN (7, 150, 299)" -c "DELETE FROM k_$t WHERE v IN (8, 151)" -c "UPDATE k_$t SET v = -2 WHERE v = 0"
    done
    p1 -c "UPDATE k_bool SET v = 5" -c "DELETE FROM k_enum WHERE k = 'green'" -c "UPDATE k_enum SET v = 2 WHERE k = 'amber'" \
        -c "DELETE FROM k_ts WHERE k = '-infinity'" -c "DELETE FROM k_bytes WHERE k = ''" -c "INSERT INTO k_inet VALUES ('2001:db8::1/64', 1)"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "a unique index over NOT NULL columns stands in for a primary key" {
    p1 -c "CREATE TABLE t (a int NOT NULL, b text NOT NULL, v int)" -c "CREATE UNIQUE INDEX t_ab ON t (b, a)" \
        -c "INSERT INTO t SELECT i, 'b' || i % 5, i FROM generate_series(1, 300) i"
    init_pair
    changed "UPDATE t SET v = 0 WHERE a = 17" "DELETE FROM t WHERE a = 18" "INSERT INTO t VALUES (17, 'other', 1)"
}

@test "a partial or expression or nullable unique index is not taken for a key" {
    p1 -c "CREATE TABLE t (a int, b text NOT NULL, v int)" -c "CREATE UNIQUE INDEX ON t (b) WHERE v > 0" -c "CREATE UNIQUE INDEX ON t (lower(b), v)" \
        -c "CREATE UNIQUE INDEX ON t (a)" -c "INSERT INTO t VALUES (NULL, 'x', 0), (NULL, 'x', -1), (1, 'x', 1)"
    init_pair
    changed "UPDATE t SET b = 'y' WHERE v = -1" "DELETE FROM t WHERE v = 0" "INSERT INTO t VALUES (NULL, 'x', -5)"
}

@test "NULLs in a unique column beside the key" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, u text UNIQUE, w int, UNIQUE (u, w))" -c "INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'u' || i END, i % 3 FROM generate_series(1, 100) i"
    init_pair
    changed "UPDATE t SET u = NULL WHERE id < 20" "UPDATE t SET u = 'u' || id - 2 WHERE id BETWEEN 4 AND 15 AND id % 2 = 0" "INSERT INTO t VALUES (500, NULL, 1), (501, NULL, 1)"
}

@test "tables without any key: duplicates, NULLs, changes and deletes" {
    p1 -c "CREATE TABLE log (at timestamp, line text, n numeric)" \
        -c "INSERT INTO log SELECT timestamp '2026-01-01' + i % 10 * interval '1 s', CASE WHEN i % 4 > 0 THEN 'line ' || i % 6 END, i % 3 FROM generate_series(1, 300) i" \
        -c "INSERT INTO log SELECT NULL, NULL, NULL FROM generate_series(1, 3)" -c "CREATE TABLE flags (f boolean)" -c "INSERT INTO flags VALUES (true), (true), (NULL)"
    init_pair
    changed "DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE line = 'line 1' LIMIT 2)" "INSERT INTO log SELECT * FROM log WHERE line = 'line 5' LIMIT 4" \
        "UPDATE log SET n = 99 WHERE ctid = (SELECT min(ctid) FROM log WHERE line IS NULL)" "INSERT INTO log VALUES (NULL, NULL, NULL)" "INSERT INTO flags VALUES (true)"
    changed "DELETE FROM flags WHERE ctid = (SELECT min(ctid) FROM flags WHERE f)" "UPDATE flags SET f = false WHERE f IS NULL"
    # A copy too many on the standby.
    p2w -c "INSERT INTO flags VALUES (true)"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "a key of a domain, and of a composite type" {
    p1 -c "CREATE DOMAIN code AS text CHECK (VALUE <> '')" -c "CREATE TYPE pair AS (a int, b text)" \
        -c "CREATE TABLE d (k code PRIMARY KEY, v int)" -c "CREATE TABLE p (k pair PRIMARY KEY, v int)" \
        -c "INSERT INTO d SELECT 'c' || i, i FROM generate_series(1, 200) i" -c "INSERT INTO p SELECT ROW(i, 'x,' || i)::pair, i FROM generate_series(1, 200) i"
    init_pair
    changed "UPDATE d SET v = 0 WHERE v = 50" "DELETE FROM d WHERE v = 51" "UPDATE p SET v = 0 WHERE v = 50" "DELETE FROM p WHERE v = 51"
}
