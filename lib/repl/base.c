/* Freezing, reading and dropping a base. */
#include "repl/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "db/engine.h"
#include "db/merge_sql.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "db/stage_sql.h"
#include "repl/pairing.h"

const char base_mark_merged[] = "UPDATE _dbr.base SET merged_at = now() WHERE merged_at IS NULL";

static const char exists_sql[] =
    "SELECT count(*) > 0 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = '_dbr' AND c.relname = 'base'";

const char base_names[] =
    "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
    "c.relnamespace WHERE n.nspname = '_dbr' AND c.relkind = 'r' AND (c.relname = 'base' OR "
    "c.relname LIKE 'base\\_%')";

static const char read_sql[] =
    "SELECT run, frozen_at::text, merged_at::text, cross_engine, table_name, relation, "
    "key_columns, columns, types, row_count, clients FROM _dbr.base ORDER BY place";

static const char create_sql[] =
    "CREATE TABLE IF NOT EXISTS _dbr.base (place int8 PRIMARY KEY, run text NOT NULL, frozen_at "
    "timestamptz NOT NULL, merged_at timestamptz, cross_engine bool NOT NULL, table_name text NOT "
    "NULL, relation text NOT NULL, key_columns text NOT NULL, columns text NOT NULL, types text "
    "NOT NULL, clients text NOT NULL, row_count int8 NOT NULL)";

/* --- reading ---------------------------------------------------------------------------------- */

static bool ask(struct conn *conn, const char *sql, struct result **result, struct err *err)
{
    return pipeline_add(conn, sql, 0, NULL, err) && pipeline_sync(conn, err) &&
           pipeline_send(&conn, 1, err) && pipeline_next(conn, result, err);
}

static bool read_names(struct strlist *names, const char *text, struct err *err)
{
    struct json *array = json_parse(text, strlen(text), err);
    size_t i;

    *names = (struct strlist)STRLIST_INIT;
    if (!array)
        return false;
    for (i = 0; i < json_count(array); i++)
        strlist_add(names, json_at_str(array, i));
    json_free(array);
    return true;
}

static bool read_table(struct base_table *table, const struct result *result, size_t i,
                       struct err *err)
{
    table->name = mem_strdup(result_text(result, i, 4));
    table->relation = mem_strdup(result_text(result, i, 5));
    table->rows = result_int(result, i, 9);
    return read_names(&table->keys, result_text(result, i, 6), err) &&
           read_names(&table->columns, result_text(result, i, 7), err) &&
           read_names(&table->types, result_text(result, i, 8), err) &&
           read_names(&table->clients, result_text(result, i, 10), err);
}

static bool read_tables(struct base *base, const struct result *result, struct err *err)
{
    base->found = result_rows(result) > 0;
    if (!base->found)
        return true;
    base->run = mem_strdup(result_text(result, 0, 0));
    base->frozen_at = mem_strdup(result_text(result, 0, 1));
    base->merged_at = mem_strdup(result_text(result, 0, 2));
    base->cross_engine = result_bool(result, 0, 3);
    base->tables = mem_alloc(result_rows(result) * sizeof(*base->tables));
    for (; base->count < result_rows(result); base->count++)
        if (!read_table(&base->tables[base->count], result, base->count, err)) {
            base->count++;
            return err_prefix(err, "the base in _dbr.base");
        }
    return true;
}

bool base_read(struct conn *secondary, struct base *base, struct err *err)
{
    struct result *result;
    bool exists;
    bool ok;

    memset(base, 0, sizeof(*base));
    if (!ask(secondary, exists_sql, &result, err))
        return false;
    exists = result_bool(result, 0, 0);
    result_free(result);
    if (!exists)
        return true;
    if (!ask(secondary, read_sql, &result, err))
        return false;
    ok = read_tables(base, result, err);
    result_free(result);
    if (!ok)
        base_release(base);
    return ok;
}

void base_release(struct base *base)
{
    size_t i;

    for (i = 0; i < base->count; i++) {
        free(base->tables[i].name);
        free(base->tables[i].relation);
        strlist_release(&base->tables[i].keys);
        strlist_release(&base->tables[i].columns);
        strlist_release(&base->tables[i].types);
        strlist_release(&base->tables[i].clients);
    }
    free(base->tables);
    free(base->run);
    free(base->frozen_at);
    free(base->merged_at);
    memset(base, 0, sizeof(*base));
}

