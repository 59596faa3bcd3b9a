/*
 * Reads one schema into the model: sends the queries of all families in one go, hands each result
 * to its reader, then settles keys and orders. What the families hold stands in the catalog_ files
 * beside this one.
 */
#include "repl/catalog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "db/pipeline.h"
#include "repl/catalog_read.h"

static const char schema_sql[] =
    "SELECT n.nspname, (SELECT d.description FROM pg_description d WHERE d.objoid = n.oid"
    "   AND d.objsubid = 0 AND d.classoid = 'pg_namespace'::regclass), n.oid,"
    " (SELECT (extract(epoch FROM stats_reset) * 1000000)::int8 FROM pg_catalog.pg_stat_bgwriter)"
    " FROM pg_namespace n WHERE n.nspname = $1"
    " OR (NOT EXISTS (SELECT 1 FROM pg_namespace x WHERE x.nspname = $1)"
    "   AND n.nspname NOT LIKE 'pg@_%' ESCAPE '@' AND n.nspname <> 'information_schema')";

static bool read_schema(struct catalog_reader *reader, const struct result *result, struct err *err)
{
    (void)err;
    struct model *model = reader->model;
    size_t rows = result_rows(result);
    model->schema_missing = rows == 0 || strcmp(result_text(result, 0, 0), model->schema) != 0;
    if (!model->schema_missing) {
        catalog_schema_comment(reader, arena_strdup(&model->arena, result_text(result, 0, 1)));
        reader->schema_oid = (uint32_t)result_int(result, 0, 2);
        if (result_text(result, 0, 3))
            model->statistics_since = result_int(result, 0, 3);
        return true;
    }
    model->other_schemas = catalog_room(reader, rows, sizeof *model->other_schemas);
    model->other_schema_count = rows;
    for (size_t i = 0; i < rows; i++)
        model->other_schemas[i] = arena_strdup(&model->arena, result_text(result, i, 0));
    return true;
}

static const struct catalog_family catalog_schema = {"schema", schema_sql, catalog_cockroach_schema,
                                                     read_schema};

/* Readers find tables and types by oid, so these come first; dependencies come last. */
static const struct catalog_family *const families[] = {
    &catalog_schema,      &catalog_tables,  &catalog_types,       &catalog_columns,
    &catalog_constraints, &catalog_indexes, &catalog_index_parts, &catalog_sequences,
    &catalog_functions,   &catalog_views,   &catalog_attached,    &catalog_others,
    &catalog_comments,    &catalog_edges,
};
#define FAMILIES (sizeof families / sizeof *families)

/* Copies sql up to `end`, choosing in <<15?a:b>> by the major version; choices may be nested. */
static const char *choose(struct buf *out, const char *sql, int major, bool wanted, const char *end)
{
    while (*sql) {
        if (end && strncmp(sql, ">>", 2) == 0)
            return sql;
        if (end && *sql == ':' && sql[1] != ':' && strcmp(end, ":") == 0)
            return sql;
        if (strncmp(sql, "<<", 2) == 0 && isdigit((unsigned char)sql[2])) {
            bool newer = major >= (int)strtol(sql + 2, NULL, 10);
            sql = choose(out, strchr(sql, '?') + 1, major, wanted && newer, ":");
            if (*sql == ':')
                sql = choose(out, sql + 1, major, wanted && !newer, ">>");
            sql += strlen(">>");
            continue;
        }
        size_t len = strncmp(sql, "::", 2) == 0 ? 2 : 1;
        if (wanted)
            buf_add(out, sql, len);
        sql += len;
    }
    return sql;
}

static const char *family_sql(const struct catalog_family *family, const struct conn *conn)
{
    return conn_kind(conn) == ENGINE_COCKROACH ? family->cockroach : family->postgres;
}

bool catalog_queue(struct conn *conn, struct err *err)
{
    const char *schema = conn_schema(conn);
    struct buf sql = BUF_INIT;
    bool ok = true;
    for (size_t i = 0; ok && i < FAMILIES; i++) {
        const char *template = family_sql(families[i], conn);
        if (!template)
            continue;
        buf_reset(&sql);
        choose(&sql, template, conn_version(conn) / 10000, true, NULL);
        ok = pipeline_add(conn, sql.data, 1, &schema, err);
    }
    buf_release(&sql);
    return ok;
}

