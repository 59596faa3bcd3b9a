/*
 * CockroachDB constraints and indexes, written from the model: keys cannot be deferred, exclusion
 * does not exist, an index is ordered or inverted, and names of operator classes and collations
 * mostly mean nothing there.
 */
#include "db/cockroach_ddl.h"
#include "db/cockroach_expr.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/quote.h"

bool cockroach_key_columns(struct buf *sql, const struct model *model,
                           const struct model_table *table, const size_t *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!cockroach_indexable(model, &table->columns[columns[i]]))
            return false;
    if (count == 0)
        return false;
    ddl_columns(sql, table, columns, count);
    return true;
}

static void alter_add(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                      const char *name)
{
    buf_adds(sql, "ALTER TABLE ");
    ddl_name(sql, ddl->model, table->name);
    buf_adds(sql, " ADD CONSTRAINT ");
    quote_ident(sql, name);
    buf_addch(sql, ' ');
}

void cockroach_note_loose(struct ddl *ddl, const struct cockroach_expr *context, const char *object)
{
    if (context->loose)
        ddl_substituted(ddl, object, "its expression is carried, but %s", context->loose);
}

bool cockroach_check(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                     const struct model_constraint *constraint)
{
    struct cockroach_expr context = {.model = ddl->model,
                                     .version = ddl->version,
                                     .table = table,
                                     .check = true,
                                     .why = BUF_INIT};
    struct buf text = BUF_INIT;
    char *object = mem_printf("check %s of table %s", constraint->name, table->name);
    bool written = constraint->enforced && constraint->check_expr &&
                   cockroach_expression(&text, &context, constraint->check_expr);
    if (written) {
        buf_addf(sql, "CHECK (%s)", text.data);
        cockroach_note_loose(ddl, &context, object);
    } else {
        ddl_not_carried(ddl, object, "%s: %s", constraint->definition,
                        constraint->enforced ? context.why.data : "it is NOT ENFORCED");
    }
    free(object);
    buf_release(&text);
    buf_release(&context.why);
    return written;
}

/* INCLUDE, without what the primary key stores in every index anyway. */
void cockroach_storing(struct buf *sql, const struct model_table *table,
                       const struct model_index *index)
{
    bool first = true;
    for (size_t i = 0; i < index->include_count; i++) {
        const struct model_column *column = model_column(table, index->include[i]);
        bool there = false;
        for (size_t k = 0; table->key_kind != KEY_ROW && k < table->key_count; k++)
            there |= &table->columns[table->key_columns[k]] == column;
        for (size_t k = 0; k < index->part_count; k++)
            there |=
                index->parts[k].column && strcmp(index->parts[k].column, index->include[i]) == 0;
        if (there)
            continue;
        buf_adds(sql, first ? " STORING (" : ", ");
        quote_ident(sql, index->include[i]);
        first = false;
    }
    if (!first)
        buf_addch(sql, ')');
}

/* One more index keeps a second NULL out, where a single column is all the key. */
void cockroach_nulls_index(struct ddl *ddl, const struct model_table *table,
                           const struct model_index *index, const char *object)
{
    if (index->part_count != 1 || !index->parts[0].column || index->predicate) {
        ddl_substituted(ddl, object, "NULLS NOT DISTINCT is left out: NULLs are distinct");
        return;
    }
    char *name = mem_printf("%s_nulls", index->name);
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "CREATE UNIQUE INDEX ");
    quote_ident(&sql, name);
    buf_adds(&sql, " ON ");
    ddl_name(&sql, ddl->model, table->name);
    buf_adds(&sql, " ((");
    quote_ident(&sql, index->parts[0].column);
    buf_adds(&sql, " IS NULL)) WHERE ");
    quote_ident(&sql, index->parts[0].column);
    buf_adds(&sql, " IS NULL");
    ddl_add(ddl, &sql, table, false, "index %s", name);
    ddl_substituted(ddl, object, "NULLS NOT DISTINCT becomes a second unique index %s", name);
    free(name);
}

