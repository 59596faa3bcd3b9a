/* Disabling and enabling triggers and rules, one statement for all of them. */
#include "repl/triggers.h"

#include <string.h>

#include "base/buf.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"

static const char *const preparations[] = {
    "CREATE SCHEMA IF NOT EXISTS _dbr",
    "CREATE TABLE IF NOT EXISTS _dbr.quiet_triggers (schema_name text, table_name text, "
    "kind text, trigger_name text, state text NOT NULL, PRIMARY KEY (schema_name, table_name, "
    "kind, trigger_name))",
};
#define PREPARATIONS (sizeof(preparations) / sizeof(preparations[0]))

/* Triggers and rules of tables. What stands on a view never fires on rows that dbr applies.
 * PostgreSQL 14 calls those internal that a partition has from its table, as it does those of
 * foreign keys. */
static const char programs[] =
    "(SELECT tgrelid AS relation, 'TRIGGER' AS kind, tgname AS name, tgenabled AS state FROM "
    "pg_catalog.pg_trigger WHERE NOT tgisinternal OR (tgparentid <> 0 AND NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_constraint k WHERE k.oid = tgconstraint AND k.contype <> 't')) UNION ALL SELECT "
    "ev_class, 'RULE', rulename, ev_enabled FROM pg_catalog.pg_rewrite WHERE ev_type <> '1')";

/* " AND root.relname IN ('a', 'b')", or NOT IN; nothing for an empty list. */
static void add_names(struct buf *sql, const struct strlist *names, const char *operator)
{
    size_t i;

    if (names->count == 0)
        return;
    buf_addf(sql, " AND root.relname %s (", operator);
    for (i = 0; i < names->count; i++) {
        if (i)
            buf_adds(sql, ", ");
        quote_literal(sql, names->items[i]);
    }
    buf_addch(sql, ')');
}

/* A partition goes the way of the table that it belongs to. */
static void add_source(struct buf *sql, const char *schema)
{
    buf_addf(sql,
             " FROM %s p JOIN pg_catalog.pg_class c ON c.oid = p.relation AND c.relkind IN ('r', "
             "'p') JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN "
             "pg_catalog.pg_class root ON root.oid = coalesce(pg_catalog.pg_partition_root(c.oid), "
             "c.oid) JOIN pg_catalog.pg_namespace s ON s.oid = root.relnamespace WHERE s.nspname "
             "= ",
             programs);
    quote_literal(sql, schema);
}

/* Statements of PL/pgSQL for a record r of nspname, relname, kind, name and state. ONLY, because
 * each is noted by itself, with a state of its own. */
#define DISABLE                                                                                    \
    "EXECUTE pg_catalog.format('ALTER TABLE ONLY %I.%I DISABLE %s %I', r.nspname, r.relname, "     \
    "r.kind, r.name); "
#define ENABLE                                                                                     \
    "EXECUTE pg_catalog.format('ALTER TABLE ONLY %I.%I ENABLE %s %s %I', r.nspname, r.relname, "   \
    "CASE r.state WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, r.kind, r.name); "

static void quiet_body(struct buf *body, const char *schema, const struct config *config,
                       bool unchecked)
{
    buf_adds(body, "DECLARE r record; BEGIN FOR r IN SELECT n.nspname, c.relname, p.*");
    add_source(body, schema);
    buf_addf(body, " AND p.state IN (%s)", unchecked ? "'A', 'R'" : "'A', 'R', 'O'");
    add_names(body, &config->tables, "IN");
    add_names(body, &config->exclude, "NOT IN");
    buf_adds(body,
             " LOOP INSERT INTO _dbr.quiet_triggers (schema_name, table_name, kind, trigger_name, "
             "state) VALUES (r.nspname, r.relname, r.kind, r.name, r.state::text) ON CONFLICT "
             "(schema_name, table_name, kind, trigger_name) DO UPDATE SET state = "
             "excluded.state; " DISABLE "END LOOP; END");
}

