/* What starts dbr by itself, in the files of a machine: told by what they run. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "ops/schedule.h"
#include "unit.h"

static struct schedule schedule;

static int finish(void **state)
{
    schedule_release(&schedule);
    memset(&schedule, 0, sizeof schedule);
    return unit_leave(state);
}

/* The unit that is stopped. */
static const char *stopped_unit = "";

static bool stopped(const char *unit, bool user)
{
    (void)user;
    return strcmp(unit, stopped_unit) == 0;
}

/* A file below the directory of the test, with the directories that it lies in. */
static void put(const char *path, const char *text)
{
    char *full = mem_printf("%s%s", unit_dir, path);
    for (char *p = full + strlen(unit_dir) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        (void)mkdir(full, 0700);
        *p = '/';
    }
    struct err err = ERR_INIT;
    assert_true(fsio_write_atomic(full, 0600, text, strlen(text), &err));
    free(full);
}

static void look(const char *crontab)
{
    schedule_release(&schedule);
    schedule_find(&schedule, unit_dir, "/home/app", crontab, "/etc/dbr/shop.env", stopped);
}

static void is(enum schedule_job job, const char *where, bool enabled)
{
    const struct schedule_entry *entry = &schedule.jobs[job];
    if (!where) {
        assert_null(entry->where);
        return;
    }
    if (!entry->where)
        fail_msg("%s is not found", where);
    assert_string_equal(entry->where, where);
    assert_int_equal(entry->enabled, enabled);
}

TEST(lines)
{
    static const char *const sync[] = {
        "0 * * * * dbr-sync",
        "0 * * * * /usr/local/bin/dbr-sync --quiet",
        "@hourly app cd /srv && 'dbr-sync' >/dev/null",
        "5 * * * * app npm --prefix /srv/shop run db:sync",
        "5 * * * * DBR_ENV_FILE=/etc/dbr/dbr.env /opt/dbr/bin/dbr-sync;date",
    };
    static const char *const none[] = {
        "# 0 * * * * dbr-sync",         "0 * * * * dbr-synchronise", "0 * * * * my_dbr-sync",
        "0 * * * * dbr-sync --dry-run", "0 * * * * dbr-health",      "",
    };
    for (size_t i = 0; i < sizeof sync / sizeof sync[0]; i++) {
        if (!schedule_line_runs(sync[i], SCHEDULE_SYNC))
            fail_msg("not seen: %s", sync[i]);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (schedule_line_runs(none[i], SCHEDULE_SYNC))
            fail_msg("taken for a sync: %s", none[i]);
    }
    assert_true(schedule_line_runs("* * * * * dbr-health --auto --quiet", SCHEDULE_HEALTH));
    assert_true(schedule_line_runs("* * * * * dbr-health --nagios || dbr-health --doctor",
                                   SCHEDULE_HEALTH));
    assert_false(schedule_line_runs("0 7 * * * dbr-health --doctor", SCHEDULE_HEALTH));
    assert_false(schedule_line_runs("* * * * * dbr-health --cached --json", SCHEDULE_HEALTH));
}

TEST(nothing)
{
    look(NULL);
    is(SCHEDULE_SYNC, NULL, false);
    is(SCHEDULE_HEALTH, NULL, false);
    look("# m h dom mon dow command\n0 3 * * * /usr/bin/certbot renew\n");
    is(SCHEDULE_SYNC, NULL, false);
}

TEST(crontabs)
{
    look("MAILTO=root\n0 * * * * /usr/local/bin/dbr-sync --quiet\n");
    is(SCHEDULE_SYNC, "the crontab of this user", true);
    is(SCHEDULE_HEALTH, NULL, false);
    put("/etc/cron.d/watch.dpkg-old", "* * * * * app dbr-health --auto\n");
    look(NULL);
    is(SCHEDULE_HEALTH, NULL, false);
    put("/etc/cron.d/watch", "* * * * * app dbr-health --auto\n");
    look(NULL);
    is(SCHEDULE_HEALTH, "/etc/cron.d/watch", true);
    put("/etc/crontab", "0 * * * * app dbr-sync\n");
    look(NULL);
    is(SCHEDULE_SYNC, "/etc/crontab", true);
}

