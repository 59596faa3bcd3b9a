/*
 * CockroachDB tables, with their primary key, which cannot be added later without a hidden column.
 * Partitioned tables become one table; a child by inheritance becomes a table of its own.
 */
#include "db/cockroach_ddl.h"
#include "db/cockroach_expr.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/exchange.h"
#include "db/quote.h"

static char *column_object(const char *what, const struct model_table *table,
                           const struct model_column *column)
{
    return mem_printf("%scolumn %s.%s", what, table->name, column->name);
}

/* The domain that a column's type is, and the domain under that one, ... */
static const struct model_type *domain_of(const struct model *model, const char *type)
{
    const struct model_type *named = cockroach_named_type(model, type);
    bool array = strchr(type, '[') != NULL;
    return named && named->kind == TYPE_DOMAIN && !array ? named : NULL;
}

/* An identity has no default expression. The default of a serial column names its sequence, which
 * need not be the one that it owns. */
static const char *sequence_default(const struct model_column *column)
{
    return column->identity ? column->sequence : NULL;
}

static const char *default_text(const struct model *model, const struct model_column *column)
{
    const char *text = column->default_expr;
    const struct model_type *domain = domain_of(model, column->type);
    for (; domain && !text; domain = domain_of(model, domain->base))
        text = domain->default_expr;
    return text;
}

/*
 * PostgreSQL does not print the cast of a whole expression to its column's type; where the types
 * are unlike, it is written out. False, with the reason in context->why, when there is no such
 * cast.
 */
static bool assign(const struct ddl *ddl, struct buf *sql, struct cockroach_expr *context,
                   const struct model_column *column, const char *expr)
{
    enum expr_class from = class_of_piece(context, expr, strlen(expr));
    enum expr_class to = class_of_column(ddl->model, column);
    const char *trouble, *why;
    bool alike =
        from == to || from == CLASS_UNKNOWN || from == CLASS_NULL || to == CLASS_UNKNOWN ||
        ddl->model->engine == ENGINE_COCKROACH ||
        ((from == CLASS_TEXT || from == CLASS_PADDED) && (to == CLASS_TEXT || to == CLASS_PADDED));
    /* A number becomes another by itself there, too. */
    bool number = from == CLASS_INTEGER || from == CLASS_DECIMAL || from == CLASS_FLOAT;
    alike |= number && (to == CLASS_DECIMAL || to == CLASS_FLOAT);
    if (alike || (from == CLASS_OTHER && to == CLASS_OTHER))
        return true;
    trouble = cast_trouble(context, from, to);
    if (trouble) {
        buf_reset(&context->why);
        buf_adds(&context->why, trouble);
        return false;
    }
    char *plain = mem_strdup(sql->data);
    buf_reset(sql);
    buf_addf(sql, "(%s)::", plain);
    cockroach_column_type(sql, ddl->model, column, ddl->version, &why);
    free(plain);
    return true;
}

char *cockroach_default(struct ddl *ddl, const struct model_table *table,
                        const struct model_column *column)
{
    const char *sequence = sequence_default(column);
    struct buf sql = BUF_INIT;
    if (sequence) {
        struct buf name = BUF_INIT;
        ddl_name(&name, ddl->model, sequence);
        buf_adds(&sql, "nextval(");
        quote_literal(&sql, name.data);
        buf_adds(&sql, "::REGCLASS)");
        buf_release(&name);
        return buf_detach(&sql);
    }
    const char *text = default_text(ddl->model, column);
    if (!text || column->generated)
        return NULL;
    struct cockroach_expr context = {.model = ddl->model, .version = ddl->version, .why = BUF_INIT};
    char *written = NULL;
    char *object = column_object("default of ", table, column);
    if (cockroach_expression(&sql, &context, text) && assign(ddl, &sql, &context, column, text)) {
        if (strstr(text, "uuidv7(") || strstr(text, "uuidv4("))
            ddl_substituted(ddl, object, "%s becomes gen_random_uuid()", text);
        written = buf_detach(&sql);
    } else {
        ddl_not_carried(ddl, object, "%s: %s", text, context.why.data);
    }
    free(object);
    buf_release(&context.why);
    buf_release(&sql);
    return written;
}

/* GENERATED ALWAYS AS; false when the column becomes an ordinary one. */
static bool write_generated(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                            const struct model_column *column)
{
    struct cockroach_expr context = {.model = ddl->model,
                                     .version = ddl->version,
                                     .table = table,
                                     .no_generated = true,
                                     .why = BUF_INIT};
    struct buf text = BUF_INIT;
    bool written = cockroach_expression(&text, &context, column->generated_expr) &&
                   assign(ddl, &text, &context, column, column->generated_expr);
    char *object = column_object("", table, column);
    if (written) {
        buf_addf(sql, " GENERATED ALWAYS AS (%s) %s", text.data,
                 column->generated == 'v' ? "VIRTUAL" : "STORED");
        if (context.loose)
            ddl_substituted(ddl, object,
                            "its values are worked out there and no run compares them: %s",
                            context.loose);
    } else {
        ddl_not_carried(ddl, object,
                        "it becomes an ordinary column that stays NULL, not GENERATED AS (%s): %s",
                        column->generated_expr, context.why.data);
    }
    free(object);
    buf_release(&text);
    buf_release(&context.why);
    return written;
}