static bool queue_do(struct conn *conn, const struct buf *body, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    buf_adds(&sql, "DO ");
    quote_literal(&sql, body->data);
    ok = pipeline_add(conn, sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

bool triggers_queue_quiet(struct conn *conn, const struct config *config, bool unchecked,
                          size_t *statements, struct err *err)
{
    struct buf body = BUF_INIT;
    bool ok = true;
    size_t i;

    *statements = 0;
    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    for (i = 0; i < PREPARATIONS && ok; i++)
        ok = pipeline_add(conn, preparations[i], 0, NULL, err);
    quiet_body(&body, conn_schema(conn), config, unchecked);
    ok = ok && queue_do(conn, &body, err);
    *statements = PREPARATIONS + 1;
    buf_release(&body);
    return ok;
}

/* One that went away meanwhile, with its table or without, is not missed. */
static void wake_body(struct buf *body)
{
    buf_addf(body,
             "DECLARE r record; BEGIN IF pg_catalog.to_regclass('_dbr.quiet_triggers') IS NULL "
             "THEN RETURN; END IF; FOR r IN SELECT n.nspname, c.relname, p.kind, p.name, q.state "
             "FROM _dbr.quiet_triggers q JOIN pg_catalog.pg_namespace n ON n.nspname = "
             "q.schema_name JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = "
             "q.table_name JOIN %s p ON p.relation = c.oid AND p.kind = q.kind AND p.name = "
             "q.trigger_name LOOP ",
             programs);
    buf_adds(body, ENABLE "END LOOP; DELETE FROM _dbr.quiet_triggers; END");
}

bool triggers_queue_wake(struct conn *conn, size_t *statements, struct err *err)
{
    struct buf body = BUF_INIT;
    bool ok;

    *statements = 0;
    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    *statements = 1;
    wake_body(&body);
    ok = queue_do(conn, &body, err);
    buf_release(&body);
    return ok;
}

bool triggers_quiet(struct conn *conn, const struct config *config, bool unchecked,
                    struct strlist *names, struct err *err)
{
    struct result *result = NULL;
    struct err ending = ERR_INIT;
    size_t statements;
    size_t i;
    bool ok;

    if (!triggers_queue_quiet(conn, config, unchecked, &statements, err))
        return false;
    if (statements == 0)
        return true;
    ok = pipeline_add(conn,
                      "SELECT lower(kind) || ' ' || trigger_name || ' on ' || table_name FROM "
                      "_dbr.quiet_triggers ORDER BY table_name, trigger_name, kind",
                      0, NULL, err) &&
         pipeline_sync(conn, err) && pipeline_send(&conn, 1, err);
    while (ok && statements-- > 0)
        ok = pipeline_next(conn, NULL, err);
    ok = ok && pipeline_next(conn, &result, err);
    for (i = 0; ok && i < result_rows(result); i++)
        strlist_add(names, result_text(result, i, 0));
    result_free(result);
    (void)pipeline_end(conn, &ending);
    return ok;
}

bool triggers_queue_look(struct conn *conn, struct err *err)
{
    const char *schema = conn_schema(conn);

    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    return pipeline_add(conn,
                        "SELECT table_name, kind, trigger_name, state FROM _dbr.quiet_triggers "
                        "WHERE schema_name = $1",
                        1, &schema, err) &&
           pipeline_sync(conn, err);
}

/* No such schema, no such table: nothing was ever disabled there. */
bool triggers_receive_look(struct conn *conn, struct quieted *quieted, struct err *err)
{
    quieted->rows = NULL;
    if (conn_kind(conn) != ENGINE_POSTGRES || pipeline_next(conn, &quieted->rows, err))
        return true;
    if (strcmp(err->sqlstate, "42P01") != 0 && strcmp(err->sqlstate, "3F000") != 0)
        return false;
    err_clear(err);
    return true;
}

static bool is_same(const struct model_object *object, const struct result *rows, size_t row)
{
    bool rule = object->kind == OBJECT_RULE;
    bool trigger = object->kind == OBJECT_TRIGGER || object->kind == OBJECT_TRIGGER_STATE;

    return (rule || trigger) && object->table &&
           rule == (strcmp(result_text(rows, row, 1), "RULE") == 0) &&
           !strcmp(object->table, result_text(rows, row, 0)) &&
           !strcmp(object->plain, result_text(rows, row, 2));
}

void triggers_as_awake(struct model *model, const struct quieted *quieted)
{
    size_t rows = quieted->rows ? result_rows(quieted->rows) : 0;
    size_t i;
    size_t j;

    for (i = 0; i < rows; i++)
        for (j = 0; j < model->object_count; j++)
            if (is_same(&model->objects[j], quieted->rows, i))
                model->objects[j].trigger_state = *result_text(quieted->rows, i, 3);
}

void quieted_release(struct quieted *quieted)
{
    result_free(quieted->rows);
    quieted->rows = NULL;
}

/* Where dbr's own table of the schema _dbr would have to be made for a moment's sake. */
#define PAUSED "pg_temp.dbr_paused_triggers"

bool triggers_queue_pause(struct conn *conn, const struct strlist *tables, size_t *statements,
                          struct err *err)
{
    struct buf note = BUF_INIT;
    struct buf body = BUF_INIT;
    bool ok;

    *statements = 2;
    /* Partitions after what they belong to, whose change may reach them. */
    buf_adds(&note, "CREATE TEMPORARY TABLE " PAUSED " ON COMMIT DROP AS SELECT n.nspname, "
                    "c.relname, p.kind, p.name, p.state, (SELECT count(*) FROM "
                    "pg_catalog.pg_partition_ancestors(c.oid)) AS level");
    add_source(&note, conn_schema(conn));
    add_names(&note, tables, "IN");
    buf_adds(&body, "DECLARE r record; BEGIN FOR r IN SELECT * FROM " PAUSED
                    " WHERE state <> 'D' ORDER BY level LOOP " DISABLE "END LOOP; END");
    ok = pipeline_add(conn, note.data, 0, NULL, err) && queue_do(conn, &body, err);
    buf_release(&note);
    buf_release(&body);
    return ok;
}

bool triggers_queue_resume(struct conn *conn, size_t *statements, struct err *err)
{
    struct buf body = BUF_INIT;
    bool ok;

    *statements = 1;
    buf_adds(&body, "DECLARE r record; BEGIN FOR r IN SELECT * FROM " PAUSED
                    " WHERE state <> 'D' ORDER BY level LOOP " ENABLE "END LOOP; END");
    ok = queue_do(conn, &body, err);
    buf_release(&body);
    return ok;
}
