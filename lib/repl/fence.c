/* The database setting that makes sessions read-only by default, and the end of older sessions. */
#include "repl/fence.h"

#include <string.h>

#include "base/buf.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"

static bool alter(struct conn *conn, const char *identity, const char *change, struct err *err)
{
    const char *name = strchr(identity, '/');
    struct buf sql = BUF_INIT;
    bool ok;

    buf_adds(&sql, "ALTER DATABASE ");
    quote_ident(&sql, name ? name + 1 : identity);
    buf_addf(&sql, " %s", change);
    ok = query_run(conn, sql.data, 0, NULL, NULL, err);
    buf_release(&sql);
    return ok;
}

/* Sessions of dbr itself override the fence and are left alone. */
static bool end_sessions(struct conn *conn, struct err *err)
{
    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    return query_run(conn,
                     "SELECT pg_catalog.pg_terminate_backend(pid) FROM "
                     "pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid <> "
                     "pg_catalog.pg_backend_pid() AND backend_type = 'client backend' AND "
                     "application_name <> 'dbr'",
                     0, NULL, NULL, err);
}

bool fence_place(struct conn *conn, const char *identity, struct err *err)
{
    return alter(conn, identity, "SET default_transaction_read_only = on", err) &&
           end_sessions(conn, err);
}

bool fence_lift(struct conn *conn, const char *identity, struct err *err)
{
    return alter(conn, identity, "RESET default_transaction_read_only", err);
}

bool fence_queue_state(struct conn *conn, struct err *err)
{
    return pipeline_add(
        conn,
        "SELECT count(*) > 0 FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d "
        "ON d.oid = s.setdatabase WHERE d.datname = current_database() AND s.setrole = 0 AND "
        "'default_transaction_read_only=on' = ANY (s.setconfig)",
        0, NULL, err);
}

bool fence_receive_state(struct conn *conn, bool *fenced, struct err *err)
{
    struct result *result;

    if (!pipeline_next(conn, &result, err))
        return false;
    *fenced = result_bool(result, 0, 0);
    result_free(result);
    return true;
}
