/*
 * Connections: opening several at once with one deadline, and the settings that every session
 * carries. Waits stand in conn_wait.c, how failures are worded in connect.c.
 */
#include "db/conn.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "db/conn_internal.h"
#include "db/conn_url.h"
#include "db/engine.h"
#include "db/query.h"
#include "db/quote.h"

#define DEFAULT_TIMEOUT_MS 15000
#define POLL_SLICE_MS 200

/* Known to both engines, so that they may ride in the start-up packet before the engine is known.
 */
static const char *const common_settings[] = {
    "DateStyle=ISO,MDY",    "IntervalStyle=postgres",
    "extra_float_digits=3", "bytea_output=hex",
    "row_security=off",     "standard_conforming_strings=on",
    "statement_timeout=0",  "idle_in_transaction_session_timeout=0",
};

const char *conn_engine_settings(const struct conn *conn)
{
    if (conn->engine->kind == ENGINE_POSTGRES)
        /* The first three decide what a value means that is read or written. */
        return "SELECT pg_catalog.set_config('lc_monetary', 'C', false), "
               "pg_catalog.set_config('array_nulls', 'on', false), "
               "pg_catalog.set_config('xmloption', 'content', false), "
               "pg_catalog.set_config('jit', 'off', false), "
               "pg_catalog.set_config('quote_all_identifiers', 'off', false)";
    /* Sessions of CockroachDB do not tell their database: those of dbr have it in their name. */
    return "SELECT pg_catalog.set_config('default_int_size', '8', false), "
           "pg_catalog.set_config('application_name', 'dbr: ' || pg_catalog.current_database(), "
           "false)";
}

/* What sets dbr's sessions apart from the application's. */
#define OWN_SETTINGS "-c default_transaction_read_only=off -c TimeZone=UTC "

/* The value of the "options" keyword: the user's own first, so that ours win. */
static void build_options(struct buf *out, const char *users, const struct conn *conn,
                          bool as_application)
{
    struct buf name = BUF_INIT;
    size_t i;
    const char *p;

    if (users && *users) {
        buf_adds(out, users);
        buf_addch(out, ' ');
    }
    for (i = 0; i < sizeof(common_settings) / sizeof(common_settings[0]); i++)
        buf_addf(out, "-c %s ", common_settings[i]);
    if (!as_application)
        buf_adds(out, OWN_SETTINGS);
    quote_ident(&name, conn->schema);
    buf_adds(out, "-c search_path=");
    for (p = name.data; *p; p++) {
        if (*p == ' ' || *p == '\\' || *p == '\t' || *p == '\n')
            buf_addch(out, '\\');
        buf_addch(out, *p);
    }
    buf_release(&name);
}

struct attempt {
    struct conn *conn;
    PostgresPollingStatusType status;
    bool done;
    int64_t timeout_ms; /* the caller's, or the connect_timeout of the URL where that is less */
};

static void conn_free(struct conn *conn)
{
    if (!conn)
        return;
    if (conn->copy_row)
        PQfreemem(conn->copy_row);
    if (conn->pg)
        PQfinish(conn->pg);
    buf_release(&conn->copy_data);
    strlist_release(&conn->kept);
    free(conn->entries);
    free(conn->role);
    free(conn->url);
    free(conn->schema);
    free(conn->shown);
    free(conn);
}

static const struct {
    const char *keyword, *value;
} extra_keywords[] = {
    {"application_name", "dbr"},   {"client_encoding", "UTF8"},  {"keepalives", "1"},
    {"keepalives_idle", "15"},     {"keepalives_interval", "5"}, {"keepalives_count", "3"},
    {"tcp_user_timeout", "60000"},
};
#define EXTRA_KEYWORDS (sizeof(extra_keywords) / sizeof(extra_keywords[0]))

