/* What each check measures of itself: CPU against a sample that is old enough, and alerts by what
 * is known, however old that is. */
#include "base/clock.h"
#include "base/machine.h"
#include "ops/samples.h"
#include "unit.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

static struct config config;
static struct state kept;
static struct health_judgement judgement;
static int64_t now;

static int enter(void **state)
{
    kept = (struct state)STATE_INIT;
    kept.root = json_object();
    now = clock_now_us();
    config = (struct config){.state_dir = unit_dir};
    config.alerts.cpu_percent = 80;
    config.alerts.memory_percent = config.alerts.disk_percent = 100;
    config.alerts.connections_percent = 80;
    return unit_enter(state);
}

static int leave(void **state)
{
    json_free(kept.root);
    return unit_leave(state);
}

static void set_time(struct json *object, int64_t time)
{
    char text[CLOCK_TEXT_SIZE];
    json_set_str(object, "time", clock_format(time, text));
}

/* As if 90 % of CPU had been in use since a sample of that age. */
static void sample_cpu_before(int64_t age_s, int64_t clock_age_s)
{
    struct machine_cpu cpu;
    assert_true(machine_cpu(&cpu));
    struct json *base = json_set_object(json_set_object(kept.root, "samples"), "cpu");
    set_time(base, now - clock_age_s * SECOND);
    json_set_int(base, "uptime", machine_uptime_s() - age_s);
    json_set_int(base, "busy", cpu.busy - 9 * INT64_C(1000000000000));
    json_set_int(base, "total", cpu.total - 10 * INT64_C(1000000000000));
    json_set_bool(base, "limited", cpu.limited);
}

static const struct json *samples(void)
{
    return json_get(kept.root, "samples");
}

static double measured(const char *name)
{
    return json_double(json_get(json_get(samples(), "measured"), name), "percent", -1);
}

static void remember(void)
{
    struct probe probes[2] = {{.connected = true, .connections = 9, .connection_limit = 10},
                              {.connected = false, .connections = 9, .connection_limit = 10}};
    samples_remember(&config, probes, 2, &kept);
}

TEST(cpu_against_a_sample_that_is_old_enough)
{
    sample_cpu_before(30, 30);
    remember();
    assert_true(measured("cpu") > 89 && measured("cpu") < 91);
    int64_t uptime = json_int(json_get(samples(), "cpu"), "uptime", 0);
    assert_true(uptime >= machine_uptime_s() - 2);
    /* The next one comes too early: value and sample stay. */
    remember();
    assert_true(measured("cpu") > 89);
    assert_int_equal(json_int(json_get(samples(), "cpu"), "uptime", 0), uptime);
}

TEST(cpu_is_not_measured_against_any_other_sample)
{
    static const int64_t ages[][2] = {
        {3, 3},       /* chance */
        {3700, 3700}, /* too long ago */
        {30, 5000},   /* the machine was restarted, or the clock set */
        {30, -5000},  /* the clock was set back */
        {-500, 30},   /* restarted */
    };
    remember();
    assert_true(measured("cpu") < 0);
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        sample_cpu_before(ages[i][0], ages[i][1]);
        remember();
        assert_true(measured("cpu") < 0);
        /* The first stays, so that checks each second measure every ten; the others are of no use.
         */
        int64_t age = machine_uptime_s() - json_int(json_get(samples(), "cpu"), "uptime", 0);
        assert_true(i == 0 ? age >= 3 : age <= 2);
    }
}

TEST(what_costs_nothing_is_measured_each_time)
{
    remember();
    assert_true(measured("memory") > 0 && measured("memory") <= 100);
    assert_true(measured("disk") >= 0 && measured("disk") <= 100);
    assert_true(measured("connections-primary") > 89);
    assert_true(measured("connections-secondary") < 0);
}

/* age: of the value at the last check. */
static void judge(double percent, int64_t age)
{
    struct json *part = json_set_object(kept.root, "samples");
    struct json *entry = json_set_object(json_set_object(part, "measured"), "cpu");
    set_time(part, now);
    set_time(entry, now - age);
    json_set_double(entry, "percent", percent);
    memset(&judgement, 0, sizeof judgement);
    samples_judge(&config, &kept, &judgement);
}

static const struct alert *only_alert(void)
{
    assert_int_equal(judgement.alerts.count, 1);
    assert_int_equal(judgement.status, HEALTH_DEGRADED);
    return &judgement.alerts.items[0];
}

TEST(beyond_its_threshold_it_is_an_alert)
{
    judge(80, 0);
    assert_int_equal(judgement.alerts.count, 0);
    assert_false(strlist_has(&judgement.alerts.lost, "cpu"));
    health_judgement_release(&judgement);
    judge(95, 0);
    assert_string_equal(only_alert()->message, "CPU: 95 % in use");
    assert_string_equal(only_alert()->stale, "");
    assert_true(only_alert()->value > 94 && only_alert()->threshold < 81);
    health_judgement_release(&judgement);
}

TEST(what_is_not_measured_now_says_so)
{
    char time[CLOCK_TEXT_SIZE];
    judge(95, 11 * SECOND);
    clock_format(now - 11 * SECOND, time);
    assert_string_equal(only_alert()->stale, time);
    assert_non_null(strstr(only_alert()->message, "95 % in use, not measured since "));
    assert_non_null(strstr(only_alert()->message, time));
    health_judgement_release(&judgement);
    judge(95, DAY - SECOND);
    (void)only_alert();
    health_judgement_release(&judgement);
}

/* The clock was set back since it was measured. */
TEST(a_value_of_the_future_is_none_of_now)
{
    judge(95, -3600 * SECOND);
    assert_non_null(strstr(only_alert()->message, "not measured since "));
    health_judgement_release(&judgement);
    judge(95, -DAY - SECOND);
    assert_int_equal(judgement.alerts.count, 0);
    assert_true(strlist_has(&judgement.alerts.lost, "cpu"));
    health_judgement_release(&judgement);
}

TEST(nor_is_it_kept_for_ever)
{
    struct alerts news = ALERTS_INIT;
    judge(95, 0);
    alerts_apply(&judgement.alerts, &kept, now - 2 * DAY, 0, &news);
    json_remove(json_get(json_get(kept.root, "alerts"), "cpu"), "pending");
    alerts_release(&news);
    health_judgement_release(&judgement);
    judge(95, DAY + SECOND);
    assert_int_equal(judgement.alerts.count, 0);
    assert_int_equal(judgement.status, HEALTH_OK);
    alerts_apply(&judgement.alerts, &kept, now, 0, &news);
    assert_int_equal(news.count, 1);
    assert_int_equal(news.items[0].change, ALERT_OVER);
    assert_string_equal(news.items[0].message, "no longer measured: CPU: 95 % in use");
    alerts_release(&news);
    health_judgement_release(&judgement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ONE(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        ONE(cpu_against_a_sample_that_is_old_enough),
        ONE(cpu_is_not_measured_against_any_other_sample),
        ONE(what_costs_nothing_is_measured_each_time),
        ONE(beyond_its_threshold_it_is_an_alert),
        ONE(what_is_not_measured_now_says_so),
        ONE(a_value_of_the_future_is_none_of_now),
        ONE(nor_is_it_kept_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
