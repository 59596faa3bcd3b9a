#!/usr/bin/env bats
# Proves: every value of every type arrives as it is, by first copy, by incremental sync and by --full, and the smallest
# difference is seen.

load ../lib/helper
setup() { pair_setup empty; }
teardown() { pair_teardown; }

# Every value is updated into its neighbour's row, then deleted and inserted.
both_ways() {
    init_pair
    p1 -c "UPDATE v SET id = -id - 1" -c "UPDATE v SET id = -id"
    out_of_step
    run_dbr sync
    exits 0
    in_step
    p2w -c "UPDATE v SET id = -id"
    run_dbr sync --full --force
    exits 0
    in_step
}

# column TYPE VALUE...: a table v with one row a value, NULL last.
column() {
    local type=$1 i=0 value
    shift
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, x $type)"
    for value in "$@"; do
        i=$((i + 1))
        echo "INSERT INTO v VALUES ($i, $value);"
    done | p1
    p1 -c "INSERT INTO v VALUES (1000, NULL)"
}

@test "text: quotes, backslashes, control characters, look-alikes of NULL and of the end of a copy" {
    column text "''" "' '" "''''" "'\"'" "'\\'" "'\\\\'" "'\\N'" "'\\.'" "E'\\\\.\\n'" "E'\\n\\\\.\\n'" "'NULL'" "E'a\\tb'" "E'a\\nb'" "E'a\\r\\nb'" "E'\\b\\f\\v'" \
        "'{}'" "'(,)'" "'é'" "U&'e\\0301'" "'👩‍🚀'" "U&'\\FEFFbom'" "repeat('x', 100000)" "repeat('é\\\"', 50000)" "E'\\x01\\x1f\\x7f'" "'\$1 %s %n'"
    both_ways
}

@test "bytea" {
    column bytea "''" "'\\x00'" "'\\x5c'" "'\\x5c78'" "'\\x27220a0d09'" "decode(repeat('00ff5c275c2e0a', 20000), 'hex')" "'\\xdeadbeef'" "sha256('x')"
    both_ways
}

@test "numeric: scale, size, NaN and infinity" {
    column numeric 0 0.0 0.00 -0.0 1 1.0 1.000 "'1e1000'" "'1e-1000'" "'NaN'" "'Infinity'" "'-Infinity'" "0.1 + 0.2" "99999999999999999999999999999999999999.123456789"
    both_ways
}

@test "floats: NaN, infinities, minus zero, the smallest and largest, and one bit" {
    column "double precision" 0 "'-0'" "'NaN'" "'Infinity'" "'-Infinity'" 5e-324 1.7976931348623157e308 0.1 "0.1::float8 + 0.2::float8" 0.30000000000000004 1e21 123456789012345680
    both_ways
    p1 -c "UPDATE v SET x = '-0' WHERE id = 2"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "real, integers at their ends, booleans" {
    needs_postgres "money and arrays of arrays take another form on CockroachDB: unlike_values"
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, a real, b smallint, c integer, d bigint, e boolean, f oid, g money)" \
        -c "INSERT INTO v VALUES (1, 'NaN', -32768, -2147483648, -9223372036854775808, true, 4294967295, '-12.34'), (2, 1e-45, 32767, 2147483647, 9223372036854775807, false, 0, 0),
            (3, 3.4028235e38, 0, 0, 0, NULL, NULL, NULL), (4, '-0', 1, 1, 9007199254740993, true, 1, 1), (5, 0.1, 2, 2, 2, false, 2, 2)"
    both_ways
}

@test "jsonb and json: order, duplicates, numbers, unicode, depth" {
    needs_postgres "json becomes jsonb on CockroachDB: unlike_values"
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, a jsonb, b json)"
    p1 <<'SQL'
INSERT INTO v VALUES (1, '{"b": 1, "a": 2, "aa": [1, 1.0, 1.00, 1e2]}', '{"b": 1,   "a": 2, "a": 3}'), (2, 'null', 'null'), (3, '"\u00e9\ud83d\ude00\\\"\n"', '"\u00e9\u0000"'),
    (4, '[]', ' [ ] '), (5, '{}', '{}'), (6, '{"": ""}', '""'), (7, '123456789012345678901234567890.123', '1E400'), (8, NULL, NULL);
