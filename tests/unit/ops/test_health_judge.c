/* What makes a pair healthy, degraded or critical, judged from states as they stand in the file. */
#include "base/clock.h"
#include "base/lock.h"
#include "ops/health_judge.h"
#include "unit.h"

#define UP                                                                                         \
    "{\"connected\": true, \"latency\": 20, \"readOnly\": false, \"clockSkewMs\": 0, "             \
    "\"lastCheck\": "                                                                              \
    "\"2026-01-24T20:34:43.910Z\"}"
#define FENCED                                                                                     \
    "{\"connected\": true, \"latency\": 20, \"readOnly\": true, \"clockSkewMs\": 0, "              \
    "\"lastCheck\": "                                                                              \
    "\"2026-01-24T20:34:43.910Z\"}"
#define DOWN "{\"connected\": false, \"failure\": \"down\", \"error\": \"no route\"}"
#define CONFIG "{\"connected\": false, \"failure\": \"config\", \"error\": \"wrong password\"}"
#define CROWDED "{\"connected\": false, \"failure\": \"degraded\", \"error\": \"53300\"}"
#define DONE "\"init\": {\"status\": \"done\"}"

#define BEFORE "\"time\": \"2026-01-24T20:34:00.000Z\""
#define LATER "\"time\": \"2026-01-24T20:35:00.000Z\""

static struct config config;
static struct health_judgement judgement;

static int enter(void **state)
{
    config = (struct config){.sync_interval_ms = 3600000,
                             .health_timeout_ms = 5000,
                             .max_clock_skew_ms = 5000,
                             .failover_threshold = 3,
                             .failback_threshold = 5,
                             .auto_failover = true,
                             .auto_failback = true,
                             .fence = true};
    config.urls[ROLE_PRIMARY] = config.urls[ROLE_SECONDARY] = (char[]){"not looked at"};
    return unit_enter(state);
}

/* rest: members of the document beside version, active database and health. */
static void judge(const char *active, const char *primary, const char *secondary, const char *rest)
{
    struct state kept = STATE_INIT;
    struct err err = ERR_INIT;
    char text[2000];
    int len = snprintf(text, sizeof text,
                       "{\"activeDatabase\": \"%s\", \"health\": {\"primary\": %s, \"secondary\": "
                       "%s}%s%s}",
                       active, primary, secondary, *rest ? ", " : "", rest);

    kept.dir = unit_dir;
    kept.root = json_parse(text, (size_t)len, &err);
    assert_non_null(kept.root);
    health_judge(&config, &kept, &judgement);
    json_free(kept.root);
}

/* The only warning holds part; NULL: there is none. */
static void verdict_is(enum health_status status, const char *part)
{
    assert_int_equal(judgement.warnings.count, part ? 1 : 0);
    if (part && !strstr(judgement.warnings.items[0], part))
        fail_msg("'%s' is not in: %s", part, judgement.warnings.items[0]);
    assert_int_equal(judgement.status, status);
    health_judgement_release(&judgement);
}

TEST(all_is_well)
{
    judge("primary", UP, FENCED, DONE);
    verdict_is(HEALTH_OK, NULL);
    judge("secondary", FENCED, UP, DONE);
    verdict_is(HEALTH_OK, NULL);
    assert_string_equal(health_status_name(HEALTH_OK), "healthy");
}

TEST(who_is_out_decides)
{
    judge("primary", DOWN, FENCED, DONE);
    verdict_is(HEALTH_CRITICAL, "primary (active) is down: no route");
    judge("primary", UP, DOWN, DONE);
    verdict_is(HEALTH_DEGRADED, "secondary (standby) is down: no route");
    judge("secondary", DOWN, UP, DONE);
    verdict_is(HEALTH_DEGRADED, "primary (standby) is down");
    judge("primary", CONFIG, FENCED, DONE);
    verdict_is(HEALTH_CRITICAL, "primary (active) does not let dbr in: wrong password");
    judge("primary", CROWDED, FENCED, DONE);
    verdict_is(HEALTH_DEGRADED, "primary (active) is in trouble");
    judge("primary", UP, "null", DONE);
    verdict_is(HEALTH_DEGRADED, "has not been checked yet");
    judge("primary", DOWN, DOWN, DONE);
    assert_int_equal(judgement.status, HEALTH_CRITICAL);
    assert_int_equal(judgement.warnings.count, 3);
    assert_non_null(strstr(judgement.warnings.items[2], "both databases offline"));
    health_judgement_release(&judgement);
}

