/*
 * PostgreSQL DDL: schema, types, sequences, and changes to single columns. Tables, keys and other
 * objects stand in the files beside this one. Where the source is PostgreSQL its own definitions
 * are used as they are.
 */
#include "db/postgres_ddl.h"

#include <string.h>

#include "db/quote.h"

static void write_schema(struct ddl *ddl)
{
    const struct model *model = ddl->model;
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "CREATE SCHEMA IF NOT EXISTS ");
    quote_ident(&sql, model->schema);
    ddl_add(ddl, &sql, NULL, false, "schema %s", model->schema);
    for (size_t i = 0; i < model->object_count; i++) {
        const struct model_object *object = &model->objects[i];
        bool again = false;
        for (size_t j = 0; j < i && object->schema; j++)
            again |= model->objects[j].kind == OBJECT_EXTENSION && model->objects[j].schema &&
                     strcmp(model->objects[j].schema, object->schema) == 0;
        if (object->kind != OBJECT_EXTENSION || !object->schema || again ||
            strcmp(object->schema, model->schema) == 0 ||
            strcmp(object->schema, "pg_catalog") == 0 || strcmp(object->schema, "public") == 0)
            continue;
        buf_adds(&sql, "CREATE SCHEMA IF NOT EXISTS ");
        quote_ident(&sql, object->schema);
        ddl_add(ddl, &sql, NULL, true, "schema %s", object->schema);
    }
    buf_adds(&sql, "SET search_path = ");
    quote_ident(&sql, model->schema);
    ddl_add(ddl, &sql, NULL, false, "search path");
    /* Bodies may name what comes later. */
    buf_adds(&sql, "SET check_function_bodies = off");
    ddl_add(ddl, &sql, NULL, false, "function bodies");
    buf_release(&sql);
    ddl_not_carried(ddl, "owners and privileges",
                    "everything belongs to the role that dbr connects as; GRANT anew what the "
                    "application needs");
}

static void write_domain(struct ddl *ddl, struct buf *sql, const struct model_type *type)
{
    buf_addf(sql, " AS %s", type->base);
    if (type->base_collation)
        buf_addf(sql, " COLLATE %s", type->base_collation);
    if (type->default_expr) {
        buf_adds(sql, " DEFAULT ");
        postgres_expr(sql, ddl->model, type->default_expr);
    }
    if (type->not_null)
        buf_adds(sql, " NOT NULL");
    for (size_t i = 0; i < type->check_count; i++) {
        if (!type->checks[i].validated)
            continue;
        buf_adds(sql, " CONSTRAINT ");
        quote_ident(sql, type->checks[i].name);
        buf_addf(sql, " %s", type->checks[i].definition);
    }
}

static void write_type(struct ddl *ddl, const struct model_type *type)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, type->kind == TYPE_DOMAIN ? "CREATE DOMAIN " : "CREATE TYPE ");
    ddl_name(&sql, ddl->model, type->name);
    switch (type->kind) {
    case TYPE_ENUM:
        buf_adds(&sql, " AS ENUM (");
        for (size_t i = 0; i < type->label_count; i++) {
            buf_adds(&sql, i ? ", " : "");
            quote_literal(&sql, type->labels[i]);
        }
        buf_addch(&sql, ')');
        break;
    case TYPE_DOMAIN:
        write_domain(ddl, &sql, type);
        break;
    case TYPE_COMPOSITE:
        buf_adds(&sql, " AS (");
        for (size_t i = 0; i < type->attribute_count; i++) {
            const struct model_column *attribute = &type->attributes[i];
            buf_adds(&sql, i ? ", " : "");
            quote_ident(&sql, attribute->name);
            buf_addf(&sql, " %s", attribute->type);
            if (attribute->collation)
                buf_addf(&sql, " COLLATE %s", attribute->collation);
        }
        buf_addch(&sql, ')');
        break;
    case TYPE_RANGE:
        buf_addf(&sql, " AS %s", type->definition);
        break;
    }
    const char *word = type->kind == TYPE_DOMAIN ? "domain" : "type";
    ddl_add(ddl, &sql, NULL, false, "%s %s", word, type->name);
    buf_release(&sql);
}

/* Values that are there may break a check that was never validated: it comes after the rows. */
static void write_type_late(struct ddl *ddl, const struct model_type *type)
{
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < type->check_count; i++) {
        if (type->checks[i].validated)
            continue;
        buf_adds(&sql, "ALTER DOMAIN ");
        ddl_name(&sql, ddl->model, type->name);
        buf_adds(&sql, " ADD CONSTRAINT ");
        quote_ident(&sql, type->checks[i].name);
        buf_addf(&sql, " %s", type->checks[i].definition);
        ddl_add(ddl, &sql, NULL, false, "constraint %s of domain %s", type->checks[i].name,
                type->name);
    }
    buf_release(&sql);
}

