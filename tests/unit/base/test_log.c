/* Log lines: their form, their levels, and that no text can forge one. */
#include <errno.h>
#include <pthread.h>
#include <regex.h>

#include "base/log.h"
#include "unit.h"

static char text[200000];

static int say_everything(void *context)
{
    log_set_level(*(enum log_level *)context);
    log_error("an error %d", 1);
    log_warn("a warning");
    log_info("some news");
    log_debug("a detail");
    return 0;
}

static void run(int (*code)(void *), void *context)
{
    assert_int_equal(unit_child(code, context), 0);
    unit_read("err", text, sizeof text);
}

static int count_lines(void)
{
    int count = 0;
    for (const char *p = text; *p; p++)
        count += *p == '\n';
    return count;
}

TEST(levels)
{
    enum log_level levels[] = {LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG};

    for (int i = 0; i < 4; i++) {
        run(say_everything, &levels[i]);
        assert_int_equal(count_lines(), i + 1);
        assert_non_null(strstr(text, "[DB-Redundancy] an error 1\n"));
        assert_int_equal(strstr(text, "[DB-Redundancy] WARNING: a warning\n") != NULL, i >= 1);
        assert_int_equal(strstr(text, "[DB-Redundancy] some news\n") != NULL, i >= 2);
        assert_int_equal(strstr(text, "[DB-Redundancy] DEBUG: a detail\n") != NULL, i >= 3);
    }
    assert_int_equal(log_get_level(), LOG_INFO); /* the children's levels were their own */
}

static int say_hostile(void *context)
{
    (void)context;
    errno = ENOENT;
    log_info("table %s", "x\n2026-01-24T20:34:43.910Z [DB-Redundancy] INITIATING\033[2J");
    return errno == ENOENT ? 0 : 1;
}

TEST(a_name_cannot_forge_a_line_and_errno_survives)
{
    regex_t form;

    run(say_hostile, NULL);
    assert_int_equal(count_lines(), 1);
    assert_null(strchr(text, '\033'));
    assert_int_equal(regcomp(&form,
                             "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                             "\\[DB-Redundancy\\] table x .*INITIATING\\?\\[2J\n$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&form, text, 0, NULL, 0), 0);
    regfree(&form);
}

static void *say_many(void *letter)
{
    char line[201];
    memset(line, *(char *)letter, sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (int i = 0; i < 50; i++)
        log_info("%s", line);
    return NULL;
}

static int say_from_threads(void *context)
{
    static char letters[] = "abcd";
    pthread_t threads[4];
    (void)context;
    for (size_t i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, say_many, &letters[i]) != 0)
            return 1;
    for (size_t i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    return 0;
}

TEST(threads_do_not_mix_their_lines)
{
    run(say_from_threads, NULL);
    assert_int_equal(count_lines(), 200);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const char *body = strrchr(line, ' ') + 1;
        assert_int_equal(strlen(body), 200);
        assert_int_equal(strspn(body, (char[]){body[0], '\0'}), 200);
    }
}

static void erase_progress(void)
{
    (void)!write(STDERR_FILENO, "<erased>", 8);
}

static int say_with_hook(void *context)
{
    (void)context;
    log_before_line(erase_progress);
    log_debug("not printed: the hook is not called");
    log_info("one");
    log_before_line(NULL);
    log_info("two");
    return 0;
}

TEST(hook_runs_before_each_printed_line)
{
    run(say_with_hook, NULL);
    assert_int_equal(strncmp(text, "<erased>2", 9), 0);
    assert_null(strstr(text + 1, "<erased>"));
    assert_int_equal(count_lines(), 2);
}

static int say_to_nobody(void *context)
{
    (void)context;
    (void)close(STDERR_FILENO);
    log_error("nobody hears this");
    return 0;
}

TEST(closed_stderr_is_no_reason_to_fail)
{
    run(say_to_nobody, NULL);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(levels),
        IN_DIR(a_name_cannot_forge_a_line_and_errno_survives),
        IN_DIR(threads_do_not_mix_their_lines),
        IN_DIR(hook_runs_before_each_printed_line),
        IN_DIR(closed_stderr_is_no_reason_to_fail),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
