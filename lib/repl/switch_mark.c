/* Rows of _dbr.switches. */
#include "repl/switch_mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/pipeline.h"
#include "db/query.h"
#include "state/journal.h"

static const char *const preparations[] = {
    "CREATE SCHEMA IF NOT EXISTS _dbr",
    "CREATE TABLE IF NOT EXISTS _dbr.switches (id text PRIMARY KEY, op text NOT NULL, active text "
    "NOT NULL, epoch int8 NOT NULL, host text NOT NULL, at timestamptz NOT NULL)",
};

bool switch_mark_queue_table(struct conn *conn, size_t *statements, struct err *err)
{
    size_t i;

    *statements = sizeof(preparations) / sizeof(preparations[0]);
    for (i = 0; i < *statements; i++)
        if (!pipeline_add(conn, preparations[i], 0, NULL, err) ||
            (conn_kind(conn) == ENGINE_COCKROACH && !pipeline_sync(conn, err)))
            return false;
    return true;
}

bool switch_mark_queue(struct conn *conn, const struct switch_mark *mark, struct err *err)
{
    char epoch[32];
    char host[128] = "";
    const char *const values[] = {mark->id, mark->op, mark->active, epoch, host};

    (void)snprintf(epoch, sizeof(epoch), "%" PRId64, mark->epoch);
    if (gethostname(host, sizeof(host) - 1) != 0)
        (void)snprintf(host, sizeof(host), "unknown");
    return pipeline_add(conn,
                        "INSERT INTO _dbr.switches (id, op, active, epoch, host, at) VALUES "
                        "($1::text, $2::text, $3::text, $4::int8, $5::text, now()) ON CONFLICT "
                        "(id) DO NOTHING",
                        5, values, err);
}

bool switch_mark_queue_look(struct conn *conn, const char *id, struct err *err)
{
    const char *const values[] = {id ? id : ""};

    /* Before the first switch there is no such table: that is an error of this segment alone. */
    return pipeline_sync(conn, err) &&
           pipeline_add(conn,
                        "SELECT coalesce(bool_or(id = $1::text), false), coalesce(max(epoch), 0) "
                        "FROM _dbr.switches",
                        1, values, err) &&
           pipeline_sync(conn, err);
}

bool switch_mark_receive(struct conn *conn, bool *found, int64_t *epoch, struct err *err)
{
    struct result *result;

    *found = false;
    *epoch = 0;
    if (!pipeline_next(conn, &result, err)) {
        /* No table, no schema, or one of another role, which this one has never switched with. */
        if (strcmp(err->sqlstate, "42P01") != 0 && strcmp(err->sqlstate, "3F000") != 0 &&
            strcmp(err->sqlstate, "42501") != 0)
            return false;
        err_clear(err);
        return true;
    }
    *found = result_bool(result, 0, 0);
    *epoch = result_int(result, 0, 1);
    result_free(result);
    return true;
}

bool switch_mark_check(const struct state *state, int64_t epoch, int64_t under_way, struct err *err)
{
    int64_t known = journal_epoch(state);

    if (under_way > known)
        known = under_way;
    if (epoch <= known ||
        (!state_identity(state, ROLE_PRIMARY) && !state_identity(state, ROLE_SECONDARY)))
        return true;
    err_set(err, ERR_REFUSED,
            "these databases have been switched by another state directory: switch %" PRId64
            ", this one knows of %" PRId64,
            epoch, known);
    return err_hint(err, "run dbr where they were switched, or bring that state directory here; "
                         "where it is lost, dbr(7) says how to go on without it");
}
