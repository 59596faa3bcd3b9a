/* The cursor over catalog rows and the look-ups by oid that all families of the catalog use. */
#include "repl/catalog_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void catalog_schema_comment(struct catalog_reader *reader, const char *text)
{
    bool born_with = text && strcmp(reader->model->schema, "public") == 0 &&
                     strcmp(text, "standard public schema") == 0;
    reader->model->schema_comment = born_with ? NULL : text;
}

const char *catalog_text(struct catalog_row *row)
{
    const char *text = result_text(row->result, row->row, row->column++);
    return arena_strdup(row->arena, text);
}

const char *catalog_name(struct catalog_row *row)
{
    const char *text = catalog_text(row);
    return text ? text : "";
}

char catalog_char(struct catalog_row *row)
{
    const char *text = result_text(row->result, row->row, row->column++);
    return !text || *text == ' ' ? '\0' : *text;
}

bool catalog_bool(struct catalog_row *row)
{
    return result_bool(row->result, row->row, row->column++);
}

int64_t catalog_int(struct catalog_row *row)
{
    return result_int(row->result, row->row, row->column++);
}

uint32_t catalog_oid(struct catalog_row *row)
{
    return (uint32_t)catalog_int(row);
}

/* One element of an array's text form, from p (after { or ,) up to its , or }. */
static const char *array_element(const char *p, struct buf *element)
{
    bool quoted = *p == '"';
    if (quoted)
        p++;
    while (*p && (quoted ? *p != '"' : *p != ',' && *p != '}')) {
        if (*p == '\\' && p[1])
            p++;
        buf_addch(element, *p++);
    }
    return quoted && *p ? p + 1 : p;
}

const char **catalog_array(struct catalog_row *row, size_t *count)
{
    const char *p = result_text(row->result, row->row, row->column++);
    *count = 0;
    if (!p || *p != '{' || p[1] == '}')
        return NULL;
    size_t cap = 1;
    for (const char *q = p; *q; q++)
        cap += *q == ',';
    const char **items = arena_alloc(row->arena, cap * sizeof *items);
    struct buf element = BUF_INIT;
    do {
        const char *start = p + 1;
        buf_reset(&element);
        p = array_element(start, &element);
        bool null = *start != '"' && strcmp(element.data, "NULL") == 0;
        items[(*count)++] = null ? "" : arena_strndup(row->arena, element.data, element.len);
    } while (*p == ',');
    buf_release(&element);
    return items;
}

void *catalog_room(struct catalog_reader *reader, size_t count, size_t size)
{
    return arena_alloc(&reader->model->arena, (count ? count : 1) * size);
}

/*
 * Families are read in the order of their oids, so that the arrays can be searched by halving until
 * the tables are put in foreign-key order, after which nothing is looked up any more.
 */
static bool find_oid(const uint32_t *oids, size_t count, uint32_t oid, size_t *at)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (oids[middle] < oid)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return low < count && oids[low] == oid;
}

struct model_table *catalog_table(const struct catalog_reader *reader, uint32_t oid)
{
    size_t at;
    return find_oid(reader->table_oids, reader->model->table_count, oid, &at)
               ? &reader->model->tables[at]
               : NULL;
}

struct model_type *catalog_type(const struct catalog_reader *reader, uint32_t oid)
{
    size_t at;
    return find_oid(reader->type_oids, reader->model->type_count, oid, &at)
               ? &reader->model->types[at]
               : NULL;
}

size_t catalog_group(const struct result *result, size_t first)
{
    int64_t oid = result_int(result, first, 0);
    size_t next = first + 1;
    while (next < result_rows(result) && result_int(result, next, 0) == oid)
        next++;
    return next - first;
}
