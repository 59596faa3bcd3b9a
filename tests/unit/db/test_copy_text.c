/* Rows in the text format of COPY: each escape, and what is made of the fields. */
#include "db/copy_text.h"
#include "unit.h"

static bool add_field(void *context, size_t column, const char *data, size_t len, struct err *err)
{
    struct buf *out = context;
    (void)err;
    if (data)
        assert_int_equal(data[len], '\0');
    buf_addf(out, "%zu%s", column, data ? "[" : "-");
    buf_add(out, data ? data : "", len);
    buf_adds(out, data ? "]" : "");
    return true;
}

static void expect_bytes(const char *line, size_t len, const char *expected)
{
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    /* A copy of the right size, so that reading beyond it is seen. */
    char *exact = malloc(len + 1);
    memcpy(exact, line, len);
    exact[len] = '\n';
    if (!copy_text_split(exact, len, add_field, &out, &err))
        buf_addf(&out, "!%d %s", (int)err.code, err.message);
    free(exact);
    assert_string_equal(out.data, expected);
    buf_release(&out);
}

static void expect(const char *line, const char *expected)
{
    expect_bytes(line, strlen(line), expected);
}

TEST(fields_stand_between_tabs)
{
    expect("", "0[]");
    expect("a", "0[a]");
    expect("a\tb c\td", "0[a]1[b c]2[d]");
    expect("\t\t", "0[]1[]2[]");
    expect("a\t", "0[a]1[]");
    expect("\\N\t", "0-1[]");
    expect("\\n\t\t", "0[\n]1[]2[]");
}

TEST(null_is_the_whole_field)
{
    expect("\\N", "0-");
    expect("\\N\t\\N\tx\t\\N", "0-1-2[x]3-");
    expect("\\Na\ta\\N\t\\\\N\tN", "0[Na]1[aN]2[\\N]3[N]");
}

TEST(escapes_are_undone)
{
    expect("\\b\\f\\n\\r\\t\\v\\\\", "0[\b\f\n\r\t\v\\]");
    expect("a\\tb\tc\\\td", "0[a\tb]1[c\td]");
    expect("\\\\\tx\t\\\\\\\tx", "0[\\]1[x]2[\\\tx]");
    expect("\\123\\60\\7\\1234\\18\\377", "0[S0\aS4\x01"
                                          "8\xff]");
    expect("\\x41\\x4\\x414\\xg\\x\\X41\\x4A\\xfF", "0[A\x04"
                                                    "A4xgxX41J\xff]");
    expect("\\a\\q\\'\\.\\9\\\"", "0[aq'.9\"]");
    expect("\\.", "0[.]");
    expect("\\x", "0[x]");
    expect("\\1", "0[\x01]");
    expect("größe\\\xc3\xa9", "0[größeé]");
}

TEST(what_cannot_be_a_value_is_refused)
{
    expect("a\\", "!5 a row ends with a backslash");
    expect("a\tb\\\\\\", "0[a]!5 a row ends with a backslash");
    expect("a\t\\0", "0[a]!5 a value has a NUL byte");
    expect("\\x00", "!5 a value has a NUL byte");
    expect("\\400", "!5 a value has a NUL byte");
    expect_bytes("a\tb\0c", 5, "!5 a value has a NUL byte");
    expect_bytes("\\\0", 2, "!5 a value has a NUL byte");
}

struct counter {
    size_t fields, bytes, stop_at;
};

static bool count(void *context, size_t column, const char *data, size_t len, struct err *err)
{
    struct counter *counter = context;
    counter->fields++;
    counter->bytes += data ? len : 0;
    return column != counter->stop_at || err_set(err, ERR_DIFFERENT, "enough");
}

static void make_long(struct buf *line)
{
    buf_reset(line);
    for (int i = 0; i < 100000; i++)
        buf_adds(line, i % 2 ? "abc\t" : "a\\nc\t");
}

TEST(long_lines_and_early_ends)
{
    struct buf line = BUF_INIT;
    struct err err = ERR_INIT;
    struct counter counter = {.stop_at = SIZE_MAX};
    make_long(&line);
    assert_true(copy_text_split(line.data, line.len, count, &counter, &err));
    assert_int_equal(counter.fields, 100001);
    assert_int_equal(counter.bytes, 300000);
    make_long(&line);
    counter = (struct counter){.stop_at = 2};
    assert_false(copy_text_split(line.data, line.len, count, &counter, &err));
    assert_int_equal(err.code, ERR_DIFFERENT);
    assert_int_equal(counter.fields, 3);
    buf_release(&line);
}

static bool note_place(void *context, size_t column, const char *data, size_t len, struct err *err)
{
    const char **places = context;
    (void)len;
    (void)err;
    places[column] = data;
    return true;
}

TEST(fields_stay_where_they_stand)
{
    char line[] = "one\ttw\\no\tthree\n";
    const char *places[3];
    struct err err = ERR_INIT;
    assert_true(copy_text_split(line, strlen(line) - 1, note_place, places, &err));
    assert_ptr_equal(places[0], line);
    assert_string_equal(places[0], "one");
    assert_ptr_equal(places[1], line + 4);
    assert_string_equal(places[1], "tw\no");
    assert_ptr_equal(places[2], line + 10);
    assert_string_equal(places[2], "three");
}

static void expect_made(void (*make)(struct buf *, const char *, size_t), const char *data,
                        const char *expected)
{
    struct buf out = BUF_INIT;
    buf_adds(&out, "x,");
    make(&out, data, data ? strlen(data) : 0);
    assert_string_equal(out.data + 2, expected);
    buf_release(&out);
}

static void copy_text_csv(struct buf *out, const char *data, size_t len)
{
    size_t at = 0;
    while (copy_text_csv_piece(out, data, len, &at))
        ;
}

