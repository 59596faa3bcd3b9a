/* Statements told apart: every form of pg_dump and dbr-export, and what only looks like one. */
#include "db/statement.h"
#include "unit.h"

static struct statement got;

static const char *or_none(const char *text)
{
    return text ? text : "-";
}

/* The kind and, in one string, "object schema name". */
static void expect(const char *text, enum statement_kind kind, const char *what)
{
    char found[400];
    statement_release(&got);
    statement_read(text, &got);
    (void)snprintf(found, sizeof found, "%s|%s|%s", got.object, or_none(got.schema),
                   or_none(got.name));
    if (got.kind != kind)
        print_error("%s\n", text);
    assert_int_equal(got.kind, kind);
    assert_string_equal(found, what);
}

static void expect_of(const char *schema, const char *name)
{
    assert_string_equal(or_none(got.of_schema), schema);
    assert_string_equal(or_none(got.of_name), name);
}

static void expect_arguments(const char *text, const char *arguments)
{
    statement_release(&got);
    statement_read(text, &got);
    assert_string_equal(or_none(got.arguments), arguments);
}

static void is(enum statement_kind kind, const char *text)
{
    statement_release(&got);
    statement_read(text, &got);
    if (got.kind != kind)
        print_error("%s\n", text);
    assert_int_equal(got.kind, kind);
}

static int end_of_test(void **state)
{
    (void)state;
    statement_release(&got);
    return 0;
}

TEST(objects_are_created)
{
    static const enum statement_kind kind = STATEMENT_CREATE;
    expect("CREATE TABLE public.users (\n id integer\n)", kind, "TABLE|public|users");
    expect("create unlogged table IF NOT EXISTS Users()", kind, "TABLE|-|users");
    expect("CREATE TEMP TABLE a OF b", kind, "TABLE|-|a");
    expect("CREATE TABLE a PARTITION OF b FOR VALUES IN ('AS')", kind, "TABLE|-|a");
    expect("CREATE /* x */ TABLE -- y\n\"a.b\" . \"c\"\"d.é\"\n()", kind, "TABLE|a.b|c\"d.é");
    expect("CREATE TABLE \"größe 😀\".ÄB ()", kind, "TABLE|größe 😀|Äb");
    expect("CREATE FOREIGN TABLE public.ft (a int) SERVER s", kind, "FOREIGN TABLE|public|ft");
    expect("CREATE TYPE public.shell", kind, "TYPE|public|shell");
    expect("CREATE TYPE s.e AS ENUM (\n    'a'\n)", kind, "TYPE|s|e");
    expect("CREATE DOMAIN public.d AS text COLLATE \"C\"", kind, "DOMAIN|public|d");
    expect("CREATE SEQUENCE IF NOT EXISTS s.\"Q\" AS integer", kind, "SEQUENCE|s|Q");
    expect("CREATE VIEW s.v WITH (security_barrier='true') AS SELECT 1", kind, "VIEW|s|v");
    expect("CREATE OR REPLACE VIEW v AS SELECT NULL::integer AS a FROM b", kind, "VIEW|-|v");
    expect("CREATE RECURSIVE VIEW v (a) AS SELECT 1", kind, "VIEW|-|v");
    expect("CREATE MATERIALIZED VIEW s.m AS SELECT 1 WITH NO DATA", kind, "MATERIALIZED VIEW|s|m");
    expect("CREATE COLLATION s.c (provider = libc, locale = 'C')", kind, "COLLATION|s|c");
    expect("CREATE DEFAULT CONVERSION s.c FOR 'LATIN1' TO 'UTF8' FROM f", kind, "CONVERSION|s|c");
    expect("CREATE STATISTICS s.t (ndistinct) ON a, b FROM c", kind, "STATISTICS|s|t");
    expect("CREATE STATISTICS ON a, b FROM c", kind, "STATISTICS|-|-");
    expect("CREATE TEXT SEARCH CONFIGURATION s.c (\n PARSER = p )", kind,
           "TEXT SEARCH CONFIGURATION|s|c");
    expect("CREATE TEXT SEARCH DICTIONARY s.d (TEMPLATE = t)", kind, "TEXT SEARCH DICTIONARY|s|d");
    expect("CREATE TEXT SEARCH PARSER s.p (START = a)", kind, "TEXT SEARCH PARSER|s|p");
    expect("CREATE TEXT SEARCH TEMPLATE s.t (LEXIZE = a)", kind, "TEXT SEARCH TEMPLATE|s|t");
}

