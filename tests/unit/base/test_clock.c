/* Instants as text and back, and sleeping. */
#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "base/stop.h"
#include "unit.h"

TEST(known_instants_are_formatted)
{
    char text[CLOCK_TEXT_SIZE];

    assert_string_equal(clock_format(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_format(INT64_C(1769286883910999), text), "2026-01-24T20:34:43.910Z");
    assert_string_equal(clock_format(-1, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(clock_format(INT64_C(951782400000000), text), "2000-02-29T00:00:00.000Z");
    assert_string_equal(clock_format(INT64_C(-2203977600000000), text), "1900-02-28T00:00:00.000Z");
    assert_true(strlen(clock_format(INT64_MAX, text)) < CLOCK_TEXT_SIZE);
    assert_true(strlen(clock_format(INT64_MIN, text)) < CLOCK_TEXT_SIZE);
}

TEST(every_day_agrees_with_the_c_library)
{
    for (int64_t day = -200000; day < 200000; day += 13) {
        char text[CLOCK_TEXT_SIZE], want[CLOCK_TEXT_SIZE];
        int64_t seconds = day * 86400 + 86399;
        int64_t back = 0;
        time_t t = (time_t)seconds;
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        assert_true(strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000Z", &tm) > 0);
        assert_string_equal(clock_format(seconds * 1000000, text), want);
        assert_true(clock_parse(text, &back));
        assert_true(back == seconds * 1000000);
    }
}

TEST(fractions_of_up_to_six_digits)
{
    int64_t us = 0;

    assert_true(clock_parse("1970-01-01T00:00:01Z", &us));
    assert_int_equal(us, 1000000);
    assert_true(clock_parse("1970-01-01T00:00:01.5Z", &us));
    assert_int_equal(us, 1500000);
    assert_true(clock_parse("1970-01-01T00:00:01.000001Z", &us));
    assert_int_equal(us, 1000001);
}

TEST(other_texts_are_refused)
{
    static const char *const bad[] = {
        "",
        "2026-01-24",
        "2026-01-24 20:34:43Z",
        "2026-01-24T20:34:43",
        "2026-01-24T20:34:43+00:00",
        "2026-01-24T20:34:43.Z",
        "2026-01-24T20:34:43.1234567Z",
        "2026-01-24T20:34:43.910Z ",
        " 2026-01-24T20:34:43.910Z",
        "2026-13-24T20:34:43Z",
        "2026-00-24T20:34:43Z",
        "2026-02-29T20:34:43Z",
        "2100-02-29T20:34:43Z",
        "2026-01-32T20:34:43Z",
        "2026-01-24T24:34:43Z",
        "2026-01-24T20:60:43Z",
        "2026-01-24T20:34:60Z",
        "-026-01-24T20:34:43Z",
        "2026-01-2",
        "null",
    };
    int64_t us = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (clock_parse(bad[i], &us))
            fail_msg("accepted: %s", bad[i]);
    assert_false(clock_parse(NULL, &us));
    assert_int_equal(us, 42);
}

TEST(sleep_lasts_as_long_as_asked)
{
    int64_t start = clock_mono_us();

    clock_sleep_ms(0);
    clock_sleep_ms(-5);
    assert_true(clock_mono_us() - start < 50000);
    start = clock_mono_us();
    clock_sleep_ms(70);
    assert_true(clock_mono_us() - start >= 70000);
}

static int sleep_until_alarm(void *context)
{
    (void)context;
    stop_install();
    int64_t start = clock_mono_ms();
    if (fork() == 0) {
        clock_sleep_ms(50);
        (void)kill(getppid(), SIGTERM);
        _exit(0);
    }
    clock_sleep_ms(20000);
    (void)wait(NULL);
    return clock_mono_ms() - start < 10000 ? 0 : 1;
}

TEST(a_stop_ends_the_sleep)
{
    int status = unit_child(sleep_until_alarm, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

TEST(spans)
{
    static const char *const bad[] = {"",    "0h",  "h",   "10",  "10x",         "1.5h",
                                      "-1h", "1h ", " 1h", "1hh", "9999999999d", "3661d"};
    int64_t ms = 0;
    assert_true(clock_parse_span("90m", &ms));
    assert_int_equal(ms, 5400000);
    assert_true(clock_parse_span("24h", &ms));
    assert_int_equal(ms, 86400000);
    assert_true(clock_parse_span("7d", &ms));
    assert_int_equal(ms, 604800000);
    assert_true(clock_parse_span("1w", &ms));
    assert_int_equal(ms, 604800000);
    assert_true(clock_parse_span("30s", &ms));
    assert_int_equal(ms, 30000);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (clock_parse_span(bad[i], &ms))
            fail_msg("taken: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants_are_formatted),
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(fractions_of_up_to_six_digits),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(sleep_lasts_as_long_as_asked),
        IN_DIR(a_stop_ends_the_sleep),
        cmocka_unit_test(spans),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