INSERT INTO v SELECT 9, (repeat('[', 500) || repeat(']', 500))::jsonb, NULL;
INSERT INTO v SELECT 10, jsonb_object_agg('key' || i, repeat('v"\', 20)), NULL FROM generate_series(1, 2000) i;
SQL
    both_ways
    p1 -c "UPDATE v SET a = '{\"b\": 1, \"a\": 2, \"aa\": [1, 1.0, 1.0, 1e2]}' WHERE id = (SELECT min(id) FROM v WHERE a ? 'aa')"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "arrays: empty, NULLs, nesting, bounds, of every element type" {
    needs_postgres "money and arrays of arrays take another form on CockroachDB: unlike_values"
    p1 <<'SQL'
CREATE TYPE size AS ENUM ('s', 'm, l', 'x"l', 'null');
CREATE TABLE v (id int PRIMARY KEY, a text[], b int[], c bytea[], d jsonb[], e size[], f numeric(10,2)[], g timestamp[], h uuid[], i boolean[], j float8[]);
INSERT INTO v VALUES (1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
    (2, ARRAY['a,b', '{c}', '"', '\', '', NULL, 'NULL', ' ', E'\n'], '[5:7]={1,2,3}', ARRAY['\x00', '\x5c22', '']::bytea[], ARRAY['{"a": "b,\"c\""}', 'null', NULL]::jsonb[],
     ARRAY['m, l', 'x"l', 'null', NULL]::size[], '{1.10,NULL}', '{infinity,2026-01-01}', ARRAY[md5('x')::uuid], '{t,f,NULL}', '{NaN,-0,1e300}'),
    (3, '{{a,b},{c,NULL}}', '{{{1},{2}},{{3},{4}}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, ARRAY[repeat('é"', 10000)], NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (5, '{""}', '[-2:0]={1,2,3}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SQL
    both_ways
}

@test "times: infinity, BC, microseconds, far years, zones" {
    p1 <<'SQL'
CREATE TABLE v (id int PRIMARY KEY, a timestamp, b timestamptz, c date, d time, e timetz, f timestamp(0), g time(3));
INSERT INTO v VALUES (1, 'infinity', 'infinity', 'infinity', '24:00', '24:00-12', '2026-01-01 00:00:00.5', '23:59:59.9996'), (2, '-infinity', '-infinity', '-infinity', '00:00', '00:00+14', NULL, NULL),
    (3, '4713-01-01 00:00 BC', '4713-12-31 12:00 BC', '4713-01-01 BC', '12:34:56.789012', '12:34:56.789012+05:30', '0001-01-01 BC', '00:00:00.0005'),
    (4, '294276-12-31 23:59:59.999999', '294276-12-31 00:00Z', '5874897-12-31', NULL, NULL, NULL, NULL),
    (5, '2026-03-29 02:30', '2026-03-29 01:30+00', '2026-03-29', '02:30', '02:30+02', now(), localtime), (6, '1970-01-01', '1969-12-31 23:59:59.999999Z', '1970-01-01', NULL, NULL, NULL, NULL);
SQL
    both_ways
}

@test "intervals that are equal but print differently" {
    column interval "'1 month'" "'30 days'" "'720 hours'" "'1 day'" "'24 hours'" "'-1 mon +2 days -03:04:05.000006'" "'178000000 years'" "'0'" "'1 year 2 mons'"
    both_ways
    p1 -c "UPDATE v SET x = '24:00:00' WHERE x = '1 day'"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "network, bit, uuid, range, geometric, text search, xml and other types" {
    p1 <<'SQL'
CREATE TABLE v (id int PRIMARY KEY, a inet, b cidr, c macaddr, d bit(9), e varbit, f uuid, g int4range, h tstzrange, i point, j polygon, k tsvector, l tsquery, m name, n "char", o numrange, p char(6), q varchar(3), r int8multirange, s macaddr8, t circle, u pg_lsn);
INSERT INTO v VALUES (1, '192.0.2.1/24', '2001:db8::/32', '08:00:2b:01:02:03', B'101010101', B'', md5('a')::uuid, 'empty', '[2026-01-01,infinity)', '(1e-300,NaN)', '((0,0),(1,1),(2,0))',
    'a fat cat''s', 'fat & (rat | cat)', 'n', 'x', '(,1.50]', 'ab', 'äöü', '{[1,3),[5,9)}', '08:00:2b:01:02:03:04:05', '<(0,0),1>', '16/B374D848'),
    (2, '::1', '10.0.0.0/8', NULL, NULL, B'1', NULL, '(,)', 'empty', '(-0,0)', NULL, '''O''''Brien'':1A,2B', '''a'':*', '', '', '[1.0,1.00]', '', '', '{}', NULL, NULL, '0/0'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, '[1,1]', NULL, NULL, NULL, '', '', NULL, '\', NULL, 'a  b', NULL, NULL, NULL, NULL, NULL);
SQL
    both_ways
}

@test "domains, enums and nested composite values" {
    p1 <<'SQL'
CREATE TYPE size AS ENUM ('s', 'm, l', 'x"l', 'it''s', '');
CREATE DOMAIN price AS numeric(10,2) CHECK (VALUE >= 0);
CREATE TYPE item AS (name text, cost price, tags text[]);
CREATE TYPE crate AS (a item, b item[], c size);
CREATE TABLE v (id int PRIMARY KEY, a size, b price, c item, d crate);
INSERT INTO v VALUES (1, 'm, l', 1.5, ROW('a "b", (c)', 2, ARRAY['x,y', NULL]), ROW(ROW('\', 1, '{}'), ARRAY[ROW('n', 0, NULL)::item, NULL], 'x"l')), (2, 'it''s', 0, ROW(NULL, NULL, NULL), ROW(NULL, '{}', NULL)),
    (3, '', NULL, NULL, NULL), (4, 'x"l', 99999999.99, ROW('', NULL, '{""}'), NULL);
SQL
    both_ways
}

@test "a column that is dropped, and columns in another order on the two sides" {
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, gone int, a text, b text, c text)" -c "INSERT INTO v SELECT i, i, 'a' || i, 'b' || i, 'c' || i FROM generate_series(1, 200) i" \
        -c "ALTER TABLE v DROP COLUMN gone"
    init_pair
    # The same columns; their order on the standby is another one now.
    p2w -c "ALTER TABLE v DROP COLUMN a" -c "ALTER TABLE v ADD COLUMN a text"
    p1 -c "UPDATE v SET b = 'changed' WHERE id = 7"
    out_of_step
    run_dbr sync --force
    exits 0
    in_step
}

@test "what a database sets for its sessions changes no value" {
    local server setting
    needs_postgres "money takes another form on CockroachDB: unlike_values"
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, a text[], d date, t timestamptz, i interval, b bytea, f float8, m money, x xml, s text)" \
        -c "INSERT INTO v SELECT g, ARRAY['a', NULL, 'NULL'], '2026-02-03', '2026-02-03 04:05:06.789+02', '1 year 2 days -03:04:05', '\x00ff27', 1e-7 / 3,
            12.34, 'a <b/> text', '\quote''' FROM generate_series(1, 3) g"
    for server in one two; do
        for setting in "array_nulls = off" "xmloption = document" "DateStyle = 'German, DMY'" "IntervalStyle = iso_8601" "bytea_output = escape" \
            "extra_float_digits = -15" "standard_conforming_strings = off" "TimeZone = 'Asia/Tokyo'" "quote_all_identifiers = on"; do
            server_sql $server postgres -c "ALTER DATABASE $DB SET $setting"
        done
    done
    both_ways
    run_dbr export --output=all.sql
    exits 0
    schema_clear two
    run_dbr import --input=all.sql --target=secondary --yes
    exits 0
    for url in "$P1_URL" "$P2_URL"; do
        is "$(sql "$url" -c "SELECT count(*) FROM v WHERE a[2] IS NULL AND a[3] = 'NULL' AND x::text = 'a <b/> text' AND length(s) = 7")" 3
    done
}
