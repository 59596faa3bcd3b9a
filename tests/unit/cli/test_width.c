/* How wide texts are, and where they are cut or broken. */
#include "cli/width.h"
#include "unit.h"

#define WIDE "\u65e5\u672c" /* two letters of two columns each */

TEST(letters_take_what_a_terminal_gives_them)
{
    assert_int_equal(width_of(""), 0);
    assert_int_equal(width_of("users"), 5);
    assert_int_equal(width_of("\u00e9t\u00e9"), 3);
    assert_int_equal(width_of("e\u0301"), 1); /* an accent of its own */
    assert_int_equal(width_of(WIDE), 4);
    assert_int_equal(width_of("\U0001f600"), 2);
}

TEST(the_locale_of_the_environment_does_not_count)
{
    setenv("LC_ALL", "C", 1);
    assert_int_equal(width_of(WIDE), 4);
    unsetenv("LC_ALL");
}

TEST(what_is_no_character_is_one_column_and_does_not_end_it)
{
    assert_int_equal(width_of("a\xFF"
                              "b"),
                     3);
    assert_int_equal(width_of("\xE6\x97"), 1);
    assert_int_equal(width_of("\x80\x80\x80\x80\x80\x80"), 2);
}

static void assert_cut(const char *text, size_t columns, bool utf8, const char *expected)
{
    struct buf buf = BUF_INIT;
    width_add_cut(&buf, text, columns, utf8);
    assert_string_equal(buf.data, expected);
    buf_release(&buf);
}

TEST(a_cut_is_marked)
{
    assert_cut("orders", 6, true, "orders");
    assert_cut("orders", 5, true, "orde\u2026");
    assert_cut("orders", 5, false, "orde~");
    assert_cut("orders", 1, false, "~");
    assert_cut("orders", 0, false, "");
    assert_cut(WIDE WIDE, 8, false, WIDE WIDE);
    /* Half a letter is none. */
    assert_cut(WIDE WIDE, 6, false, WIDE "~");
    assert_cut("e\u0301t", 1, false, "~");
}

static void assert_break(const char *text, size_t columns, size_t len, const char *rest)
{
    size_t next;
    assert_int_equal(width_break(text, columns, &next), len);
    assert_string_equal(text + next, rest);
}

TEST(lines_break_at_blanks)
{
    assert_break("the table is gone", 17, 17, "");
    assert_break("the table is gone", 12, 12, "gone");
    assert_break("the table is gone", 11, 9, "is gone");
    assert_break("the   table", 5, 3, "table");
    assert_break("notablankinit", 5, 5, "lankinit");
    /* It always goes on. */
    assert_break(WIDE, 1, 3, "\u672c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_take_what_a_terminal_gives_them),
        cmocka_unit_test(the_locale_of_the_environment_does_not_count),
        cmocka_unit_test(what_is_no_character_is_one_column_and_does_not_end_it),
        cmocka_unit_test(a_cut_is_marked),
        cmocka_unit_test(lines_break_at_blanks),
    };
    return cmocka_run_group_tests_name("width", tests, NULL, NULL);
}
