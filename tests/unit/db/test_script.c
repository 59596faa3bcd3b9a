/* SQL files taken apart: where statements end, what belongs to COPY, and what is refused. */
#include "base/crc.h"
#include "script_text.h"

static const size_t pieces[] = {1, 2, 3, 7, 4096};

/* The items of a text; the end is left out when it is a good one. The same for all sizes of pieces.
 */
static void expect(const char *data, size_t len, const char *expected)
{
    char end[64];
    int lines = 1;
    for (size_t i = 0; i < len; i++)
        lines += data[i] == '\n';
    (void)snprintf(end, sizeof end, "E%d %08x %zu", lines, crc_add(0, data, len), len);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct buf out = BUF_INIT;
        script_text_items(&out, data, len, pieces[i], false);
        size_t n = strlen(end);
        if (out.len >= n && strcmp(out.data + out.len - n, end) == 0)
            buf_truncate(&out, out.len - n);
        assert_string_equal(out.data, expected);
        buf_release(&out);
    }
}

static void items(const char *text, const char *expected)
{
    expect(text, strlen(text), expected);
}

/* One statement, as it is, and nothing else. */
static void whole(const char *text)
{
    struct buf file = BUF_INIT, expected = BUF_INIT;
    buf_addf(&file, "%s;\nLAST;", text);
    int lines = 2;
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    buf_addf(&expected, "S1[%s]S%d[LAST]", text, lines);
    expect(file.data, file.len, expected.data);
    buf_release(&file);
    buf_release(&expected);
}

TEST(statements_end_at_semicolons)
{
    items("", "");
    items(" \n;;\n", "");
    items("a;b;\n c ;", "S1[a]S1[b]S2[c ]");
    items("\n\n  SELECT\n1;\nx;", "S3[SELECT\n1]S5[x]");
    items("a;\r\nb\r\nc;\r\n", "S1[a]S2[b\r\nc]");
    items("\xef\xbb\xbf"
          "a;",
          "S1[a]");
    items("\xef\xbb", "!5 line 1: the file ends within a statement: it is cut off");
}

TEST(quotes_hide_semicolons)
{
    whole("SELECT ';', 'it''s;', '', '\\'");
    whole("SELECT E'\\';', e'a\\\\', E'it''s;\\''");
    whole("SELECT U&'\\0061;', u&'\\', U&\"a;\"\"\", u&\"\\\"");
    whole("SELECT B'1;', x'a;', N'\\', b'\\', X'\\', n''");
    whole("SELECT \"a;b\", \"a\"\"b;\", \"\", \"it's;\", \"\\\"");
    whole("SELECT 'a\nb;\n', \"a\n;b\"");
    whole("SELECT U & ';', e ';', 'a' 'b;'");
    /* Only a letter of its own is a prefix. */
    whole("SELECT me'\\', _e'\\', é'\\', 1 xe'\\'");
    whole("SELECT 1e5e'\\';'");
    whole("SELECT 2e'\\';', 3.e'\\';', 4e+e'\\';', .5");
}

TEST(strings_go_on_in_the_next_line)
{
    whole("SELECT E'a' \n '\\';' -- it's\n\n'\\';'");
    whole("SELECT E'a' --;\r'\\';'");
    whole("SELECT E'a'\n'b'-'\\'");
    whole("SELECT E'a'\n--\n");
    whole("SELECT 'a'\n'\\'");
    /* In the same line, or with something between, it is a string of its own. */
    whole("SELECT E'a' '\\'");
    whole("SELECT E'a'\n/**/'\\'");
    whole("SELECT E'a'\n, '\\'");
}

TEST(dollar_quotes_end_at_their_tag)
{
    whole("SELECT $$;'\"\n$$, $a$ $$ ; $b$ $a $A$;$a$, $_é1$;$é$_é2$;$_é1$");
    whole("SELECT $$a$$$$;$$");
    whole("SELECT $a$;$a$a$a$a$, $a$;$a$");
    whole("SELECT $a$ $b$a$");
    /* A dollar within a word is a letter, and one before a digit makes a parameter. */
    whole("SELECT a$b$c, a$$, $1, $2$$;$$");
    items("SELECT a$b$;x$b$;", "S1[SELECT a$b$]S1[x$b$]");
    items("SELECT $1a$;x;", "S1[SELECT $1a$]S1[x]");
    items("a $b; c $ d; e$;", "S1[a $b]S1[c $ d]S1[e$]");
}

