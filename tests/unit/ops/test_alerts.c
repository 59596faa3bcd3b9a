/* Alerts: raised once, repeated after their time, over once; and the thresholds that raise them. */
#include <sys/stat.h>
#include <time.h>
#include <utime.h>

#include "base/clock.h"
#include "ops/alerts.h"
#include "ops/backups.h"
#include "ops/health_judge.h"
#include "unit.h"

#define MINUTE INT64_C(60000000)
#define HOUR (60 * MINUTE)

static struct state kept;
static int64_t now;

static int enter(void **state)
{
    kept = (struct state)STATE_INIT;
    kept.root = json_object();
    now = clock_now_us();
    return unit_enter(state);
}

static int leave(void **state)
{
    json_free(kept.root);
    return unit_leave(state);
}

/* As if DB_ON_EVENT had done well. */
static void settle(const struct alerts *news)
{
    struct json *part = json_get(kept.root, "alerts");
    for (size_t i = 0; i < news->count; i++) {
        if (news->items[i].change == ALERT_OVER)
            json_remove(part, news->items[i].name);
        else
            json_remove(json_get(part, news->items[i].name), "pending");
    }
}

static bool told = true; /* else it failed, or was killed */

/* The alerts of names ("disk!" a critical one, "(disk)" covered), minutes from now; what is told
 * of: "+sync-late -disk *cpu!", "=disk" for an end that is told again. */
static void apply(const char *names, int64_t minutes, const char *expected)
{
    static const char marks[] = {[ALERT_RAISED] = '+', [ALERT_REPEATED] = '*', [ALERT_OVER] = '-'};
    struct alerts alerts = ALERTS_INIT;
    struct alerts news = ALERTS_INIT;
    struct strlist list = STRLIST_INIT;
    struct buf text = BUF_INIT;
    strlist_split(&list, names, ' ');
    for (size_t i = 0; i < list.count; i++) {
        char *name = list.items[i];
        char *last = name + strlen(name) - 1;
        bool critical = *last == '!';
        bool covered = *name == '(';
        if (critical || covered)
            *last = '\0';
        if (covered)
            strlist_add(&alerts.covered, name + 1);
        else
            (void)alerts_add(&alerts, name, critical, "text");
    }
    alerts_apply(&alerts, &kept, now + minutes * MINUTE, 3600000, &news);
    for (size_t i = 0; i < news.count; i++) {
        const struct alert *item = &news.items[i];
        buf_addf(&text, "%s%c%s%s", i ? " " : "", item->again ? '=' : marks[item->change],
                 item->name, item->critical ? "!" : "");
    }
    assert_string_equal(text.data, expected);
    if (told)
        settle(&news);
    for (size_t i = 0; i < alerts.count; i++)
        assert_true(alerts.items[i].since[0] != '\0');
    buf_release(&text);
    strlist_release(&list);
    alerts_release(&news);
    alerts_release(&alerts);
}

TEST(each_is_told_once_and_again_after_its_time)
{
    apply("", 0, "");
    apply("disk", 1, "+disk");
    apply("disk cpu", 2, "+cpu");
    apply("disk cpu", 59, "");
    apply("cpu disk", 61, "*disk");
    apply("disk", 63, "-cpu");
    apply("disk", 120, "");
    apply("disk", 121, "*disk");
    apply("", 122, "-disk");
    apply("", 123, "");
    apply("disk", 124, "+disk");
}

static struct json *entry(const char *name)
{
    return json_get(json_get(kept.root, "alerts"), name);
}

TEST(what_could_not_be_told_is_told_again)
{
    apply("disk", 0, "+disk");
    json_set_null(entry("disk"), "notified");
    apply("disk", 1, "*disk");
    apply("disk", 2, "");
}

TEST(nor_is_an_end_forgotten)
{
    apply("disk", 0, "+disk");
    told = false;
    apply("", 1, "-disk");
    json_set_null(entry("disk"), "notified");
    apply("", 2, "=disk");
    json_set_null(entry("disk"), "notified");
    told = true;
    apply("", 3, "=disk");
    apply("", 4, "");
    apply("disk", 5, "+disk");
    told = false;
    apply("", 6, "-disk");
    json_set_null(entry("disk"), "notified");
    told = true;
    apply("disk", 7, "+disk"); /* it is back before its end could be told */
    apply("disk", 8, "");
    told = false;
    apply("", 9, "-disk");
    json_set_null(entry("disk"), "notified");
    told = true;
    apply("", 9 + 25 * 60, ""); /* a day later it is no news */
    assert_null(entry("disk"));
}

TEST(a_run_that_was_killed_while_it_told)
{
    told = false;
    apply("disk", 0, "+disk");
    apply("disk", 1, ""); /* it may still be at it */
    apply("disk", 3, "*disk");
    apply("", 4, "");
    apply("", 5, "-disk");
    apply("", 6, "");
    apply("", 7, "=disk");
    told = true;
    apply("", 10, "=disk");
    apply("", 11, "");
}

