/* Children: what they are given, what is kept of what they print, how their end is told. */
#include <signal.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/stop.h"
#include "unit.h"

#define SHELL(command) ((const char *const[]){"/bin/sh", "-c", command, NULL})

static bool run(struct child *child, struct child_spec spec, struct err *err)
{
    bool ok = child_start(child, &spec, err) && child_wait(child, 1, -1);
    return ok && child_judge(child, "it", NULL, err);
}

static void assert_text(const struct buf *buf, const char *expected)
{
    assert_string_equal(buf->data, expected);
}

TEST(streams_are_kept_apart_or_together)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    struct child_spec spec = {.argv = SHELL("echo one; echo two >&2"), .output_max = 100};
    assert_true(run(&child, spec, &err));
    assert_text(&child.output, "one\n");
    assert_text(&child.errors, "two\n");
    assert_int_equal(child.end, CHILD_EXITED);
    assert_false(child.cut);
    child_release(&child);
    spec.together = true;
    assert_true(run(&child, spec, &err));
    assert_text(&child.output, "one\ntwo\n");
    assert_text(&child.errors, "");
    child_release(&child);
}

TEST(what_it_prints_is_bounded)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    struct child_spec spec = {.argv = SHELL("head -c 3000000 /dev/zero | tr '\\0' x; echo end >&2"),
                              .output_max = 5};
    assert_true(run(&child, spec, &err));
    assert_text(&child.output, "xxxxx");
    assert_text(&child.errors, "end\n");
    assert_true(child.cut);
    child_release(&child);
}

TEST(input_longer_than_a_pipe_arrives)
{
    static char input[1000000];
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    memset(input, 'y', sizeof input);
    struct child_spec spec = {.argv = (const char *const[]){"wc", "-c", NULL},
                              .input = input,
                              .input_len = sizeof input,
                              .output_max = 100};
    assert_true(run(&child, spec, &err));
    assert_int_equal(strtol(child.output.data, NULL, 10), sizeof input);
    child_release(&child);
    (void)signal(SIGPIPE, SIG_IGN);
    spec.argv = SHELL("exec <&-; echo done"); /* it reads none of it */
    assert_true(run(&child, spec, &err));
    assert_text(&child.output, "done\n");
    child_release(&child);
    (void)signal(SIGPIPE, SIG_DFL);
}

TEST(no_input_is_an_empty_one)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    assert_true(run(&child,
                    (struct child_spec){.argv = (const char *const[]){"cat", NULL},
                                        .output_max = 10,
                                        .limit_ms = 10000},
                    &err));
    assert_text(&child.output, "");
    child_release(&child);
}

TEST(the_environment_is_what_is_given)
{
    static const char *const env[] = {"ONE=1", "TWO=two words", NULL};
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    struct child_spec spec = {
        .argv = (const char *const[]){"/usr/bin/env", NULL}, .env = env, .output_max = 1000};
    assert_true(run(&child, spec, &err));
    assert_text(&child.output, "ONE=1\nTWO=two words\n");
    child_release(&child);
    setenv("DBR_UNIT_OWN", "kept", 1);
    assert_true(
        run(&child,
            (struct child_spec){.argv = SHELL("printf %s \"$DBR_UNIT_OWN\""), .output_max = 100},
            &err));
    assert_text(&child.output, "kept");
    child_release(&child);
}

TEST(a_program_that_cannot_run_is_told_at_once)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    assert_false(
        run(&child, (struct child_spec){.argv = (const char *const[]){"./none", NULL}}, &err));
    assert_int_equal(err.code, ERR_FAILED);
    assert_string_equal(err.message, "cannot run ./none: No such file or directory");
    assert_true(err.hint[0] != '\0');
    child_release(&child);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to be reaped */
}

TEST(ends_are_told_apart)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    assert_false(run(&child, (struct child_spec){.argv = SHELL("exit 7")}, &err));
    assert_string_equal(err.message, "it ended with exit status 7");
    assert_false(child_judge(&child, "it", "why", &err));
    assert_string_equal(err.message, "it ended with exit status 7: why");
    child_release(&child);
    assert_false(run(&child, (struct child_spec){.argv = SHELL("kill -9 $$")}, &err));
    assert_int_equal(child.end, CHILD_SIGNALED);
    assert_int_equal(child.value, 9);
    assert_string_equal(err.message, "it was ended by signal 9");
    child_release(&child);
}

TEST(the_limit_ends_the_whole_group)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    struct child_spec spec = {
        .argv = SHELL("trap '' TERM; (while :; do echo >alive; sleep 0.1; done) & sleep 100"),
        .limit_ms = 300,
        .grace_ms = 200};
    assert_false(run(&child, spec, &err));
    assert_int_equal(child.end, CHILD_LATE);
    assert_string_equal(err.message, "it did not end within 0.3 s and was terminated");
    child_release(&child);
    assert_int_equal(unlink("alive"), 0);
    clock_sleep_ms(400);
    assert_int_equal(access("alive", F_OK), -1);
}

