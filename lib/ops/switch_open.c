/*
 * Opening the database that takes over. PostgreSQL does all of it in one transaction. CockroachDB
 * cannot: it commits before every schema change, and lifting the fence is one. There it is done in
 * steps, each of which may be done again:
 *
 *   0. what a sync that was broken off has left there is mended, as far as it can be
 *      (switch_remains.c);
 *   1. tables: those of the base, that of the marks;
 *   2. in one transaction, which fails where one of these is missing: sequences beyond every id in
 *      use, the rows of _dbr.base, the mark;
 *   3. the fence is lifted, once it is known that the mark is there.
 *
 * So without the mark the database is closed, and the other one may be let go. With it, it may be
 * open already, and the way is forward, or it is closed again first (switch_walk.c).
 */
#include <string.h>

#include "base/clock.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "ops/switch_run.h"
#include "repl/base.h"
#include "repl/fence.h"
#include "repl/sequences.h"
#include "repl/switch_mark.h"
#include "repl/triggers.h"
#include "repl/weather.h"

#define LOOK_AGAIN_MAX 3
#define LOOK_AGAIN_PAUSE_MS 500

/* Only a forced failover leaves behind what is to be merged. */
static bool freezes(const struct switch_run *run)
{
    return run->journal.forced && run->journal.op == SWITCH_FAILOVER;
}

static bool is_cross_engine(const struct switch_run *run)
{
    const char *from = state_identity(run->state, run->from);

    return from &&
           strncmp(from, run->identities[run->to], strcspn(run->identities[run->to], ":") + 1) != 0;
}

static bool queue_base(struct switch_run *run, size_t *statements, struct err *err)
{
    *statements = 0;
    return !freezes(run) ||
           base_queue_freeze(run->control[run->to], &run->models[run->to], run->journal.id,
                             is_cross_engine(run), &run->bases, statements, err);
}

static bool queue_catalog(struct switch_run *run, size_t *statements, struct err *err)
{
    *statements = 0;
    return !freezes(run) ||
           base_queue_catalog(run->control[run->to], &run->models[run->to], run->journal.id,
                              is_cross_engine(run), statements, err);
}

static bool queue_sequences(struct switch_run *run, size_t *statements, struct err *err)
{
    return sequences_queue_advance(run->control[run->to], &run->models[run->to],
                                   run->journal.forced ? run->config->id_gap : 0, statements, err);
}

static bool queue_mark(struct switch_run *run, struct err *err)
{
    struct switch_mark mark = {run->journal.id, switch_op_name(run->journal.op), role_name(run->to),
                               run->journal.epoch};

    return switch_mark_queue(run->control[run->to], &mark, err);
}

/* Sends what is queued and reads the results. */
static bool run_queued(struct conn *conn, size_t statements, struct err *err)
{
    if (!pipeline_sync(conn, err) || !pipeline_send(&conn, 1, err))
        return false;
    while (statements-- > 0)
        if (!pipeline_next(conn, NULL, err))
            return false;
    return true;
}

/* The mark has been written and committed; what is left to prove is that nothing holds the sessions
 * of others. A session of its own for that would cost the application five round trips more. */
static bool prove_open(struct switch_run *run, struct err *err)
{
    bool fenced;

    if (!fence_receive_state(run->control[run->to], &fenced, err))
        return false;
    if (!fenced)
        return true;
    return err_set_hint(err, ERR_FAILED,
                        "ALTER DATABASE name RESET default_transaction_read_only as its owner, "
                        "then run the program again",
                        "the fence of the %s could not be lifted", role_name(run->to));
}

static bool open_at_once(struct switch_run *run, struct err *err)
{
    struct conn *conn = run->control[run->to];
    struct fence fence = switch_fence_of(run, run->to);
    size_t n[6] = {0, 0, 0, 0, 0, 0};

    if (!pipeline_add(conn, "BEGIN", 0, NULL, err) || !queue_base(run, &n[0], err) ||
        !queue_catalog(run, &n[1], err) || !queue_sequences(run, &n[2], err) ||
        !triggers_queue_wake(conn, &n[3], err) || !fence_queue_lift(conn, &fence, &n[4], err) ||
        !switch_mark_queue_table(conn, &n[5], err) || !queue_mark(run, err) ||
        !pipeline_add(conn, "COMMIT", 0, NULL, err) || !pipeline_sync(conn, err) ||
        !fence_queue_state(conn, NULL, err))
        return false;
    run->marked = run_queued(conn, n[0] + n[1] + n[2] + n[3] + n[4] + n[5] + 3, err);
    return run->marked && prove_open(run, err);
}