TEST(objects_with_arguments_are_created)
{
    static const enum statement_kind kind = STATEMENT_CREATE;
    expect(
        "CREATE FUNCTION s.\"F\"(a integer DEFAULT 3, b text DEFAULT 'x,)'::text, c numeric(3,2) "
        "= (1, 2)[1], VARIADIC d int[] DEFAULT ARRAY[1]) RETURNS int AS $$;$$ LANGUAGE sql",
        kind, "FUNCTION|s|F");
    assert_string_equal(got.arguments, "(a integer, b text, c numeric(3,2), VARIADIC d int[])");
    expect("CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END", kind,
           "FUNCTION|-|f");
    assert_string_equal(got.arguments, "()");
    expect("CREATE PROCEDURE p( INOUT n integer /* , */ , \"DEFAULT\" text )", kind,
           "PROCEDURE|-|p");
    assert_string_equal(got.arguments, "(INOUT n integer, \"DEFAULT\" text)");
    expect("CREATE AGGREGATE s.a(double precision ORDER BY anyelement) (SFUNC = f)", kind,
           "AGGREGATE|s|a");
    assert_string_equal(got.arguments, "(double precision ORDER BY anyelement)");
    expect_arguments("CREATE AGGREGATE s.a(*) (SFUNC = f)", "(*)");

    expect("CREATE OPERATOR public.=== (\n FUNCTION = texteq,\n LEFTARG = text,\n RIGHTARG = "
           "character varying(9)\n)",
           kind, "OPERATOR|public|===");
    assert_string_equal(got.arguments, "(text, character varying(9))");
    expect("CREATE OPERATOR -~ (RIGHTARG = s.\"T\")", kind, "OPERATOR|-|-~");
    assert_string_equal(got.arguments, "(NONE, s.\"T\")");
    expect("CREATE OPERATOR class.+ (RIGHTARG = a)", kind, "OPERATOR|class|+");
    expect("CREATE OPERATOR CLASS s.c\n DEFAULT FOR TYPE integer USING btree FAMILY s.f AS\n "
           "OPERATOR 1 s.<(integer,integer)",
           kind, "OPERATOR CLASS|s|c");
    assert_string_equal(got.arguments, "USING btree");
    expect("CREATE OPERATOR FAMILY s.f USING btree", kind, "OPERATOR FAMILY|s|f");
    assert_string_equal(got.arguments, "USING btree");
    expect("CREATE CAST (public.shell AS numeric(1,2)) WITHOUT FUNCTION", kind, "CAST|-|-");
    assert_string_equal(got.arguments, "(public.shell AS numeric(1,2))");
    expect("CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION f(internal))", kind,
           "TRANSFORM|-|-");
    assert_string_equal(got.arguments, "FOR integer LANGUAGE sql");
}

TEST(parts_know_what_they_belong_to)
{
    static const enum statement_kind kind = STATEMENT_CREATE_PART;
    expect("CREATE UNIQUE INDEX i ON ONLY s.t USING btree (a)", kind, "INDEX|-|i");
    expect_of("s", "t");
    expect("CREATE INDEX CONCURRENTLY IF NOT EXISTS \"I\" ON t (a)", kind, "INDEX|-|I");
    expect_of("-", "t");
    expect("CREATE INDEX ON s.t (a)", kind, "INDEX|-|-");
    expect_of("s", "t");
    expect("CREATE INVERTED INDEX i ON \"s\".\"t\" (a)", kind, "INDEX|-|i");
    expect("CREATE INDEX i ON s.t (a) STORING (b)", kind, "INDEX|-|i");
    expect("CREATE CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE OF a, \"ON\" ON s.t FROM s.u "
           "DEFERRABLE FOR EACH ROW WHEN (a) EXECUTE FUNCTION s.f()",
           kind, "TRIGGER|-|t");
    expect_of("s", "t");
    expect("CREATE OR REPLACE TRIGGER \"T T\" BEFORE DELETE ON v EXECUTE FUNCTION f()", kind,
           "TRIGGER|-|T T");
    expect_of("-", "v");
    expect("CREATE RULE r AS\n    ON INSERT TO s.t DO (NOTIFY a; NOTIFY b)", kind, "RULE|-|r");
    expect_of("s", "t");
    expect("CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO v DO INSTEAD SELECT 1", kind,
           "RULE|-|_RETURN");
    expect_of("-", "v");
    expect("CREATE POLICY \"only mine\" ON s.t AS RESTRICTIVE FOR ALL USING (a)", kind,
           "POLICY|-|only mine");
    expect_of("s", "t");
}