/* What the comparison of its values rests on: db/exchange.h. */
static bool is_compared(const struct ddl *ddl, const struct model_column *column)
{
    struct exchange x;
    exchange_make(&x, ddl->model, column, NULL, NULL);
    bool compared = x.compared != EXCHANGE_NAMED;
    exchange_release(&x);
    return compared;
}

bool cockroach_plain_collation(const char *collation)
{
    static const char *const plain[] = {"\"C\"",     "\"POSIX\"",   "\"default\"", "\"ucs_basic\"",
                                        "ucs_basic", "\"C.UTF-8\"", "\"C.utf8\""};
    bool keeps = !collation;
    for (size_t i = 0; !keeps && i < sizeof plain / sizeof *plain; i++)
        keeps = strcmp(plain[i], collation) == 0;
    return keeps;
}

static void note_column(struct ddl *ddl, const struct model_table *table,
                        const struct model_column *column, const char *type_note)
{
    char *object = column_object("", table, column);
    if (type_note)
        ddl_substituted(ddl, object, "%s (%s)", type_note, column->type);
    if (model_column_copied(column) && !is_compared(ddl, column))
        ddl_not_carried(ddl, object,
                        "its values are copied, but no run compares them: the two engines have no "
                        "common form of %s",
                        column->type);
    if (column->not_null_unvalidated)
        ddl_not_carried(ddl, object, "NOT NULL NOT VALID is left out");
    if (column->identity == 'a')
        ddl_substituted(ddl, object,
                        "GENERATED ALWAYS AS IDENTITY becomes a default from its sequence");
    if (!cockroach_plain_collation(column->collation) && ddl->model->engine == ENGINE_POSTGRES)
        ddl_substituted(ddl, object, "collation %s is left out: text compares byte by byte",
                        column->collation);
    free(object);
}

void cockroach_column(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                      const struct model_column *column, bool not_null, bool without_default)
{
    const char *why;
    quote_ident(sql, column->name);
    buf_addch(sql, ' ');
    cockroach_column_type(sql, ddl->model, column, ddl->version, &why);
    note_column(ddl, table, column, why);
    bool required = column->not_null;
    for (const struct model_type *domain = domain_of(ddl->model, column->type); domain;
         domain = domain_of(ddl->model, domain->base))
        required |= domain->not_null;
    struct buf generated = BUF_INIT;
    /* Nothing fills a column that is ordinary there and generated here. */
    if (column->generated && !write_generated(ddl, &generated, table, column))
        required = false;
    if (required && not_null)
        buf_adds(sql, " NOT NULL");
    buf_adds(sql, generated.data);
    buf_release(&generated);
    char *value = without_default ? NULL : cockroach_default(ddl, table, column);
    if (value)
        buf_addf(sql, " DEFAULT %s", value);
    free(value);
}

const struct model_index *cockroach_promoted(const struct model *model,
                                             const struct model_table *table)
{
    if (table->key_kind != KEY_UNIQUE || table->key_count == 0 || model->engine == ENGINE_COCKROACH)
        return NULL;
    for (size_t i = 0; i < table->key_count; i++)
        if (!cockroach_indexable(model, &table->columns[table->key_columns[i]]))
            return NULL;
    return model_index(table, table->key_name);
}

static void write_primary_key(struct ddl *ddl, struct buf *sql, const struct model_table *table)
{
    const struct model *model = ddl->model;
    struct buf columns = BUF_INIT;
    char *object = mem_printf("table %s", table->name);
    const struct model_index *promoted = cockroach_promoted(model, table);
    const struct model_constraint *key = NULL;
    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].type == 'p')
            key = &table->constraints[i];
    const char *name = key ? key->name : promoted ? promoted->name : NULL;
    bool written =
        key ? cockroach_key_columns(&columns, model, table, key->columns, key->column_count)
            : promoted && cockroach_key_columns(&columns, model, table, table->key_columns,
                                                table->key_count);
    bool hidden = key && key->column_count > 0 && table->columns[key->columns[0]].hidden;
    if (written && !hidden) {
        buf_adds(sql, table->column_count ? ",\n    CONSTRAINT " : "CONSTRAINT ");
        quote_ident(sql, name);
        buf_addf(sql, " PRIMARY KEY %s", columns.data);
        if (!key)
            ddl_substituted(ddl, object, "unique index %s becomes the primary key", name);
        if (key && key->deferrable)
            ddl_substituted(ddl, object, "primary key %s is not deferrable", name);
        if (key && key->period)
            ddl_substituted(ddl, object, "primary key %s loses WITHOUT OVERLAPS", name);
    } else if (key && !hidden) {
        ddl_not_carried(ddl, object, "primary key %s is over a type that CockroachDB cannot index",
                        name);
    } else {
        ddl_substituted(ddl, object, "it has no key: CockroachDB adds a hidden column rowid");
    }
    free(object);
    buf_release(&columns);
}

