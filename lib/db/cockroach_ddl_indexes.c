/* CockroachDB indexes: which kind an index of PostgreSQL becomes, and its columns in that kind's
 * spelling. */
#include "db/cockroach_ddl.h"
#include "db/cockroach_expr.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/quote.h"

enum form {
    FORM_NONE,     /* not carried over */
    FORM_ORDERED,  /* CREATE INDEX */
    FORM_INVERTED, /* CREATE INVERTED INDEX */
    FORM_TRIGRAM   /* CREATE INDEX ... USING GIN (column gin_trgm_ops), or GIST */
};

static bool opclass_is(const struct model_index_part *part, const char *name)
{
    const char *dot = part->opclass ? strrchr(part->opclass, '.') : NULL;
    return part->opclass && strcmp(dot ? dot + 1 : part->opclass, name) == 0;
}

/* What the column is on CockroachDB: "JSONB", "STRING[]", ...; NULL for an expression. */
static char *part_type(const struct ddl *ddl, const struct model_table *table,
                       const struct model_index_part *part)
{
    const struct model_column *column = model_column(table, part->column);
    struct buf type = BUF_INIT;
    const char *why;
    if (!column)
        return NULL;
    cockroach_column_type(&type, ddl->model, column, ddl->version, &why);
    return buf_detach(&type);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && strcmp(text + len - tail, end) == 0;
}

static enum form gin_form(const struct ddl *ddl, const struct model_table *table,
                          const struct model_index *index)
{
    const struct model_index_part *part = &index->parts[index->part_count - 1];
    if (opclass_is(part, "gin_trgm_ops"))
        return index->part_count == 1 ? FORM_TRIGRAM : FORM_NONE;
    if (index->part_count > 1)
        return FORM_NONE; /* inverted in its last column only: another thing */
    char *type = part_type(ddl, table, part);
    enum form form = !type || strcmp(type, "JSONB") == 0 || strcmp(type, "TSVECTOR") == 0 ||
                             ends_with(type, "[]")
                         ? FORM_INVERTED
                         : FORM_ORDERED;
    free(type);
    return form;
}

static enum form gist_form(const struct ddl *ddl, const struct model_table *table,
                           const struct model_index *index)
{
    const struct model_index_part *part = &index->parts[0];
    if (index->part_count != 1)
        return FORM_NONE;
    if (opclass_is(part, "gist_trgm_ops"))
        return FORM_TRIGRAM;
    char *type = part_type(ddl, table, part);
    bool geo = type && (strncmp(type, "GEOMETRY", 8) == 0 || strncmp(type, "GEOGRAPHY", 9) == 0);
    bool text = type && strcmp(type, "TSVECTOR") == 0;
    free(type);
    return geo || text ? FORM_INVERTED : FORM_NONE;
}

/* Columns that became strings have no order that a query over the old type could use. */
static bool ordered_fits(const struct ddl *ddl, const struct model_table *table,
                         const struct model_index *index)
{
    for (size_t i = 0; i < index->part_count; i++) {
        const struct model_column *column = model_column(table, index->parts[i].column);
        if (column && !cockroach_indexable(ddl->model, column))
            return false;
    }
    return true;
}

static enum form index_form(struct ddl *ddl, const struct model_table *table,
                            const struct model_index *index, const char *object)
{
    enum form form = FORM_ORDERED;
    if (index->part_count == 0)
        form = FORM_NONE;
    else if (strcmp(index->method, "gin") == 0)
        form = gin_form(ddl, table, index);
    else if (strcmp(index->method, "gist") == 0)
        form = gist_form(ddl, table, index);
    else if (strcmp(index->method, "hash") == 0 || strcmp(index->method, "brin") == 0)
        ddl_substituted(ddl, object, "%s becomes an ordered index", index->method);
    else if (strcmp(index->method, "btree") != 0)
        form = FORM_NONE;
    if (form == FORM_ORDERED && !ordered_fits(ddl, table, index)) {
        ddl_not_carried(ddl, object, "it is over a type that CockroachDB cannot index");
        return FORM_NONE;
    }
    if (form == FORM_NONE)
        ddl_not_carried(ddl, object, "CockroachDB has no such %s index", index->method);
    return form;
}

