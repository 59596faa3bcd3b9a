/* The command of DB_ON_EVENT: what it is given, what is logged of it, and how its end is told. */
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/stop.h"
#include "ops/hook.h"
#include "state/config.h"
#include "unit.h"

#define ENV                                                                                        \
    "DATABASE_URL=postgresql://app:hun%40ter2@one.example/app\n"                                   \
    "DATABASE_URL_SECONDARY=postgresql://app:sesame3@two.example/app\n"                            \
    "DBR_API_TOKEN=tokentoken\nDB_STATE_DIR=.\nDB_APP_PM2_NAME=shop\n"

struct call {
    const char *command;
    int64_t limit_ms;
    enum err_code code; /* what must come of it */
    const char *message;
};

/* In a child: its stderr is the log, and stop requests are its own. */
static int run_hook(void *context)
{
    const struct call *call = context;
    struct hook_event event = {.event = "failover",
                               .active = ROLE_SECONDARY,
                               .reason = "three checks\nfailed",
                               .time_us = 1700000000000000,
                               .limit_ms = call->limit_ms,
                               .file = "/b/db.sql.gz",
                               .severity = "warning"};
    struct config config;
    struct err err = ERR_INIT;
    stop_install();
    if (!config_load(&config, "f.env", NULL, false, &err))
        return 10;
    bool ok = hook_run(&config, &event, &err);
    config_release(&config);
    if (ok != (call->code == ERR_NONE) || err.code != call->code)
        return 11;
    if (!ok)
        (void)fprintf(stderr, "error: %s\n", err.message);
    return ok || strstr(err.message, call->message) ? 0 : 12;
}

static char log_text[65536];

static void call(const char *command, int64_t limit_ms, enum err_code code, const char *message)
{
    struct call call = {command, limit_ms, code, message};
    char env[4096];
    (void)snprintf(env, sizeof env, "%sDB_ON_EVENT=`%s`\n", ENV, command);
    unit_write("f.env", env);
    assert_int_equal(chmod("f.env", 0600), 0);
    int status = unit_child(run_hook, &call);
    (void)unit_read("err", log_text, sizeof log_text);
    if (status != 0)
        fail_msg("%s: status %d: %s", command, status, log_text);
}

static void assert_logged(const char *part)
{
    if (!strstr(log_text, part))
        fail_msg("'%s' is not in: %s", part, log_text);
}

static void assert_file(const char *path, const char *expected)
{
    char text[1024];
    (void)unit_read(path, text, sizeof text);
    assert_string_equal(text, expected);
}

TEST(it_is_told_what_happened)
{
    setenv("DBR_EVENT", "inherited", 1);
    setenv("OWN", "kept", 1);
    call("echo "
         "\"$DBR_EVENT|$DBR_ACTIVE|$DBR_REASON|$DBR_MESSAGE|$DBR_SEVERITY|$DBR_FILE|$DBR_TIME|$DB_"
         "APP_PM2_NAME|$"
         "OWN\" "
         ">got; [ \"$DBR_ENV_FILE\" = \"$PWD/f.env\" ] && [ \"$DB_STATE_DIR\" = \"$PWD\" ]",
         0, ERR_NONE, NULL);
    unsetenv("DBR_EVENT");
    unsetenv("OWN");
    assert_file("got", "failover|secondary|three checks "
                       "failed||warning|/b/db.sql.gz|2023-11-14T22:13:20.000Z|shop|kept\n");
}

TEST(its_output_is_logged_by_line_and_without_secrets)
{
    call("echo one; echo two >&2; printf \"a\\033b\\n\\n\"; echo hun@ter2 hun%40ter2 sesame3 "
         "tokentoken; printf end",
         0, ERR_NONE, NULL);
    assert_logged("[DB-Redundancy] DB_ON_EVENT: one\n");
    assert_logged("[DB-Redundancy] DB_ON_EVENT: two\n");
    assert_logged("DB_ON_EVENT: a?b\n");
    assert_logged("DB_ON_EVENT: *** *** *** ***\n");
    assert_logged("DB_ON_EVENT: end\n");
    call("echo sesame3 >&2; exit 1", 0, ERR_FAILED, "exit status 1: ***");
    assert_null(strstr(log_text, "sesame3"));
}

TEST(much_output_is_cut)
{
    call("seq 1 100000; head -c 100000 /dev/zero | tr \"\\0\" x", 0, ERR_NONE, NULL);
    assert_logged("DB_ON_EVENT: 200\n");
    assert_null(strstr(log_text, "DB_ON_EVENT: 201\n"));
    assert_logged("DB_ON_EVENT: 99801 more lines\n");
}

TEST(its_end_is_told)
{
    call("exit 3", 0, ERR_FAILED, "exit status 3");
    call("echo why; exit 4", 0, ERR_FAILED, "exit status 4: why");
    call("kill -9 $$", 0, ERR_FAILED, "signal 9");
    call("no-such-command-here", 0, ERR_FAILED, "exit status 127");
}

