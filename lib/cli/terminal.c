/* Questions to the environment and the terminal driver. */
#include "cli/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_UNKNOWN 80
#define COLUMNS_MAX 10000

bool terminal_utf8(void)
{
    /* Not setlocale: nothing else here shall depend on the locale. */
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (!locale)
        return false;
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

bool terminal_moves(int fd)
{
    const char *term = getenv("TERM");
    return term && *term && strcmp(term, "dumb") != 0 && isatty(fd);
}

bool terminal_color(int fd, bool no_color)
{
    const char *wish = getenv("NO_COLOR");
    return !no_color && !(wish && *wish) && terminal_moves(fd);
}

/* 0 where the variable says nothing of use. */
static size_t columns_wished(void)
{
    const char *text = getenv("COLUMNS");
    char *end;
    if (!text || *text < '1' || *text > '9')
        return 0;
    long columns = strtol(text, &end, 10);
    return *end == '\0' && columns <= COLUMNS_MAX ? (size_t)columns : 0;
}

size_t terminal_columns(int fd)
{
    struct winsize size;
    if (fd < 0 || !isatty(fd))
        return 0;
    size_t wished = columns_wished();
    if (wished > 0)
        return wished;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_UNKNOWN;
    return size.ws_col;
}
