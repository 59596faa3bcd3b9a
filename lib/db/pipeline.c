/*
 * Many statements in one round trip, on libpq's pipeline mode. The connection remembers what is
 * still to be delivered, so that results, segment ends and dbr's own session settings come out in
 * step.
 */
#include "db/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/conn_internal.h"

static void push_entry(struct conn *conn, enum pipeline_entry entry)
{
    if (conn->entry_head == conn->entry_count)
        conn->entry_head = conn->entry_count = 0;
    if (conn->entry_count == conn->entry_cap) {
        conn->entry_cap = conn->entry_cap ? conn->entry_cap * 2 : 64;
        conn->entries = mem_array(conn->entries, conn->entry_cap, sizeof(*conn->entries));
    }
    conn->entries[conn->entry_count++] = entry;
}

/* The session's own settings go before the first statement, in a segment of their own. */
static bool queue_settings(struct conn *conn, struct err *err)
{
    conn->settings_sent = true;
    err_clear(&conn->settings_err);
    if (!PQsendQueryParams(conn->pg, conn_engine_settings(conn), 0, NULL, NULL, NULL, NULL, 0) ||
        !PQpipelineSync(conn->pg))
        return conn_result_error(conn, NULL, err);
    traffic_asked(conn, conn_engine_settings(conn), 0, NULL);
    push_entry(conn, ENTRY_HIDDEN);
    push_entry(conn, ENTRY_SYNC);
    return true;
}

static bool enter(struct conn *conn, struct err *err)
{
    if (!conn->in_pipeline) {
        if (!PQenterPipelineMode(conn->pg))
            return conn_result_error(conn, NULL, err);
        conn->in_pipeline = true;
        err_clear(&conn->segment_err);
    }
    /* Those that were refused go again once nothing is left that was sent without them. */
    return (conn->settings_sent &&
            (conn->settings_err.code == ERR_NONE || conn->entry_head < conn->entry_count)) ||
           queue_settings(conn, err);
}

#define TEXT 0
#define BINARY 1

static bool add_text(struct conn *conn, const char *sql, size_t n, const char *const *values,
                     int result_format, struct err *err)
{
    if (!enter(conn, err))
        return false;
    if (!PQsendQueryParams(conn->pg, sql, (int)n, NULL, values, NULL, NULL, result_format))
        return conn_result_error(conn, NULL, err);
    push_entry(conn, ENTRY_STATEMENT);
    traffic_asked(conn, sql, n, values);
    return true;
}

bool pipeline_add(struct conn *conn, const char *sql, size_t n, const char *const *values,
                  struct err *err)
{
    return add_text(conn, sql, n, values, TEXT, err);
}

bool pipeline_ask_bytes(struct conn *conn, const char *sql, size_t n, const char *const *values,
                        struct err *err)
{
    return add_text(conn, sql, n, values, BINARY, err);
}

bool pipeline_add_bytes(struct conn *conn, const char *sql, size_t n, const char *const *values,
                        const char *data, size_t len, struct err *err)
{
    const char **all = mem_alloc((n + 1) * sizeof(*all));
    int *lengths = mem_alloc((n + 1) * sizeof(*lengths));
    int *formats = mem_alloc((n + 1) * sizeof(*formats));
    bool ok;

    memcpy(all, values, n * sizeof(*all));
    all[n] = data;
    lengths[n] = (int)len;
    formats[n] = BINARY;
    ok = enter(conn, err);
    if (ok && !PQsendQueryParams(conn->pg, sql, (int)n + 1, NULL, all, lengths, formats, TEXT))
        ok = conn_result_error(conn, NULL, err);
    if (ok) {
        push_entry(conn, ENTRY_STATEMENT);
        traffic_asked(conn, sql, n, values);
        conn->traffic->bytes_written += (int64_t)len;
    }
    free(all);
    free(lengths);
    free(formats);
    return ok;
}

bool pipeline_sync(struct conn *conn, struct err *err)
{
    if (!enter(conn, err))
        return false;
    if (!PQpipelineSync(conn->pg))
        return conn_result_error(conn, NULL, err);
    push_entry(conn, ENTRY_SYNC);
    conn->asked = true;
    return true;
}

bool pipeline_send(struct conn *const *conns, size_t count, struct err *err)
{
    size_t i;

    /* A first pass hands each socket what it takes at once, so that both servers start to work
     * together. */
    for (i = 0; i < count; i++)
        if (PQflush(conns[i]->pg) < 0)
            return conn_result_error(conns[i], NULL, err);
    for (i = 0; i < count; i++)
        if (!conn_flush(conns[i], err))
            return false;
    return true;
}

/* Fetches the next PGresult of the current statement; NULL at its end. */
static bool fetch(struct conn *conn, PGresult **pg, struct err *err)
{
    if (!conn_await(conn, err))
        return false;
    *pg = PQgetResult(conn->pg);
    return true;
}

