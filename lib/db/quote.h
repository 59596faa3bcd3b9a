/* SQL text from names and values; the only place that quotes. */
#ifndef DBR_DB_QUOTE_H
#define DBR_DB_QUOTE_H

#include "base/buf.h"

void quote_ident(struct buf *sql, const char *name);                    /* "na""me" */
void quote_name(struct buf *sql, const char *schema, const char *name); /* "schema"."name" */
void quote_literal(
    struct buf *sql,
    const char *text); /* 'it''s', E'..' where a backslash is in it; NULL gives NULL */

/* The text of a one-dimensional array: quote_array_item for each item between { and }. NULL gives
 * the SQL NULL. */
void quote_array_item(struct buf *array, const char *text, size_t len);
void quote_array_open(struct buf *array);
void quote_array_close(struct buf *array);

#endif
