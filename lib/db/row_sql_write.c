/* Reading whole rows, and writing them. */
#include <string.h>

#include "db/engine_dml.h"
#include "db/quote.h"
#include "db/row_sql.h"
#include "db/row_sql_internal.h"

static void add_reads(struct buf *sql, const struct row_table *t)
{
    size_t i;

    for (i = 0; i < t->column_count; i++) {
        buf_adds(sql, i ? ", " : "");
        row_sql_add_read(sql, t, i);
    }
}

void row_sql_rows_of(struct buf *sql, const struct row_table *t)
{
    size_t i;

    buf_adds(sql, "SELECT ");
    if (t->key_count == 0) {
        row_sql_hash(sql, t);
        buf_adds(sql, "::text, ");
    }
    for (i = 0; i < t->key_count; i++) {
        row_sql_key(sql, t, i);
        buf_adds(sql, ", ");
    }
    add_reads(sql, t);
    row_sql_add_from_keys(sql, t);
}

void row_sql_all_rows(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, "SELECT ");
    add_reads(sql, t);
    buf_adds(sql, " FROM ");
    row_sql_add_table(sql, t, true);
    buf_adds(sql, " AS t");
}

static void add_assignments(struct buf *sql, const struct row_table *t)
{
    bool first = true;
    size_t i;

    for (i = 0; i < t->column_count; i++) {
        if (t->columns[i]->identity == 'a')
            continue; /* only DEFAULT may be assigned; as a key it is equal anyway */
        buf_adds(sql, first ? "" : ", ");
        quote_ident(sql, t->columns[i]->name);
        buf_adds(sql, " = excluded.");
        quote_ident(sql, t->columns[i]->name);
        first = false;
    }
    if (first)
        buf_truncate(sql, sql->len - strlen("UPDATE SET ")), buf_adds(sql, "NOTHING");
}

void row_sql_add_insert(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, "INSERT INTO ");
    row_sql_add_table(sql, t, false);
    buf_adds(sql, " (");
    row_sql_add_names(sql, t->columns, t->column_count);
    buf_addf(sql, ")%s SELECT ", t->dml->overriding);
}

void row_sql_add_on_conflict(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, " ON CONFLICT (");
    row_sql_add_names(sql, t->keys, t->key_count);
    buf_adds(sql, ") DO UPDATE SET ");
    add_assignments(sql, t);
}

static void add_write(struct buf *sql, const struct row_table *t, size_t i)
{
    struct buf name = BUF_INIT;

    buf_addf(&name, "x.c%zu", i + 1);
    if (t->exchange)
        exchange_expression(sql, t->exchange[i].write, name.data);
    else
        buf_addf(sql, "%s::%s", name.data, t->columns[i]->type);
    buf_release(&name);
}

void row_sql_insert(struct buf *sql, const struct row_table *t, bool upsert)
{
    size_t i;

    row_sql_add_insert(sql, t);
    for (i = 0; i < t->column_count; i++) {
        buf_adds(sql, i ? ", " : "");
        add_write(sql, t, i);
    }
    buf_adds(sql, " FROM unnest(");
    for (i = 0; i < t->column_count; i++)
        buf_addf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
    buf_adds(sql, ") AS x(");
    for (i = 0; i < t->column_count; i++)
        buf_addf(sql, "%sc%zu", i ? ", " : "", i + 1);
    buf_addch(sql, ')');
    if (upsert)
        row_sql_add_on_conflict(sql, t);
}

void row_sql_delete(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, "DELETE FROM ");
    row_sql_add_table(sql, t, true);
    buf_adds(sql, " AS t WHERE ");
    if (t->key_count == 0) {
        row_sql_hash(sql, t);
        buf_adds(sql, " = ANY ($1::int8[])");
        return;
    }
    buf_adds(sql, "EXISTS (SELECT 1 FROM ");
    row_sql_add_key_parameters(sql, t);
    buf_adds(sql, " WHERE ");
    row_sql_match(sql, t);
    buf_addch(sql, ')');
}

void row_sql_copy_out(struct buf *sql, const struct row_table *t, const char *format)
{
    buf_adds(sql, "COPY (SELECT ");
    add_reads(sql, t);
    buf_adds(sql, " FROM ");
    row_sql_add_table(sql, t, true);
    buf_addf(sql, " AS t) TO STDOUT WITH (FORMAT %s)", format);
}

void row_sql_copy_in(struct buf *sql, const struct row_table *t, const char *format)
{
    buf_adds(sql, "COPY ");
    row_sql_add_table(sql, t, false);
    buf_adds(sql, " (");
    row_sql_add_names(sql, t->columns, t->column_count);
    buf_addf(sql, ") FROM STDIN WITH (FORMAT %s)", format);
}

bool row_sql_can_upsert(const struct row_table *t)
{
    size_t i;
    size_t j;

    if (t->key_count == 0 || t->table->key_deferrable || t->table->update_rule)
        return false;
    for (i = 0; i < t->column_count; i++) {
        if (t->columns[i]->identity != 'a')
            continue;
        for (j = 0; j < t->key_count && t->keys[j] != t->columns[i]; j++)
            ;
        if (j == t->key_count)
            return false;
    }
    return true;
}
