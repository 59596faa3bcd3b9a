/*
 * Puts the statements of an engine's DDL writers in the order in which a schema is created. What
 * the statements say is the writers' business (db/engine_ddl.h), running them is the caller's.
 */
#include "repl/schema_plan.h"

#include <stdlib.h>
#include <string.h>

#include "repl/schema_plan_build.h"

void plan_release(struct plan *plan)
{
    for (size_t i = 0; i < plan->statement_count; i++) {
        free(plan->statements[i].sql);
        free(plan->statements[i].object);
        free(plan->statements[i].table);
        free(plan->statements[i].advice);
    }
    for (size_t i = 0; i < plan->note_count; i++) {
        free(plan->notes[i].object);
        free(plan->notes[i].text);
        free(plan->notes[i].beside);
    }
    for (size_t i = 0; i < plan->loss_count; i++) {
        free(plan->losses[i].table);
        free(plan->losses[i].column);
    }
    free(plan->statements);
    free(plan->notes);
    free(plan->losses);
    *plan = (struct plan)PLAN_INIT;
}

void plan_take(struct plan *plan, struct ddl *ddl, enum plan_phase phase)
{
    size_t count = plan->statement_count + ddl->statement_count;
    size_t notes = plan->note_count + ddl->note_count;
    if (ddl->statement_count > 0)
        plan->statements = mem_array(plan->statements, count, sizeof *plan->statements);
    if (ddl->note_count > 0)
        plan->notes = mem_array(plan->notes, notes, sizeof *plan->notes);
    for (size_t i = 0; i < ddl->note_count; i++) {
        struct ddl_note *from = &ddl->notes[i];
        plan->notes[plan->note_count++] = (struct plan_note){
            .kind = from->substituted ? NOTE_SUBSTITUTED : NOTE_NOT_CARRIED,
            .object = from->object,
            .text = from->text,
            .beside = from->before < ddl->statement_count
                          ? mem_strdup(ddl->statements[from->before].object)
                          : NULL,
        };
    }
    for (size_t i = 0; i < ddl->statement_count; i++) {
        struct ddl_statement *from = &ddl->statements[i];
        plan->statements[plan->statement_count++] = (struct plan_statement){
            phase, from->sql, from->object, from->table, NULL, from->optional};
    }
    ddl->statement_count = ddl->note_count = 0;
}

void plan_sort(struct plan *plan)
{
    struct plan_statement *sorted =
        mem_array(NULL, plan->statement_count + 1, sizeof *plan->statements);
    size_t count = 0;
    for (int phase = PLAN_SCHEMA; phase <= PLAN_COMMENTS; phase++)
        for (size_t i = 0; i < plan->statement_count; i++)
            if ((int)plan->statements[i].phase == phase)
                sorted[count++] = plan->statements[i];
    free(plan->statements);
    plan->statements = sorted;
}

bool plan_sequence_created(const struct model *model, const struct model_sequence *sequence,
                           const struct engine_ddl *engine)
{
    const struct model_table *owner = model_table(model, sequence->owner_table);
    return (!sequence->identity || engine->identity_sequences) && !(owner && owner->excluded);
}

/* Extensions and collations are there before anything may need them, partitions with their table.
 */
bool plan_object_early(const struct model_object *object)
{
    return object->early || object->kind == OBJECT_EXTENSION || object->kind == OBJECT_COLLATION ||
           object->kind == OBJECT_PARTITION;
}

static void create_step(const struct engine_ddl *engine, struct ddl *ddl, struct model_step step)
{
    const struct model *model = ddl->model;
    switch (step.kind) {
    case STEP_TYPE:
        engine->type(ddl, &model->types[step.index]);
        break;
    case STEP_TABLE:
        if (!model->tables[step.index].excluded)
            engine->table(ddl, &model->tables[step.index]);
        break;
    case STEP_OBJECT:
        if (plan_object_early(&model->objects[step.index]))
            engine->object(ddl, &model->objects[step.index]);
        break;
    }
}

static void create_structure(const struct engine_ddl *engine, struct ddl *ddl)
{
    const struct model *model = ddl->model;
    for (size_t i = 0; i < model->sequence_count; i++)
        if (plan_sequence_created(model, &model->sequences[i], engine))
            engine->sequence(ddl, &model->sequences[i]);
    for (size_t i = 0; i < model->step_count; i++)
        create_step(engine, ddl, model->steps[i]);
    if (model->step_count == 0) {
        for (size_t i = 0; i < model->type_count; i++)
            create_step(engine, ddl, (struct model_step){STEP_TYPE, i});
        for (size_t i = 0; i < model->object_count; i++)
            if (model->objects[i].kind != OBJECT_PARTITION)
                create_step(engine, ddl, (struct model_step){STEP_OBJECT, i});
        for (size_t i = 0; i < model->table_count; i++)
            create_step(engine, ddl, (struct model_step){STEP_TABLE, i});
        for (size_t i = 0; i < model->object_count; i++)
            if (model->objects[i].kind == OBJECT_PARTITION)
                create_step(engine, ddl, (struct model_step){STEP_OBJECT, i});
    }
    for (size_t i = 0; i < model->table_count; i++)
        if (!model->tables[i].excluded)
            engine->table_late(ddl, &model->tables[i]);
    for (size_t i = 0; i < model->sequence_count; i++)
        if (plan_sequence_created(model, &model->sequences[i], engine))
            engine->sequence_owner(ddl, &model->sequences[i]);
}