/* libpq keeps its connect_timeout only where it does the waiting itself. */
static int64_t timeout_of(const char *text, int64_t timeout_ms)
{
    int64_t own;

    if (!text)
        text = getenv("PGCONNECT_TIMEOUT");
    own = text ? strtoll(text, NULL, 10) : 0;
    return own > 0 && own <= timeout_ms / 1000 ? own * 1000 : timeout_ms;
}

/* Starts one connection; the handshake goes on in conn_open_many. */
static bool start(const struct conn_params *params, struct attempt *attempt, struct err *err)
{
    PQconninfoOption *parsed;
    PQconninfoOption *option;
    const char *keywords[96];
    const char *values[96];
    const char *users_options = NULL;
    const char *users_timeout = NULL;
    struct buf options = BUF_INIT;
    size_t n = 0;
    size_t i;
    struct conn *conn;
    char *shown = NULL;

    if (!conn_check_url(params->role, params->url, &shown, err))
        return false;
    parsed = PQconninfoParse(params->url, NULL);
    if (!parsed) {
        free(shown);
        return err_set_hint(
            err, ERR_USAGE,
            "write it as postgresql://user:password@host:port/database?sslmode=verify-full, with % "
            "and two hexadecimal digits in place of special characters",
            "the URL of the %s cannot be parsed", params->role);
    }
    conn = mem_alloc(sizeof(*conn));
    conn->role = mem_strdup(params->role);
    conn->traffic = traffic_of(params->role);
    conn->url = mem_strdup(params->url);
    conn->schema = mem_strdup(params->schema ? params->schema : "public");
    conn->shown = shown;
    conn->copy_data = (struct buf)BUF_INIT;
    for (i = 0; i < EXTRA_KEYWORDS; i++) {
        keywords[n] = extra_keywords[i].keyword;
        values[n++] = extra_keywords[i].value;
    }
    for (option = parsed; option->keyword; option++) {
        if (!option->val || n >= 90)
            continue;
        if (!strcmp(option->keyword, "options")) {
            users_options = option->val;
            continue;
        }
        if (!strcmp(option->keyword, "connect_timeout"))
            users_timeout = option->val;
        /* The fence knows dbr's own sessions by their name. */
        if (!strcmp(option->keyword, "client_encoding") ||
            !strcmp(option->keyword, "application_name"))
            continue;
        keywords[n] = option->keyword;
        values[n++] = option->val;
    }
    if (!users_options)
        users_options = getenv("PGOPTIONS");
    build_options(&options, users_options, conn, params->as_application);
    keywords[n] = "options";
    values[n++] = options.data;
    keywords[n] = NULL;
    values[n] = NULL;
    conn->pg = PQconnectStartParams(keywords, values, 0);
    buf_release(&options);
    attempt->timeout_ms =
        timeout_of(users_timeout, params->timeout_ms ? params->timeout_ms : DEFAULT_TIMEOUT_MS);
    PQconninfoFree(parsed);
    if (!conn->pg) {
        conn_free(conn);
        return err_set_hint(err, ERR_FAILED,
                            "free memory on this machine, then run the program again",
                            "out of memory while connecting to the %s", params->role);
    }
    if (!connect_settings_known(conn->pg, params->role, err)) {
        conn_free(conn);
        return false;
    }
    PQsetErrorVerbosity(conn->pg, PQERRORS_VERBOSE); /* for the SQLSTATE of a refused login */
    attempt->conn = conn;
    return true;
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

/* "CockroachDB CCL v25.2.1 (...)" as 250201; 0 when there is no such number in it. */
static int cockroach_version(const char *text)
{
    const char *at = strstr(text, " v");
    char *end;
    long part[3] = {0, 0, 0};
    size_t i;

    for (i = 0; at && i < 3; i++) {
        part[i] = strtol(at + (i == 0 ? 2 : 1), &end, 10);
        at = *end == '.' ? end : NULL;
    }
    return (int)(part[0] * 10000 + part[1] * 100 + part[2]);
}

/* The session is up: detect the engine and leave libpq in the mode that the other files expect. */
static void establish(struct conn *conn)
{
    const char *crdb = PQparameterStatus(conn->pg, "crdb_version");

    PQsetErrorVerbosity(conn->pg, PQERRORS_DEFAULT);
    PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
    PQsetnonblocking(conn->pg, 1);
    if (crdb) {
        conn->engine = &engine_cockroach;
        conn->version = cockroach_version(crdb);
        snprintf(conn->version_text, sizeof(conn->version_text), "CockroachDB v%d.%d.%d",
                 conn->version / 10000, conn->version / 100 % 100, conn->version % 100);
        return;
    }
    conn->engine = &engine_postgres;
    conn->version = PQserverVersion(conn->pg);
    snprintf(conn->version_text, sizeof(conn->version_text), "PostgreSQL %d.%d",
             conn->version / 10000, conn->version % 10000);
}

/* One step of every handshake whose socket is ready; gives up those whose time is over. */
static void step_all(struct attempt *attempts, size_t count, const struct pollfd *fds,
                     int64_t started)
{
    int64_t spent = clock_mono_ms() - started;
    size_t i;

    for (i = 0; i < count; i++) {
        struct attempt *a = &attempts[i];

        if (a->done)
            continue;
        if (fds[i].revents)
            a->status = PQconnectPoll(a->conn->pg);
        a->done = a->status == PGRES_POLLING_OK || a->status == PGRES_POLLING_FAILED ||
                  spent >= a->timeout_ms;
    }
}

/* False when no handshake is left. */
static bool poll_all(struct attempt *attempts, size_t count, struct pollfd *fds, int64_t started)
{
    int64_t wait = POLL_SLICE_MS;
    bool unfinished = false;
    size_t i;

    for (i = 0; i < count; i++) {
        int64_t left = started + attempts[i].timeout_ms - clock_mono_ms();

        fds[i].fd = attempts[i].done ? -1 : PQsocket(attempts[i].conn->pg);
        fds[i].events = attempts[i].status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        fds[i].revents = 0;
        if (attempts[i].done)
            continue;
        unfinished = true;
        if (left < wait)
            wait = left > 0 ? left : 0;
    }
    if (unfinished && poll(fds, count, (int)wait) < 0)
        for (i = 0; i < count; i++)
            fds[i].revents = 0;
    return unfinished;
}

static bool finish(const struct attempt *a, struct conn **out, enum conn_failure *failure,
                   struct err *err)
{
    struct conn *conn = a->conn;

    if (a->status == PGRES_POLLING_OK) {
        establish(conn);
        conn->traffic->connections++;
        *failure = CONN_OK;
        *out = conn;
        return true;
    }
    if (a->status == PGRES_POLLING_FAILED) {
        *failure = connect_failure(conn->pg, conn->role, conn->shown, err);
    } else if (!stop_check(err)) {
        *failure = CONN_DOWN;
    } else {
        *failure = CONN_DOWN;
        conn_no_answer(conn->role, conn->url, a->timeout_ms, err);
    }
    conn_free(conn);
    return false;
}

bool conn_open_many(const struct conn_params *params, size_t count, struct conn **conns,
                    enum conn_failure *failures, struct err *errs)
{
    struct attempt *attempts = mem_array(NULL, count, sizeof(*attempts));
    struct pollfd *fds = mem_array(NULL, count, sizeof(*fds));
    enum conn_failure *why = mem_array(NULL, count, sizeof(*why));
    int64_t started = clock_mono_ms();
    size_t i;
    bool all = true;

    memset(attempts, 0, count * sizeof(*attempts));
    for (i = 0; i < count; i++) {
        conns[i] = NULL;
        why[i] = CONN_CONFIG;
        attempts[i].status = PGRES_POLLING_WRITING;
        if (!start(&params[i], &attempts[i], &errs[i])) {
            attempts[i].done = true;
        } else if (PQstatus(attempts[i].conn->pg) == CONNECTION_BAD) {
            attempts[i].status = PGRES_POLLING_FAILED;
            attempts[i].done = true;
        }
    }
    while (!stop_signal() && poll_all(attempts, count, fds, started))
        step_all(attempts, count, fds, started);
    for (i = 0; i < count; i++)
        if (!attempts[i].conn || !finish(&attempts[i], &conns[i], &why[i], &errs[i]))
            all = false;
    if (failures)
        memcpy(failures, why, count * sizeof(*why));
    free(attempts);
    free(fds);
    free(why);
    return all;
}

bool conn_open(const struct conn_params *params, struct conn **conn, struct err *err)
{
    return conn_open_many(params, 1, conn, NULL, err);
}

bool conn_clone_many(struct conn *const *originals, size_t count, struct conn **copies,
                     enum conn_failure *failures, struct err *errs)
{
    struct conn_params *params = mem_array(NULL, count, sizeof(*params));
    size_t i;
    bool ok;

    for (i = 0; i < count; i++)
        params[i] = (struct conn_params){originals[i]->role, originals[i]->url,
                                         originals[i]->schema, 0, false};
    ok = conn_open_many(params, count, copies, failures, errs);
    free(params);
    return ok;
}

bool conn_clone(struct conn *conn, struct conn **copy, struct err *err)
{
    return conn_clone_many(&conn, 1, copy, NULL, err);
}

bool conn_reopen(struct conn *conn, struct err *err)
{
    struct conn *fresh;
    PGconn *lost = conn->pg;
    size_t i;

    if (!conn_clone(conn, &fresh, err))
        return false;
    if (conn->copy_row)
        PQfreemem(conn->copy_row);
    conn->copy_row = NULL;
    buf_reset(&conn->copy_data);
    conn->pg = fresh->pg;
    fresh->pg = lost;
    conn->settings_sent = conn->silent = conn->in_pipeline = conn->asked = false;
    conn->entry_head = conn->entry_count = 0;
    err_clear(&conn->settings_err);
    err_clear(&conn->segment_err);
    conn_free(fresh);
    for (i = 0; i < conn->kept.count; i++)
        if (!query_script(conn, conn->kept.items[i], err) && !conn_alive(conn))
            return false;
    err_clear(err);
    return true;
}

void conn_keep_setting(struct conn *conn, const char *sql)
{
    strlist_add(&conn->kept, sql);
}

bool conn_clone_as_application(const struct conn *conn, struct conn **copy, struct err *err)
{
    struct conn_params params = {conn->role, conn->url, conn->schema, 0, true};

    return conn_open(&params, copy, err);
}

void conn_close(struct conn *conn)
{
    conn_free(conn);
}

const char *conn_role(const struct conn *conn)
{
    return conn->role;
}

const struct engine *conn_engine(const struct conn *conn)
{
    return conn->engine;
}

enum engine_kind conn_kind(const struct conn *conn)
{
    return conn->engine->kind;
}

int conn_version(const struct conn *conn)
{
    return conn->version;
}

const char *conn_version_text(const struct conn *conn)
{
    return conn->version_text;
}

const char *conn_schema(const struct conn *conn)
{
    return conn->schema;
}

const char *conn_parameter(const struct conn *conn, const char *name)
{
    return PQparameterStatus(conn->pg, name);
}

void conn_limit_silence(struct conn *conn, int silence_ms)
{
    conn->silence_ms = silence_ms;
}

void conn_limit_time(struct conn *conn, int limit_ms)
{
    conn->limit_ms = limit_ms;
    conn->deadline_ms = clock_mono_ms() + limit_ms;
}

bool conn_was_late(const struct conn *conn)
{
    return conn->silent && conn->limit_ms > 0 && clock_mono_ms() >= conn->deadline_ms;
}

bool conn_alive(const struct conn *conn)
{
    return PQstatus(conn->pg) == CONNECTION_OK && !conn->silent;
}
