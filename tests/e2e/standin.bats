#!/usr/bin/env bats
# Proves: the stand-in that tests use in the place of CockroachDB refuses what CockroachDB refuses, says the rest in PostgreSQL's words,
# and its weather does what it claims: a row is really there, or really is not.

load ../lib/helper

setup_file() {
    local status=0
    STANDIN_MISSING=$(standin_build) || status=$?
    [ $status -eq 3 ] || STANDIN_MISSING=
    export STANDIN_MISSING
    [ $status -ne 3 ] || return 0
    server_start guarded "" "track_commit_timestamp = on" "jit = off"
    server_sql guarded postgres -c "CREATE ROLE app LOGIN PASSWORD '$SERVERS_APP_PASSWORD'" \
        -c "CREATE DATABASE guarded OWNER app TEMPLATE template0 LC_COLLATE 'C'"
    standin_prepare guarded guarded
    standin_start guarded --statements "$BATS_FILE_TMPDIR/statements.sql"
}

teardown_file() {
    [ -z "$STANDIN_MISSING" ] || return 0
    kill "$(cat "$SERVERS_DIR/guarded.standin/pid")"
    server_stop guarded
    rm -rf "$SERVERS_DIR"/guarded*
}

setup() {
    [ -z "$STANDIN_MISSING" ] || skip "$STANDIN_MISSING"
    URL=$(server_url guarded guarded)
    tell reset
    server_sql guarded guarded -c "SET client_min_messages = warning" -c "DROP SCHEMA public CASCADE" -c "CREATE SCHEMA public AUTHORIZATION app" \
        -c "SET ROLE app" -c "CREATE TABLE t (id int8 PRIMARY KEY, note text)"
}

tell() { standin_tell -p guarded "$@"; }
behind() { sql "$URL" "$@"; }
notes() { behind -c "SELECT coalesce(string_agg(id || note, ' ' ORDER BY id), '') FROM t"; }
# wire: the answers to the messages of the script on stdin (see wire.py).
wire() { python3 "$ROOT/tests/lib/wire.py" "$@"; }
# answers WORDS...: what the client saw of the script on stdin, lines joined by "; ".
answers() {
    local seen
    seen=$(wire "$URL" | paste -sd ';' | sed 's/;/; /g')
    [ "$seen" = "$1" ] || fail "answers:  $seen" "expected: $1"
}

# refused: each line of stdin is a SQLSTATE and a statement that is refused with it, alone, in a pipeline between two others, and in a
# transaction, in either protocol.
refused() {
    local code sql
    while read -r code sql; do
        printf '%s\n' "query $sql" "run SELECT 1" "run $sql" "run SELECT 2" sync "query BEGIN" "query $sql" "query SELECT 3" \
            "query ROLLBACK" "run SELECT 4" sync >>"$BATS_TEST_TMPDIR/script"
        printf '%s\n' "error $code" "ready I" "row 1" "done SELECT" "error $code" "ready I" "done BEGIN" "ready T" "error $code" "ready E" \
            "error 25P02" "ready E" "done ROLLBACK" "ready I" "row 4" "done SELECT" "ready I" | sed "s/\$/   -- ${sql//\//\\/}/" \
            >>"$BATS_TEST_TMPDIR/expected"
    done
    wire "$URL" <"$BATS_TEST_TMPDIR/script" | cut -d ' ' -f 1,2 | paste -d '' - <(sed 's/.*   -- /   -- /' "$BATS_TEST_TMPDIR/expected") \
        >"$BATS_TEST_TMPDIR/seen"
    diff -U 3 "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/seen" >"$BATS_TEST_TMPDIR/diff" || fail "$(head -n 30 "$BATS_TEST_TMPDIR/diff")"
}

