/* Files for an import, read once without a database: what they hold, and what is wrong with them.
 */
#include "base/crc.h"
#include "repl/outline.h"
#include "unit.h"

/* clang-format off */
#define HEADER "-- dbr export\n-- format: 1\n-- dialect: postgres\n-- source: primary, PostgreSQL 15.18\n" \
    "-- snapshot: 2026-11-27T01:02:03.123Z\n-- schema: \"the \\\"Shop\\\"\"\n-- content: schema and data\n\n" \
    "\\set ON_ERROR_STOP on\nSET client_encoding = 'UTF8';\n"
#define BODY "CREATE TYPE \"the \"\"Shop\"\"\".mood AS ENUM ('a;', 'b');\n" \
    "CREATE TABLE \"the \"\"Shop\"\"\".\"T\" (a int, b text);\n" \
    "COPY \"the \"\"Shop\"\"\".\"T\" (\"a\", \"b\") FROM stdin;\n1\tx\n2\t\\\\.\n\\.\n" \
    "INSERT INTO \"the \"\"Shop\"\"\".\"T\" (a, b) VALUES\n(3, 'y''; DROP'),\n(4, NULL);\n"
#define TRAILER "\n-- dbr export complete\n-- rows: 4 \"T\"\n"
#define PG_HEADER "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n-- Dumped from database version 17.2\n\n"
#define PG_TRAILER "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict x\n"
/* clang-format on */

/* text with the sum that belongs behind it */
static void write_summed(const char *text)
{
    char *whole;
    char line[32];
    (void)snprintf(line, sizeof line, "-- crc32: %08x\n", crc_add(0, text, strlen(text)));
    whole = malloc(strlen(text) + sizeof line);
    assert_non_null(whole);
    (void)sprintf(whole, "%s%s", text, line);
    unit_write("file.sql", whole);
    free(whole);
}

static bool read_file(struct outline *outline, struct err *err)
{
    struct infile *in = infile_open("file.sql", err);
    bool ok = in && outline_read(outline, in, err);
    infile_free(in);
    return ok;
}