TEST(schemas_extensions_and_the_server)
{
    expect("CREATE SCHEMA \"my.schema\"", STATEMENT_CREATE_SCHEMA, "SCHEMA|-|my.schema");
    expect("CREATE SCHEMA IF NOT EXISTS s AUTHORIZATION bob", STATEMENT_CREATE_SCHEMA,
           "SCHEMA|-|s");
    is(STATEMENT_OTHER, "CREATE SCHEMA s CREATE TABLE t (a int)");
    is(STATEMENT_OTHER, "CREATE SCHEMA AUTHORIZATION bob CREATE TABLE t (a int)");
    expect("CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA public",
           STATEMENT_CREATE_EXTENSION, "EXTENSION|public|uuid-ossp");
    expect("CREATE EXTENSION citext", STATEMENT_CREATE_EXTENSION, "EXTENSION|-|citext");

    expect("CREATE PUBLICATION p FOR ALL TABLES", STATEMENT_SERVER, "PUBLICATION|-|p");
    expect("ALTER PUBLICATION p ADD TABLE ONLY s.t WHERE (a)", STATEMENT_SERVER, "PUBLICATION|-|p");
    expect("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", STATEMENT_SERVER,
           "SUBSCRIPTION|-|s");
    expect("CREATE EVENT TRIGGER e ON ddl_command_start\n EXECUTE FUNCTION f()", STATEMENT_SERVER,
           "EVENT TRIGGER|-|e");
    expect("ALTER EVENT TRIGGER e DISABLE", STATEMENT_SERVER, "EVENT TRIGGER|-|e");
    expect("CREATE SERVER s FOREIGN DATA WRAPPER f", STATEMENT_SERVER, "SERVER|-|s");
    expect("CREATE FOREIGN DATA WRAPPER f HANDLER h", STATEMENT_SERVER, "FOREIGN DATA WRAPPER|-|f");
    expect("CREATE USER MAPPING FOR bob SERVER s OPTIONS (a 'b')", STATEMENT_SERVER,
           "USER MAPPING|-|bob");
    expect_of("-", "s");
    expect("CREATE OR REPLACE TRUSTED PROCEDURAL LANGUAGE plx HANDLER h", STATEMENT_SERVER,
           "LANGUAGE|-|plx");
    expect("CREATE ACCESS METHOD a TYPE TABLE HANDLER h", STATEMENT_SERVER, "ACCESS METHOD|-|a");
    expect("CREATE TABLESPACE t LOCATION '/x'", STATEMENT_SERVER, "TABLESPACE|-|t");
    expect("CREATE ROLE bob", STATEMENT_SERVER, "ROLE|-|bob");
    expect("CREATE USER bob", STATEMENT_SERVER, "ROLE|-|bob");
    expect("ALTER ROLE bob WITH SUPERUSER PASSWORD 'x'", STATEMENT_SERVER, "ROLE|-|bob");
    expect("ALTER EXTENSION e ADD FUNCTION f(a)", STATEMENT_SERVER, "EXTENSION|-|e");

    expect("CREATE DATABASE d WITH TEMPLATE = template0", STATEMENT_DATABASE, "DATABASE|-|d");
    expect("ALTER DATABASE d OWNER TO bob", STATEMENT_DATABASE, "DATABASE|-|d");
    expect("DROP DATABASE IF EXISTS d", STATEMENT_DATABASE, "DATABASE|-|d");
}

TEST(calls_for_the_server)
{
    expect("SELECT pg_catalog.lo_create('17979')", STATEMENT_SERVER, "LARGE OBJECT|-|-");
    is(STATEMENT_SERVER, "SELECT pg_catalog.lo_open('17979', 131072)");
    is(STATEMENT_SERVER, "SELECT pg_catalog.lowrite(0, '\\x68656c6c6f')");
    is(STATEMENT_SERVER, "SELECT pg_catalog.lo_close(0)");
    is(STATEMENT_SERVER, "SELECT pg_catalog.lo_unlink('17979')");
    is(STATEMENT_SERVER, "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata "
                         "WHERE oid = '17979'");
    expect("SELECT * FROM pg_catalog.pg_restore_relation_stats(\n\t'version', '180000'::integer,\n"
           "\t'relname', 't'\n)",
           STATEMENT_SERVER, "STATISTICS DATA|-|-");
    is(STATEMENT_SERVER, "SELECT * FROM pg_catalog.pg_restore_attribute_stats('a', 'b'::real)");
    expect("SELECT pg_catalog.binary_upgrade_set_next_pg_type_oid('1'::pg_catalog.oid)",
           STATEMENT_SERVER, "BINARY UPGRADE|-|-");
    is(STATEMENT_OTHER, "SELECT lo_close(0), lo_import('/etc/passwd')");
    is(STATEMENT_OTHER, "SELECT lo_import('/etc/passwd')");
    is(STATEMENT_OTHER, "SELECT other.lo_close(0)");
    is(STATEMENT_OTHER, "SELECT lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata");
    is(STATEMENT_OTHER, "SELECT lo_unlink(oid) FROM t WHERE oid = '1'");
    is(STATEMENT_OTHER, "SELECT lo_close");
    is(STATEMENT_OTHER, "SELECT lo_close(0");
}

