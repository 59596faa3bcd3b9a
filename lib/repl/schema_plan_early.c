/*
 * From PostgreSQL 17 on a server builds an index without the schema in the search path, so that a
 * function whose body names something of the schema without saying where fails. Rows that come
 * after the index do not: such an index is made while its table is empty.
 */
#include <ctype.h>
#include <string.h>

#include "db/engine.h"
#include "repl/schema_plan_build.h"

#define RESTRICTED_BUILDS 170000

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* True when the text calls the function: its name, quoted or not, and a parenthesis. */
static bool calls(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = text; p && (p = strstr(p, name)) != NULL; p++) {
        const char *after = p + len;
        after += *after == '"';
        if (*after == '(' && (p == text || !in_word(p[-1])))
            return true;
    }
    return false;
}

/* A function that has no search path of its own, in an expression of the index. */
static const struct model_object *function_of(const struct model *model,
                                              const struct model_index *index)
{
    for (size_t i = 0; i < model->object_count; i++) {
        const struct model_object *object = &model->objects[i];
        if (object->kind != OBJECT_FUNCTION || !object->definition || !object->comment_on ||
            strstr(object->definition, "\n SET search_path"))
            continue;
        bool called = index->predicate && calls(index->predicate, object->plain);
        for (size_t p = 0; p < index->part_count && !called; p++)
            called = index->parts[p].expression && calls(index->parts[p].expression, object->plain);
        if (called)
            return object;
    }
    return NULL;
}

static const struct model_index *index_of(const struct model *model,
                                          const struct plan_statement *statement,
                                          const struct model_table **table)
{
    static const char word[] = "index ";
    const char *name = statement->object + sizeof word - 1;
    if (strncmp(statement->object, word, sizeof word - 1) != 0 ||
        strncmp(statement->sql, "CREATE ", 7) != 0)
        return NULL;
    for (size_t i = 0; i < model->table_count; i++) {
        *table = &model->tables[i];
        const struct model_index *index = model_index(*table, name);
        if (index)
            return index;
    }
    return NULL;
}

static bool created(const struct plan *plan, const struct model_table *table)
{
    for (size_t i = 0; i < plan->statement_count; i++)
        if (strncmp(plan->statements[i].object, "table ", 6) == 0 &&
            strcmp(plan->statements[i].object + 6, table->name) == 0)
            return true;
    return false;
}

void plan_advise(struct plan *plan, const struct model *source, const struct engine *target,
                 int target_version)
{
    if (source->engine != ENGINE_POSTGRES || target->kind != ENGINE_POSTGRES ||
        target_version < RESTRICTED_BUILDS)
        return;
    for (size_t i = 0; i < plan->statement_count; i++) {
        struct plan_statement *statement = &plan->statements[i];
        const struct model_table *table = NULL;
        const struct model_index *index =
            statement->phase == PLAN_KEYS ? index_of(source, statement, &table) : NULL;
        const struct model_object *function = index ? function_of(source, index) : NULL;
        if (!function)
            continue;
        statement->advice = mem_printf(
            "%sPostgreSQL %d builds indexes without the schema in the search path; run ALTER %s "
            "SET search_path = %s on the primary, then dbr-init-secondary --update",
            index->unique ? "NOTHING KEEPS THESE VALUES UNIQUE on the standby; " : "",
            target_version / 10000, function->comment_on, source->schema);
        if (created(plan, model_root(source, table)))
            statement->phase = PLAN_EARLY;
    }
}
