/* Naming a row that is too large. */
#include "repl/row_limit.h"

#include <string.h>

#include "db/copy_csv.h"
#include "db/engine.h"

/* Of a value in a message. */
#define SHOWN_BYTES 60

static void add_value(struct buf *name, const struct row_table *table, size_t key, const char *text)
{
    struct buf shown = BUF_INIT;
    size_t len = strnlen(text, SHOWN_BYTES + 1);

    buf_add(&shown, text, len > SHOWN_BYTES ? SHOWN_BYTES : len);
    buf_addf(name, "%s%s = ", key ? ", " : "", table->keys[key]->name);
    buf_add_clean(name, shown.data);
    buf_adds(name, len > SHOWN_BYTES ? "..." : "");
    buf_release(&shown);
}

void row_limit_name_keys(struct buf *name, const struct row_table *table,
                         const struct result *result, size_t row)
{
    size_t i;

    for (i = 0; i < table->key_count; i++)
        add_value(name, table, i, result_text(result, row, i));
    if (table->key_count == 0)
        buf_addf(name, "with the hash %s", result_text(result, row, 0));
}

static size_t place_of(const struct row_table *table, const struct model_column *column)
{
    size_t i;

    for (i = 0; i < table->column_count && table->columns[i] != column; i++)
        ;
    return i;
}

static void add_place(struct buf *name, const struct row_table *table, long long place)
{
    if (table->key_count == 0)
        buf_addf(name, "number %lld of the copy", place);
}

void row_limit_name_row(struct buf *name, const struct row_table *table,
                        const struct result *result, size_t row, long long place)
{
    size_t i;

    for (i = 0; i < table->key_count; i++)
        add_value(name, table, i, result_text(result, row, place_of(table, table->keys[i])));
    add_place(name, table, place);
}

void row_limit_name_csv(struct buf *name, const struct row_table *table, const char *row,
                        size_t len, long long place)
{
    size_t i;

    for (i = 0; i < table->key_count; i++) {
        struct buf text = BUF_INIT;

        (void)copy_csv_field(row, len, place_of(table, table->keys[i]), &text);
        add_value(name, table, i, text.data);
        buf_release(&text);
    }
    add_place(name, table, place);
}

bool row_limit_refuse(struct err *err, const struct conn *target, const char *name, size_t bytes)
{
    err_set(err, ERR_REFUSED,
            "the row %s has %.1f MiB, and the %s (%s) takes no message above 16 MiB", name,
            (double)bytes / (1024 * 1024), conn_role(target), conn_version_text(target));
    memcpy(err->sqlstate, "54000", sizeof("54000"));
    return err_hint(err, "shorten the value or keep it elsewhere, or leave the table out with "
                         "DB_SYNC_EXCLUDE_TABLES");
}
