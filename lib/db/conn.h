/*
 * A connection to one of the two databases. Only lib/db includes libpq-fe.h.
 *
 * Every connection carries the same session settings (UTC, ISO dates, exact floats, hex bytea, the
 * kept schema as search_path, row security refused rather than silently applied,
 * default_transaction_read_only off so that the fence does not hold dbr itself), sent at start-up
 * at no cost in round trips.
 *
 * Every wait watches the stop flag (ERR_STOPPED, after cancelling what runs) and the silence of the
 * server: a server that says nothing for long and does not answer a new connection either is
 * ERR_UNREACHABLE.
 */
#ifndef DBR_DB_CONN_H
#define DBR_DB_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum engine_kind { ENGINE_POSTGRES, ENGINE_COCKROACH };

struct conn;
struct engine;

/* Why a connection could not be made; what health and failover decide by. */
enum conn_failure {
    CONN_OK,
    CONN_DOWN,    /* refused, timeout, shutting down, quota exhausted, name not resolvable */
    CONN_CONFIG,  /* password, unknown role or database, certificate, malformed URL */
    CONN_DEGRADED /* too many connections, out of disk, starting up */
};

struct conn_params {
    const char *role;   /* "primary" or "secondary": names the database in messages */
    const char *url;    /* libpq URL or conninfo string; never shown */
    const char *schema; /* search_path */
    int timeout_ms;     /* for the whole connect, all hosts together; 0: 15 s. A connect_timeout
                           of the URL counts where it is less */
    /* The session is as the application's would be: the fence holds it, and TimeZone is the
     * server's. Otherwise dbr overrides both. */
    bool as_application;
};

/*
 * Opens all connections at the same time. conns[i] is NULL and errs[i] set where one failed;
 * returns true when all succeeded. A failed one does not end the others. failures may be NULL.
 */
bool conn_open_many(const struct conn_params *params, size_t count, struct conn **conns,
                    enum conn_failure *failures, struct err *errs);
bool conn_open(const struct conn_params *params, struct conn **conn, struct err *err);
void conn_close(
    struct conn *conn); /* NULL is fine; an open transaction is rolled back by the server */

const char *conn_role(const struct conn *conn);
const struct engine *conn_engine(const struct conn *conn);
enum engine_kind conn_kind(const struct conn *conn);
/* PostgreSQL: 150018 for 15.18. CockroachDB: 250201 for v25.2.1. */
int conn_version(const struct conn *conn);
/* "PostgreSQL 15.18" or "CockroachDB v25.2.1". */
const char *conn_version_text(const struct conn *conn);
const char *conn_schema(const struct conn *conn);
/* Server parameter as reported at start ("server_encoding", ...), or NULL. */
const char *conn_parameter(const struct conn *conn, const char *name);
/* After that much silence the server is asked whether it is still there; 0: 30 s. For statements
 * that others wait for. */
void conn_limit_silence(struct conn *conn, int silence_ms);
/* All waits from here on take that long together: what has not come by then is ERR_UNREACHABLE, and
 * the connection is of no use any more. For questions whose answer may be missing. */
void conn_limit_time(struct conn *conn, int limit_ms);
/* It was that limit which ended it: the server had been reached. */
bool conn_was_late(const struct conn *conn);
/* False once the connection is lost, or the server was found to be gone. */
bool conn_alive(const struct conn *conn);
/* Another connection to the same database with the same settings. */
bool conn_clone(struct conn *conn, struct conn **copy, struct err *err);
/* Several, all at the same time: copies[i] leads where originals[i] does; else as conn_open_many.
 */
bool conn_clone_many(struct conn *const *originals, size_t count, struct conn **copies,
                     enum conn_failure *failures, struct err *errs);
/* Connects anew to where the connection leads, in its place: whatever was queued, open or set on
 * the old one is gone. On failure it stays as it is. */
bool conn_reopen(struct conn *conn, struct err *err);
/* A statement that sets something for the session: conn_reopen runs it again. */
void conn_keep_setting(struct conn *conn, const char *sql);
/* As conn_clone, but a session that the fence holds as it would the application's. */
bool conn_clone_as_application(const struct conn *conn, struct conn **copy, struct err *err);

/*
 * Checks a URL without connecting: ERR_USAGE with a message that never quotes it. Where out is not
 * NULL it gets the text to show: postgresql://user@host:port/db (malloced; the caller frees).
 */
bool conn_check_url(const char *key, const char *url, char **shown, struct err *err);

/* What a URL that can be used is still to be warned of (TLS that does not verify, where the
 * provider is known to offer what is needed), without its key's name; malloced, or NULL. */
char *conn_url_warning(const char *url);

/* The error of a database that did not answer in time. */
void conn_no_answer(const char *role, const char *url, int64_t waited_ms, struct err *err);

/*
 * The URL that dbr itself connects to: for a Neon host (*.neon.tech) "-pooler" is dropped from the
 * first label of the host name; any other URL is copied. malloced.
 */
char *conn_direct_url(const char *url);

#endif
