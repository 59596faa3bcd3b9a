/*
 * PostgreSQL tables: columns, checks, inheritance and partitions. A partition is created as a table
 * and then attached, which keeps its order of columns, its own defaults and its own constraints.
 */
#include "db/postgres_ddl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/quote.h"

/* A type of another schema comes with an extension, or must be there already. */
static void note_foreign_type(struct ddl *ddl, const struct model_table *table,
                              const struct model_column *column)
{
    const struct model *model = ddl->model;
    const char *schema = column->type_schema;
    if (!schema || strcmp(schema, "pg_catalog") == 0 || strcmp(schema, model->schema) == 0 ||
        model->engine != ENGINE_POSTGRES)
        return;
    for (size_t i = 0; i < model->object_count; i++)
        if (model->objects[i].kind == OBJECT_EXTENSION && model->objects[i].schema &&
            strcmp(model->objects[i].schema, schema) == 0)
            return;
    char *object = mem_printf("column %s.%s", table->name, column->name);
    ddl_not_carried(ddl, object, "its type %s lies outside schema %s and must exist on the target",
                    column->type, model->schema);
    free(object);
}

static void write_identity(struct ddl *ddl, struct buf *sql, const struct model_column *column)
{
    const struct model_sequence *sequence = model_sequence(ddl->model, column->sequence);
    buf_addf(sql, " GENERATED %s AS IDENTITY", column->identity == 'a' ? "ALWAYS" : "BY DEFAULT");
    if (!sequence)
        return;
    buf_adds(sql, " (SEQUENCE NAME ");
    ddl_name(sql, ddl->model, sequence->name);
    ddl_sequence_options(sql, sequence, NULL, sequence->cycle);
    buf_addch(sql, ')');
}

/*
 * From 17 on the partitions take the identity of their table; a table that has one of its own
 * cannot be attached.
 */
static bool identity_written(struct ddl *ddl, const struct model_table *table,
                             const struct model_column *column)
{
    if (!column->identity || (table->partition && !column->sequence))
        return false;
    if (!table->partition || ddl->version < POSTGRES_17)
        return true;
    char *object = mem_printf("column %s.%s", table->name, column->name);
    ddl_substituted(ddl, object, "the identity of the partition becomes that of its table");
    free(object);
    return false;
}

void postgres_column(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                     const struct model_column *column, bool not_null)
{
    note_foreign_type(ddl, table, column);
    quote_ident(sql, column->name);
    buf_addf(sql, " %s", column->type);
    if (column->collation && ddl->model->engine == ENGINE_POSTGRES)
        buf_addf(sql, " COLLATE %s", column->collation);
    if (column->generated) {
        bool virtual = column->generated == 'v' && ddl->version >= POSTGRES_18;
        buf_adds(sql, " GENERATED ALWAYS AS (");
        postgres_expr(sql, ddl->model, column->generated_expr);
        buf_adds(sql, virtual ? ") VIRTUAL" : ") STORED");
        if (column->generated == 'v' && !virtual) {
            char *object = mem_printf("column %s.%s", table->name, column->name);
            ddl_substituted(ddl, object, "virtual generated column becomes a stored one");
            free(object);
        }
    } else if (identity_written(ddl, table, column)) {
        write_identity(ddl, sql, column);
    } else if (column->default_expr && !column->default_late && !column->identity &&
               !postgres_default_doubtful(ddl, column)) {
        buf_adds(sql, " DEFAULT ");
        postgres_expr(sql, ddl->model, column->default_expr);
    }
    if (!column->not_null || !not_null)
        return;
    if (column->not_null_name && ddl->version >= POSTGRES_18) {
        buf_adds(sql, " CONSTRAINT ");
        quote_ident(sql, column->not_null_name);
    }
    buf_adds(sql, " NOT NULL");
}

/* Checks that CREATE TABLE can hold; the others come late, after the data, or with the parent. */
static bool check_inline(const struct model_table *table, const struct model_constraint *constraint)
{
    return constraint->type == 'c' && !constraint->late &&
           (constraint->validated || !constraint->enforced) &&
           (!constraint->inherited || table->partition);
}

/* Storage and statistics of columns, in one statement; compression apart, as a server may be built
 * without lz4. */
