/*
 * The worker pool. A task is one thing on one connection pair: copy a table, build one key or
 * index, hash one side. Copies come first, largest table first; what follows from a copy is added
 * to the list when it is done.
 */
#include "repl/jobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stop.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "db/row_sql.h"
#include "repl/moment.h"
#include "repl/weather.h"

enum task_kind { TASK_COPY, TASK_STATEMENT, TASK_CHAIN, TASK_HASH };

struct task {
    enum task_kind kind;
    size_t pair;
    size_t statement; /* TASK_STATEMENT: index in the plan */
    enum side side;   /* TASK_HASH */
};

struct pool {
    struct jobs *jobs;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct task *tasks;
    size_t count, next, running;
    volatile bool failed;
    struct err err; /* the first failure */
};

struct worker {
    struct pool *pool;
    struct conn *conns[2];
    pthread_t thread;
    bool started;
};

static void add_task(struct pool *pool, struct task task)
{
    if ((pool->count & (pool->count - 1)) == 0)
        pool->tasks =
            mem_array(pool->tasks, pool->count ? pool->count * 2 : 1, sizeof(*pool->tasks));
    pool->tasks[pool->count++] = task;
}

static bool is_key_of(const struct plan_statement *statement, const char *table)
{
    return statement->phase == PLAN_KEYS && statement->table && !strcmp(statement->table, table);
}

/* Keys of partitions come before their table's, a replica identity after its index. */
static bool has_order(const struct jobs *jobs, size_t pair)
{
    const struct plan *plan = jobs->plan->plan;
    const struct pairing *p = &jobs->pairs->items[pair];
    size_t i;

    if (p->rows[SOURCE].table->kind == 'p')
        return true;
    for (i = 0; i < plan->statement_count; i++)
        if (is_key_of(&plan->statements[i], p->name) &&
            strstr(plan->statements[i].sql, "REPLICA IDENTITY"))
            return true;
    return false;
}

/* Indexes and hashes of a table whose rows have arrived. The caller holds the mutex, or is alone.
 */
static void add_followers(struct pool *pool, size_t pair)
{
    const struct jobs *jobs = pool->jobs;
    const struct plan *plan = jobs->plan->plan;
    const char *name = jobs->pairs->items[pair].name;
    bool chain = jobs->keys[pair] && has_order(jobs, pair);
    size_t i;

    if (chain)
        add_task(pool, (struct task){TASK_CHAIN, pair, 0, SOURCE});
    for (i = 0; i < plan->statement_count && jobs->keys[pair] && !chain; i++)
        if (is_key_of(&plan->statements[i], name))
            add_task(pool, (struct task){TASK_STATEMENT, pair, i, SOURCE});
    /* What the servers cannot hash is compared when everything is there. */
    if (jobs->hash && jobs->copy[pair] &&
        !row_sql_client_columns(&jobs->pairs->items[pair].rows[SOURCE])) {
        add_task(pool, (struct task){TASK_HASH, pair, 0, SOURCE});
        add_task(pool, (struct task){TASK_HASH, pair, 0, TARGET});
    }
}

struct hashing {
    struct worker *w;
    const struct task *task;
};

static bool hash_once(void *context, struct err *err)
{
    const struct hashing *h = context;
    const struct task *task = h->task;
    struct jobs *jobs = h->w->pool->jobs;
    struct buf sql = BUF_INIT;
    struct result *result;
    bool ok;

    row_sql_fingerprint(&sql, &jobs->pairs->items[task->pair].rows[task->side]);
    ok = query_run(h->w->conns[task->side], sql.data, 0, NULL, &result, err);
    buf_release(&sql);
    if (!ok)
        return err_prefix(err, "table %s", jobs->pairs->items[task->pair].name);
    compare_take_sum(&jobs->sums->items[task->pair], task->side, result);
    result_free(result);
    return true;
}

/* The source's connection has a snapshot that no other can have. */
static bool hash_side(struct worker *w, const struct task *task, struct err *err)
{
    struct hashing hashing = {w, task};

    return task->side == SOURCE ? hash_once(&hashing, err)
                                : weather_pass(w->conns[TARGET], hash_once, &hashing, err);
}

