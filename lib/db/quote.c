/* Quoting of names, literals and array items: doubling what ends them, nothing clever. */
#include "db/quote.h"

#include <stddef.h>
#include <string.h>

void quote_ident(struct buf *sql, const char *name)
{
    buf_addch(sql, '"');
    for (; *name; name++) {
        if (*name == '"')
            buf_addch(sql, '"');
        buf_addch(sql, *name);
    }
    buf_addch(sql, '"');
}

void quote_name(struct buf *sql, const char *schema, const char *name)
{
    quote_ident(sql, schema);
    buf_addch(sql, '.');
    quote_ident(sql, name);
}

void quote_literal(struct buf *sql, const char *text)
{
    if (!text) {
        buf_adds(sql, "NULL");
        return;
    }
    if (strchr(text, '\\'))
        buf_adds(sql, " E");
    buf_addch(sql, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_addch(sql, *text);
        buf_addch(sql, *text);
    }
    buf_addch(sql, '\'');
}

void quote_array_open(struct buf *array)
{
    buf_addch(array, '{');
}

void quote_array_item(struct buf *array, const char *text, size_t len)
{
    const char *end;

    if (array->len > 0 && array->data[array->len - 1] != '{')
        buf_addch(array, ',');
    if (!text) {
        buf_adds(array, "NULL");
        return;
    }
    end = text + len;
    buf_grow(array, len + 2);
    buf_addch(array, '"');
    while (text < end) {
        const char *stop = text;

        while (stop < end && *stop != '"' && *stop != '\\')
            stop++;
        buf_add(array, text, (size_t)(stop - text));
        if (stop < end) {
            buf_addch(array, '\\');
            buf_addch(array, *stop++);
        }
        text = stop;
    }
    buf_addch(array, '"');
}

void quote_array_close(struct buf *array)
{
    buf_addch(array, '}');
}
