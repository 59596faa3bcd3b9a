/*
 * Rows in pieces. Each value is made once per row, in a subquery that OFFSET 0 keeps the planner
 * from flattening, and cut by bytes: cutting text by characters would count them from its start for
 * every piece.
 */
#include "db/row_pieces.h"

#include <string.h>

#include "db/row_sql_internal.h"

bool row_pieces_raw(const struct model_column *column)
{
    return !strcmp(column->type_name, "bytea") && !strcmp(column->type_schema, "pg_catalog");
}

/* The bytes of a value, unpacked. format() writes any type as a SELECT would, which a cast to text
 * does not do for all; num_nulls() because a row of NULLs is not NULL. */
static void add_value(struct buf *sql, const struct model_column *column)
{
    struct buf name = BUF_INIT;

    row_sql_add_column(&name, column);
    if (row_pieces_raw(column))
        buf_addf(sql, "%s || ''::bytea", name.data);
    else if (!strcmp(column->type_name, "text") || !strcmp(column->type_name, "varchar"))
        buf_addf(sql, "convert_to(%s, 'UTF8')", name.data);
    else
        buf_addf(sql, "CASE num_nulls(%s) WHEN 0 THEN convert_to(format('%%s', %s), 'UTF8') END",
                 name.data, name.data);
    buf_release(&name);
}

void row_pieces_read(struct buf *sql, const struct row_table *t)
{
    size_t count = t->key_count + t->column_count;
    size_t i;

    buf_addf(sql,
             "SELECT f.field::text, p.place::text, substr(f.bytes, p.place + 1, %zu) FROM (SELECT ",
             ROW_PIECE_SIZE);
    for (i = 0; i < count; i++) {
        buf_adds(sql, i ? ", " : "");
        add_value(sql, i < t->key_count ? t->keys[i] : t->columns[i - t->key_count]);
        buf_addf(sql, " AS b%zu", i);
    }
    row_sql_add_from_keys(sql, t);
    buf_adds(sql, " OFFSET 0) AS q CROSS JOIN LATERAL (VALUES ");
    for (i = 0; i < count; i++)
        buf_addf(sql, "%s(%zu, q.b%zu)", i ? ", " : "", i, i);
    buf_addf(sql,
             ") AS f(field, bytes) CROSS JOIN LATERAL "
             "generate_series(0, greatest(octet_length(f.bytes), 1) - 1, %zu) AS p(place)",
             ROW_PIECE_SIZE);
}

void row_pieces_insert(struct buf *sql, const struct row_table *t, bool upsert)
{
    size_t i;

    row_sql_add_insert(sql, t);
    for (i = 0; i < t->column_count; i++)
        if (row_pieces_raw(t->columns[i]))
            buf_addf(sql, "%sx.c%zu", i ? ", " : "", i + 1);
        else
            buf_addf(sql, "%sconvert_from(x.c%zu, 'UTF8')::%s", i ? ", " : "", i + 1,
                     t->columns[i]->type);
    buf_adds(sql, " FROM (SELECT ");
    for (i = 0; i < t->column_count; i++)
        buf_addf(sql,
                 "%sstring_agg(p.bytes, '' ORDER BY p.place) FILTER (WHERE p.field = %zu) AS c%zu",
                 i ? ", " : "", t->key_count + i, i + 1);
    buf_adds(sql, " FROM pg_temp.dbr_pieces AS p) AS x");
    if (upsert)
        row_sql_add_on_conflict(sql, t);
}
