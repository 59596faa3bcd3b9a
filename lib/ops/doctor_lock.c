/* Why a server that answers at all did not answer every question: mostly a table that a migration
 * holds. */
#include <stdio.h>

#include "cli/report.h"
#include "db/query.h"
#include "ops/doctor_server.h"

#define TEXT_SIZE 32

/* Only what bars even readers; the details of another role's session may be hidden. */
#define FIND_LOCK                                                                                  \
    "SELECT c.relname, l.pid, (extract(epoch FROM pg_catalog.clock_timestamp() -"                  \
    " coalesce(a.xact_start, p.prepared)) * 1000)::bigint, coalesce(p.gid, a.application_name)"    \
    " FROM pg_catalog.pg_locks l"                                                                  \
    " JOIN pg_catalog.pg_class c ON c.oid = l.relation"                                            \
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"                                    \
    " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"                                    \
    " LEFT JOIN pg_catalog.pg_prepared_xacts p ON l.pid IS NULL AND EXISTS"                        \
    " (SELECT FROM pg_catalog.pg_locks x WHERE x.pid IS NULL AND"                                  \
    " x.virtualtransaction = l.virtualtransaction AND x.transactionid = p.transaction)"            \
    " WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND n.nspname = $1"                       \
    " AND c.relkind IN ('r', 'p', 'm', 'S') AND l.database ="                                      \
    " (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = "                              \
    "pg_catalog.current_database())"                                                               \
    " ORDER BY c.relkind = 'S', a.xact_start, c.relname LIMIT 1"

static void describe(const struct result *lock, struct err *err)
{
    struct err told = *err;
    char lasts[TEXT_SIZE];
    struct buf text = BUF_INIT;
    const char *pid = result_text(lock, 0, 1);
    const char *by = result_text(lock, 0, 3);
    /* A prepared transaction belongs to no session any more. */
    if (pid)
        buf_addf(&text, "session %s", pid);
    else
        buf_adds(&text, "a prepared transaction");
    if (by && *by) {
        buf_adds(&text, " (");
        buf_add_clean(&text, by);
        buf_addch(&text, ')');
    }
    if (result_text(lock, 0, 2))
        buf_addf(&text, ", for %s", report_duration(result_int(lock, 0, 2), lasts));
    err_set(err, told.code, "%s: table %s is locked by %s", told.message, result_text(lock, 0, 0),
            text.data);
    if (pid)
        err_hint(err,
                 "wait until that transaction ends, or end it with SELECT pg_terminate_backend(%s)",
                 pid);
    else
        err_hint(err, "end it with COMMIT PREPARED or ROLLBACK PREPARED (see pg_prepared_xacts)");
    buf_release(&text);
}

void doctor_explain_wait(const struct conn_params *params, struct err *err)
{
    struct conn *conn = NULL;
    struct result *lock = NULL;
    struct err ignored = ERR_INIT;
    if (!conn_open(params, &conn, &ignored))
        return;
    conn_limit_time(conn, params->timeout_ms);
    if (conn_kind(conn) == ENGINE_POSTGRES &&
        query_run(conn, FIND_LOCK, 1, &params->schema, &lock, &ignored) && result_rows(lock) == 1) {
        describe(lock, err);
    } else {
        struct err told = *err;
        err_set(err, told.code, "%s, although it takes connections (a lock?)", told.message);
        err_hint(err, "see what runs there and what it waits for; where it is only slow, raise "
                      "HEALTH_CHECK_TIMEOUT");
    }
    result_free(lock);
    conn_close(conn);
}
