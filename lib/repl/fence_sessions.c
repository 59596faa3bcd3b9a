/*
 * In rounds: look at the sessions of the cluster, choose, cancel. Cancelling only asks a session to
 * end, so that whether it has is seen by the next look.
 */
#include "repl/fence_sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "repl/fence.h"

#define ROUNDS_MAX 20
#define ROUND_PAUSE_MS 250
#define START_PAUSE_MS 50

/* SHOW leaves out the sessions of the cluster itself. A node that does not answer has a row without
 * a session. */
#define SESSIONS                                                                                   \
    "WITH s AS (SHOW CLUSTER SESSIONS) SELECT session_id, user_name, application_name FROM s "     \
    "WHERE coalesce(status, '') <> 'CLOSED' AND "

/*
 * A session carries the time of its node, and clocks of nodes may differ by half a second. One that
 * began right behind the fence is ended without need, and begins again.
 */
#define STARTED                                                                                    \
    "coalesce(session_start::timestamptz <= %s::timestamptz + interval '1 second', true)"

/* Users of sessions that may write to a table of the schema, and whether they are admins. */
#define WRITERS                                                                                    \
    "WITH s AS (SHOW CLUSTER SESSIONS) SELECT r.rolname, pg_catalog.pg_has_role(r.rolname::text, " \
    "'admin', 'MEMBER') FROM pg_catalog.pg_roles r WHERE r.rolname IN (SELECT user_name FROM s) "  \
    "AND EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "   \
    "c.relnamespace WHERE c.relkind = 'r' AND pg_catalog.has_table_privilege(r.rolname::text, "    \
    "c.oid, 'INSERT, UPDATE, DELETE') AND n.nspname = %s)"

static const char other_databases[] =
    "SELECT count(*) > 0 FROM pg_catalog.pg_database WHERE datname NOT IN ('system', 'postgres', "
    "pg_catalog.current_database())";

/* dbr's sessions (db/conn.c); one that has not said anything yet has no more of a name. */
#define OWN_NAME "dbr: "

static bool is_own(const char *application)
{
    return application &&
           (!strcmp(application, "dbr") || !strncmp(application, OWN_NAME, strlen(OWN_NAME)));
}

/* What has to be ended, as one look shows it. */
struct look {
    struct strlist doomed; /* ids of sessions */
    char first[64];        /* the user of one of them */
    bool is_deaf;          /* a node did not answer */
};

struct ending {
    struct conn *conn;
    const char *role;      /* DB_FENCE_ROLE or NULL */
    struct strlist ended;  /* users, each once */
    struct strlist spared; /* admins that are not asked to go, each once */
    bool shares;           /* there are other databases in the cluster */
    char overrides[64];    /* a role that overrides the fence, or "" */
    struct err refusal;    /* why the server does not let dbr end one */
};

static void note(struct strlist *names, const char *name)
{
    if (!strlist_has(names, name))
        strlist_add(names, name);
}

/* The row of a user among the writers, or how many there are. */
static size_t find_writer(const struct result *writers, const char *user)
{
    size_t i;

    for (i = 0; i < result_rows(writers) && strcmp(result_text(writers, i, 0), user) != 0; i++)
        ;
    return i;
}

static void choose(struct ending *e, struct look *look, const char *own,
                   const struct result *sessions, const struct result *writers)
{
    size_t i;

    for (i = 0; i < result_rows(sessions); i++) {
        const char *id = result_text(sessions, i, 0);
        const char *user = result_text(sessions, i, 1);
        size_t at = user ? find_writer(writers, user) : 0;

        look->is_deaf = look->is_deaf || !id || !user;
        if (!id || !user || !strcmp(id, own) || is_own(result_text(sessions, i, 2)) ||
            at == result_rows(writers))
            continue;
        if (e->role && strcmp(user, e->role) != 0 && result_bool(writers, at, 1)) {
            note(&e->spared, user);
            continue;
        }
        strlist_add(&look->doomed, id);
        note(&e->ended, user);
        (void)snprintf(look->first, sizeof(look->first), "%s", user);
    }
}

