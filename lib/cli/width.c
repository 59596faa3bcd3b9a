/* Widths as the C library knows them, in a locale of UTF-8 whatever that of the environment is. */
#include "cli/width.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wchar.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8_locale;

static void make_locale(void)
{
    static const char *const names[] = {"C.UTF-8", "C.utf8", "en_US.UTF-8", ""};
    for (size_t i = 0; !utf8_locale && i < sizeof names / sizeof names[0]; i++)
        utf8_locale = newlocale(LC_CTYPE_MASK, names[i], (locale_t)0);
}

/* The number of bytes of the character that text begins with, as its first byte has it. */
static size_t length_by_lead(const char *text)
{
    size_t len = 1;
    while (len < 4 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len++;
    return len;
}

/* The bytes and columns of one character. */
static size_t next_char(const char *text, size_t left, size_t *columns)
{
    mbstate_t state;
    wchar_t c;
    memset(&state, 0, sizeof state);
    size_t len = utf8_locale ? mbrtowc(&c, text, left, &state) : (size_t)-1;
    *columns = 1;
    if (len == 0 || len > left)
        return length_by_lead(text);
    int width = wcwidth(c);
    if (width >= 0)
        *columns = (size_t)width;
    return len;
}

size_t width_fit(const char *text, size_t columns, size_t *taken)
{
    size_t total = strlen(text);
    size_t at = 0;
    size_t used = 0;
    (void)pthread_once(&once, make_locale);
    locale_t before = utf8_locale ? uselocale(utf8_locale) : (locale_t)0;
    while (at < total) {
        size_t one;
        size_t len = next_char(text + at, total - at, &one);
        if (one > columns - used)
            break;
        used += one;
        at += len;
    }
    if (before)
        (void)uselocale(before);
    *taken = used;
    return at;
}

size_t width_of(const char *text)
{
    size_t taken;
    (void)width_fit(text, (size_t)-1, &taken);
    return taken;
}

void width_add_cut(struct buf *buf, const char *text, size_t columns, bool utf8)
{
    size_t taken;
    size_t len = width_fit(text, columns, &taken);
    if (text[len] == '\0') {
        buf_adds(buf, text);
    } else if (columns > 0) {
        len = width_fit(text, columns - 1, &taken);
        buf_add(buf, text, len);
        buf_adds(buf, utf8 ? "\u2026" : "~");
    }
}

size_t width_break(const char *text, size_t columns, size_t *next)
{
    size_t taken;
    size_t len = width_fit(text, columns, &taken);
    *next = len;
    if (text[len] == '\0')
        return len;
    if (len == 0) {
        *next = length_by_lead(text);
        return *next;
    }
    size_t blank = len;
    while (blank > 0 && text[blank] != ' ')
        blank--;
    if (blank == 0)
        return len;
    *next = blank;
    while (text[*next] == ' ')
        ++*next;
    while (blank > 0 && text[blank - 1] == ' ')
        blank--;
    return blank;
}
