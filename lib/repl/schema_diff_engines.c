/*
 * PostgreSQL and CockroachDB: what one does not have is no difference, and what both have is
 * compared by what it means. CockroachDB's side is as dbr writes it from PostgreSQL's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/engine.h"
#include "repl/schema_diff.h"
#include "repl/schema_meaning.h"

/* The expression in CockroachDB's words (malloced); NULL when it is not carried there. */
static char *in_words(const struct model *model, const struct model_table *table, const char *expr)
{
    struct buf text = BUF_INIT;
    char *words = NULL;
    if (model->engine == ENGINE_COCKROACH)
        return mem_strdup(expr);
    if (engine_cockroach.ddl->expression(&text, model, table, expr))
        words = mem_strdup(text.data);
    buf_release(&text);
    return words;
}

static bool same_expression(const struct diff *diff, const struct model_table *source,
                            const char *ours, const struct model_table *target, const char *theirs)
{
    if (!ours || !theirs)
        return !ours == !theirs;
    char *a = in_words(diff->source, source, ours), *b = in_words(diff->target, target, theirs);
    char *renamed = b ? diff_new_names(diff, target->name, b) : NULL;
    bool same = meaning_same(a, renamed);
    free(a);
    free(b);
    free(renamed);
    return same;
}

/* The default of a column, or of the domain that its type is; NULL for none, or NULL itself. */
static const char *value_of(const struct model *model, const struct model_column *column)
{
    const char *value = column->default_expr;
    const struct model_type *type = value ? NULL : model_type(model, column->type);
    for (; type && type->kind == TYPE_DOMAIN && !value; type = model_type(model, type->base))
        value = type->default_expr;
    return value && !meaning_null(value) ? value : NULL;
}

bool diff_same_default(const struct diff *diff, const struct model_column *ours,
                       const struct model_column *theirs)
{
    const struct model *postgres = diff->source;
    const struct model_column *column = ours, *other = theirs;
    if (postgres->engine == ENGINE_COCKROACH) {
        postgres = diff->target;
        column = theirs;
        other = ours;
    }
    /* SERIAL there is an identity here, and a sequence is compared by its name. */
    if (ours->identity || theirs->identity || (ours->sequence && theirs->sequence))
        return ours->identity || theirs->identity || diff_same(ours->sequence, theirs->sequence);
    const char *value = value_of(postgres, column), *there = other->default_expr;
    if (there && meaning_null(there))
        there = NULL;
    if (!value && !there)
        return true;
    char *words = value ? in_words(postgres, NULL, value) : NULL;
    bool same = words && there ? meaning_same(words, there) : !words == !there;
    /* One that is not carried is there on one side by design. */
    same |= value && !words && !there;
    free(words);
    return same;
}

bool diff_same_generated(const struct diff *diff, const struct model_table *table,
                         const struct model_column *ours, const struct model_column *theirs)
{
    /* What CockroachDB cannot work out is a plain column there. */
    if (!ours->generated || !theirs->generated)
        return !(diff->source->engine == ENGINE_COCKROACH ? ours : theirs)->generated;
    return same_expression(diff, table, ours->generated_expr, table, theirs->generated_expr);
}

/* By itself, or by a domain, which CockroachDB has as a column's own. */
bool diff_required(const struct model *model, const struct model_column *column)
{
    bool required = column->not_null;
    const struct model_type *type = model_type(model, column->type_name);
    for (; type && type->kind == TYPE_DOMAIN && !required; type = model_type(model, type->base))
        required = type->not_null;
    return required;
}

static bool same_columns(const struct diff *diff, const struct model_table *source,
                         const struct model_constraint *ours, const struct model_table *target,
                         const struct model_constraint *theirs)
{
    bool same = ours->column_count == theirs->column_count;
    for (size_t i = 0; same && i < ours->column_count; i++)
        same =
            diff_same(source->columns[ours->columns[i]].name,
                      diff_new_name(diff, target->name, target->columns[theirs->columns[i]].name));
    return same;
}

/* The table whose rows a key refers to: a partition's are in its root on CockroachDB. */
static const char *referred(const struct model *model, const char *name)
{
    const struct model_table *table = model_table(model, name);
    return table ? model_root(model, table)->name : name;
}

/* Setting some of the columns becomes no action there. */
static char on_delete(const struct model_constraint *key)
{
    bool some = ddl_find(key->definition, "ON DELETE SET NULL (") ||
                ddl_find(key->definition, "ON DELETE SET DEFAULT (");
    return some ? 'a' : key->on_delete;
}

static bool same_key(const struct diff *diff, const struct model_table *source,
                     const struct model_constraint *ours, const struct model_table *target,
                     const struct model_constraint *theirs)
{
    bool same = same_columns(diff, source, ours, target, theirs) &&
                diff_same(referred(diff->source, ours->ref_table),
                          referred(diff->target, theirs->ref_table)) &&
                ours->ref_column_count == theirs->ref_column_count &&
                on_delete(ours) == on_delete(theirs) && ours->on_update == theirs->on_update &&
                (ours->match == 'f') == (theirs->match == 'f');
    for (size_t i = 0; same && i < ours->ref_column_count; i++)
        same = diff_same(ours->ref_columns[i],
                         diff_new_name(diff, theirs->ref_table, theirs->ref_columns[i]));
    return same;
}

