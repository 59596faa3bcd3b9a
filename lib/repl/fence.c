/* The settings that make sessions read-only, and the end of older sessions. */
#include "repl/fence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "repl/fence_sessions.h"
#include "repl/weather.h"

#define ROUNDS_MAX 20
#define ROUND_PAUSE_MS 250
#define START_PAUSE_MS 50

/*
 * Sessions that began before the settings did ($1: a time after them); later ones are held by them.
 * Sessions of dbr itself override the fence and are left alone. What the server does not show of
 * other roles' sessions counts as the worst.
 */
#define OTHERS                                                                                     \
    "FROM pg_catalog.pg_stat_activity WHERE " FENCE_IS_OTHER " AND coalesce(backend_start, "       \
    "'-infinity') <= $1::timestamptz"

/* The server waits up to five seconds for each session to be gone. */
static const char end_others[] =
    "SELECT pg_catalog.pg_terminate_backend(pid, 5000) " OTHERS " AND (" FENCE_MAY_END ")";

/* Who is left: role, whether it is a superuser's, pid. */
static const char left_over[] =
    "SELECT coalesce(usename, '?'), coalesce((SELECT rolsuper FROM pg_catalog.pg_roles r "
    "WHERE r.oid = usesysid), true), pid " OTHERS;

static const char prepared[] = "SELECT count(*) FROM pg_catalog.pg_prepared_xacts WHERE database = "
                               "pg_catalog.current_database()";

static void alter_database(struct buf *sql, const struct fence *fence, const char *change)
{
    const char *name = strchr(fence->identity, '/');

    buf_adds(sql, "ALTER DATABASE ");
    quote_ident(sql, name ? name + 1 : fence->identity);
    buf_addf(sql, " %s", change);
}

static void alter_role(struct buf *sql, const struct fence *fence, const char *change)
{
    buf_adds(sql, "ALTER ROLE ");
    quote_ident(sql, fence->role);
    buf_addf(sql, " %s", change);
}

/*
 * On CockroachDB each is a schema change, a transaction of its own whatever stands around it: the
 * override must hold for the session, not for a transaction that the change leaves.
 */
static bool queue_alone(struct conn *conn, const char *sql, size_t *statements, struct err *err)
{
    ++*statements;
    return pipeline_add(conn, sql, 0, NULL, err) &&
           (conn_kind(conn) == ENGINE_POSTGRES || pipeline_sync(conn, err));
}

static bool queue_settings(struct conn *conn, const struct fence *fence, bool place,
                           size_t *statements, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    *statements = 0;
    alter_database(&sql, fence,
                   place ? "SET default_transaction_read_only = on"
                         : "RESET default_transaction_read_only");
    ok = (conn_kind(conn) == ENGINE_POSTGRES ||
          queue_alone(conn, "SET default_transaction_read_only = off", statements, err)) &&
         queue_alone(conn, sql.data, statements, err);
    if (ok && fence->role) {
        buf_reset(&sql);
        alter_role(&sql, fence, place ? "NOLOGIN" : "LOGIN");
        ok = queue_alone(conn, sql.data, statements, err);
    }
    buf_release(&sql);
    return ok;
}

bool fence_queue_lift(struct conn *conn, const struct fence *fence, size_t *statements,
                      struct err *err)
{
    return queue_settings(conn, fence, false, statements, err);
}

/* *since: a time of the server at which the settings were in force; malloced. */
static bool run_settings(struct conn *conn, const struct fence *fence, char **since,
                         struct err *err)
{
    size_t statements;
    struct result *now = NULL;
    struct err ending = ERR_INIT;
    bool ok = queue_settings(conn, fence, true, &statements, err) && pipeline_sync(conn, err) &&
              pipeline_add(conn, "SELECT pg_catalog.clock_timestamp()", 0, NULL, err) &&
              pipeline_sync(conn, err) && pipeline_send(&conn, 1, err);