TEST(units)
{
    put("/usr/lib/systemd/system/copy.service",
        "[Unit]\nDescription=dbr-health\n[Service]\nExecStart=/usr/bin/dbr-sync --quiet\n");
    put("/usr/lib/systemd/system/copy.timer", "[Timer]\nOnCalendar=hourly\n");
    look(NULL);
    is(SCHEDULE_SYNC, "copy.timer", false);
    is(SCHEDULE_HEALTH, NULL, false);
    put("/etc/systemd/system/timers.target.wants/copy.timer", "");
    look(NULL);
    is(SCHEDULE_SYNC, "copy.timer", true);
    assert_true(schedule.jobs[SCHEDULE_SYNC].systemd);
    assert_false(schedule.jobs[SCHEDULE_SYNC].user);
}

TEST(a_timer_of_another_name_a_template_and_a_service_that_stays_up)
{
    put("/etc/systemd/system/pair@.service", "[Service]\nExecStart=/usr/bin/dbr-sync\n");
    put("/etc/systemd/system/hourly@.timer", "[Timer]\nOnCalendar=hourly\nUnit=pair@.service\n");
    put("/etc/systemd/system/timers.target.wants/hourly@shop.timer", "");
    put("/home/app/.config/systemd/user/watch.service",
        "[Service]\nType=notify\nExecStart=/opt/dbr/bin/dbr-health --auto --watch\n");
    look(NULL);
    is(SCHEDULE_SYNC, "hourly@shop.timer", true);
    is(SCHEDULE_HEALTH, "watch.service", false);
    assert_true(schedule.jobs[SCHEDULE_HEALTH].user);
    put("/home/app/.config/systemd/user/default.target.wants/watch.service", "");
    look(NULL);
    is(SCHEDULE_HEALTH, "watch.service", true);
}

TEST(what_works_goes_before_what_does_not)
{
    put("/etc/systemd/system/dbr-sync.service", "[Service]\nExecStart=/usr/bin/dbr-sync\n");
    put("/etc/systemd/system/dbr-sync.timer", "[Timer]\nOnCalendar=hourly\n");
    put("/home/app/.config/systemd/user/own.service", "[Service]\nExecStart=dbr-sync\n");
    put("/home/app/.config/systemd/user/own.timer", "[Timer]\nOnCalendar=hourly\n");
    put("/home/app/.config/systemd/user/timers.target.wants/own.timer", "");
    look(NULL);
    is(SCHEDULE_SYNC, "own.timer", true);
}

TEST(an_instance_is_of_the_pair_whose_env_file_it_has)
{
    put("/usr/lib/systemd/system/dbr-sync@.service",
        "[Service]\nLoadCredential=env:/etc/dbr/%i.env\nExecStart=/usr/bin/dbr-sync "
        "--env-file=%d/env\n");
    put("/usr/lib/systemd/system/dbr-sync@.timer", "[Timer]\nOnCalendar=hourly\n");
    put("/etc/systemd/system/timers.target.wants/dbr-sync@blog.timer", "");
    look(NULL);
    is(SCHEDULE_SYNC, NULL, false);
    put("/etc/systemd/system/timers.target.wants/dbr-sync@shop.timer", "");
    look(NULL);
    is(SCHEDULE_SYNC, "dbr-sync@shop.timer", true);
    /* A drop-in has the last word. */
    put("/etc/systemd/system/dbr-sync@shop.service.d/dbr-setup.conf",
        "[Service]\nLoadCredential=\nLoadCredential=env:/srv/other.env\n");
    look(NULL);
    is(SCHEDULE_SYNC, NULL, false);
    put("/etc/systemd/system/dbr-sync@two.service.d/dbr-setup.conf",
        "[Service]\nLoadCredential=\nLoadCredential=env:/etc/dbr/shop.env\n");
    look(NULL);
    is(SCHEDULE_SYNC, "dbr-sync@two.timer", false);
    put("/etc/systemd/system/timers.target.wants/dbr-sync@two.timer", "");
    look(NULL);
    is(SCHEDULE_SYNC, "dbr-sync@two.timer", true);
}