@test "a session begins as one of CockroachDB" {
    local seen
    seen=$(wire -p "$URL" options="-c TimeZone=UTC -c default_int_size=4 --cluster=some-1234" <<<"query SHOW default_int_size")
    has "$seen" start "parameter crdb_version=CockroachDB CCL v25.2.1 (" "parameter server_version=13.0.0" "row 4"
    lacks "$seen" start default_transaction_read_only in_hot_standby search_path
    is "$(wire "$URL" options="-c work_mem=4MB" </dev/null)" 'error 0A000 the configuration setting "work_mem" is not supported'
    is "$(wire "$URL" options="-c no_such=1" </dev/null)" 'error 42704 unrecognized configuration parameter "no_such"'
    is "$(wire "$URL" client_encoding=LATIN1 </dev/null | cut -d' ' -f1-2)" "error 0A000"
    answers "row CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/01/01 00:00:00, go1.23.7); done SELECT 1; ready I" <<<"query SELECT version()"
    answers "row 13.0.0; done SHOW; ready I" <<<"query SHOW server_version"
}

@test "what the parser refuses" {
    refused <<'LIST'
42601 SELEC 1
42601 LOCK TABLE t
42601 TRUNCATE t RESTART IDENTITY
42601 INSERT INTO t (id) OVERRIDING SYSTEM VALUE VALUES (1)
42601 INSERT INTO t (id) VALUES (1) ON CONFLICT (lower(note)) DO NOTHING
42601 CREATE INDEX ON t (note COLLATE "C")
0A000 CREATE INDEX ON t (note ASC NULLS LAST)
0A000 SET CONSTRAINTS ALL DEFERRED
0A000 CREATE TEMPORARY TABLE s (a INT8) ON COMMIT DROP
0A000 ALTER TABLE t ADD CONSTRAINT u UNIQUE (note) DEFERRABLE
0A000 CREATE TABLE s (a XML)
0A000 CREATE INDEX ON t USING brin (id)
0A000 CREATE DOMAIN d AS INT8
LIST
}

@test "what the parser takes and CockroachDB refuses all the same" {
    refused <<'LIST'
0A000 CREATE TEMPORARY TABLE s (a INT8)
0A000 CREATE SEQUENCE s CYCLE
0A000 BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE, DEFERRABLE
0A000 SET session_replication_role = replica
42704 SET no_such_variable = 1
42704 CREATE TABLE s (a int4range)
42704 SELECT '1'::xid
0A000 SELECT ARRAY[ARRAY[1], ARRAY[2]]
0A000 INSERT INTO t SELECT array_length(x.a::INT8[], 1) FROM (SELECT '{{1,2},{3,4}}' AS a) AS x
22P02 SELECT '[2:3]={1,2}'::INT8[]
42703 SELECT xmin FROM t
42703 SELECT t.ctid FROM t
42883 SELECT pg_terminate_backend(1)
42883 SELECT pg_catalog.hashtextextended('a', 1)
42883 SELECT pg_advisory_xact_lock(1)
42883 SELECT system_identifier FROM pg_control_system()
42883 SELECT md5(note), bit_xor(id) FROM t GROUP BY 1
42P01 SELECT 1 FROM pg_catalog.pg_stat_bgwriter
42P01 SELECT 1 FROM pg_toast.pg_toast_1
42P01 SELECT 1 FROM crdb_standin.shown
42703 SELECT xmin FROM pg_class
42703 SELECT prosqlbody FROM pg_catalog.pg_proc
0A000 WITH a AS (UPDATE t SET note = '' RETURNING id) DELETE FROM t WHERE id IN (SELECT id FROM a)
0A000 SELECT (WITH c AS (SELECT o.id) SELECT id FROM c) FROM t AS o
LIST
    answers "error 08P01 COPY together with other statements in a query string is not supported; ready I" \
        <<<"query SELECT 1; COPY t TO STDOUT"
    answers "error 42601 prepared statement had multiple statements, expected 1; ready I" <<<$'run SELECT 1; SELECT 2\nsync'
}

@test "nothing of a query string is run when the parser refuses a part, the statements before another failure are" {
    answers 'error 42601 at or near "selec": syntax error; ready I' <<<"query INSERT INTO t VALUES (1, 'a'); SELEC 1"
    answers 'done BEGIN; done INSERT 0 1; done COMMIT; error 42883 unknown function: nope(); ready I' \
        <<<"query BEGIN; INSERT INTO t VALUES (2, 'b'); COMMIT; SELECT nope(); INSERT INTO t VALUES (3, 'c')"
    is "$(notes)" 2b
}

