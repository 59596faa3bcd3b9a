/* One question for each table that has arrays, all at once. */
#include "repl/nested.h"

#include <stdlib.h>

#include "base/mem.h"

#include "db/engine.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "db/row_sql.h"

static bool is_doubtful(const struct model_table *table, const struct model_column *column)
{
    return model_table_copied(table) && column->element_name && column->type_category == 'A' &&
           column->dimensions <= 1 && model_column_copied(column);
}

/* SELECT whether some value has more than one dimension, for each doubtful column; empty when there
 * is none. */
static void add_question(struct buf *sql, const struct model *model,
                         const struct model_table *table)
{
    const struct row_table rows = {
        .schema = model->schema, .table = table, .dml = engine_postgres.dml};
    size_t i;

    for (i = 0; i < table->column_count; i++) {
        if (!is_doubtful(table, &table->columns[i]))
            continue;
        buf_adds(sql, sql->len ? ", " : "SELECT ");
        buf_adds(sql, "coalesce(bool_or(array_ndims(t.");
        quote_ident(sql, table->columns[i].name);
        buf_adds(sql, ") > 1), false)");
    }
    if (sql->len) {
        buf_adds(sql, " FROM ");
        row_sql_relation(sql, &rows);
        buf_adds(sql, " AS t");
    }
}

static bool take_answer(struct conn *conn, struct model_table *table, struct err *err)
{
    struct result *result;
    size_t at = 0;
    size_t i;

    if (!pipeline_next(conn, &result, err))
        return err_prefix(err, "table %s", table->name);
    for (i = 0; i < table->column_count; i++)
        if (is_doubtful(table, &table->columns[i]) && result_bool(result, 0, at++))
            table->columns[i].dimensions = 2;
    result_free(result);
    return true;
}

bool nested_find(struct conn *conn, struct model *model, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool *asked;
    bool any = false;
    size_t i;
    bool ok = true;

    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    asked = mem_alloc((model->table_count + 1) * sizeof(*asked));
    for (i = 0; i < model->table_count && ok; i++) {
        buf_reset(&sql);
        add_question(&sql, model, &model->tables[i]);
        asked[i] = sql.len > 0;
        any = any || asked[i];
        ok = !asked[i] || pipeline_add(conn, sql.data, 0, NULL, err);
    }
    ok = ok && (!any || (pipeline_sync(conn, err) && pipeline_send(&conn, 1, err)));
    for (i = 0; i < model->table_count && ok; i++)
        ok = !asked[i] || take_answer(conn, &model->tables[i], err);
    buf_release(&sql);
    free(asked);
    return ok && (!any || pipeline_end(conn, err));
}
