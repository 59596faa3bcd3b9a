/*
 * CockroachDB DDL: schema, types, sequences, comments, and changes to single columns. Everything is
 * written from the model, in the spelling that versions from 23.1 on take; what does not exist
 * there is noted by name.
 */
#include "db/cockroach_ddl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/quote.h"

static void write_schema(struct ddl *ddl)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "CREATE SCHEMA IF NOT EXISTS ");
    quote_ident(&sql, ddl->model->schema);
    ddl_add(ddl, &sql, NULL, false, "schema %s", ddl->model->schema);
    buf_adds(&sql, "SET search_path = ");
    quote_ident(&sql, ddl->model->schema);
    ddl_add(ddl, &sql, NULL, false, "search path");
    ddl_not_carried(ddl, "owners and privileges",
                    "everything belongs to the role that dbr connects as; GRANT anew what the "
                    "application needs");
}

/* What a domain is made of, through the domains under it. */
static const char *base_of(const struct model *model, const struct model_type *domain)
{
    const struct model_type *below = cockroach_named_type(model, domain->base);
    bool array = strchr(domain->base, '[') != NULL;
    return below && below->kind == TYPE_DOMAIN && !array ? base_of(model, below) : domain->base;
}

static void write_type(struct ddl *ddl, const struct model_type *type)
{
    struct buf sql = BUF_INIT;
    char *object = mem_printf("%s %s", type->kind == TYPE_DOMAIN ? "domain" : "type", type->name);
    buf_adds(&sql, "CREATE TYPE ");
    ddl_name(&sql, ddl->model, type->name);
    if (type->kind == TYPE_ENUM) {
        buf_adds(&sql, " AS ENUM (");
        for (size_t i = 0; i < type->label_count; i++) {
            buf_adds(&sql, i ? ", " : "");
            quote_literal(&sql, type->labels[i]);
        }
        buf_addch(&sql, ')');
        ddl_add(ddl, &sql, NULL, false, "%s", object);
    } else if (type->kind == TYPE_COMPOSITE && cockroach_composite(type)) {
        buf_adds(&sql, " AS (");
        for (size_t i = 0; i < type->attribute_count; i++) {
            const char *why;
            buf_adds(&sql, i ? ", " : "");
            quote_ident(&sql, type->attributes[i].name);
            buf_addch(&sql, ' ');
            cockroach_type(&sql, ddl->model, type->attributes[i].type, ddl->version, &why);
            if (why)
                ddl_substituted(ddl, object, "attribute %s: %s", type->attributes[i].name, why);
            if (!cockroach_plain_collation(type->attributes[i].collation))
                ddl_substituted(
                    ddl, object,
                    "attribute %s: collation %s is left out: text compares byte by byte",
                    type->attributes[i].name, type->attributes[i].collation);
        }
        buf_addch(&sql, ')');
        ddl_add(ddl, &sql, NULL, false, "%s", object);
    } else if (type->kind == TYPE_DOMAIN) {
        ddl_substituted(ddl, object, "columns of it become %s with its checks",
                        base_of(ddl->model, type));
    } else {
        ddl_substituted(ddl, object, "columns of it become STRING holding the text form");
    }
    if (!cockroach_plain_collation(type->base_collation))
        ddl_substituted(ddl, object, "collation %s is left out: text compares byte by byte",
                        type->base_collation);
    buf_release(&sql);
    free(object);
}

static void write_sequence(struct ddl *ddl, const struct model_sequence *sequence)
{
    struct buf sql = BUF_INIT;
    const char *type = strcmp(sequence->type, "smallint") == 0  ? "INT2"
                       : strcmp(sequence->type, "integer") == 0 ? "INT4"
                                                                : "INT8";
    buf_adds(&sql, "CREATE SEQUENCE ");
    ddl_name(&sql, ddl->model, sequence->name);
    ddl_sequence_options(&sql, sequence, type, false);
    ddl_add(ddl, &sql, model_table(ddl->model, sequence->owner_table), false, "sequence %s",
            sequence->name);
    if (!sequence->cycle)
        return;
    char *object = mem_printf("sequence %s", sequence->name);
    ddl_substituted(ddl, object, "CYCLE is left out: it ends at its limit");
    free(object);
}

