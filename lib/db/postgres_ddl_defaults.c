/*
 * Defaults that the target may not be able to take: they call a function of another schema, one
 * that an older version may not have, or one of CockroachDB. They are set last, one by one, so that
 * a table is not lost for its default, and one that fails is named.
 */
#include <ctype.h>
#include <string.h>

#include "db/postgres_ddl.h"

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The name that ends before `end`, quoted or not; it does not reach back beyond `text`. */
static const char *name_start(const char *text, const char *end)
{
    const char *p = end;
    if (p > text && p[-1] == '"') {
        for (p--; p > text && p[-1] != '"'; p--)
            ;
        return p > text ? p - 1 : p;
    }
    while (p > text && in_name(p[-1]))
        p--;
    return p;
}

static bool is_name(const char *start, const char *end, const char *name)
{
    if (*start == '"' && end - start >= 2) {
        start++;
        end--;
    }
    return strlen(name) == (size_t)(end - start) && strncmp(start, name, strlen(name)) == 0;
}

static bool has_function(const struct model *model, const char *start, const char *end)
{
    for (size_t i = 0; i < model->object_count; i++)
        if (model->objects[i].kind == OBJECT_FUNCTION &&
            is_name(start, end, model->objects[i].plain))
            return true;
    return false;
}

/* The schema itself, the system's, or one that comes with an extension. */
static bool comes_along(const struct model *model, const char *start, const char *end)
{
    if (is_name(start, end, model->schema) || is_name(start, end, "pg_catalog"))
        return true;
    for (size_t i = 0; i < model->object_count; i++)
        if (model->objects[i].kind == OBJECT_EXTENSION && model->objects[i].schema &&
            is_name(start, end, model->objects[i].schema))
            return true;
    return false;
}

/* Functions in defaults on CockroachDB that PostgreSQL is sure to have. */
static bool is_everywhere(const char *start, const char *end)
{
    static const char *const names[] = {"nextval",         "now",
                                        "gen_random_uuid", "current_timestamp",
                                        "current_date",    "statement_timestamp",
                                        "clock_timestamp", "transaction_timestamp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_name(start, end, names[i]))
            return true;
    return false;
}

/* The call whose parenthesis stands at `open`. */
static bool call_doubtful(const struct ddl *ddl, const char *text, const char *open)
{
    const char *name = name_start(text, open);
    bool cast = name > text && name[-1] == ':'; /* numeric(10,2) */
    if (name == open || cast)
        return false;
    if (ddl->model->engine == ENGINE_COCKROACH)
        return !is_everywhere(name, open);
    if (name > text && name[-1] == '.')
        return !comes_along(ddl->model, name_start(text, name - 1), name - 1);
    return ddl->version / 10000 < ddl->model->version / 10000 && !is_name(name, open, "nextval") &&
           !has_function(ddl->model, name, open);
}

bool postgres_row_id(const struct model *model, const struct model_column *column)
{
    static const char *const calls[] = {"unique_rowid()", "unordered_unique_rowid()"};
    bool found = false;
    for (size_t i = 0; i < 2 && column->default_expr; i++)
        found |= strcmp(column->default_expr, calls[i]) == 0;
    return found && model->engine == ENGINE_COCKROACH && strcmp(column->type, "bigint") == 0;
}

bool postgres_default_doubtful(const struct ddl *ddl, const struct model_column *column)
{
    const char *text = column->default_expr;
    bool quoted = false;
    if (!text || column->generated || column->identity || column->default_late ||
        postgres_row_id(ddl->model, column))
        return false;
    for (const char *p = text; *p; p++) {
        quoted ^= *p == '\'';
        if (*p == '(' && !quoted && call_doubtful(ddl, text, p))
            return true;
    }
    return false;
}

void postgres_defaults_last(struct ddl *ddl, const struct model_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (!postgres_default_doubtful(ddl, &table->columns[i]))
            continue;
        postgres_ddl.column_default(ddl, table, &table->columns[i]);
        ddl->statements[ddl->statement_count - 1].optional = true;
    }
}
