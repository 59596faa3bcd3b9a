/*
 * What the target refuses and the source allows: NOT NULL, checks, unique indexes and foreign keys
 * that only the target has. Rows that the source took meanwhile could not go in. Between unlike
 * engines names tell, and only on CockroachDB, which has no constraint that PostgreSQL cannot have.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "repl/schema_diff.h"

/* What follows "::": one word or a quoted name, qualified or not, and what else a type may have. */
static const char *past_type(const char *p)
{
    static const char *const more[] = {" varying", " precision", " without time zone",
                                       " with time zone", "[]"};
    bool quoted = false;
    while (quoted ? *p != '\0'
                  : isalnum((unsigned char)*p) || *p == '_' || *p == '.' || *p == '"') {
        quoted ^= *p == '"';
        p++;
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (strncmp(p, more[i], strlen(more[i])) == 0)
            p += strlen(more[i]);
    return p;
}

/* The next character that tells an expression from another one: outside of quotes no blanks,
 * parentheses and casts. */
static const char *significant(const char *p)
{
    for (;;) {
        if (strncmp(p, "::", 2) == 0)
            p = past_type(p + 2);
        else if (*p == ' ' || *p == '\n' || *p == '(' || *p == ')')
            p++;
        else
            return p;
    }
}

bool diff_alike(const char *a, const char *b)
{
    char quote = '\0';
    if (!a || !b)
        return a == b;
    for (;;) {
        if (!quote) {
            a = significant(a);
            b = significant(b);
        }
        if (*a != *b)
            return false;
        if (!*a)
            return true;
        if (quote && *a == quote)
            quote = '\0';
        else if (!quote && (*a == '\'' || *a == '"'))
            quote = *a;
        a++;
        b++;
    }
}

bool diff_same_expr(const char *a, const char *b)
{
    static const char list[] = "((ARRAY[";
    return diff_same(a, b) || (a && b && diff_alike(a, b) && (strstr(a, list) || strstr(b, list)));
}

struct sides {
    const struct model *source, *target;
    bool same_text;
    const char *role; /* of the target */
};

static const struct model_type *domain_of(const struct model *model, const char *name)
{
    const struct model_type *type = model_type(model, name);
    return type && type->kind == TYPE_DOMAIN ? type : NULL;
}

/* By itself, or by a domain. */
static bool refuses_null(const struct model *model, const struct model_column *column)
{
    bool refuses = column->not_null;
    for (const struct model_type *d = domain_of(model, column->type_name); d && !refuses;
         d = domain_of(model, d->base))
        refuses = d->not_null;
    return refuses;
}

/* A check of that name, or one that says the same. */
static bool has_check(const struct sides *sides, const struct model_constraint *list, size_t count,
                      const struct model_constraint *check)
{
    for (size_t i = 0; i < count; i++) {
        const struct model_constraint *ours = &list[i];
        if (ours->type != check->type || !ours->enforced)
            continue;
        if (!sides->same_text && strcmp(ours->name, check->name) == 0)
            return true;
        if (check->check_expr ? diff_alike(ours->check_expr, check->check_expr)
                              : diff_alike(ours->definition, check->definition))
            return true;
    }
    return false;
}

static char *stricter_domain(const struct sides *sides, const struct model_column *column)
{
    for (const struct model_type *d = domain_of(sides->target, column->type_name); d;
         d = domain_of(sides->target, d->base)) {
        const struct model_type *ours = domain_of(sides->source, d->name);
        for (size_t i = 0; ours && i < d->check_count; i++) {
            bool found = false;
            for (size_t j = 0; !found && j < ours->check_count; j++)
                found =
                    (!sides->same_text && strcmp(ours->checks[j].name, d->checks[i].name) == 0) ||
                    diff_alike(ours->checks[j].definition, d->checks[i].definition);
            if (!found)
                return mem_printf("constraint %s of domain %s is there on the %s only",
                                  d->checks[i].name, d->name, sides->role);
        }
    }
    return NULL;
}

static char *stricter_column(const struct sides *sides, const struct model_table *source,
                             const struct model_table *target)
{
    for (size_t i = 0; i < target->column_count; i++) {
        const struct model_column *theirs = &target->columns[i];
        const struct model_column *ours = model_column(source, theirs->name);
        if (theirs->hidden || !ours || (theirs->generated && !ours->generated))
            continue;
        if (refuses_null(sides->target, theirs) && !refuses_null(sides->source, ours))
            return mem_printf("column %s is NOT NULL on the %s only", theirs->name, sides->role);
        char *why =
            sides->source->engine == sides->target->engine ? stricter_domain(sides, theirs) : NULL;
        if (why)
            return why;
    }
    return NULL;
}

static bool plain(const struct model_index *index)
{
    for (size_t i = 0; i < index->part_count; i++)
        if (!index->parts[i].column)
            return false;
    return !index->predicate;
}

static bool has_part(const struct model_index *index, const char *column)
{
    for (size_t i = 0; i < index->part_count; i++)
        if (strcmp(index->parts[i].column, column) == 0)
            return true;
    return false;
}

/* True when rows that the index `ours` takes cannot be refused by `theirs`. */
static bool implies(const struct sides *sides, const struct model_index *ours,
                    const struct model_index *theirs)
{
    if (!ours->unique || !ours->valid)
        return false;
    if (!sides->same_text && strcmp(ours->name, theirs->name) == 0)
        return true;
    if (!plain(ours) || !plain(theirs)) {
        const char *a = strstr(ours->definition, " USING ");
        const char *b = strstr(theirs->definition, " USING ");
        return diff_alike(a ? a : ours->definition, b ? b : theirs->definition);
    }
    if (theirs->nulls_not_distinct && !ours->nulls_not_distinct)
        return false;
    for (size_t i = 0; i < ours->part_count; i++)
        if (!has_part(theirs, ours->parts[i].column))
            return false;
    return true;
}

static char *stricter_index(const struct sides *sides, const struct model_table *source,
                            const struct model_table *target)
{
    for (size_t i = 0; i < target->index_count; i++) {
        const struct model_index *theirs = &target->indexes[i];
        bool found = false;
        if (!theirs->unique || !theirs->valid || theirs->inherited || theirs->exclusion)
            continue;
        for (size_t j = 0; !found && j < source->index_count; j++)
            found = implies(sides, &source->indexes[j], theirs);
        if (!found)
            return mem_printf("unique index %s is there on the %s only", theirs->name, sides->role);
    }
    return NULL;
}

static bool same_reference(const struct model_table *source, const struct model_constraint *ours,
                           const struct model_table *target, const struct model_constraint *theirs)
{
    if (ours->type != 'f' || !ours->enforced || ours->column_count != theirs->column_count ||
        (theirs->match == 'f' && ours->match != 'f') ||
        !diff_same(ours->ref_table, theirs->ref_table))
        return false;
    for (size_t i = 0; i < theirs->column_count; i++) {
        const char *name = target->columns[theirs->columns[i]].name;
        size_t j = 0;
        while (j < ours->column_count &&
               (strcmp(source->columns[ours->columns[j]].name, name) != 0 ||
                !diff_same(ours->ref_columns[j], theirs->ref_columns[i])))
            j++;
        if (j == ours->column_count)
            return false;
    }
    return true;
}

/* A foreign key whose table is not copied is on one side by design. */
static bool comparable(const struct sides *sides, const struct model_constraint *foreign)
{
    const struct model_table *ours = model_table(sides->source, foreign->ref_table);
    const struct model_table *theirs = model_table(sides->target, foreign->ref_table);
    return !foreign->ref_outside && ours && theirs && !ours->excluded && !theirs->excluded;
}

static char *stricter_constraint(const struct sides *sides, const struct model_table *source,
                                 const struct model_table *target)
{
    for (size_t i = 0; i < target->constraint_count; i++) {
        const struct model_constraint *theirs = &target->constraints[i];
        bool found = false;
        if (theirs->inherited || !theirs->enforced)
            continue;
        if (theirs->type == 'c' || theirs->type == 'x') {
            if (!has_check(sides, source->constraints, source->constraint_count, theirs))
                return mem_printf(
                    "%s %s is %s on the %s%s", theirs->type == 'c' ? "check" : "constraint",
                    theirs->name, model_constraint(source, theirs->name) ? "another one" : "there",
                    sides->role, model_constraint(source, theirs->name) ? "" : " only");
        } else if (theirs->type == 'f' && comparable(sides, theirs)) {
            for (size_t j = 0; !found && j < source->constraint_count; j++)
                found = same_reference(source, &source->constraints[j], target, theirs);
            if (!found)
                return mem_printf("foreign key %s is there on the %s only", theirs->name,
                                  sides->role);
        }
    }
    return NULL;
}

static bool hidden(const struct model_table *table, const char *column)
{
    const struct model_column *found = column ? model_column(table, column) : NULL;
    return found && found->hidden;
}

static bool known(const struct sides *sides, const struct model_table *source, const char *name)
{
    return model_index(source, name) || model_constraint(source, name) ||
           diff_stands_in(sides->source, source, name);
}

static char *stricter_cockroach(const struct sides *sides, const struct model_table *source,
                                const struct model_table *target)
{
    for (size_t i = 0; i < target->index_count; i++) {
        const struct model_index *theirs = &target->indexes[i];
        if (theirs->unique && theirs->valid && !theirs->primary && theirs->part_count > 0 &&
            !hidden(target, theirs->parts[0].column) && !known(sides, source, theirs->name))
            return mem_printf("unique index %s is there on the %s only", theirs->name, sides->role);
    }
    for (size_t i = 0; i < target->constraint_count; i++) {
        const struct model_constraint *theirs = &target->constraints[i];
        bool check = theirs->type == 'c';
        if ((check || (theirs->type == 'f' && comparable(sides, theirs))) &&
            !known(sides, source, theirs->name))
            return mem_printf("%s %s is there on the %s only", check ? "check" : "foreign key",
                              theirs->name, sides->role);
    }
    return NULL;
}

static char *stricter_table(const struct sides *sides, const struct model_table *source,
                            const struct model_table *target)
{
    bool alike = sides->source->engine == sides->target->engine;
    char *why = stricter_column(sides, source, target);
    if (!why && alike)
        why = stricter_index(sides, source, target);
    if (!why && alike)
        why = stricter_constraint(sides, source, target);
    if (!why && !alike && sides->target->engine == ENGINE_COCKROACH)
        why = stricter_cockroach(sides, source, target);
    return why;
}

char *diff_stricter(const struct model_table *source, const struct model *source_model,
                    const struct model_table *target, const struct model *target_model,
                    const char *target_role)
{
    const struct sides sides = {.source = source_model,
                                .target = target_model,
                                .same_text =
                                    source_model->engine == target_model->engine &&
                                    source_model->version / 10000 == target_model->version / 10000,
                                .role = target_role};
    char *why = stricter_table(&sides, source, target);
    /* Its rows lie in its partitions. */
    for (size_t i = 0; !why && target->kind == 'p' && i < target_model->table_count; i++) {
        const struct model_table *theirs = &target_model->tables[i];
        const struct model_table *ours = model_table(source_model, theirs->name);
        if (theirs->partition && ours && ours->partition &&
            model_root(target_model, theirs) == target) {
            char *found = stricter_table(&sides, ours, theirs);
            why = found ? mem_printf("%s, in partition %s", found, theirs->name) : NULL;
            free(found);
        }
    }
    return why;
}
