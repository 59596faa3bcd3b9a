/*
 * Follows a source whose schema has changed since the target was created. Both models are compared
 * object by object, by name; texts are compared only where both servers print them alike.
 */
#include "repl/schema_diff.h"

#include <stdlib.h>
#include <string.h>

void diff_add(struct diff *diff, enum plan_phase phase)
{
    plan_take(diff->additions, &diff->ddl, phase);
}

void diff_remove(struct diff *diff)
{
    plan_take(diff->removals, &diff->ddl, PLAN_STRUCTURE);
}

void diff_lose(struct diff *diff, const struct model_table *target,
               const struct model_column *column)
{
    struct plan *plan = diff->removals;
    /* Partitions are read with their table. */
    if (column && (column->generated || target->partition))
        return;
    plan->losses = mem_array(plan->losses, plan->loss_count + 1, sizeof *plan->losses);
    plan->losses[plan->loss_count++] =
        (struct plan_loss){mem_strdup(target->name), column ? mem_strdup(column->name) : NULL};
}

void diff_discard(struct diff *diff)
{
    ddl_release(&diff->ddl);
    ddl_init(&diff->ddl, diff->source, diff->engine, diff->target->version);
}

/* A partition that was created here for one that lies in another schema on the source. */
static bool stands_for_partition(const struct model *source, const struct model_table *table)
{
    for (size_t i = 0; table->partition && i < source->object_count; i++)
        if (source->objects[i].kind == OBJECT_PARTITION &&
            strcmp(source->objects[i].table, table->parent) == 0)
            return true;
    return false;
}

bool diff_replaced(const struct diff *diff, const struct model_table *source)
{
    const struct model_table *ours = model_root(diff->source, source);
    const struct model_table *theirs = model_table(diff->target, ours->name);
    return diff->postgres && theirs && !ours->excluded && ours->kind != theirs->kind;
}

/* A partition is attached once its table has all its columns. */
static void attach_later(struct diff *diff)
{
    struct ddl *late = &diff->attachments;
    late->statements =
        mem_array(late->statements, late->statement_count + 1, sizeof *late->statements);
    late->statements[late->statement_count++] = diff->ddl.statements[--diff->ddl.statement_count];
}

static void drop_tables(struct diff *diff)
{
    for (size_t i = diff->target->table_count; i-- > 0;) {
        const struct model_table *theirs = &diff->target->tables[i];
        const struct model_table *ours = model_table(diff->source, theirs->name);
        bool again = ours && diff_replaced(diff, ours);
        if (theirs->excluded || (ours && !again) || stands_for_partition(diff->source, theirs) ||
            !diff_missing_table(diff, theirs))
            continue;
        diff->replans |= again;
        diff_lose(diff, theirs, NULL);
        struct buf sql = BUF_INIT;
        buf_adds(&sql, "DROP TABLE IF EXISTS ");
        ddl_name(&sql, diff->target, theirs->name);
        buf_adds(&sql, " CASCADE");
        ddl_add(&diff->ddl, &sql, NULL, false, again ? "table %s, to make it anew" : "table %s",
                theirs->name);
    }
    diff_remove(diff);
}

/* A new partition of a table that exists gets the keys of that table when it is attached. */
static void own_keys(struct diff *diff, const struct model_table *table)
{
    const struct engine_ddl *ddl = diff->engine->ddl;
    diff_free_index_names(diff, table);
    if (!table->partition || !model_table(diff->target, model_root(diff->source, table)->name)) {
        ddl->keys(&diff->ddl, table);
        return;
    }
    for (size_t i = 0; i < table->index_count; i++)
        if (!table->indexes[i].inherited && !table->indexes[i].constraint)
            ddl->index(&diff->ddl, table, &table->indexes[i]);
}