TEST(comments_are_skipped_between_and_kept_within)
{
    items("-- a;\n--b\r\n  -- c\n--", "--1[-- a;]--2[--b]--3[-- c]--4[--]");
    items("x; -- a;\n-- b\ny;", "S1[x]--2[-- b]S3[y]");
    items("/* a; -- b */ -- c\n/*\n*/x;", "S3[x]");
    items("-- a\rx;\r\n-- b\r", "--1[-- a]S1[x]--2[-- b]");
    whole("SELECT -- it's;\n1 /* ; /* \" */ ' ; */ + 1");
    whole("SELECT 1 /* /*/ ; */ ; */, 2 /**/, 3 /***/ - - 4 / 5");
    whole("SELECT 1 */* ; */ 2, 3 +-- ;\n 4, /* ;** */ 5");
    whole("SELECT 1-");
    whole("SELECT 1/");
}

TEST(parentheses_hide_semicolons)
{
    whole("CREATE RULE r AS ON INSERT TO t DO (a; (b; c); d)");
    whole("SELECT ')', (\")\", $$)$$ /* ) */ -- )\n; 1)");
    items("a ) b; c (;); d", "S1[a ) b]S1[c (;)]!5 line 1: the file ends within a statement: it "
                             "is cut off");
}

TEST(bodies_of_functions_hide_semicolons)
{
    whole("CREATE FUNCTION f() RETURNS int\n BEGIN ATOMIC\n SELECT CASE WHEN a THEN 1 ELSE CASE b "
          "WHEN 2 THEN 3 END END; SELECT (CASE WHEN x THEN 1 END);\nSELECT 2;\nEND");
    whole("create or replace procedure p() begin/**/atomic insert into t values (1); end");
    whole("CREATE OR REPLACE FUNCTION f() BEGIN ATOMIC; END");
    whole("CREATE FUNCTION f() BEGIN ATOMIC SELECT \"end\", 'end', $$end$$; END");
    /* The words alone mean nothing. */
    items("BEGIN; SELECT CASE WHEN a THEN 1 END; END;",
          "S1[BEGIN]S1[SELECT CASE WHEN a THEN 1 END]S1[END]");
    items("CREATE FUNCTION begin() RETURNS int AS ''; x;",
          "S1[CREATE FUNCTION begin() RETURNS int AS '']S1[x]");
    items("CREATE VIEW v AS SELECT 1 AS begin atomic; x;",
          "S1[CREATE VIEW v AS SELECT 1 AS begin atomic]S1[x]");
    items("CREATE x FUNCTION BEGIN ATOMIC;", "S1[CREATE x FUNCTION BEGIN ATOMIC]");
    items("CREATE FUNCTION f(begin atomic) AS ''; x;",
          "S1[CREATE FUNCTION f(begin atomic) AS '']S1[x]");
    items("CREATE FUNCTION f() BEGIN ATOMIC a; b;",
          "!5 line 1: the file ends within a statement: it is cut off");
}

TEST(commands_of_psql_are_told_apart)
{
    items("\\restrict a;b\n\\set x 'y\\\r\nx;\\connect y\n\\unrestrict",
          "M1[\\restrict a;b]M2[\\set x 'y\\]S3[x]M3[\\connect y]M4[\\unrestrict]");
    items("a;\nSELECT 1\n\\g\n", "S1[a]!5 line 3: a backslash within a statement");
    items("SELECT '\\', \"\\\" \\;", "!5 line 1: a backslash within a statement");
}