bool diff_same_constraint(const struct diff *diff, const struct model_table *source,
                          const struct model_constraint *ours, const struct model_table *target,
                          const struct model_constraint *theirs)
{
    if (ours->type != theirs->type)
        return true; /* a key that stands for another one */
    switch (ours->type) {
    case 'c':
        return same_expression(diff, source, ours->check_expr, target, theirs->check_expr);
    case 'f':
        return same_key(diff, source, ours, target, theirs);
    case 'p':
    case 'u':
        return same_columns(diff, source, ours, target, theirs);
    default:
        return true;
    }
}

static bool has_column(const struct model_index *index, const char *name)
{
    for (size_t i = 0; i < index->part_count; i++)
        if (diff_same(index->parts[i].column, name))
            return true;
    for (size_t i = 0; i < index->include_count; i++)
        if (strcmp(index->include[i], name) == 0)
            return true;
    return false;
}

/* CockroachDB stores the columns of the key in every index. */
static bool in_key(const struct model_table *table, const char *name)
{
    for (size_t i = 0; i < table->key_count; i++)
        if (strcmp(table->columns[table->key_columns[i]].name, name) == 0)
            return true;
    return false;
}

static bool stores_all(const struct model_table *table, const struct model_index *of,
                       const struct model_index *index)
{
    bool all = true;
    for (size_t i = 0; i < of->include_count; i++)
        all = all && (has_column(index, of->include[i]) || in_key(table, of->include[i]));
    return all;
}

/* An inverted index has no order, and stores nothing beside its column. */
static bool is_ordered(const struct model_index *index)
{
    return strcmp(index->method, "gin") != 0 && strcmp(index->method, "gist") != 0;
}

bool diff_same_index(const struct diff *diff, const struct model_table *source,
                     const struct model_index *ours, const struct model_table *target,
                     const struct model_index *theirs)
{
    bool ordered = is_ordered(ours) && is_ordered(theirs);
    bool same =
        ours->unique == theirs->unique && ours->part_count == theirs->part_count &&
        same_expression(diff, source, ours->predicate, target, theirs->predicate) &&
        (!ordered || (stores_all(source, ours, theirs) && stores_all(source, theirs, ours)));
    for (size_t i = 0; same && i < ours->part_count; i++) {
        const struct model_index_part *a = &ours->parts[i], *b = &theirs->parts[i];
        same = diff_same(a->column, diff_new_name(diff, target->name, b->column)) &&
               (!ordered || a->descending == b->descending) &&
               same_expression(diff, source, a->expression, target, b->expression);
    }
    return same;
}

bool diff_stands_in(const struct model *model, const struct model_table *table, const char *name)
{
    static const char nulls[] = "_nulls";
    for (size_t i = 0; i < table->index_count; i++) {
        size_t len = strlen(table->indexes[i].name);
        if (table->indexes[i].nulls_not_distinct &&
            strncmp(name, table->indexes[i].name, len) == 0 && strcmp(name + len, nulls) == 0)
            return true;
    }
    for (size_t c = 0; c < table->column_count; c++) {
        const struct model_column *column = &table->columns[c];
        const struct model_type *type = model_type(model, column->type_name);
        size_t len = strlen(column->name);
        for (; type && type->kind == TYPE_DOMAIN; type = model_type(model, type->base))
            for (size_t i = 0; i < type->check_count; i++)
                if (strncmp(name, column->name, len) == 0 && name[len] == '_' &&
                    strcmp(name + len + 1, type->checks[i].name) == 0)
                    return true;
    }
    return false;
}

/* What the writers make of it there: nothing where CockroachDB has no such thing. */
static bool is_written(struct ddl *ddl)
{
    bool written = ddl->statement_count > 0;
    ddl_release(ddl);
    return written;
}

static bool to_postgres(const struct diff *diff)
{
    return diff->source->engine == ENGINE_COCKROACH && diff->target->engine == ENGINE_POSTGRES;
}

bool diff_missing_constraint(const struct diff *diff, const struct model_table *table,
                             const struct model_constraint *constraint)
{
    struct ddl ddl;
    if (!to_postgres(diff))
        return true;
    ddl_init(&ddl, diff->target, &engine_cockroach, diff->source->version);
    engine_cockroach.ddl->constraint(&ddl, table, constraint);
    return is_written(&ddl);
}

bool diff_missing_index(const struct diff *diff, const struct model_table *table,
                        const struct model_index *index)
{
    struct ddl ddl;
    if (!to_postgres(diff))
        return true;
    ddl_init(&ddl, diff->target, &engine_cockroach, diff->source->version);
    engine_cockroach.ddl->index(&ddl, table, index);
    return is_written(&ddl);
}

bool diff_missing_type(const struct diff *diff, const struct model_type *type)
{
    struct ddl ddl;
    if (!to_postgres(diff))
        return true;
    ddl_init(&ddl, diff->target, &engine_cockroach, diff->source->version);
    engine_cockroach.ddl->type(&ddl, type);
    return is_written(&ddl);
}

bool diff_missing_table(const struct diff *diff, const struct model_table *table)
{
    return !to_postgres(diff) || !table->partition;
}