static void write_column_settings(struct ddl *ddl, const struct model_table *table)
{
    struct buf parts = BUF_INIT, sql = BUF_INIT;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct model_column *column = &table->columns[i];
        struct buf name = BUF_INIT;
        buf_adds(&name, ", ALTER COLUMN ");
        quote_ident(&name, column->name);
        if (column->storage)
            buf_addf(&parts, "%s SET STORAGE %s", name.data, column->storage);
        if (column->statistics >= 0 && ddl->model->engine == ENGINE_POSTGRES)
            buf_addf(&parts, "%s SET STATISTICS %d", name.data, column->statistics);
        if (column->options)
            buf_addf(&parts, "%s SET (%s)", name.data, column->options);
        if (column->compression) {
            buf_adds(&sql, "ALTER TABLE ONLY ");
            ddl_name(&sql, ddl->model, table->name);
            buf_addf(&sql, "%s SET COMPRESSION %s", name.data + 1, column->compression);
            ddl_add(ddl, &sql, table, true, "compression of column %s.%s", table->name,
                    column->name);
        }
        buf_release(&name);
    }
    if (parts.len > 0) {
        buf_adds(&sql, "ALTER TABLE ONLY ");
        ddl_name(&sql, ddl->model, table->name);
        buf_adds(&sql, parts.data + 1);
        ddl_add(ddl, &sql, table, true, "storage settings of table %s", table->name);
    }
    buf_release(&parts);
}

/* Apart from the table, which is of use as a heap where the server does not have the method. */
static void write_access_method(struct ddl *ddl, const struct model_table *table)
{
    if (!table->access_method || table->kind != 'r')
        return;
    struct buf sql = BUF_INIT;
    char *people = mem_printf("access method of table %s", table->name);
    buf_adds(&sql, "ALTER TABLE ONLY ");
    ddl_name(&sql, ddl->model, table->name);
    buf_adds(&sql, " SET ACCESS METHOD ");
    quote_ident(&sql, table->access_method);
    if (ddl->version >= POSTGRES_15) {
        ddl_add(ddl, &sql, table, true, "%s", people);
    } else {
        ddl_substituted(ddl, people, "%s is left out before PostgreSQL 15: the table is a heap",
                        table->access_method);
        buf_release(&sql);
    }
    free(people);
}

/* What a child by inheritance has otherwise than its parents. */
static void write_inherited(struct ddl *ddl, const struct model_table *table)
{
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct model_column *column = &table->columns[i];
        if (!column->inherited_only || column->generated)
            continue;
        bool parent_default = false, parent_not_null = false;
        for (size_t p = 0; p < table->inherit_count; p++) {
            const struct model_table *parent = model_table(ddl->model, table->inherits[p]);
            const struct model_column *above = parent ? model_column(parent, column->name) : NULL;
            parent_default |= above && above->default_expr;
            parent_not_null |= above && above->not_null;
        }
        bool own_default = column->default_expr && !column->default_late &&
                           !postgres_default_doubtful(ddl, column);
        if (own_default || parent_default) {
            buf_adds(&sql, "ALTER TABLE ONLY ");
            ddl_name(&sql, ddl->model, table->name);
            buf_adds(&sql, " ALTER COLUMN ");
            quote_ident(&sql, column->name);
            if (own_default) {
                buf_adds(&sql, " SET DEFAULT ");
                postgres_expr(&sql, ddl->model, column->default_expr);
            } else {
                buf_adds(&sql, " DROP DEFAULT");
            }
            ddl_add(ddl, &sql, table, false, "default of column %s.%s", table->name, column->name);
        }
        if (column->not_null && !parent_not_null) {
            buf_adds(&sql, "ALTER TABLE ONLY ");
            ddl_name(&sql, ddl->model, table->name);
            buf_adds(&sql, " ALTER COLUMN ");
            quote_ident(&sql, column->name);
            buf_adds(&sql, " SET NOT NULL");
            ddl_add(ddl, &sql, table, false, "NOT NULL of column %s.%s", table->name, column->name);
        }
    }
}

/* After the closing parenthesis of CREATE TABLE. */
static void write_table_clauses(struct ddl *ddl, struct buf *sql, const struct model_table *table)
{
    if (!table->partition && table->inherit_count > 0) {
        buf_adds(sql, " INHERITS (");
        for (size_t i = 0; i < table->inherit_count; i++) {
            buf_adds(sql, i ? ", " : "");
            ddl_name(sql, ddl->model, table->inherits[i]);
        }
        buf_addch(sql, ')');
    }
    if (table->kind == 'p' && table->partition_key)
        buf_addf(sql, " PARTITION BY %s", table->partition_key);
    if (table->options)
        buf_addf(sql, " WITH (%s)", table->options);
}