static bool queue_questions(struct ending *e, const char *since, struct err *err)
{
    struct buf list = BUF_INIT;
    struct buf writers = BUF_INIT;
    struct buf text = BUF_INIT;
    bool ok;

    quote_literal(&text, since);
    buf_addf(&list, SESSIONS STARTED, text.data);
    buf_reset(&text);
    quote_literal(&text, conn_schema(e->conn));
    buf_addf(&writers, WRITERS, text.data);
    ok = pipeline_add(e->conn, "SHOW session_id", 0, NULL, err) && pipeline_sync(e->conn, err) &&
         pipeline_add(e->conn, list.data, 0, NULL, err) && pipeline_sync(e->conn, err) &&
         pipeline_add(e->conn, writers.data, 0, NULL, err) && pipeline_sync(e->conn, err) &&
         pipeline_add(e->conn, other_databases, 0, NULL, err) && pipeline_sync(e->conn, err) &&
         pipeline_add(e->conn, fence_overriding, 0, NULL, err) && pipeline_sync(e->conn, err);
    buf_release(&list);
    buf_release(&writers);
    buf_release(&text);
    return ok;
}

static bool look_at_all(struct ending *e, const char *since, struct look *look, struct err *err)
{
    struct result *answers[5] = {NULL, NULL, NULL, NULL, NULL};
    struct err rest = ERR_INIT;
    size_t i;
    bool ok = queue_questions(e, since, err) && pipeline_send(&e->conn, 1, err);

    for (i = 0; i < 5 && ok; i++)
        ok = pipeline_next(e->conn, &answers[i], err);
    (void)pipeline_end(e->conn, &rest);
    if (ok) {
        choose(e, look, result_text(answers[0], 0, 0), answers[1], answers[2]);
        e->shares = result_bool(answers[3], 0, 0);
        (void)snprintf(e->overrides, sizeof(e->overrides), "%s",
                       result_rows(answers[4]) ? result_text(answers[4], 0, 0) : "");
    }
    for (i = 0; i < 5; i++)
        result_free(answers[i]);
    return ok;
}

/* Each in a segment of its own: one that dbr may not end is no reason to leave the others. */
static bool cancel(struct ending *e, const struct strlist *doomed, struct err *err)
{
    struct buf sql = BUF_INIT;
    struct err rest = ERR_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < doomed->count && ok; i++) {
        buf_reset(&sql);
        buf_adds(&sql, "CANCEL SESSION IF EXISTS ");
        quote_literal(&sql, doomed->items[i]);
        ok = pipeline_add(e->conn, sql.data, 0, NULL, err) && pipeline_sync(e->conn, err);
    }
    ok = ok && pipeline_send(&e->conn, 1, err);
    for (i = 0; i < doomed->count && ok; i++) {
        struct err refusal = ERR_INIT;

        if (!pipeline_next(e->conn, NULL, &refusal))
            e->refusal = refusal;
        if (!conn_alive(e->conn)) {
            *err = refusal;
            ok = false;
        }
    }
    (void)pipeline_end(e->conn, &rest);
    buf_release(&sql);
    return ok;
}

static void join(struct buf *text, const struct strlist *names)
{
    size_t i;

    for (i = 0; i < names->count; i++)
        buf_addf(text, "%s%s", i ? ", " : "", names->items[i]);
}

static void warn(const struct ending *e, const struct look *last, struct strlist *warnings)
{
    const char *where = conn_role(e->conn);
    struct buf names = BUF_INIT;

    if (e->shares && e->ended.count) {
        join(&names, &e->ended);
        strlist_addf(warnings,
                     "sessions of %s on the %s were ended; it does not tell which of its databases "
                     "a session is in, so that clients of another one may have to connect again",
                     names.data, where);
    }
    if (e->spared.count) {
        buf_reset(&names);
        join(&names, &e->spared);
        strlist_addf(warnings,
                     "sessions of admins on the %s (%s) were left alone, since DB_FENCE_ROLE names "
                     "the application's role: they could still write",
                     where, names.data);
    }
    if (last->is_deaf)
        strlist_addf(warnings,
                     "a node of the %s does not tell its sessions: if it runs, they could still "
                     "write",
                     where);
    buf_release(&names);
}

static bool judge(const struct ending *e, const struct look *last, struct err *err)
{
    if (e->overrides[0])
        return fence_refuse_override(e->conn, e->overrides, err);
    if (!last->doomed.count)
        return true;
    err_set(err, ERR_REFUSED, "sessions of %s on the %s could not be ended%s%s", last->first,
            conn_role(e->conn), e->refusal.message[0] ? ": " : "", e->refusal.message);
    return err_hint(err, "only an admin can end the sessions of one: GRANT admin to the role that "
                         "dbr logs in as, or name the application's role in DB_FENCE_ROLE");
}

bool fence_sessions_end(struct conn *conn, const char *role, const char *since,
                        struct strlist *warnings, struct err *err)
{
    struct ending e = {.conn = conn, .role = role};
    struct look look;
    int round;
    bool ok = true;