/* The checks of a domain on each column of its type. */
static void write_domain_checks(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                                const struct model_column *column)
{
    for (const struct model_type *domain = domain_of(ddl->model, column->type); domain;
         domain = domain_of(ddl->model, domain->base))
        for (size_t i = 0; i < domain->check_count; i++) {
            const struct model_constraint *check = &domain->checks[i];
            struct cockroach_expr context = {.model = ddl->model,
                                             .version = ddl->version,
                                             .table = table,
                                             .value = column->name,
                                             .check = true,
                                             .why = BUF_INIT};
            struct buf text = BUF_INIT;
            if (check->validated &&
                cockroach_expression(&text, &context, check->check_expr ? check->check_expr : "")) {
                struct buf name = BUF_INIT;
                buf_addf(&name, "%s_%s", column->name, check->name);
                buf_adds(sql, ",\n    CONSTRAINT ");
                quote_ident(sql, name.data);
                buf_addf(sql, " CHECK (%s)", text.data);
                char *object = mem_printf("check %s of table %s", name.data, table->name);
                cockroach_note_loose(ddl, &context, object);
                free(object);
                buf_release(&name);
            } else {
                char *object = column_object("", table, column);
                ddl_not_carried(ddl, object, "check %s of domain %s: %s", check->name, domain->name,
                                check->validated ? context.why.data : "it is NOT VALID");
                free(object);
            }
            buf_release(&text);
            buf_release(&context.why);
        }
}

static bool has_children(const struct model *model, const struct model_table *table)
{
    for (size_t i = 0; i < model->table_count; i++)
        if (model->tables[i].partition && model_root(model, &model->tables[i]) == table)
            return true;
    return false;
}

static void note_table(struct ddl *ddl, const struct model_table *table)
{
    char *object = mem_printf("table %s", table->name);
    if (table->kind == 'p')
        ddl_substituted(ddl, object,
                        has_children(ddl->model, table)
                            ? "its partitions become one table"
                            : "it is partitioned without partitions: becomes one table");
    if (table->inherit_count > 0)
        ddl_substituted(ddl, object, "INHERITS %s is left out: its rows are seen in it alone",
                        table->inherits[0]);
    if (table->outside_parent)
        ddl_substituted(ddl, object,
                        "its parent %s lies outside schema %s: becomes a table of its own",
                        table->outside_parent, ddl->model->schema);
    if (table->unlogged)
        ddl_substituted(ddl, object, "UNLOGGED has no meaning there: becomes an ordinary table");
    bool settings = table->options || table->access_method ||
                    (table->replica_identity && strchr("nfi", table->replica_identity));
    for (size_t i = 0; i < table->column_count; i++)
        settings |= table->columns[i].storage || table->columns[i].compression ||
                    table->columns[i].options ||
                    (table->columns[i].statistics >= 0 && ddl->model->engine == ENGINE_POSTGRES);
    if (settings)
        ddl_not_carried(
            ddl, object,
            "its settings (storage, statistics, replica identity) have no meaning there");
    free(object);
}

/* What a partition has beyond its table goes with the partition. */
static void note_partition(struct ddl *ddl, const struct model_table *table)
{
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *constraint = &table->constraints[i];
        const struct model_table *parent = model_table(ddl->model, table->parent);
        if (constraint->inherited || strchr("pu", constraint->type) ||
            (parent && model_constraint(parent, constraint->name)))
            continue;
        char *object = mem_printf("constraint %s of partition %s", constraint->name, table->name);
        ddl_not_carried(ddl, object, "partitions become one table");
        free(object);
    }
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i].inherited || table->indexes[i].constraint)
            continue;
        char *object = mem_printf("index %s of partition %s", table->indexes[i].name, table->name);
        ddl_not_carried(ddl, object, "partitions become one table");
        free(object);
    }
}

void cockroach_table(struct ddl *ddl, const struct model_table *table)
{
    if (table->partition) {
        note_partition(ddl, table);
        return;
    }
    struct buf sql = BUF_INIT;
    bool first = true;
    note_table(ddl, table);
    buf_adds(&sql, "CREATE TABLE ");
    ddl_name(&sql, ddl->model, table->name);
    buf_adds(&sql, " (");
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].hidden)
            continue;
        buf_adds(&sql, first ? "\n    " : ",\n    ");
        first = false;
        cockroach_column(ddl, &sql, table, &table->columns[i], true, false);
    }
    write_primary_key(ddl, &sql, table);
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *constraint = &table->constraints[i];
        struct buf text = BUF_INIT;
        if (constraint->type == 'c' && (constraint->validated || !constraint->enforced) &&
            cockroach_check(ddl, &text, table, constraint)) {
            buf_adds(&sql, ",\n    CONSTRAINT ");
            quote_ident(&sql, constraint->name);
            buf_addf(&sql, " %s", text.data);
        }
        buf_release(&text);
    }
    for (size_t i = 0; i < table->column_count; i++)
        write_domain_checks(ddl, &sql, table, &table->columns[i]);
    buf_adds(&sql, first ? ")" : "\n)");
    ddl_add(ddl, &sql, table, false, "table %s", table->name);
}