TEST(definitions_are_changed)
{
    static const enum statement_kind kind = STATEMENT_ALTER;
    expect("ALTER TABLE ONLY s.t\n    ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES s.u(b)", kind,
           "TABLE|s|t");
    expect("ALTER TABLE IF EXISTS ONLY \"T\" ALTER COLUMN a SET DEFAULT nextval('q'::regclass)",
           kind, "TABLE|-|T");
    is(kind, "ALTER TABLE s.t DISABLE TRIGGER ALL");
    is(kind, "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY");
    is(kind, "ALTER TABLE ONLY s.t ATTACH PARTITION s.p FOR VALUES FROM ('1') TO ('2')");
    is(kind, "ALTER TABLE s.t ALTER COLUMN drop SET NOT NULL, ALTER \"DROP\" DROP NOT NULL");
    is(kind, "ALTER TABLE ONLY s.t ADD CONSTRAINT drop CHECK ((a, drop) IS NULL)");
    expect("ALTER INDEX s.i ATTACH PARTITION s.j", kind, "INDEX|s|i");
    expect("ALTER SEQUENCE s.q OWNED BY s.t.a", kind, "SEQUENCE|s|q");
    expect("ALTER TYPE s.t ADD VALUE 'x'", kind, "TYPE|s|t");
    expect("ALTER DOMAIN s.d ADD CONSTRAINT c CHECK (VALUE > 0)", kind, "DOMAIN|s|d");
    expect("ALTER OPERATOR FAMILY s.f USING hash ADD OPERATOR 1 s.=(a,b)", kind,
           "OPERATOR FAMILY|s|f");
    expect("ALTER TEXT SEARCH CONFIGURATION s.c\n ADD MAPPING FOR word WITH simple", kind,
           "TEXT SEARCH CONFIGURATION|s|c");
    expect("ALTER STATISTICS s.x SET STATISTICS 10", kind, "STATISTICS|s|x");
    expect("ALTER FUNCTION s.f(a integer) DEPENDS ON EXTENSION e", kind, "FUNCTION|s|f");
    expect("ALTER TRIGGER a ON s.t DEPENDS ON EXTENSION e", kind, "TRIGGER|-|a");
    expect_of("s", "t");
    expect("ALTER OPERATOR FAMILY s.f USING btree ADD\n    OPERATOR 1 s.<(a,b) ,\n"
           "    FUNCTION 1 (a, b) s.cmp(a,b)",
           kind, "OPERATOR FAMILY|s|f");
    is(kind, "ALTER TABLE ONLY s.t ALTER COLUMN a SET (n_distinct=5), ALTER b SET STORAGE MAIN");
    is(kind, "ALTER TABLE s.t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (\n"
             "    SEQUENCE NAME s.q\n    START WITH 1\n    CACHE 1\n)");
    is(kind, "ALTER INDEX s.i ALTER COLUMN 1 SET STATISTICS 100");
    is(kind, "ALTER TABLE ONLY s.t REPLICA IDENTITY FULL");
    is(kind, "ALTER TABLE s.t CLUSTER ON i");
    is(kind, "ALTER TABLE ONLY s.t FORCE ROW LEVEL SECURITY");
    /* What would change rows, names or types that are there. */
    is(STATEMENT_OTHER, "ALTER TABLE s.t ALTER COLUMN a TYPE text USING ''");
    is(STATEMENT_OTHER, "ALTER TABLE s.t ALTER a SET DATA TYPE text");
    is(STATEMENT_OTHER, "ALTER TABLE s.t ALTER a SET STORAGE MAIN, ALTER a TYPE text USING ''");
    is(STATEMENT_OTHER, "ALTER TABLE s.t RENAME TO gone");
    is(STATEMENT_OTHER, "ALTER TABLE s.t RENAME COLUMN a TO b");
    is(STATEMENT_OTHER, "ALTER TABLE s.t SET SCHEMA other");
    is(STATEMENT_OTHER, "ALTER TABLE s.t DETACH PARTITION p");
    is(STATEMENT_OTHER, "ALTER TABLE s.t ADD COLUMN a int");
    is(STATEMENT_OTHER, "ALTER VIEW s.v RENAME TO w");
    is(STATEMENT_OTHER, "ALTER FUNCTION s.f() SECURITY DEFINER");
    is(STATEMENT_OTHER, "ALTER SYSTEM SET x = 'y'");
    is(STATEMENT_OTHER, "ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b");
    is(STATEMENT_OTHER, "ALTER TABLE");
}

static void expect_storage(bool storage, const char *text)
{
    is(STATEMENT_ALTER, text);
    assert_int_equal(got.storage, storage);
}

TEST(what_only_stores_rows)
{
    expect_storage(true, "ALTER TABLE ONLY s.t SET ACCESS METHOD \"Columns\"");
    expect_storage(true, "ALTER TABLE ONLY s.t ALTER COLUMN set SET COMPRESSION lz4");
    expect_storage(true, "alter materialized view s.t alter \"a b\" set compression lz4");
    expect_storage(false, "ALTER TABLE s.t ALTER COLUMN a SET COMPRESSION lz4, ADD CHECK (b > 0)");
    expect_storage(false, "ALTER TABLE s.t SET ACCESS METHOD m, ADD CHECK (b > 0)");
    expect_storage(false, "ALTER TABLE s.t ALTER COLUMN a SET STORAGE PLAIN");
    expect_storage(false, "ALTER TABLE s.t ADD CONSTRAINT \"SET COMPRESSION\" CHECK (a > 0)");
}

