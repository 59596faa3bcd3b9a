#!/usr/bin/env bats
# Proves, with a stand-in that prints values as CockroachDB does and takes what CockroachDB takes: a change of any column is
# found, whatever its type, and nothing is found where there is none; values take the form of the column that stands for theirs,
# and come back; a merge loses no change. DBR_TEST_SECONDARY=standin tests/run unlike_values

load ../lib/helper

setup() {
    on_standin || skip "the secondary is no stand-in"
    pair_setup empty
}
teardown() { ! on_standin || pair_teardown; }

# Past the fence of the primary.
p1w() { PGOPTIONS='-c default_transaction_read_only=off' sql "$P1_URL" "$@"; }

# settled: dbr finds nothing, twice over.
settled() {
    run_dbr sync --verify
    exits 0
    run_dbr sync --json
    exits 0
    json_is .recordsSynced 0
}

# found N: a comparison sees it, a sync mends N rows, and then there is nothing any more.
found() {
    run_dbr sync --verify
    exits 4
    run_dbr sync --json
    exits 0
    json_is .recordsSynced "$1"
    settled
}

init() {
    run_dbr init-secondary
    exits 0
    ! grep -qE ' no$' <<<"$output" || fail "a table was not verified"
    settled
}

# by_link: dbr reaches the secondary by a link that counts; came: the kilobytes that came over it since "link_tell two reset".
by_link() {
    link_open two two 0
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
}
came() { link_tell two stats | jq '.bytes_down / 1000 | floor'; }

# One table with a column of every type that the client compares or that the servers print differently, and its values.
EVERY="a jsonb, b json, c real, d double precision, e numeric, f numeric(20,10), g float8[], h numeric[], i jsonb[], j real[], k inet, l cidr, m inet[], n char(4)[],
    o money, p money[], q int[][], r place, s bytea, t timestamptz[], u text[], v interval, w timetz, x bit(3)[], y tsvector, z xml"
VALUES="'{\"bb\": 1, \"a\": [1.0, 1e5, 1e-7, \"\\b\\f\\u00e9\"]}', '{\"b\": 1, \"b\": 2, \"a\":   null}', 16777216, 123456789.25, 0.0000001, 0.0000000001, '{1e6,NULL,1e15,-0.5}',
    '{0.00000001,1.50,NULL}', ARRAY['{\"bb\": 1, \"a\": 2}', 'null', NULL]::jsonb[], '{1e6,0.1}', '10.0.0.1', '10.0.0.1/32', '{10.0.0.1,::1.2.3.4/100}', '{ab,\"a b\"}',
    '-1234.56', '{1,NULL}', '{{1,2},{3,NULL}}', '(1e6,\"a \"\"b\\\\\",2.0)', '\\x00ff5c', '{2026-01-01 00:00:00.5+00,infinity}', '{\"a,b\",NULL,\"NULL\",\"\"}',
    '-1 mon +2 days -03:04:05.06', '12:00:00.5+05:30', '{101,010}', '''a b'':1A,2 ''c''''d''', '<a b=\"c\">&amp;</a>'"

COLUMNS="a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z"

every_type() {
    p1 <<SQL
CREATE TYPE place AS (x double precision, y text, z numeric);
CREATE TABLE v (id int PRIMARY KEY, $EVERY);
INSERT INTO v VALUES (1, $VALUES), (3, $VALUES);
INSERT INTO v (id) VALUES (2);
SQL
}

@test "values that are printed differently are the same" {
    every_type
    init
    run_dbr sync --full --json
    exits 0
    json_is .recordsSynced 0
}

