/* JSON strings from any bytes: what is not valid UTF-8 is replaced, so that the output always
 * parses. */
#include "base/json.h"

#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Length of the valid UTF-8 character at p (RFC 3629: no overlong forms, no surrogates), 0 when
 * there is none. */
static size_t utf8_length(const unsigned char *p)
{
    size_t len;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        len = 2;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        len = 3;
        if (p[0] == 0xE0)
            low = 0xA0;
        if (p[0] == 0xED)
            high = 0x9F;
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        len = 4;
        if (p[0] == 0xF0)
            low = 0x90;
        if (p[0] == 0xF4)
            high = 0x8F;
    } else {
        return 0;
    }
    /* The NUL at the end of the text fails these tests, so nothing is read beyond it. */
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    return len;
}

static void add_ascii(struct buf *out, unsigned char c)
{
    static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: character, letter */

    for (const char *pair = escapes; *pair; pair += 2) {
        if ((unsigned char)pair[0] == c) {
            buf_addch(out, '\\');
            buf_addch(out, pair[1]);
            return;
        }
    }
    if (c < 0x20 || c == 0x7F)
        buf_addf(out, "\\u%04x", (unsigned)c);
    else
        buf_addch(out, (char)c);
}

void json_quote(struct buf *out, const char *text)
{
    if (!text) {
        buf_adds(out, "null");
        return;
    }
    buf_addch(out, '"');
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t len = utf8_length(p);
        if (len == 1)
            add_ascii(out, *p);
        else if (len == 0)
            buf_adds(out, REPLACEMENT);
        else
            buf_add(out, p, len);
        p += len ? len : 1;
    }
    buf_addch(out, '"');
}

bool json_is_utf8(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t len = utf8_length(p);
        if (len == 0)
            return false;
        p += len;
    }
    return true;
}

void json_quote_piece(struct buf *out, const char *text, size_t len)
{
    const char *end = text + len;

    buf_grow(out, len);
    while (text < end) {
        const char *stop = text;

        while (stop < end && (unsigned char)*stop >= 0x20 && *stop != '"' && *stop != '\\' &&
               *stop != 0x7F)
            stop++;
        buf_add(out, text, (size_t)(stop - text));
        if (stop < end)
            add_ascii(out, (unsigned char)*stop++);
        text = stop;
    }
}