TEST(owners_and_rights)
{
    expect("ALTER TABLE s.t OWNER TO bob", STATEMENT_OWNER, "TABLE|s|t");
    expect("ALTER FUNCTION s.f(a integer, VARIADIC b int[]) OWNER TO bob", STATEMENT_OWNER,
           "FUNCTION|s|f");
    expect("ALTER AGGREGATE s.f(double precision ORDER BY anyelement) OWNER TO bob",
           STATEMENT_OWNER, "AGGREGATE|s|f");
    expect("ALTER OPERATOR s.<<< (integer, integer) OWNER TO bob", STATEMENT_OWNER,
           "OPERATOR|s|<<<");
    expect("ALTER LARGE OBJECT 17979 OWNER TO bob", STATEMENT_OWNER, "LARGE OBJECT|-|17979");
    expect("ALTER FOREIGN DATA WRAPPER f OWNER TO bob", STATEMENT_OWNER,
           "FOREIGN DATA WRAPPER|-|f");
    expect("ALTER SCHEMA s OWNER TO bob", STATEMENT_OWNER, "SCHEMA|-|s");
    is(STATEMENT_OWNER, "GRANT SELECT(a) ON TABLE s.t TO bob");
    is(STATEMENT_OWNER, "REVOKE ALL ON FUNCTION s.f() FROM PUBLIC");
    is(STATEMENT_OWNER, "ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT SELECT ON TABLES TO b");
    is(STATEMENT_OWNER, "SECURITY LABEL FOR x ON TABLE s.t IS 'y'");
    is(STATEMENT_OWNER, "SET SESSION AUTHORIZATION 'bob'");
    is(STATEMENT_OWNER, "SET SESSION AUTHORIZATION DEFAULT");
    is(STATEMENT_OWNER, "RESET SESSION AUTHORIZATION");
    is(STATEMENT_OWNER, "SET ROLE bob");
    is(STATEMENT_OTHER, "REASSIGN OWNED BY a TO b");
}

TEST(objects_are_dropped)
{
    static const enum statement_kind kind = STATEMENT_DROP;
    expect("DROP TABLE IF EXISTS s.t", kind, "TABLE|s|t");
    expect("DROP TABLE s.t CASCADE", kind, "TABLE|s|t");
    expect("DROP FUNCTION IF EXISTS s.f(a integer, b s.t)", kind, "FUNCTION|s|f");
    assert_string_equal(got.arguments, "(a integer, b s.t)");
    expect("DROP OPERATOR IF EXISTS s.<<< (integer, integer)", kind, "OPERATOR|s|<<<");
    assert_string_equal(got.arguments, "(integer, integer)");
    expect("DROP OPERATOR CLASS s.c USING btree", kind, "OPERATOR CLASS|s|c");
    expect("DROP CAST (a AS b)", kind, "CAST|-|-");
    expect("DROP TRANSFORM IF EXISTS FOR integer LANGUAGE sql", kind, "TRANSFORM|-|-");
    expect("DROP POLICY IF EXISTS p ON s.t", kind, "POLICY|-|p");
    expect_of("s", "t");
    expect("DROP INDEX CONCURRENTLY IF EXISTS s.i", kind, "INDEX|s|i");
    expect("DROP PROCEDURAL LANGUAGE IF EXISTS plx", kind, "LANGUAGE|-|plx");
    expect("DROP USER MAPPING IF EXISTS FOR bob SERVER s", kind, "USER MAPPING|-|bob");
    expect("ALTER TABLE IF EXISTS ONLY s.t DROP CONSTRAINT IF EXISTS c", kind, "TABLE|s|t");
    expect("ALTER TABLE s.t ALTER COLUMN a DROP DEFAULT", kind, "TABLE|s|t");
    expect("ALTER TABLE s.t ADD CHECK (f(1,2)), DROP COLUMN b", kind, "TABLE|s|t");
    /* pg_dump --clean takes away in other words, too. */
    expect("CREATE OR REPLACE VIEW s.v AS\nSELECT\n    NULL::integer AS id,\n    "
           "NULL::character varying(10) AS \"FROM\"",
           kind, "VIEW|s|v");
    expect("ALTER DOMAIN s.d DROP CONSTRAINT c", kind, "DOMAIN|s|d");
    is(STATEMENT_CREATE, "CREATE VIEW s.v AS SELECT NULL::integer AS id");
    is(STATEMENT_CREATE, "CREATE OR REPLACE VIEW s.v AS SELECT NULL::integer AS id, 1");
    is(STATEMENT_OTHER, "DROP TABLE a, b");
    is(STATEMENT_OTHER, "DROP OWNED BY bob");
    is(STATEMENT_OTHER, "DROP NOTHING");
}