/* A child takes the expression of its parent; before 16 it must not state it again. */
static bool generated_above(const struct ddl *ddl, const struct model_table *table,
                            const struct model_column *column)
{
    for (size_t i = 0; column->generated && i < table->inherit_count; i++) {
        const struct model_table *parent = model_table(ddl->model, table->inherits[i]);
        const struct model_column *above = parent ? model_column(parent, column->name) : NULL;
        if (above && above->generated && strcmp(above->generated_expr, column->generated_expr) == 0)
            return true;
    }
    return false;
}

static void write_column(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                         const struct model_column *column)
{
    struct model_column plain = *column;
    if (!table->partition && generated_above(ddl, table, column)) {
        plain.generated = 0;
        plain.generated_expr = NULL;
    }
    postgres_column(ddl, sql, table, &plain, true);
}

void postgres_table(struct ddl *ddl, const struct model_table *table)
{
    struct buf sql = BUF_INIT;
    bool first = true;
    buf_adds(&sql,
             table->unlogged && table->kind == 'r' ? "CREATE UNLOGGED TABLE " : "CREATE TABLE ");
    ddl_name(&sql, ddl->model, table->name);
    buf_adds(&sql, " (");
    for (size_t i = 0; i < table->column_count; i++) {
        const struct model_column *column = &table->columns[i];
        if (column->hidden || (column->inherited_only && !table->partition))
            continue;
        buf_adds(&sql, first ? "\n    " : ",\n    ");
        first = false;
        write_column(ddl, &sql, table, column);
    }
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *constraint = &table->constraints[i];
        struct buf text = BUF_INIT;
        if (check_inline(table, constraint) &&
            postgres_constraint_text(ddl, &text, table, constraint)) {
            buf_adds(&sql, first ? "\n    " : ",\n    ");
            first = false;
            buf_adds(&sql, "CONSTRAINT ");
            quote_ident(&sql, constraint->name);
            buf_addf(&sql, " %s", text.data);
        }
        buf_release(&text);
    }
    buf_adds(&sql, first ? ")" : "\n)");
    write_table_clauses(ddl, &sql, table);
    ddl_add(ddl, &sql, table, false, "table %s", table->name);
    write_access_method(ddl, table);
    write_column_settings(ddl, table);
    if (!table->partition)
        write_inherited(ddl, table);
    if (table->partition) {
        buf_adds(&sql, "ALTER TABLE ONLY ");
        ddl_name(&sql, ddl->model, table->parent);
        buf_adds(&sql, " ATTACH PARTITION ");
        ddl_name(&sql, ddl->model, table->name);
        buf_addf(&sql, " %s", table->partition_bound);
        ddl_add(ddl, &sql, table, false, "partition %s of %s", table->name, table->parent);
    }
    if (table->outside_parent) {
        char *object = mem_printf("table %s", table->name);
        ddl_substituted(ddl, object,
                        "its parent %s lies outside schema %s: becomes a table of its own",
                        table->outside_parent, ddl->model->schema);
        free(object);
    }
    buf_release(&sql);
}

void postgres_table_late(struct ddl *ddl, const struct model_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].default_late)
            postgres_ddl.column_default(ddl, table, &table->columns[i]);
    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].late && table->constraints[i].validated &&
            !table->constraints[i].inherited)
            postgres_constraint(ddl, table, &table->constraints[i]);
}

void postgres_row_security(struct ddl *ddl, const struct model_table *table)
{
    struct buf sql = BUF_INIT;
    if (table->row_security) {
        buf_adds(&sql, "ALTER TABLE ");
        ddl_name(&sql, ddl->model, table->name);
        buf_adds(&sql, " ENABLE ROW LEVEL SECURITY");
        ddl_add(ddl, &sql, table, false, "row security of table %s", table->name);
    }
    if (table->force_row_security) {
        buf_adds(&sql, "ALTER TABLE ");
        ddl_name(&sql, ddl->model, table->name);
        buf_adds(&sql, " FORCE ROW LEVEL SECURITY");
        ddl_add(ddl, &sql, table, false, "row security of table %s for its owner", table->name);
    }
    buf_release(&sql);
}