/* Whether the transaction at the end took hold. Where it did not, a table that could not be made
 * tells more. */
static bool receive_mark(struct conn *conn, size_t tables, size_t statements, struct err *err)
{
    struct err first = ERR_INIT;
    size_t i;

    for (i = 0; i < tables && conn_alive(conn); i++) {
        struct err why = ERR_INIT;

        if (!pipeline_next(conn, NULL, &why) && first.code == ERR_NONE)
            first = why;
    }
    for (i = 0; i < statements; i++)
        if (!pipeline_next(conn, NULL, err)) {
            if (first.code != ERR_NONE)
                *err = first;
            return false;
        }
    return true;
}

static bool open_in_steps(struct switch_run *run, struct err *err)
{
    struct conn *conn = run->control[run->to];
    struct fence fence = switch_fence_of(run, run->to);
    size_t n[4] = {0, 0, 0, 0};

    if (!queue_base(run, &n[0], err) || !switch_mark_queue_table(conn, &n[1], err) ||
        !queue_sequences(run, &n[2], err) || !queue_catalog(run, &n[3], err) ||
        !queue_mark(run, err) || !pipeline_sync(conn, err) || !pipeline_send(&conn, 1, err))
        return false;
    run->marked = receive_mark(conn, n[0] + n[1], n[2] + n[3] + 1, err);
    return run->marked && fence_queue_lift(conn, &fence, &n[0], err) &&
           fence_queue_state(conn, NULL, err) && run_queued(conn, n[0], err) &&
           prove_open(run, err);
}

static bool open_once(struct switch_run *run, struct err *err)
{
    struct conn *conn = run->control[run->to];
    bool postgres = conn_kind(conn) == ENGINE_POSTGRES;
    struct err ending = ERR_INIT;
    bool ok = postgres ? open_at_once(run, err) : open_in_steps(run, err);

    (void)pipeline_end(conn, &ending);
    if (!ok && postgres && conn_alive(conn))
        (void)query_script(conn, "ROLLBACK", &ending);
    return ok;
}

static bool look(void *context, struct err *err)
{
    struct switch_run *run = context;

    return switch_end_own(run, run->to, err) && switch_ask_mark(run, err);
}

bool switch_look_at_mark(struct switch_run *run, struct err *err)
{
    const bool wanted[2] = {run->to == ROLE_PRIMARY, run->to == ROLE_SECONDARY};

    return switch_connect(run, wanted, 0, err) &&
           weather_pass(run->control[run->to], look, run, err);
}

/* Whether the mark is there decides; a lost answer says nothing. */
static bool look_again(struct switch_run *run)
{
    struct err why = ERR_INIT;
    int n;

    switch_disconnect(run);
    for (n = 0; n < LOOK_AGAIN_MAX; n++) {
        if (switch_look_at_mark(run, &why))
            return run->marked;
        clock_sleep_ms(LOOK_AGAIN_PAUSE_MS);
    }
    return false;
}

/* Whether there is something left to do. Of a transaction of PostgreSQL's that failed nothing is,
 * and the reason would be met again. */
static bool may_go_on(struct switch_run *run, struct weather *weather, struct err *err)
{
    struct conn *conn = run->control[run->to];

    if (conn_kind(conn) == ENGINE_POSTGRES)
        return !run->marked && !conn_alive(conn) && look_again(run);
    return weather_recover(weather, conn, err) &&
           (run->marked || weather_pass(conn, look, run, err));
}

bool switch_open(struct switch_run *run, struct err *err)
{
    struct weather weather = {0};

    if (!run->marked)
        switch_mend(run, run->to);
    /* Marked by a run before, or by an attempt: nobody may have closed it since. */
    while (!(run->marked ? switch_unfence(run, run->to, err) : open_once(run, err)))
        if (!may_go_on(run, &weather, err))
            return false;
    err_clear(err);
    return true;
}
