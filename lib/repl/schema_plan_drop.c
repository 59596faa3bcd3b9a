/*
 * Drops what plan_create creates. CASCADE settles the order of views, tables and functions, which
 * may need each other; types are dropped without it, since CASCADE would drop columns of other
 * schemas with their data.
 */
#include <stdlib.h>
#include <string.h>

#include "db/quote.h"
#include "repl/schema_plan_build.h"

static const char *drop_word(enum model_object_kind kind)
{
    switch (kind) {
    case OBJECT_VIEW:
        return "VIEW";
    case OBJECT_MATERIALIZED_VIEW:
        return "MATERIALIZED VIEW";
    case OBJECT_FUNCTION:
        return "FUNCTION";
    case OBJECT_PROCEDURE:
        return "PROCEDURE";
    case OBJECT_AGGREGATE:
        return "AGGREGATE";
    case OBJECT_COLLATION:
        return "COLLATION";
    default:
        return NULL;
    }
}

static bool is_view(const struct model_object *object)
{
    return object->kind == OBJECT_VIEW || object->kind == OBJECT_MATERIALIZED_VIEW;
}

static void drop_object(struct ddl *ddl, const struct model_object *object, bool cascade)
{
    const char *word = drop_word(object->kind);
    if (!word || !object->comment_on || strncmp(object->comment_on, word, strlen(word)) != 0)
        return;
    struct buf sql = BUF_INIT;
    buf_addf(&sql, "DROP %s IF EXISTS%s%s", word, object->comment_on + strlen(word),
             cascade ? " CASCADE" : "");
    ddl_add(ddl, &sql, NULL, false, "%s %s", object->word, object->name);
}

static void drop_tables(struct ddl *ddl)
{
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < ddl->model->table_count; i++) {
        const struct model_table *table = &ddl->model->tables[i];
        if (table->partition && model_table(ddl->model, table->parent))
            continue;
        buf_adds(&sql, sql.len ? ", " : "DROP TABLE IF EXISTS ");
        ddl_name(&sql, ddl->model, table->name);
    }
    if (sql.len > 0) {
        buf_adds(&sql, " CASCADE");
        ddl_add(ddl, &sql, NULL, false, "all tables");
    }
    buf_release(&sql);
}

void plan_drop(const struct model *target, const struct engine *engine, struct plan *plan)
{
    bool postgres = engine->kind == ENGINE_POSTGRES;
    struct ddl ddl;
    ddl_init(&ddl, target, engine, target->version);
    for (size_t i = target->object_count; i-- > 0;)
        if (is_view(&target->objects[i]))
            drop_object(&ddl, &target->objects[i], true);
    drop_tables(&ddl);
    for (size_t i = target->object_count; i-- > 0;)
        if (!is_view(&target->objects[i]) && target->objects[i].kind != OBJECT_COLLATION)
            drop_object(&ddl, &target->objects[i], postgres);
    for (size_t i = 0; i < target->sequence_count; i++) {
        struct buf sql = BUF_INIT;
        if (target->sequences[i].identity)
            continue;
        buf_adds(&sql, "DROP SEQUENCE IF EXISTS ");
        ddl_name(&sql, target, target->sequences[i].name);
        buf_adds(&sql, " CASCADE");
        ddl_add(&ddl, &sql, NULL, false, "sequence %s", target->sequences[i].name);
    }
    /* Types come in the order in which they were made, so backwards nothing is needed any more. */
    for (size_t i = target->type_count; i-- > 0;) {
        struct buf sql = BUF_INIT;
        bool domain = target->types[i].kind == TYPE_DOMAIN;
        buf_adds(&sql, domain ? "DROP DOMAIN IF EXISTS " : "DROP TYPE IF EXISTS ");
        ddl_name(&sql, target, target->types[i].name);
        ddl_add(&ddl, &sql, NULL, false, "%s %s", domain ? "domain" : "type",
                target->types[i].name);
    }
    for (size_t i = 0; i < target->object_count; i++)
        if (target->objects[i].kind == OBJECT_COLLATION)
            drop_object(&ddl, &target->objects[i], false);
    plan_take(plan, &ddl, PLAN_STRUCTURE);
    ddl_release(&ddl);
}