/*
 * The keys of partitions come before those of their table, which then adopts them with their names
 * instead of creating others. Tables stand parents first, so going backwards meets partitions of
 * partitions first.
 */
static void create_keys(const struct engine_ddl *engine, struct ddl *ddl)
{
    const struct model *model = ddl->model;
    const struct model_table **roots = mem_alloc((model->table_count + 1) * sizeof(void *));
    for (size_t i = 0; i < model->table_count; i++)
        roots[i] = model_root(model, &model->tables[i]);
    for (size_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        if (table->excluded || table->partition)
            continue;
        for (size_t p = model->table_count; table->kind == 'p' && p-- > 0;)
            if (model->tables[p].partition && roots[p] == table)
                engine->keys(ddl, &model->tables[p]);
        engine->keys(ddl, table);
    }
    free(roots);
}

static void create_programs(const struct engine_ddl *engine, struct ddl *ddl)
{
    const struct model *model = ddl->model;
    for (size_t i = 0; i < model->object_count; i++)
        if (!plan_object_early(&model->objects[i]))
            engine->object(ddl, &model->objects[i]);
    for (size_t i = 0; i < model->table_count; i++) {
        if (model->tables[i].excluded)
            continue;
        if (engine->defaults_last)
            engine->defaults_last(ddl, &model->tables[i]);
        engine->row_security(ddl, &model->tables[i]);
    }
}

static void note_not_copied(struct ddl *ddl)
{
    for (size_t i = 0; i < ddl->model->table_count; i++) {
        const struct model_table *table = &ddl->model->tables[i];
        if (table->partition || model_table_copied(table))
            continue;
        char *object =
            mem_printf("%s %s", table->excluded ? "table" : "rows of table", table->name);
        ddl_not_carried(ddl, object,
                        table->excluded ? "the configuration leaves it out"
                                        : "it has no columns, so its rows hold nothing; they are "
                                          "neither copied nor compared");
        free(object);
    }
}

/* The structure is made as a whole or not at all; how tables are stored, which a server may not
 * know, comes behind it. */
static void take_structure(struct plan *plan, struct ddl *ddl)
{
    size_t first = plan->statement_count;
    plan_take(plan, ddl, PLAN_STRUCTURE);
    for (size_t i = first; i < plan->statement_count; i++)
        if (plan->statements[i].optional && plan->statements[i].table)
            plan->statements[i].phase = PLAN_EARLY;
}

static void create(const struct model *source, const struct engine *target, int target_version,
                   bool script, struct plan *plan)
{
    const struct engine_ddl *engine = target->ddl;
    struct ddl ddl;
    ddl_init(&ddl, source, target, target_version);
    engine->schema(&ddl);
    if (!script)
        note_not_copied(&ddl);
    plan_take(plan, &ddl, PLAN_SCHEMA);
    create_structure(engine, &ddl);
    take_structure(plan, &ddl);
    create_keys(engine, &ddl);
    plan_take(plan, &ddl, PLAN_KEYS);
    /* A later version restricts more. */
    plan_advise(plan, source, target, script ? engine->newest : ddl.version);
    plan_sort(plan);
    for (size_t i = 0; i < source->type_count && engine->type_late; i++)
        engine->type_late(&ddl, &source->types[i]);
    for (size_t i = 0; i < source->table_count; i++)
        if (!source->tables[i].excluded)
            engine->foreign_keys(&ddl, &source->tables[i]);
    plan_take(plan, &ddl, PLAN_FOREIGN_KEYS);
    create_programs(engine, &ddl);
    plan_take(plan, &ddl, PLAN_PROGRAMS);
    engine->comments(&ddl);
    plan_take(plan, &ddl, PLAN_COMMENTS);
    ddl_release(&ddl);
}

void plan_create(const struct model *source, const struct engine *target, int target_version,
                 struct plan *plan)
{
    create(source, target, target_version, false, plan);
}

void plan_create_script(const struct model *source, const struct engine *target, int target_version,
                        struct plan *plan)
{
    create(source, target, target_version, true, plan);
}