static void write_unique(struct ddl *ddl, const struct model_table *table,
                         const struct model_constraint *constraint, const char *object)
{
    const struct model_index *index = model_index(table, constraint->name);
    struct buf sql = BUF_INIT;
    alter_add(ddl, &sql, table, constraint->name);
    buf_adds(&sql, constraint->type == 'p' ? "PRIMARY KEY " : "UNIQUE ");
    if (!cockroach_key_columns(&sql, ddl->model, table, constraint->columns,
                               constraint->column_count)) {
        ddl_not_carried(ddl, object, "it is over a type that CockroachDB cannot index");
        buf_release(&sql);
        return;
    }
    if (index && constraint->type == 'u')
        cockroach_storing(&sql, table, index);
    ddl_add(ddl, &sql, table, false, "%s", object);
    if (constraint->period)
        ddl_substituted(ddl, object, "WITHOUT OVERLAPS is left out: becomes a plain key");
    if (constraint->deferrable)
        ddl_substituted(ddl, object, "DEFERRABLE is left out: it is checked at each statement");
    if (index && index->nulls_not_distinct)
        cockroach_nulls_index(ddl, table, index, object);
}

/* Whether the columns of a key or index are those, in any order. */
static bool same_columns(const struct model_constraint *foreign, const char *const *names,
                         size_t count)
{
    bool same = count == foreign->ref_column_count;
    for (size_t i = 0; same && i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < count; k++)
            found |= names[i] && strcmp(names[i], foreign->ref_columns[k]) == 0;
        same = found;
    }
    return same;
}

/* CockroachDB wants a unique key over exactly what a foreign key refers to. */
static bool key_is_there(const struct model *model, const struct model_table *parent,
                         const struct model_constraint *foreign)
{
    for (size_t i = 0; i < foreign->ref_column_count; i++) {
        const struct model_column *column = model_column(parent, foreign->ref_columns[i]);
        if (!column || !cockroach_indexable(model, column))
            return false;
    }
    for (size_t i = 0; i < parent->index_count; i++) {
        const struct model_index *index = &parent->indexes[i];
        const char *names[32];
        if (!index->unique || index->predicate || !index->valid || index->part_count > 32)
            continue;
        for (size_t k = 0; k < index->part_count; k++)
            names[k] = index->parts[k].column;
        if (same_columns(foreign, names, index->part_count))
            return true;
    }
    for (size_t i = 0; i < parent->constraint_count; i++) {
        const struct model_constraint *key = &parent->constraints[i];
        const char *names[32];
        if (!strchr("pu", key->type) || key->column_count > 32)
            continue;
        for (size_t k = 0; k < key->column_count; k++)
            names[k] = parent->columns[key->columns[k]].name;
        if (same_columns(foreign, names, key->column_count))
            return true;
    }
    return false;
}

/* PostgreSQL compares an integer with a numeric key; CockroachDB wants one family of types. */
static bool types_fit(const struct model *model, const struct model_table *table,
                      const struct model_table *parent, const struct model_constraint *foreign)
{
    for (size_t i = 0; i < foreign->column_count && i < foreign->ref_column_count; i++) {
        const struct model_column *from = &table->columns[foreign->columns[i]];
        const struct model_column *to = model_column(parent, foreign->ref_columns[i]);
        enum expr_class a = class_of_column(model, from);
        enum expr_class b = to ? class_of_column(model, to) : CLASS_UNKNOWN;
        a = a == CLASS_PADDED ? CLASS_TEXT : a;
        b = b == CLASS_PADDED ? CLASS_TEXT : b;
        if (a != b || (a == CLASS_TIMESTAMP && strcmp(from->type_name, to->type_name) != 0))
            return false;
    }
    return true;
}

