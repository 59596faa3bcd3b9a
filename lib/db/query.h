/*
 * Statements and their results. A result is freed with result_free (NULL is fine). Values are text
 * as the server prints it, NUL-terminated and valid until the result is freed.
 */
#ifndef DBR_DB_QUERY_H
#define DBR_DB_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"

struct result;

/* One statement with parameters (text, NULL for NULL; n may be 0). Any result is accepted; out may
 * be NULL. */
bool query_run(struct conn *conn, const char *sql, size_t n, const char *const *values,
               struct result **out, struct err *err);
/* Exactly one row and one column; *value is malloced, or NULL for SQL NULL. */
bool query_value(struct conn *conn, const char *sql, size_t n, const char *const *values,
                 char **value, struct err *err);
/* Any number of statements in the simple protocol, results thrown away. */
bool query_script(struct conn *conn, const char *sql, struct err *err);

/* What a failed statement says: that what it makes exists, or that something it names does not. */
bool query_is_there_already(const struct err *err);
bool query_names_nothing(const struct err *err);

size_t result_rows(const struct result *result);
size_t result_columns(const struct result *result);
const char *result_text(const struct result *result, size_t row,
                        size_t column); /* NULL for SQL NULL */
size_t result_length(const struct result *result, size_t row, size_t column);
int64_t result_int(const struct result *result, size_t row, size_t column); /* 0 for SQL NULL */
bool result_bool(const struct result *result, size_t row, size_t column);
/* Rows that an INSERT, UPDATE or DELETE was about, as the server counts them. */
int64_t result_affected(const struct result *result);
void result_free(struct result *result);

#endif