const struct base_table *base_table(const struct base *base, const char *name)
{
    size_t i;

    for (i = 0; i < base->count; i++)
        if (!strcmp(base->tables[i].name, name))
            return &base->tables[i];
    return NULL;
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool find_columns(const struct model_column **columns, size_t *count,
                         const struct model_table *table, const struct strlist *names)
{
    for (*count = 0; *count < names->count; ++*count) {
        columns[*count] = model_column(table, names->items[*count]);
        if (!columns[*count])
            return false;
    }
    return true;
}

/* What the base left to the client is left to it, whatever is known now of the other side. */
static void find_exchanges(struct row_table *rows, const struct base_table *table,
                           const struct model *model, const struct model *other)
{
    const struct model_table *counterpart = other ? model_table(other, table->name) : NULL;
    size_t width = rows->column_count + rows->key_count;
    struct exchange *exchange = mem_alloc((width + 1) * sizeof(*exchange));
    size_t i;

    for (i = 0; i < width; i++) {
        const struct model_column *column = rows->columns[i];
        const struct model_column *theirs =
            counterpart ? model_column(counterpart, column->name) : NULL;

        exchange_make(&exchange[i], model, column, other, theirs);
        if (strlist_has(&table->clients, column->name))
            exchange[i].compared = EXCHANGE_CLIENT;
        else if (exchange[i].compared == EXCHANGE_CLIENT)
            exchange[i].compared = EXCHANGE_HASHED;
    }
    rows->exchange = exchange;
}

bool base_rows(struct row_table *rows, const struct base *base, const struct base_table *table,
               const struct conn *conn, const struct model *model, const struct model *other)
{
    bool found;

    memset(rows, 0, sizeof(*rows));
    rows->schema = model->schema;
    rows->table = model_table(model, table->name);
    rows->dml = conn_engine(conn)->dml;
    rows->form = HASH_PORTABLE;
    rows->convert_encoding = !pairing_is_utf8(conn);
    rows->columns =
        mem_array(NULL, table->columns.count + table->keys.count + 1, sizeof(*rows->columns));
    rows->keys = rows->columns + table->columns.count;
    found = rows->table &&
            find_columns(rows->columns, &rows->column_count, rows->table, &table->columns) &&
            find_columns(rows->keys, &rows->key_count, rows->table, &table->keys);
    if (found && base->cross_engine)
        find_exchanges(rows, table, model, other);
    return found;
}

void base_rows_release(struct row_table *rows)
{
    struct exchange *exchange = (struct exchange *)rows->exchange;
    size_t i;

    for (i = 0; exchange && i < rows->column_count + rows->key_count; i++)
        exchange_release(&exchange[i]);
    free(exchange);
    free(rows->columns);
    memset(rows, 0, sizeof(*rows));
}

/* --- freezing --------------------------------------------------------------------------------- */

/* A column that is in no hash between unlike engines. */
static bool is_client(const struct model *model, const struct model_column *column)
{
    struct exchange x;
    bool client;

    exchange_make(&x, model, column, NULL, NULL);
    client = x.compared == EXCHANGE_CLIENT;
    exchange_release(&x);
    return client;
}

static void describe(struct base_table *entry, const struct base *base, const struct model *model,
                     const struct model_table *table, size_t place)
{
    bool alike = true;
    size_t i;

    entry->name = mem_strdup(table->name);
    entry->relation = mem_printf("base_%s_%zu", base->run, place);
    entry->keys = entry->columns = entry->types = entry->clients = (struct strlist)STRLIST_INIT;
    for (i = 0; i < table->column_count; i++)
        if (model_column_copied(&table->columns[i])) {
            strlist_add(&entry->columns, table->columns[i].name);
            strlist_add(&entry->types, table->columns[i].type);
            if (base->cross_engine && is_client(model, &table->columns[i]))
                strlist_add(&entry->clients, table->columns[i].name);
        }
    /* As repl/pairing_exchange.h has it. */
    for (i = 0; i < table->key_count; i++)
        alike = alike && !strlist_has(&entry->clients, table->columns[table->key_columns[i]].name);
    for (i = 0; i < table->key_count && alike; i++)
        strlist_add(&entry->keys, table->columns[table->key_columns[i]].name);
}

static void add_names(struct buf *sql, const struct strlist *names)
{
    struct json *array = json_array();
    struct buf text = BUF_INIT;
    size_t i;

    for (i = 0; i < names->count; i++)
        json_add_str(array, names->items[i]);
    json_print(array, false, &text);
    quote_literal(sql, text.data);
    buf_release(&text);
    json_free(array);
}

/* One row of _dbr.base; the number of rows is counted in what was just written. */
static void add_entry(struct buf *sql, const struct base *base, const struct base_table *entry,
                      size_t place)
{
    buf_addf(sql, "%s(%zu, ", place ? ", " : "", place);
    quote_literal(sql, base->run);
    buf_addf(sql, ", now(), %s, ", base->cross_engine ? "true" : "false");
    quote_literal(sql, entry->name);
    buf_adds(sql, ", ");
    quote_literal(sql, entry->relation);
    buf_adds(sql, ", ");
    add_names(sql, &entry->keys);
    buf_adds(sql, ", ");
    add_names(sql, &entry->columns);
    buf_adds(sql, ", ");
    add_names(sql, &entry->types);
    buf_adds(sql, ", ");
    add_names(sql, &entry->clients);
    buf_addf(sql, ", (SELECT (%s)::int8 FROM ",
             entry->keys.count ? "count(*)" : "coalesce(sum(row_hash), 0)");
    quote_name(sql, "_dbr", entry->relation);
    buf_adds(sql, "))");
}

/* What a base of the model's copied tables is made of; release it. */
static void describe_all(struct base *base, const struct model *model, const char *run,
                         bool cross_engine)
{
    size_t i;

    memset(base, 0, sizeof(*base));
    base->run = mem_strdup(run);
    base->cross_engine = cross_engine;
    base->tables = mem_alloc((model->table_count + 1) * sizeof(*base->tables));
    for (i = 0; i < model->table_count; i++)
        if (model_table_copied(&model->tables[i])) {
            describe(&base->tables[base->count], base, model, &model->tables[i], base->count + 1);
            base->count++;
        }
}

struct freezing {
    struct conn *conn;
    const struct model *model;
    struct base base;
    size_t *statements;
};

/* On CockroachDB each is a transaction of its own. */
static bool queue(struct freezing *f, const char *sql, struct err *err)
{
    ++*f->statements;
    return pipeline_add(f->conn, sql, 0, NULL, err) &&
           (conn_kind(f->conn) == ENGINE_POSTGRES || pipeline_sync(f->conn, err));
}

static bool queue_drops(struct freezing *f, const struct strlist *old, struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < old->count && ok; i++) {
        if (strncmp(old->items[i], "base_", 5) != 0)
            continue;
        buf_reset(&sql);
        buf_adds(&sql, "DROP TABLE IF EXISTS ");
        quote_name(&sql, "_dbr", old->items[i]);
        ok = queue(f, sql.data, err);
    }
    buf_release(&sql);
    return ok;
}