static void note_part(struct ddl *ddl, const struct model_index_part *part, const char *object)
{
    static const char *const bytewise[] = {"\"C\"", "\"POSIX\""};
    /* Text is ordered byte by byte there, which is what the pattern classes are for. */
    bool silent = !part->opclass || strstr(part->opclass, "pattern_ops") ||
                  opclass_is(part, "jsonb_path_ops") || strstr(part->opclass, "trgm_ops");
    if (!silent)
        ddl_substituted(ddl, object, "operator class %s is left out", part->opclass);
    bool plain = !part->collation;
    for (size_t i = 0; !plain && i < 2; i++)
        plain = strcmp(part->collation, bytewise[i]) == 0;
    if (!plain)
        ddl_substituted(ddl, object, "collation %s is left out: text is ordered byte by byte",
                        part->collation);
}

static bool write_part(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                       const struct model_index *index, const struct model_index_part *part,
                       enum form form, const char *object)
{
    if (part->column) {
        quote_ident(sql, part->column);
    } else {
        struct cockroach_expr context = {.model = ddl->model,
                                         .version = ddl->version,
                                         .table = table,
                                         .no_generated = true,
                                         .why = BUF_INIT};
        buf_addch(sql, '(');
        bool written = cockroach_expression(sql, &context, part->expression);
        enum expr_class class =
            class_of_piece(&context, part->expression, strlen(part->expression));
        if (written && form == FORM_ORDERED &&
            (class == CLASS_JSON || class == CLASS_WORDS || class == CLASS_QUERY)) {
            buf_adds(&context.why, "it is of a type that CockroachDB cannot index");
            written = false;
        }
        buf_addch(sql, ')');
        /* An index that is not unique decides nothing. */
        if (written && index->unique)
            cockroach_note_loose(ddl, &context, object);
        if (!written)
            ddl_not_carried(ddl, object, "%s: %s", part->expression, context.why.data);
        buf_release(&context.why);
        if (!written)
            return false;
    }
    note_part(ddl, part, object);
    if (form == FORM_TRIGRAM)
        buf_adds(sql, opclass_is(part, "gist_trgm_ops") ? " gist_trgm_ops" : " gin_trgm_ops");
    if (form != FORM_ORDERED)
        return true;
    /* PostgreSQL's own defaults must not be spelled out. */
    if (part->descending)
        buf_adds(sql, part->nulls_first ? " DESC" : " DESC NULLS LAST");
    else if (part->nulls_first)
        buf_adds(sql, " ASC NULLS FIRST");
    return true;
}

static bool write_predicate(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                            const struct model_index *index, const char *object)
{
    if (!index->predicate)
        return true;
    struct cockroach_expr context = {.model = ddl->model,
                                     .version = ddl->version,
                                     .table = table,
                                     .no_generated = true,
                                     .why = BUF_INIT};
    buf_adds(sql, " WHERE ");
    bool written = cockroach_expression(sql, &context, index->predicate);
    if (written)
        cockroach_note_loose(ddl, &context, object);
    else
        ddl_not_carried(ddl, object, "WHERE %s: %s", index->predicate, context.why.data);
    buf_release(&context.why);
    return written;
}

void cockroach_index(struct ddl *ddl, const struct model_table *table,
                     const struct model_index *index)
{
    char *object = mem_printf("index %s", index->name);
    struct buf sql = BUF_INIT;
    enum form form = FORM_NONE;
    if (!index->valid)
        ddl_not_carried(ddl, object, "it is invalid on the source");
    else
        form = index_form(ddl, table, index, object);
    bool written = form != FORM_NONE;
    buf_adds(&sql, form == FORM_INVERTED ? "CREATE INVERTED INDEX "
                   : index->unique       ? "CREATE UNIQUE INDEX "
                                         : "CREATE INDEX ");
    quote_ident(&sql, index->name);
    buf_adds(&sql, " ON ");
    ddl_name(&sql, ddl->model, table->name);
    if (form == FORM_TRIGRAM)
        buf_adds(&sql, strcmp(index->method, "gist") == 0 ? " USING GIST" : " USING GIN");
    buf_adds(&sql, " (");
    for (size_t i = 0; written && i < index->part_count; i++) {
        buf_adds(&sql, i ? ", " : "");
        written = write_part(ddl, &sql, table, index, &index->parts[i], form, object);
    }
    buf_addch(&sql, ')');
    if (written && form == FORM_ORDERED)
        cockroach_storing(&sql, table, index);
    written = written && write_predicate(ddl, &sql, table, index, object);
    if (written)
        ddl_add(ddl, &sql, table, false, "%s", object);
    /* fillfactor and the like, of which the model keeps PostgreSQL's text. */
    if (written && index->definition && ddl_find(index->definition, " WITH ("))
        ddl_substituted(ddl, object, "its storage settings have no meaning there");
    if (written && index->nulls_not_distinct)
        cockroach_nulls_index(ddl, table, index, object);
    buf_release(&sql);
    free(object);
}