@test "a table that is made of a query may have a primary key" {
    answers "done INSERT 0 1; ready I; done SELECT 1; ready I; row 1|a; done SELECT 1; ready I" <<'SCRIPT'
query INSERT INTO t VALUES (1, 'a')
query CREATE TABLE IF NOT EXISTS s (k, v, PRIMARY KEY (k)) AS SELECT id, note FROM t
query SELECT k, v FROM s
SCRIPT
}

@test "a parameter needs a type from somewhere" {
    answers 'error 42P18 could not determine data type of placeholder $1; ready I' <<<$'run SELECT $1 | a\nsync'
    answers 'error 42P18 could not determine data type of placeholder $2; ready I' <<<$'run SELECT $1::INT8 WHERE coalesce($2, NULL) IS NULL | 1 | 2\nsync'
    answers 'error 42P18 could not determine data type of placeholder $1; ready I' <<<$'run SELECT length($1) | a\nsync'
    answers 'row a|1; done SELECT 1; ready I' <<<$'run SELECT $1::STRING, id FROM (SELECT 1 AS id) AS s WHERE id = $2 | a | 1\nsync'
    answers 'done INSERT 0 1; ready I' <<<$'run INSERT INTO t VALUES ($1, $2) | 7 | x\nsync'
}

@test "a message longer than 16 MiB" {
    answers "error 08P01 message size 17 MiB bigger than maximum allowed message size 16 MiB; ready I; row 1; done SELECT 1; ready I" <<<$'fill 17000000\nquery SELECT 1'
}

