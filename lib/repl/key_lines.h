/*
 * Lines of a list of keys (db/row_sql.h) as they arrive, each as an item: key hash, row hash,
 * octets and key as the server has them, and a digest of the columns that the client compares.
 * Equal rows of a table without key have a line each where there are such columns: these become one
 * item.
 */
#ifndef DBR_REPL_KEY_LINES_H
#define DBR_REPL_KEY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/conn.h"
#include "db/query.h"
#include "db/row_sql.h"
#include "repl/keyset.h"

typedef bool (*key_lines_take)(void *context, const struct key_item *item, struct err *err);

struct key_lines {
    const struct row_table *table;
    size_t width;
    bool grouped;
    struct buf text;      /* of the key */
    struct key_item item; /* the group under way */
    bool any;             /* there is one */
    key_lines_take take;
    void *context;
};

/* take() is called for each item; the item lives until it returns. */
void key_lines_init(struct key_lines *lines, const struct row_table *table, key_lines_take take,
                    void *context);
/* Receives the next result of the connection's pipeline, to its end, and releases what it needed.
 */
bool key_lines_receive(struct key_lines *lines, struct conn *conn, struct err *err);

/* The digest of the client columns that stand in a row from the field `first` on; 0 when there are
 * none. Their octets are added to *octets. */
uint64_t key_lines_digest(const struct row_table *table, const struct result *row, size_t first,
                          int64_t *octets);

#endif
