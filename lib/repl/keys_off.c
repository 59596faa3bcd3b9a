/* Taking foreign keys off and putting them back. Every step may be repeated. */
#include "repl/keys_off.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/engine.h"
#include "db/engine_ddl.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "repl/weather.h"

#define TABLE "_dbr.keys_off"
#define OURS " WHERE schema_name = $1::text"
/* One without the name of a key is of rows. */
#define KEYS OURS " AND key_name <> ''"
#define LIST "SELECT table_name, key_name FROM " TABLE OURS " ORDER BY 1, 2"

static const char *const make[] = {
    "CREATE SCHEMA IF NOT EXISTS _dbr",
    "CREATE TABLE IF NOT EXISTS " TABLE
    " (schema_name text, table_name text, key_name text, statement text NOT NULL, remark text, "
    "PRIMARY KEY (schema_name, table_name, key_name))",
};

bool keys_off_queue_look(struct conn *conn, struct err *err)
{
    const char *schema = conn_schema(conn);

    return conn_kind(conn) != ENGINE_COCKROACH ||
           (pipeline_sync(conn, err) && pipeline_add(conn, LIST, 1, &schema, err) &&
            pipeline_sync(conn, err));
}

static bool make_table(struct conn *conn, struct err *err)
{
    size_t i;

    for (i = 0; i < sizeof(make) / sizeof(make[0]); i++)
        if (!query_run(conn, make[i], 0, NULL, NULL, err))
            return false;
    return true;
}

void off_release(struct off *off)
{
    strlist_release(&off->rows);
    off->keys = false;
}

bool keys_off_receive_look(struct conn *conn, struct off *off, struct err *err)
{
    struct result *result;
    size_t i;

    off_release(off);
    if (conn_kind(conn) != ENGINE_COCKROACH)
        return true;
    if (!pipeline_next(conn, &result, err)) {
        /* None was ever made, or by another role, which is no business of ours. */
        if (!query_names_nothing(err) && strcmp(err->sqlstate, "42501") != 0)
            return false;
        err_clear(err);
        return true;
    }
    for (i = 0; i < result_rows(result); i++)
        if (*result_text(result, i, 1))
            off->keys = true;
        else
            strlist_add(&off->rows, result_text(result, i, 0));
    result_free(result);
    return true;
}

/* --- off ---------------------------------------------------------------------- */

struct taking {
    struct conn *conn;
    const struct model *model;
    keys_off_choice choice;
    void *context;
    size_t *count;
};

static bool is_chosen(const struct taking *t, const struct model_table *table,
                      const struct model_constraint *key)
{
    return key->type == 'f' && !key->inherited && !key->ref_outside &&
           t->choice(t->context, table, key);
}

static void add_statement(struct buf *sql, const struct taking *t, const struct model_table *table,
                          const struct model_constraint *key)
{
    const struct engine *engine = conn_engine(t->conn);
    struct ddl ddl;

    ddl_init(&ddl, t->model, engine, conn_version(t->conn));
    engine->ddl->constraint(&ddl, table, key);
    quote_literal(sql, ddl.statement_count ? ddl.statements[0].sql : "");
    ddl_release(&ddl);
}

static void add_remark(struct buf *sql, const struct taking *t, const struct model_table *table,
                       const struct model_constraint *key)
{
    struct buf remark = BUF_INIT;

    if (!key->comment) {
        buf_adds(sql, "NULL");
        return;
    }
    buf_adds(&remark, "COMMENT ON CONSTRAINT ");
    quote_ident(&remark, key->name);
    buf_adds(&remark, " ON ");
    quote_name(&remark, t->model->schema, table->name);
    buf_adds(&remark, " IS ");
    quote_literal(&remark, key->comment);
    quote_literal(sql, remark.data);
    buf_release(&remark);
}

static void note(struct buf *sql, const struct taking *t, const struct model_table *table,
                 const struct model_constraint *key)
{
    buf_adds(sql, sql->len ? ", ("
                           : "INSERT INTO " TABLE
                             " (schema_name, table_name, key_name, statement, remark) "
                             "VALUES (");
    quote_literal(sql, t->model->schema);
    buf_adds(sql, ", ");
    quote_literal(sql, table->name);
    buf_adds(sql, ", ");
    quote_literal(sql, key->name);
    buf_adds(sql, ", ");
    add_statement(sql, t, table, key);
    buf_adds(sql, ", ");
    add_remark(sql, t, table, key);
    buf_addch(sql, ')');
}

