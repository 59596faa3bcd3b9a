/* What CockroachDB needs in statements about rows. */
#include <string.h>

#include "db/engine_dml.h"
#include "db/row_sql.h"

static void column_text(struct buf *sql, const struct model_column *column, const char *name)
{
    if (!strcmp(column->type_name, "bytea"))
        buf_addf(sql, "encode(%s, 'hex')", name);
    else if (!strcmp(column->type_name, "inet"))
        buf_addf(sql, "(host(%s) || '/' || masklen(%s)::text)", name, name);
    else if (!strcmp(column->type_name, "float8"))
        buf_addf(sql,
                 "CASE WHEN abs(%s) >= 1e6 AND abs(%s) < 1e15 THEN trunc(%s)::int8::text || '/' || "
                 "(%s - "
                 "trunc(%s))::text ELSE %s::text END",
                 name, name, name, name, name, name);
    else
        buf_addf(sql, "%s::text", name);
}

/* 15 hexadecimal digits fit an INT8 with the sign to spare. */
static void hash(struct buf *sql, const struct row_table *t, const char *text)
{
    (void)t;
    buf_addf(sql, "('0x' || substr(md5(%s), 1, 15))::int8", text);
}

static bool portable(const struct model_column *column)
{
    return postgres_dml.portable(column);
}

const struct engine_dml cockroach_dml = {
    .only = "",
    .overriding = "",
    .bytewise = "",
    .column_text = column_text,
    .hash = hash,
    .portable = portable,
};