/* Its rows are those of another table there, so it cannot be filled anew. */
static void note_taken(struct diff *diff, const struct model_table *table)
{
    struct buf object = BUF_INIT;
    buf_addf(&object, "table %s", table->name);
    ddl_not_carried(&diff->ddl, object.data,
                    "its partitions belong to another table on the target; create the target "
                    "anew with dbr-init-secondary --recreate");
    buf_release(&object);
    diff_add(diff, PLAN_STRUCTURE);
}

static void new_table(struct diff *diff, const struct model_table *table,
                      struct strlist *new_tables)
{
    const struct engine_ddl *ddl = diff->engine->ddl;
    diff_free_sequence_names(diff, table);
    ddl->table(&diff->ddl, table);
    if (table->partition)
        attach_later(diff);
    ddl->table_late(&diff->ddl, table);
    diff_add(diff, PLAN_STRUCTURE);
    ddl->foreign_keys(&diff->ddl, table);
    diff_add(diff, PLAN_FOREIGN_KEYS);
    if (ddl->defaults_last)
        ddl->defaults_last(&diff->ddl, table);
    ddl->row_security(&diff->ddl, table);
    diff_add(diff, PLAN_PROGRAMS);
    if (!table->partition)
        strlist_add(new_tables, table->name);
}

static bool followed(const struct diff *diff, const struct model_table *table)
{
    return !table->excluded && (diff->engine->kind == ENGINE_POSTGRES || !table->partition);
}

static void diff_step(struct diff *diff, struct model_step step, struct strlist *new_tables)
{
    if (step.kind == STEP_TYPE)
        diff_type(diff, &diff->source->types[step.index]);
    if (step.kind == STEP_OBJECT && plan_object_early(&diff->source->objects[step.index]))
        diff_object(diff, &diff->source->objects[step.index]);
    if (step.kind != STEP_TABLE)
        return;
    const struct model_table *table = &diff->source->tables[step.index];
    if (!followed(diff, table) || model_table(diff->target, table->name) ||
        diff_replaced(diff, table))
        return;
    if (!diff_partitions_taken(diff, model_root(diff->source, table)))
        new_table(diff, table, new_tables);
    else if (!table->partition)
        note_taken(diff, table);
}

/* Types, new tables and what they need, in an order in which they can be created. */
static void diff_steps(struct diff *diff, struct strlist *new_tables)
{
    const struct model *source = diff->source;
    for (size_t i = 0; i < source->step_count; i++)
        diff_step(diff, source->steps[i], new_tables);
    for (size_t i = 0; source->step_count == 0 && i < source->type_count; i++)
        diff_step(diff, (struct model_step){STEP_TYPE, i}, new_tables);
    for (size_t i = 0; source->step_count == 0 && i < source->table_count; i++)
        diff_step(diff, (struct model_step){STEP_TABLE, i}, new_tables);
}

static void new_sequence_owners(struct diff *diff)
{
    for (size_t i = 0; i < diff->source->sequence_count; i++) {
        const struct model_sequence *ours = &diff->source->sequences[i];
        const struct model_sequence *theirs = model_sequence(diff->target, ours->name);
        bool same = theirs && diff_same(ours->owner_table, theirs->owner_table) &&
                    diff_same(ours->owner_column, theirs->owner_column);
        /* On CockroachDB one that shows no owner may have it all the same. */
        bool known =
            diff->postgres || (theirs && theirs->owner_table && diff->engine == &engine_cockroach);
        if (plan_sequence_created(diff->source, ours, diff->engine->ddl) && !same &&
            (known || !theirs))
            diff->engine->ddl->sequence_owner(&diff->ddl, ours);
    }
    diff_add(diff, PLAN_STRUCTURE);
}