static bool run_chain(const struct plan_run *run, const char *table, struct err *err)
{
    size_t i;

    for (i = 0; i < run->plan->statement_count; i++) {
        const struct plan_statement *s = &run->plan->statements[i];

        if (is_key_of(s, table) && !plan_run_one(run, s, err))
            return false;
    }
    return true;
}

static bool do_task(struct worker *w, const struct task *task, struct err *err)
{
    struct jobs *jobs = w->pool->jobs;
    struct plan_run run = *jobs->plan;

    switch (task->kind) {
    case TASK_COPY:
        return bulk_copy(w->conns[SOURCE], w->conns[TARGET], &jobs->pairs->items[task->pair],
                         &w->pool->failed, &jobs->results[task->pair], err);
    case TASK_STATEMENT:
        run.target = w->conns[TARGET];
        run.failures = NULL;
        return plan_run_one(&run, &run.plan->statements[task->statement], err);
    case TASK_CHAIN:
        run.target = w->conns[TARGET];
        run.failures = NULL;
        return run_chain(&run, jobs->pairs->items[task->pair].name, err);
    case TASK_HASH:
        return hash_side(w, task, err);
    }
    return true;
}

/* The next task, or false when there is none and none can come any more. */
static bool take_task(struct pool *pool, struct task *task)
{
    bool got = false;

    pthread_mutex_lock(&pool->mutex);
    while (!pool->failed && pool->next == pool->count && pool->running > 0)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    if (!pool->failed && pool->next < pool->count) {
        *task = pool->tasks[pool->next++];
        pool->running++;
        got = true;
    }
    pthread_mutex_unlock(&pool->mutex);
    return got;
}

static void end_task(struct pool *pool, const struct task *task, bool ok, const struct err *err)
{
    pthread_mutex_lock(&pool->mutex);
    pool->running--;
    if (!ok && !pool->failed) {
        pool->failed = true;
        pool->err = *err;
    }
    if (ok && task->kind == TASK_COPY)
        add_followers(pool, task->pair);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct task task;

    while (take_task(w->pool, &task)) {
        struct err err = ERR_INIT;
        bool ok = do_task(w, &task, &err);

        end_task(w->pool, &task, ok, &err);
    }
    return NULL;
}

static int by_size(const void *a, const void *b, void *context)
{
    const struct jobs *jobs = context;
    int64_t x = jobs->pairs->items[((const struct task *)a)->pair].rows[SOURCE].table->bytes;
    int64_t y = jobs->pairs->items[((const struct task *)b)->pair].rows[SOURCE].table->bytes;

    return x < y ? 1 : x > y ? -1 : 0;
}

static void fill_list(struct pool *pool)
{
    struct jobs *jobs = pool->jobs;
    size_t i;

    for (i = 0; i < jobs->pairs->count; i++)
        if (jobs->copy[i])
            add_task(pool, (struct task){TASK_COPY, i, 0, SOURCE});
    if (pool->count > 1)
        qsort_r(pool->tasks, pool->count, sizeof(*pool->tasks), by_size, jobs);
    for (i = 0; i < jobs->pairs->count; i++)
        if (!jobs->copy[i] && jobs->keys[i])
            add_followers(pool, i);
}

/*
 * Pairs of connections for the further workers, all opened at once. A server that has no room for
 * all of them is no reason to give up: *got pairs stand at the beginning of conns.
 */
static bool open_pairs(struct jobs *jobs, size_t wanted, struct conn **conns, size_t *got,
                       struct err *err)
{
    struct conn **originals = mem_array(NULL, 2 * wanted, sizeof(struct conn *));
    enum conn_failure *failures = mem_array(NULL, 2 * wanted, sizeof(*failures));
    struct err *errs = mem_alloc(2 * wanted * sizeof(*errs));
    const struct err *full = NULL;
    size_t i;
    bool ok = true;