@test "a change of one column alone is found, whatever its type" {
    every_type
    # One row for each column: what is found is found by that column alone.
    p1 -c "INSERT INTO v SELECT 1000 + g, $VALUES FROM generate_series(1, 100) g"
    init
    row=1000
    while IFS='|' read -r column value; do
        row=$((row + 1))
        echo "UPDATE v SET $column = $value WHERE id = $row;"
        echo "UPDATE v SET $column = NULL WHERE id = $((row + 50));"
    done >changes <<'CHANGES'
a|'{"bb": 1, "a": [1.00, 1e5, 1e-7, "\b\f\u00e9"]}'
b|'{"b": 1, "a": null}'
c|16777218
d|123456789.25000003
e|0.00000010
f|0.0000000002
g|'{1e6,NULL,1e15,-0.25}'
h|'{0.00000001,1.5,NULL}'
i|ARRAY['{"bb": 1, "a": 3}', 'null', NULL]::jsonb[]
j|'{1e6,0.2}'
k|'10.0.0.1/31'
l|'10.0.0.0/31'
m|'{10.0.0.1,::1.2.3.4/101}'
n|'{ab,"a  b"}'
o|'1234.56'
p|'{1.01,NULL}'
q|'{{1,2},{3,4}}'
r|'(1e6,"a ""b\\",2.00)'
s|'\x00'
t|'{-infinity}'
u|'{a,b}'
v|'1 mon'
w|'12:00+02'
x|'{111}'
y|'''a b'':1'
z|'<a/>'
CHANGES
    p1 -f changes >/dev/null
    found 52
    # The standby's are undone.
    p2w -c "UPDATE v SET ($COLUMNS) = (SELECT $COLUMNS FROM v WHERE id = 1) WHERE id BETWEEN 1051 AND 1076" >/dev/null
    found 26
}

@test "without a change nothing of these columns is read" {
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, doc jsonb)" \
        -c "INSERT INTO v SELECT g, jsonb_build_object('n', g, 'aa', 1.5, 'text', repeat('x', 1000)) FROM generate_series(1, 1000) g"
    init
    by_link
    run_dbr sync
    exits 0
    [ "$(came)" -lt 200 ] || fail "$(came) kB without a change"
    p1 -c "UPDATE v SET doc = doc || '{\"n\": 0}' WHERE id = 7"
    link_tell two reset
    run_dbr sync
    exits 0
    stdout_has " 1 "
    [ "$(came)" -gt 1000 ] || fail "$(came) kB with a change"
    # What it remembers is not believed by --verify, and not needed.
    p2w -c "UPDATE v SET doc = doc || '{\"n\": -1}' WHERE id = 8"
    rm -r "$STATE_DIR/proofs"
    found 1
    is "$(p2 -c "SELECT doc->>'n' FROM v WHERE id = 8")" 8
    for file in "$STATE_DIR"/proofs/*; do echo "no proof" >"$file"; done
    p2w -c "UPDATE v SET doc = doc || '{\"n\": -1}' WHERE id = 9"
    found 1
}

@test "of a large table the buckets with a change are read" {
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, doc jsonb)" \
        -c "INSERT INTO v SELECT g, jsonb_build_object('n', g, 'aa', 1.5, 'text', repeat('x', 200)) FROM generate_series(1, 30000) g" -c "ANALYZE v"
    init
    by_link
    p1 -c "UPDATE v SET doc = doc || '{\"n\": 0}' WHERE id IN (7, 70, 700, 7000)"
    p2w -c "DELETE FROM v WHERE id = 11"
    run_dbr sync --json
    exits 0
    json_is .updated 4
    json_is .inserted 1
    [ "$(came)" -lt 500 ] || fail "$(came) kB for five rows of 7 MB"
    settled
    is "$(p2 -c "SELECT count(*) FROM v WHERE doc->>'n' = '0'")" 4
}

@test "rows without a key" {
    p1 -c "CREATE TABLE v (a int, doc jsonb)" \
        -c "INSERT INTO v VALUES (1, '{\"bb\": 1, \"a\": 2}'), (1, '{\"bb\": 1, \"a\": 2}'), (1, '{\"x\": 1e5}'), (2, NULL), (2, '[1.0]')"
    init
    p1 -c "UPDATE v SET doc = '{\"x\": 1}' WHERE doc ? 'x'"
    run_dbr sync --verify
    exits 4
    run_dbr sync
    exits 0
    settled
    is "$(p2 -c "SELECT string_agg(a || coalesce(doc->>'x', ''), ' ' ORDER BY a, doc->>'x') FROM v")" "11 1 1 2 2"
    # Nothing that is replaced is lost.
    p2w -c "UPDATE v SET doc = '{\"only\": \"here\"}' WHERE doc ? 'x'"
    run_dbr sync
    exits 0
    settled
    gzip -dc "$STATE_DIR"/salvage/*.gz | grep -q '"only": *"here"'
}

@test "values take the form of the column that stands for theirs, and come back" {
    as_superuser
    server_sql one "$DB" -c "CREATE EXTENSION hstore" -c "CREATE EXTENSION citext" >/dev/null 2>&1 || skip "no contrib modules on this server"
    p1 <<'SQL'
CREATE DOMAIN cents AS money;
CREATE DOMAIN price AS cents CHECK (VALUE > 0::money);
CREATE TYPE mood AS ENUM ('fine', 'so so');
CREATE TYPE place AS (x int, m money);
CREATE TABLE v (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a money, b price, c money[], d hstore, e hstore[], f cidr, g int4range, h tstzrange, i int4range[], j xml, k macaddr, l point,
    m char(4), n bpchar, o bit(3), p varbit, q int[], r text[][], s citext, t mood, u mood[], v place, w place[], x xid, y "char", z name);
INSERT INTO v (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z) VALUES
    ('-1234.50', 2, '{1.5,NULL}', 'a=>1, "b c"=>NULL, "d\"e"=>"\\"', ARRAY['a=>1'::hstore], '10.0.0.1/32', '[1,5]', '[2026-01-01,)', '{"[1,2]",empty}', '<a>é</a>', '08:00:2b:01:02:03', '(1.5,-2)',
     'ab', 'ab  ', '101', '10', '[0:1]={1,2}', '{{a,"b c"},{NULL,"\"d\""}}', 'Mixed', 'so so', '{fine,"so so"}', '(1,$2.50)', ARRAY['(1,$2.50)'::place, NULL], '7', 'x', 'n'),
    (NULL, NULL, '{}', '', '{}', '10.0.0.0/8', 'empty', NULL, '{}', '', NULL, NULL, '', '', NULL, '', '{}', '{}', '', NULL, '{}', NULL, '{}', NULL, '', '');
SQL
    init
    is "$(p2 -c "SELECT a, b, c, d, f, g, i, l, '<' || m || '>', '<' || n || '>', q, r, s, t, u, v FROM v WHERE id = 1")" \
        "-1234.50|2.00|{1.50,NULL}|{\"a\": \"1\", \"b c\": null, \"d\\\"e\": \"\\\\\"}|10.0.0.1|[1,6)|{\"[1,3)\",empty}|(1.5,-2)|<ab>|<ab>|{1,2}|[[\"a\", \"b c\"], [null, \"\\\"d\\\"\"]]|Mixed|so so|{fine,\"so so\"}|(1,\$2.50)"
    is "$(p2 -c "SELECT pg_typeof(a), pg_typeof(d), pg_typeof(e), pg_typeof(f), pg_typeof(g), pg_typeof(q), pg_typeof(r), pg_typeof(v) FROM v WHERE id = 1")" \
        "numeric|jsonb|text|inet|text|integer[]|jsonb|text"
    before=$(p1 -c "SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, rtrim(n), o, p, q[:], r, s, t, u, v, w, x, y, z FROM v ORDER BY id")
    run_dbr failover --yes
    exits 0
    # Each value is written anew on the secondary, in its form there, and comes back.
    p2 -c "INSERT INTO v SELECT id + 10, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z FROM v" -c "UPDATE v SET a = 99.90, d = '{\"k\": \"v\"}', r = '[[\"x\"], [\"y\"]]' WHERE id = 2"
    run_dbr sync
    exits 0
    settled
    run_dbr failback --yes
    exits 0
    run_dbr sync
    exits 0
    settled
    is "$(p1 -c "SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, rtrim(n), o, p, q[:], r, s, t, u, v, w, x, y, z FROM v WHERE id > 10 ORDER BY id")" "$before"
    is "$(p1 -c "SELECT a, d, r FROM v WHERE id = 2")" "\$99.90|\"k\"=>\"v\"|{{x},{y}}"
}

@test "arrays of arrays in a column that was declared for one dimension become JSONB" {
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, flat int[], deep int[])" -c "INSERT INTO v VALUES (1, '{1,2}', '{{1,2},{3,4}}'), (2, '{}', '{5}'), (3, NULL, NULL)"
    run_dbr init-secondary --dry-run
    exits 0
    stdout_has 'column v.deep: an array of arrays becomes JSONB' '"deep" JSONB' '"flat" INT4[]'
    init
    is "$(p2 -c "SELECT flat, deep FROM v ORDER BY id" | paste -sd ' ')" '{1,2}|[[1, 2], [3, 4]] {}|[5] |'
    p1 -c "UPDATE v SET deep = '{{1,2},{3,5}}' WHERE id = 1"
    found 1
}

@test "keys of types that are printed differently" {
    p1 <<'SQL'
CREATE TABLE a (id numeric PRIMARY KEY, v text);
INSERT INTO a VALUES (1, 'x'), (1000000, 'x'), (0.00000001, 'x'), (-0.5, 'x'), (0, 'x'), ('NaN', 'x'), (12345678901234567890.5, 'x');
CREATE TABLE b (id double precision PRIMARY KEY, v text);
INSERT INTO b VALUES (1, 'x'), (1000000, 'x'), (123456789.25, 'x'), (1e15, 'x'), (1e-7, 'x'), ('NaN', 'x'), ('Infinity', 'x'), (-1234567.1, 'x');
CREATE TABLE c (id inet PRIMARY KEY, v text);
INSERT INTO c VALUES ('10.0.0.1', 'x'), ('10.0.0.1/8', 'x'), ('::1', 'x');
CREATE TABLE d (id bytea, n char(3), v text, PRIMARY KEY (id, n));
INSERT INTO d VALUES ('\x00ff', 'a', 'x'), ('', '', 'x');
CREATE TABLE e (id text[] PRIMARY KEY, v text);
INSERT INTO e VALUES ('{a,"b c"}', 'x'), ('{}', 'x');
SQL
    init
    for table in a b c d e; do
        p1 -c "UPDATE $table SET v = 'y'"
        found "$(p1 -c "SELECT count(*) FROM $table")"
        is "$(p2 -c "SELECT count(*) FROM $table WHERE v = 'y'")" "$(p1 -c "SELECT count(*) FROM $table")"
        p1 -c "DELETE FROM $table WHERE ctid IN (SELECT ctid FROM $table LIMIT 1)"
        found 1
        p2w -c "DELETE FROM $table"
        run_dbr sync
        exits 0
        settled
    done
}

@test "keys that only the client can compare" {
    p1 <<'SQL'
CREATE TABLE a (id real PRIMARY KEY, v text);
INSERT INTO a VALUES (1, 'x'), (16777216, 'x'), (0.1, 'x');
CREATE TABLE b (id jsonb PRIMARY KEY, v text);
INSERT INTO b VALUES ('{"bb": 1, "a": 1e5}', 'x'), ('[1.0]', 'x'), ('null', 'y');
SQL
    init
    p1 -c "UPDATE a SET v = 'y' WHERE id = 1" -c "DELETE FROM a WHERE id = 16777216" -c "UPDATE b SET id = '[1.00]' WHERE id = '[1.0]'"
    run_dbr sync --verify
    exits 4
    run_dbr sync --force
    exits 0
    settled
    is "$(p2 -c "SELECT string_agg(id || v, ' ' ORDER BY id) FROM a")" "0.1x 1y"
    is "$(p2 -c "SELECT id FROM b WHERE id <@ '[1]'")" "[1.00]"
    run_dbr failover --force --yes
    exits 0
    p2 -c "UPDATE a SET v = 'served' WHERE id = 1"
    p1w -c "UPDATE b SET v = 'stranded' WHERE id = 'null'"
    run_dbr failback --yes
    exits 0
    settled
    is "$(p1 -c "SELECT v FROM a WHERE id = 1")$(p1 -c "SELECT v FROM b WHERE id = 'null'")" servedstranded
}

@test "what cannot be compared is named" {
    p1 -c "CREATE TABLE v (id int PRIMARY KEY, q tsquery)" -c "INSERT INTO v VALUES (1, 'fat & (rat | cat)')"
    run_dbr init-secondary
    exits 0
    stdout_has "column v.q: its values are copied, but no run compares them"
    run_dbr sync --verify
    exits 0
    stderr_has "column v.q is not compared"
    run_dbr sync --verify --json
    json_is '.tables[0].notCompared | join(",")' q
}

# --- merges ---------------------------------------------------------------------

# The row of that number on the primary.
doc() { p1 -c "SELECT doc->>'v' FROM t WHERE id = $1"; }

@test "a merge loses no change of a column that only the client can compare" {
    p1 -c "CREATE TABLE t (id int PRIMARY KEY, n int, doc jsonb, updated_at timestamptz)" \
        -c "INSERT INTO t SELECT g, 0, '{\"v\": \"base\", \"x\": 1e5, \"aa\": [1.0]}', '2026-01-01' FROM generate_series(1, 30) g"
    init
    run_dbr failover --force --yes
    exits 0
    # On the primary, where the secondary never saw it; on the secondary; on both; and as nothing but another spelling.
    p1w -c "UPDATE t SET doc = doc || '{\"v\": \"stranded\"}' WHERE id IN (1, 2, 5, 6, 7)" \
        -c "UPDATE t SET doc = doc || '{\"v\": \"later\"}', updated_at = '2026-03-01' WHERE id = 4" -c "DELETE FROM t WHERE id = 8"
    p2 -c "UPDATE t SET doc = doc || '{\"v\": \"served\"}' WHERE id IN (3, 5, 8)" \
        -c "UPDATE t SET doc = doc || '{\"v\": \"earlier\"}', updated_at = '2026-02-01' WHERE id = 4" \
        -c "UPDATE t SET n = 1 WHERE id = 6" -c "DELETE FROM t WHERE id IN (7, 9)"
    run_dbr failback --yes --json
    exits 0
    settled
    is "$(for id in 1 2 3 4 5 6 7 8 9 10; do doc $id; done | paste -sd ' ')" "stranded stranded served later served base served base"
    is "$(p1 -c "SELECT count(*) FROM t")" 28
    # What lost is in salvage.
    gzip -dc "$STATE_DIR"/salvage/*.gz >salvage
    is "$(jq -r 'select(.key.id == 5 and .lost.doc.v == "stranded") | .table' salvage | sort -u)" t
    is "$(jq -r 'select(.key.id == 6 and .lost.doc.v == "stranded") | .table' salvage | sort -u)" t
    is "$(jq -r 'select(.key.id == 7 and .lost.doc.v == "stranded") | .table' salvage | sort -u)" t
    is "$(jq -r 'select(.key.id == 4 and .lost.doc.v == "earlier") | .table' salvage | sort -u)" t
}

@test "a merge of rows without a key" {
    p1 -c "CREATE TABLE t (a int, doc jsonb)" -c "INSERT INTO t VALUES (1, '{\"v\": \"base\"}'), (2, '{\"v\": \"base\"}'), (3, '{\"v\": \"base\"}')"
    init
    run_dbr failover --force --yes
    exits 0
    p1w -c "UPDATE t SET doc = '{\"v\": \"stranded\"}' WHERE a IN (1, 3)"
    p2 -c "UPDATE t SET doc = '{\"v\": \"served\"}' WHERE a IN (2, 3)"
    run_dbr failback --yes
    exits 0
    settled
    is "$(p1 -c "SELECT string_agg(a || (doc->>'v'), ' ' ORDER BY a) FROM t")" "1stranded 2served 3served"
    gzip -dc "$STATE_DIR"/salvage/*.gz | grep -q stranded
}
