/*
 * What changed in partitions and inheritance of tables that both databases have. A child is taken
 * from a parent before that is dropped, since the rows in it must not go with the parent.
 */
#include <string.h>

#include "db/quote.h"
#include "repl/schema_diff.h"

static void alter(struct diff *diff, const struct model_table *table, const char *name,
                  const char *action, const char *other, const char *rest, bool optional)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TABLE ");
    ddl_name(&sql, diff->source, name);
    buf_addf(&sql, " %s ", action);
    ddl_name(&sql, diff->source, other);
    buf_addf(&sql, "%s%s", rest ? " " : "", rest ? rest : "");
    ddl_add(&diff->ddl, &sql, table, optional, "parent of table %s", table->name);
}

static bool same_partition(const struct diff *diff, const struct model_table *a,
                           const struct model_table *b)
{
    if (a->partition != b->partition)
        return false;
    return !a->partition ||
           (diff_same(a->parent, b->parent) &&
            (!diff->same_text || diff_same(a->partition_bound, b->partition_bound)));
}

static bool inherits(const struct model_table *table, const char *parent)
{
    for (size_t i = 0; i < table->inherit_count; i++)
        if (strcmp(table->inherits[i], parent) == 0)
            return true;
    return false;
}

bool diff_partitions_taken(const struct diff *diff, const struct model_table *table)
{
    const struct model *source = diff->source;
    if (!diff->postgres || table->kind != 'p' || model_table(diff->target, table->name))
        return false;
    for (size_t i = 0; i < source->table_count; i++)
        if (source->tables[i].partition && model_root(source, &source->tables[i]) == table &&
            model_table(diff->target, source->tables[i].name))
            return true;
    return false;
}

void diff_drop_parents(struct diff *diff)
{
    for (size_t i = 0; diff->postgres && i < diff->source->table_count; i++) {
        const struct model_table *ours = &diff->source->tables[i];
        const struct model_table *theirs = model_table(diff->target, ours->name);
        if (!theirs || ours->excluded)
            continue;
        if (theirs->partition && !same_partition(diff, ours, theirs))
            alter(diff, ours, theirs->parent, "DETACH PARTITION", ours->name, NULL, false);
        for (size_t p = 0; p < theirs->inherit_count; p++)
            if (!inherits(ours, theirs->inherits[p]))
                alter(diff, ours, ours->name, "NO INHERIT", theirs->inherits[p], NULL, false);
    }
    diff_remove(diff);
}

void diff_add_parents(struct diff *diff)
{
    for (size_t i = 0; diff->postgres && i < diff->source->table_count; i++) {
        const struct model_table *ours = &diff->source->tables[i];
        const struct model_table *theirs = model_table(diff->target, ours->name);
        if (!theirs || ours->excluded || diff_replaced(diff, ours))
            continue;
        /* Without consent to the removal it still belongs to the other parent. */
        if (ours->partition && !same_partition(diff, ours, theirs) &&
            !diff_partitions_taken(diff, model_root(diff->source, ours)))
            alter(diff, ours, ours->parent, "ATTACH PARTITION", ours->name, ours->partition_bound,
                  theirs->partition);
        for (size_t p = 0; p < ours->inherit_count; p++)
            if (!inherits(theirs, ours->inherits[p]))
                alter(diff, ours, ours->name, "INHERIT", ours->inherits[p], NULL, false);
    }
    diff_add(diff, PLAN_STRUCTURE);
}
