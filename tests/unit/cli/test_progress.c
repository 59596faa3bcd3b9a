/* The progress line: when it is drawn, how wide it is, and that log lines remove it. */
#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/progress.h"
#include "unit.h"

#define ERASE "\r\033[K"

static char text[100000];

static void run(int (*code)(void *), void *context)
{
    assert_int_equal(unit_child(code, context), 0);
    unit_read("err", text, sizeof text);
}

static int draw_disabled(void *context)
{
    (void)context;
    progress_update("copying users", 1, 2, 3);
    progress_enable(true);
    progress_enable(false);
    progress_update("copying users", 1, 2, 3);
    progress_clear();
    return 0;
}

TEST(nothing_is_drawn_unless_enabled)
{
    run(draw_disabled, NULL);
    assert_string_equal(text, "");
}

static int draw_three(void *context)
{
    (void)context;
    progress_enable(true);
    progress_update("copying users", 1500, 2000, 1234567);
    clock_sleep_ms(150);
    progress_update("copying\033[2J\nleads", 7, 0, 0);
    clock_sleep_ms(150);
    progress_update("copying leads", 9, 4, 0);
    progress_clear();
    progress_clear();
    return 0;
}

TEST(share_rows_and_bytes)
{
    run(draw_three, NULL);
    assert_string_equal(text, ERASE "copying users  75%  1,500 of 2,000 rows  1.2 MB" //
                        ERASE "copying?[2J leads  7 rows"                             //
                        ERASE "copying leads  9 rows" ERASE);
}

static int draw_left(void *context)
{
    (void)context;
    progress_enable(true);
    progress_update_bytes("importing", 0, 4000000, 0);
    clock_sleep_ms(1100);
    progress_update_bytes("importing", 1000000, 4000000, 1500);
    clock_sleep_ms(150);
    progress_update_bytes("another", 1000000, 4000000, 1500);
    clock_sleep_ms(150);
    progress_update_bytes("another", 5000000, 4000000, 1500);
    return 0;
}

TEST(time_left_by_the_speed_so_far)
{
    run(draw_left, NULL);
    assert_string_equal(text,
                        ERASE "importing  0%  0 rows" ERASE
                              "importing  25%  1,500 rows  1.0 MB of 4.0 MB  4.0 s left" //
                        ERASE "another  25%  1,500 rows  1.0 MB of 4.0 MB"               //
                        ERASE "another  1,500 rows  5.0 MB of 4.0 MB");
}

static int draw_parts(void *context)
{
    (void)context;
    progress_enable(true);
    progress_begin("copying", 4000);
    progress_part("users", 500, 1000);
    clock_sleep_ms(1100);
    progress_part("orders", 3100, 3000);
    clock_sleep_ms(150);
    progress_part("users", 400, 0);
    clock_sleep_ms(150);
    progress_begin("comparing", 0);
    progress_part("users", 10, 0);
    return 0;
}

/* Parts that are done side by side do not make each other's time left forgotten. */
TEST(the_share_and_the_time_left_are_of_the_whole)
{
    run(draw_parts, NULL);
    assert_string_equal(text, ERASE "copying users  12%  500 of 4,000 rows  1.0 KB"          //
                        ERASE "copying orders  90%  3,600 of 4,000 rows  4.0 KB  1.0 s left" //
                        ERASE "copying users  100%  4,000 of 4,000 rows  4.0 KB"             //
                        ERASE "comparing users  10 rows");
}

static int draw_fast(void *context)
{
    (void)context;
    progress_enable(true);
    int64_t end = clock_mono_ms() + 350;
    while (clock_mono_ms() < end)
        progress_update("x", 1, 2, 0);
    return 0;
}

TEST(at_most_ten_times_a_second)
{
    int count = 0;

    run(draw_fast, NULL);
    for (const char *p = text; (p = strstr(p, ERASE)); p++)
        count++;
    assert_in_range(count, 1, 4);
}

static int draw_wide(void *context)
{
    char what[500];
    (void)context;
    for (size_t i = 0; i + 2 < sizeof what; i += 2)
        memcpy(what + i, "\xC3\xA9", 3);
    progress_enable(true);
    setenv("LC_ALL", "C", 1);
    progress_update(what, 1, 2, 0);
    return 0;
}

/* The name is cut, not the numbers. */
TEST(no_wider_than_the_terminal)
{
    static const char end[] = "~  50%  1 of 2 rows";
    run(draw_wide, NULL);
    size_t len = strlen(text);
    assert_int_equal(len, strlen(ERASE) + (79 - strlen(end)) * 2 + strlen(end));
    assert_string_equal(text + len - strlen(end), end);
}

static int log_between(void *context)
{
    (void)context;
    progress_enable(true);
    progress_update("copying", 1, 0, 0);
    log_info("first");
    log_info("second");
    return 0;
}

TEST(a_log_line_removes_it)
{
    run(log_between, NULL);
    const char *start = ERASE "copying  1 rows" ERASE "2";
    assert_int_equal(strncmp(text, start, strlen(start)), 0);
    assert_null(strstr(text + strlen(start), ERASE));
}

static void *draw_and_log(void *context)
{
    (void)context;
    for (int i = 0; i < 200; i++) {
        progress_update("copying", i, 200, 0);
        log_info("line");
    }
    return NULL;
}

static int draw_from_threads(void *context)
{
    pthread_t threads[4];
    (void)context;
    progress_enable(true);
    for (size_t i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, draw_and_log, NULL) != 0)
            return 1;
    for (size_t i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    return 0;
}

TEST(threads)
{
    int lines = 0;

    run(draw_from_threads, NULL);
    for (const char *p = text; (p = strstr(p, "[DB-Redundancy] line\n")); p++)
        lines++;
    assert_int_equal(lines, 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(nothing_is_drawn_unless_enabled),
        IN_DIR(share_rows_and_bytes),
        IN_DIR(time_left_by_the_speed_so_far),
        IN_DIR(the_share_and_the_time_left_are_of_the_whole),
        IN_DIR(at_most_ten_times_a_second),
        IN_DIR(no_wider_than_the_terminal),
        IN_DIR(a_log_line_removes_it),
        IN_DIR(threads),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
