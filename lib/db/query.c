/* Single statements and access to results. Many statements in one round trip: pipeline.c. */
#include "db/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/conn_internal.h"

#define DETAIL_MAX 200
#define PROGRAM_LIMIT "54000"

/* Classes that say the connection or the server is gone rather than that the statement was wrong.
 */
static bool is_gone(const char *sqlstate)
{
    return !strncmp(sqlstate, "08", 2) || !strncmp(sqlstate, "57P0", 4);
}

/* CockroachDB calls a message that is too long a violation of the protocol, and keeps the
 * connection: sent again it would be too long again. */
static bool is_too_long(const char *sqlstate, const char *message)
{
    return !strcmp(sqlstate, "08P01") && strstr(message, "maximum allowed message size") != NULL;
}

const char *query_hint(const char *sqlstate)
{
    static const struct {
        const char *sqlstate; /* or its class */
        const char *hint;
    } hints[] = {
        {"42501",
         "grant the role in the URL the right that is missing, or use the owner of the tables"},
        {"25006", "the database is read-only for this session: a replica, or a provider's "
                  "read-only endpoint"},
        {"53100", "the server's disk is full, or its storage limit reached: make room or raise the "
                  "limit, then run the program again; it goes on from what was committed"},
        {PROGRAM_LIMIT,
         "the server takes no statement or row of that size: shorten the value, keep "
         "it elsewhere, or leave the table out with DB_SYNC_EXCLUDE_TABLES"},
        {"53200", "the server ran out of memory; try again, or with a smaller DB_SYNC_BATCH_SIZE"},
        {"57014", "the statement was cancelled on the server"},
        {"26000", CONN_POOLER_HINT},
        {"42P01", "the table is not in the schema of DB_SCHEMA on this database: run "
                  "dbr-init-secondary (after a "
                  "migration with --update) where the secondary lacks it, and the application's "
                  "migrations where "
                  "the primary does"},
        {"42703", "a migration has changed one database only: run dbr-init-secondary --update"},
        {"42704", "create on this server what is missing, an extension perhaps, or run "
                  "dbr-init-secondary --update"},
        {"42883", "create on this server what is missing, an extension perhaps, or run "
                  "dbr-init-secondary --update"},
        {"3F000", "check DB_SCHEMA, or create the schema on this database"},
        {"22", "the value does not fit there: correct it where it comes from, or the column's type "
               "on this database"},
        {"23", "the rows do not fulfil that constraint: mend them where they come from, or alter "
               "the constraint"},
        {"55P03", "another session holds a lock on a table; try again when it is done"},
    };
    size_t i;

    for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
        if (!strncmp(sqlstate, hints[i].sqlstate, strlen(hints[i].sqlstate)))
            return hints[i].hint;
    return NULL;
}

/* Sessions of dbr see every row or none: row security is never applied without a word. */
static bool is_row_security(const PGresult *result)
{
    const char *file = result ? PQresultErrorField(result, PG_DIAG_SOURCE_FILE) : NULL;

    return file && !strcmp(file, "rls.c");
}

/* First line of libpq's text without "ERROR:  ". */
static void first_line(const char *text, struct buf *out)
{
    const char *start = strstr(text, ":  ");
    size_t len;

    start = start && start - text < 12 ? start + 3 : text;
    len = strcspn(start, "\n");
    buf_add(out, start, len);
}

bool conn_result_error(struct conn *conn, const PGresult *result, struct err *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *hint = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : NULL;
    const char *detail = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
    const char *context = result ? PQresultErrorField(result, PG_DIAG_CONTEXT) : NULL;
    struct buf text = BUF_INIT;
    char code[6] = "";

    if (state && strlen(state) == 5)
        memcpy(code, state, 6);
    if (message)
        buf_adds(&text, message);
    else
        first_line(result ? PQresultErrorMessage(result) : PQerrorMessage(conn->pg), &text);
    /* COPY names table and line in the context, not the row: the row follows after a colon. */
    if (context && !strncmp(context, "COPY ", 5)) {
        buf_adds(&text, " (");
        buf_add(&text, context, strcspn(context, ":\n"));
        buf_addch(&text, ')');
    }
    /* Which value it is that two rows have: without that nobody could change one of them. */
    if (detail && !strcmp(code, "23505")) {
        buf_adds(&text, ": ");
        buf_add(&text, detail, strnlen(detail, DETAIL_MAX));
    }
    if (text.len == 0)
        buf_adds(&text, "the connection was lost");
    if (is_too_long(code, text.data))
        memcpy(code, PROGRAM_LIMIT, sizeof(code));
    if (PQstatus(conn->pg) == CONNECTION_BAD || is_gone(code)) {
        err_set(err, ERR_UNREACHABLE, "the connection to the %s (%s) was lost: %s", conn->role,
                conn->shown, text.data);
        err_hint(err, CONN_LOST_HINT);
    } else {
        err_set(err, is_row_security(result) ? ERR_REFUSED : ERR_FAILED, "%s: %s", conn->role,
                text.data);
        if (is_row_security(result))
            err_hint(err, "dbr must see every row: let its role pass by row security on both "
                          "databases (ALTER ROLE name BYPASSRLS, by a superuser), or run ALTER "
                          "TABLE ... NO FORCE ROW LEVEL SECURITY on the table");
        else if (strstr(text.data, "GC threshold"))
            err_hint(err,
                     "the run took longer than CockroachDB keeps older versions of rows: ALTER "
                     "DATABASE ... CONFIGURE ZONE USING gc.ttlseconds = 14400, then run the "
                     "program again");
        else if (query_hint(code))
            err_hint(err, "%s", query_hint(code));
        else
            err_hint(err, "%s",
                     hint && *hint
                         ? hint
                         : "the server's log says more; what was not committed is undone");
    }
    memcpy(err->sqlstate, code, sizeof(code));
    buf_release(&text);
    return false;
}