static void settle(struct catalog_reader *reader)
{
    struct model *model = reader->model;
    for (size_t i = 0; i < model->table_count; i++)
        catalog_choose_key(model, &model->tables[i]);
}

bool catalog_receive(struct conn *conn, struct model *model, struct err *err)
{
    memset(model, 0, sizeof *model);
    model->engine = conn_kind(conn);
    model->version = conn_version(conn);
    model->schema = arena_strdup(&model->arena, conn_schema(conn));
    struct catalog_reader reader = {.model = model};
    for (size_t i = 0; i < FAMILIES; i++) {
        const struct catalog_family *family = families[i];
        struct result *result = NULL;
        if (family == &catalog_edges) {
            settle(&reader);
            catalog_order_tables(&reader);
        }
        if (family_sql(family, conn) && !pipeline_next(conn, &result, err)) {
            model_release(model);
            return err_prefix(err, "%s: cannot read %s of schema %s", conn_role(conn), family->name,
                              conn_schema(conn));
        }
        bool ok = (!result && family != &catalog_edges) || family->read(&reader, result, err);
        result_free(result);
        if (!ok) {
            model_release(model);
            return false;
        }
    }
    return true;
}

static bool check_names(const struct model *model, const struct model *other,
                        const struct strlist *names, struct err *err)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        const struct model_table *table = model_table(model, name);
        if (!table && other)
            table = model_table(other, name);
        if (table && !table->partition)
            continue;
        if (table) {
            const struct model_table *root =
                model_root(model_table(model, name) ? model : other, table);
            err_set(err, ERR_USAGE, "table %s is a partition", name);
            return err_hint(err, "name the table it belongs to: %s", root->name);
        }
        const char **known = mem_alloc((model->table_count + 1) * sizeof *known);
        for (size_t t = 0; t < model->table_count; t++)
            known[t] = model->tables[t].name;
        const char *nearest = strlist_nearest(name, known, model->table_count);
        err_set(err, ERR_USAGE, "no table %s in schema %s", name, model->schema);
        if (nearest)
            err_hint(err, "did you mean %s?", nearest);
        else
            err_hint(err, "check the name, and DB_SCHEMA");
        free(known);
        return false;
    }
    return true;
}

void catalog_exclude(struct model *model, const struct strlist *tables,
                     const struct strlist *exclude)
{
    for (size_t i = 0; i < model->table_count; i++) {
        struct model_table *table = &model->tables[i];
        const char *name = model_root(model, table)->name;
        table->excluded = (tables && tables->count > 0 && !strlist_has(tables, name)) ||
                          (exclude && strlist_has(exclude, name));
    }
}

bool catalog_filter(struct model *model, const struct model *other, const struct strlist *tables,
                    const struct strlist *exclude, struct err *err)
{
    if ((tables && !check_names(model, other, tables, err)) ||
        (exclude && !check_names(model, other, exclude, err)))
        return false;
    catalog_exclude(model, tables, exclude);
    return true;
}

bool catalog_check_schema(const struct model *model, const char *role, struct err *err)
{
    if (!model->schema_missing)
        return true;
    const char *nearest =
        strlist_nearest(model->schema, model->other_schemas, model->other_schema_count);
    err_set(err, ERR_USAGE, "the %s has no schema %s", role, model->schema);
    if (nearest)
        return err_hint(err, "did you mean DB_SCHEMA=%s?", nearest);
    return err_hint(err, "check DB_SCHEMA and the database name in the URL");
}

bool catalog_is_empty(const struct model *model)
{
    if (model->table_count > 0 || model->type_count > 0 || model->sequence_count > 0)
        return false;
    for (size_t i = 0; i < model->object_count; i++)
        if (model->objects[i].kind != OBJECT_EXTENSION)
            return false;
    return true;
}
