/* What PostgreSQL needs in statements about rows. */
#include <string.h>

#include "db/engine_dml.h"
#include "db/row_sql.h"

void postgres_column_text(struct buf *sql, const struct model_column *column, const char *name)
{
    if (!strcmp(column->type_name, "bytea"))
        buf_addf(sql, "encode(%s, 'hex')", name);
    else if (!strcmp(column->type_name, "inet"))
        buf_addf(sql, "(host(%s) || '/' || masklen(%s)::text)", name, name);
    else if (!strcmp(column->type_name, "float8"))
        /* CockroachDB prints an exponent from 1e+06 on, PostgreSQL from 1e+15 on. */
        buf_addf(sql,
                 "CASE WHEN abs(%s) >= 1e6 AND abs(%s) < 1e15 THEN trunc(%s)::int8::text || '/' || "
                 "(%s - "
                 "trunc(%s))::text ELSE %s::text END",
                 name, name, name, name, name, name);
    else
        buf_addf(sql, "%s::text", name);
}

static void hash(struct buf *sql, const struct row_table *t, const char *text)
{
    if (t->form == HASH_NATIVE)
        buf_addf(sql, "hashtextextended((%s) COLLATE \"C\", 0)", text);
    else if (t->convert_encoding)
        buf_addf(sql, "('x0' || substr(md5(convert_to(%s, 'UTF8')), 1, 15))::bit(64)::int8", text);
    else
        buf_addf(sql, "('x0' || substr(md5(%s), 1, 15))::bit(64)::int8", text);
}

/* Types whose text is the same on both engines (dbr(7) lists the others). */
static bool portable(const struct model_column *column)
{
    static const char *const unlike[] = {"json",    "jsonb",   "_json",    "_jsonb",
                                         "_float8", "_float4", "_numeric", "tsvector",
                                         "tsquery", "vector",  "money",    "cidr"};
    const char *type = column->type_name;
    size_t i;

    for (i = 0; i < sizeof(unlike) / sizeof(unlike[0]); i++)
        if (!strcmp(type, unlike[i]))
            return false;
    if (!strcmp(type, "numeric"))
        return column->typmod >= 4 && ((column->typmod - 4) & 0x7ff) <= 6;
    return column->type_kind == 'b' || column->type_kind == 'e' || column->type_kind == 'd';
}

const struct engine_dml postgres_dml = {
    .only = "ONLY ",
    .overriding = " OVERRIDING SYSTEM VALUE",
    .bytewise = " COLLATE \"C\"",
    .pieces = true,
    .column_text = postgres_column_text,
    .hash = hash,
    .portable = portable,
};