static bool queue_tables(struct freezing *f, struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < f->base.count && ok; i++) {
        struct row_table rows;

        buf_reset(&sql);
        ok = base_rows(&rows, &f->base, &f->base.tables[i], f->conn, f->model, NULL);
        merge_sql_freeze(&sql, &rows, f->base.tables[i].relation);
        base_rows_release(&rows);
        ok = ok && queue(f, sql.data, err);
    }
    buf_release(&sql);
    return ok;
}

bool base_queue_freeze(struct conn *secondary, const struct model *model, const char *run,
                       bool cross_engine, const struct strlist *old, size_t *statements,
                       struct err *err)
{
    struct freezing f = {.conn = secondary, .model = model, .statements = statements};
    bool ok;

    *statements = 0;
    describe_all(&f.base, model, run, cross_engine);
    ok = queue(&f, "CREATE SCHEMA IF NOT EXISTS _dbr", err) && queue(&f, create_sql, err) &&
         (conn_kind(secondary) == ENGINE_POSTGRES || queue(&f, stage_sql_shared, err)) &&
         queue_drops(&f, old, err) && queue_tables(&f, err);
    base_release(&f.base);
    return ok;
}

bool base_queue_catalog(struct conn *secondary, const struct model *model, const char *run,
                        bool cross_engine, size_t *statements, struct err *err)
{
    bool shared = conn_kind(secondary) == ENGINE_COCKROACH;
    struct base base;
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok;

    describe_all(&base, model, run, cross_engine);
    *statements = (size_t)1 + (base.count > 0) + shared;
    buf_adds(&sql, "INSERT INTO _dbr.base (place, run, frozen_at, cross_engine, table_name, "
                   "relation, key_columns, columns, types, clients, row_count) VALUES ");
    for (i = 0; i < base.count; i++)
        add_entry(&sql, &base, &base.tables[i], i);
    ok = (!shared ||
          pipeline_add(secondary, "DELETE FROM " STAGE_SQL_SHARED " WHERE true", 0, NULL, err)) &&
         pipeline_add(secondary, "DELETE FROM _dbr.base WHERE true", 0, NULL, err) &&
         (base.count == 0 || pipeline_add(secondary, sql.data, 0, NULL, err));
    buf_release(&sql);
    base_release(&base);
    return ok;
}

bool base_drop(struct conn *secondary, const struct base *base, struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok;

    buf_adds(&sql, "DROP TABLE IF EXISTS _dbr.base");
    if (conn_kind(secondary) == ENGINE_COCKROACH)
        buf_adds(&sql, ", _dbr.turn, " STAGE_SQL_SHARED);
    for (i = 0; i < base->count; i++) {
        buf_adds(&sql, ", ");
        quote_name(&sql, "_dbr", base->tables[i].relation);
    }
    ok = ask(secondary, sql.data, NULL, err);
    buf_release(&sql);
    return ok;
}
