/* The wish to stop; each case in a child, since a wish cannot be taken back. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "base/stop.h"
#include "unit.h"

static int ask_once(void *context)
{
    struct err err = ERR_INIT;
    int number = *(int *)context;
    char want[64];

    stop_install();
    if (stop_signal() != 0 || !stop_check(&err) || err.code != ERR_NONE)
        return 1;
    (void)raise(number);
    (void)snprintf(want, sizeof want, "stopped by SIG%s", sigabbrev_np(number));
    if (stop_signal() != number || stop_check(&err) || err.code != ERR_STOPPED)
        return 2;
    return strcmp(err.message, want) == 0 ? 0 : 3;
}

TEST(each_signal_is_noted)
{
    int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < 3; i++) {
        int status = unit_child(ask_once, &numbers[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static int ask_twice(void *context)
{
    (void)context;
    stop_install();
    (void)raise(SIGTERM);
    (void)raise(SIGTERM);
    return 0;
}

TEST(the_second_signal_kills)
{
    int status = unit_child(ask_twice, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

static int under_nohup(void *context)
{
    (void)context;
    (void)signal(SIGHUP, SIG_IGN);
    stop_install();
    (void)raise(SIGHUP);
    return stop_signal();
}

TEST(nohup_is_respected)
{
    int status = unit_child(under_nohup, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int write_to_nobody(void *context)
{
    int ends[2];
    (void)context;
    stop_install();
    if (pipe(ends) != 0 || close(ends[0]) != 0)
        return 1;
    return write(ends[1], "x", 1) < 0 && errno == EPIPE ? 0 : 2;
}

TEST(a_broken_pipe_is_an_error_not_a_death)
{
    int status = unit_child(write_to_nobody, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int write_beyond_the_limit(void *context)
{
    const struct rlimit none = {0, 0};
    (void)context;
    stop_install();
    int fd = open("large", O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || setrlimit(RLIMIT_FSIZE, &none) != 0)
        return 1;
    return write(fd, "x", 1) < 0 && errno == EFBIG ? 0 : 2;
}

TEST(a_file_size_limit_is_an_error_not_a_death)
{
    int status = unit_child(write_beyond_the_limit, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int reset_and_raise(void *context)
{
    stop_install();
    stop_reset();
    (void)raise(*(int *)context);
    return 0;
}

TEST(a_child_has_the_default_dispositions_again)
{
    int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};

    for (size_t i = 0; i < 5; i++) {
        int status = unit_child(reset_and_raise, &numbers[i]);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), numbers[i]);
    }
}

static int reset_under_nohup(void *context)
{
    (void)context;
    (void)signal(SIGHUP, SIG_IGN);
    stop_install();
    stop_reset();
    (void)raise(SIGHUP);
    return 0;
}

TEST(nohup_is_passed_on)
{
    int status = unit_child(reset_under_nohup, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int interrupted_read(void *context)
{
    int ends[2];
    char c;
    (void)context;
    stop_install();
    if (pipe(ends) != 0)
        return 1;
    (void)alarm(5); /* would kill a read that was restarted */
    if (fork() == 0) {
        struct timespec pause = {.tv_nsec = 50000000};
        (void)nanosleep(&pause, NULL);
        (void)kill(getppid(), SIGINT);
        _exit(0);
    }
    ssize_t n = read(ends[0], &c, 1);
    int why = errno;
    (void)wait(NULL);
    return n < 0 && why == EINTR ? 0 : 2;
}

TEST(system_calls_are_interrupted)
{
    int status = unit_child(interrupted_read, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(each_signal_is_noted),
        IN_DIR(the_second_signal_kills),
        IN_DIR(nohup_is_respected),
        IN_DIR(a_broken_pipe_is_an_error_not_a_death),
        IN_DIR(system_calls_are_interrupted),
        IN_DIR(a_file_size_limit_is_an_error_not_a_death),
        IN_DIR(a_child_has_the_default_dispositions_again),
        IN_DIR(nohup_is_passed_on),
    };
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