TEST(rows_follow_a_copy)
{
    items("COPY t (a) FROM stdin;\n1\t;\n'\n\\.\nx;",
          "C1[COPY t (a) FROM stdin]{1\t;\n'\n|2}S5[x]");
    items("copy t from STDIN;\n\\.\n", "C1[copy t from STDIN]{|0}");
    items("-- a\nCOPY \"from\" (a) FROM -- x\nstdin WITH (FORMAT csv) ; \t\r\na\r\n\\.\r\n-- b\n",
          "--1[-- a]C2[COPY \"from\" (a) FROM -- x\nstdin WITH (FORMAT csv) ]{a\r\n|1}--6[-- b]");
    items("COPY t FROM stdin;\n\\\\.\n\\.x\n \\.\n\\N\n\\\n\\.\r\n",
          "C1[COPY t FROM stdin]{\\\\.\n\\.x\n \\.\n\\N\n\\\n|5}");
    items("COPY t FROM stdin;\n\\.\rx\n\\\r\n\\.", "C1[COPY t FROM stdin]{\\.\rx\n\\\r\n|2}");
    items("COPY t FROM stdin;\n\n\\.\r", "C1[COPY t FROM stdin]{\n|1}");
    items("COPY t FROM stdin CSV;\n\"a\n\\.\n", "C1[COPY t FROM stdin CSV]{\"a\n|1}");
    items("COPY t FROM stdin;\n\\.\nCOPY u FROM stdin;\n1\n\\.\n",
          "C1[COPY t FROM stdin]{|0}C3[COPY u FROM stdin]{1\n|1}");
}

TEST(no_rows_follow_anything_else)
{
    items("COPY t FROM 'stdin'; a;", "S1[COPY t FROM 'stdin']S1[a]");
    items("COPY t FROM \"stdin\"; a;", "S1[COPY t FROM \"stdin\"]S1[a]");
    items("COPY (SELECT 1 FROM stdin) TO stdout; a;",
          "S1[COPY (SELECT 1 FROM stdin) TO stdout]S1[a]");
    items("COPY t FROM PROGRAM 'x'; a;", "S1[COPY t FROM PROGRAM 'x']S1[a]");
    items("SELECT 1 FROM stdin; a;", "S1[SELECT 1 FROM stdin]S1[a]");
    items("\"COPY\" t FROM stdin; a;", "S1[\"COPY\" t FROM stdin]S1[a]");
    items("COPY t FROM stdin; a;\n",
          "!5 line 1: text behind a COPY statement, on the line where it ends");
}

TEST(what_is_cut_off_is_refused)
{
    items("\nSELECT 1", "!5 line 2: the file ends within a statement: it is cut off");
    items("a;\nSELECT\n 'b\n", "S1[a]!5 line 3: a quoted string that begins here never ends");
    items("E'a\\'", "!5 line 1: a quoted string that begins here never ends");
    items("E'a\\", "!5 line 1: a quoted string that begins here never ends");
    items("U&'a", "!5 line 1: a quoted string that begins here never ends");
    items("U&\"a", "!5 line 1: a quoted name that begins here never ends");
    items("\"a", "!5 line 1: a quoted name that begins here never ends");
    items("\n$a$ $b$", "!5 line 2: a dollar-quoted string that begins here never ends");
    items("\n/* /* */", "!5 line 2: a comment that begins here never ends");
    items("COPY s.t (a) FROM stdin;", "C1[COPY s.t (a) FROM stdin]{|0}!5 line 1: the file ends "
                                      "within the rows of COPY s.t: it is cut off");
    items("x;\nCOPY t (a) FROM stdin;\n1\n\\.x",
          "S1[x]C2[COPY t (a) FROM stdin]{1\n|1}!5 line 2: the "
          "file ends within the rows of COPY t: it is cut off");
    items("COPY t () FROM stdin;\n\\", "C1[COPY t () FROM stdin]{|0}!5 line 1: the file ends "
                                       "within the rows of COPY t: it is cut off");
}

TEST(a_zero_byte_is_refused)
{
    expect("a;\n\nb\0;", 7, "S1[a]!5 line 3: a NUL byte: this is no SQL text");
    expect("'a\n\0", 4, "!5 line 2: a NUL byte: this is no SQL text");
    expect("\0", 1, "!5 line 1: a NUL byte: this is no SQL text");
    expect("COPY t FROM stdin;\n1\n2\0\n\\.\n", 27,
           "C1[COPY t FROM stdin]{1\n|1}!5 line 3: a NUL byte: this is no SQL text");
    expect("COPY t FROM stdin;\n\\.\0", 22,
           "C1[COPY t FROM stdin]{|0}!5 line 2: a NUL byte: this is no SQL text");
}