/* "already exists": relation, object, schema, function, a second primary key. */
bool query_is_there_already(const struct err *err)
{
    static const char *const states[] = {"42P07", "42710", "42P06", "42723", "42P16", "42701"};
    size_t i;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (!strcmp(err->sqlstate, states[i]))
            return true;
    return false;
}

/* No such function, table, type or schema. */
bool query_names_nothing(const struct err *err)
{
    static const char *const states[] = {"42883", "42P01", "42704", "3F000"};
    size_t i;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (!strcmp(err->sqlstate, states[i]))
            return true;
    return false;
}

static struct result *wrap(PGresult *pg)
{
    struct result *result = mem_alloc(sizeof(*result));

    result->pg = pg;
    return result;
}

/* Reads every result of what was sent; keeps the last good one, or the first error. */
static bool collect(struct conn *conn, struct result **out, struct err *err)
{
    PGresult *last = NULL;
    bool ok = true;

    for (;;) {
        PGresult *pg;
        ExecStatusType status;

        if (!conn_await(conn, err)) {
            PQclear(last);
            return false;
        }
        pg = PQgetResult(conn->pg);
        if (!pg)
            break;
        status = PQresultStatus(pg);
        if (ok && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
            status != PGRES_EMPTY_QUERY) {
            conn_result_error(conn, pg, err);
            ok = false;
        }
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            PQclear(pg);
            break;
        }
        traffic_answered(conn, pg);
        PQclear(last);
        last = pg;
    }
    if (ok && out && last) {
        *out = wrap(last);
        return true;
    }
    PQclear(last);
    return ok;
}

/* The settings that only this engine knows, once. */
static bool send_settings(struct conn *conn, struct err *err)
{
    bool ok;

    if (conn->settings_sent && conn->settings_err.code == ERR_NONE)
        return true;
    err_clear(&conn->settings_err);
    if (!PQsendQuery(conn->pg, conn_engine_settings(conn)))
        return conn_result_error(conn, NULL, err);
    traffic_asked(conn, conn_engine_settings(conn), 0, NULL);
    ok = conn_flush(conn, err) && collect(conn, NULL, err);
    conn->settings_sent = ok;
    return ok;
}

bool query_run(struct conn *conn, const char *sql, size_t n, const char *const *values,
               struct result **out, struct err *err)
{
    if (out)
        *out = NULL;
    if (!send_settings(conn, err))
        return false;
    if (!PQsendQueryParams(conn->pg, sql, (int)n, NULL, values, NULL, NULL, 0))
        return conn_result_error(conn, NULL, err);
    traffic_asked(conn, sql, n, values);
    return conn_flush(conn, err) && collect(conn, out, err);
}

bool query_value(struct conn *conn, const char *sql, size_t n, const char *const *values,
                 char **value, struct err *err)
{
    struct result *result = NULL;
    bool ok;

    *value = NULL;
    if (!query_run(conn, sql, n, values, &result, err))
        return false;
    ok = result_rows(result) == 1 && result_columns(result) == 1;
    if (ok)
        *value = mem_strdup(result_text(result, 0, 0));
    else
        err_internal(err, "%s: expected one value, got %zu rows", conn->role, result_rows(result));
    result_free(result);
    return ok;
}

bool query_script(struct conn *conn, const char *sql, struct err *err)
{
    if (!send_settings(conn, err))
        return false;
    if (!PQsendQuery(conn->pg, sql))
        return conn_result_error(conn, NULL, err);
    traffic_asked(conn, sql, 0, NULL);
    return conn_flush(conn, err) && collect(conn, NULL, err);
}

size_t result_rows(const struct result *result)
{
    return result ? (size_t)PQntuples(result->pg) : 0;
}

size_t result_columns(const struct result *result)
{
    return result ? (size_t)PQnfields(result->pg) : 0;
}

const char *result_text(const struct result *result, size_t row, size_t column)
{
    if (PQgetisnull(result->pg, (int)row, (int)column))
        return NULL;
    return PQgetvalue(result->pg, (int)row, (int)column);
}

size_t result_length(const struct result *result, size_t row, size_t column)
{
    return (size_t)PQgetlength(result->pg, (int)row, (int)column);
}

int64_t result_int(const struct result *result, size_t row, size_t column)
{
    const char *text = result_text(result, row, column);

    return text ? strtoll(text, NULL, 10) : 0;
}

int64_t result_affected(const struct result *result)
{
    return strtoll(PQcmdTuples(result->pg), NULL, 10);
}

bool result_bool(const struct result *result, size_t row, size_t column)
{
    const char *text = result_text(result, row, column);

    return text && *text == 't';
}

void result_free(struct result *result)
{
    if (!result)
        return;
    PQclear(result->pg);
    free(result);
}