TEST(comments_tell_on_what)
{
    static const enum statement_kind kind = STATEMENT_COMMENT;
    expect("COMMENT ON TABLE s.t IS 'x'", kind, "TABLE|s|t");
    expect("COMMENT ON EXTENSION citext IS 'x'", kind, "EXTENSION|-|citext");
    expect("COMMENT ON COLUMN s.t.\"a\"\"b\" IS E'x\\ny'", kind, "COLUMN|-|a\"b");
    expect_of("s", "t");
    expect("COMMENT ON COLUMN t.a IS NULL", kind, "COLUMN|-|a");
    expect_of("-", "t");
    expect("COMMENT ON CONSTRAINT c ON s.t IS 'x'", kind, "CONSTRAINT|-|c");
    expect_of("s", "t");
    expect("COMMENT ON CONSTRAINT c ON DOMAIN s.d IS 'x'", kind, "CONSTRAINT|-|c");
    expect_of("s", "d");
    expect("COMMENT ON CONSTRAINT c ON domain IS 'x'", kind, "CONSTRAINT|-|c");
    expect_of("-", "domain");
    expect("COMMENT ON FUNCTION s.f(a integer) IS 'x'", kind, "FUNCTION|s|f");
    expect("COMMENT ON INDEX \"s\".\"t\"@\"i\" IS 'x'", kind, "INDEX|-|i");
    expect_of("s", "t");
    expect("COMMENT ON LARGE OBJECT 1 IS 'x'", STATEMENT_SERVER, "LARGE OBJECT|-|1");
    expect("COMMENT ON DATABASE d IS 'x'", STATEMENT_SERVER, "DATABASE|-|d");
    expect("COMMENT ON PUBLICATION p IS 'x'", STATEMENT_SERVER, "PUBLICATION|-|p");
    expect("COMMENT ON CAST (a AS b) IS 'x'", kind, "CAST|-|-");
    is(STATEMENT_OTHER, "COMMENT ON TABLE a IS 'x' y");
    is(STATEMENT_OTHER, "COMMENT ON COLUMN a IS 'x'");
    is(STATEMENT_OTHER, "COMMENT ON COLUMN a.b.c.d IS 'x'");
}

static void expect_columns(size_t count, const char *first, const char *last)
{
    assert_int_equal(got.columns.count, count);
    assert_string_equal(got.columns.items[0], first);
    assert_string_equal(got.columns.items[count - 1], last);
}

TEST(copy_from_the_file_itself)
{
    static const enum statement_kind kind = STATEMENT_COPY;
    expect("COPY s.t (a, \"B, \"\"c\"\"\", D) FROM stdin", kind, "|s|t");
    expect_columns(3, "a", "d");
    assert_string_equal(got.columns.items[1], "B, \"c\"");
    assert_string_equal(got.options, "");
    assert_false(got.csv);
    expect("COPY \"T\"  FROM STDIN", kind, "|-|T");
    assert_int_equal(got.columns.count, 0);
    expect("COPY t (a) FROM STDIN WITH CSV NULL '\\N'", kind, "|-|t");
    assert_true(got.csv);
    assert_string_equal(got.options, "WITH CSV NULL '\\N'");
    expect("COPY t FROM stdin WITH (FORMAT csv, DELIMITER ',')", kind, "|-|t");
    assert_true(got.csv);
    assert_string_equal(got.options, "WITH (FORMAT csv, DELIMITER ',')");
    expect("COPY t FROM stdin (FORMAT text)", kind, "|-|t");
    assert_false(got.csv);

    is(STATEMENT_OTHER, "COPY t FROM '/etc/passwd'");
    is(STATEMENT_OTHER, "COPY t FROM PROGRAM 'x'");
    is(STATEMENT_OTHER, "COPY t TO stdout");
    is(STATEMENT_OTHER, "COPY t (a) TO '/tmp/x'");
    is(STATEMENT_OTHER, "COPY (DELETE FROM t RETURNING *) TO STDOUT");
    is(STATEMENT_OTHER, "COPY t FROM stdin WHERE f(a)");
    is(STATEMENT_OTHER, "COPY t FROM stdin WITH (FORMAT 'csv')");
    is(STATEMENT_OTHER, "COPY BINARY t FROM stdin");
    is(STATEMENT_OTHER, "COPY t (a, ) FROM stdin");
}

TEST(inserts_of_constants)
{
    static const enum statement_kind kind = STATEMENT_INSERT;
    expect("INSERT INTO s.t VALUES (1, -2.5e3, 'it''s; SELECT', E'\\'', B'1', NULL, true, DEFAULT)",
           kind, "|s|t");
    assert_int_equal(got.columns.count, 0);
    expect("INSERT INTO s.t (\"A\", b) OVERRIDING SYSTEM VALUE VALUES\n\t(1, 'x'),\n\t(2, 'y')",
           kind, "|s|t");
    expect_columns(2, "A", "b");
    is(kind, "INSERT INTO t DEFAULT VALUES");
    is(kind, "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING");
    is(kind, "INSERT INTO t OVERRIDING USER VALUE VALUES ()");

    is(STATEMENT_OTHER, "INSERT INTO t SELECT 1");
    is(STATEMENT_OTHER, "INSERT INTO t (SELECT 1)");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES ((SELECT 1))");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES (1, f(2))");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES (1 + 1)");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES ($1)");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES (1) RETURNING f(a)");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES (1), (2) UNION SELECT 1");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES (1");
    is(STATEMENT_OTHER, "INSERT INTO t VALUES ('a");
    is(STATEMENT_OTHER, "INSERT INTO t AS x VALUES (1)");
    is(STATEMENT_OTHER, "WITH x AS (DELETE FROM t) INSERT INTO t VALUES (1)");
}

