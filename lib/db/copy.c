/* COPY in both directions. Rows pass through without being parsed; small pieces are sent in larger
 * messages. */
#include "db/copy.h"

#include <stdlib.h>
#include <string.h>

#include "db/conn_internal.h"
#include "db/query.h"

#define MESSAGE_SIZE ((size_t)64 * 1024)
#define MESSAGE_FRAME 5 /* bytes around the data of one */

/* Sends the COPY statement and expects the server to change into the wanted mode. */
static bool begin(struct conn *conn, const char *sql, ExecStatusType wanted, struct err *err)
{
    PGresult *pg;
    bool ok;

    if (!conn->settings_sent && !query_script(conn, "SELECT 1", err))
        return false;
    if (!PQsendQuery(conn->pg, sql))
        return conn_result_error(conn, NULL, err);
    traffic_asked(conn, sql, 0, NULL);
    if (!conn_flush(conn, err) || !conn_await(conn, err))
        return false;
    pg = PQgetResult(conn->pg);
    ok = PQresultStatus(pg) == wanted;
    if (!ok)
        conn_result_error(conn, pg, err);
    PQclear(pg);
    while (!ok && (pg = PQgetResult(conn->pg)) != NULL)
        PQclear(pg);
    return ok;
}

/* Reads the outcome after the last row; counted: where its number of rows belongs. */
static bool finish(struct conn *conn, long long *rows, atomic_int_fast64_t *counted,
                   struct err *err)
{
    bool ok = true;

    for (;;) {
        PGresult *pg;

        if (!conn_await(conn, err))
            return false;
        pg = PQgetResult(conn->pg);
        if (!pg)
            return ok;
        if (PQresultStatus(pg) != PGRES_COMMAND_OK && ok)
            ok = conn_result_error(conn, pg, err);
        else if (*PQcmdTuples(pg)) {
            long long n = strtoll(PQcmdTuples(pg), NULL, 10);
            *counted += n;
            if (rows)
                *rows = n;
        }
        PQclear(pg);
    }
}

bool copy_out_begin(struct conn *conn, const char *sql, struct err *err)
{
    return begin(conn, sql, PGRES_COPY_OUT, err);
}

bool copy_out_read(struct conn *conn, char **data, size_t *len, struct err *err)
{
    if (conn->copy_row)
        PQfreemem(conn->copy_row);
    conn->copy_row = NULL;
    *data = NULL;
    *len = 0;
    for (;;) {
        int n = PQgetCopyData(conn->pg, &conn->copy_row, 1);
        if (n > 0) {
            *data = conn->copy_row;
            *len = (size_t)n;
            conn->traffic->bytes_read += n + MESSAGE_FRAME;
            return true;
        }
        if (n == -1)
            return finish(conn, NULL, &conn->traffic->rows_read, err);
        if (n < -1)
            return conn_result_error(conn, NULL, err);
        if (!conn_wait_socket(conn, false, err))
            return false;
        if (!PQconsumeInput(conn->pg))
            return conn_result_error(conn, NULL, err);
    }
}

bool copy_in_begin(struct conn *conn, const char *sql, struct err *err)
{
    buf_reset(&conn->copy_data);
    return begin(conn, sql, PGRES_COPY_IN, err);
}

static bool put(struct conn *conn, const char *data, size_t len, struct err *err)
{
    while (len > 0) {
        size_t piece = len < MESSAGE_SIZE ? len : MESSAGE_SIZE;
        int r = PQputCopyData(conn->pg, data, (int)piece);

        if (r < 0)
            return conn_result_error(conn, NULL, err);
        if (!conn_flush(conn, err))
            return false;
        if (r == 0)
            continue;
        data += piece;
        len -= piece;
        conn->traffic->bytes_written += (int64_t)piece + MESSAGE_FRAME;
    }
    return true;
}

static bool put_gathered(struct conn *conn, struct err *err)
{
    bool ok = put(conn, conn->copy_data.data, conn->copy_data.len, err);

    buf_reset(&conn->copy_data);
    return ok;
}

bool copy_in_write(struct conn *conn, const char *data, size_t len, struct err *err)
{
    if (len >= MESSAGE_SIZE)
        return put_gathered(conn, err) && put(conn, data, len, err);
    buf_add(&conn->copy_data, data, len);
    return conn->copy_data.len < MESSAGE_SIZE || put_gathered(conn, err);
}

bool copy_in_end(struct conn *conn, long long *rows, struct err *err)
{
    if (!put_gathered(conn, err))
        return false;
    if (PQputCopyEnd(conn->pg, NULL) < 0)
        return conn_result_error(conn, NULL, err);
    conn->asked = true;
    return conn_flush(conn, err) && finish(conn, rows, &conn->traffic->rows_written, err);
}

void copy_in_abort(struct conn *conn)
{
    struct err ignored = ERR_INIT;

    buf_reset(&conn->copy_data);
    if (!conn_alive(conn) || PQputCopyEnd(conn->pg, "stopped by dbr") < 0)
        return;
    if (conn_flush(conn, &ignored))
        finish(conn, NULL, &conn->traffic->rows_written, &ignored);
}
