/*
 * A batch: rows of one table that travel in one statement, as arrays of text. Built from keys (what
 * to fetch or delete) and from rows (what to insert).
 */
#ifndef DBR_REPL_BATCH_H
#define DBR_REPL_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/conn.h"
#include "db/query.h"
#include "repl/keyset.h"

/* One text array per column, growing row by row. */
struct arrays {
    struct buf *columns;
    size_t width;
    size_t rows;
    bool closed; /* complete: no row can be added any more */
};

void arrays_init(struct arrays *arrays, size_t width);
void arrays_release(struct arrays *arrays);
void arrays_reset(struct arrays *arrays);
/* Adds the key of an item: one text per array. */
void arrays_add_key(struct arrays *arrays, const struct key_item *item);
/* A row text by text (NULL for NULL): one for each array, then arrays_end_row. */
void arrays_add_text(struct arrays *arrays, size_t column, const char *text);
void arrays_end_row(struct arrays *arrays);
/* Adds columns [first, first + width) of a row. */
void arrays_add_row(struct arrays *arrays, const struct result *result, size_t row, size_t first);
/* Length of all arrays: what the rows cost in a statement. */
size_t arrays_bytes(const struct arrays *arrays);
/* Queues sql with the arrays as its parameters; may be done again with the same arrays. */
bool arrays_queue(struct arrays *arrays, struct conn *conn, const char *sql, struct err *err);
/* The same by pipeline_ask_bytes. */
bool arrays_queue_bytes(struct arrays *arrays, struct conn *conn, const char *sql, struct err *err);

#endif
