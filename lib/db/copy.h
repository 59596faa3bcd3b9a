/* COPY in both directions, a row or a block at a time. */
#ifndef DBR_DB_COPY_H
#define DBR_DB_COPY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "db/conn.h"

/* sql is the whole "COPY ... TO STDOUT ..." statement. */
bool copy_out_begin(struct conn *conn, const char *sql, struct err *err);
/*
 * The next piece (one row in text and CSV). *data belongs to the connection and lives until the
 * next call; till then the caller may change its bytes. *len is 0 at the end, when the statement
 * has succeeded on the server.
 */
bool copy_out_read(struct conn *conn, char **data, size_t *len, struct err *err);

/* sql is the whole "COPY ... FROM STDIN ..." statement. */
bool copy_in_begin(struct conn *conn, const char *sql, struct err *err);
/* Small pieces are gathered into larger messages. */
bool copy_in_write(struct conn *conn, const char *data, size_t len, struct err *err);
/* Ends the copy; *rows (may be NULL) gets the server's count. */
bool copy_in_end(struct conn *conn, long long *rows, struct err *err);
/* Gives up: the server forgets the statement. */
void copy_in_abort(struct conn *conn);

#endif
