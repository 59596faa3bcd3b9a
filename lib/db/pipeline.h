/*
 * Many statements, one round trip. Statements are queued on any number of connections, sent
 * together, and their results read in the order in which they were queued on that connection.
 *
 *     pipeline_add(conn, sql, n, values, err);  ... any number, on both connections
 *     pipeline_sync(conn, err);                 ends a segment: an error skips the rest of the
 * segment only pipeline_send(conns, 2, err);             pushes everything out to all of them
 *     pipeline_next(conn, &result, err);        one per pipeline_add; then pipeline_end(conn)
 *
 * Statements of one segment form one implicit transaction unless they contain BEGIN or COMMIT. COPY
 * cannot be queued.
 */
#ifndef DBR_DB_PIPELINE_H
#define DBR_DB_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "db/conn.h"
#include "db/query.h"

bool pipeline_add(struct conn *conn, const char *sql, size_t n, const char *const *values,
                  struct err *err);
/*
 * Values as bytes. pipeline_add_bytes has one more parameter, of type bytea, which is sent as it
 * is. The result of pipeline_ask_bytes holds the bytes of bytea columns; its other columns must be
 * of type text.
 */
bool pipeline_add_bytes(struct conn *conn, const char *sql, size_t n, const char *const *values,
                        const char *data, size_t len, struct err *err);
bool pipeline_ask_bytes(struct conn *conn, const char *sql, size_t n, const char *const *values,
                        struct err *err);
bool pipeline_sync(struct conn *conn, struct err *err);
bool pipeline_send(struct conn *const *conns, size_t count, struct err *err);

/*
 * The result of the next statement. False when it failed: err tells why; later statements of the
 * segment then fail with "skipped". Large results: see pipeline_rows.
 */
bool pipeline_next(struct conn *conn, struct result **result, struct err *err);

/*
 * Row by row instead of whole, for a result of any size: calls row() for each row of the next
 * statement (the result holds that one row, at index 0, and is freed by pipeline_rows). row()
 * returning false ends reading of rows (they are drained) and makes pipeline_rows return false with
 * row's error.
 */
typedef bool (*pipeline_row)(void *context, const struct result *row, struct err *err);
bool pipeline_rows(struct conn *conn, pipeline_row row, void *context, struct err *err);

/* Reads what is left (results thrown away) and leaves pipeline mode. True when nothing that was
 * left had failed. */
bool pipeline_end(struct conn *conn, struct err *err);

#endif
