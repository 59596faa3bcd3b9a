/*
 * PostgreSQL objects beside tables and types, which come with the definition that the source's
 * server gives, and all comments. All of them are optional: a view that cannot be created is
 * reported, and the rows are safe without it.
 */
#include "db/postgres_ddl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/quote.h"

static char *people_name(const struct model_object *object)
{
    return mem_printf("%s %s", object->word, object->name);
}

static bool table_left_out(const struct ddl *ddl, const struct model_object *object)
{
    const struct model_table *table = model_table(ddl->model, object->table);
    return table && table->excluded;
}

/* A partition that lies in another schema is created in the kept one: the rows of the whole table
 * need it. */
static void write_partition(struct ddl *ddl, const struct model_object *object)
{
    const struct model *model = ddl->model;
    struct buf sql = BUF_INIT;
    bool taken = model_table(model, object->plain) || model_sequence(model, object->plain);
    char *name =
        taken ? mem_printf("%s_%s", object->schema, object->plain) : mem_strdup(object->plain);
    char *people = people_name(object);
    ddl_substituted(ddl, people, "becomes partition %s in schema %s", name, model->schema);
    buf_adds(&sql, "CREATE TABLE ");
    ddl_name(&sql, model, name);
    buf_adds(&sql, " PARTITION OF ");
    ddl_name(&sql, model, object->table);
    buf_addf(&sql, " %s", object->definition);
    ddl_add(ddl, &sql, model_table(model, object->table), false, "%s", people);
    free(people);
    free(name);
}

static const char *state_words(char state)
{
    switch (state) {
    case 'D':
        return "DISABLE";
    case 'R':
        return "ENABLE REPLICA";
    case 'A':
        return "ENABLE ALWAYS";
    default:
        return NULL;
    }
}

static void write_state(struct ddl *ddl, const struct model_object *object, const char *people)
{
    const char *words = state_words(object->trigger_state);
    if (!words || !object->on_table)
        return;
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TABLE ");
    ddl_name(&sql, ddl->model, object->table);
    buf_addf(&sql, " %s %s ", words, object->kind == OBJECT_RULE ? "RULE" : "TRIGGER");
    quote_ident(&sql, object->plain);
    ddl_add(ddl, &sql, model_table(ddl->model, object->table), true, "state of %s", people);
}

/* The trigger that a partition has from a table above it, which names it alike. */
static const struct model_object *trigger_above(const struct model *model,
                                                const struct model_object *state)
{
    const struct model_table *table = model_table(model, state->table);
    while (table && table->partition && (table = model_table(model, table->parent)) != NULL)
        for (size_t i = 0; i < model->object_count; i++) {
            const struct model_object *object = &model->objects[i];
            if (object->kind == OBJECT_TRIGGER && strcmp(object->table, table->name) == 0 &&
                strcmp(object->plain, state->plain) == 0)
                return object;
        }
    return NULL;
}

/* Partitions get the state of the trigger above; what differs is said for each alone. */
static void write_own_state(struct ddl *ddl, const struct model_object *object)
{
    const struct model_object *above = trigger_above(ddl->model, object);
    if (!above || !above->definition || above->trigger_state == object->trigger_state ||
        table_left_out(ddl, above))
        return;
    const char *words = state_words(object->trigger_state);
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TABLE ONLY ");
    ddl_name(&sql, ddl->model, object->table);
    buf_addf(&sql, " %s TRIGGER ", words ? words : "ENABLE");
    quote_ident(&sql, object->plain);
    ddl_add(ddl, &sql, model_table(ddl->model, object->table), true, "state of trigger %s",
            object->name);
}

/* Providers and rules that an older server does not know; both order plain text alike. */
static void write_collation(struct ddl *ddl, const struct model_object *object, const char *people)
{
    struct buf sql = BUF_INIT;
    const char *rules =
        ddl->version < POSTGRES_16 ? ddl_find(object->definition, ", RULES = ") : NULL;
    if (ddl->version < POSTGRES_17 && ddl_find(object->definition, "PROVIDER = builtin")) {
        buf_addf(&sql, "CREATE %s (PROVIDER = libc, LOCALE = 'C')", object->comment_on);
        ddl_substituted(ddl, people, "the builtin provider needs PostgreSQL 17: becomes that of C");
    } else if (rules) {
        const char *quote = strchr(rules, '\'');
        const char *end = quote ? quote + 1 : rules + strlen(rules);
        while (*end && (*end != '\'' || end[1] == '\''))
            end += *end == '\'' ? 2 : 1;
        buf_add(&sql, object->definition, (size_t)(rules - object->definition));
        buf_adds(&sql, *end ? end + 1 : "");
        ddl_substituted(ddl, people, "its rules need PostgreSQL 16 and are left out");
    } else {
        buf_adds(&sql, object->definition);
    }
    ddl_add(ddl, &sql, NULL, false, "%s", people);
}

static void write_definition(struct ddl *ddl, const struct model_object *object, const char *people)
{
    struct buf sql = BUF_INIT;
    const char *option = "security_invoker=";
    const char *at = object->kind == OBJECT_VIEW && ddl->version < POSTGRES_15
                         ? ddl_find(object->definition, option)
                         : NULL;
    const char *body = ddl_find(object->definition, " AS ");
    if (at && (!body || at < body)) {
        /* It is cut with its value and one comma; alone in its parentheses, these go too. */
        const char *end = strchr(at + strlen(option) + 1, '\'');
        end = end ? end + 1 : at + strlen(at);
        const char *start = at;
        if (strncmp(end, ", ", 2) == 0)
            end += 2;
        else if (start - object->definition > 2 && strncmp(start - 2, ", ", 2) == 0)
            start -= 2;
        else if (*end == ')') {
            start -= strlen(" WITH (");
            end++;
        }
        buf_add(&sql, object->definition, (size_t)(start - object->definition));
        buf_adds(&sql, end);
        ddl_substituted(ddl, people,
                        "security_invoker needs PostgreSQL 15: the view runs as its owner");
    } else {
        buf_adds(&sql, object->definition);
    }
    ddl_add(ddl, &sql, model_table(ddl->model, object->table), true, "%s", people);
}

