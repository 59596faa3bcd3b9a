/* A row that no message of CockroachDB can carry: it is refused by its key, never cut or left out
 * in silence. */
#ifndef DBR_REPL_ROW_LIMIT_H
#define DBR_REPL_ROW_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/conn.h"
#include "db/query.h"
#include "db/row_sql.h"

/* The server takes 16 MiB; the rest is for the statement around the row. */
#define ROW_LIMIT ((size_t)16 * 1024 * 1024 - 256 * 1024)

/*
 * Appends "id = 7, kind = x" for a row: of a result that begins with the key columns, of one with
 * the table's columns, of a COPY in CSV. place: what it is called where the table has no key.
 */
void row_limit_name_keys(struct buf *name, const struct row_table *table,
                         const struct result *result, size_t row);
void row_limit_name_row(struct buf *name, const struct row_table *table,
                        const struct result *result, size_t row, long long place);
void row_limit_name_csv(struct buf *name, const struct row_table *table, const char *row,
                        size_t len, long long place);

/* ERR_REFUSED, with the SQLSTATE that the server would have given. The caller names the table. */
bool row_limit_refuse(struct err *err, const struct conn *target, const char *name, size_t bytes);

#endif