TEST(checksum_and_size_are_those_before_the_item)
{
    static const char file[] = "\xef\xbb\xbf-- a\r\nSELECT 1;  x;\nCOPY t FROM stdin;\n1\n\\.\n"
                               "-- crc\n";
    static const char *const starts[] = {"-- a", "SELECT", "x;", "COPY", "-- crc", ""};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct script_text text = {file, sizeof file - 1, pieces[i]};
        struct script *script = script_new(script_text_read, &text);
        struct script_item item;
        struct err err = ERR_INIT;
        for (size_t n = 0; n < sizeof starts / sizeof *starts; n++) {
            size_t before = n == 5 ? sizeof file - 1 : (size_t)(strstr(file, starts[n]) - file);
            assert_true(script_next(script, &item, &err));
            assert_int_equal(script_bytes(script), before);
            assert_int_equal(script_crc(script), crc_add(0, file, before));
        }
        assert_int_equal(item.kind, SCRIPT_END);
        assert_true(script_next(script, &item, &err)); /* and stays at the end */
        assert_int_equal(item.kind, SCRIPT_END);
        script_free(script);
    }
}

TEST(rows_that_are_not_read_are_skipped)
{
    struct buf out = BUF_INIT;
    static const char file[] = "COPY t FROM stdin;\n1\n2\n\\.\nx;";
    script_text_items(&out, file, sizeof file - 1, 3, true);
    assert_memory_equal(out.data, "C1[COPY t FROM stdin]S5[x]", 26);
    buf_release(&out);

    struct script_text text = {file, sizeof file - 1, 5};
    struct script *script = script_new(script_text_read, &text);
    struct script_item item;
    struct err err = ERR_INIT;
    assert_true(script_next(script, &item, &err));
    assert_true(script_next(script, &item, &err));
    assert_int_equal(script_copy_rows(script), 2);
    /* Outside of a block there are no rows. */
    const char *data;
    size_t len;
    bool line_end;
    assert_true(script_copy_read(script, &data, &len, &line_end, &err));
    assert_int_equal(len, 0);
    script_free(script);
    script_free(NULL);
}

/* A statement and a row that are longer than any buffer, and the text around them. */
TEST(long_ones_come_whole)
{
    enum { LONG = 3000000 };
    struct buf file = BUF_INIT;
    char *filler = malloc(LONG);
    memset(filler, 'x', LONG);
    filler[LONG / 2] = '\n';
    buf_adds(&file, "a '");
    buf_add(&file, filler, LONG);
    buf_adds(&file, "';b;\nCOPY t FROM stdin;\n1\n");
    filler[LONG / 2] = '\\';
    filler[LONG / 2 + 1] = '.';
    buf_add(&file, filler, LONG);
    buf_adds(&file, "\n2\n\\.\n-- c\n");
    for (size_t piece = 1000; piece < 10 * (size_t)LONG; piece *= 50) {
        struct script_text text = {file.data, file.len, piece};
        struct script *script = script_new(script_text_read, &text);
        struct script_item item;
        struct err err = ERR_INIT;
        struct buf rows = BUF_INIT;
        assert_true(script_next(script, &item, &err));
        assert_int_equal(item.len, LONG + 4);
        assert_memory_equal(item.text, file.data, item.len);
        assert_true(script_next(script, &item, &err));
        assert_string_equal(item.text, "b");
        assert_int_equal(item.line, 2);
        assert_true(script_next(script, &item, &err));
        assert_int_equal(item.kind, SCRIPT_COPY);
        assert_true(script_text_rows(script, &rows, &err));
        assert_int_equal(rows.len, LONG + 5);
        assert_memory_equal(rows.data + 2, filler, LONG);
        assert_int_equal(script_copy_rows(script), 3);
        assert_string_equal(item.text, "COPY t FROM stdin");
        assert_true(script_next(script, &item, &err));
        assert_string_equal(item.text, "-- c");
        assert_int_equal(item.line, 8);
        buf_release(&rows);
        script_free(script);
    }
    free(filler);
    buf_release(&file);
}

static bool fails(void *context, char *data, size_t size, size_t *len, struct err *err)
{
    int *calls = context;
    if ((*calls)++ > 0)
        return err_set(err, ERR_STOPPED, "stopped");
    *len = size < 4 ? size : 4;
    memcpy(data, "a;b", 3);
    data[3] = ' ';
    return true;
}