#define OUTAGE(n)                                                                                  \
    "{\"connected\": false, \"failure\": \"down\", \"error\": \"no route\", "                      \
    "\"consecutiveDown\": " #n "}"

static void last_warning_is(enum health_status status, const char *part)
{
    size_t count = judgement.warnings.count;

    assert_int_equal(judgement.status, status);
    assert_true(count > 0);
    if (!strstr(judgement.warnings.items[count - 1], part))
        fail_msg("'%s' is not in: %s", part, judgement.warnings.items[count - 1]);
    health_judgement_release(&judgement);
}

TEST(what_automation_waits_for)
{
    judge("primary", OUTAGE(2), FENCED, DONE);
    verdict_is(HEALTH_CRITICAL, "is down");
    judge("primary", OUTAGE(3), FENCED, DONE);
    last_warning_is(HEALTH_CRITICAL, "a failover is due: run");
    judge("primary", OUTAGE(3), FENCED, DONE ", \"auto\": {\"blockedBy\": \"no witness\"}");
    last_warning_is(HEALTH_CRITICAL, "a failover is due, but no witness");
    config.auto_failover = false;
    judge("primary", OUTAGE(3), FENCED, DONE);
    last_warning_is(HEALTH_CRITICAL, "AUTO_FAILOVER_ENABLED is off");
    judge("secondary", "{\"connected\": true, \"readOnly\": true, \"consecutiveSuccesses\": 5}", UP,
          DONE ", \"auto\": {\"blockedBy\": \"clocks\", \"hint\": \"set them\"}");
    verdict_is(HEALTH_DEGRADED, "a failback is due, but clocks (set them)");
    config.auto_failback = false;
    judge("secondary", "{\"connected\": true, \"readOnly\": true, \"consecutiveSuccesses\": 5}", UP,
          DONE);
    verdict_is(HEALTH_OK, "AUTO_FAILBACK_ENABLED is off");
}

TEST(what_a_switch_left)
{
    judge("secondary", FENCED, UP, DONE ", \"fenceDebt\": {\"primary\": \"then\"}");
    verdict_is(HEALTH_DEGRADED, "primary (standby) is not fenced since then");
    judge("secondary", UP, UP, DONE ", \"fenceDebt\": {\"primary\": \"then\"}");
    verdict_is(HEALTH_DEGRADED, "is not fenced since then");
    judge("secondary", FENCED, UP, DONE ", \"merge\": {\"run\": \"1\"}");
    verdict_is(HEALTH_DEGRADED, "not merged yet");
    judge("secondary", FENCED, UP,
          DONE ", \"remains\": {\"role\": \"secondary\", \"keysOff\": [\"team.led\", \"a.b\"]}");
    verdict_is(HEALTH_DEGRADED,
               "before the secondary became active: there foreign keys are off: team.led, a.b");
    judge("primary", UP, FENCED,
          DONE ", \"remains\": {\"role\": \"secondary\", \"keysOff\": [\"team.led\"]}");
    verdict_is(HEALTH_OK, NULL);
    judge("primary", UP, FENCED,
          DONE
          ", \"switch\": {\"op\": \"failover\", \"step\": \"fence\", \"startedAt\": \"then\"}");
    verdict_is(HEALTH_DEGRADED, "begun at then stopped at step fence");
    judge("primary", UP, FENCED, DONE ", \"auto\": {\"unfollowed\": \"the hook\"}");
    verdict_is(HEALTH_DEGRADED, "not everything followed: the hook");
}

TEST(the_active_must_take_writes_and_answer_soon)
{
    judge("primary", FENCED, FENCED, DONE);
    verdict_is(HEALTH_DEGRADED, "primary (active) is read-only");
    judge("primary", "{\"connected\": true, \"inRecovery\": true, \"readOnly\": true}", FENCED,
          DONE);
    verdict_is(HEALTH_DEGRADED, "is a physical standby");
    judge("primary", "{\"connected\": true, \"latency\": 4000}", FENCED, DONE);
    verdict_is(HEALTH_DEGRADED, "is slow: 4000 ms");
    judge("primary", "{\"connected\": true, \"latency\": 3999}", FENCED, DONE);
    verdict_is(HEALTH_OK, NULL);
}

