/* Lists of arguments as files write them. */
#include <string.h>

#include "repl/routine_arguments.h"
#include "unit.h"

/* expected: with "|" between the arguments. */
static void becomes(const char *text, const char *expected)
{
    struct buf out = BUF_INIT;
    size_t i;

    routine_arguments(&out, text);
    for (i = 0; i < out.len; i++)
        if (out.data[i] == ROUTINE_SEPARATOR)
            out.data[i] = '|';
    assert_string_equal(out.data, expected);
    buf_release(&out);
}

TEST(names_and_types_stay)
{
    becomes("()", "");
    becomes("(*)", "");
    becomes("", "");
    becomes("(integer, text)", "integer|text");
    becomes(" ( A  INTEGER,\n\tb double   precision )", "a integer|b double precision");
    becomes("(\"My, Arg\" \"S\".\"T\"\"x\"[])", "\"My, Arg\" \"S\".\"T\"\"x\"[]");
    becomes("a int", "a int");
    becomes("(a$b$ int, c$b$ text)", "a$b$ int|c$b$ text");
}

TEST(modes_go_and_outputs_with_them)
{
    becomes("(IN a int, OUT b text, INOUT c text, in out d date, VARIADIC e int[])",
            "a int|c text|d date|e int[]");
    becomes("(OUT a int)", "");
    becomes("(inner_id int, output text)", "inner_id int|output text");
}

TEST(defaults_go)
{
    becomes("(a int DEFAULT 1, b text = 'x, y', c text := E'it\\'s, )', d int)",
            "a int|b text|c text|d int");
    becomes("(a text DEFAULT 'it''s, so'::text, b int[] DEFAULT ARRAY[1, 2], c int DEFAULT f(1, "
            "2))",
            "a text|b int[]|c int");
    becomes("(a text default $q$, ) $q$, default_id int)", "a text|default_id int");
}

TEST(modifiers_go)
{
    becomes("(a numeric(9,2), b timestamp(3) with time zone, c varchar(10)[])",
            "a numeric|b timestamp with time zone|c varchar[]");
}

TEST(ordered_sets_have_both_lists)
{
    becomes("(double precision ORDER BY a integer)", "double precision|a integer");
    becomes("(ORDER BY anyelement)", "anyelement");
    becomes("(VARIADIC \"any\" ORDER BY VARIADIC \"any\")", "\"any\"");
}

TEST(what_is_cut_short_ends)
{
    becomes("(a text DEFAULT 'x", "a text");
    becomes("(a \"t", "a \"t");
    becomes("(a $x$ y", "a $x$ y");
    becomes("(a (", "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_types_stay),
        cmocka_unit_test(modes_go_and_outputs_with_them),
        cmocka_unit_test(defaults_go),
        cmocka_unit_test(modifiers_go),
        cmocka_unit_test(ordered_sets_have_both_lists),
        cmocka_unit_test(what_is_cut_short_ends),
    };
    return cmocka_run_group_tests_name("routine_arguments", tests, NULL, NULL);
}
