/* The first reading of a file. */
#include "repl/outline.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stop.h"
#include "cli/progress.h"

static void add_object(struct outline *outline, const struct statement *s)
{
    if ((outline->object_count & (outline->object_count - 1)) == 0)
        outline->objects =
            mem_array(outline->objects, outline->object_count ? 2 * outline->object_count : 1,
                      sizeof *outline->objects);
    outline->objects[outline->object_count++] = (struct drop_object){
        .object = mem_strdup(s->object),
        .schema = mem_strdup(s->schema),
        .name = mem_strdup(s->name),
        .arguments = mem_strdup(s->arguments),
    };
}

static bool skip_rows(struct sql_file *file, struct err *err)
{
    const char *data;
    size_t len;

    do {
        if (!sql_file_rows(file, &data, &len, err))
            return false;
        if (len > 0)
            progress_update_bytes("checking", infile_position(file->in), infile_size(file->in),
                                  file->rows);
    } while (len > 0);
    return true;
}

static bool read_all(struct outline *outline, struct sql_file *file, struct err *err)
{
    while (sql_file_next(file, err)) {
        if (file->end)
            return true;
        if (!stop_check(err))
            return false;
        if (file->statement.kind == STATEMENT_CREATE && file->statement.name)
            add_object(outline, &file->statement);
        if (file->statement.kind == STATEMENT_COPY && !skip_rows(file, err))
            return false;
    }
    return false;
}

/* What the reader found becomes the outline's. */
static void take(struct outline *outline, struct sql_file *file)
{
    outline->origin = file->origin;
    outline->dialect = file->dialect;
    outline->source = file->source;
    outline->snapshot = file->snapshot;
    outline->schema = file->schema;
    outline->tables = file->tables;
    outline->table_count = file->table_count;
    outline->rows = file->rows;
    outline->statements = file->statements;
    outline->bytes = script_bytes(file->script);
    file->source = file->snapshot = file->schema = NULL;
    file->tables = NULL;
    file->table_count = 0;
}

bool outline_read(struct outline *outline, struct infile *in, struct err *err)
{
    struct sql_file file;

    memset(outline, 0, sizeof *outline);
    sql_file_open(&file, in);
    bool ok = read_all(outline, &file, err);
    if (ok)
        take(outline, &file);
    sql_file_release(&file);
    progress_clear();
    return ok;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool outline_creates(const struct outline *outline, const char *schema, const char *name)
{
    for (size_t i = 0; i < outline->object_count; i++) {
        const struct drop_object *object = &outline->objects[i];
        if (strcmp(object->object, "TABLE") == 0 && same(object->schema, schema) &&
            strcmp(object->name, name) == 0)
            return true;
    }
    return false;
}

void outline_release(struct outline *outline)
{
    for (size_t i = 0; i < outline->object_count; i++) {
        struct drop_object *object = &outline->objects[i];
        free((char *)object->object);
        free((char *)object->schema);
        free((char *)object->name);
        free((char *)object->arguments);
    }
    for (size_t i = 0; i < outline->table_count; i++) {
        free(outline->tables[i].schema);
        free(outline->tables[i].name);
    }
    free(outline->objects);
    free(outline->tables);
    free(outline->source);
    free(outline->snapshot);
    free(outline->schema);
    memset(outline, 0, sizeof *outline);
}
