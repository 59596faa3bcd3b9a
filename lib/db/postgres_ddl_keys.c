/*
 * PostgreSQL keys, checks, foreign keys and indexes. A PostgreSQL source gives complete
 * definitions, from which what an older server does not know is cut out; for any other source they
 * are written from the model.
 */
#include "db/postgres_ddl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/quote.h"

static void cut_out(struct buf *text, size_t start, size_t len)
{
    memmove(text->data + start, text->data + start + len, text->len - start - len);
    buf_truncate(text, text->len - len);
}

/* Cuts the first `word` outside quotes; true when it was there. */
static bool cut(struct buf *text, const char *word)
{
    const char *at = ddl_find(text->data, word);
    if (at)
        cut_out(text, (size_t)(at - text->data), strlen(word));
    return at != NULL;
}

/* Cuts a list of columns that follows `word`; true when there was one. */
static bool cut_columns(struct buf *text, const char *word)
{
    const char *at = ddl_find(text->data, word);
    const char *open = at ? at + strlen(word) : NULL;
    const char *close = open && strncmp(open, " (", 2) == 0 ? ddl_find(open, ")") : NULL;
    if (close)
        cut_out(text, (size_t)(open - text->data), (size_t)(close - open) + 1);
    return close != NULL;
}

static char *people_name(const struct model_table *table, const struct model_constraint *constraint)
{
    const char *word = constraint->type == 'f'   ? "foreign key"
                       : constraint->type == 'c' ? "check"
                                                 : "constraint";
    return mem_printf("%s %s of table %s", word, constraint->name, table->name);
}

/* The definition from the model, for sources whose own text PostgreSQL does not take. */
static void model_text(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                       const struct model_constraint *constraint)
{
    switch (constraint->type) {
    case 'c':
        buf_adds(sql, "CHECK (");
        postgres_expr(sql, ddl->model, constraint->check_expr);
        buf_addch(sql, ')');
        break;
    case 'f':
        buf_adds(sql, "FOREIGN KEY ");
        ddl_columns(sql, table, constraint->columns, constraint->column_count);
        buf_adds(sql, " REFERENCES ");
        ddl_ref_table(sql, ddl->model, constraint);
        buf_addch(sql, ' ');
        ddl_names(sql, constraint->ref_columns, constraint->ref_column_count);
        ddl_actions(sql, constraint);
        break;
    default:
        buf_adds(sql, constraint->type == 'p' ? "PRIMARY KEY " : "UNIQUE ");
        ddl_columns(sql, table, constraint->columns, constraint->column_count);
        break;
    }
    if (!constraint->validated)
        buf_adds(sql, " NOT VALID");
}

/* What the target is too old for. */
static bool downgrade(struct ddl *ddl, struct buf *sql, const struct model_constraint *constraint,
                      const char *object)
{
    if (ddl->version < POSTGRES_18 && !constraint->enforced) {
        ddl_not_carried(ddl, object, "NOT ENFORCED needs PostgreSQL 18 on the target");
        return false;
    }
    if (ddl->version < POSTGRES_18 && constraint->period) {
        if (constraint->type == 'f') {
            ddl_not_carried(ddl, object, "PERIOD needs PostgreSQL 18 on the target");
            return false;
        }
        cut(sql, " WITHOUT OVERLAPS");
        ddl_substituted(ddl, object, "WITHOUT OVERLAPS needs PostgreSQL 18: becomes a plain key");
    }
    if (ddl->version < POSTGRES_15 && cut(sql, " NULLS NOT DISTINCT"))
        ddl_substituted(ddl, object, "NULLS NOT DISTINCT needs PostgreSQL 15: NULLs are distinct");
    if (ddl->version < POSTGRES_15 && constraint->type == 'f') {
        const char *words[] = {"ON DELETE SET NULL", "ON DELETE SET DEFAULT"};
        for (size_t i = 0; i < 2; i++)
            if (cut_columns(sql, words[i]))
                ddl_substituted(ddl, object,
                                "%s for some columns needs PostgreSQL 15: sets all of them",
                                words[i]);
    }
    return true;
}

bool postgres_constraint_text(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                              const struct model_constraint *constraint)
{
    if (ddl->model->engine == ENGINE_COCKROACH) {
        model_text(ddl, sql, table, constraint);
        return true;
    }
    buf_adds(sql, constraint->definition);
    char *object = people_name(table, constraint);
    bool written = downgrade(ddl, sql, constraint, object);
    free(object);
    return written;
}

void postgres_constraint(struct ddl *ddl, const struct model_table *table,
                         const struct model_constraint *constraint)
{
    char *object = people_name(table, constraint);
    const struct model_table *parent =
        constraint->type == 'f' ? model_table(ddl->model, constraint->ref_table) : NULL;
    if (constraint->type == 'f' && (constraint->ref_outside || !parent || parent->excluded)) {
        ddl_not_carried(ddl, object, "table %s, which it refers to, is not copied",
                        constraint->ref_table);
        free(object);
        return;
    }
    struct buf sql = BUF_INIT, text = BUF_INIT;
    if (postgres_constraint_text(ddl, &text, table, constraint)) {
        buf_adds(&sql, "ALTER TABLE ");
        ddl_name(&sql, ddl->model, table->name);
        buf_adds(&sql, " ADD CONSTRAINT ");
        quote_ident(&sql, constraint->name);
        buf_addf(&sql, " %s", text.data);
        ddl_add(ddl, &sql, table, false, "%s", object);
    }
    buf_release(&text);
    free(object);
}

