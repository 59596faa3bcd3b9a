/* Which columns let go of their unique values, and how. */
#include "db/park_sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/merge_sql.h"
#include "db/quote.h"
#include "db/row_sql_internal.h"
#include "db/sql_token.h"

/* Of a text that is made: a letter and 32 digits. */
#define MADE_LENGTH 33

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

/* How a column lets go. */
enum letting {
    STAYS,
    EMPTY,
    MADE /* a value that no other row has, as far as one can be made */
};

/* Within an expression nothing is not always nothing, nor what differs always different. */
enum surety { EMPTY_WITHIN, MADE_WITHIN, MADE_PLAIN, EMPTY_PLAIN };

/* For texts something before what is there now, so that a check of their form may still hold. */
static bool add_value(struct buf *sql, const struct model_column *column, const char *ordinal)
{
    const char *bounds = strchr(column->type, '(');
    long length = bounds ? strtol(bounds + 1, NULL, 10) : 0;

    if (is_type(column, "uuid"))
        buf_adds(sql, "gen_random_uuid()");
    else if (is_type(column, "int8"))
        buf_addf(sql, "4567890123456789012 + %s", ordinal);
    else if (is_type(column, "int4"))
        buf_addf(sql, "1987654321 + %s", ordinal);
    else if (!is_type(column, "text") && !is_type(column, "varchar"))
        return false;
    else if (length > 0 && length < MADE_LENGTH)
        buf_addf(sql, "lpad(to_hex(%s), %ld, '~')", ordinal, length);
    else {
        buf_adds(sql, length ? "left(" : "");
        buf_adds(sql, "'x' || replace(gen_random_uuid()::text, '-', '') || coalesce(");
        row_sql_add_column(sql, column);
        buf_adds(sql, ", '')");
        if (length)
            buf_addf(sql, ", %ld)", length);
    }
    return true;
}

static bool can_make(const struct model_column *column)
{
    struct buf ignored = BUF_INIT;
    bool can = add_value(&ignored, column, "0");

    buf_release(&ignored);
    return can;
}

static bool may_change(const struct row_table *t, const struct model *model,
                       const struct model_column *column)
{
    return is_written(t, column) && !is_key(t, column) && !refers(t->table, column) &&
           !is_referred_to(model, t->table->name, column->name);
}

/* Whether the expression has a word that is the column's name. */
static bool names(const char *expression, const char *name)
{
    const char *end = expression + strlen(expression);
    size_t len = strlen(name);
    struct sql_token token;

    for (; expression < end; expression = token.text + token.len) {
        sql_token_read(&token, expression, end, true);
        if (token.len == 0)
            return false;
        if (token.kind == SQL_NAME
                ? token.len == len + 2 && !strncmp(token.text + 1, name, len)
                : token.kind == SQL_WORD && token.len == len && !strncmp(token.text, name, len))
            return true;
    }
    return false;
}

/* What part of an index is computed by, or NULL for a plain column. */
static const char *expression_of(const struct model_table *table,
                                 const struct model_index_part *part)
{
    const struct model_column *column = part->column ? model_column(table, part->column) : NULL;

    return column ? column->generated_expr : part->expression;
}

/* How a column may let go for an index. */
static enum letting letting_of(const struct row_table *t, const struct model_index *index,
                               const struct model_column *column, enum surety *surety)
{
    size_t i;

    for (i = 0; i < index->part_count; i++) {
        const char *expression = expression_of(t->table, &index->parts[i]);
        bool plain =
            !expression && index->parts[i].column && !strcmp(index->parts[i].column, column->name);
        bool can = can_make(column);

        if (!plain && !(expression && names(expression, column->name)))
            continue;
        if (plain && !column->not_null) {
            *surety = EMPTY_PLAIN;
            return EMPTY;
        }
        *surety = !can ? EMPTY_WITHIN : plain ? MADE_PLAIN : MADE_WITHIN;
        return can ? MADE : column->not_null ? STAYS : EMPTY;
    }
    return STAYS;
}

/* One column of the index lets go. */
static void let_go(enum letting *lettings, const struct row_table *t, const struct model *model,
                   const struct model_index *index)
{
    size_t chosen = t->table->column_count;
    enum letting how = STAYS;
    enum surety best = EMPTY_WITHIN;
    size_t i;

    for (i = 0; i < t->table->column_count; i++) {
        const struct model_column *column = &t->table->columns[i];
        enum surety surety = EMPTY_WITHIN;
        enum letting may =
            may_change(t, model, column) ? letting_of(t, index, column, &surety) : STAYS;

        if (may != STAYS && (how == STAYS || surety > best)) {
            chosen = i;
            how = may;
            best = surety;
        }
    }
    if (how > STAYS && how > lettings[chosen])
        lettings[chosen] = how;
}

/* What goes refers to none of its own table any more: in which order they go does not matter. */
static void stop_referring(enum letting *lettings, const struct model_table *table)
{
    size_t i;
    size_t j;

    for (i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *c = &table->constraints[i];

        if (c->type != 'f' || strcmp(c->ref_table, table->name) != 0)
            continue;
        for (j = 0; j < c->column_count; j++)
            if (!table->columns[c->columns[j]].not_null)
                lettings[c->columns[j]] = EMPTY;
    }
}

static void add_settings(struct buf *set, const struct model_table *table,
                         const enum letting *lettings, int64_t before)
{
    struct buf ordinal = BUF_INIT;
    size_t i;

    buf_addf(&ordinal, "(x.n + %" PRId64 ")", before);
    for (i = 0; i < table->column_count; i++) {
        if (lettings[i] == STAYS)
            continue;
        buf_adds(set, set->len ? ", " : "");
        quote_ident(set, table->columns[i].name);
        buf_adds(set, " = ");
        if (lettings[i] == EMPTY)
            buf_adds(set, "NULL");
        else
            (void)add_value(set, &table->columns[i], ordinal.data);
    }
    buf_release(&ordinal);
}

bool park_sql(struct buf *sql, const struct row_table *t, const struct model *model, bool going,
              int64_t before)
{
    enum letting *lettings = mem_alloc((t->table->column_count + 1) * sizeof(*lettings));
    struct buf set = BUF_INIT;
    bool any;
    size_t i;

    for (i = 0; i < t->table->index_count; i++)
        if (t->table->indexes[i].unique && !t->table->indexes[i].primary)
            let_go(lettings, t, model, &t->table->indexes[i]);
    if (going)
        stop_referring(lettings, t->table);
    add_settings(&set, t->table, lettings, before);
    any = set.len > 0;
    if (any) {
        buf_adds(sql, "UPDATE ");
        row_sql_add_table(sql, t, true);
        buf_addf(sql, " AS t SET %s FROM ", set.data);
        merge_sql_parameters(sql, t);
        buf_adds(sql, " WHERE ");
        row_sql_match(sql, t);
    }
    buf_release(&set);
    free(lettings);
    return any;
}