    while (ok && statements-- > 0)
        ok = pipeline_next(conn, NULL, err);
    ok = ok && pipeline_next(conn, &now, err);
    *since = ok ? mem_strdup(result_text(now, 0, 0)) : NULL;
    result_free(now);
    (void)pipeline_end(conn, &ending);
    return ok;
}

/* One look at what the fence cannot hold, after sessions have been ended. */
struct remainder {
    size_t sessions;  /* that have to go */
    char first[96];   /* "role, pid 4711" of one of them */
    bool is_prepared; /* a prepared transaction waits */
    char role[64];    /* that overrides the setting, or "" */
};

static void note_sessions(const struct result *result, struct remainder *left,
                          struct strlist *warnings, const struct conn *conn)
{
    size_t i;

    left->sessions = 0;
    for (i = 0; i < result_rows(result); i++) {
        const char *user = result_text(result, i, 0);
        const char *pid = result_text(result, i, 2);

        if (!result_bool(result, i, 1)) {
            if (left->sessions++ == 0)
                (void)snprintf(left->first, sizeof(left->first), "%s, pid %s", user, pid);
        } else if (warnings) {
            strlist_addf(warnings,
                         "a session of the superuser %s (pid %s) on the %s is not dbr's to end: it "
                         "could still write",
                         user, pid, conn_role(conn));
        }
    }
}

static bool look(struct conn *conn, const char *since, struct remainder *left,
                 struct strlist *warnings, struct err *err)
{
    static const struct {
        const char *sql;
        size_t parameters;
    } questions[] = {{end_others, 1}, {left_over, 1}, {prepared, 0}, {fence_overriding, 0}};
    struct result *results[4] = {NULL, NULL, NULL, NULL};
    struct err ending = ERR_INIT;
    bool ok = true;
    size_t i;

    for (i = 0; i < 4 && ok; i++)
        ok = pipeline_add(conn, questions[i].sql, questions[i].parameters, &since, err) &&
             pipeline_sync(conn, err);
    ok = ok && pipeline_send(&conn, 1, err);
    for (i = 0; i < 4 && ok; i++)
        ok = pipeline_next(conn, &results[i], err);
    (void)pipeline_end(conn, &ending);
    if (ok) {
        const char *role = result_rows(results[3]) ? result_text(results[3], 0, 0) : "";

        note_sessions(results[1], left, warnings, conn);
        left->is_prepared = result_int(results[2], 0, 0) > 0;
        (void)snprintf(left->role, sizeof(left->role), "%s", role);
    }
    for (i = 0; i < 4; i++)
        result_free(results[i]);
    return ok;
}

static bool judge(const struct conn *conn, const struct remainder *left, struct err *err)
{
    if (left->is_prepared)
        return fence_refuse_prepared(conn, err);
    if (left->role[0])
        return fence_refuse_override(conn, left->role, err);
    if (left->sessions) {
        err_set(err, ERR_REFUSED, "sessions on the %s could not be ended (%s)", conn_role(conn),
                left->first);
        return err_hint(err,
                        "GRANT that role, or pg_signal_backend, to the role that dbr logs in as");
    }
    return true;
}

static bool end_sessions(struct conn *conn, const char *since, struct strlist *warnings,
                         struct err *err)
{
    struct remainder left;
    int round;

    for (round = 0; round < ROUNDS_MAX; round++) {
        memset(&left, 0, sizeof(left));
        if (!look(conn, since, &left, round ? NULL : warnings, err))
            return false;
        /* A session that was just starting shows only now. */
        if (!left.sessions && round > 0)
            break;
        clock_sleep_ms(left.sessions ? ROUND_PAUSE_MS : START_PAUSE_MS);
    }
    return judge(conn, &left, err);
}

struct placing {
    struct conn *conn;
    const struct fence *fence;
    struct strlist *warnings;
};

