/*
 * The probe. Each database has a thread of its own, since resolving a name or shaking hands may
 * block inside libpq beyond any deadline, and so that a slow one does not delay the other's
 * measurement. A thread that is not back at the deadline is abandoned: it frees what it holds
 * whenever it returns.
 */
#include "repl/probe.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/notify.h"
#include "base/stop.h"
#include "db/conn_tls.h"
#include "db/engine.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "repl/identity.h"
#include "repl/measures.h"
#include "repl/position.h"
#include "repl/switch_mark.h"
#include "repl/weather.h"

/* A server that has just refused is asked once more after this pause: it may be starting. */
#define RETRY_PAUSE_MS 250
#define WAIT_SLICE_MS 50

/*
 * dbr's own sessions override default_transaction_read_only, so what the application meets is read
 * from where it is set: the most specific of role and database wins, as at the start of a session.
 */
#define READ_ONLY_SETTING                                                                          \
    "coalesce((SELECT pg_catalog.split_part(c.setting, '=', 2)::bool"                              \
    " FROM pg_catalog.pg_db_role_setting s CROSS JOIN"                                             \
    " pg_catalog.unnest(s.setconfig) AS c(setting)"                                                \
    " WHERE c.setting LIKE 'default\\_transaction\\_read\\_only=%'"                                \
    " AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database"                            \
    " WHERE datname = pg_catalog.current_database()))"                                             \
    " AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user))"    \
    " ORDER BY s.setrole <> 0 AND s.setdatabase <> 0 DESC, s.setrole <> 0 DESC,"                   \
    " s.setdatabase <> 0 DESC LIMIT 1), false)"
#define POSTGRES_QUESTION                                                                          \
    "SELECT pg_catalog.pg_is_in_recovery(), " READ_ONLY_SETTING                                    \
    ", (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::int8"
/* There, what holds for all roles does not hold the user root. */
#define COCKROACH_QUESTION                                                                         \
    "SELECT false, current_user <> 'root' AND " READ_ONLY_SETTING                                  \
    ", (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::int8"

/* What a thread works on; owned by whoever of the two comes last. */
struct job {
    pthread_mutex_t mutex;
    pthread_cond_t done_changed;
    bool done, abandoned;
    bool threaded;
    pthread_t thread;
    int timeout_ms;   /* of the whole, as configured: errors name it, not what a try had left */
    int64_t deadline; /* monotonic ms */
    char *role, *url, *schema;
    struct probe probe;
};

static void job_free(struct job *job)
{
    probe_release(&job->probe);
    free(job->role);
    free(job->url);
    free(job->schema);
    (void)pthread_cond_destroy(&job->done_changed);
    (void)pthread_mutex_destroy(&job->mutex);
    free(job);
}

