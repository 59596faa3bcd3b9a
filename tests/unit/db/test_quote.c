/* Quoting of names, literals and array items. */
#include <string.h>

#include "db/quote.h"
#include "unit.h"

static void check(void (*quote)(struct buf *, const char *), const char *text, const char *expected)
{
    struct buf sql = BUF_INIT;

    quote(&sql, text);
    assert_string_equal(sql.data, expected);
    buf_release(&sql);
}

TEST(names_keep_what_they_hold)
{
    check(quote_ident, "users", "\"users\"");
    check(quote_ident, "We\"ird; DROP TABLE x", "\"We\"\"ird; DROP TABLE x\"");
    check(quote_ident, "", "\"\"");
    check(quote_ident, "\\'", "\"\\'\"");
}

TEST(literals_survive_quotes_and_backslashes)
{
    check(quote_literal, "it's", "'it''s'");
    check(quote_literal, "a\\b'", " E'a\\\\b'''");
    check(quote_literal, "", "''");
    check(quote_literal, NULL, "NULL");
}

TEST(array_items_tell_null_from_the_word)
{
    struct buf array = BUF_INIT;

    quote_array_open(&array);
    quote_array_item(&array, "NULL", 4);
    quote_array_item(&array, NULL, 0);
    quote_array_item(&array, "", 0);
    quote_array_item(&array, "{", 1);
    quote_array_item(&array, "a\"b\\c,}", 7);
    quote_array_close(&array);
    assert_string_equal(array.data, "{\"NULL\",NULL,\"\",\"{\",\"a\\\"b\\\\c,}\"}");
    buf_release(&array);
}

TEST(an_array_may_begin_with_null)
{
    struct buf array = BUF_INIT;

    quote_array_open(&array);
    quote_array_item(&array, NULL, 0);
    quote_array_item(&array, NULL, 0);
    quote_array_close(&array);
    assert_string_equal(array.data, "{NULL,NULL}");
    buf_release(&array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_keep_what_they_hold),
        cmocka_unit_test(literals_survive_quotes_and_backslashes),
        cmocka_unit_test(array_items_tell_null_from_the_word),
        cmocka_unit_test(an_array_may_begin_with_null),
    };
    return cmocka_run_group_tests_name("quote", tests, NULL, NULL);
}
