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

/* The length of the character at p, NUL-terminated, or 0 for bytes that are none: strays, overlong
 * forms, surrogates. */
static size_t utf8_length(const unsigned char *p, unsigned *code)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = *p < 0x80 ? 1 : *p >> 5 == 0x6 ? 2 : *p >> 4 == 0xE ? 3 : *p >> 3 == 0x1E ? 4 : 0;

    if (len == 0)
        return 0;
    *code = len == 1 ? *p : *p & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3FU);
    }
    if (*code < least[len] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
        return 0;
    return len;
}

/* What moves the cursor or turns the text around, so that a terminal shows something else than what
 * is there. */
static bool is_control(unsigned code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) ||     /* ISO 6429, also as UTF-8 */
           code == 0x61C || code == 0x200E || code == 0x200F || /* direction marks */
           (code >= 0x2028 && code <= 0x202E) ||                /* line ends, embeddings */
           (code >= 0x2066 && code <= 0x2069);                  /* isolates */
}

void buf_add_clean(struct buf *buf, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p) {
        unsigned code = 0;
        size_t len = utf8_length(p, &code);
        if (code == '\n' || code == '\r' || code == '\t')
            buf_addch(buf, ' ');
        else if (len == 0 || is_control(code))
            buf_addch(buf, '?');
        else
            buf_add(buf, p, len);
        p += len > 0 ? len : 1;
    }
}

char *buf_detach(struct buf *buf)
{
    buf_grow(buf, 0);
    char *data = buf->data;
    *buf = (struct buf)BUF_INIT;
    return data;
}