    memset(&look, 0, sizeof(look));
    for (round = 0; round < ROUNDS_MAX && ok; round++) {
        strlist_release(&look.doomed);
        memset(&look, 0, sizeof(look));
        ok = look_at_all(&e, since, &look, err);
        /* A session that was just starting shows only now. */
        if (!ok || (!look.doomed.count && round > 0))
            break;
        ok = !look.doomed.count || cancel(&e, &look.doomed, err);
        clock_sleep_ms(look.doomed.count ? ROUND_PAUSE_MS : START_PAUSE_MS);
    }
    if (ok && warnings)
        warn(&e, &look, warnings);
    ok = ok && judge(&e, &look, err);
    strlist_release(&look.doomed);
    strlist_release(&e.ended);
    strlist_release(&e.spared);
    return ok;
}

/* --- dbr's own -------------------------------------------------------------------------------- */

static bool look_at_own(struct ending *e, struct look *look, struct err *err)
{
    struct result *own = NULL;
    struct result *sessions = NULL;
    struct err rest = ERR_INIT;
    size_t i;
    bool ok = pipeline_add(e->conn, "SHOW session_id", 0, NULL, err) &&
              pipeline_sync(e->conn, err) &&
              pipeline_add(e->conn,
                           SESSIONS "user_name = current_user AND application_name = '" OWN_NAME
                                    "' || pg_catalog.current_database()",
                           0, NULL, err) &&
              pipeline_sync(e->conn, err) && pipeline_send(&e->conn, 1, err) &&
              pipeline_next(e->conn, &own, err) && pipeline_next(e->conn, &sessions, err);

    (void)pipeline_end(e->conn, &rest);
    for (i = 0; ok && i < result_rows(sessions); i++)
        if (strcmp(result_text(sessions, i, 0), result_text(own, 0, 0)) != 0)
            strlist_add(&look->doomed, result_text(sessions, i, 0));
    result_free(own);
    result_free(sessions);
    return ok;
}

static bool end_on_cockroach(struct conn *conn, bool *gone, struct err *err)
{
    struct ending e = {.conn = conn};
    struct look look;
    int round;
    bool ok = true;

    memset(&look, 0, sizeof(look));
    *gone = false;
    for (round = 0; round < ROUNDS_MAX && ok && !*gone; round++) {
        strlist_release(&look.doomed);
        memset(&look, 0, sizeof(look));
        ok = look_at_own(&e, &look, err);
        *gone = ok && !look.doomed.count;
        if (!ok || *gone)
            break;
        ok = cancel(&e, &look.doomed, err);
        clock_sleep_ms(ROUND_PAUSE_MS);
    }
    strlist_release(&look.doomed);
    return ok;
}

/* Waits itself until each has ended, and says which did not. */
static const char end_own[] =
    "SELECT pg_catalog.string_agg(who, ',') FROM (SELECT pid::text || ' ' || backend_start::text "
    "AS who, pg_catalog.pg_terminate_backend(pid, 5000) AS ended FROM pg_catalog.pg_stat_activity "
    "WHERE datname = pg_catalog.current_database() AND application_name = 'dbr' AND usename = "
    "current_user AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid() "
    "OFFSET 0) own WHERE NOT ended";
/* One that had ended before it was asked to did not end by that. */
static const char still_there[] =
    "SELECT count(*) > 0 FROM pg_catalog.pg_stat_activity WHERE pid::text || ' ' || "
    "backend_start::text = ANY (pg_catalog.string_to_array($1::text, ','))";

/* A session that comes anew meanwhile is another run's, and sees what is there by then. */
static bool end_on_postgres(struct conn *conn, bool *gone, struct err *err)
{
    const char *value;
    char *left = NULL;
    struct result *found = NULL;

    *gone = true;
    if (!query_value(conn, end_own, 0, NULL, &left, err))
        return false;
    value = left;
    if (left && !query_run(conn, still_there, 1, &value, &found, err)) {
        free(left);
        return false;
    }
    *gone = !left || !result_bool(found, 0, 0);
    result_free(found);
    free(left);
    return true;
}

bool fence_sessions_end_own(struct conn *conn, struct err *err)
{
    bool gone;

    if (!(conn_kind(conn) == ENGINE_POSTGRES ? end_on_postgres(conn, &gone, err)
                                             : end_on_cockroach(conn, &gone, err)))
        return false;
    return gone || err_set_hint(err, ERR_REFUSED,
                                "end it on the server (pg_terminate_backend, on CockroachDB CANCEL "
                                "SESSION), then run the program again",
                                "a session of an earlier run of dbr on the %s does not end",
                                conn_role(conn));
}
