/* What changed in the constraints and indexes of a table that both databases have. */
#include <stdlib.h>
#include <string.h>

#include "db/quote.h"
#include "repl/schema_diff.h"

/* Unique constraints are unique indexes on CockroachDB. */
static bool there(const struct model_table *target, const char *name)
{
    return model_constraint(target, name) || model_index(target, name);
}

static void drop_constraint(struct diff *diff, const struct model_table *table,
                            const struct model_constraint *constraint, bool cascade)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TABLE ");
    ddl_name(&sql, diff->source, table->name);
    buf_adds(&sql, " DROP CONSTRAINT IF EXISTS ");
    quote_ident(&sql, constraint->name);
    if (cascade)
        buf_adds(&sql, " CASCADE");
    const char *word = constraint->type == 'f'   ? "foreign key"
                       : constraint->type == 'c' ? "check"
                                                 : "constraint";
    ddl_add(&diff->ddl, &sql, table, false, "%s %s of table %s", word, constraint->name,
            table->name);
}

/* The comment goes with what is replaced. */
static void comment_again(struct diff *diff, const struct model_table *table, const char *name,
                          bool constraint, const char *comment)
{
    if (!comment || !diff->postgres)
        return;
    struct buf sql = BUF_INIT;
    buf_adds(&sql, constraint ? "COMMENT ON CONSTRAINT " : "COMMENT ON INDEX ");
    if (constraint) {
        quote_ident(&sql, name);
        buf_adds(&sql, " ON ");
        ddl_name(&sql, diff->source, table->name);
    } else {
        ddl_name(&sql, diff->source, name);
    }
    buf_adds(&sql, " IS ");
    quote_literal(&sql, comment);
    ddl_add(&diff->ddl, &sql, table, true, "comment on %s", name);
}

static bool is_key(const struct model_constraint *constraint)
{
    return strchr("pux", constraint->type) != NULL;
}

/* Both have it by name; PostgreSQL prints most alike in every version. */
static bool changed(const struct diff *diff, const struct model_table *table,
                    const struct model_constraint *ours, const struct model_constraint *theirs)
{
    const struct model_table *target = diff->unlike ? model_table(diff->target, table->name) : NULL;
    if (target)
        return !diff_same_constraint(diff, table, ours, target, theirs);
    return (diff->same_text || diff->postgres) &&
           !diff_same_renamed(diff, table->name, theirs->ref_table, ours->definition,
                              theirs->definition);
}

static const struct model_constraint *primary_key(const struct model_table *table)
{
    for (size_t i = 0; i < table->constraint_count; i++)
        if (table->constraints[i].type == 'p')
            return &table->constraints[i];
    return NULL;
}

/* Over the column rowid that CockroachDB gives a table without a key. */
static bool is_hidden(const struct model_table *table, const struct model_constraint *key)
{
    return key->column_count > 0 && table->columns[key->columns[0]].hidden;
}

static bool on_cockroach(const struct diff *diff)
{
    return diff->engine == &engine_cockroach;
}

static bool referred_to(const struct model *model, const char *table)
{
    for (size_t i = 0; i < model->table_count; i++)
        for (size_t c = 0; c < model->tables[i].constraint_count; c++)
            if (model->tables[i].constraints[c].type == 'f' &&
                diff_same(model->tables[i].constraints[c].ref_table, table))
                return true;
    return false;
}

/* A foreign key that goes with the key that it refers to, when that one is replaced. */
static bool loses_key(const struct diff *diff, const struct model_constraint *foreign)
{
    const struct model_table *ours = model_table(diff->source, foreign->ref_table);
    const struct model_table *theirs = model_table(diff->target, foreign->ref_table);
    for (size_t i = 0; foreign->type == 'f' && ours && theirs && i < ours->constraint_count; i++) {
        const struct model_constraint *key = &ours->constraints[i];
        const struct model_constraint *other = on_cockroach(diff) && key->type == 'p'
                                                   ? primary_key(theirs)
                                                   : model_constraint(theirs, key->name);
        if (is_key(key) && other && changed(diff, ours, key, other))
            return true;
    }
    return false;
}

/* Statements that wait for consent to a removal: tried, and reported where they fail. */
static void make_optional(struct diff *diff, bool when)
{
    for (size_t i = 0; when && i < diff->ddl.statement_count; i++)
        diff->ddl.statements[i].optional = true;
}

/* Rows that the new constraint allows may break the old one; but by a key rows are told apart. */
static void drop_early(struct diff *diff, const struct model_table *target, const char *name)
{
    if (!diff_same(target->key_name, name))
        diff_add(diff, PLAN_STRUCTURE);
}