TEST(sequences_are_set)
{
    static const enum statement_kind kind = STATEMENT_SETVAL;
    expect("SELECT pg_catalog.setval('public.users_id_seq', 12, true)", kind,
           "|public|users_id_seq");
    expect("SELECT setval('\"my.S\".\"a\"\"b''c\"'::regclass, -1, false)", kind, "|my.S|a\"b'c");
    expect("SELECT pg_catalog.setval(E'\"a\\\\b\"'::pg_catalog.regclass, 1)", kind, "|-|a\\b");
    is(STATEMENT_OTHER, "SELECT setval('a', 1), lo_unlink(1)");
    is(STATEMENT_OTHER, "SELECT setval('a', 1) FROM t");
    is(STATEMENT_OTHER, "SELECT setval('a', (SELECT 1))");
    is(STATEMENT_OTHER, "SELECT setval('a', f(1), true)");
    is(STATEMENT_OTHER, "SELECT setval('a', 1, true, 2)");
    is(STATEMENT_OTHER, "SELECT setval(pg_get_serial_sequence('t', 'a'), 1)");
    is(STATEMENT_OTHER, "SELECT setval('a'::text, 1)");
    is(STATEMENT_OTHER, "SELECT setval('a b', 1)");
    is(STATEMENT_OTHER, "SELECT public.setval('a', 1)");
    is(STATEMENT_OTHER, "SELECT * FROM setval('a', 1)");
    is(STATEMENT_OTHER, "SELECT setval('a', 1");
    is(STATEMENT_OTHER, "SELECT setval");
}

static void expect_set(const char *text, const char *name, const char *value)
{
    is(STATEMENT_SET, text);
    assert_string_equal(got.name, name);
    assert_string_equal(or_none(got.value), value);
}

TEST(settings_have_one_simple_value)
{
    expect_set("SET statement_timeout = 0", "statement_timeout", "0");
    expect_set("SET client_encoding = 'UTF8'", "client_encoding", "UTF8");
    expect_set("SET default_tablespace = ''", "default_tablespace", "");
    expect_set("SET LOCAL Row_Security TO OFF", "row_security", "off");
    expect_set("SET SESSION a.\"B\" = \"Public\"", "a.B", "Public");
    expect_set("SET x = -5", "x", "-5");
    expect_set("SET x = + 5.5", "x", "5.5");
    expect_set("SET x = E'it\\'s\\t''\\\\'", "x", "it's\t'\\");
    expect_set("SET TIME ZONE 'UTC'", "timezone", "UTC");
    expect_set("SELECT pg_catalog.set_config('search_path', '', false)", "search_path", "");
    expect_set("SELECT set_config('a', 'it''s', true)", "a", "it's");
    expect_set("SET search_path = a, b", "search_path", "-");
    expect_set("SET search_path = \"public\"", "search_path", "public");
    expect_set("SET x TO DEFAULT", "x", "-");
    expect_set("SET x = U&'a'", "x", "-");
    expect_set("SET x = E'\\x41'", "x", "-");
    expect_set("SET x = 'a' 'b'", "x", "-");
    expect_set("SET x = ", "x", "-");
    is(STATEMENT_OTHER, "SET x");
    is(STATEMENT_OTHER, "SET TRANSACTION READ ONLY");
    is(STATEMENT_OTHER, "SET CONSTRAINTS ALL DEFERRED");
    is(STATEMENT_OTHER, "SELECT set_config('a', 'b', false), f()");
    is(STATEMENT_OTHER, "SELECT set_config('a', f(), false)");
    is(STATEMENT_OTHER, "RESET ALL");
}

TEST(transactions_and_refresh)
{
    is(STATEMENT_TRANSACTION, "BEGIN");
    is(STATEMENT_TRANSACTION, "START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE");
    is(STATEMENT_TRANSACTION, "COMMIT");
    is(STATEMENT_TRANSACTION, "end work");
    is(STATEMENT_OTHER, "COMMIT PREPARED 'x'");
    is(STATEMENT_OTHER, "ROLLBACK");
    expect("REFRESH MATERIALIZED VIEW s.m", STATEMENT_REFRESH, "MATERIALIZED VIEW|s|m");
    is(STATEMENT_REFRESH, "REFRESH MATERIALIZED VIEW CONCURRENTLY m WITH NO DATA");
    is(STATEMENT_OTHER, "REFRESH PUBLICATION p");
}

