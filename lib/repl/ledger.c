/* The ledger of an init in the schema _dbr, which is never copied, exported or compared. */
#include "repl/ledger.h"

#include "db/query.h"

const char *const ledger_create[] = {
    "CREATE SCHEMA IF NOT EXISTS _dbr",
    "DROP TABLE IF EXISTS _dbr.progress",
    "CREATE TABLE _dbr.progress (table_name text PRIMARY KEY, copied_rows int8 NOT NULL)",
};
const size_t ledger_create_count = sizeof(ledger_create) / sizeof(ledger_create[0]);

bool ledger_make(struct conn *conn, struct err *err)
{
    size_t i;

    for (i = 0; i < ledger_create_count; i++)
        if (!query_run(conn, ledger_create[i], 0, NULL, NULL, err))
            return false;
    return true;
}

bool ledger_read(struct conn *conn, bool *exists, struct strlist *tables, struct err *err)
{
    struct result *result;
    size_t i;

    if (!query_run(conn,
                   "SELECT count(*) > 0 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                   "ON n.oid = "
                   "c.relnamespace WHERE n.nspname = '_dbr' AND c.relname = 'progress'",
                   0, NULL, &result, err))
        return false;
    *exists = result_bool(result, 0, 0);
    result_free(result);
    if (!*exists)
        return true;
    if (!query_run(conn, "SELECT table_name FROM _dbr.progress", 0, NULL, &result, err))
        return false;
    for (i = 0; i < result_rows(result); i++)
        strlist_add(tables, result_text(result, i, 0));
    result_free(result);
    return true;
}

bool ledger_drop(struct conn *conn, struct err *err)
{
    return query_run(conn, "DROP TABLE IF EXISTS _dbr.progress", 0, NULL, NULL, err);
}