/* The comments of the source that the target does not have, word for word. */
static void diff_comments(struct diff *diff)
{
    struct ddl there;
    ddl_init(&there, diff->target, diff->engine, diff->target->version);
    diff->engine->ddl->comments(&there);
    diff->engine->ddl->comments(&diff->ddl);
    struct ddl wanted = diff->ddl;
    ddl_init(&diff->ddl, diff->source, diff->engine, diff->target->version);
    for (size_t i = 0; i < wanted.statement_count; i++) {
        const struct ddl_statement *statement = &wanted.statements[i];
        bool found = false;
        for (size_t j = 0; !found && j < there.statement_count; j++)
            found = strcmp(statement->sql, there.statements[j].sql) == 0;
        if (found)
            continue;
        struct buf sql = BUF_INIT;
        buf_adds(&sql, statement->sql);
        ddl_add(&diff->ddl, &sql, model_table(diff->source, statement->table), true, "%s",
                statement->object);
    }
    ddl_release(&wanted);
    ddl_release(&there);
    diff_add(diff, PLAN_COMMENTS);
}

/* Puts what drops the views before the statements that views stand in the way of. */
static void views_first(struct diff *diff, struct plan *plan)
{
    struct plan rest = *plan;
    *plan = (struct plan)PLAN_INIT;
    diff_drop_views(diff);
    plan_take(plan, &diff->ddl, PLAN_STRUCTURE);
    size_t first = plan->statement_count;
    plan->statements =
        mem_array(plan->statements, first + rest.statement_count + 1, sizeof *plan->statements);
    for (size_t i = 0; i < rest.statement_count; i++)
        plan->statements[plan->statement_count++] = rest.statements[i];
    free(rest.statements);
    free(plan->notes);
    plan->notes = rest.notes;
    plan->note_count = rest.note_count;
    plan->losses = rest.losses;
    plan->loss_count = rest.loss_count;
}

bool plan_update(const struct model *source, const struct model *target,
                 const struct engine *engine, struct plan *additions, struct plan *removals,
                 struct strlist *new_tables)
{
    struct diff diff = {.source = source,
                        .target = target,
                        .engine = engine,
                        .additions = additions,
                        .removals = removals};
    diff.postgres = source->engine == ENGINE_POSTGRES && target->engine == ENGINE_POSTGRES;
    diff.unlike = source->engine != target->engine;
    diff.same_text =
        source->engine == target->engine && source->version / 10000 == target->version / 10000;
    ddl_init(&diff.ddl, source, engine, target->version);
    ddl_init(&diff.attachments, source, engine, target->version);
    diff_find_excluded(&diff);
    if (diff.postgres)
        diff_drop_objects(&diff);
    diff_keep_sequences(&diff);
    diff_drop_parents(&diff);
    drop_tables(&diff);
    diff_sequences(&diff);
    diff_steps(&diff, new_tables);
    for (size_t i = 0; i < source->table_count; i++) {
        const struct model_table *ours = &source->tables[i];
        const struct model_table *theirs = model_table(target, ours->name);
        if (followed(&diff, ours) && theirs && !diff_replaced(&diff, ours))
            diff_table(&diff, ours, theirs);
    }
    plan_take(additions, &diff.attachments, PLAN_STRUCTURE);
    diff_add_parents(&diff);
    /* Partitions before their table, as in plan_create. */
    for (size_t i = source->table_count; i-- > 0;)
        if (followed(&diff, &source->tables[i]) && !model_table(target, source->tables[i].name) &&
            !diff_replaced(&diff, &source->tables[i]) &&
            !diff_partitions_taken(&diff, model_root(source, &source->tables[i])))
            own_keys(&diff, &source->tables[i]);
    diff_add(&diff, PLAN_KEYS);
    new_sequence_owners(&diff);
    for (size_t i = 0; i < source->object_count; i++)
        if (!plan_object_early(&source->objects[i]))
            diff_object(&diff, &source->objects[i]);
    diff_drop_sequences(&diff);
    diff_types(&diff);
    diff_comments(&diff);
    if (diff.postgres && diff.views_added_again)
        views_first(&diff, additions);
    if (diff.postgres && diff.views_removed_again)
        views_first(&diff, removals);
    plan_advise(additions, source, engine, diff.ddl.version);
    plan_sort(additions);
    ddl_release(&diff.attachments);
    ddl_release(&diff.ddl);
    free(diff.kept);
    return diff.replans;
}
