/*
 * Looking things up in a schema model. The model is plain data that the catalog fills; nothing here
 * changes it, apart from model_release.
 */
#include "db/model.h"

#include <string.h>

const struct model_table *model_table(const struct model *model, const char *name)
{
    for (size_t i = 0; name && i < model->table_count; i++)
        if (strcmp(model->tables[i].name, name) == 0)
            return &model->tables[i];
    return NULL;
}

const struct model_column *model_column(const struct model_table *table, const char *name)
{
    for (size_t i = 0; name && i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

const struct model_type *model_type(const struct model *model, const char *name)
{
    for (size_t i = 0; name && i < model->type_count; i++)
        if (strcmp(model->types[i].name, name) == 0)
            return &model->types[i];
    return NULL;
}

const struct model_sequence *model_sequence(const struct model *model, const char *name)
{
    for (size_t i = 0; name && i < model->sequence_count; i++)
        if (strcmp(model->sequences[i].name, name) == 0)
            return &model->sequences[i];
    return NULL;
}

const struct model_constraint *model_constraint(const struct model_table *table, const char *name)
{
    for (size_t i = 0; name && i < table->constraint_count; i++)
        if (strcmp(table->constraints[i].name, name) == 0)
            return &table->constraints[i];
    return NULL;
}

const struct model_index *model_index(const struct model_table *table, const char *name)
{
    for (size_t i = 0; name && i < table->index_count; i++)
        if (strcmp(table->indexes[i].name, name) == 0)
            return &table->indexes[i];
    return NULL;
}

bool model_is_referred_to(const struct model *model, const char *table)
{
    size_t i;
    size_t j;

    for (i = 0; i < model->table_count; i++)
        for (j = 0; j < model->tables[i].constraint_count; j++)
            if (model->tables[i].constraints[j].type == 'f' &&
                !strcmp(model->tables[i].constraints[j].ref_table, table))
                return true;
    return false;
}

const struct model_table *model_root(const struct model *model, const struct model_table *table)
{
    /* A hand-made model might name itself as its parent: the bound ends the walk. */
    for (size_t level = 0; table->partition && level < model->table_count; level++) {
        const struct model_table *parent = model_table(model, table->parent);
        if (!parent)
            break;
        table = parent;
    }
    return table;
}

bool model_column_copied(const struct model_column *column)
{
    return !column->generated && !column->hidden;
}

bool model_table_bare(const struct model_table *table)
{
    size_t i = 0;
    while (i < table->column_count && table->columns[i].hidden)
        i++;
    return i == table->column_count;
}

bool model_table_copied(const struct model_table *table)
{
    return !table->partition && !table->excluded && !model_table_bare(table);
}

bool model_table_volatile(const struct model *model, const struct model_table *table)
{
    size_t i;

    if (table->kind == 'r')
        return table->unlogged;
    for (i = 0; i < model->table_count; i++) {
        const struct model_table *part = &model->tables[i];

        if (part->partition && part->unlogged && part->kind == 'r' &&
            model_root(model, part) == table)
            return true;
    }
    return false;
}

void model_release(struct model *model)
{
    arena_release(&model->arena);
    memset(model, 0, sizeof *model);
}
