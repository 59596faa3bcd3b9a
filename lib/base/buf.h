/*
 * A growable byte string, always NUL-terminated one past `len`, so that `data` can be used as a C
 * string. `data` is never NULL after BUF_INIT: it points to an empty string until the first byte is
 * added.
 */
#ifndef DBR_BASE_BUF_H
#define DBR_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t cap; /* 0: data points to the shared empty string */
};

extern char buf_empty[];
#define BUF_INIT                                                                                   \
    {                                                                                              \
        buf_empty, 0, 0                                                                            \
    }

void buf_release(struct buf *buf);              /* frees; the buf is as after BUF_INIT */
void buf_reset(struct buf *buf);                /* empties, keeps the memory */
void buf_truncate(struct buf *buf, size_t len); /* len must not exceed buf->len */
void buf_grow(struct buf *buf, size_t extra);   /* room for extra more bytes */
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_adds(struct buf *buf, const char *text);
void buf_addch(struct buf *buf, char c);
void buf_add_hex(struct buf *buf, const void *data, size_t len); /* two lower-case digits a byte */
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Appends text for one line of a terminal: line ends and tabs become blanks, other control
 * characters (those that turn the direction of writing too) and bytes that are no UTF-8 '?'. */
void buf_add_clean(struct buf *buf, const char *text);
char *buf_detach(struct buf *buf); /* the caller frees the string; the buf is empty */

#endif
