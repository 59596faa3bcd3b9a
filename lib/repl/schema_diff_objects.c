/*
 * What changed in views, functions, triggers and the like, between two PostgreSQL servers. They
 * hold no rows, so a changed one is replaced without asking; one that only the target has is
 * dropped with consent.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "db/quote.h"
#include "repl/schema_diff.h"

static const struct model_object *find(const struct model *model, const struct model_object *wanted)
{
    for (size_t i = 0; i < model->object_count; i++)
        if (model->objects[i].kind == wanted->kind &&
            strcmp(model->objects[i].name, wanted->name) == 0)
            return &model->objects[i];
    return NULL;
}

static bool is_view(const struct model_object *object)
{
    return object->kind == OBJECT_VIEW || object->kind == OBJECT_MATERIALIZED_VIEW;
}

static bool is_routine(const struct model_object *object)
{
    return object->kind == OBJECT_FUNCTION || object->kind == OBJECT_PROCEDURE;
}

/* Hangs on a view: gone when the view is. */
static bool on_view(const struct model *model, const struct model_object *object)
{
    return object->table && !model_table(model, object->table);
}

static void drop(struct diff *diff, const struct model_object *object, bool optional)
{
    struct buf sql = BUF_INIT;
    if (!object->comment_on)
        return;
    /* "TRIGGER x ON y" becomes "DROP TRIGGER IF EXISTS x ON y"; the kind is the words in capitals.
     */
    const char *name = object->comment_on;
    for (const char *p = name; *p == ' ' || (*p >= 'A' && *p <= 'Z'); p++)
        if (*p == ' ')
            name = p + 1;
    buf_addf(&sql, "DROP %.*sIF EXISTS %s", (int)(name - object->comment_on), object->comment_on,
             name);
    /* Whatever needs a view or function that the source has no more is not on the source either. */
    if (is_view(object) || (is_routine(object) && !optional))
        buf_adds(&sql, " CASCADE");
    ddl_add(&diff->ddl, &sql, model_table(diff->source, object->table), optional, "%s %s",
            object->word, object->name);
}

static void replace(struct diff *diff, const struct model_object *object)
{
    size_t first = diff->ddl.statement_count;
    if (!is_routine(object) && object->kind != OBJECT_VIEW)
        drop(diff, object, true);
    diff->engine->ddl->object(&diff->ddl, object);
    struct ddl_statement *statement = &diff->ddl.statements[first];
    static const char create[] = "CREATE VIEW";
    if (object->kind == OBJECT_VIEW && diff->ddl.statement_count > first &&
        strncmp(statement->sql, create, strlen(create)) == 0) {
        char *sql = mem_printf("CREATE OR REPLACE VIEW%s", statement->sql + strlen(create));
        free(statement->sql);
        statement->sql = sql;
    }
    /* The comment goes with what is dropped, by name or with a view. */
    if (!object->comment || !object->comment_on)
        return;
    struct buf comment = BUF_INIT;
    buf_addf(&comment, "COMMENT ON %s IS ", object->comment_on);
    quote_literal(&comment, object->comment);
    ddl_add(&diff->ddl, &comment, model_table(diff->source, object->table), true, "comment on %s",
            object->name);
}

/* The text of a view without the names before columns, which some versions print and others do
 * not. */
static char *unqualified(const char *text)
{
    struct buf out = BUF_INIT;
    size_t word = 0; /* where the last name begins in out */
    char quote = '\0';
    for (const char *p = text; *p; p++) {
        bool name = isalnum((unsigned char)*p) || *p == '_' || (unsigned char)*p >= 0x80;
        if (*p == '.' && !quote && word < out.len && !isdigit((unsigned char)out.data[word])) {
            buf_truncate(&out, word);
            continue;
        }
        buf_addch(&out, *p);
        if (quote && *p == quote) {
            quote = '\0';
        } else if (!quote && (*p == '"' || *p == '\'')) {
            quote = *p;
            word = out.len - 1;
        } else if (!quote && !name) {
            word = out.len;
        }
    }
    return buf_detach(&out);
}

static bool same_view(const char *a, const char *b)
{
    char *ours = unqualified(a), *theirs = unqualified(b);
    bool same = diff_alike(ours, theirs);
    free(ours);
    free(theirs);
    return same;
}

/* Triggers are compared without their state: on a standby they are switched off. */
static bool same_object(const struct diff *diff, const struct model_object *a,
                        const struct model_object *b)
{
    if (!a->definition || a->kind == OBJECT_EXTENSION || a->kind == OBJECT_COLLATION ||
        a->kind == OBJECT_PARTITION)
        return true;
    if (!diff->same_text && a->kind == OBJECT_VIEW && b->definition)
        return same_view(a->definition, b->definition);
    return (!diff->same_text && !is_routine(a)) || diff_same(a->definition, b->definition);
}

void diff_object(struct diff *diff, const struct model_object *object)
{
    const struct model_object *theirs = find(diff->target, object);
    bool again = diff->views_added_again || diff->views_removed_again;
    bool view = is_view(object) || on_view(diff->source, object);
    if (!diff->postgres || !object->definition ||
        (object->kind == OBJECT_PARTITION && model_table(diff->target, object->plain)))
        return;
    if (!theirs)
        diff->engine->ddl->object(&diff->ddl, object);
    else if ((again && view) || !same_object(diff, object, theirs))
        replace(diff, object);
    /* A function may be what a new default or check needs. */
    diff_add(diff, plan_object_early(object) ? PLAN_STRUCTURE : PLAN_PROGRAMS);
}

void diff_drop_views(struct diff *diff)
{
    for (size_t i = diff->target->object_count; i-- > 0;)
        if (is_view(&diff->target->objects[i]) && !diff->kept[i])
            drop(diff, &diff->target->objects[i], false);
}

void diff_drop_objects(struct diff *diff)
{
    const struct model *target = diff->target;
    for (size_t i = target->object_count; i-- > 0;) {
        const struct model_object *theirs = &target->objects[i];
        if (!theirs->definition || theirs->kind == OBJECT_EXTENSION || on_view(target, theirs) ||
            diff->kept[i] || find(diff->source, theirs))
            continue;
        /* What hangs on a table that goes too is gone by then. */
        const struct model_table *table = model_table(diff->source, theirs->table);
        if (!theirs->table || table)
            drop(diff, theirs, false);
    }
    diff_remove(diff);
}

void plan_views(const struct model *source, const struct model *target, const struct engine *engine,
                struct plan *plan)
{
    struct ddl ddl;
    ddl_init(&ddl, target, engine, target->version);
    for (size_t i = 0; i < target->object_count; i++) {
        const struct model_object *object = &target->objects[i];
        if ((is_view(object) || on_view(target, object)) && object->definition &&
            find(source, object))
            engine->ddl->object(&ddl, object);
    }
    plan_take(plan, &ddl, PLAN_PROGRAMS);
    ddl_release(&ddl);
}