/* Reads the statement at the head to its end. A failed one yields false, with the reason in err. */
static bool finish_statement(struct conn *conn, PGresult **out, struct err *err)
{
    PGresult *pg;
    bool ok = true;
    bool any = false;

    *out = NULL;
    for (;;) {
        ExecStatusType status;

        if (!fetch(conn, &pg, err))
            return false;
        if (!pg)
            break;
        any = true;
        status = PQresultStatus(pg);
        if (status == PGRES_PIPELINE_ABORTED) {
            *err = conn->segment_err;
            if (err->code == ERR_NONE)
                err_set_hint(err, ERR_FAILED, "run the program again",
                             "%s: skipped after an earlier error", conn->role);
            ok = false;
        } else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
                   status != PGRES_EMPTY_QUERY && status != PGRES_SINGLE_TUPLE) {
            conn_result_error(conn, pg, err);
            conn->segment_err = *err;
            ok = false;
        }
        if (ok && !*out) {
            traffic_answered(conn, pg);
            *out = pg;
        } else {
            PQclear(pg);
        }
    }
    conn->entry_head++;
    if (!any)
        return conn_result_error(conn, NULL, err);
    if (!ok) {
        PQclear(*out);
        *out = NULL;
    }
    return ok;
}

static bool finish_sync(struct conn *conn, struct err *err)
{
    PGresult *pg;
    bool ok;

    if (!fetch(conn, &pg, err))
        return false;
    ok = pg && PQresultStatus(pg) == PGRES_PIPELINE_SYNC;
    PQclear(pg);
    conn->entry_head++;
    err_clear(&conn->segment_err);
    return ok ? true : conn_result_error(conn, NULL, err);
}

/*
 * Consumes segment ends and hidden statements before the next one of the caller's. Where the
 * settings were refused, no statement that was sent after them counts: their error is the answer to
 * each.
 */
static bool advance(struct conn *conn, struct err *err)
{
    while (conn->entry_head < conn->entry_count) {
        enum pipeline_entry entry = conn->entries[conn->entry_head];
        PGresult *pg;
        bool ok;

        if (entry == ENTRY_STATEMENT)
            return true;
        if (entry == ENTRY_SYNC) {
            if (!finish_sync(conn, err))
                return false;
            continue;
        }
        ok = finish_statement(conn, &pg, &conn->settings_err);
        PQclear(pg);
        if (!ok && (!conn_alive(conn) || conn->settings_err.code == ERR_STOPPED)) {
            *err = conn->settings_err;
            return false;
        }
    }
    return err_internal(err, "%s: no statement is waiting for its result", conn->role);
}

bool pipeline_next(struct conn *conn, struct result **result, struct err *err)
{
    PGresult *pg;

    if (result)
        *result = NULL;
    if (!advance(conn, err) || !finish_statement(conn, &pg, err))
        return false;
    if (conn->settings_err.code != ERR_NONE) {
        PQclear(pg);
        *err = conn->settings_err;
        return false;
    }
    if (!result) {
        PQclear(pg);
        return true;
    }
    *result = mem_alloc(sizeof(**result));
    (*result)->pg = pg;
    return true;
}

bool pipeline_rows(struct conn *conn, pipeline_row row, void *context, struct err *err)
{
    bool ok = true;

    if (!advance(conn, err))
        return false;
    if (conn->settings_err.code != ERR_NONE) {
        *err = conn->settings_err;
        ok = false;
    }
    PQsetSingleRowMode(conn->pg);
    for (;;) {
        PGresult *pg;
        struct result one;

        if (!conn_await(conn, ok ? err : &(struct err)ERR_INIT))
            return false;
        /* The rows may go on for long; a stop must not wait for the last one. */
        pg = PQgetResult(conn->pg);
        if (!pg)
            break;
        one.pg = pg;
        switch (PQresultStatus(pg)) {
        case PGRES_SINGLE_TUPLE:
            traffic_row(conn, pg);
            if (ok)
                ok = row(context, &one, err);
            break;
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
            traffic_answered(conn, pg);
            break;
        case PGRES_PIPELINE_ABORTED:
            if (ok)
                *err = conn->segment_err;
            ok = false;
            break;
        default:
            if (ok) {
                conn_result_error(conn, pg, err);
                conn->segment_err = *err;
            }
            ok = false;
            break;
        }
        PQclear(pg);
    }
    conn->entry_head++;
    return ok;
}

/* Without a sync at its end the server would keep the last results to itself. */
static bool close_segment(struct conn *conn, struct err *err)
{
    bool open =
        conn->entry_count > conn->entry_head && conn->entries[conn->entry_count - 1] != ENTRY_SYNC;

    return !open || !conn_alive(conn) || (pipeline_sync(conn, err) && conn_flush(conn, err));
}

bool pipeline_end(struct conn *conn, struct err *err)
{
    bool ok = true;
    struct err later = ERR_INIT;

    if (!conn->in_pipeline)
        return true;
    if (!close_segment(conn, err))
        return false;
    while (conn->entry_head < conn->entry_count && conn_alive(conn)) {
        PGresult *pg = NULL;
        enum pipeline_entry entry = conn->entries[conn->entry_head];
        struct err *why = ok ? err : &later;
        bool good = entry == ENTRY_SYNC ? finish_sync(conn, why) : finish_statement(conn, &pg, why);

        PQclear(pg);
        if (!good && entry == ENTRY_HIDDEN)
            conn->settings_err = *why;
        ok = ok && good;
        if (!good && (later.code == ERR_STOPPED || err->code == ERR_STOPPED))
            return false;
    }
    conn->entry_head = conn->entry_count = 0;
    err_clear(&conn->segment_err);
    if (!conn_alive(conn))
        return ok ? err_set_hint(err, ERR_UNREACHABLE, CONN_LOST_HINT,
                                 "the connection to the %s was lost", conn->role)
                  : false;
    if (!PQexitPipelineMode(conn->pg))
        return ok ? conn_result_error(conn, NULL, err) : false;
    conn->in_pipeline = false;
    return ok;
}