TEST(units_that_name_an_env_file_in_their_command)
{
    put("/etc/systemd/system/watch.service",
        "[Service]\nExecStart=/usr/bin/dbr-health --watch --env-file=/etc/dbr/blog.env\n");
    put("/etc/systemd/system/multi-user.target.wants/watch.service", "");
    put("/etc/systemd/system/copy@.service",
        "[Service]\nExecStart=/usr/bin/dbr-sync --env-file=/etc/dbr/%i.env\n");
    put("/etc/systemd/system/often@.timer", "[Timer]\nOnCalendar=hourly\nUnit=copy@%i.service\n");
    put("/etc/systemd/system/timers.target.wants/often@blog.timer", "");
    put("/etc/systemd/system/timers.target.wants/often@shop.timer", "");
    look(NULL);
    is(SCHEDULE_HEALTH, NULL, false);
    is(SCHEDULE_SYNC, "often@shop.timer", true);
}

TEST(what_is_stopped_comes_after_what_runs)
{
    put("/etc/systemd/system/dbr-health@.service",
        "[Service]\nExecStart=/usr/bin/dbr-health --auto\n");
    put("/etc/systemd/system/dbr-health@.timer", "[Timer]\nOnCalendar=*:0/1\n");
    put("/etc/systemd/system/timers.target.wants/dbr-health@shop.timer", "");
    stopped_unit = "dbr-health@shop.timer";
    look(NULL);
    is(SCHEDULE_HEALTH, "dbr-health@shop.timer", true);
    assert_true(schedule.jobs[SCHEDULE_HEALTH].stopped);
    put("/etc/systemd/system/watch.service", "[Service]\nExecStart=/usr/bin/dbr-health --watch\n");
    put("/etc/systemd/system/multi-user.target.wants/watch.service", "");
    look(NULL);
    is(SCHEDULE_HEALTH, "watch.service", true);
    assert_false(schedule.jobs[SCHEDULE_HEALTH].stopped);
    stopped_unit = "";
}

#define T(test) cmocka_unit_test_setup_teardown(test, unit_enter, finish)

TEST(lines_of_another_env_file)
{
    static const char *const other[] = {
        "* * * * * dbr-health --auto --env-file=/etc/dbr/blog.env",
        "* * * * * dbr-health --env-file /etc/dbr/blog.env --auto",
        "* * * * * dbr-health '--env-file=/etc/dbr/shop.env 2'",
        "* * * * * dbr-health --env-file='/etc/dbr/shop.env 2' --auto",
        "* * * * * DBR_ENV_FILE=/etc/dbr/blog.env dbr-health --auto",
    };
    static const char *const ours[] = {
        "* * * * * dbr-health --auto",
        "* * * * * dbr-health --env-file=/etc/dbr/shop.env;date",
        "* * * * * dbr-health --env-file=\"/etc/dbr/shop.env\" --auto",
        "* * * * * cd /etc/dbr && dbr-health --env-file=shop.env",
    };
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        if (!schedule_line_is_of_other(other[i], "/etc/dbr/shop.env"))
            fail_msg("taken for ours: %s", other[i]);
    }
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (schedule_line_is_of_other(ours[i], "/etc/dbr/shop.env"))
            fail_msg("taken for another's: %s", ours[i]);
    }
    assert_false(schedule_line_is_of_other(
        "* * * * * dbr-health --env-file='/srv/100\\% shop/dbr.env'", "/srv/100% shop/dbr.env"));
    look("* * * * * dbr-health --auto --env-file=/etc/dbr/blog.env\n0 * * * * dbr-sync\n");
    is(SCHEDULE_HEALTH, NULL, false);
    is(SCHEDULE_SYNC, "the crontab of this user", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(lines),
        T(lines_of_another_env_file),
        T(nothing),
        T(crontabs),
        T(units),
        T(a_timer_of_another_name_a_template_and_a_service_that_stays_up),
        T(what_works_goes_before_what_does_not),
        T(an_instance_is_of_the_pair_whose_env_file_it_has),
        T(units_that_name_an_env_file_in_their_command),
        T(what_is_stopped_comes_after_what_runs),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
