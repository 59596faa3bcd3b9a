/*
 * What CockroachDB prints of expressions, keys and indexes, in the terms of the model: type
 * annotations become casts, names lose the database, and what a definition says in words becomes
 * columns and parts.
 */
#include "repl/catalog_read.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "db/quote.h"

static bool word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* The length of what is quoted at p; in e'...' a backslash takes the next character with it. */
static size_t quoted_length(const char *p, bool escapes)
{
    size_t len = 1;
    while (p[len] && (p[len] != *p || p[len + 1] == *p))
        len += (p[len] == *p || (escapes && p[len] == '\\')) && p[len + 1] ? 2 : 1;
    return p[len] ? len + 1 : len;
}

/* The length of the name at p, quoted or not; 0 where none stands. */
static size_t name_length(const char *p)
{
    size_t len = 0;
    if (*p == '"')
        return quoted_length(p, false);
    while (word_char(p[len]))
        len++;
    return len;
}

/* The last two of three names that are joined by dots. */
static const char *without_database(const char *p)
{
    const char *second = p + name_length(p);
    if (*second != '.')
        return p;
    const char *third = ++second;
    third += name_length(third);
    return *third == '.' ? second : p;
}

const char *catalog_cockroach_expression(struct arena *arena, const char *text)
{
    struct buf out = BUF_INIT;
    for (const char *p = text; p && *p;) {
        bool escapes = (*p == 'e' || *p == 'E') && p[1] == '\'' && (p == text || !word_char(p[-1]));
        size_t len = 1;
        if (*p == '\'' || *p == '"') {
            len = quoted_length(p, false);
        } else if (escapes) {
            len = 1 + quoted_length(p + 1, true);
        } else if (strncmp(p, "::", 2) == 0) {
            p += p[2] == ':' ? 3 : 2;
            buf_adds(&out, "::");
            p = without_database(p);
            len = name_length(p);
        }
        buf_add(&out, p, len);
        p += len;
    }
    text = text ? arena_strdup(arena, out.data) : NULL;
    buf_release(&out);
    return text;
}

const char *catalog_expression(struct catalog_row *row)
{
    return catalog_cockroach_expression(row->arena,
                                        result_text(row->result, row->row, row->column++));
}

/* The name at *p without its quotes; *p moves behind it. */
static const char *take_name(struct arena *arena, const char **p)
{
    size_t len = name_length(*p);
    const char *start = *p;
    *p += len;
    if (*start != '"')
        return arena_strndup(arena, start, len);
    struct buf name = BUF_INIT;
    for (size_t i = 1; i + 1 < len; i++) {
        buf_addch(&name, start[i]);
        i += start[i] == '"';
    }
    const char *text = arena_strndup(arena, name.data, name.len);
    buf_release(&name);
    return text;
}

/* "(a ASC, "b c" DESC)" at *p, which moves behind it. */
static const char **take_names(struct arena *arena, const char **p, size_t *count)
{
    size_t room = 1;
    for (const char *q = *p; *q; q++)
        room += *q == ',';
    const char **names = arena_alloc(arena, room * sizeof *names);
    *count = 0;
    while (**p == '(' || **p == ',') {
        *p += strspn(*p, "(, ");
        names[(*count)++] = take_name(arena, p);
        *p += strcspn(*p, ",)");
    }
    *p += **p == ')';
    return names;
}

void catalog_cockroach_key(struct arena *arena, const char *schema, const struct model_table *table,
                           struct model_constraint *constraint)
{
    static const char references[] = " REFERENCES ";
    const char *p = strchr(constraint->definition, '(');
    size_t count;
    if (!p || !strchr("pf", constraint->type))
        return;
    const char **names = take_names(arena, &p, &count);
    constraint->columns = arena_alloc(arena, (count + 1) * sizeof *constraint->columns);
    for (size_t i = 0; i < count; i++) {
        const struct model_column *column = model_column(table, names[i]);
        if (column)
            constraint->columns[constraint->column_count++] = (size_t)(column - table->columns);
    }
    if (strncmp(p, references, strlen(references)) != 0)
        return;
    p = without_database(p + strlen(references));
    constraint->ref_table = take_name(arena, &p);
    if (*p == '.') {
        const char *of = constraint->ref_table;
        p++;
        constraint->ref_table = take_name(arena, &p);
        constraint->ref_outside = strcmp(of, schema) != 0;
        if (constraint->ref_outside)
            constraint->ref_table = arena_printf(arena, "%s.%s", of, constraint->ref_table);
    }
    constraint->ref_columns = take_names(arena, &p, &constraint->ref_column_count);
}