static void write_sequence(struct ddl *ddl, const struct model_sequence *sequence)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, sequence->unlogged && ddl->version >= POSTGRES_15 ? "CREATE UNLOGGED SEQUENCE "
                                                                     : "CREATE SEQUENCE ");
    ddl_name(&sql, ddl->model, sequence->name);
    ddl_sequence_options(&sql, sequence, sequence->type, sequence->cycle);
    ddl_add(ddl, &sql, model_table(ddl->model, sequence->owner_table), false, "sequence %s",
            sequence->name);
}

static void write_sequence_owner(struct ddl *ddl, const struct model_sequence *sequence)
{
    const struct model_table *table = model_table(ddl->model, sequence->owner_table);
    if (!table || sequence->identity)
        return;
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER SEQUENCE ");
    ddl_name(&sql, ddl->model, sequence->name);
    buf_adds(&sql, " OWNED BY ");
    ddl_name(&sql, ddl->model, table->name);
    buf_addch(&sql, '.');
    quote_ident(&sql, sequence->owner_column);
    ddl_add(ddl, &sql, table, false, "owner of sequence %s", sequence->name);
}

static void alter_column(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                         const struct model_column *column)
{
    buf_adds(sql, "ALTER TABLE ");
    ddl_name(sql, ddl->model, table->name);
    buf_adds(sql, " ALTER COLUMN ");
    quote_ident(sql, column->name);
}

static void write_add_column(struct ddl *ddl, const struct model_table *table,
                             const struct model_column *column)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TABLE ");
    ddl_name(&sql, ddl->model, table->name);
    buf_adds(&sql, " ADD COLUMN ");
    /* Rows that exist have no value yet, unless a default or a generator gives them one. */
    bool filled = (column->default_expr && !postgres_default_doubtful(ddl, column)) ||
                  column->generated || column->identity;
    postgres_column(ddl, &sql, table, column, filled);
    ddl_add(ddl, &sql, table, false, "column %s.%s", table->name, column->name);
}

static void write_column_default(struct ddl *ddl, const struct model_table *table,
                                 const struct model_column *column)
{
    struct buf sql = BUF_INIT;
    alter_column(ddl, &sql, table, column);
    if (postgres_row_id(ddl->model, column)) {
        buf_adds(&sql, " ADD GENERATED BY DEFAULT AS IDENTITY");
    } else if (column->default_expr) {
        buf_adds(&sql, " SET DEFAULT ");
        postgres_expr(&sql, ddl->model, column->default_expr);
    } else {
        buf_adds(&sql, " DROP DEFAULT");
    }
    ddl_add(ddl, &sql, table, false, "default of column %s.%s", table->name, column->name);
}

static void write_column_type(struct ddl *ddl, const struct model_table *table,
                              const struct model_column *column)
{
    struct buf sql = BUF_INIT;
    alter_column(ddl, &sql, table, column);
    buf_addf(&sql, " TYPE %s", column->type);
    if (column->collation && ddl->model->engine == ENGINE_POSTGRES)
        buf_addf(&sql, " COLLATE %s", column->collation);
    buf_adds(&sql, " USING ");
    quote_ident(&sql, column->name);
    buf_addf(&sql, "::%s", column->type);
    ddl_add(ddl, &sql, table, false, "type of column %s.%s", table->name, column->name);
}

static void write_drop_index(struct ddl *ddl, const struct model_table *table, const char *name,
                             bool unique)
{
    (void)unique;
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "DROP INDEX IF EXISTS ");
    ddl_name(&sql, ddl->model, name);
    ddl_add(ddl, &sql, table, false, "index %s", name);
}

static void type_text(struct buf *text, const struct model *model,
                      const struct model_column *column)
{
    (void)model;
    buf_adds(text, column->type);
}

const struct engine_ddl postgres_ddl = {
    .newest = POSTGRES_18,
    .schema = write_schema,
    .type = write_type,
    .type_late = write_type_late,
    .sequence = write_sequence,
    .table = postgres_table,
    .table_late = postgres_table_late,
    .sequence_owner = write_sequence_owner,
    .keys = postgres_keys,
    .foreign_keys = postgres_foreign_keys,
    .row_security = postgres_row_security,
    .defaults_last = postgres_defaults_last,
    .default_doubtful = postgres_default_doubtful,
    .object = postgres_object,
    .comments = postgres_comments,
    .add_column = write_add_column,
    .constraint = postgres_constraint,
    .index = postgres_index,
    .column_default = write_column_default,
    .column_type = write_column_type,
    .drop_index = write_drop_index,
    .type_text = type_text,
};
