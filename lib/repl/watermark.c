/* The watermark query per engine. */
#include "repl/watermark.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"

/* Applications set the column by their own clocks: a minute covers what NTP leaves. */
#define MARGIN_MS 60000

bool watermark_queue(struct conn *conn, int64_t overlap_ms, struct err *err)
{
    struct buf sql = BUF_INIT;
    int64_t margin = overlap_ms > MARGIN_MS ? overlap_ms : MARGIN_MS;
    bool ok;

    if (conn_kind(conn) == ENGINE_COCKROACH) {
        /*
         * Start times of others' transactions are not to be had there, so the margin must cover
         * them; what a longer one changed is found by the fingerprint. When a row was committed
         * could be asked for (crdb_internal_mvcc_timestamp), but reads the whole table, as the
         * fingerprint does, and tells nothing of deletes. The margin is far more than clocks of
         * nodes differ.
         */
        buf_addf(&sql, "SELECT (clock_timestamp() - %" PRId64 " * interval '1 millisecond')::text",
                 margin);
    } else {
        /*
         * xact_start is NULL for other roles' sessions without pg_read_all_stats while backend_xid
         * is not: such a session may have begun at any time within the overlap window.
         */
        buf_addf(
            &sql,
            "SELECT (least(clock_timestamp(),"
            " (SELECT min(xact_start) FROM pg_catalog.pg_stat_activity WHERE pid <> "
            "pg_catalog.pg_backend_pid()),"
            " (SELECT min(prepared) FROM pg_catalog.pg_prepared_xacts))"
            " - CASE WHEN pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') OR"
            " (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
            " THEN %d ELSE %" PRId64 " END * interval '1 millisecond')::text",
            MARGIN_MS, margin);
    }
    ok = pipeline_add(conn, sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

bool watermark_receive(struct conn *conn, char **text, struct err *err)
{
    struct result *result;

    *text = NULL;
    if (!pipeline_next(conn, &result, err))
        return false;
    *text = mem_strdup(result_text(result, 0, 0));
    result_free(result);
    return true;
}
