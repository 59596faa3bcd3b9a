/*
 * What belongs to tables that the configuration leaves out, and that only the target has: nobody
 * asked for it to be dropped. Texts are searched for names, since bodies of functions have no other
 * sign of what they use; a name too many keeps an object that could have gone.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "repl/schema_diff.h"

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The name as a word of the text; a body may write it in capitals. */
static bool mentions(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = text; p && *p; p++)
        if (strncasecmp(p, name, len) == 0 && !in_word(p[len]) && (p == text || !in_word(p[-1])))
            return true;
    return false;
}

/* In the columns, checks and keys of the table. */
static bool table_mentions(const struct model_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct model_column *column = &table->columns[i];
        if (mentions(column->type, name) || mentions(column->default_expr, name) ||
            mentions(column->generated_expr, name))
            return true;
    }
    for (size_t i = 0; i < table->constraint_count; i++)
        if (mentions(table->constraints[i].definition, name))
            return true;
    for (size_t i = 0; i < table->index_count; i++)
        if (mentions(table->indexes[i].definition, name))
            return true;
    return false;
}

bool diff_excluded_uses(const struct diff *diff, const char *name)
{
    const struct model *target = diff->target;
    for (size_t i = 0; i < target->table_count; i++)
        if (target->tables[i].excluded && table_mentions(&target->tables[i], name))
            return true;
    for (size_t i = 0; i < target->object_count; i++)
        if (diff->kept[i] && mentions(target->objects[i].definition, name))
            return true;
    return false;
}

static bool belongs(const struct diff *diff, const struct model_object *object)
{
    const struct model *target = diff->target;
    const struct model_table *on = model_table(target, object->table);
    if (on)
        return on->excluded;
    for (size_t i = 0; i < target->table_count; i++)
        if (target->tables[i].excluded && mentions(object->definition, target->tables[i].name))
            return true;
    for (size_t i = 0; i < target->object_count; i++)
        if (diff->kept[i] && !target->objects[i].table &&
            mentions(object->definition, target->objects[i].plain))
            return true;
    return diff_excluded_uses(diff, object->plain);
}

void diff_find_excluded(struct diff *diff)
{
    const struct model *target = diff->target;
    bool again = false;
    diff->kept = mem_alloc((target->object_count + 1) * sizeof *diff->kept);
    for (size_t i = 0; i < target->table_count; i++)
        again |= target->tables[i].excluded;
    while (again) {
        again = false;
        for (size_t i = 0; i < target->object_count; i++) {
            if (diff->kept[i] || !belongs(diff, &target->objects[i]))
                continue;
            diff->kept[i] = true;
            again = true;
        }
    }
}