void postgres_object(struct ddl *ddl, const struct model_object *object)
{
    char *people = people_name(object);
    bool from_cockroach = ddl->model->engine == ENGINE_COCKROACH;
    if (object->kind == OBJECT_PARTITION) {
        if (!table_left_out(ddl, object))
            write_partition(ddl, object);
    } else if (object->kind == OBJECT_TRIGGER_STATE) {
        write_own_state(ddl, object);
    } else if (strcmp(object->word, "row type") == 0) {
        ddl_substituted(ddl, people, "the table becomes one with columns of its own");
    } else if (!object->definition) {
        ddl_not_carried(ddl, people, "dbr does not write such objects; create it by hand");
    } else if (from_cockroach) {
        ddl_not_carried(ddl, people, "it is written in CockroachDB's dialect; create it by hand");
    } else if (object->kind == OBJECT_COLLATION) {
        write_collation(ddl, object, people);
    } else if (table_left_out(ddl, object)) {
        ddl_not_carried(ddl, people, "table %s is not copied", object->table);
    } else {
        write_definition(ddl, object, people);
        write_state(ddl, object, people);
        if (object->kind == OBJECT_MATERIALIZED_VIEW && object->populated) {
            struct buf sql = BUF_INIT;
            buf_adds(&sql, "REFRESH MATERIALIZED VIEW ");
            ddl_name(&sql, ddl->model, object->plain);
            ddl_add(ddl, &sql, NULL, true, "rows of %s", people);
        }
    }
    free(people);
}

static void comment_table(struct ddl *ddl, const struct model_table *table)
{
    struct buf on = BUF_INIT;
    ddl_comment_columns(ddl, table);
    for (size_t i = 0; i < table->constraint_count; i++) {
        buf_adds(&on, "CONSTRAINT ");
        quote_ident(&on, table->constraints[i].name);
        buf_adds(&on, " ON ");
        ddl_name(&on, ddl->model, table->name);
        ddl_comment(ddl, &on, table, table->constraints[i].comment, table->constraints[i].name);
    }
    for (size_t i = 0; i < table->index_count; i++) {
        if (!table->indexes[i].valid)
            continue;
        buf_adds(&on, "INDEX ");
        ddl_name(&on, ddl->model, table->indexes[i].name);
        ddl_comment(ddl, &on, table, table->indexes[i].comment, table->indexes[i].name);
    }
    buf_release(&on);
}

static void comment_type(struct ddl *ddl, const struct model_type *type)
{
    struct buf on = BUF_INIT;
    buf_adds(&on, type->kind == TYPE_DOMAIN ? "DOMAIN " : "TYPE ");
    ddl_name(&on, ddl->model, type->name);
    ddl_comment(ddl, &on, NULL, type->comment, type->name);
    for (size_t i = 0; i < type->check_count; i++) {
        buf_adds(&on, "CONSTRAINT ");
        quote_ident(&on, type->checks[i].name);
        buf_adds(&on, " ON DOMAIN ");
        ddl_name(&on, ddl->model, type->name);
        ddl_comment(ddl, &on, NULL, type->checks[i].comment, type->checks[i].name);
    }
    for (size_t i = 0; i < type->attribute_count; i++) {
        buf_adds(&on, "COLUMN ");
        ddl_name(&on, ddl->model, type->name);
        buf_addch(&on, '.');
        quote_ident(&on, type->attributes[i].name);
        ddl_comment(ddl, &on, NULL, type->attributes[i].comment, type->attributes[i].name);
    }
    buf_release(&on);
}

void postgres_comments(struct ddl *ddl)
{
    const struct model *model = ddl->model;
    struct buf on = BUF_INIT;
    buf_adds(&on, "SCHEMA ");
    quote_ident(&on, model->schema);
    ddl_comment(ddl, &on, NULL, model->schema_comment, model->schema);
    for (size_t i = 0; i < model->type_count; i++)
        comment_type(ddl, &model->types[i]);
    for (size_t i = 0; i < model->sequence_count; i++) {
        const struct model_table *owner = model_table(model, model->sequences[i].owner_table);
        if (owner && owner->excluded)
            continue;
        buf_adds(&on, "SEQUENCE ");
        ddl_name(&on, model, model->sequences[i].name);
        ddl_comment(ddl, &on, NULL, model->sequences[i].comment, model->sequences[i].name);
    }
    for (size_t i = 0; i < model->table_count; i++)
        if (!model->tables[i].excluded)
            comment_table(ddl, &model->tables[i]);
    for (size_t i = 0; i < model->object_count && model->engine == ENGINE_POSTGRES; i++) {
        const struct model_object *object = &model->objects[i];
        if (!object->comment_on || !object->definition || table_left_out(ddl, object))
            continue;
        buf_adds(&on, object->comment_on);
        ddl_comment(ddl, &on, model_table(model, object->table), object->comment, object->name);
    }
    buf_release(&on);
}
