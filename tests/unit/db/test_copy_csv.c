/* Rows and fields of CSV, as COPY writes it. */
#include "db/copy_csv.h"
#include "unit.h"

static size_t row_of(const char *data, bool *quoted)
{
    return copy_csv_row(data, strlen(data), quoted);
}

TEST(a_row_ends_outside_of_quotes)
{
    bool quoted = false;

    assert_int_equal(row_of("1,a\n2,b\n", &quoted), 4);
    assert_int_equal(row_of("1,\"a\nb\"\n2\n", &quoted), 8);
    assert_int_equal(row_of("\"\"\"\n\"\n", &quoted), 6);
    assert_int_equal(row_of("\n", &quoted), 1);
    assert_false(quoted);
    assert_int_equal(row_of("1,a", &quoted), 0);
    assert_false(quoted);
}

TEST(a_row_goes_on_in_the_next_piece)
{
    bool quoted = false;

    assert_int_equal(row_of("1,\"a\n", &quoted), 0);
    assert_true(quoted);
    assert_int_equal(row_of("b\"\"\n", &quoted), 0);
    assert_true(quoted);
    assert_int_equal(row_of("c\"\n2", &quoted), 3);
    assert_false(quoted);
}

/* The field, "(null)" where there is none. */
static const char *field(const char *row, size_t column)
{
    static char text[64];
    struct buf buf = BUF_INIT;

    if (copy_csv_field(row, strlen(row), column, &buf))
        (void)snprintf(text, sizeof(text), "%s", buf.data);
    else
        (void)snprintf(text, sizeof(text), "(null)");
    buf_release(&buf);
    return text;
}

TEST(fields)
{
    const char *row = "7,\"a,\"\"b\"\"\nc\",,\\N,\"\\N\",\"\",z\n";

    assert_string_equal(field(row, 0), "7");
    assert_string_equal(field(row, 1), "a,\"b\"\nc");
    assert_string_equal(field(row, 2), "");
    assert_string_equal(field(row, 3), "(null)");
    assert_string_equal(field(row, 4), "\\N");
    assert_string_equal(field(row, 5), "");
    assert_string_equal(field(row, 6), "z");
    assert_string_equal(field(row, 7), "(null)");
    assert_string_equal(field("one", 0), "one");
    assert_string_equal(field("one\r\n", 0), "one");
    assert_string_equal(field("", 1), "(null)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_ends_outside_of_quotes),
        cmocka_unit_test(a_row_goes_on_in_the_next_piece),
        cmocka_unit_test(fields),
    };
    return cmocka_run_group_tests_name("copy_csv", tests, NULL, NULL);
}