@test "words of CockroachDB" {
    answers "done CREATE TABLE; ready I; done CREATE INDEX; ready I; done CREATE INDEX; ready I" <<'SCRIPT'
query CREATE TABLE a (id INT PRIMARY KEY, s STRING NOT NULL, b BYTES, l STRING(5), tags STRING[] DEFAULT '{}'::STRING[], j JSON, n INT8 DEFAULT 0:::INT8)
query CREATE INVERTED INDEX a_j ON a (j)
query CREATE INDEX a_s ON a (s) STORING (b)
SCRIPT
    is "$(behind -c "SELECT string_agg(format_type(atttypid, atttypmod), ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attnum > 0")" \
        "bigint text bytea character varying(5) text[] jsonb bigint"
    is "$(behind -c "SELECT string_agg(pg_get_indexdef(indexrelid), ' ' ORDER BY indexrelid) FROM pg_index WHERE indrelid = 'a'::regclass AND NOT indisprimary")" \
        "CREATE INDEX a_j ON public.a USING gin (j) CREATE INDEX a_s ON public.a USING btree (s) INCLUDE (b)"
    answers "row 41|STRING; done SELECT 1; ready I" <<'SCRIPT'
query SELECT ('0x' || substr('029', 2, 2))::INT8, 'STRING'::STRING
SCRIPT
    answers "done BEGIN; ready T; row 0; done SELECT 1; ready T; error 25006 cannot execute INSERT in a read-only transaction; ready E; done ROLLBACK; ready I" <<'SCRIPT'
query BEGIN AS OF SYSTEM TIME '-5s'
query SELECT count(*) FROM t
query INSERT INTO t VALUES (1, 'a')
query ROLLBACK
SCRIPT
    answers "row 0; done SELECT 1; ready I" <<<"query SELECT count(*) FROM t AS OF SYSTEM TIME '-1s' WHERE id > 0"
    is "$(wire "$URL" <<<"query SELECT experimental_strftime(now(), '%Y-%m-%dT%H:%M:%S.000Z')" | head -n 1 | sed -E 's/[0-9]/9/g')" "row 9999-99-99T99:99:99.999Z"
    is "$(wire "$URL" <<<"query SELECT crdb_internal.cluster_id()" | head -n 1 | sed -E 's/[0-9a-f]/9/g')" "row 99999999-9999-9999-9999-999999999999"
}

@test "a unique constraint is an index, and goes with it" {
    answers "done CREATE TABLE; ready I; error 2BP01 index \"a_u\" is in use as unique constraint; ready I; done DROP INDEX; ready I; done DROP INDEX; ready I; error 42704 index \"a_u\" does not exist; ready I" <<'SCRIPT'
query CREATE TABLE a (id INT8 PRIMARY KEY, u INT8, CONSTRAINT a_u UNIQUE (u))
query DROP INDEX a@a_u
query DROP INDEX "public"."a"@"a_u" CASCADE
query DROP INDEX IF EXISTS a@a_u
query DROP INDEX a@a_u
SCRIPT
}

@test "a transaction is serializable unless it asks for READ COMMITTED or reads the past" {
    answers "row serializable; done SHOW; ready I; done BEGIN; ready T; row serializable; done SHOW; ready T; done COMMIT; ready I; done BEGIN; ready T; \
row serializable; done SHOW; ready T; done COMMIT; ready I; done BEGIN; ready T; row read committed; done SHOW; ready T; done COMMIT; ready I" <<'MESSAGES'
query SHOW transaction_isolation
query BEGIN
query SHOW transaction_isolation
query COMMIT
query BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE
query SHOW transaction_isolation
query COMMIT
query BEGIN ISOLATION LEVEL READ COMMITTED
query SHOW transaction_isolation
query COMMIT
MESSAGES
    # Each reads what the other writes: one of them is refused.
    wire "$URL" >"$BATS_TEST_TMPDIR/two" <<'MESSAGES' &
query BEGIN
query SELECT count(*) FROM t
query INSERT INTO t VALUES (1, 'one')
query SELECT pg_sleep(2)
query COMMIT
MESSAGES
    sleep 0.7
    wire "$URL" >"$BATS_TEST_TMPDIR/one" <<'MESSAGES'
query BEGIN
query SELECT count(*) FROM t
query INSERT INTO t VALUES (2, 'two')
query COMMIT
MESSAGES
    wait $!
    is "$(cat "$BATS_TEST_TMPDIR"/{one,two} | grep -c 'error 40001')" 1
}

@test "DDL commits what came before, and runs on its own" {
    answers "done BEGIN; ready T; done INSERT 0 1; ready T; done CREATE TABLE; ready I; done INSERT 0 1; ready I; notice there is no transaction in progress; done ROLLBACK; ready I" <<'SCRIPT'
query BEGIN
query INSERT INTO t VALUES (1, 'a')
query CREATE TABLE x (id INT8 PRIMARY KEY)
query INSERT INTO t VALUES (2, 'b')
query ROLLBACK
SCRIPT
    is "$(notes)" "1a 2b"
    # In a pipeline: what stands before in the segment is committed, what stands after is undone with its own failure.
    answers "done INSERT 0 1; done CREATE TABLE; done INSERT 0 1; error 23505 duplicate key value violates unique constraint \"t_pkey\"; ready I" <<'SCRIPT'
run INSERT INTO t VALUES ($1, $2) | 3 | c
run CREATE TABLE y (id INT8 PRIMARY KEY)
run INSERT INTO t VALUES (4, 'd')
run INSERT INTO t VALUES (1, 'a')
sync
SCRIPT
    is "$(notes)" "1a 2b 3c"
    answers "done BEGIN; done INSERT 0 1; done DROP TABLE; ready I" <<'SCRIPT'
run BEGIN
run INSERT INTO t VALUES (5, 'e')
run DROP TABLE x
sync
SCRIPT
    is "$(notes)" "1a 2b 3c 5e"
    answers "done INSERT 0 1; done CREATE TABLE; error 42P01 relation \"no_such\" does not exist; ready I" \
        <<<"query INSERT INTO t VALUES (6, 'f'); CREATE TABLE x (id INT8 PRIMARY KEY); SELECT 1 FROM no_such"
    is "$(notes)" "1a 2b 3c 5e 6f"
    # A failed transaction stays one.
    answers "done BEGIN; ready T; error 42P01 relation \"no_such\" does not exist; ready E; error 25P02 current transaction is aborted, commands ignored until end of transaction block; ready E" <<'SCRIPT'
query BEGIN
query SELECT 1 FROM no_such
query CREATE TABLE z (id INT8 PRIMARY KEY)
SCRIPT
}

@test "DDL stays in its transaction where the session wants it so" {
    answers "done SET; ready I; done BEGIN; ready T; done INSERT 0 1; ready T; done CREATE TABLE; ready T; done ROLLBACK; ready I" <<'SCRIPT'
query SET autocommit_before_ddl = off
query BEGIN
query INSERT INTO t VALUES (1, 'a')
query CREATE TABLE x (id INT8 PRIMARY KEY)
query ROLLBACK
SCRIPT
    is "$(wire "$URL" options="-c autocommit_before_ddl=off" <<<$'run BEGIN\nrun CREATE TABLE x (id INT8 PRIMARY KEY)\nrun ROLLBACK\nsync' | tail -n 1)" "ready I"
    is "$(notes)$(behind -c "SELECT to_regclass('x')")" ""
}

@test "a sequence is one stored number" {
    answers "done CREATE SEQUENCE; ready I; row 0|0|t; done SELECT 1; ready I; row 1; done SELECT 1; ready I; row 1|t; done SELECT 1; ready I; row 10; done SELECT 1; ready I; row 9|t; done SELECT 1; ready I; row 10; done SELECT 1; ready I; row 5; done SELECT 1; ready I; row 6; done SELECT 1; ready I" <<'SCRIPT'
query CREATE SEQUENCE q
query SELECT last_value, log_cnt, is_called FROM q
query SELECT nextval('q')
query SELECT last_value, is_called FROM public.q
query SELECT setval('q', 10, false)
query SELECT last_value, is_called FROM "public"."q"
query SELECT nextval('q'::REGCLASS)
query SELECT pg_catalog.setval('q', 5)
query SELECT last_value + 1 FROM q
SCRIPT
}

@test "numbers and JSON in its spelling" {
    answers 'row 1e+06|999999|1.23456789e+08|-1e-05|Infinity|NaN|1e+06|{1e+06,NULL,2}; done SELECT 1; ready I' <<'SCRIPT'
query SELECT 1000000::FLOAT8, 999999::FLOAT8, 123456789::FLOAT8, -0.00001::FLOAT8, 'Infinity'::FLOAT8, 'NaN'::FLOAT8, 1e6::FLOAT4, '{1e6,NULL,2}'::FLOAT8[]
SCRIPT
    answers 'row 1E-7|0.000001|10.50|0E-8|{1E-7,1}; done SELECT 1; ready I' <<'SCRIPT'
run SELECT 0.0000001::DECIMAL, 0.000001::DECIMAL, 10.50::DECIMAL, 0::DECIMAL(12,8), '{0.0000001,1}'::DECIMAL[]
sync
SCRIPT
    answers 'row {"a": [1, 2.50], "aa": "\u0008\n", "b": null}|{"{\"a\": 2, \"bb\": 1}",NULL}; done SELECT 1; ready I' <<'SCRIPT'
query SELECT '{"b":null,"aa":"\b\n","a":[1,2.50]}'::JSONB, ARRAY['{"bb":1,"a":2}'::JSONB, NULL]
SCRIPT
    # Casts to text give the same, also inside a statement; a column keeps its name.
    answers 'row 1e+07|1.23456725e+06|1E-7|0E-8|{"a": [1, "\u0008"], "bb": 1E-7}|10.0.0.1|10.0.0.0/8|true|a; done SELECT 1; ready I' <<'SCRIPT'
query SELECT x, y, (0.1e-6::DECIMAL)::STRING, z::TEXT, j::STRING, i::STRING, n::STRING, true::STRING, 'a'::STRING FROM (SELECT x::STRING, max(y)::STRING AS y, z, j, i, n FROM (SELECT 1e7::FLOAT8 AS x, 1234567.25::FLOAT8 AS y, 0::DECIMAL(12,8) AS z, '{"bb":0.0000001,"a":[1,"\b"]}'::JSONB AS j, '10.0.0.1'::INET AS i, '10.0.0.0/8'::INET AS n) AS v GROUP BY x, z, j, i, n) AS q
SCRIPT
    answers 'row 9007199254740993|9007199254740993|1234567.123456789|1700000000.123456; done SELECT 1; ready I' <<'SCRIPT'
query SELECT n::STRING, n::DECIMAL, f::DECIMAL, t::DECIMAL FROM (SELECT 9007199254740993::INT8 AS n, 1234567.123456789::FLOAT8 AS f, '2023-11-14 22:13:20.123456+00'::TIMESTAMPTZ AS t) AS v
SCRIPT
    answers 'out 1e+07,"{""a"": 2, ""bb"": ""x\\y""}",1E-7," x","",; done COPY 1; ready I' <<'SCRIPT'
query COPY (SELECT 1e7::FLOAT8, '{"bb":"x\\y","a":2}'::JSONB, 0.0000001::DECIMAL, ' x', '', NULL::STRING) TO STDOUT WITH CSV
SCRIPT
    answers 'out 1e+07	{"a": 2, "bb": "x\\\\y"}	\N; done COPY 1; ready I' <<'SCRIPT'
query COPY (SELECT 1e7::FLOAT8, '{"bb":"x\\y","a":2}'::JSONB, NULL::STRING) TO STDOUT
SCRIPT
    # A value that is spelled like NULL cannot be told from it.
    answers 'out \N,\N; done COPY 1; ready I' <<<"query COPY (SELECT '\\N', NULL::STRING) TO STDOUT WITH CSV NULL '\\N'"
    answers 'error 42703 column "nope" does not exist; ready I; row 1; done SELECT 1; ready I' <<<$'query COPY (SELECT nope FROM t) TO STDOUT\nquery SELECT 1'
}

@test "COPY takes rows as CSV, alone, in the simple protocol" {
    answers 'in; done COPY 2; ready I' <<'SCRIPT'
query COPY t (id, note) FROM STDIN WITH CSV NULL '\N'
row 1,"a\x0a\x0ab"
row
row 2,\\N
done
SCRIPT
    is "$(behind -c "SELECT count(*), count(note), max(length(note)) FROM t")" "2|1|4"
    is "$(wire "$URL" <<<"query COPY t FROM STDIN" | cut -c1-11 | head -n 1)" "error 0A000"
    is "$(wire "$URL" <<<"query COPY t TO STDOUT WITH (FORMAT binary)" | cut -c1-11 | head -n 1)" "error 0A000"
    is "$(wire "$URL" <<<$'run COPY t FROM STDIN WITH CSV\nsync' | cut -c1-11 | head -n 1)" "error 0A000"
    is "$(wire "$URL" <<<"query COPY t FROM STDIN WITH CSV; SELECT 1" | cut -c1-11 | head -n 1)" "error 08P01"
}

@test "sessions are shown and cancelled" {
    client_open application_name="idle one"
    client "query BEGIN; INSERT INTO t VALUES (9, 'i')" "ready T"
    answers "row 1; done SELECT 1; ready I; done CANCEL SESSIONS 1; ready I" <<'SCRIPT'
query WITH s AS (SHOW CLUSTER SESSIONS) SELECT count(*) FROM s WHERE application_name = 'idle one' AND status = 'IDLE'
run CANCEL SESSIONS IF EXISTS (WITH s AS (SHOW CLUSTER SESSIONS) SELECT session_id FROM s WHERE application_name = 'idle one')
sync
SCRIPT
    client "query COMMIT" lost
    is "$(notes)" ""
}

# A client that stays: client_open [PARAMETER...]; client COMMAND WORDS: waits until it says so.
client_open() {
    mkfifo "$BATS_TEST_TMPDIR/in"
    wire "$URL" "$@" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
    exec {CLIENT}>"$BATS_TEST_TMPDIR/in"
}
client() {
    echo "$1" >&"$CLIENT" || true
    wait_for 20 grep -qF "$2" "$BATS_TEST_TMPDIR/out" || fail "the client lacks: $2" "$(cat "$BATS_TEST_TMPDIR/out")"
}

@test "weather: 40001 at BEGIN, at a statement, at COMMIT" {
    local retry="error 40001 restart transaction: TransactionRetryWithProtoRefreshError: TransactionRetryError: retry txn (RETRY_SERIALIZABLE)"
    tell inject begin 40001
    tell inject statement 40001 1 INSERT INTO t
    tell inject commit 40001
    answers "$retry; ready I; done BEGIN; ready T; row 1; done SELECT 1; ready T; $retry; ready E; done ROLLBACK; ready I" <<'SCRIPT'
query BEGIN
query BEGIN
query SELECT 1
query INSERT INTO t VALUES (1, 'a')
query ROLLBACK
SCRIPT
    answers "done BEGIN; done INSERT 0 1; $retry; ready I; done BEGIN; done INSERT 0 1; done COMMIT; ready I" <<'SCRIPT'
run BEGIN
run INSERT INTO t VALUES (1, 'lost')
run COMMIT
sync
run BEGIN
run INSERT INTO t VALUES (1, 'kept')
run COMMIT
sync
SCRIPT
    is "$(notes)" 1kept
    tell inject commit 40001
    answers "done BEGIN; done INSERT 0 1; $retry; ready I" <<<"query BEGIN; INSERT INTO t VALUES (2, 'lost'); COMMIT; SELECT 1"
    tell inject statement 40001 2
    answers "$retry; ready I; $retry; ready I; done INSERT 0 1; ready I" <<'SCRIPT'
run INSERT INTO t VALUES ($1, $2) | 3 | c
sync
query INSERT INTO t VALUES (3, 'c')
query INSERT INTO t VALUES (3, 'c')
SCRIPT
    is "$(notes)" "1kept 3c"
    is "$(tell stats | jq -c .injected)" '{"begin 40001":1,"commit 40001":2,"statement 40001":3}'
}

@test "weather: 40003 says that the result is ambiguous, and it was either" {
    local protocol
    for protocol in query run; do
        behind -c "DELETE FROM t"
        tell inject commit 40003-applied
        tell inject commit 40003-lost
        answers "done BEGIN; done INSERT 0 1; error 40003 result is ambiguous: error=ba: EndTxn: connection lost; ready I; done BEGIN; done INSERT 0 1; error 40003 result is ambiguous: error=ba: EndTxn: connection lost; ready I" \
            <<<"$(in_transaction $protocol 1 applied; in_transaction $protocol 2 lost)"
        is "$(notes)" 1applied
    done
}

@test "weather: the connection is lost at COMMIT, and it was either" {
    local protocol
    for protocol in query run; do
        behind -c "DELETE FROM t"
        tell inject commit drop-applied
        loses <<<"$(in_transaction $protocol 1 applied)"
        is "$(notes)" 1applied
        tell inject commit drop-lost
        loses <<<"$(in_transaction $protocol 2 lost)"
        is "$(notes)" 1applied
    done
}

@test "weather: a COMMIT is chosen by a statement of its transaction" {
    local ambiguous="error 40003 result is ambiguous: error=ba: EndTxn: connection lost"
    tell inject commit 40003-applied 1 chosen
    answers "done BEGIN; done INSERT 0 1; done COMMIT; ready I; done INSERT 0 1; ready I; done BEGIN; done INSERT 0 1; done COMMIT; ready I; done BEGIN; done INSERT 0 1; $ambiguous; ready I" <<SCRIPT
$(in_transaction query 1 one)
query INSERT INTO t VALUES (2, 'chosen')
$(in_transaction run 3 other)
$(in_transaction run 4 chosen)
SCRIPT
    is "$(notes)" "1one 2chosen 3other 4chosen"
}

@test "weather: it is not known whether a statement outside of a transaction happened" {
    local protocol ambiguous="error 40003 result is ambiguous: error=ba: EndTxn: connection lost"
    for protocol in query run; do
        behind -c "DELETE FROM t"
        tell inject statement 40003-applied 1 lone
        tell inject statement 40003-lost 1 lone
        answers "done BEGIN; done INSERT 0 1; done COMMIT; ready I; $ambiguous; ready I; $ambiguous; ready I" \
            <<<"$(in_transaction $protocol 1 "not lone" && alone $protocol 2 "lone, applied" && alone $protocol 3 "lone, lost")"
        is "$(notes)" "1not lone 2lone, applied"
        tell inject statement drop-applied 1 lone
        loses <<<"$(alone $protocol 4 "lone")"
        tell inject statement drop-lost 1 lone
        loses <<<"$(alone $protocol 5 "lone")"
        is "$(notes)" "1not lone 2lone, applied 4lone"
    done
}

alone() {
    echo "$1 INSERT INTO t VALUES ($2, '$3')"
    [ "$1" = query ] || echo sync
}

# Before a reset some of what was answered may still have come.
loses() {
    local seen
    seen=$(wire "$URL")
    is "$(tail -n 1 <<<"$seen")" lost
    lacks "$seen" answers "done COMMIT" error
}

# in_transaction query|run ID NOTE: a script.
in_transaction() {
    if [ "$1" = query ]; then
        echo "query BEGIN; INSERT INTO t VALUES ($2, '$3'); COMMIT"
    else
        printf '%s\n' "run BEGIN" "run INSERT INTO t VALUES ($2, '$3')" "run COMMIT" sync
    fi
}

@test "weather: a COPY fails in the middle, or loses its connection" {
    local rows=$'query COPY t FROM STDIN WITH CSV\nrow 1,a\nrow 2,b\ndone\nquery SELECT 1'
    tell inject copy 40001
    answers "in; error 40001 restart transaction: TransactionRetryWithProtoRefreshError: TransactionRetryError: retry txn (RETRY_SERIALIZABLE); ready I; row 1; done SELECT 1; ready I" <<<"$rows"
    is "$(notes)" ""
    tell inject copy drop
    answers "in; lost" <<<"$rows"
    is "$(notes)" ""
    answers "in; done COPY 2; ready I; row 1; done SELECT 1; ready I" <<<"$rows"
    is "$(notes)" "1a 2b"
}

@test "weather by chance is the same for the same seed" {
    local dir=$BATS_TEST_TMPDIR/chance first second run
    for run in first second; do
        mkdir "$dir"
        "$(standin_build)" --target "127.0.0.1:$(server_own_port guarded)" --directory "$dir" --weather 30 --seed 7 --version v24.3.5 </dev/null >/dev/null 2>&1 3>&- &
        wait_for 10 test -e "$dir/port"
        printf -v "$run" %s "$(for _ in $(seq 40); do echo "query SELECT 1"; done | wire "${URL/:$(server_port guarded)\//:$(cat "$dir/port")/}" | grep -c "^error 40001")"
        kill "$(cat "$dir/pid")"
        rm -r "$dir"
    done
    is "$first" "$second"
    [ "$first" -ge 4 ] && [ "$first" -le 24 ] || fail "$first of 40"
}

@test "connections are dropped, counted and made slow" {
    local started
    tell connections 1
    client_open
    client "query SELECT 1" "ready I"
    answers "error 53300 sorry, too many clients already" </dev/null
    tell drop
    client "query SELECT 2" lost
    tell reset
    tell delay 150
    started=$(date +%s%N)
    answers "row 1; done SELECT 1; ready I; row 2; done SELECT 1; ready I" <<<$'query SELECT 1\nquery SELECT 2'
    [ $((($(date +%s%N) - started) / 1000000)) -ge 300 ] || fail "too fast"
    is "$(tell stats | jq -c .statements)" '{"SELECT":2}'
    is "$(tell no-such-command)" "error: unknown command"
}

@test "every statement that came is written down once, as the grammar check reads it" {
    local grammar
    answers "in; done COPY 1; ready I; row 1; done SELECT 1; ready I; row 1; done SELECT 1; ready I" \
        <<<$'query COPY t FROM STDIN WITH CSV\nrow 1,a\ndone\nquery SELECT 1 AS once\nquery SELECT 1 AS once'
    is "$(grep -c 'AS once' "$BATS_FILE_TMPDIR/statements.sql")" 1
    grammar=$("$ROOT/tests/cockroach-grammar/build")
    grep -A 1 -E 'COPY t FROM STDIN WITH CSV;|AS once' "$BATS_FILE_TMPDIR/statements.sql" | grep -v '^--$' >"$BATS_TEST_TMPDIR/some"
    has "$("$grammar" "$BATS_TEST_TMPDIR/some")" "the grammar check" statements
}
