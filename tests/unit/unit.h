/*
 * What unit tests share: cmocka with the headers it wants before it, a short way to write a test, a
 * directory of its own for each test (unit_enter, unit_leave as setup and teardown), and the output
 * of a piece of code run in a child.
 */
#ifndef DBR_TESTS_UNIT_H
#define DBR_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNIT_UNUSED __attribute__((unused))
#define TEST(name) static void name(void **state UNIT_UNUSED)
#define IN_DIR(name) cmocka_unit_test_setup_teardown(name, unit_enter, unit_leave)

static char unit_dir[64];

UNIT_UNUSED static int unit_enter(void **state)
{
    (void)state;
    (void)snprintf(unit_dir, sizeof unit_dir, "/tmp/dbr-unit-XXXXXX");
    return mkdtemp(unit_dir) && chdir(unit_dir) == 0 ? 0 : -1;
}

UNIT_UNUSED static int unit_remove_one(const char *path, const struct stat *st, int type,
                                       struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

UNIT_UNUSED static int unit_leave(void **state)
{
    (void)state;
    if (chdir("/") != 0)
        return -1;
    return nftw(unit_dir, unit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The content of a file, cut at size - 1; "" when it cannot be read. Returns the number of bytes.
 */
UNIT_UNUSED static size_t unit_read(const char *path, char *text, size_t size)
{
    size_t len = 0;
    FILE *file = fopen(path, "r");
    if (file) {
        len = fread(text, 1, size - 1, file);
        (void)fclose(file);
    }
    text[len] = '\0';
    return len;
}

UNIT_UNUSED static void unit_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Number of entries of the current directory. */
UNIT_UNUSED static int unit_count_files(void)
{
    char line[32];
    FILE *list = popen("ls -A | wc -l", "r");
    assert_non_null(list);
    assert_non_null(fgets(line, sizeof line, list));
    (void)pclose(list);
    return (int)strtol(line, NULL, 10);
}

/* Runs a piece of code in a child whose stdout and stderr go to the files out and err; returns its
 * wait status. */
UNIT_UNUSED static int unit_child(int (*code)(void *), void *context)
{
    int status = -1;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("out", "w", stdout) || !freopen("err", "w", stderr))
            _exit(125);
        int result = code(context);
        (void)fflush(NULL);
        _exit(result);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#endif