/* CockroachDB keeps the rows by it: one statement drops it and adds another. */
static void replace_primary_key(struct diff *diff, const struct model_table *source,
                                const struct model_table *target,
                                const struct model_constraint *ours)
{
    const struct model_constraint *theirs = primary_key(target);
    struct buf start = BUF_INIT, sql = BUF_INIT;
    if (theirs && !is_hidden(target, theirs) && !changed(diff, source, ours, theirs))
        return;
    diff->engine->ddl->constraint(&diff->ddl, source, ours);
    if (diff->ddl.statement_count > 0 && theirs && !is_hidden(target, theirs)) {
        struct ddl_statement *statement = &diff->ddl.statements[0];
        buf_adds(&start, "ALTER TABLE ");
        ddl_name(&start, diff->source, source->name);
        buf_addf(&sql, "%s DROP CONSTRAINT ", start.data);
        quote_ident(&sql, theirs->name);
        buf_addf(&sql, ",%s", statement->sql + start.len);
        free(statement->sql);
        statement->sql = buf_detach(&sql);
    }
    buf_release(&start);
    make_optional(diff, referred_to(diff->target, target->name));
    diff_add(diff, PLAN_KEYS);
}

static void diff_constraint(struct diff *diff, const struct model_table *source,
                            const struct model_table *target, const struct model_constraint *ours)
{
    const struct model_constraint *theirs = model_constraint(target, ours->name);
    const struct engine_ddl *ddl = diff->engine->ddl;
    enum plan_phase phase = ours->type == 'f' ? PLAN_FOREIGN_KEYS : PLAN_KEYS;
    if (ours->inherited || is_hidden(source, ours) ||
        (source->partition && is_key(ours) && there(target, ours->name)))
        return;
    if (ours->type == 'p' && on_cockroach(diff)) {
        replace_primary_key(diff, source, target, ours);
        return;
    }
    if (!theirs && (there(target, ours->name) ||
                    (diff->unlike && diff_stands_in(diff->target, target, ours->name))))
        return;
    if (!theirs) {
        ddl->constraint(&diff->ddl, source, ours);
        make_optional(diff, diff->renaming);
        /* What the engine does not have was noted when the schema was created. */
        if (diff->ddl.statement_count > 0)
            diff_add(diff, phase);
        diff_discard(diff);
        return;
    }
    if (!changed(diff, source, ours, theirs) && !loses_key(diff, ours))
        return;
    bool needed = is_key(ours) && referred_to(diff->target, target->name);
    if (needed) {
        drop_constraint(diff, source, ours, true);
        diff_remove(diff);
    }
    drop_constraint(diff, source, ours, false);
    if (!needed && (on_cockroach(diff) || changed(diff, source, ours, theirs)))
        drop_early(diff, target, ours->name);
    ddl->constraint(&diff->ddl, source, ours);
    comment_again(diff, source, ours->name, true, ours->comment);
    /* Without consent to the removal, the foreign keys stand in the way. */
    make_optional(diff, needed || diff->renaming);
    diff_add(diff, phase);
}

/* Equal as far as both sides print it alike. */
static bool same_index(const struct diff *diff, const struct model_table *table,
                       const struct model_index *a, const struct model_table *target,
                       const struct model_index *b)
{
    if (diff->unlike)
        return diff_same_index(diff, table, a, target, b);
    if (diff->same_text)
        return diff_same_renamed(diff, table->name, NULL, a->definition, b->definition);
    if (a->unique != b->unique || a->part_count != b->part_count)
        return false;
    for (size_t i = 0; i < a->part_count; i++)
        if (!diff_same_renamed(diff, table->name, NULL, a->parts[i].column, b->parts[i].column))
            return false;
    return true;
}

static void diff_index(struct diff *diff, const struct model_table *source,
                       const struct model_table *target, const struct model_index *ours)
{
    const struct engine_ddl *ddl = diff->engine->ddl;
    const struct model_index *theirs = model_index(target, ours->name);
    if (ours->constraint || ours->inherited || !ours->valid)
        return;
    if (theirs && (theirs->primary || same_index(diff, source, ours, target, theirs)))
        return; /* a primary key stands for this index on CockroachDB */
    if (!theirs && diff->unlike && diff_stands_in(diff->target, target, ours->name))
        return;
    if (theirs)
        ddl->drop_index(&diff->ddl, source, theirs->name, theirs->unique);
    if (theirs && theirs->unique && !diff->renaming)
        drop_early(diff, target, theirs->name);
    ddl->index(&diff->ddl, source, ours);
    if (theirs)
        comment_again(diff, source, ours->name, false, ours->comment);
    make_optional(diff, diff->renaming);
    diff_add(diff, PLAN_KEYS);
}