static void notes(struct buf *sql, const struct taking *t)
{
    size_t i;
    size_t j;

    for (i = 0; i < t->model->table_count; i++)
        for (j = 0; j < t->model->tables[i].constraint_count; j++)
            if (is_chosen(t, &t->model->tables[i], &t->model->tables[i].constraints[j]))
                note(sql, t, &t->model->tables[i], &t->model->tables[i].constraints[j]);
}

static bool drop(const struct taking *t, struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t queued = 0;
    size_t i;
    size_t j;
    bool ok = true;

    for (i = 0; i < t->model->table_count; i++)
        for (j = 0; ok && j < t->model->tables[i].constraint_count; j++) {
            const struct model_table *table = &t->model->tables[i];

            if (!is_chosen(t, table, &table->constraints[j]))
                continue;
            buf_reset(&sql);
            buf_adds(&sql, "ALTER TABLE ");
            quote_name(&sql, t->model->schema, table->name);
            buf_adds(&sql, " DROP CONSTRAINT IF EXISTS ");
            quote_ident(&sql, table->constraints[j].name);
            ok = pipeline_add(t->conn, sql.data, 0, NULL, err) && pipeline_sync(t->conn, err);
            queued++;
        }
    buf_release(&sql);
    ok = ok && pipeline_send(&t->conn, 1, err);
    for (; ok && queued > 0; queued--)
        ok = pipeline_next(t->conn, NULL, err);
    return ok && pipeline_end(t->conn, err);
}

static bool count_off(struct conn *conn, size_t *count, struct err *err)
{
    const char *schema = conn_schema(conn);
    char *text;

    if (!query_value(conn, "SELECT count(*) FROM " TABLE KEYS, 1, &schema, &text, err))
        return false;
    *count = (size_t)strtoull(text, NULL, 10);
    free(text);
    return true;
}

static bool take(void *context, struct err *err)
{
    const struct taking *t = context;
    struct buf sql = BUF_INIT;
    bool ok = true;

    notes(&sql, t);
    if (sql.len) {
        buf_adds(&sql, " ON CONFLICT (schema_name, table_name, key_name) DO NOTHING");
        ok = make_table(t->conn, err) && query_run(t->conn, sql.data, 0, NULL, NULL, err) &&
             drop(t, err) && count_off(t->conn, t->count, err);
    }
    buf_release(&sql);
    return ok;
}

bool keys_off_take(struct conn *conn, const struct model *model, keys_off_choice choice,
                   void *context, size_t *count, struct err *err)
{
    struct taking taking = {conn, model, choice, context, count};

    *count = 0;
    return weather_pass(conn, take, &taking, err) || err_prefix(err, "taking foreign keys off");
}

/* --- back --------------------------------------------------------------------- */

enum { COLUMN_TABLE, COLUMN_KEY, COLUMN_STATEMENT, COLUMN_REMARK };

static bool forget(struct conn *conn, const struct result *keys, size_t i, struct err *err)
{
    const char *values[] = {conn_schema(conn), result_text(keys, i, COLUMN_TABLE),
                            result_text(keys, i, COLUMN_KEY)};

    return query_run(conn,
                     "DELETE FROM " TABLE OURS " AND table_name = $2::text AND key_name = $3::text",
                     3, values, NULL, err);
}

/* Whether the source of the rows has the key still: it may have been dropped there meanwhile. */
static bool is_of_source(const struct model *source, const struct result *keys, size_t i)
{
    const struct model_table *table =
        source ? model_table(source, result_text(keys, i, COLUMN_TABLE)) : NULL;

    return !source || (table && model_constraint(table, result_text(keys, i, COLUMN_KEY)));
}

struct putting_back {
    struct conn *conn;
    const struct model *source;
};

/* A table that is gone has no keys. *broken: rows do not fulfil the key; err says which. */
static bool put_one(const struct putting_back *p, const struct result *keys, size_t i, bool *broken,
                    struct err *err)
{
    struct conn *conn = p->conn;
    const char *remark = result_text(keys, i, COLUMN_REMARK);
    struct err why = ERR_INIT;
    bool there = query_run(conn, result_text(keys, i, COLUMN_STATEMENT), 0, NULL, NULL, &why) ||
                 query_is_there_already(&why);