TEST(an_end_waits_for_the_news_that_is_under_way)
{
    told = false;
    apply("disk", 0, "+disk");
    apply("", 1, "");
    apply("disk", 1, ""); /* it is back, and goes on */
    apply("", 1, "");
    json_remove(entry("disk"), "pending"); /* the other run has told of it */
    told = true;
    apply("", 1, "-disk");
    assert_null(entry("disk"));
}

TEST(what_the_state_tells_is_recalled)
{
    struct alerts alerts = ALERTS_INIT;
    apply("disk", 0, "+disk");
    (void)alerts_add(&alerts, "disk", false, "text");
    (void)alerts_add(&alerts, "cpu", false, "text");
    alerts_recall(&alerts, &kept);
    assert_string_equal(alerts.items[0].since, json_str(entry("disk"), "since", ""));
    assert_string_equal(alerts.items[1].since, "");
    alerts_release(&alerts);
}

TEST(a_command_that_hangs_waits_longer)
{
    char text[CLOCK_TEXT_SIZE];
    apply("disk", 0, "+disk");
    json_set_null(entry("disk"), "notified");
    json_set_str(entry("disk"), "retryAt", clock_format(now + 5 * MINUTE, text));
    apply("disk", 1, "");
    apply("disk", 4, "");
    apply("disk", 5, "*disk");
    apply("disk", 6, "");
    json_set_null(entry("disk"), "notified");
    json_set_str(entry("disk"), "retryAt", clock_format(now + 60 * MINUTE, text));
    apply("disk", 7, "*disk"); /* the clock was set back */
}

TEST(one_that_becomes_critical_is_raised_anew)
{
    char since[CLOCK_TEXT_SIZE];
    apply("disk", 0, "+disk");
    (void)snprintf(since, sizeof since, "%s", json_str(entry("disk"), "since", ""));
    apply("disk!", 1, "+disk!");
    apply("disk!", 2, "");
    apply("disk", 3, "");
    assert_string_equal(json_str(entry("disk"), "since", ""), since);
    apply("", 4, "-disk");
}

TEST(one_that_is_part_of_another_is_not_over)
{
    apply("down", 0, "+down");
    apply("both! (down) (breaker)", 1, "+both!");
    apply("both! (down) (breaker)", 2, "");
    apply("down breaker", 3, "+breaker -both!");
    apply("both! (down) (breaker)", 4, "+both!");
    apply("breaker", 5, "-both! -down");
}

TEST(a_damaged_memory_is_no_reason_to_fail)
{
    static const char *const memories[] = {
        "[]", "7", "null", "{\"disk\": 7}",
        "{\"disk\": {\"since\": \"x\", \"notified\": 5, \"severity\": []}}"};
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++) {
        struct alerts alerts = ALERTS_INIT;
        struct alerts news = ALERTS_INIT;
        struct err err = ERR_INIT;
        json_set(kept.root, "alerts", json_parse(memories[i], strlen(memories[i]), &err));
        (void)alerts_add(&alerts, "disk", true, "text");
        alerts_apply(&alerts, &kept, now, 3600000, &news);
        assert_int_equal(news.count, 1);
        assert_true(json_is_object(json_get(json_get(kept.root, "alerts"), "disk")));
        alerts_release(&news);
        alerts_release(&alerts);
    }
}

/* --- thresholds -------------------------------------------------------------------------- */

static char *ago(int64_t us, char *text)
{
    return clock_format(now - us, text);
}

/* Judges the state; the names of all alerts, in order. */
static void judged(struct config *config, const char *expected)
{
    struct health_judgement judgement = {.alerts = ALERTS_INIT};
    struct buf names = BUF_INIT;
    health_judge_thresholds(config, &kept, &judgement);
    for (size_t i = 0; i < judgement.alerts.count; i++)
        buf_addf(&names, "%s%s", i ? " " : "", judgement.alerts.items[i].name);
    assert_string_equal(names.data, expected);
    assert_int_equal(judgement.status, *expected ? HEALTH_DEGRADED : HEALTH_OK);
    assert_int_equal(judgement.warnings.count, judgement.alerts.count);
    buf_release(&names);
    health_judgement_release(&judgement);
}

static struct config pair(void)
{
    struct config config = {.alerts = {.conflicts = 2,
                                       .verification_ms = 7200000,
                                       .backup_ms = 3600000,
                                       .certificate_ms = 7200000}};
    config.urls[ROLE_PRIMARY] = config.urls[ROLE_SECONDARY] = (char[]){"not looked at"};
    state_set_init(&kept, INIT_DONE, NULL);
    return config;
}

TEST(conflicts_beyond_the_limit)
{
    struct config config = pair();
    json_set_int(state_part(&kept, "sync"), "conflicts", 2);
    judged(&config, "");
    json_set_int(state_part(&kept, "sync"), "conflicts", 3);
    judged(&config, "conflicts");
}

