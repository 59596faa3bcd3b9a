/* What the DDL writers of both engines share: gathering statements and notes, and the clauses that
 * are the same. */
#include "db/engine_ddl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/engine.h"
#include "db/quote.h"

void ddl_init(struct ddl *ddl, const struct model *model, const struct engine *target, int version)
{
    memset(ddl, 0, sizeof *ddl);
    ddl->model = model;
    ddl->version = version > 0 ? version : target->ddl->newest;
}

void ddl_release(struct ddl *ddl)
{
    for (size_t i = 0; i < ddl->statement_count; i++) {
        free(ddl->statements[i].sql);
        free(ddl->statements[i].object);
        free(ddl->statements[i].table);
    }
    for (size_t i = 0; i < ddl->note_count; i++) {
        free(ddl->notes[i].object);
        free(ddl->notes[i].text);
    }
    free(ddl->statements);
    free(ddl->notes);
    memset(ddl, 0, sizeof *ddl);
}

/* Room for one more: the arrays double at powers of two. */
static void *grow(void *array, size_t count, size_t size)
{
    return (count & (count - 1)) == 0 ? mem_array(array, count ? 2 * count : 1, size) : array;
}

void ddl_add(struct ddl *ddl, struct buf *sql, const struct model_table *table, bool optional,
             const char *object, ...)
{
    struct buf name = BUF_INIT;
    va_list args;
    va_start(args, object);
    buf_vaddf(&name, object, args);
    va_end(args);
    ddl->statements = grow(ddl->statements, ddl->statement_count, sizeof *ddl->statements);
    ddl->statements[ddl->statement_count++] = (struct ddl_statement){
        .sql = buf_detach(sql),
        .object = buf_detach(&name),
        .table = table ? mem_strdup(model_root(ddl->model, table)->name) : NULL,
        .optional = optional,
    };
}

static void add_note(struct ddl *ddl, bool substituted, const char *object, const char *text,
                     va_list args)
{
    struct buf line = BUF_INIT;
    buf_vaddf(&line, text, args);
    ddl->notes = grow(ddl->notes, ddl->note_count, sizeof *ddl->notes);
    ddl->notes[ddl->note_count++] =
        (struct ddl_note){substituted, ddl->statement_count, mem_strdup(object), buf_detach(&line)};
}

void ddl_substituted(struct ddl *ddl, const char *object, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    add_note(ddl, true, object, text, args);
    va_end(args);
}

void ddl_not_carried(struct ddl *ddl, const char *object, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    add_note(ddl, false, object, text, args);
    va_end(args);
}

void ddl_name(struct buf *sql, const struct model *model, const char *name)
{
    quote_name(sql, model->schema, name);
}

void ddl_ref_table(struct buf *sql, const struct model *model,
                   const struct model_constraint *constraint)
{
    if (constraint->ref_outside)
        buf_adds(sql, constraint->ref_table);
    else
        ddl_name(sql, model, constraint->ref_table);
}

void ddl_columns(struct buf *sql, const struct model_table *table, const size_t *columns,
                 size_t count)
{
    buf_addch(sql, '(');
    for (size_t i = 0; i < count; i++) {
        buf_adds(sql, i ? ", " : "");
        quote_ident(sql, table->columns[columns[i]].name);
    }
    buf_addch(sql, ')');
}

void ddl_names(struct buf *sql, const char *const *names, size_t count)
{
    buf_addch(sql, '(');
    for (size_t i = 0; i < count; i++) {
        buf_adds(sql, i ? ", " : "");
        quote_ident(sql, names[i]);
    }
    buf_addch(sql, ')');
}

static const char *action(char letter)
{
    switch (letter) {
    case 'r':
        return "RESTRICT";
    case 'c':
        return "CASCADE";
    case 'n':
        return "SET NULL";
    case 'd':
        return "SET DEFAULT";
    default:
        return NULL;
    }
}

void ddl_actions(struct buf *sql, const struct model_constraint *constraint)
{
    if (constraint->match == 'f')
        buf_adds(sql, " MATCH FULL");
    if (action(constraint->on_update))
        buf_addf(sql, " ON UPDATE %s", action(constraint->on_update));
    if (action(constraint->on_delete))
        buf_addf(sql, " ON DELETE %s", action(constraint->on_delete));
}

void ddl_sequence_options(struct buf *sql, const struct model_sequence *sequence, const char *type,
                          bool cycle)
{
    if (type)
        buf_addf(sql, " AS %s", type);
    buf_addf(sql,
             " INCREMENT BY %" PRId64 " MINVALUE %" PRId64 " MAXVALUE %" PRId64
             " START WITH %" PRId64,
             sequence->increment, sequence->minimum, sequence->maximum, sequence->start);
    if (sequence->cache > 1)
        buf_addf(sql, " CACHE %" PRId64, sequence->cache);
    if (cycle)
        buf_adds(sql, " CYCLE");
}

const char *ddl_find(const char *sql, const char *needle)
{
    size_t len = strlen(needle);
    char quote = '\0';
    for (; *sql; sql++) {
        if (!quote && strncmp(sql, needle, len) == 0)
            return sql;
        if (quote && *sql == quote)
            quote = '\0';
        else if (!quote && (*sql == '"' || *sql == '\''))
            quote = *sql;
    }
    return NULL;
}

void ddl_comment(struct ddl *ddl, struct buf *on, const struct model_table *table, const char *text,
                 const char *people)
{
    if (text) {
        struct buf sql = BUF_INIT;
        buf_addf(&sql, "COMMENT ON %s IS ", on->data);
        quote_literal(&sql, text);
        ddl_add(ddl, &sql, table, true, "comment on %s", people);
    }
    buf_reset(on);
}

void ddl_comment_columns(struct ddl *ddl, const struct model_table *table)
{
    struct buf on = BUF_INIT;
    buf_adds(&on, "TABLE ");
    ddl_name(&on, ddl->model, table->name);
    ddl_comment(ddl, &on, table, table->comment, table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        buf_adds(&on, "COLUMN ");
        ddl_name(&on, ddl->model, table->name);
        buf_addch(&on, '.');
        quote_ident(&on, table->columns[i].name);
        ddl_comment(ddl, &on, table, table->columns[i].comment, table->columns[i].name);
    }
    buf_release(&on);
}