TEST(all_else_is_something_else)
{
    static const char *const others[] = {
        "",
        "  -- nothing\n",
        "'",
        "SELECT 1",
        "SELECT pg_terminate_backend(1)",
        "SELECT * INTO t FROM u",
        "TABLE t",
        "VALUES (1)",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "TRUNCATE TABLE ONLY t",
        "DO $$ BEGIN END $$",
        "LOCK TABLE t",
        "CALL p()",
        "EXECUTE x",
        "PREPARE x AS SELECT 1",
        "NOTIFY x",
        "VACUUM",
        "CREATE TABLE t AS SELECT f()",
        "CREATE TABLE t (a) WITH (fillfactor = 70) AS EXECUTE x",
        "CREATE TABLE IF NOT EXISTS t AS TABLE u",
        "CREATE",
        "CREATE TABLE",
        "CREATE TABLE a.b.c ()",
        "CREATE TABLE a. ()",
        "CREATE TABLE U&\"a\" ()",
        "CREATE TABLE \"a",
        "CREATE FUNCTION f",
        "CREATE OPERATOR s.x (LEFTARG = a)",
        "CREATE CONSTRAINT c ON t",
        "CREATE LARGE OBJECT 1",
        "CREATE INDEX i",
        "CREATE TRIGGER t",
        "CREATE RULE r AS SELECT 1",
        "\"CREATE\" TABLE t ()",
        "IMPORT FOREIGN SCHEMA a FROM SERVER s INTO b",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        is(STATEMENT_OTHER, others[i]);
}

static void expect_title(const char *text, const char *expected)
{
    char *title = statement_title(text);
    assert_string_equal(title, expected);
    free(title);
}

TEST(titles_are_short_and_tell_no_values)
{
    expect_title("CREATE TABLE public.users (\n  id integer )", "CREATE TABLE public.users");
    expect_title("INSERT INTO \"public\" . \"a b\" VALUES ('secret')",
                 "INSERT INTO \"public\" . \"a b\" VALUES");
    expect_title("COPY public.users (id) FROM stdin", "COPY public.users");
    expect_title("ALTER  TABLE\nONLY /* x */ s.t ADD CONSTRAINT c CHECK (a = 'secret')",
                 "ALTER TABLE ONLY s.t ADD CONSTRAINT c CHECK");
    expect_title("CREATE VIEW v AS SELECT secret", "CREATE VIEW v");
    expect_title("COMMENT ON COLUMN s.t.a IS 'secret'", "COMMENT ON COLUMN s.t.a");
    expect_title("CREATE OPERATOR s.=== (LEFTARG = a)", "CREATE OPERATOR s.===");
    expect_title("SELECT pg_catalog.setval('a', 12)", "SELECT pg_catalog.setval");
    expect_title("DELETE FROM t WHERE a = 'secret'", "DELETE FROM t WHERE a");
    expect_title("CREATE TABLE \"a\nb\x1b\" ()", "CREATE TABLE \"a b?\"");
    expect_title("", "a statement");
    expect_title("'secret'", "a statement");
    expect_title("\"secret", "a statement");
    expect_title("CREATE TABLE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé",
                 "CREATE TABLE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

/* Words, quotes and bytes in any order: whatever comes out, nothing breaks. */
TEST(hostile_text_does_no_harm)
{
    static const char *const parts[] = {
        "CREATE",  "ALTER",      "DROP",      "COMMENT",   "ON",     "TABLE",   "OPERATOR",
        "CLASS",   "FAMILY",     "FUNCTION",  "INDEX",     "RULE",   "AS",      "COPY",
        "FROM",    "STDIN",      "INSERT",    "INTO",      "VALUES", "SELECT",  "setval",
        "SET",     "FOR",        "LANGUAGE",  "TRANSFORM", "CAST",   "USING",   "SERVER",
        "MAPPING", "USER",       "LARGE",     "OBJECT",    "IS",     "DEFAULT", "LEFTARG",
        "(",       ")",          "(",         ")",         ",",      ".",       "=",
        "'",       "\"",         "'a'",       "\"b\"",     "$$",     "1",       "-",
        "--",      "/*",         "E'\\",      "U&\"",      "\xff",   "a.b",     "@",
        "*",       "set_config", "TIME ZONE", "(1, 'x')",  "COLUMN", ";",       ":",
    };
    uint32_t seed = 42;
    for (int n = 0; n < 20000; n++) {
        char text[400];
        size_t len = 0;
        seed = seed * 1664525 + 1013904223;
        for (uint32_t words = seed >> 27; words > 0; words--) {
            seed = seed * 1664525 + 1013904223;
            const char *part = parts[(seed >> 8) % (sizeof parts / sizeof *parts)];
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", part,
                                    (seed & 64) ? " " : "");
        }
        char *exact = malloc(len + 1);
        memcpy(exact, text, len);
        exact[len] = '\0';
        statement_release(&got);
        statement_read(exact, &got);
        assert_non_null(got.object);
        char *title = statement_title(exact);
        assert_true(strlen(title) <= 80);
        free(title);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_created),
        cmocka_unit_test(objects_with_arguments_are_created),
        cmocka_unit_test(parts_know_what_they_belong_to),
        cmocka_unit_test(schemas_extensions_and_the_server),
        cmocka_unit_test(calls_for_the_server),
        cmocka_unit_test(definitions_are_changed),
        cmocka_unit_test(what_only_stores_rows),
        cmocka_unit_test(owners_and_rights),
        cmocka_unit_test(objects_are_dropped),
        cmocka_unit_test(comments_tell_on_what),
        cmocka_unit_test(copy_from_the_file_itself),
        cmocka_unit_test(inserts_of_constants),
        cmocka_unit_test(sequences_are_set),
        cmocka_unit_test(settings_have_one_simple_value),
        cmocka_unit_test(transactions_and_refresh),
        cmocka_unit_test(all_else_is_something_else),
        cmocka_unit_test(titles_are_short_and_tell_no_values),
        cmocka_unit_test(hostile_text_does_no_harm),
    };
    return cmocka_run_group_tests_name("statement", tests, NULL, end_of_test);
}