static void write_sequence_owner(struct ddl *ddl, const struct model_sequence *sequence)
{
    const struct model_table *table = model_table(ddl->model, sequence->owner_table);
    if (!table || table->partition)
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

/* Defaults and checks that need functions of the schema were noted with their table. */
static void write_table_late(struct ddl *ddl, const struct model_table *table)
{
    (void)ddl;
    (void)table;
}

static void write_row_security(struct ddl *ddl, const struct model_table *table)
{
    if (!table->row_security)
        return;
    char *object = mem_printf("row security of table %s", table->name);
    ddl_not_carried(ddl, object, "every role that may read the table sees all of its rows");
    free(object);
}

/* Extensions whose functions and types are built in. */
static bool built_in_extension(const char *name)
{
    static const char *const names[] = {"pg_trgm", "pgcrypto",  "uuid-ossp",
                                        "postgis", "vector",    "fuzzystrmatch",
                                        "citext",  "btree_gin", "btree_gist"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* What only says more about an object that is named itself. */
static bool goes_unsaid(const struct model_object *object)
{
    static const char *const words[] = {"comment", "storage settings", "compression"};
    for (size_t i = 0; i < sizeof words / sizeof *words && object->kind == OBJECT_OTHER; i++)
        if (strcmp(object->word, words[i]) == 0)
            return true;
    return object->kind == OBJECT_TRIGGER_STATE;
}

static void write_object(struct ddl *ddl, const struct model_object *object)
{
    char *people = mem_printf("%s %s", object->word, object->name);
    if (object->kind == OBJECT_EXTENSION && object->plain && built_in_extension(object->plain))
        ddl_substituted(ddl, people, "what CockroachDB has of it is built in");
    else if (object->kind == OBJECT_PARTITION)
        ddl_substituted(ddl, people, "its rows go to the one table");
    else if (!goes_unsaid(object))
        ddl_not_carried(ddl, people,
                        "dbr carries tables, types, sequences, keys and indexes to CockroachDB");
    free(people);
}

static void alter_column(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                         const struct model_column *column)
{
    buf_adds(sql, "ALTER TABLE ");
    ddl_name(sql, ddl->model, table->name);
    buf_adds(sql, " ALTER COLUMN ");
    quote_ident(sql, column->name);
}

static void set_default(struct ddl *ddl, const struct model_table *table,
                        const struct model_column *column)
{
    char *value = cockroach_default(ddl, table, column);
    struct buf sql = BUF_INIT;
    alter_column(ddl, &sql, table, column);
    if (value)
        buf_addf(&sql, " SET DEFAULT %s", value);
    else
        buf_adds(&sql, " DROP DEFAULT");
    /* A default that cannot be carried is not there to be dropped. */
    if (value || !column->default_expr)
        ddl_add(ddl, &sql, table, false, "default of column %s.%s", table->name, column->name);
    buf_release(&sql);
    free(value);
}

static void write_add_column(struct ddl *ddl, const struct model_table *table,
                             const struct model_column *column)
{
    struct buf sql = BUF_INIT;
    /* A default from a sequence cannot come with a new column, so it follows; NOT NULL waits for
     * the values. */
    bool sequence =
        column->sequence || (column->default_expr && ddl_find(column->default_expr, "nextval("));
    bool filled = !sequence && (column->default_expr || column->generated);
    buf_adds(&sql, "ALTER TABLE ");
    ddl_name(&sql, ddl->model, table->name);
    buf_adds(&sql, " ADD COLUMN ");
    cockroach_column(ddl, &sql, table, column, filled, sequence);
    ddl_add(ddl, &sql, table, false, "column %s.%s", table->name, column->name);
    if (sequence)
        set_default(ddl, table, column);
}

static void write_column_type(struct ddl *ddl, const struct model_table *table,
                              const struct model_column *column)
{
    struct buf sql = BUF_INIT;
    const char *why;
    alter_column(ddl, &sql, table, column);
    buf_adds(&sql, " SET DATA TYPE ");
    cockroach_column_type(&sql, ddl->model, column, ddl->version, &why);
    ddl_add(ddl, &sql, table, false, "type of column %s.%s", table->name, column->name);
}

static void write_drop_index(struct ddl *ddl, const struct model_table *table, const char *name,
                             bool unique)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "DROP INDEX IF EXISTS ");
    ddl_name(&sql, ddl->model, table->name);
    buf_addch(&sql, '@');
    quote_ident(&sql, name);
    if (unique)
        buf_adds(&sql, " CASCADE");
    ddl_add(ddl, &sql, table, false, "index %s", name);
}

static void type_text(struct buf *text, const struct model *model,
                      const struct model_column *column)
{
    const char *why;
    cockroach_column_type(text, model, column, 0, &why);
}

static bool expression_text(struct buf *text, const struct model *model,
                            const struct model_table *table, const char *expr)
{
    struct cockroach_expr context = {
        .model = model, .version = COCKROACH_NEWEST, .table = table, .why = BUF_INIT};
    bool written = cockroach_expression(text, &context, expr);
    buf_release(&context.why);
    return written;
}

const struct engine_ddl cockroach_ddl = {
    .newest = COCKROACH_NEWEST,
    .identity_sequences = true,
    .schema = write_schema,
    .type = write_type,
    .sequence = write_sequence,
    .table = cockroach_table,
    .table_late = write_table_late,
    .sequence_owner = write_sequence_owner,
    .keys = cockroach_keys,
    .foreign_keys = cockroach_foreign_keys,
    .row_security = write_row_security,
    .object = write_object,
    .comments = cockroach_comments,
    .add_column = write_add_column,
    .constraint = cockroach_constraint,
    .index = cockroach_index,
    .column_default = set_default,
    .column_type = write_column_type,
    .drop_index = write_drop_index,
    .type_text = type_text,
    .expression = expression_text,
};
