/* What is asked of a terminal, with a real one and with a pipe. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "unit.h"

/* The program's end of a terminal of so many columns; the other end stays open. */
static int terminal_of(unsigned short columns)
{
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    int fd = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, TIOCSWINSZ, &size), 0);
    return fd;
}

TEST(the_locale_decides)
{
    setenv("LC_ALL", "C", 1);
    assert_false(terminal_utf8());
    setenv("LC_ALL", "C.UTF-8", 1);
    assert_true(terminal_utf8());
    setenv("LC_ALL", "xx_no_such", 1);
    assert_false(terminal_utf8());
    unsetenv("LC_ALL");
}

TEST(width)
{
    int fd = terminal_of(72);
    unsetenv("COLUMNS");
    assert_int_equal(terminal_columns(fd), 72);
    assert_int_equal(terminal_columns(terminal_of(0)), 80);
    setenv("COLUMNS", "40", 1);
    assert_int_equal(terminal_columns(fd), 40);
    static const char *const useless[] = {"", "0", "-5", "wide", "40x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++) {
        setenv("COLUMNS", useless[i], 1);
        assert_int_equal(terminal_columns(fd), 72);
    }
}

TEST(a_pipe_has_no_width_and_no_colour)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    setenv("COLUMNS", "40", 1);
    setenv("TERM", "xterm", 1);
    assert_int_equal(terminal_columns(ends[1]), 0);
    assert_false(terminal_moves(ends[1]));
    assert_false(terminal_color(ends[1], false));
    assert_int_equal(terminal_columns(-1), 0);
    unsetenv("COLUMNS");
}

TEST(colour_as_wished)
{
    int fd = terminal_of(80);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    assert_true(terminal_color(fd, false));
    assert_false(terminal_color(fd, true));
    setenv("NO_COLOR", "1", 1);
    assert_false(terminal_color(fd, false));
    assert_true(terminal_moves(fd));
    setenv("NO_COLOR", "", 1);
    assert_true(terminal_color(fd, false));
    setenv("TERM", "dumb", 1);
    assert_false(terminal_moves(fd));
    assert_false(terminal_color(fd, false));
    unsetenv("TERM");
    assert_false(terminal_moves(fd));
    unsetenv("NO_COLOR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_locale_decides),
        cmocka_unit_test(width),
        cmocka_unit_test(a_pipe_has_no_width_and_no_colour),
        cmocka_unit_test(colour_as_wished),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