static void drop_leftovers(struct diff *diff, const struct model_table *source,
                           const struct model_table *target)
{
    for (size_t i = 0; i < target->constraint_count; i++) {
        const struct model_constraint *theirs = &target->constraints[i];
        /* A table of CockroachDB always has a primary key. */
        bool kept = on_cockroach(diff) && theirs->type == 'p';
        if (kept || theirs->inherited || there(source, theirs->name) ||
            (target->partition && is_key(theirs)) ||
            diff_stands_in(diff->source, source, theirs->name) ||
            !diff_missing_constraint(diff, target, theirs))
            continue;
        drop_constraint(diff, source, theirs, is_key(theirs));
    }
    for (size_t i = 0; i < target->index_count; i++) {
        const struct model_index *theirs = &target->indexes[i];
        if (theirs->constraint || theirs->primary || theirs->inherited ||
            there(source, theirs->name) || diff_stands_in(diff->source, source, theirs->name) ||
            !diff_missing_index(diff, target, theirs))
            continue;
        diff->engine->ddl->drop_index(&diff->ddl, source, theirs->name, theirs->unique);
    }
    diff_remove(diff);
}

static void rename_away(struct diff *diff, const char *kind, const char *name)
{
    struct buf sql = BUF_INIT, other = BUF_INIT;
    buf_addf(&other, "dbr_old_%s", name);
    buf_addf(&sql, "ALTER %s IF EXISTS ", kind);
    ddl_name(&sql, diff->target, name);
    buf_adds(&sql, " RENAME TO ");
    quote_ident(&sql, other.data);
    ddl_add(&diff->ddl, &sql, NULL, false, "name of the old %s, now %s", name, other.data);
    buf_release(&other);
}

/* Names of indexes belong to the schema on PostgreSQL, to the table on CockroachDB. */
void diff_free_index_names(struct diff *diff, const struct model_table *source)
{
    for (size_t i = 0; diff->postgres && i < source->index_count; i++) {
        const char *name = source->indexes[i].name;
        for (size_t t = 0; t < diff->target->table_count; t++) {
            const struct model_table *theirs = &diff->target->tables[t];
            if (strcmp(theirs->name, source->name) != 0 && model_index(theirs, name))
                rename_away(diff, "INDEX", name);
        }
    }
}

void diff_free_sequence_names(struct diff *diff, const struct model_table *source)
{
    for (size_t i = 0; diff->postgres && i < source->column_count; i++) {
        const struct model_column *column = &source->columns[i];
        const struct model_sequence *theirs = model_sequence(diff->target, column->sequence);
        if (column->identity && theirs && !diff_same(theirs->owner_table, source->name))
            rename_away(diff, "SEQUENCE", column->sequence);
    }
}

/* The rows of an unlogged table are gone after a crash of its server. */
static void diff_logged(struct diff *diff, const struct model_table *source,
                        const struct model_table *target)
{
    if (!diff->postgres || source->kind != 'r' || target->kind != 'r' ||
        source->unlogged == target->unlogged)
        return;
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TABLE ");
    ddl_name(&sql, diff->source, source->name);
    buf_adds(&sql, source->unlogged ? " SET UNLOGGED" : " SET LOGGED");
    ddl_add(&diff->ddl, &sql, source, false, "%s of table %s",
            source->unlogged ? "UNLOGGED" : "LOGGED", source->name);
    diff_add(diff, PLAN_STRUCTURE);
}

void diff_table(struct diff *diff, const struct model_table *source,
                const struct model_table *target)
{
    diff->renaming = false;
    diff_logged(diff, source, target);
    drop_leftovers(diff, source, target);
    diff_free_sequence_names(diff, source);
    diff_add(diff, PLAN_STRUCTURE);
    diff_columns(diff, source, target);
    diff_free_index_names(diff, source);
    diff_add(diff, PLAN_KEYS);
    for (size_t i = 0; i < source->constraint_count; i++)
        diff_constraint(diff, source, target, &source->constraints[i]);
    for (size_t i = 0; i < source->index_count; i++)
        diff_index(diff, source, target, &source->indexes[i]);
    if (source->row_security && !target->row_security) {
        diff->engine->ddl->row_security(&diff->ddl, source);
        diff_add(diff, PLAN_PROGRAMS);
    }
}
