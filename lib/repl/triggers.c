/* Disabling and enabling triggers, one statement for all of them. */
#include "repl/triggers.h"

#include "base/buf.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"

static const char *const preparations[] = {
    "CREATE SCHEMA IF NOT EXISTS _dbr",
    "CREATE TABLE IF NOT EXISTS _dbr.quiet_triggers (schema_name text, table_name text, "
    "trigger_name text, state text NOT NULL, PRIMARY KEY (schema_name, table_name, trigger_name))",
};
#define PREPARATIONS (sizeof(preparations) / sizeof(preparations[0]))

/* " AND c.relname IN ('a', 'b')", or NOT IN; nothing for an empty list. */
static void add_names(struct buf *sql, const struct strlist *names, const char *operator)
{
    size_t i;

    if (names->count == 0)
        return;
    buf_addf(sql, " AND c.relname %s (", operator);
    for (i = 0; i < names->count; i++) {
        if (i)
            buf_adds(sql, ", ");
        quote_literal(sql, names->items[i]);
    }
    buf_addch(sql, ')');
}

static void quiet_body(struct buf *body, const char *schema, const struct config *config,
                       bool unchecked)
{
    buf_adds(body,
             "DECLARE r record; BEGIN FOR r IN SELECT c.relname, t.tgname, t.tgenabled FROM "
             "pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN "
             "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND "
             "n.nspname = ");
    quote_literal(body, schema);
    buf_addf(body, " AND t.tgenabled IN (%s)", unchecked ? "'A', 'R'" : "'A', 'R', 'O'");
    add_names(body, &config->tables, "IN");
    add_names(body, &config->exclude, "NOT IN");
    buf_adds(body, " LOOP INSERT INTO _dbr.quiet_triggers VALUES (");
    quote_literal(body, schema);
    buf_adds(body,
             ", r.relname, r.tgname, r.tgenabled::text) ON CONFLICT (schema_name, table_name, "
             "trigger_name) DO UPDATE SET state = excluded.state; EXECUTE "
             "pg_catalog.format('ALTER TABLE %I.%I DISABLE TRIGGER %I', ");
    quote_literal(body, schema);
    buf_adds(body, "::text, r.relname, r.tgname); END LOOP; END");
}

bool triggers_queue_quiet(struct conn *conn, const struct config *config, bool unchecked,
                          size_t *statements, struct err *err)
{
    struct buf body = BUF_INIT;
    struct buf sql = BUF_INIT;
    bool ok = true;
    size_t i;

    *statements = 0;
    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    for (i = 0; i < PREPARATIONS && ok; i++)
        ok = pipeline_add(conn, preparations[i], 0, NULL, err);
    quiet_body(&body, conn_schema(conn), config, unchecked);
    buf_adds(&sql, "DO ");
    quote_literal(&sql, body.data);
    ok = ok && pipeline_add(conn, sql.data, 0, NULL, err);
    *statements = PREPARATIONS + 1;
    buf_release(&body);
    buf_release(&sql);
    return ok;
}

/* A trigger that went away meanwhile, with its table or without, is not missed. */
static const char wake[] =
    "DO $wake$ DECLARE r record; BEGIN IF pg_catalog.to_regclass('_dbr.quiet_triggers') IS NULL "
    "THEN RETURN; END IF; FOR r IN SELECT q.* FROM _dbr.quiet_triggers q JOIN "
    "pg_catalog.pg_namespace n ON n.nspname = q.schema_name JOIN pg_catalog.pg_class c ON "
    "c.relnamespace = n.oid AND c.relname = q.table_name JOIN pg_catalog.pg_trigger t ON t.tgrelid "
    "= c.oid AND t.tgname = q.trigger_name LOOP EXECUTE pg_catalog.format('ALTER TABLE %I.%I "
    "ENABLE %s TRIGGER %I', r.schema_name, r.table_name, CASE r.state WHEN 'A' THEN 'ALWAYS' WHEN "
    "'R' THEN 'REPLICA' ELSE '' END, r.trigger_name); END LOOP; DELETE FROM _dbr.quiet_triggers; "
    "END $wake$";

bool triggers_queue_wake(struct conn *conn, size_t *statements, struct err *err)
{
    *statements = 0;
    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    *statements = 1;
    return pipeline_add(conn, wake, 0, NULL, err);
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
                      "SELECT trigger_name || ' on ' || table_name FROM _dbr.quiet_triggers ORDER "
                      "BY table_name, trigger_name",
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