TEST(what_it_left_is_killed_on_request)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    struct child_spec spec = {.argv =
                                  SHELL("(echo >alive; while :; do echo >alive; sleep 0.1; done) & "
                                        "while [ ! -e alive ]; do sleep 0.01; done"),
                              .limit_ms = 20000,
                              .ends_group = true};
    assert_true(run(&child, spec, &err));
    child_release(&child);
    assert_int_equal(unlink("alive"), 0);
    clock_sleep_ms(400);
    assert_int_equal(access("alive", F_OK), -1);
}

TEST(several_run_at_once)
{
    struct child children[3] = {CHILD_INIT, CHILD_INIT, CHILD_INIT};
    struct err err = ERR_INIT;
    /* Each waits for the one after it: one by one they would never end. */
    const struct child_spec specs[3] = {
        {.argv = SHELL("while [ ! -e b ]; do sleep 0.01; done; echo a"),
         .limit_ms = 20000,
         .output_max = 10},
        {.argv = SHELL("while [ ! -e c ]; do sleep 0.01; done; echo >b; echo b"),
         .limit_ms = 20000,
         .output_max = 10},
        {.argv = SHELL("echo >c; echo c"), .limit_ms = 20000, .output_max = 10},
    };
    for (int i = 0; i < 3; i++)
        assert_true(child_start(&children[i], &specs[i], &err));
    assert_true(child_wait(children, 3, -1));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(children[i].end, CHILD_EXITED);
        assert_int_equal(children[i].output.data[0], 'a' + i);
        child_release(&children[i]);
    }
}

TEST(a_wait_can_be_bounded_and_a_child_left)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    const struct child_spec spec = {
        .argv = SHELL("while [ ! -e go ]; do sleep 0.02; done; echo >done"), .session = true};
    assert_true(child_start(&child, &spec, &err));
    pid_t pid = child.pid;
    assert_false(child_wait(&child, 1, 50));
    assert_int_equal(child.end, CHILD_RUNNING);
    assert_int_equal(getsid(pid), pid);
    child_leave(&child);
    unit_write("go", "");
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(access("done", F_OK), 0);
}

TEST(a_release_kills)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    const struct child_spec spec = {.argv = SHELL("sleep 100")};
    assert_true(child_start(&child, &spec, &err));
    pid_t pid = child.pid;
    child_release(&child);
    assert_int_equal(kill(pid, 0), -1);
}

static int stop_and_run(void *context)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    (void)context;
    stop_install();
    bool ok = run(&child, (struct child_spec){.argv = SHELL("kill -INT $PPID; sleep 100")}, &err);
    bool stopped = !ok && err.code == ERR_STOPPED && child.end == CHILD_STOPPED;
    child_release(&child);
    return stopped ? 0 : 1;
}

TEST(a_stop_ends_it)
{
    assert_int_equal(unit_child(stop_and_run, NULL), 0);
}

static int close_standard(void *context)
{
    struct child child = CHILD_INIT;
    struct err err = ERR_INIT;
    (void)context;
    (void)close(0);
    (void)close(1);
    (void)close(2);
    bool ok = run(&child,
                  (struct child_spec){.argv = SHELL("cat; echo one; echo two >&2"),
                                      .input = "zero\n",
                                      .input_len = 5,
                                      .output_max = 100},
                  &err) &&
              strcmp(child.output.data, "zero\none\n") == 0 &&
              strcmp(child.errors.data, "two\n") == 0;
    child_release(&child);
    return ok ? 0 : 1;
}

TEST(closed_standard_descriptors_confuse_nothing)
{
    assert_int_equal(unit_child(close_standard, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(streams_are_kept_apart_or_together),
        IN_DIR(what_it_prints_is_bounded),
        IN_DIR(input_longer_than_a_pipe_arrives),
        IN_DIR(no_input_is_an_empty_one),
        IN_DIR(the_environment_is_what_is_given),
        IN_DIR(a_program_that_cannot_run_is_told_at_once),
        IN_DIR(ends_are_told_apart),
        IN_DIR(the_limit_ends_the_whole_group),
        IN_DIR(what_it_left_is_killed_on_request),
        IN_DIR(several_run_at_once),
        IN_DIR(a_wait_can_be_bounded_and_a_child_left),
        IN_DIR(a_release_kills),
        IN_DIR(a_stop_ends_it),
        IN_DIR(closed_standard_descriptors_confuse_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