TEST(an_old_verification)
{
    char text[CLOCK_TEXT_SIZE];
    struct config config = pair();
    struct json *tables = state_part(&kept, "tables");
    json_set_str(state_part(&kept, "init"), "time", ago(9 * HOUR, text));
    json_set_str(json_set_object(tables, "a"), "lastFingerprint", ago(HOUR, text));
    json_set_str(json_set_object(tables, "b"), "lastFingerprint", ago(3 * HOUR, text));
    judged(&config, "verification-old");
    config.alerts.verification_ms = 0;
    judged(&config, "");
    config.alerts.verification_ms = 7200000;
    json_set_str(json_set_object(state_part(&kept, "sync"), "lastVerification"), "time",
                 ago(HOUR, text));
    judged(&config, "");
}

TEST(an_open_breaker)
{
    char text[CLOCK_TEXT_SIZE];
    struct config config = pair();
    struct json *breakers = json_set_object(kept.root, "breakers");
    json_set_str(json_set_object(breakers, "secondary"), "retryAt", ago(HOUR, text));
    judged(&config, "breaker-open-secondary");
    /* Then it is part of another. */
    json_set_bool(state_part(&kept, "health"), "bothDown", true);
    judged(&config, "");
}

TEST(a_certificate_that_expires)
{
    char text[CLOCK_TEXT_SIZE];
    struct config config = pair();
    struct json *primary = json_set_object(state_part(&kept, "health"), "primary");
    json_set_str(primary, "certificateExpires", ago(-3 * HOUR, text));
    judged(&config, "");
    json_set_str(primary, "certificateExpires", ago(-HOUR, text));
    judged(&config, "certificate-expiring-primary");
    json_set_str(primary, "certificateExpires", ago(HOUR, text));
    judged(&config, "certificate-expiring-primary");
}

/* That it has expired is told as soon as it has, not when it is time to repeat. */
TEST(a_certificate_that_has_expired_is_told_anew)
{
    char text[CLOCK_TEXT_SIZE];
    struct config config = pair();
    struct json *primary = json_set_object(state_part(&kept, "health"), "primary");
    for (int hours = -1; hours <= 1; hours += 2) {
        struct health_judgement judgement;
        struct alerts news = ALERTS_INIT;
        json_set_str(primary, "certificateExpires", ago(hours * HOUR, text));
        health_judge(&config, &kept, &judgement);
        alerts_apply(&judgement.alerts, &kept, now + (hours + 1) * MINUTE, 3600000, &news);
        const struct alert *told_of = NULL;
        for (size_t i = 0; i < news.count; i++) {
            if (strcmp(news.items[i].name, "certificate-expiring-primary") == 0)
                told_of = &news.items[i];
        }
        assert_non_null(told_of);
        assert_int_equal(told_of->change, ALERT_RAISED);
        assert_non_null(strstr(told_of->message, hours < 0 ? "expires in" : "has expired"));
        assert_int_equal(told_of->critical, hours > 0);
        settle(&news);
        alerts_release(&news);
        health_judgement_release(&judgement);
    }
}

TEST(a_late_backup)
{
    struct config config = pair();
    struct utimbuf old = {.modtime = time(NULL) - 7200, .actime = time(NULL)};
    judged(&config, "");
    config.backup_dir = ".";
    judged(&config, "backup-late");
    unit_write("db-backup-2026-01-24.sql.gz", "x");
    judged(&config, "");
    assert_int_equal(utime("db-backup-2026-01-24.sql.gz", &old), 0);
    judged(&config, "backup-late");
    unit_write("config-backup-2026-01-25.tar.gz", "x");
    unit_write("db-backup-2026-01-25.sql.gz.tmp", "x");
    judged(&config, "backup-late");
    unit_write("db-backup-2026-01-24-2.sql.gz", "x");
    judged(&config, "");
    unit_write(".db-backup-2026-01-24-2.sql.gz.incomplete", "");
    judged(&config, "backup-late");
}

TEST(the_newest_backup_is_found)
{
    struct backups_newest newest;
    assert_false(backups_find_newest("none", BACKUP_DATABASE, &newest));
    unit_write("security-backup-2026-01-24.tar.gz", "1234567");
    assert_false(backups_find_newest(".", BACKUP_CONFIG, &newest));
    assert_true(backups_find_newest(".", BACKUP_SECURITY, &newest));
    assert_int_equal(newest.bytes, 7);
    assert_true(newest.time_us > now - 10000000);
    assert_string_equal(newest.name, "security-backup-2026-01-24.tar.gz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ONE(name) cmocka_unit_test_setup_teardown(name, enter, leave)
        ONE(each_is_told_once_and_again_after_its_time),
        ONE(what_could_not_be_told_is_told_again),
        ONE(nor_is_an_end_forgotten),
        ONE(a_run_that_was_killed_while_it_told),
        ONE(a_command_that_hangs_waits_longer),
        ONE(an_end_waits_for_the_news_that_is_under_way),
        ONE(what_the_state_tells_is_recalled),
        ONE(one_that_becomes_critical_is_raised_anew),
        ONE(one_that_is_part_of_another_is_not_over),
        ONE(a_damaged_memory_is_no_reason_to_fail),
        ONE(conflicts_beyond_the_limit),
        ONE(an_old_verification),
        ONE(an_open_breaker),
        ONE(a_certificate_that_expires),
        ONE(a_certificate_that_has_expired_is_told_anew),
        ONE(a_late_backup),
        ONE(the_newest_backup_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