static void index_from_model(struct ddl *ddl, struct buf *sql, const struct model_index *index)
{
    buf_addf(sql, " USING %s (", index->method);
    for (size_t i = 0; i < index->part_count; i++) {
        const struct model_index_part *part = &index->parts[i];
        buf_adds(sql, i ? ", " : "");
        if (part->column) {
            quote_ident(sql, part->column);
        } else {
            buf_addch(sql, '(');
            postgres_expr(sql, ddl->model, part->expression);
            buf_addch(sql, ')');
        }
        if (part->opclass)
            buf_addf(sql, " %s", part->opclass);
        if (part->descending)
            buf_adds(sql, part->nulls_first ? " DESC" : " DESC NULLS LAST");
        else if (part->nulls_first)
            buf_adds(sql, " NULLS FIRST");
    }
    buf_addch(sql, ')');
    if (index->include_count > 0) {
        buf_adds(sql, " INCLUDE ");
        ddl_names(sql, index->include, index->include_count);
    }
    if (index->predicate) {
        buf_adds(sql, " WHERE ");
        postgres_expr(sql, ddl->model, index->predicate);
    }
}

void postgres_index(struct ddl *ddl, const struct model_table *table,
                    const struct model_index *index)
{
    struct buf sql = BUF_INIT;
    char *object = mem_printf("index %s", index->name);
    if (!index->valid) {
        ddl_not_carried(ddl, object, "it is invalid on the source");
        free(object);
        return;
    }
    buf_adds(&sql, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    quote_ident(&sql, index->name);
    buf_adds(&sql, " ON ");
    ddl_name(&sql, ddl->model, table->name);
    /* The definition of a partitioned index says ONLY, which would leave out the partitions. */
    const char *rest = ddl_find(index->definition, " USING ");
    if (rest && ddl->model->engine == ENGINE_POSTGRES)
        buf_adds(&sql, rest);
    else
        index_from_model(ddl, &sql, index);
    if (ddl->version < POSTGRES_15 && cut(&sql, " NULLS NOT DISTINCT"))
        ddl_substituted(ddl, object, "NULLS NOT DISTINCT needs PostgreSQL 15: NULLs are distinct");
    ddl_add(ddl, &sql, table, false, "%s", object);
    free(object);
}

static void write_replica_identity(struct ddl *ddl, const struct model_table *table)
{
    if (table->replica_identity != 'f' && table->replica_identity != 'n' &&
        !(table->replica_identity == 'i' && table->replica_index))
        return;
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TABLE ONLY ");
    ddl_name(&sql, ddl->model, table->name);
    buf_adds(&sql, " REPLICA IDENTITY ");
    if (table->replica_identity == 'i') {
        buf_adds(&sql, "USING INDEX ");
        quote_ident(&sql, table->replica_index);
    } else {
        buf_adds(&sql, table->replica_identity == 'f' ? "FULL" : "NOTHING");
    }
    ddl_add(ddl, &sql, table, false, "replica identity of table %s", table->name);
}

void postgres_keys(struct ddl *ddl, const struct model_table *table)
{
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *constraint = &table->constraints[i];
        bool hidden = constraint->column_count > 0 && table->columns[constraint->columns[0]].hidden;
        if (strchr("pux", constraint->type) && !hidden)
            postgres_constraint(ddl, table, constraint);
    }
    for (size_t i = 0; i < table->index_count; i++) {
        const struct model_index *index = &table->indexes[i];
        if (!index->constraint && !index->primary)
            postgres_index(ddl, table, index);
    }
    write_replica_identity(ddl, table);
}

/* NOT NULL that rows of the source break: PostgreSQL 18 only. */
static void write_unvalidated_not_null(struct ddl *ddl, const struct model_table *table,
                                       const struct model_column *column)
{
    if (ddl->version < POSTGRES_18) {
        char *object = mem_printf("NOT NULL of column %s.%s", table->name, column->name);
        ddl_not_carried(ddl, object, "NOT NULL NOT VALID needs PostgreSQL 18 on the target");
        free(object);
        return;
    }
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TABLE ");
    ddl_name(&sql, ddl->model, table->name);
    buf_adds(&sql, " ADD");
    if (column->not_null_name) {
        buf_adds(&sql, " CONSTRAINT ");
        quote_ident(&sql, column->not_null_name);
    }
    buf_adds(&sql, " NOT NULL ");
    quote_ident(&sql, column->name);
    buf_adds(&sql, " NOT VALID");
    ddl_add(ddl, &sql, table, false, "NOT NULL of column %s.%s", table->name, column->name);
}

void postgres_foreign_keys(struct ddl *ddl, const struct model_table *table)
{
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct model_constraint *constraint = &table->constraints[i];
        bool unvalidated =
            constraint->type == 'c' && !constraint->validated && constraint->enforced;
        if (!constraint->inherited && (constraint->type == 'f' || unvalidated))
            postgres_constraint(ddl, table, constraint);
    }
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].not_null_unvalidated && !table->columns[i].inherited_only)
            write_unvalidated_not_null(ddl, table, &table->columns[i]);
}