static bool place(void *context, struct err *err)
{
    const struct placing *p = context;
    char *since;
    bool ok = run_settings(p->conn, p->fence, &since, err);

    if (!ok)
        return false;
    ok = conn_kind(p->conn) == ENGINE_POSTGRES
             ? end_sessions(p->conn, since, p->warnings, err)
             : fence_sessions_end(p->conn, p->fence->role, since, p->warnings, err);
    free(since);
    return ok;
}

bool fence_place(struct conn *conn, const struct fence *fence, struct strlist *warnings,
                 struct err *err)
{
    struct placing placing = {conn, fence, warnings};

    return weather_pass(conn, place, &placing, err);
}

/*
 * Read-only is refused before anything else, so nothing is made even where rights would allow it.
 * What is made against expectation must not stay: a transaction would not take it back on
 * CockroachDB, which commits before a schema change, and so it is something that is there already.
 */
static void add_attempt(struct buf *sql, const struct conn *conn)
{
    buf_adds(sql, "CREATE SCHEMA IF NOT EXISTS ");
    quote_ident(sql, conn_schema(conn));
}

/* Whether the attempt was refused as it must be; any other answer to it stands in err. */
static bool is_refused(const struct conn *conn, struct err *err)
{
    struct conn *session;
    struct buf attempt = BUF_INIT;
    bool done;

    if (!conn_clone_as_application(conn, &session, err))
        return false;
    add_attempt(&attempt, conn);
    done = query_script(session, attempt.data, err);
    buf_release(&attempt);
    conn_close(session);
    if (!done && !strcmp(err->sqlstate, "25006")) {
        err_clear(err);
        return true;
    }
    if (!done && (err->code == ERR_STOPPED || weather_kind(err) != WEATHER_NONE))
        return false;
    err_set(err, ERR_REFUSED, "a new session could still write to the %s: the fence does not hold",
            conn_role(conn));
    return err_hint(err,
                    "look for default_transaction_read_only=off in the URL, in PGOPTIONS and in "
                    "pg_db_role_setting of that server%s",
                    conn_kind(conn) == ENGINE_POSTGRES
                        ? "; a pooler passes on sessions that are older than the fence: give dbr "
                          "the server's own address (of the primary: DATABASE_URL_DIRECT)"
                        : "; the user root is never held by it: let dbr and the application log "
                          "in as others");
}

bool fence_prove(const struct conn *conn, struct err *err)
{
    struct weather weather = {0};

    while (!is_refused(conn, err))
        if (conn_kind(conn) == ENGINE_POSTGRES || !weather_wait(&weather, true, err))
            return err->code == ERR_REFUSED ? false : err_prefix(err, "proving the fence");
    return true;
}

bool fence_queue_state(struct conn *conn, const char *role, struct err *err)
{
    return pipeline_add(
        conn,
        "SELECT count(*) > 0 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = "
        "$1::text AND rolcanlogin) FROM pg_catalog.pg_db_role_setting s JOIN "
        "pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database() "
        "AND s.setrole = 0 AND 'default_transaction_read_only=on' = ANY (s.setconfig)",
        1, &role, err);
}

bool fence_receive_state(struct conn *conn, bool *fenced, struct err *err)
{
    struct result *result;

    if (!pipeline_next(conn, &result, err))
        return false;
    *fenced = result_bool(result, 0, 0);
    result_free(result);
    return true;
}

bool fence_refuse_wrong_state(enum role active, const char *state_dir, struct err *err)
{
    const char *other = role_name(role_other(active));

    err_set(err, ERR_REFUSED,
            "the %s is the active database by the state in %s, but it is fenced as a standby is, "
            "and the %s is not: nothing is taken from the %s",
            role_name(active), state_dir, other, other);
    return err_hint(err,
                    "find out which database the application uses: dbr(7), \"The state file is "
                    "corrupt\"; if it is the %s after all, lift its fence: see \"THE FENCE\" there",
                    role_name(active));
}