TEST(the_fence_of_the_standby)
{
    judge("primary", UP, UP, DONE);
    verdict_is(HEALTH_DEGRADED, "secondary (standby) takes writes");
    judge("secondary", UP, UP, DONE);
    verdict_is(HEALTH_DEGRADED, "primary (standby) takes writes");
    /* A record of an older release does not say. */
    judge("primary", UP, "{\"connected\": true}", DONE);
    verdict_is(HEALTH_OK, NULL);
    config.fence = false;
    judge("primary", UP, UP, DONE);
    verdict_is(HEALTH_OK, NULL);
}

TEST(a_check_from_before_a_switch_says_nothing_of_the_fences)
{
    judge("primary", FENCED, UP, DONE ", \"lastSwitch\": {\"op\": \"failback\", " LATER "}");
    verdict_is(HEALTH_OK, NULL);
    judge("primary", UP, UP, DONE ", \"lastSwitch\": {\"op\": \"failback\", " BEFORE "}");
    verdict_is(HEALTH_DEGRADED, "its fence is gone");
    judge("primary", FENCED, FENCED, DONE ", \"lastSwitch\": {\"op\": \"failback\", " BEFORE "}");
    verdict_is(HEALTH_DEGRADED, "primary (active) is read-only");
    judge("primary", UP, UP, "\"init\": {\"status\": \"done\", " LATER "}");
    verdict_is(HEALTH_OK, NULL);
    judge("primary", UP, UP, "\"init\": {\"status\": \"done\", " BEFORE "}");
    verdict_is(HEALTH_DEGRADED, "its fence is gone");
    judge("primary", FENCED, UP,
          DONE ", \"switch\": {\"op\": \"failover\", \"step\": \"open\", \"startedAt\": \"then\"}");
    verdict_is(HEALTH_DEGRADED, "stopped at step open");
}

TEST(where_init_stands)
{
    judge("primary", UP, UP, "");
    verdict_is(HEALTH_DEGRADED, "run dbr-init-secondary");
    judge("primary", UP, UP, "\"init\": {\"status\": \"failed\", \"reason\": \"no room\"}");
    verdict_is(HEALTH_DEGRADED, "--resume (no room)");
    judge("primary", UP, UP, "\"init\": {\"status\": \"running\"}");
    verdict_is(HEALTH_DEGRADED, "was broken off");
    config.urls[ROLE_SECONDARY] = NULL;
    judge("primary", UP, "null", "");
    verdict_is(HEALTH_OK, NULL);
}

TEST(a_running_init_is_told_from_a_broken_one)
{
    struct lock lock = LOCK_INIT;
    struct err err = ERR_INIT;
    char *path = NULL;

    assert_true(asprintf(&path, "%s/op.lock", unit_dir) > 0);
    assert_true(lock_take(&lock, path, 0, "dbr-init-secondary", &err));
    judge("primary", UP, UP, "\"init\": {\"status\": \"running\"}");
    verdict_is(HEALTH_DEGRADED, "is running");
    lock_release(&lock);
    free(path);
}

static void judge_sync(const char *status, int64_t age_ms)
{
    char time[CLOCK_TEXT_SIZE];
    char rest[400];

    (void)snprintf(rest, sizeof rest,
                   DONE ", \"sync\": {\"status\": \"%s\", \"error\": \"why\", \"lastSync\": "
                        "\"%s\"}",
                   status, clock_format(clock_now_us() - age_ms * 1000, time));
    judge("primary", UP, FENCED, rest);
}

TEST(the_last_sync)
{
    judge_sync("healthy", 7100000);
    assert_in_range(judgement.sync_age_ms, 7100000, 7160000);
    verdict_is(HEALTH_OK, NULL);
    judge_sync("healthy", 7300000);
    assert_true(judgement.sync_late);
    verdict_is(HEALTH_DEGRADED, "run dbr-sync");
    judge_sync("healthy", -60000); /* of a clock that was set back */
    assert_int_equal(judgement.sync_age_ms, 0);
    verdict_is(HEALTH_OK, NULL);
    judge_sync("refused", 0);
    verdict_is(HEALTH_DEGRADED, "was refused: why");
    judge_sync("different", 0);
    verdict_is(HEALTH_DEGRADED, "verification found differences: why");
    judge_sync("failed", 0);
    verdict_is(HEALTH_DEGRADED, "failed: why");
}

