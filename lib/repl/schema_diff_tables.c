/* What changed in the constraints and indexes of a table that both databases have. */
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
    buf_adds(&sql, " DROP CONSTRAINT ");
    quote_ident(&sql, constraint->name);
    if (cascade)
        buf_adds(&sql, " CASCADE");
    ddl_add(&diff->ddl, &sql, table, false, "constraint %s of table %s", constraint->name,
            table->name);
}

static bool is_key(const struct model_constraint *constraint)
{
    return strchr("pux", constraint->type) != NULL;
}

static void diff_constraint(struct diff *diff, const struct model_table *source,
                            const struct model_table *target, const struct model_constraint *ours)
{
    const struct model_constraint *theirs = model_constraint(target, ours->name);
    const struct engine_ddl *ddl = diff->engine->ddl;
    enum plan_phase phase = ours->type == 'f' ? PLAN_FOREIGN_KEYS : PLAN_KEYS;
    if (ours->inherited || (source->partition && is_key(ours) && there(target, ours->name)))
        return;
    if (!theirs && there(target, ours->name))
        return;
    if (!theirs) {
        ddl->constraint(&diff->ddl, source, ours);
        /* What the engine does not have was noted when the schema was created. */
        if (diff->ddl.statement_count > 0)
            diff_add(diff, phase);
        diff_discard(diff);
        return;
    }
    if (!diff->same_text || diff_same(ours->definition, theirs->definition))
        return;
    if (is_key(ours)) {
        /* Foreign keys that refer to it go with it, and are new to the next run. */
        drop_constraint(diff, source, ours, true);
        ddl->constraint(&diff->ddl, source, ours);
        diff_remove(diff);
    } else {
        drop_constraint(diff, source, ours, false);
        ddl->constraint(&diff->ddl, source, ours);
        diff_add(diff, phase);
    }
}

/* Equal as far as both sides print it alike. */
static bool same_index(const struct diff *diff, const struct model_index *a,
                       const struct model_index *b)
{
    if (diff->same_text)
        return diff_same(a->definition, b->definition);
    if (a->unique != b->unique || a->part_count != b->part_count)
        return false;
    for (size_t i = 0; i < a->part_count; i++)
        if (!diff_same(a->parts[i].column, b->parts[i].column))
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
    if (theirs && same_index(diff, ours, theirs))
        return;
    if (theirs && theirs->primary)
        return; /* a key of CockroachDB that stands for this index */
    if (theirs)
        ddl->drop_index(&diff->ddl, source, theirs->name, theirs->unique);
    ddl->index(&diff->ddl, source, ours);
    diff_add(diff, PLAN_KEYS);
}

/* The second index that stands for NULLS NOT DISTINCT on CockroachDB. */
static bool stands_for_nulls(const struct model_table *source, const char *name)
{
    static const char end[] = "_nulls";
    for (size_t i = 0; i < source->index_count; i++) {
        size_t len = strlen(source->indexes[i].name);
        if (source->indexes[i].nulls_not_distinct &&
            strncmp(name, source->indexes[i].name, len) == 0 && strcmp(name + len, end) == 0)
            return true;
    }
    return false;
}

static void drop_leftovers(struct diff *diff, const struct model_table *source,
                           const struct model_table *target)
{
    for (size_t i = 0; i < target->constraint_count; i++) {
        const struct model_constraint *theirs = &target->constraints[i];
        bool hidden = theirs->column_count > 0 && target->columns[theirs->columns[0]].hidden;
        if (hidden || theirs->inherited || there(source, theirs->name) ||
            (target->partition && is_key(theirs)))
            continue;
        drop_constraint(diff, source, theirs, is_key(theirs));
    }
    for (size_t i = 0; i < target->index_count; i++) {
        const struct model_index *theirs = &target->indexes[i];
        if (theirs->constraint || theirs->primary || theirs->inherited ||
            there(source, theirs->name) || stands_for_nulls(source, theirs->name))
            continue;
        diff->engine->ddl->drop_index(&diff->ddl, source, theirs->name, theirs->unique);
    }
    diff_remove(diff);
}

void diff_table(struct diff *diff, const struct model_table *source,
                const struct model_table *target)
{
    drop_leftovers(diff, source, target);
    if (diff->postgres && !diff_same(source->partition_bound, target->partition_bound)) {
        struct buf object = BUF_INIT;
        buf_addf(&object, "partition %s", source->name);
        ddl_not_carried(&diff->ddl, object.data, "its bounds differ: %s, on the target %s",
                        source->partition_bound ? source->partition_bound : "no partition",
                        target->partition_bound ? target->partition_bound : "no partition");
        buf_release(&object);
        diff_add(diff, PLAN_STRUCTURE);
    }
    diff_columns(diff, source, target);
    for (size_t i = 0; i < source->constraint_count; i++)
        diff_constraint(diff, source, target, &source->constraints[i]);
    for (size_t i = 0; i < source->index_count; i++)
        diff_index(diff, source, target, &source->indexes[i]);
    if (source->row_security && !target->row_security) {
        diff->engine->ddl->row_security(&diff->ddl, source);
        diff_add(diff, PLAN_PROGRAMS);
    }
}
