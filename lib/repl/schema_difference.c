/* How one table differs between two databases in what its rows need: its columns, their types, the
 * values of its enums, and no constraint that only the target has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/engine.h"
#include "repl/schema_diff.h"

bool diff_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* JSONB stands for arrays of arrays, which only the rows tell from others (repl/nested.h). */
static bool holds_arrays(const struct model_column *a, const struct model_column *b)
{
    return (a->type_category == 'A' && strcmp(b->type, "jsonb") == 0) ||
           (b->type_category == 'A' && strcmp(a->type, "jsonb") == 0);
}

bool diff_column_type(const struct model_column *source, const struct model *source_model,
                      const struct model_column *target, const struct model *target_model)
{
    bool postgres =
        source_model->engine == ENGINE_POSTGRES && target_model->engine == ENGINE_POSTGRES;
    const struct engine_ddl *ddl = postgres ? engine_postgres.ddl : engine_cockroach.ddl;
    if (source_model->engine != target_model->engine && holds_arrays(source, target))
        return false;
    struct buf a = BUF_INIT, b = BUF_INIT;
    ddl->type_text(&a, source_model, source);
    ddl->type_text(&b, target_model, target);
    bool differs = strcmp(a.data, b.data) != 0;
    buf_release(&a);
    buf_release(&b);
    return differs;
}

/* A value that rows of the source may have and the target does not know; NULL when there is none.
 */
static const char *missing_label(const struct model_column *column, const struct model *source,
                                 const struct model *target)
{
    if (column->type_kind != 'e')
        return NULL;
    const char *name = column->element_name ? column->element_name : column->type_name;
    const struct model_type *ours = model_type(source, name), *theirs = model_type(target, name);
    for (size_t i = 0; ours && theirs && i < ours->label_count; i++) {
        bool found = false;
        for (size_t j = 0; !found && j < theirs->label_count; j++)
            found = strcmp(ours->labels[i], theirs->labels[j]) == 0;
        if (!found)
            return ours->labels[i];
    }
    return NULL;
}

/* Generated columns are not copied: only what generates them makes them equal. */
static bool generated_differently(const struct model_column *a, const struct model *a_model,
                                  const struct model_column *b, const struct model *b_model)
{
    /* What CockroachDB cannot work out is a plain column there. */
    if (a_model->engine != b_model->engine)
        return (a_model->engine == ENGINE_COCKROACH ? a : b)->generated &&
               !(a_model->engine == ENGINE_COCKROACH ? b : a)->generated;
    if ((a->generated == 0) != (b->generated == 0))
        return true;
    return a->generated && a_model->version / 10000 == b_model->version / 10000 &&
           !diff_same_expr(a->generated_expr, b->generated_expr);
}

/* A constraint that only the target has is dropped with consent; one that is another is replaced.
 */
static bool has_leftovers(const struct model_table *source, const struct model *source_model,
                          const struct model_table *target)
{
    for (size_t i = 0; i < target->constraint_count; i++) {
        const struct model_constraint *theirs = &target->constraints[i];
        bool hidden = theirs->column_count > 0 && target->columns[theirs->columns[0]].hidden;
        if (!hidden && !theirs->inherited && !model_constraint(source, theirs->name) &&
            !model_index(source, theirs->name) &&
            !diff_stands_in(source_model, source, theirs->name))
            return true;
    }
    for (size_t i = 0; i < target->index_count; i++) {
        const struct model_index *theirs = &target->indexes[i];
        bool hidden = theirs->part_count > 0 && theirs->parts[0].column &&
                      model_column(target, theirs->parts[0].column)->hidden;
        if (theirs->unique && !hidden && !theirs->inherited && !model_index(source, theirs->name) &&
            !diff_stands_in(source_model, source, theirs->name))
            return true;
    }
    return false;
}

static bool has_check(const struct model_type *type, const char *name)
{
    for (size_t i = 0; i < type->check_count; i++)
        if (strcmp(type->checks[i].name, name) == 0)
            return true;
    return false;
}

/* A check of the column's domain, or of one below it, that only the target has. */
static bool domain_has_leftovers(const struct model_column *column, const struct model *source,
                                 const struct model *target)
{
    const struct model_type *theirs = model_type(target, column->type_name);
    for (; theirs && theirs->kind == TYPE_DOMAIN; theirs = model_type(target, theirs->base)) {
        const struct model_type *ours = model_type(source, theirs->name);
        for (size_t i = 0; ours && i < theirs->check_count; i++)
            if (!has_check(ours, theirs->checks[i].name))
                return true;
    }
    return false;
}

