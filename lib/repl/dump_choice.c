/* What of the schema a script holds. */
#include "repl/dump_choice.h"

#include <string.h>

bool dump_selects(const struct dump *dump)
{
    return dump->tables && dump->tables->count > 0;
}

bool dump_table_chosen(const struct dump *dump, const char *table)
{
    return !dump_selects(dump) || strlist_has(dump->tables, table);
}

bool dump_sequence_chosen(const struct dump *dump, const struct model_sequence *sequence)
{
    const struct model *model = &dump->snapshot->model;
    const struct model_table *owner = model_table(model, sequence->owner_table);
    return owner ? dump_table_chosen(dump, model_root(model, owner)->name) : !dump_selects(dump);
}

/* Every database has it. */
static bool is_of_public(const struct dump *dump, const struct plan_statement *s)
{
    return strcmp(dump->snapshot->model.schema, "public") == 0 && !s->table &&
           s->phase == PLAN_SCHEMA && strcmp(s->object, "schema public") == 0;
}

bool dump_statement_chosen(const struct dump *dump, const struct plan_statement *statement)
{
    bool setting = statement->phase == PLAN_SCHEMA && strncmp(statement->sql, "SET ", 4) == 0;
    if (setting)
        return true;
    if (!dump->schema || is_of_public(dump, statement))
        return false;
    return !dump_selects(dump) || (statement->table && dump_table_chosen(dump, statement->table));
}

bool dump_writes(const struct dump *dump, const char *object)
{
    for (size_t i = 0; i < dump->plan.statement_count; i++)
        if (strcmp(dump->plan.statements[i].object, object) == 0)
            return dump_statement_chosen(dump, &dump->plan.statements[i]);
    return false;
}