TEST(a_failure_of_the_source_is_passed_on)
{
    struct script_item item;
    struct err err = ERR_INIT;
    int calls = 0;
    struct script *script = script_new(fails, &calls);
    assert_true(script_next(script, &item, &err));
    assert_false(script_next(script, &item, &err));
    assert_int_equal(err.code, ERR_STOPPED);
    script_free(script);
}

/* --- hostile input ------------------------------------------------------------- */

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static const char dump[] =
    "\\restrict x\nSET a = 'b';\nSELECT pg_catalog.set_config('search_path', '', false);\n"
    "-- Name: t\nCREATE TABLE \"a\"\"b\".t (id integer DEFAULT E'\\\\x', n text);\n"
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN 1 THEN 2 END; "
    "END;\n"
    "CREATE OR REPLACE FUNCTION g() AS $_$ begin /* ; */ end $_$;\n/* a /* b */ */\n"
    "COPY t (id, n) FROM stdin;\n1\t\\N\n2\ta\\\\.\n\\.\nCREATE RULE r AS ON INSERT TO t DO (x; "
    "y);\n"
    "COPY t FROM STDIN WITH CSV;\r\n\"a\nb\",c\r\n\\.\r\nINSERT INTO t VALUES (U&'\\0061', "
    "'it''s');\n"
    "-- crc32: 00000000\n\\unrestrict x\n";

/* Whatever it is, it must come to an end, and to the same one for all sizes of pieces. */
static void survives(const char *data, size_t len)
{
    struct buf first = BUF_INIT, other = BUF_INIT;
    script_text_items(&first, data, len, 4096, false);
    script_text_items(&other, data, len, 1 + draw(7), false);
    assert_string_equal(first.data, other.data);
    buf_release(&first);
    buf_release(&other);
}

TEST(hostile_text_does_no_harm)
{
    static const char alphabet[] = "'\"$\\;()-/*\n\r\teEuU&aCOPY ATOMIC\0.1x\xff";
    char text[sizeof dump + 16];
    seed = 4711;
    for (int n = 0; n < 20000; n++) {
        size_t len = sizeof dump - 1;
        memcpy(text, dump, len);
        for (uint32_t change = 1 + draw(4); change > 0; change--) {
            size_t at = draw((uint32_t)len);
            uint32_t how = draw(4);
            if (how == 0)
                len = at + 1;
            else if (how == 1)
                text[at] = (char)draw(256);
            else if (how == 2)
                text[at] = alphabet[draw(sizeof alphabet - 1)];
            else
                memmove(text + at, text + draw((uint32_t)(len - at)), len - at > 8 ? 8 : len - at);
        }
        /* A heap copy of the right size, so that reading beyond it is seen. */
        char *exact = malloc(len);
        memcpy(exact, text, len);
        survives(exact, len);
        free(exact);
    }
    for (int n = 0; n < 2000; n++) {
        size_t len = draw(200);
        for (size_t i = 0; i < len; i++)
            text[i] = n % 2 ? (char)draw(256) : alphabet[draw(sizeof alphabet - 1)];
        survives(text, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_end_at_semicolons),
        cmocka_unit_test(quotes_hide_semicolons),
        cmocka_unit_test(strings_go_on_in_the_next_line),
        cmocka_unit_test(dollar_quotes_end_at_their_tag),
        cmocka_unit_test(comments_are_skipped_between_and_kept_within),
        cmocka_unit_test(parentheses_hide_semicolons),
        cmocka_unit_test(bodies_of_functions_hide_semicolons),
        cmocka_unit_test(commands_of_psql_are_told_apart),
        cmocka_unit_test(rows_follow_a_copy),
        cmocka_unit_test(no_rows_follow_anything_else),
        cmocka_unit_test(what_is_cut_off_is_refused),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(checksum_and_size_are_those_before_the_item),
        cmocka_unit_test(rows_that_are_not_read_are_skipped),
        cmocka_unit_test(long_ones_come_whole),
        cmocka_unit_test(a_failure_of_the_source_is_passed_on),
        cmocka_unit_test(hostile_text_does_no_harm),
    };
    return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