    for (i = 0; i < 2 * wanted; i++)
        originals[i] = jobs->session->conns[i % 2 ? TARGET : SOURCE];
    (void)conn_clone_many(originals, 2 * wanted, conns, failures, errs);
    for (i = 0; i < 2 * wanted && ok; i++) {
        if (failures[i] == CONN_DEGRADED)
            full = &errs[i];
        else if (failures[i] != CONN_OK)
            ok = false;
        if (!ok)
            *err = errs[i];
    }
    for (i = 0; i < wanted; i++) {
        struct conn *pair[2] = {conns[2 * i], conns[2 * i + 1]};

        conns[2 * i] = conns[2 * i + 1] = NULL;
        if (ok && pair[0] && pair[1]) {
            memcpy(&conns[2 * (*got)++], pair, sizeof(pair));
        } else {
            conn_close(pair[0]);
            conn_close(pair[1]);
        }
    }
    if (ok && full)
        strlist_addf(jobs->warnings, "only %zu of %zu tables are worked on at the same time: %s",
                     *got + 1, wanted + 1, full->message);
    free(originals);
    free(failures);
    free(errs);
    return ok;
}

/* Worker connections join the snapshot of the session, so that all tables are copied as of one
 * moment: an exported one, or that of the session's moment. */
static bool join_snapshot(struct conn *const *sources, size_t count, const char *snapshot,
                          const char *moment, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok = true;
    size_t i;

    buf_adds(&sql, "SET TRANSACTION SNAPSHOT ");
    quote_literal(&sql, snapshot ? snapshot : "");
    for (i = 0; i < count && ok; i++)
        ok = moment_queue_begin(sources[i], moment, err) &&
             (!snapshot || pipeline_add(sources[i], sql.data, 0, NULL, err)) &&
             pipeline_sync(sources[i], err);
    ok = ok && pipeline_send(sources, count, err);
    for (i = 0; i < count && ok; i++)
        ok = pipeline_end(sources[i], err); /* true when nothing of it had failed */
    buf_release(&sql);
    return ok;
}

/* *count: how many workers are wanted, then how many there are. The first has the session's own
 * connections. */
static bool open_workers(struct pool *pool, struct worker *workers, size_t *count, struct err *err)
{
    struct jobs *jobs = pool->jobs;
    size_t more = *count - 1;
    struct conn **conns = mem_array(NULL, 2 * more + 1, sizeof(struct conn *));
    struct conn **sources = mem_array(NULL, more + 1, sizeof(struct conn *));
    char *snapshot = NULL;
    size_t got = 0;
    size_t i;
    bool ok = more == 0 || open_pairs(jobs, more, conns, &got, err);

    workers[0].pool = pool;
    workers[0].conns[SOURCE] = jobs->session->conns[SOURCE];
    workers[0].conns[TARGET] = jobs->session->conns[TARGET];
    for (i = 0; i < got; i++) {
        workers[i + 1].pool = pool;
        workers[i + 1].conns[SOURCE] = sources[i] = conns[2 * i];
        workers[i + 1].conns[TARGET] = conns[2 * i + 1];
    }
    *count = got + 1;
    if (ok && got > 0)
        ok = (jobs->session->moment ||
              query_value(jobs->session->conns[SOURCE], "SELECT pg_catalog.pg_export_snapshot()", 0,
                          NULL, &snapshot, err)) &&
             join_snapshot(sources, got, snapshot, jobs->session->moment, err);
    free(snapshot);
    free(conns);
    free(sources);
    return ok;
}

static void run_workers(struct worker *workers, size_t n)
{
    size_t i;

    for (i = 1; i < n; i++)
        workers[i].started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    work(&workers[0]);
    for (i = 1; i < n; i++)
        if (workers[i].started)
            pthread_join(workers[i].thread, NULL);
}

bool jobs_run(struct jobs *jobs, struct err *err)
{
    struct pool pool = {
        .jobs = jobs, .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    size_t n = (size_t)jobs->workers;
    struct worker *workers;
    size_t i;
    bool ok;

    fill_list(&pool);
    if (pool.count == 0)
        return true;
    workers = mem_alloc(n * sizeof(*workers));
    ok = open_workers(&pool, workers, &n, err);
    if (ok) {
        run_workers(workers, n);
        ok = !pool.failed;
        if (!ok)
            *err = pool.err;
        if (!ok && stop_signal())
            stop_check(err);
    }
    for (i = 1; i < n; i++) {
        conn_close(workers[i].conns[SOURCE]);
        conn_close(workers[i].conns[TARGET]);
    }
    free(workers);
    free(pool.tasks);
    return ok;
}