TEST(literals)
{
    expect_made(copy_text_literal, NULL, "NULL");
    expect_made(copy_text_literal, "", "''");
    expect_made(copy_text_literal, "abc", "'abc'");
    expect_made(copy_text_literal, "it's '", "'it''s '''");
    expect_made(copy_text_literal, "a\\b'\n", "E'a\\\\b''\n'");
    expect_made(copy_text_literal, "\\N", "E'\\\\N'");
}

TEST(csv)
{
    expect_made(copy_text_csv, NULL, "\\N");
    expect_made(copy_text_csv, "", "\"\"");
    expect_made(copy_text_csv, "abc d", "abc d");
    expect_made(copy_text_csv, "a,b", "\"a,b\"");
    expect_made(copy_text_csv, "a\"b\"", "\"a\"\"b\"\"\"");
    expect_made(copy_text_csv, "a\nb", "\"a\nb\"");
    expect_made(copy_text_csv, "a\rb", "\"a\rb\"");
    expect_made(copy_text_csv, " a", "\" a\"");
    expect_made(copy_text_csv, "a\t", "\"a\t\"");
    expect_made(copy_text_csv, "\va", "\"\va\"");
    expect_made(copy_text_csv, "\\N", "\"\\N\"");
    expect_made(copy_text_csv, "\\.", "\"\\.\"");
    expect_made(copy_text_csv, "\\Na", "\\Na");
    expect_made(copy_text_csv, "a\\b'", "a\\b'");
}

typedef bool (*make_piece)(struct buf *, const char *, size_t, size_t *);

/* A field of len bytes x with this text at its end, in pieces. */
static void expect_pieces(make_piece piece, size_t len, const char *end, const char *before,
                          const char *after)
{
    struct buf field = BUF_INIT, out = BUF_INIT, whole = BUF_INIT, expected = BUF_INIT;
    buf_adds(&expected, before);
    for (size_t i = 0; i < len; i++) {
        buf_addch(&field, 'x');
        buf_addch(&expected, 'x');
    }
    buf_adds(&field, end);
    buf_adds(&expected, after);
    size_t at = 0, pieces = 0;
    for (bool more = true; more; pieces++) {
        buf_reset(&out);
        more = piece(&out, field.data, field.len, &at);
        assert_true(out.len <= 2 * COPY_TEXT_PIECE + 3);
        buf_add(&whole, out.data, out.len);
    }
    assert_int_equal(at, field.len);
    assert_int_equal(pieces, (field.len + COPY_TEXT_PIECE - 1) / COPY_TEXT_PIECE);
    assert_string_equal(whole.data, expected.data);
    buf_release(&field);
    buf_release(&out);
    buf_release(&whole);
    buf_release(&expected);
}

TEST(a_wide_field_is_written_in_pieces)
{
    for (size_t len = COPY_TEXT_PIECE - 4; len <= COPY_TEXT_PIECE + 1; len++) {
        for (size_t more = 0; more <= 2 * COPY_TEXT_PIECE; more += COPY_TEXT_PIECE) {
            expect_pieces(copy_text_literal_piece, len + more, "", "'", "'");
            expect_pieces(copy_text_literal_piece, len + more, "''", "'", "'''''");
            expect_pieces(copy_text_literal_piece, len + more, "'\\'", "E'", "''\\\\'''");
            expect_pieces(copy_text_csv_piece, len + more, "", "", "");
            expect_pieces(copy_text_csv_piece, len + more, "'\\", "", "'\\");
            expect_pieces(copy_text_csv_piece, len + more, "\"\"", "\"", "\"\"\"\"\"");
            expect_pieces(copy_text_csv_piece, len + more, " ", "\"", " \"");
        }
    }
}

TEST(a_line_that_csv_cannot_hold)
{
    assert_true(copy_text_ends_csv("a\n\\.\nb", 6));
    assert_true(copy_text_ends_csv("\n\\.\r\n", 5));
    /* The first and the last line of a field have a quote on them. */
    assert_false(copy_text_ends_csv("\\.\nb", 4));
    assert_false(copy_text_ends_csv("a\n\\.", 4));
    assert_false(copy_text_ends_csv("a\n\\.b\n", 6));
    assert_false(copy_text_ends_csv(NULL, 0));
}

/* Any bytes: they are fields or refused, and nothing breaks. */
TEST(hostile_text_does_no_harm)
{
    static const char alphabet[] = "\\\\\\\t\tN.nx01479aAgf'\"\xff\0";
    uint32_t seed = 7;
    for (int n = 0; n < 20000; n++) {
        struct buf out = BUF_INIT;
        struct err err = ERR_INIT;
        seed = seed * 1664525 + 1013904223;
        size_t len = seed >> 26;
        char *line = malloc(len + 1);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            line[i] = n % 2 ? (char)(seed >> 24) : alphabet[(seed >> 8) % (sizeof alphabet - 1)];
        }
        bool ok = copy_text_split(line, len, add_field, &out, &err);
        assert_true(ok || err.code == ERR_REFUSED);
        free(line);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_stand_between_tabs),
        cmocka_unit_test(null_is_the_whole_field),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(what_cannot_be_a_value_is_refused),
        cmocka_unit_test(long_lines_and_early_ends),
        cmocka_unit_test(fields_stay_where_they_stand),
        cmocka_unit_test(literals),
        cmocka_unit_test(csv),
        cmocka_unit_test(a_wide_field_is_written_in_pieces),
        cmocka_unit_test(a_line_that_csv_cannot_hold),
        cmocka_unit_test(hostile_text_does_no_harm),
    };
    return cmocka_run_group_tests_name("copy_text", tests, NULL, NULL);
}
