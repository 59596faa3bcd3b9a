/* Which columns let go of their unique values, and how. */
#include "db/park_sql.h"

#include <stdlib.h>
#include <string.h>

#include "db/quote.h"
#include "db/row_sql_internal.h"

static bool is_referred_to(const struct model *model, const char *table, const char *column)
{
    size_t i;
    size_t j;
    size_t k;

    for (i = 0; i < model->table_count; i++)
        for (j = 0; j < model->tables[i].constraint_count; j++) {
            const struct model_constraint *c = &model->tables[i].constraints[j];

            if (c->type != 'f' || strcmp(c->ref_table, table) != 0)
                continue;
            for (k = 0; k < c->ref_column_count; k++)
                if (!strcmp(c->ref_columns[k], column))
                    return true;
        }
    return false;
}

static bool refers(const struct model_table *table, const struct model_column *column)
{
    size_t i;
    size_t j;

    for (i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *c = &table->constraints[i];

        for (j = 0; c->type == 'f' && j < c->column_count; j++)
            if (&table->columns[c->columns[j]] == column)
                return true;
    }
    return false;
}

static bool is_key(const struct row_table *t, const struct model_column *column)
{
    size_t i;

    for (i = 0; i < t->key_count; i++)
        if (t->keys[i] == column)
            return true;
    return false;
}

static bool is_written(const struct row_table *t, const struct model_column *column)
{
    size_t i;

    for (i = 0; i < t->column_count; i++)
        if (t->columns[i] == column)
            return true;
    return false;
}

static bool is_type(const struct model_column *column, const char *name)
{
    return !strcmp(column->type_name, name);
}

/* A value that no other row has, as far as one can be made. */
static bool add_value(struct buf *sql, const struct model_column *column)
{
    const char *length = strchr(column->type, '(');

    if (!column->not_null)
        buf_adds(sql, "NULL");
    else if (is_type(column, "uuid"))
        buf_adds(sql, "gen_random_uuid()");
    else if (is_type(column, "int4") || is_type(column, "int8"))
        buf_adds(sql, "-1000000000 - floor(random() * 1000000000)::int8");
    else if ((is_type(column, "text") || is_type(column, "varchar")) && length)
        buf_addf(sql, "left(gen_random_uuid()::text, %ld)", strtol(length + 1, NULL, 10));
    else if (is_type(column, "text") || is_type(column, "varchar"))
        buf_adds(sql, "gen_random_uuid()::text");
    else
        return false;
    return true;
}

static bool may_park(const struct row_table *t, const struct model *model,
                     const struct model_column *column)
{
    struct buf ignored = BUF_INIT;
    bool ok = column && is_written(t, column) && !is_key(t, column) && !refers(t->table, column) &&
              !is_referred_to(model, t->table->name, column->name) && add_value(&ignored, column);

    buf_release(&ignored);
    return ok;
}

/* NULL is the surest. */
static const struct model_column *choose(const struct row_table *t, const struct model *model,
                                         const struct model_index *index)
{
    const struct model_column *found = NULL;
    size_t i;

    for (i = 0; i < index->part_count; i++) {
        const char *name = index->parts[i].column;
        const struct model_column *column = name ? model_column(t->table, name) : NULL;

        if (may_park(t, model, column) && (!found || (found->not_null && !column->not_null)))
            found = column;
    }
    return found;
}

/* One column may be in several indexes. */
static void add_column(struct buf *set, const struct model_column *column)
{
    struct buf name = BUF_INIT;

    buf_adds(&name, ", ");
    quote_ident(&name, column->name);
    buf_adds(&name, " = ");
    if (!set->len || !strstr(set->data, name.data)) {
        buf_adds(set, name.data);
        (void)add_value(set, column);
    }
    buf_release(&name);
}

bool park_sql(struct buf *sql, const struct row_table *t, const struct model *model)
{
    struct buf set = BUF_INIT;
    bool any;
    size_t i;

    for (i = 0; i < t->table->index_count; i++) {
        const struct model_index *index = &t->table->indexes[i];
        const struct model_column *column =
            index->unique && !index->primary ? choose(t, model, index) : NULL;

        if (column)
            add_column(&set, column);
    }
    any = set.len > 0;
    if (any) {
        buf_adds(sql, "UPDATE ");
        row_sql_add_table(sql, t, true);
        buf_addf(sql, " AS t SET %s FROM ", set.data + strlen(", "));
        row_sql_add_key_parameters(sql, t);
        buf_adds(sql, " WHERE ");
        row_sql_match(sql, t);
    }
    buf_release(&set);
    return any;
}