/* The file is refused with this in the message. */
static void refused(const char *why)
{
    struct outline outline = {0};
    struct err err = ERR_INIT;
    assert_false(read_file(&outline, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" lacks \"%s\"", err.message, why);
    outline_release(&outline);
}

TEST(what_a_file_of_dbr_holds)
{
    struct outline o;
    struct err err = ERR_INIT;
    write_summed(HEADER BODY TRAILER);
    assert_true(read_file(&o, &err));
    assert_int_equal(o.origin, SQL_ORIGIN_DBR);
    assert_ptr_equal(o.dialect, &engine_postgres);
    assert_string_equal(o.schema, "the \"Shop\"");
    assert_string_equal(o.source, "primary, PostgreSQL 15.18");
    assert_string_equal(o.snapshot, "2026-11-27T01:02:03.123Z");
    assert_int_equal(o.rows, 4);
    assert_int_equal(o.table_count, 1);
    assert_string_equal(o.tables[0].name, "T");
    assert_int_equal(o.object_count, 2);
    assert_string_equal(o.objects[0].object, "TYPE");
    assert_string_equal(o.objects[0].name, "mood");
    assert_true(outline_creates(&o, "the \"Shop\"", "T"));
    assert_false(outline_creates(&o, "the \"Shop\"", "t"));
    assert_false(outline_creates(&o, NULL, "T"));
    outline_release(&o);
}

TEST(what_a_file_of_pg_dump_holds)
{
    struct outline o;
    struct err err = ERR_INIT;
    unit_write("file.sql", PG_HEADER "CREATE TABLE public.t (a integer);\n"
                                     "COPY public.t (a) FROM stdin;\n1\n\\.\n" PG_TRAILER);
    assert_true(read_file(&o, &err));
    assert_int_equal(o.origin, SQL_ORIGIN_PG_DUMP);
    assert_string_equal(o.source, "PostgreSQL 17.2");
    assert_null(o.schema);
    assert_int_equal(o.rows, 1);
    outline_release(&o);
}

TEST(rows_of_csv_may_have_lines)
{
    struct outline o;
    struct err err = ERR_INIT;
    write_summed("-- dbr export\n-- format: 1\n-- dialect: cockroach\n-- schema: \"public\"\n\n"
                 "COPY \"public\".\"t\" (\"a\") FROM STDIN WITH CSV NULL '\\N';\n"
                 "1,\"a\nb\"\"\n\"\n\"\"\n\\N\n\\.\n\n-- dbr export complete\n-- rows: 3 \"t\"\n");
    assert_true(read_file(&o, &err));
    assert_int_equal(o.rows, 3);
    outline_release(&o);
}

TEST(what_is_cut_off_or_damaged)
{
    struct err err = ERR_INIT;
    write_summed(HEADER BODY "\n-- dbr export complete\n-- rows: 3 \"T\"\n");
    refused("it holds 4 rows of table T, and its end says 3");
    write_summed(HEADER BODY "\n-- dbr export complete\n");
    refused("it holds 4 rows of table T");
    write_summed(HEADER BODY "\n-- dbr export complete\n-- rows: x \"T\"\n");
    refused("cut off or damaged");
    unit_write("file.sql", HEADER BODY TRAILER "-- crc32: 00000000\n");
    refused("its CRC-32 is");
    unit_write("file.sql", HEADER BODY TRAILER);
    refused("cut off");
    unit_write("file.sql", HEADER BODY);
    refused("cut off");
    unit_write("file.sql", PG_HEADER "CREATE TABLE t (a int);\n");
    refused("the closing comment of pg_dump is missing");
    unit_write("file.sql", "");
    refused("is empty");
    (void)unlink("file.sql");
    struct outline outline = {0};
    assert_false(read_file(&outline, &err));
    assert_int_equal(err.code, ERR_USAGE);
}

TEST(what_is_foreign_or_more_than_one)
{
    unit_write("file.sql", "CREATE TABLE t (a int);\n");
    refused("is no file that dbr-export or pg_dump wrote");
    unit_write("file.sql", "-- a\n-- b\n-- c\n");
    refused("is no file that");
    unit_write("file.sql", "'never ends");
    refused("is no file that");
    unit_write("file.sql", "-- x\n-- dbr export\n");
    refused("is no file that");
    unit_write("file.sql", "-- dbr export\n-- format: 9\n");
    refused("has format 9");
    unit_write("file.sql", "-- dbr export\n-- format: 1\n-- dialect: oracle\n");
    refused("unknown dialect oracle");
    unit_write("file.sql", "-- dbr export\n-- format: 1\nCREATE TABLE t (a int);\n");
    refused("is no file that"); /* it says nothing of the engine */
    unit_write("file.sql", PG_HEADER PG_TRAILER PG_HEADER PG_TRAILER);
    refused("two in one");
    unit_write("file.sql", PG_HEADER PG_TRAILER "CREATE TABLE t (a int);\n");
    refused("something follows the end");
}

TEST(what_an_import_does_not_run)
{
    unit_write("file.sql", PG_HEADER "DELETE FROM t;\n" PG_TRAILER);
    refused("line 8: an import does not run such a statement: DELETE FROM t");
    unit_write("file.sql", PG_HEADER "\\connect x\n" PG_TRAILER);
    refused("the psql command \\connect");
    unit_write("file.sql", PG_HEADER "SET client_encoding = 'BIG5';\n" PG_TRAILER);
    refused("not in UTF-8 (client_encoding BIG5)");
    unit_write("file.sql", PG_HEADER "SET client_encoding = $$sjis$$;\n" PG_TRAILER);
    refused("not in UTF-8");
    unit_write("file.sql", PG_HEADER "SET client_encoding = 'S-J-I-S';\n" PG_TRAILER);
    refused("not in UTF-8");
    unit_write("file.sql", PG_HEADER "SET client_encoding TO 'LATIN1';\n" PG_TRAILER);
    refused("not in UTF-8");
    unit_write("file.sql", PG_HEADER "SET standard_conforming_strings = $$off$$;\n" PG_TRAILER);
    refused("standard_conforming_strings is off");
    unit_write("file.sql", PG_HEADER "SET standard_conforming_strings = 'off';\n" PG_TRAILER);
    refused("standard_conforming_strings is off");
    unit_write("file.sql", PG_HEADER "CREATE DATABASE x;\n" PG_TRAILER);
    refused("makes a database");
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* No change of one byte passes, and none crashes: what is not refused is the file as it was. */
TEST(mutations)
{
    const char *text = HEADER BODY TRAILER;
    static char whole[4096];
    uint32_t seed = 20261127;
    write_summed(text);
    size_t len = unit_read("file.sql", whole, sizeof whole);
    for (int i = 0; i < 1500; i++) {
        size_t at = next_random(&seed) % (len - 1); /* the last line end may be missing */
        char byte = (char)(next_random(&seed) % 255 + 1);
        char old = whole[at];
        if (byte == old)
            continue;
        whole[at] = byte;
        unit_write("file.sql", whole);
        whole[at] = old;
        struct outline o = {0};
        struct err err = ERR_INIT;
        assert_false(read_file(&o, &err));
        assert_int_equal(err.code, ERR_REFUSED);
        outline_release(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(what_a_file_of_dbr_holds),
        IN_DIR(what_a_file_of_pg_dump_holds),
        IN_DIR(rows_of_csv_may_have_lines),
        IN_DIR(what_is_cut_off_or_damaged),
        IN_DIR(what_is_foreign_or_more_than_one),
        IN_DIR(what_an_import_does_not_run),
        IN_DIR(mutations),
    };
    return cmocka_run_group_tests_name("outline", tests, NULL, NULL);
}