bool plan_difference_needs_force(const struct model_table *source, const struct model *source_model,
                                 const struct model_table *target, const struct model *target_model)
{
    for (size_t i = 0; i < target->column_count; i++) {
        const struct model_column *theirs = &target->columns[i];
        const struct model_column *ours = model_column(source, theirs->name);
        if (theirs->hidden)
            continue;
        if (!ours || generated_differently(ours, source_model, theirs, target_model) ||
            (diff_column_type(ours, source_model, theirs, target_model) &&
             !diff_widens(theirs->type, ours->type)) ||
            domain_has_leftovers(theirs, source_model, target_model))
            return true;
    }
    if (has_leftovers(source, source_model, target))
        return true;
    for (size_t i = 0; target->kind == 'p' && i < target_model->table_count; i++) {
        const struct model_table *theirs = &target_model->tables[i];
        const struct model_table *ours = model_table(source_model, theirs->name);
        if (ours && theirs->partition && model_root(target_model, theirs) == target &&
            has_leftovers(ours, source_model, theirs))
            return true;
    }
    return false;
}

char *plan_table_difference(const struct model_table *source, const struct model *source_model,
                            const struct model_table *target, const struct model *target_model,
                            const char *target_role)
{
    const char *source_role = strcmp(target_role, "secondary") == 0 ? "primary" : "secondary";
    for (size_t i = 0; i < source->column_count; i++) {
        const struct model_column *column = &source->columns[i];
        const struct model_column *other = model_column(target, column->name);
        if (column->hidden)
            continue;
        if (!other)
            return mem_printf("column %s is missing on the %s", column->name, target_role);
        if (diff_column_type(column, source_model, other, target_model))
            return mem_printf("column %s is %s on the %s and %s on the %s", column->name,
                              column->type, source_role, other->type, target_role);
        if (generated_differently(column, source_model, other, target_model))
            return mem_printf("column %s is not generated alike on both sides", column->name);
        const char *label = missing_label(column, source_model, target_model);
        if (label)
            return mem_printf("value '%s' of type %s is missing on the %s", label, column->type,
                              target_role);
    }
    for (size_t i = 0; i < target->column_count; i++)
        if (!target->columns[i].hidden && !model_column(source, target->columns[i].name))
            return mem_printf("column %s is missing on the %s", target->columns[i].name,
                              source_role);
    return diff_stricter(source, source_model, target, target_model, target_role);
}

/* "numeric(12,6)": the word before the parenthesis and up to two numbers; -1 where there is none.
 */
struct type_parts {
    char word[64];
    long first, second;
};

static struct type_parts take_apart(const char *type)
{
    struct type_parts parts = {.first = -1, .second = -1};
    const char *open = strchr(type, '(');
    const char *close = open ? strchr(open, ')') : NULL;
    if (!close || close < open) {
        (void)snprintf(parts.word, sizeof parts.word, "%s", type);
        return parts;
    }
    /* "timestamp(3) without time zone": what follows the parenthesis belongs to the word. */
    (void)snprintf(parts.word, sizeof parts.word, "%.*s%s", (int)(open - type), type, close + 1);
    char *end;
    parts.first = strtol(open + 1, &end, 10);
    if (*end == ',')
        parts.second = strtol(end + 1, NULL, 10);
    return parts;
}

static int integer_rank(const char *word)
{
    static const char *const words[] = {"smallint", "integer", "bigint"};
    for (int i = 0; i < 3; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

bool diff_widens(const char *from, const char *to)
{
    struct type_parts a = take_apart(from), b = take_apart(to);
    int low = integer_rank(a.word), high = integer_rank(b.word);
    if (low >= 0)
        return high > low || strcmp(to, "numeric") == 0;
    if (strcmp(from, "real") == 0)
        return strcmp(to, "double precision") == 0;
    if (strcmp(a.word, "character varying") == 0 && strcmp(to, "text") == 0)
        return true;
    if (strcmp(a.word, b.word) != 0)
        return false;
    if (strcmp(a.word, "numeric") == 0) {
        if (b.first < 0)
            return true;
        long scale_a = a.second < 0 ? 0 : a.second, scale_b = b.second < 0 ? 0 : b.second;
        return a.first >= 0 && scale_b >= scale_a && b.first - scale_b >= a.first - scale_a;
    }
    static const char *const lengths[] = {"character varying",           "bit varying",
                                          "timestamp without time zone", "timestamp with time zone",
                                          "time without time zone",      "time with time zone"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        if (strcmp(a.word, lengths[i]) == 0)
            return b.first < 0 || (a.first >= 0 && b.first >= a.first);
    return false;
}
