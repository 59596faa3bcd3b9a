/*
 * Growable byte strings. The shared empty string is only ever read: every write goes through
 * buf_grow first, which replaces it by memory of the buf's own.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

char buf_empty[1] = "";

void buf_release(struct buf *buf)
{
    if (buf->cap)
        free(buf->data);
    *buf = (struct buf)BUF_INIT;
}

void buf_reset(struct buf *buf)
{
    buf_truncate(buf, 0);
}

void buf_truncate(struct buf *buf, size_t len)
{
    if (len > buf->len)
        abort();
    buf->len = len;
    if (buf->cap)
        buf->data[len] = '\0';
}

void buf_grow(struct buf *buf, size_t extra)
{
    size_t need;
    if (__builtin_add_overflow(buf->len, extra, &need) || need > SIZE_MAX / 2 - 1)
        mem_abort();
    need++; /* the NUL */
    if (need <= buf->cap)
        return;
    size_t cap = buf->cap < 64 ? 64 : buf->cap + buf->cap / 2;
    if (cap < need)
        cap = need;
    buf->data = mem_realloc(buf->cap ? buf->data : NULL, cap);
    buf->cap = cap;
    buf->data[buf->len] = '\0';
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
    if (len == 0)
        return;
    buf_grow(buf, len);
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_adds(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_addch(struct buf *buf, char c)
{
    buf_grow(buf, 1);
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
}

void buf_add_hex(struct buf *buf, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = data;

    if (len > SIZE_MAX / 4)
        mem_abort();
    buf_grow(buf, 2 * len);
    for (; len > 0; len--, byte++) {
        buf->data[buf->len++] = digits[*byte >> 4];
        buf->data[buf->len++] = digits[*byte & 15];
    }
    buf->data[buf->len] = '\0';
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vaddf(buf, format, args);
    va_end(args);
}

void buf_vaddf(struct buf *buf, const char *format, va_list args)
{
    va_list again;

    /* Most pieces are short: one pass suffices when the room at hand is enough. */
    buf_grow(buf, 64);
    va_copy(again, args);
    size_t room = buf->cap - buf->len;
    int len = vsnprintf(buf->data + buf->len, room, format, args);
    if (len < 0)
        mem_abort();
    if ((size_t)len >= room) {
        buf_grow(buf, (size_t)len);
        (void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
    }
    va_end(again);
    buf->len += (size_t)len;
}

/* U+2028 to U+202E and U+2066 to U+2069: they break lines, or turn the direction of what follows,
 * so that a text reads as another. */
static bool reorders(const unsigned char *p)
{
    if (p[0] != 0xE2)
        return false;
    return (p[1] == 0x80 && p[2] >= 0xA8 && p[2] <= 0xAE) ||
           (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9);
}

void buf_add_clean(struct buf *buf, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    for (; *p; p++) {
        if (*p == '\n' || *p == '\r' || *p == '\t') {
            buf_addch(buf, ' ');
        } else if (*p < 0x20 || *p == 0x7F) {
            buf_addch(buf, '?');
        } else if (*p == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F) {
            /* The control characters of ISO 6429 as UTF-8: terminals may obey them as they do ESC.
             */
            buf_addch(buf, '?');
            p++;
        } else if (reorders(p)) {
            buf_addch(buf, '?');
            p += 2;
        } else {
            buf_addch(buf, (char)*p);
        }
    }
}

char *buf_detach(struct buf *buf)
{
    buf_grow(buf, 0);
    char *data = buf->data;
    *buf = (struct buf)BUF_INIT;
    return data;
}
