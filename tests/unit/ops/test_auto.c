/* Unit tests of ops/auto.h: the decision, row by row, and what damps it. */
#include "ops/auto.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "unit.h"

/* Each row starts from one view and overrides what it is about. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* Both up, the primary active, thresholds 3 and 5. Each row changes what it names. */
#define UP                                                                                         \
    {                                                                                              \
        CONN_OK, false, 0, 0                                                                       \
    }
#define GOOD(n)                                                                                    \
    {                                                                                              \
        CONN_OK, false, 0, n                                                                       \
    }
#define DOWN(n)                                                                                    \
    {                                                                                              \
        CONN_DOWN, false, n, 0                                                                     \
    }
#define FAILED(class, n)                                                                           \
    {                                                                                              \
        class, false, n, 0                                                                         \
    }
#define REPLICA                                                                                    \
    {                                                                                              \
        CONN_OK, true, 0, 9                                                                        \
    }
#define VIEW(...)                                                                                  \
    {                                                                                              \
        .initialised = true, .failover_on = true, .failback_on = true, .failover_threshold = 3,    \
        .failback_threshold = 5, __VA_ARGS__                                                       \
    }

static const struct {
    const char *name;
    enum auto_decision decision;
    struct auto_view view;
} rows[] = {
    {"both up", AUTO_NONE, VIEW(.sides = {UP, UP})},
    {"two failures", AUTO_NONE, VIEW(.sides = {DOWN(2), UP})},
    {"three failures", AUTO_FAILOVER, VIEW(.sides = {DOWN(3), UP})},
    {"more failures", AUTO_FAILOVER, VIEW(.sides = {DOWN(99), UP})},
    {"a wrong password after an outage", AUTO_NONE, VIEW(.sides = {FAILED(CONN_CONFIG, 3), UP})},
    {"out of connections after an outage", AUTO_NONE,
     VIEW(.sides = {FAILED(CONN_DEGRADED, 3), UP})},
    {"switched off", AUTO_FAILOVER_OFF, VIEW(.sides = {DOWN(3), UP}, .failover_on = false)},
    {"the switch for failback does not matter", AUTO_FAILOVER,
     VIEW(.sides = {DOWN(3), UP}, .failback_on = false)},
    {"not initialised", AUTO_NOT_INITIALISED, VIEW(.sides = {DOWN(3), UP}, .initialised = false)},
    {"both down", AUTO_BOTH_DOWN, VIEW(.sides = {DOWN(3), DOWN(1)})},
    {"both down, early", AUTO_BOTH_DOWN, VIEW(.sides = {DOWN(1), DOWN(1)})},
    {"isolated", AUTO_ISOLATED, VIEW(.sides = {DOWN(3), DOWN(3)}, .isolated = true)},
    {"the secondary does not let dbr in", AUTO_STANDBY_UNFIT,
     VIEW(.sides = {DOWN(3), FAILED(CONN_CONFIG, 0)})},
    {"the secondary is out of connections", AUTO_STANDBY_UNFIT,
     VIEW(.sides = {DOWN(3), FAILED(CONN_DEGRADED, 0)})},
    {"the secondary is a physical standby", AUTO_STANDBY_UNFIT, VIEW(.sides = {DOWN(3), REPLICA})},
    {"only the standby is down", AUTO_NONE, VIEW(.sides = {UP, DOWN(9)})},
    {"a pause of the failback does not hold a failover", AUTO_FAILOVER,
     VIEW(.sides = {DOWN(3), UP}, .waiting = true)},

    {"four good checks", AUTO_NONE, VIEW(.active = ROLE_SECONDARY, .sides = {GOOD(4), UP})},
    {"five good checks", AUTO_FAILBACK, VIEW(.active = ROLE_SECONDARY, .sides = {GOOD(5), UP})},
    {"damped", AUTO_NONE,
     VIEW(.active = ROLE_SECONDARY, .sides = {GOOD(9), UP}, .failback_threshold = 10)},
    {"failback switched off", AUTO_FAILBACK_OFF,
     VIEW(.active = ROLE_SECONDARY, .sides = {GOOD(5), UP}, .failback_on = false)},
    {"refused lately", AUTO_FAILBACK_WAIT,
     VIEW(.active = ROLE_SECONDARY, .sides = {GOOD(6), UP}, .waiting = true)},
    {"the primary is still down", AUTO_NONE,
     VIEW(.active = ROLE_SECONDARY, .sides = {DOWN(9), UP})},
    {"the primary came back as a physical standby", AUTO_NONE,
     VIEW(.active = ROLE_SECONDARY, .sides = {REPLICA, UP})},
    {"the active secondary is down", AUTO_ACTIVE_LOST,
     VIEW(.active = ROLE_SECONDARY, .sides = {GOOD(9), DOWN(3)})},
    {"the active secondary does not let dbr in", AUTO_NONE,
     VIEW(.active = ROLE_SECONDARY, .sides = {GOOD(9), FAILED(CONN_CONFIG, 0)})},
    {"no failback by a standby that is not complete", AUTO_NOT_INITIALISED,
     VIEW(.active = ROLE_SECONDARY, .sides = {GOOD(5), UP}, .initialised = false)},
};

static void test_decide(void **context)
{
    (void)context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (auto_decide(&rows[i].view) != rows[i].decision)
            fail_msg("%s: decided %d, expected %d", rows[i].name, (int)auto_decide(&rows[i].view),
                     (int)rows[i].decision);
    }
}

static void test_due(void **context)
{
    (void)context;
    assert_true(auto_is_due(AUTO_FAILOVER));
    assert_true(auto_is_due(AUTO_FAILBACK_WAIT));
    assert_true(auto_is_due(AUTO_STANDBY_UNFIT));
    assert_false(auto_is_due(AUTO_NONE));
    assert_false(auto_is_due(AUTO_BOTH_DOWN));
    assert_false(auto_is_due(AUTO_ISOLATED));
    assert_null(auto_obstacle(AUTO_FAILOVER));
    assert_null(auto_obstacle(AUTO_FAILBACK_WAIT));
    assert_non_null(auto_obstacle(AUTO_FAILBACK_OFF));
}

/* A refused failback is tried again after a pause that grows to an hour; a failover at once. */
static void test_blocked(void **context)
{
    static const int minutes[] = {1, 2, 4, 8, 16, 32, 60, 60};
    struct state state = STATE_INIT;
    struct err why = ERR_INIT;
    int64_t at;
    (void)context;
    state.root = json_object();
    (void)err_set(&why, ERR_REFUSED, "the clocks differ");
    (void)err_hint(&why, "set them");
    assert_null(auto_blocked(&state));
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++) {
        auto_set_blocked(&state, SWITCH_FAILBACK, &why);
        assert_true(clock_parse(auto_retry_at(&state), &at));
        int64_t left = (at - clock_now_us()) / 1000000;
        assert_in_range(left, minutes[i] * 60 - 5, minutes[i] * 60);
    }
    char *text = auto_blocked(&state);
    assert_string_equal(text, "the clocks differ (set them)");
    free(text);
    auto_set_blocked(&state, SWITCH_FAILOVER, &why);
    assert_null(auto_retry_at(&state));
    auto_set_unfollowed(&state, "the hook");
    auto_clear_blocked(&state);
    assert_null(auto_blocked(&state));
    assert_string_equal(auto_unfollowed(&state), "the hook");
    auto_set_unfollowed(&state, NULL);
    assert_null(auto_unfollowed(&state));
    json_free(state.root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_blocked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
