/* Bars: heights, columns without a value, marks. */
#include "cli/sparkline.h"
#include "unit.h"

static void assert_bars(const double *values, size_t count, bool utf8, const char *expected)
{
    struct buf line = BUF_INIT;
    sparkline_add(&line, values, count, utf8);
    assert_string_equal(line.data, expected);
    buf_release(&line);
}

TEST(heights_go_by_the_largest)
{
    const double values[] = {0, 1, 50, 51, 100, SPARKLINE_NONE, SPARKLINE_BAD};
    assert_bars(values, 7, true, "▁▁▄▅█ ×");
    assert_bars(values, 7, false, "__==# x");
}

TEST(nothing_and_all_alike)
{
    const double zero[] = {0, 0};
    const double same[] = {7, 7};
    assert_bars(zero, 0, true, "");
    assert_bars(zero, 2, false, "__");
    assert_bars(same, 2, false, "##");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heights_go_by_the_largest),
        cmocka_unit_test(nothing_and_all_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