static void write_foreign_key(struct ddl *ddl, const struct model_table *table,
                              const struct model_constraint *constraint, const char *object)
{
    const struct model_table *parent = model_table(ddl->model, constraint->ref_table);
    if (constraint->ref_outside || !parent || parent->excluded) {
        ddl_not_carried(ddl, object, "table %s, which it refers to, is not copied",
                        constraint->ref_table);
        return;
    }
    if (!constraint->enforced || constraint->period) {
        ddl_not_carried(ddl, object, "CockroachDB has no %s",
                        constraint->period ? "PERIOD" : "NOT ENFORCED");
        return;
    }
    const struct model_table *root = model_root(ddl->model, parent);
    if (ddl->model->engine == ENGINE_POSTGRES) {
        bool there = key_is_there(ddl->model, root, constraint);
        if (!there || !types_fit(ddl->model, table, root, constraint)) {
            ddl_not_carried(ddl, object,
                            there ? "CockroachDB wants columns of the same type on both sides"
                                  : "the key that it refers to is not carried");
            return;
        }
    }
    struct model_constraint plain = *constraint;
    if (ddl_find(constraint->definition, "ON DELETE SET NULL (") ||
        ddl_find(constraint->definition, "ON DELETE SET DEFAULT (")) {
        plain.on_delete = 'a';
        ddl_substituted(ddl, object, "setting some columns on delete becomes NO ACTION");
    }
    struct buf sql = BUF_INIT;
    alter_add(ddl, &sql, table, constraint->name);
    buf_adds(&sql, "FOREIGN KEY ");
    ddl_columns(&sql, table, constraint->columns, constraint->column_count);
    buf_adds(&sql, " REFERENCES ");
    /* A partition's rows are in its root there. */
    ddl_name(&sql, ddl->model, root->name);
    buf_addch(&sql, ' ');
    ddl_names(&sql, constraint->ref_columns, constraint->ref_column_count);
    ddl_actions(&sql, &plain);
    if (!constraint->validated)
        buf_adds(&sql, " NOT VALID");
    ddl_add(ddl, &sql, table, false, "%s", object);
    if (constraint->deferrable)
        ddl_substituted(ddl, object, "DEFERRABLE is left out: it is checked at each statement");
}

void cockroach_constraint(struct ddl *ddl, const struct model_table *table,
                          const struct model_constraint *constraint)
{
    const char *word = constraint->type == 'f'   ? "foreign key"
                       : constraint->type == 'c' ? "check"
                                                 : "constraint";
    char *object = mem_printf("%s %s of table %s", word, constraint->name, table->name);
    struct buf text = BUF_INIT;
    switch (constraint->type) {
    case 'f':
        write_foreign_key(ddl, table, constraint, object);
        break;
    case 'c':
        if (cockroach_check(ddl, &text, table, constraint)) {
            struct buf sql = BUF_INIT;
            alter_add(ddl, &sql, table, constraint->name);
            buf_adds(&sql, text.data);
            if (!constraint->validated)
                buf_adds(&sql, " NOT VALID");
            ddl_add(ddl, &sql, table, false, "%s", object);
        }
        break;
    case 'x':
        ddl_not_carried(ddl, object, "CockroachDB has no exclusion constraints");
        break;
    default:
        write_unique(ddl, table, constraint, object);
        break;
    }
    buf_release(&text);
    free(object);
}

void cockroach_keys(struct ddl *ddl, const struct model_table *table)
{
    const struct model_index *promoted = cockroach_promoted(ddl->model, table);
    if (table->partition)
        return;
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *constraint = &table->constraints[i];
        bool first = promoted && strcmp(promoted->name, constraint->name) == 0;
        if (strchr("ux", constraint->type) && !first)
            cockroach_constraint(ddl, table, constraint);
    }
    for (size_t i = 0; i < table->index_count; i++) {
        const struct model_index *index = &table->indexes[i];
        if (!index->constraint && !index->primary && index != promoted)
            cockroach_index(ddl, table, index);
    }
}

void cockroach_foreign_keys(struct ddl *ddl, const struct model_table *table)
{
    if (table->partition)
        return;
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *constraint = &table->constraints[i];
        bool unvalidated =
            constraint->type == 'c' && !constraint->validated && constraint->enforced;
        bool cloned = constraint->inherited && constraint->type == 'f';
        if ((constraint->type == 'f' && !cloned) || unvalidated)
            cockroach_constraint(ddl, table, constraint);
    }
}
