/*
 * One row in the text format of COPY, taken apart where it stands: fields between tabs, backslash
 * escapes undone, \N for NULL. And what is made of such fields: literals for INSERT, CSV, piece by
 * piece, so that a wide field is not held a second time.
 */
#ifndef DBR_DB_COPY_TEXT_H
#define DBR_DB_COPY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* One field; column counts from 0. data is NULL for NULL, else NUL-terminated; it lies in the line,
 * and stays as long as that. False ends the row. */
typedef bool (*copy_text_field)(void *context, size_t column, const char *data, size_t len,
                                struct err *err);

/*
 * Calls field() for each field of the line (len bytes, without its line end), in order. The line is
 * changed: it and the byte behind it (where its end stands) must be writable. False with the error
 * of field(), or ERR_REFUSED for a field with a NUL byte and for a backslash at the end of the
 * line: what it escapes, a line end, is not part of it.
 */
bool copy_text_split(char *line, size_t len, copy_text_field field, void *context, struct err *err);

/* Appends a field as an SQL literal: 'it''s', E'a\\b' where a backslash is in it, NULL. */
void copy_text_literal(struct buf *sql, const char *data, size_t len);

/*
 * The same in pieces: appends what becomes of the next COPY_TEXT_PIECE bytes from *at on, which is
 * 0 at first, and moves it. False: the field is complete.
 */
#define COPY_TEXT_PIECE ((size_t)64 * 1024)
bool copy_text_literal_piece(struct buf *sql, const char *data, size_t len, size_t *at);

/* A field as CSV with NULL '\N', in such pieces: quoted where it holds a quote, comma, line end,
 * leading or trailing white space, is empty, or equals \N or \. */
bool copy_text_csv_piece(struct buf *out, const char *data, size_t len, size_t *at);

/* Whether a line of the field is "\." and nothing else. In CSV such a line cannot be written in
 * another way, and psql before 18 takes it for the end of the rows. */
bool copy_text_ends_csv(const char *data, size_t len);

#endif
