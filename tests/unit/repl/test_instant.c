/* Order of instants as the servers print them. */
#include "repl/instant.h"
#include "unit.h"

static void ordered(const char *a, const char *b)
{
    assert_true(instant_compare(a, b) < 0);
    assert_true(instant_compare(b, a) > 0);
    assert_int_equal(instant_compare(a, a), 0);
}

TEST(instants_order_as_time_does)
{
    ordered("2026-01-24 20:34:43", "2026-01-24 20:34:44");
    ordered("2026-01-24 20:34:43", "2026-01-24 20:34:43.1");
    ordered("2026-01-24 20:34:43.09", "2026-01-24 20:34:43.1");
    ordered("2026-01-24 20:34:43+00", "2026-01-24 20:34:43.000001+00");
    ordered("9999-12-31 00:00:00", "10000-01-01 00:00:00");
    ordered("0044-03-15 00:00:00 BC", "0043-03-15 00:00:00 BC");
    ordered("0044-03-15 00:00:00 BC", "0044-03-16 00:00:00 BC");
    ordered("0001-03-15 00:00:00 BC", "0001-01-01 00:00:00");
    ordered("294276-12-31 23:59:59.999999", "infinity");
    ordered("-infinity", "4713-01-01 00:00:00 BC");
    ordered(NULL, "-infinity");
    assert_int_equal(instant_compare(NULL, NULL), 0);
    assert_int_equal(instant_compare("infinity", "infinity"), 0);
}

TEST(null_decides_nothing)
{
    assert_true(instant_is_later("2026-01-24 20:34:44", "2026-01-24 20:34:43"));
    assert_false(instant_is_later("2026-01-24 20:34:43", "2026-01-24 20:34:43"));
    assert_false(instant_is_later("2026-01-24 20:34:44", NULL));
    assert_false(instant_is_later(NULL, "2026-01-24 20:34:44"));
    assert_false(instant_is_later(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_order_as_time_does),
        cmocka_unit_test(null_decides_nothing),
    };
    return cmocka_run_group_tests_name("instant", tests, NULL, NULL);
}