static struct job *job_new(const struct conn_params *params, int timeout_ms, int64_t deadline)
{
    struct job *job = mem_alloc(sizeof *job);
    pthread_condattr_t attr;
    (void)pthread_mutex_init(&job->mutex, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&job->done_changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    job->timeout_ms = timeout_ms;
    job->deadline = deadline;
    job->role = mem_strdup(params->role);
    job->url = mem_strdup(params->url);
    job->schema = mem_strdup(params->schema);
    return job;
}

/* The class of a failure after the connection stood. */
static enum conn_failure failure_of_query(const struct conn *conn, const struct err *err)
{
    if (!conn_alive(conn) || err->code == ERR_UNREACHABLE || strncmp(err->sqlstate, "57P", 3) == 0)
        return CONN_DOWN;
    /* Some servers look for the database, or for the right to use it, only now. */
    if (strcmp(err->sqlstate, "3D000") == 0 || strncmp(err->sqlstate, "28", 2) == 0)
        return CONN_CONFIG;
    return CONN_DEGRADED;
}

/* The server's clock is read somewhere between asking and hearing: the middle is the best guess. */
static int64_t skew(int64_t server_ms, int64_t asked_us, int64_t heard_us)
{
    return server_ms - (asked_us + (heard_us - asked_us) / 2) / 1000;
}

/* CockroachDB would ask each of its nodes: that is too dear for each check, and one that is away
 * would delay it. */
static bool queue_connections(struct conn *conn, struct err *err)
{
    return conn_kind(conn) != ENGINE_POSTGRES ||
           (pipeline_add(conn, MEASURES_POSTGRES_CONNECTIONS, 0, NULL, err) &&
            pipeline_sync(conn, err));
}

/* The database has answered: whatever becomes of this question, and it may take half of the time
 * that is left, it is not down. */
static void receive_connections(struct conn *conn, int64_t deadline, struct probe *probe)
{
    struct result *result = NULL;
    struct err ignored = ERR_INIT;
    int64_t left = deadline - clock_mono_ms();
    if (conn_kind(conn) != ENGINE_POSTGRES || left <= 1)
        return;
    conn_limit_time(conn, (int)(left / 2));
    if (pipeline_next(conn, &result, &ignored) && result_rows(result) == 1) {
        probe->connections = result_int(result, 0, 0);
        probe->connection_limit = result_int(result, 0, 1);
    }
    result_free(result);
}

static bool ask(struct conn *conn, struct probe *probe, struct err *err)
{
    const char *question =
        conn_kind(conn) == ENGINE_POSTGRES ? POSTGRES_QUESTION : COCKROACH_QUESTION;
    struct result *result = NULL;
    bool marked;
    int64_t asked = clock_now_us();
    if (!pipeline_add(conn, question, 0, NULL, err) || !pipeline_sync(conn, err) ||
        !identity_queue(conn, err) || !switch_mark_queue_look(conn, NULL, err) ||
        !position_queue(conn, err) || !queue_connections(conn, err) ||
        !pipeline_send(&conn, 1, err) || !pipeline_next(conn, &result, err))
        return false;
    probe->clock_skew_ms = skew(result_int(result, 0, 2), asked, clock_now_us());
    probe->in_recovery = result_bool(result, 0, 0);
    probe->read_only = result_bool(result, 0, 1) || probe->in_recovery;
    result_free(result);
    return identity_receive(conn, &probe->identity, err) &&
           switch_mark_receive(conn, &marked, &probe->epoch, err) &&
           position_receive(conn, &probe->position, err);
}

/* One try, within the time that is left. */
static bool look(struct job *job, struct probe *probe)
{
    int64_t started = clock_mono_ms();
    struct conn_params params = {job->role, job->url, job->schema, 0, false};
    struct conn *conn = NULL;
    params.timeout_ms = job->deadline > started ? (int)(job->deadline - started) : 1;
    err_clear(&probe->err);
    if (!conn_open_many(&params, 1, &conn, &probe->failure, &probe->err)) {
        if (probe->failure == CONN_DOWN && clock_mono_ms() >= job->deadline &&
            probe->err.code != ERR_STOPPED)
            conn_no_answer(job->role, job->url, job->timeout_ms, &probe->err);
        return false;
    }
    bool ok = ask(conn, probe, &probe->err);
    if (ok) {
        probe->connected = true;
        probe->failure = CONN_OK;
        probe->latency_ms = clock_mono_ms() - started;
        (void)snprintf(probe->engine, sizeof probe->engine, "%s", conn_engine(conn)->name);
        (void)snprintf(probe->version, sizeof probe->version, "%s", conn_version_text(conn));
        probe->version_number = conn_version(conn);
        probe->certificate_expires_us = conn_tls_expiry(conn);
        receive_connections(conn, job->deadline, probe);
    } else {
        probe->failure = failure_of_query(conn, &probe->err);
        probe_release(probe); /* what it had said until then; another try begins anew */
    }
    conn_close(conn);
    return ok;
}

/* Does the job; true when nobody waits for it any more. */
static bool work(struct job *job)
{
    struct probe probe = {.connected = false};
    bool first = true;
    /* A server that only wants to be asked again is not down, however often it does. */
    while (!look(job, &probe) && probe.failure != CONN_CONFIG &&
           (first || weather_kind(&probe.err) == WEATHER_CONFLICT) &&
           clock_mono_ms() + 2 * (int64_t)RETRY_PAUSE_MS < job->deadline && !stop_signal()) {
        first = false;
        clock_sleep_ms(RETRY_PAUSE_MS);
    }
    probe.checked_us = clock_now_us();
    (void)pthread_mutex_lock(&job->mutex);
    job->probe = probe;
    job->done = true;
    bool abandoned = job->abandoned;
    (void)pthread_cond_signal(&job->done_changed);
    (void)pthread_mutex_unlock(&job->mutex);
    return abandoned;
}

static void *work_alone(void *argument)
{
    struct job *job = argument;
    if (work(job))
        job_free(job);
    return NULL;
}

static bool wait_done(struct job *job)
{
    struct timespec until;
    int64_t left = job->deadline - clock_mono_ms();
    /* Short slices: a signal may be delivered to any thread, and must be noticed here. */
    for (; !job->done && !stop_signal() && left > 0; left = job->deadline - clock_mono_ms()) {
        notify_alive();
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)(left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS) * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_cond_timedwait(&job->done_changed, &job->mutex, &until);
    }
    return job->done;
}

static void collect(struct job *job, struct probe *probe)
{
    (void)pthread_mutex_lock(&job->mutex);
    bool done = wait_done(job);
    if (done) {
        *probe = job->probe;
        job->probe.identity = NULL;
    } else {
        *probe = (struct probe){.failure = CONN_DOWN, .checked_us = clock_now_us()};
        conn_no_answer(job->role, job->url, job->timeout_ms, &probe->err);
        (void)pthread_detach(job->thread);
        job->abandoned = true;
    }
    (void)pthread_mutex_unlock(&job->mutex);
    if (!done)
        return;
    /* It is about to end: what TLS keeps for each thread is freed then. */
    if (job->threaded)
        (void)pthread_join(job->thread, NULL);
    job_free(job);
}

bool probe_run(const struct conn_params *params, size_t count, int timeout_ms, struct probe *probes,
               struct err *err)
{
    struct job *jobs[PROBE_MAX];
    int64_t deadline = clock_mono_ms() + timeout_ms;
    for (size_t i = 0; i < count; i++) {
        jobs[i] = job_new(&params[i], timeout_ms, deadline);
        jobs[i]->threaded = pthread_create(&jobs[i]->thread, NULL, work_alone, jobs[i]) == 0;
        /* No thread to be had: done here, with the deadlines that lib/db keeps. */
        if (!jobs[i]->threaded)
            (void)work(jobs[i]);
    }
    for (size_t i = 0; i < count; i++)
        collect(jobs[i], &probes[i]);
    return stop_check(err);
}

void probe_release(struct probe *probe)
{
    free(probe->identity);
    probe->identity = NULL;
}