TEST(its_end_is_told_where_children_are_ignored)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction old;
    assert_int_equal(sigaction(SIGCHLD, &ignore, &old), 0);
    struct call failing = {"exit 3", 0, ERR_FAILED, "exit status 3"};
    unit_write("f.env", ENV "DB_ON_EVENT='exit 3'\n");
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_hook(&failing));
    int status = -1;
    assert_int_equal(sigaction(SIGCHLD, &old, NULL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

TEST(it_ends_with_its_time)
{
    int64_t started = clock_mono_ms();
    call("sleep 100 & trap \"echo >ended; exit 0\" TERM; while :; do sleep 0.1; done", 300,
         ERR_FAILED, "did not end within 0.3 s");
    assert_true(clock_mono_ms() - started < 4000);
    assert_file("ended", "\n");
}

TEST(it_is_killed_when_it_ignores_that)
{
    int64_t started = clock_mono_ms();
    call("trap \"\" TERM; while :; do echo >alive; sleep 0.1; done & while :; do sleep 1; done",
         200, ERR_FAILED, "did not end within");
    assert_true(clock_mono_ms() - started < 9000);
    assert_int_equal(unlink("alive"), 0);
    clock_sleep_ms(500);
    assert_int_equal(access("alive", F_OK), -1);
}

TEST(what_it_leaves_in_the_background_is_not_waited_for)
{
    int64_t started = clock_mono_ms();
    call("(sleep 3; echo late >late) & echo started", 0, ERR_NONE, NULL);
    assert_true(clock_mono_ms() - started < 2000);
    assert_logged("started");
}

TEST(a_stop_ends_it)
{
    call("kill -INT $PPID; sleep 100", 0, ERR_STOPPED, "stopped by SIGINT");
    assert_logged("DB_ON_EVENT was ended");
}

static int run_after_stop(void *context)
{
    stop_install();
    (void)raise(SIGTERM);
    struct config config;
    struct err err = ERR_INIT;
    struct hook_event event = {.event = "failover"};
    (void)context;
    if (!config_load(&config, "f.env", NULL, false, &err))
        return 10;
    bool ok = hook_run(&config, &event, &err);
    config_release(&config);
    return ok ? 0 : 11;
}

TEST(an_earlier_stop_does_not)
{
    unit_write("f.env", ENV "DB_ON_EVENT='sleep 0.2; echo done >done'\n");
    assert_int_equal(unit_child(run_after_stop, NULL), 0);
    assert_file("done", "done\n");
}

TEST(it_inherits_no_descriptor_and_no_disposition)
{
    int lock = open("op.lock", O_RDWR | O_CREAT, 0600); /* not close-on-exec, on purpose */
    assert_true(lock > 2);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    call("ls -l /proc/$$/fd | grep -c op.lock >fds; grep -E \"^Sig(Ign|Blk)\" /proc/self/status "
         ">signals; readlink /proc/$$/fd/0 >stdin; ps -o pgid= -p $$ | tr -d \" \" >group; echo $$ "
         ">self",
         0, ERR_NONE, NULL);
    (void)close(lock);
    assert_file("fds", "0\n");
    assert_file("stdin", "/dev/null\n");
    char text[256];
    (void)unit_read("signals", text, sizeof text);
    unsigned long long blocked = 1;
    unsigned long long ignored = 1;
    assert_int_equal(sscanf(text, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & (1ULL << (SIGPIPE - 1) | 1ULL << (SIGTERM - 1)), 0);
    char group[32];
    (void)unit_read("self", text, sizeof text);
    (void)unit_read("group", group, sizeof group);
    assert_string_equal(group, text);
}

TEST(nothing_configured_is_nothing_to_do)
{
    struct config config;
    struct err err = ERR_INIT;
    struct hook_event event = {.event = "failover"};
    unit_write("f.env", ENV);
    assert_true(config_load(&config, "f.env", NULL, false, &err));
    assert_true(hook_run(&config, &event, &err));
    config_release(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(it_is_told_what_happened),
        IN_DIR(its_output_is_logged_by_line_and_without_secrets),
        IN_DIR(much_output_is_cut),
        IN_DIR(its_end_is_told),
        IN_DIR(its_end_is_told_where_children_are_ignored),
        IN_DIR(it_ends_with_its_time),
        IN_DIR(it_is_killed_when_it_ignores_that),
        IN_DIR(what_it_leaves_in_the_background_is_not_waited_for),
        IN_DIR(a_stop_ends_it),
        IN_DIR(an_earlier_stop_does_not),
        IN_DIR(it_inherits_no_descriptor_and_no_disposition),
        IN_DIR(nothing_configured_is_nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
