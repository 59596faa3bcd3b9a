/* Reads what will be gone, row by row, into the archive. */
#include "repl/dropped.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "db/row_sql.h"

/* One table of which something is lost: rows.keys, and rows.columns for what is read. */
struct reading {
    struct row_table rows;
    const struct model_column **storage;
    size_t first; /* of the columns read: those before are the key */
    struct archive *archive;
};

static bool is_lost(const struct plan *plan, const struct model_table *table, const char *column)
{
    size_t i;

    for (i = 0; i < plan->loss_count; i++) {
        const struct plan_loss *loss = &plan->losses[i];

        if (!strcmp(loss->table, table->name) &&
            (column ? loss->column && !strcmp(loss->column, column) : !loss->column))
            return true;
    }
    return false;
}

/* The rows of a partition are read with those of the table that it goes with. */
static bool goes_with_parent(const struct plan *plan, const struct model *model,
                             const struct model_table *table)
{
    while (table && table->partition) {
        table = model_table(model, table->parent);
        if (table && is_lost(plan, table, NULL))
            return true;
    }
    return false;
}

static void add_columns(struct reading *r, const struct plan *plan, bool whole)
{
    const struct model_table *table = r->rows.table;
    size_t i;

    for (i = 0; i < table->column_count; i++)
        if (model_column_copied(&table->columns[i]) &&
            (whole || is_lost(plan, table, table->columns[i].name)))
            r->rows.columns[r->rows.column_count++] = &table->columns[i];
}

/* False: nothing of the table is lost. */
static bool choose(struct reading *r, const struct plan *plan, const struct conn *conn,
                   const struct model *model, const struct model_table *table)
{
    size_t i;

    memset(r, 0, sizeof(*r));
    if (goes_with_parent(plan, model, table))
        return false;
    r->storage = mem_array(NULL, table->column_count + 2 * table->key_count + 1, sizeof(void *));
    r->rows = (struct row_table){.schema = model->schema,
                                 .table = table,
                                 .dml = conn_engine(conn)->dml,
                                 .keys = r->storage,
                                 .columns = r->storage + table->key_count};
    for (i = 0; i < table->key_count; i++) {
        r->rows.keys[r->rows.key_count++] = &table->columns[table->key_columns[i]];
        r->rows.columns[r->rows.column_count++] = &table->columns[table->key_columns[i]];
    }
    r->first = r->rows.column_count;
    add_columns(r, plan, is_lost(plan, table, NULL));
    if (r->rows.column_count > r->first && table->key_count == 0) {
        r->rows.column_count = 0;
        add_columns(r, plan, true);
    }
    return r->rows.column_count > r->first;
}

static void write_query(struct buf *sql, const struct reading *r)
{
    size_t i;

    row_sql_all_rows(sql, &r->rows);
    for (i = r->first; i < r->rows.column_count; i++) {
        buf_adds(sql, i == r->first ? " WHERE t." : " OR t.");
        quote_ident(sql, r->rows.columns[i]->name);
        /* A composite value with a NULL in it is neither NULL nor not. */
        buf_adds(sql, " IS DISTINCT FROM NULL");
    }
}

static bool add_object(const struct reading *r, const char *name, size_t from, size_t to,
                       const struct result *row, struct err *err)
{
    size_t i;
    bool ok = archive_object(r->archive, name, err);

    for (i = from; ok && i < to; i++)
        ok = archive_value(r->archive, r->rows.columns[i], result_text(row, 0, i),
                           result_length(row, 0, i), err);
    return ok;
}

static bool keep_row(void *context, const struct result *row, struct err *err)
{
    const struct reading *r = context;

    return archive_begin(r->archive, &r->rows, err) &&
           add_object(r, "key", 0, r->first, row, err) &&
           add_object(r, "lost", r->first, r->rows.column_count, row, err) &&
           archive_end(r->archive, "drop", false, err);
}

static bool ask(struct conn *conn, const struct reading *readings, size_t n, struct err *err)
{
    size_t i;

    for (i = 0; i < n; i++) {
        struct buf sql = BUF_INIT;
        bool ok;

        write_query(&sql, &readings[i]);
        ok = pipeline_add(conn, sql.data, 0, NULL, err);
        buf_release(&sql);
        if (!ok)
            return false;
    }
    return pipeline_sync(conn, err) && pipeline_send(&conn, 1, err);
}

static bool read_all(struct conn *conn, struct reading *readings, size_t n, struct err *err)
{
    size_t i;

    if (n == 0)
        return true;
    if (!ask(conn, readings, n, err))
        return false;
    for (i = 0; i < n; i++)
        if (!pipeline_rows(conn, keep_row, &readings[i], err))
            return err_prefix(err, "keeping the rows of table %s", readings[i].rows.table->name);
    return pipeline_end(conn, err);
}

bool dropped_keep(struct conn *conn, const struct model *model, const struct plan *removals,
                  struct archive *archive, struct err *err)
{
    struct reading *readings = mem_array(NULL, model->table_count + 1, sizeof(*readings));
    size_t n = 0;
    size_t i;
    bool ok;

    for (i = 0; i < model->table_count && removals->loss_count > 0; i++) {
        readings[n].storage = NULL;
        if (choose(&readings[n], removals, conn, model, &model->tables[i]))
            readings[n++].archive = archive;
        else
            free(readings[n].storage);
    }
    ok = read_all(conn, readings, n, err) && archive_sync(archive, err);
    for (i = 0; i < n; i++)
        free(readings[i].storage);
    free(readings);
    return ok;
}
