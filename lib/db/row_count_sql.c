/*
 * Counting what the server took. The COMMIT stands in the same pipeline as the last rows, so a
 * shortfall must be an error of the server's: a text that is no number is cast to one, and comes
 * back in its message.
 */
#include <stdlib.h>
#include <string.h>

#include "db/row_sql.h"
#include "db/row_sql_internal.h"

#define MARK "dbr: missing "

void row_sql_counted_open(struct buf *sql)
{
    buf_adds(sql, "WITH w AS (");
}

void row_sql_counted_close(struct buf *sql, size_t rows)
{
    buf_addf(sql,
             " RETURNING 1) SELECT CASE WHEN count(*) >= %zu THEN 0 ELSE ('" MARK
             "' || (%zu - count(*))::text || ' of %zu')::int8 END FROM w",
             rows, rows, rows);
}

void row_sql_left_over(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, "SELECT CASE count(*) WHEN 0 THEN 0 ELSE ('" MARK
                  "' || count(*)::text || ' of ' || array_length($1::text[], 1)::text)::int8 END");
    row_sql_add_from_keys(sql, t);
}

bool row_sql_read_shortfall(const char *message, size_t *missing, size_t *rows)
{
    static const char between[] = " of ";
    const char *at = strstr(message, MARK);
    char *end;

    if (!at)
        return false;
    at += strlen(MARK);
    *missing = strtoul(at, &end, 10);
    if (end == at || strncmp(end, between, strlen(between)) != 0)
        return false;
    at = end + strlen(between);
    *rows = strtoul(at, &end, 10);
    return end != at;
}