    *broken = !strcmp(why.sqlstate, "23503");
    if (*broken && !is_of_source(p->source, keys, i)) {
        if (!forget(conn, keys, i, err))
            return false;
        log_warn("foreign key %s of table %s stays off: the active database has it no more",
                 result_text(keys, i, COLUMN_KEY), result_text(keys, i, COLUMN_TABLE));
        return true;
    }
    if (*broken) {
        *err = why;
        err_prefix(err, "foreign key %s of table %s could not be put back",
                   result_text(keys, i, COLUMN_KEY), result_text(keys, i, COLUMN_TABLE));
        return err_hint(err, "the %s is without it now; the next dbr-sync tries again",
                        conn_role(conn));
    }
    if (!there && !query_names_nothing(&why)) {
        *err = why;
        return false;
    }
    return (!there || !remark || query_run(conn, remark, 0, NULL, NULL, err)) &&
           forget(conn, keys, i, err);
}

static bool put_back(void *context, struct err *err)
{
    const struct putting_back *p = context;
    struct conn *conn = p->conn;
    const char *schema = conn_schema(conn);
    struct result *keys;
    struct err first = ERR_INIT;
    bool broken = true;
    bool ok = true;
    size_t i;

    if (!query_run(conn, "SELECT table_name, key_name, statement, remark FROM " TABLE KEYS, 1,
                   &schema, &keys, err))
        return false;
    for (i = 0; i < result_rows(keys) && (ok || broken); i++) {
        ok = put_one(p, keys, i, &broken, err);
        if (!ok && broken && first.code == ERR_NONE)
            first = *err;
    }
    result_free(keys);
    if (first.code == ERR_NONE || (!ok && !broken))
        return ok;
    *err = first;
    return false;
}

bool keys_off_put_back(struct conn *conn, const struct model *source, struct err *err)
{
    struct putting_back putting = {conn, source};

    return weather_pass(conn, put_back, &putting, err);
}

/* --- what stands there --------------------------------------------------------- */

struct listing {
    struct conn *conn;
    struct strlist *keys, *tables;
};

static bool list(void *context, struct err *err)
{
    struct listing *l = context;
    const char *schema = conn_schema(l->conn);
    struct result *result;
    size_t i;

    if (!query_run(l->conn, LIST, 1, &schema, &result, err)) {
        if (!query_names_nothing(err))
            return false;
        err_clear(err);
        return true;
    }
    for (i = 0; i < result_rows(result); i++) {
        const char *table = result_text(result, i, 0);
        const char *key = result_text(result, i, 1);

        if (*key)
            strlist_addf(l->keys, "%s.%s", table, key);
        else
            strlist_add(l->tables, table);
    }
    result_free(result);
    return true;
}

bool keys_off_list(struct conn *conn, struct strlist *keys, struct strlist *tables, struct err *err)
{
    struct listing listing = {conn, keys, tables};

    return conn_kind(conn) != ENGINE_COCKROACH || weather_pass(conn, list, &listing, err);
}

/* --- rows ---------------------------------------------------------------------- */

struct noting {
    struct conn *conn;
    const char *table;
};

static bool note_rows(void *context, struct err *err)
{
    const struct noting *n = context;
    const char *values[] = {conn_schema(n->conn), n->table};

    return make_table(n->conn, err) &&
           query_run(n->conn,
                     "INSERT INTO " TABLE " (schema_name, table_name, key_name, statement) VALUES "
                     "($1::text, $2::text, '', '') ON CONFLICT (schema_name, table_name, key_name) "
                     "DO NOTHING",
                     2, values, NULL, err);
}

bool rows_out_note(struct conn *conn, const char *table, struct err *err)
{
    struct noting noting = {conn, table};

    return weather_pass(conn, note_rows, &noting, err);
}

static bool forget_rows(void *context, struct err *err)
{
    const struct noting *n = context;
    const char *values[] = {conn_schema(n->conn), n->table};

    return query_run(n->conn,
                     "DELETE FROM " TABLE OURS " AND table_name = $2::text AND key_name = ''", 2,
                     values, NULL, err);
}

bool rows_out_forget(struct conn *conn, const char *table, struct err *err)
{
    struct noting noting = {conn, table};

    return weather_pass(conn, forget_rows, &noting, err);
}
