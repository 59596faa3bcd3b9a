/* What the files of lib/db share about a connection; not for other layers. */
#ifndef DBR_DB_CONN_INTERNAL_H
#define DBR_DB_CONN_INTERNAL_H

#include <libpq-fe.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "db/connect_hint.h"

/* See conn_traffic.h; shared by the connections of a role. */
struct traffic {
    atomic_int_fast64_t connections, statements, round_trips;
    atomic_int_fast64_t rows_read, rows_written, bytes_read, bytes_written;
};

/* What pipeline mode still has to deliver, in order. */
enum pipeline_entry { ENTRY_STATEMENT, ENTRY_SYNC, ENTRY_HIDDEN };

struct conn {
    PGconn *pg;
    char *role;
    char *url;
    char *schema;
    char *shown; /* postgresql://user@host:port/db */
    const struct engine *engine;
    int version;
    char version_text[64];
    bool settings_sent; /* the settings that only one engine knows ride with the first statement */
    struct traffic *traffic;
    bool asked;     /* something was sent since the last wait */
    int silence_ms; /* after so much of it the server is asked whether it is still there */
    int limit_ms;   /* of all waits together, or 0; until deadline_ms of the monotonic clock */
    int64_t deadline_ms;
    bool silent; /* it was not: nothing is waited for any more */

    enum pipeline_entry *entries; /* ring without wrap: [entry_head, entry_count) */
    size_t entry_head, entry_count, entry_cap;
    bool in_pipeline;
    struct err settings_err; /* why they were refused; then they have to be sent again */
    struct err segment_err;  /* the error that made the server skip the rest of the segment */

    char *copy_row;       /* of PQgetCopyData, freed with the next one */
    struct buf copy_data; /* gathered small pieces of a COPY FROM */
    struct strlist kept;  /* settings of the session */
};

struct result {
    PGresult *pg;
};

/* Session settings that only this engine knows, as one statement each, or NULL. */
const char *conn_engine_settings(const struct conn *conn);

/* Pushes everything that libpq has buffered to the server, reading what arrives meanwhile. */
bool conn_flush(struct conn *conn, struct err *err);
/* Waits until libpq has a whole result (or COPY row) at hand. */
bool conn_await(struct conn *conn, struct err *err);
/* Waits for the socket to be readable, or writable too. */
bool conn_wait_socket(struct conn *conn, bool or_writable, struct err *err);

/* A pooler hands a session's settings and prepared statements on to others, or loses them. */
#define CONN_POOLER_HINT                                                                           \
    "this is the address of a connection pooler; set DATABASE_URL_DIRECT to the server's own "     \
    "address"

/* What to do when a connection is lost. */
#define CONN_LOST_HINT                                                                             \
    "run the program again when the server is back; what was not committed is undone"

/* What to do about what a server refused with this code, or NULL. */
const char *query_hint(const char *sqlstate);

/* Fills err from a failed result, or from the connection when result is NULL. Always returns false.
 */
bool conn_result_error(struct conn *conn, const PGresult *result, struct err *err);

/* conn_traffic.c. A statement is on its way; the server is waited for; a row of a result has come,
 * and the result is complete, with what rows it still holds. */
struct traffic *traffic_of(const char *role);
void traffic_asked(struct conn *conn, const char *sql, size_t n, const char *const *values);
void traffic_waits(struct conn *conn);
void traffic_row(struct conn *conn, const PGresult *result);
void traffic_answered(struct conn *conn, PGresult *result);

/* connect.c: sorts a failed connection and words its error. */
enum conn_failure connect_failure(PGconn *pg, const char *role, const char *shown, struct err *err);
/* The same from libpq's verbose message. */
enum conn_failure connect_judge(const char *message, const struct connect_target *target,
                                const char *role, const char *shown, struct err *err);
/*
 * False (ERR_USAGE) when this libpq does not know what the settings ask for, and might verify less
 * than they mean. To be asked before the first byte is sent.
 */
bool connect_settings_known(PGconn *pg, const char *role, struct err *err);

#endif