const char *catalog_cockroach_sequence(struct arena *arena, const char *expr)
{
    static const char call[] = "nextval('";
    if (!expr || strncmp(expr, call, strlen(call)) != 0)
        return NULL;
    const char *literal = expr + strlen(call) - 1;
    size_t len = quoted_length(literal, false);
    struct buf names = BUF_INIT;
    for (size_t i = 1; i + 1 < len; i++) {
        buf_addch(&names, literal[i]);
        i += literal[i] == '\'';
    }
    const char *p = names.data ? names.data : "";
    const char *name = take_name(arena, &p);
    while (*p == '.') {
        p++;
        name = take_name(arena, &p);
    }
    buf_release(&names);
    return name;
}

const char *catalog_cockroach_type(struct arena *arena, const char *schema,
                                   const struct model_column *column)
{
    bool array = column->element_name != NULL;
    struct buf text = BUF_INIT;
    if (strcmp(column->type_schema, "pg_catalog") == 0 || !strchr("ec", column->type_kind))
        return column->type;
    if (strcmp(column->type_schema, schema) != 0) {
        quote_ident(&text, column->type_schema);
        buf_addch(&text, '.');
    }
    quote_ident(&text, array ? column->element_name : column->type_name);
    if (array)
        buf_adds(&text, "[]");
    const char *type = arena_strdup(arena, text.data);
    buf_release(&text);
    return type;
}

const char *catalog_cockroach_definition(struct arena *arena, const char *definition)
{
    static const char on[] = " ON ";
    const char *p = definition + strcspn(definition, " \"");
    for (; *p && strncmp(p, on, strlen(on)) != 0; p++)
        if (*p == '"')
            p += quoted_length(p, false) - 1;
    if (!*p)
        return definition;
    p += strlen(on);
    return arena_printf(arena, "%.*s%s", (int)(p - definition), definition, without_database(p));
}

/* The next number of "1 0 2" or "{1,0,2}". */
static long take_number(const char **p)
{
    char *end;
    *p += strcspn(*p, "-0123456789");
    long number = strtol(*p, &end, 10);
    *p = end;
    return number;
}

static const struct model_column *numbered(const struct model_table *table, long number)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].number == number)
            return &table->columns[i];
    return NULL;
}

/* "gin_trgm_ops" of "... USING gin (a, name gin_trgm_ops)": only the last element may have one. */
static const char *opclass_of(struct arena *arena, const char *definition)
{
    static const char end[] = "_ops)";
    const char *close = strstr(definition, end);
    if (!close)
        return NULL;
    const char *start = close;
    while (start > definition && word_char(start[-1]))
        start--;
    return arena_strndup(arena, start, (size_t)(close - start) + strlen(end) - 1);
}

/* A part that CockroachDB puts before the columns of a hash-sharded index by itself. */
static bool is_shard(const struct model_column *column)
{
    return column && column->hidden && strncmp(column->name, "crdb_internal_", 14) == 0;
}

/*
 * NULLs sort first in ascending order there, which is its only order and so no property of the
 * index: reported as PostgreSQL's default.
 */
void catalog_cockroach_parts(struct arena *arena, const struct model_table *table,
                             const struct catalog_index_lists *lists, struct model_index *index)
{
    const char *keys = lists->keys, *options = lists->options;
    size_t expression = 0, room = strlen(keys) + 1;
    bool inverted = strstr(index->definition, " USING gin ") != NULL;
    index->method = inverted                                      ? "gin"
                    : strstr(index->definition, " USING cspann ") ? "hnsw"
                                                                  : "btree";
    index->parts = arena_alloc(arena, room * sizeof *index->parts);
    index->include = arena_alloc(arena, room * sizeof *index->include);
    for (long n = 0; keys[strcspn(keys, "0123456789")]; n++) {
        const struct model_column *column = numbered(table, take_number(&keys));
        bool stored = n >= lists->parts;
        bool descending = !stored && (take_number(&options) & 1) != 0;
        if (stored && column)
            index->include[index->include_count++] = column->name;
        if (stored || is_shard(column))
            continue;
        struct model_index_part *part = &index->parts[index->part_count++];
        part->column = column ? column->name : NULL;
        if (!column && expression < lists->expression_count)
            part->expression =
                catalog_cockroach_expression(arena, lists->expressions[expression++]);
        part->descending = part->nulls_first = descending && !inverted;
    }
    if (index->part_count > 0 && strcmp(index->method, "btree") != 0)
        index->parts[index->part_count - 1].opclass = opclass_of(arena, index->definition);
}
