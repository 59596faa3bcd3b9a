/* Rows in the CSV of COPY: fields quoted by '"', which is doubled within. */
#ifndef DBR_DB_COPY_CSV_H
#define DBR_DB_COPY_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Length of the first row of the data, its line end included; 0 when it does not end there. *quoted
 * tells whether the data begins within a quoted field, then whether it ends so.
 */
size_t copy_csv_row(const char *data, size_t len, bool *quoted);

/*
 * Calls field() for each field of one row, in order: its text, NULL for NULL. False with the error
 * of field().
 */
typedef bool (*copy_csv_take)(void *context, size_t column, const char *data, size_t len,
                              struct err *err);
bool copy_csv_split(const char *row, size_t len, copy_csv_take field, void *context,
                    struct err *err);

/* Appends the field of that number (from 0) of one row; false, and nothing appended, where it is
 * NULL (\N without quotes) or missing. */
bool copy_csv_field(const char *row, size_t len, size_t column, struct buf *text);

#endif
