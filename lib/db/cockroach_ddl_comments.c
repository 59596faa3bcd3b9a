/* Comments on CockroachDB: on what was carried there, and of what kinds it has them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/cockroach_ddl.h"
#include "db/engine.h"
#include "db/quote.h"

static void lost(struct ddl *ddl, const char *kind, const char *name, const char *text)
{
    if (!text)
        return;
    char *object = mem_printf("comment on %s %s", kind, name);
    ddl_not_carried(ddl, object, "CockroachDB has no comments on such %ss", kind);
    free(object);
}

/* Whether writing it gives a statement; its note is told elsewhere. */
static bool constraint_carried(const struct ddl *ddl, const struct model_table *table,
                               const struct model_constraint *constraint)
{
    struct ddl tried;
    if (constraint->type == 'p')
        return true;
    ddl_init(&tried, ddl->model, &engine_cockroach, ddl->version);
    cockroach_constraint(&tried, table, constraint);
    bool carried = tried.statement_count > 0;
    ddl_release(&tried);
    return carried;
}

static bool index_carried(const struct ddl *ddl, const struct model_table *table,
                          const struct model_index *index)
{
    const struct model_constraint *constraint = model_constraint(table, index->name);
    struct ddl tried;
    if (index->primary || index == cockroach_promoted(ddl->model, table))
        return true;
    if (constraint)
        return constraint_carried(ddl, table, constraint);
    ddl_init(&tried, ddl->model, &engine_cockroach, ddl->version);
    cockroach_index(&tried, table, index);
    bool carried = tried.statement_count > 0;
    ddl_release(&tried);
    return carried;
}

static void comment_keys(struct ddl *ddl, const struct model_table *table)
{
    struct buf on = BUF_INIT;
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *constraint = &table->constraints[i];
        if (strchr("ux", constraint->type) || !constraint->comment ||
            !constraint_carried(ddl, table, constraint))
            continue;
        buf_adds(&on, "CONSTRAINT ");
        quote_ident(&on, constraint->name);
        buf_adds(&on, " ON ");
        ddl_name(&on, ddl->model, table->name);
        ddl_comment(ddl, &on, table, constraint->comment, constraint->name);
    }
    for (size_t i = 0; i < table->index_count; i++) {
        const struct model_index *index = &table->indexes[i];
        const struct model_constraint *unique = model_constraint(table, index->name);
        /* A unique constraint is its index there. */
        const char *of_constraint = unique && unique->type == 'u' ? unique->comment : NULL;
        const char *text = index->comment ? index->comment : of_constraint;
        if (!text || !index_carried(ddl, table, index))
            continue;
        buf_adds(&on, "INDEX ");
        ddl_name(&on, ddl->model, table->name);
        buf_addch(&on, '@');
        quote_ident(&on, index->name);
        ddl_comment(ddl, &on, table, text, index->name);
    }
    buf_release(&on);
}

static void comment_table(struct ddl *ddl, const struct model_table *table)
{
    ddl_comment_columns(ddl, table);
    comment_keys(ddl, table);
}

static void comment_type(struct ddl *ddl, const struct model_type *type)
{
    struct buf on = BUF_INIT;
    if (type->kind == TYPE_ENUM || (type->kind == TYPE_COMPOSITE && cockroach_composite(type))) {
        buf_adds(&on, "TYPE ");
        ddl_name(&on, ddl->model, type->name);
        ddl_comment(ddl, &on, NULL, type->comment, type->name);
    } else {
        lost(ddl, type->kind == TYPE_DOMAIN ? "domain" : "type", type->name, type->comment);
    }
    for (size_t i = 0; i < type->attribute_count; i++) {
        char *name = mem_printf("%s.%s", type->name, type->attributes[i].name);
        lost(ddl, "attribute", name, type->attributes[i].comment);
        free(name);
    }
    for (size_t i = 0; i < type->check_count; i++)
        lost(ddl, "check", type->checks[i].name, type->checks[i].comment);
    buf_release(&on);
}

void cockroach_comments(struct ddl *ddl)
{
    const struct model *model = ddl->model;
    struct buf on = BUF_INIT;
    buf_adds(&on, "SCHEMA ");
    quote_ident(&on, model->schema);
    ddl_comment(ddl, &on, NULL, model->schema_comment, model->schema);
    for (size_t i = 0; i < model->type_count; i++)
        comment_type(ddl, &model->types[i]);
    for (size_t i = 0; i < model->sequence_count; i++)
        lost(ddl, "sequence", model->sequences[i].name, model->sequences[i].comment);
    for (size_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        if (!table->excluded && !table->partition)
            comment_table(ddl, table);
        else if (table->partition && !table->excluded)
            lost(ddl, "partition", table->name, table->comment);
    }
    buf_release(&on);
}
