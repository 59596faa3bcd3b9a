/*
 * One row in the text format of COPY, taken apart: fields between tabs, backslash escapes undone,
 * \N for NULL. And what is made of such fields: literals for INSERT, CSV.
 */
#ifndef DBR_DB_COPY_TEXT_H
#define DBR_DB_COPY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* One field; column counts from 0. data is NULL for NULL, else NUL-terminated; it lives until the
 * function returns. False ends the row. */
typedef bool (*copy_text_field)(void *context, size_t column, const char *data, size_t len,
                                struct err *err);

/*
 * Calls field() for each field of the line (without its line end), in order. False with the error
 * of field(), or ERR_REFUSED for a field with a NUL byte and for a backslash at the end of the
 * line: what it escapes, a line end, is not part of it.
 */
bool copy_text_split(const char *line, size_t len, copy_text_field field, void *context,
                     struct err *err);

/* Appends a field as an SQL literal: 'it''s', E'a\\b' where a backslash is in it, NULL. */
void copy_text_literal(struct buf *sql, const char *data, size_t len);

/* Appends a field as CSV with NULL '\N': quoted where it holds a quote, comma, line end, leading or
 * trailing white space, is empty, or equals \N or \. */
void copy_text_csv(struct buf *out, const char *data, size_t len);

/* Whether a line of the field is "\." and nothing else. In CSV such a line cannot be written in
 * another way, and psql before 18 takes it for the end of the rows. */
bool copy_text_ends_csv(const char *data, size_t len);

#endif