TEST(clocks_that_differ)
{
    judge("primary", "{\"connected\": true, \"clockSkewMs\": 2600}",
          "{\"connected\": true, \"readOnly\": true, \"clockSkewMs\": -2600}", DONE);
    verdict_is(HEALTH_DEGRADED, "differ by 5200 ms");
    judge("primary", "{\"connected\": true, \"clockSkewMs\": 2500}",
          "{\"connected\": true, \"readOnly\": true, \"clockSkewMs\": -2500}", DONE);
    verdict_is(HEALTH_OK, NULL);
}

/* Their names, with a "!" behind those that are critical, in their order. */
static void alerts_are(const char *expected)
{
    char text[400] = "";
    for (size_t i = 0; i < judgement.alerts.count; i++) {
        const struct alert *alert = &judgement.alerts.items[i];
        size_t len = strlen(text);
        assert_true(*alert->message != '\0');
        (void)snprintf(text + len, sizeof text - len, "%s%s%s", i > 0 ? " " : "", alert->name,
                       alert->critical ? "!" : "");
    }
    assert_string_equal(text, expected);
    health_judgement_release(&judgement);
}

TEST(alerts_by_their_names)
{
    judge("primary", UP, FENCED, DONE);
    alerts_are("");
    judge("primary", DOWN, FENCED, DONE);
    alerts_are("active-down!");
    judge("primary", UP, DOWN, DONE);
    alerts_are("standby-down");
    judge("primary", UP, UP, DONE);
    alerts_are("fence-gone");
    judge("secondary", FENCED, UP, DONE ", \"fenceTrouble\": {\"primary\": \"the role\"}");
    alerts_are("fence-gone");
    judge("primary", UP, FENCED, DONE ", \"fenceTrouble\": {\"primary\": \"the role\"}");
    alerts_are("");
    judge("secondary", FENCED, UP, DONE ", \"fenceDebt\": {\"primary\": \"then\"}");
    alerts_are("fence-debt");
    judge("secondary", FENCED, UP,
          DONE ", \"remains\": {\"role\": \"secondary\", \"keysOff\": [\"team.led\"]}");
    alerts_are("sync-remains");
    judge("primary", UP, FENCED, DONE ", \"unmerged\": {\"leads\": \"then\"}");
    alerts_are("not-merged");
    judge("primary", UP, FENCED, DONE ", \"unmerged\": {}");
    alerts_are("");
    judge("primary", UP, FENCED, DONE ", \"auto\": {\"unfollowed\": \"the hook\"}");
    alerts_are("switch-incomplete");
    judge("primary", OUTAGE(3), FENCED, DONE ", \"auto\": {\"blockedBy\": \"no witness\"}");
    alerts_are("active-down! switch-blocked");
    judge("primary", "{\"connected\": true, \"clockSkewMs\": 6000}", FENCED, DONE);
    alerts_are("clock-skew");
    judge_sync("failed", 0);
    alerts_are("sync-failed");
    judge_sync("healthy", 7300000);
    alerts_are("sync-late");
}

TEST(what_is_added_raises_the_status_and_never_lowers_it)
{
    judge("primary", DOWN, FENCED, DONE);
    health_judge_add(&judgement, HEALTH_DEGRADED, "more");
    assert_int_equal(judgement.status, HEALTH_CRITICAL);
    assert_string_equal(judgement.warnings.items[1], "more");
    health_judgement_release(&judgement);
}

#define JUDGED(name) cmocka_unit_test_setup_teardown(name, enter, unit_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JUDGED(all_is_well),
        JUDGED(who_is_out_decides),
        JUDGED(what_automation_waits_for),
        JUDGED(what_a_switch_left),
        JUDGED(the_active_must_take_writes_and_answer_soon),
        JUDGED(the_fence_of_the_standby),
        JUDGED(a_check_from_before_a_switch_says_nothing_of_the_fences),
        JUDGED(where_init_stands),
        JUDGED(a_running_init_is_told_from_a_broken_one),
        JUDGED(the_last_sync),
        JUDGED(clocks_that_differ),
        JUDGED(alerts_by_their_names),
        JUDGED(what_is_added_raises_the_status_and_never_lowers_it),
    };
    return cmocka_run_group_tests_name("health_judge", tests, NULL, NULL);
}
