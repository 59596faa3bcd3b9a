/* Unit tests of state/breaker.h: when a breaker opens, pauses, lets one try, and closes. */
#include "state/breaker.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct state state;

static int make_state(void **context)
{
    (void)context;
    state = (struct state)STATE_INIT;
    state.root = json_object();
    return 0;
}

static int free_state(void **context)
{
    (void)context;
    json_free(state.root);
    return 0;
}

static struct breaker read_it(void)
{
    struct breaker breaker;
    breaker_read(&breaker, &state, ROLE_PRIMARY);
    return breaker;
}

static void fail_times(int n, bool outage)
{
    while (n-- > 0)
        breaker_failure(&state, ROLE_PRIMARY, outage, 3);
}

/* The pause is over. */
static void pass_time(void)
{
    json_set_str(json_get(json_get(state.root, "breakers"), "primary"), "retryAt",
                 "2026-01-01T00:00:00.000Z");
}

static void test_opens(void **context)
{
    (void)context;
    assert_int_equal(read_it().status, BREAKER_CLOSED);
    fail_times(2, true);
    assert_int_equal(read_it().status, BREAKER_CLOSED);
    fail_times(1, true);
    assert_int_equal(read_it().status, BREAKER_OPEN);
    assert_int_equal(read_it().openings, 1);
    fail_times(5, true);
    assert_int_equal(read_it().openings, 1);
    struct breaker other;
    breaker_read(&other, &state, ROLE_SECONDARY);
    assert_int_equal(other.status, BREAKER_CLOSED);
}

static void test_other_failures(void **context)
{
    (void)context;
    fail_times(9, false);
    assert_int_equal(read_it().status, BREAKER_CLOSED);
    assert_int_equal(read_it().failures, 9);
}

static void test_half_open(void **context)
{
    (void)context;
    fail_times(3, true);
    pass_time();
    assert_int_equal(read_it().status, BREAKER_HALF_OPEN);
    fail_times(1, true);
    assert_int_equal(read_it().status, BREAKER_OPEN);
    assert_int_equal(read_it().openings, 2);
    pass_time();
    breaker_success(&state, ROLE_PRIMARY, 20);
    assert_int_equal(read_it().status, BREAKER_CLOSED);
    assert_int_equal(read_it().openings, 0);
    assert_int_equal(read_it().failures_in_a_row, 0);
}

static void test_figures(void **context)
{
    (void)context;
    struct breaker breaker = read_it();
    assert_true(breaker_success_rate(&breaker) == 1);
    assert_true(breaker_avg_duration(&breaker) < 0);
    breaker_success(&state, ROLE_PRIMARY, 10);
    breaker_success(&state, ROLE_PRIMARY, 20);
    breaker_success(&state, ROLE_PRIMARY, 30);
    fail_times(1, true);
    breaker = read_it();
    assert_int_equal(breaker.requests, 4);
    assert_true(breaker_success_rate(&breaker) == 0.75);
    assert_true(breaker_avg_duration(&breaker) == 20);
    breaker_reset(&state, ROLE_PRIMARY);
    breaker = read_it();
    assert_int_equal(breaker.requests, 0);
}

static void test_admits(void **context)
{
    struct err err = ERR_INIT;
    (void)context;
    assert_true(breaker_admit(&state, &err));
    fail_times(3, true);
    assert_false(breaker_admit(&state, &err));
    assert_int_equal(err.code, ERR_UNREACHABLE);
    assert_non_null(strstr(err.message, "circuit breaker of the primary"));
    assert_non_null(strstr(err.hint, "--reset-breaker"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_opens, make_state, free_state),
        cmocka_unit_test_setup_teardown(test_other_failures, make_state, free_state),
        cmocka_unit_test_setup_teardown(test_half_open, make_state, free_state),
        cmocka_unit_test_setup_teardown(test_figures, make_state, free_state),
        cmocka_unit_test_setup_teardown(test_admits, make_state, free_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
