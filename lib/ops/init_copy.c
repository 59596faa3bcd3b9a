/*
 * The copy of dbr-init-secondary: rows, keys and indexes once the rows are there, foreign keys when
 * all of that is there, views and programs last, then every table compared by count and content.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/progress.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "db/row_sql.h"
#include "ops/init_run.h"
#include "repl/catalog.h"
#include "repl/jobs.h"
#include "repl/ledger.h"
#include "repl/reconcile.h"
#include "repl/sequences.h"
#include "repl/triggers.h"
#include "repl/weather.h"
#include "state/events.h"

struct looking {
    struct conn *target;
    struct model *model;
};

static bool read_catalog(void *context, struct err *err)
{
    const struct looking *l = context;

    model_release(l->model);
    memset(l->model, 0, sizeof(*l->model));
    return catalog_queue(l->target, err) && pipeline_sync(l->target, err) &&
           pipeline_send(&l->target, 1, err) && catalog_receive(l->target, l->model, err) &&
           pipeline_end(l->target, err);
}

bool init_work_open(struct init_run *run, struct init_work *work, struct err *err)
{
    struct conn *target = run->session.conns[TARGET];
    const struct conn *conns[2] = {run->session.conns[SOURCE], target};
    struct looking looking = {target, &work->target};
    size_t i;

    memset(work, 0, sizeof(*work));
    if (!weather_pass(target, read_catalog, &looking, err))
        return false;
    pairings_build(&work->pairs, &run->session.models[SOURCE], &work->target, conns,
                   run->config.change_column, true);
    comparisons_init(&work->sums, &work->pairs, run->state.dir);
    work->results = mem_alloc((work->pairs.count + 1) * sizeof(*work->results));
    work->copy = mem_alloc((work->pairs.count + 1) * sizeof(*work->copy));
    work->keys = mem_alloc((work->pairs.count + 1) * sizeof(*work->keys));
    for (i = 0; i < work->pairs.count; i++)
        if (work->pairs.items[i].hold != HOLD_NONE && !run->options->update) {
            err_set(err, ERR_REFUSED, "table %s on the secondary is not as dbr made it: %s",
                    work->pairs.items[i].name, work->pairs.items[i].why);
            return err_hint(err, "run dbr-init-secondary --recreate");
        }
    return true;
}

void init_work_release(struct init_work *work)
{
    comparisons_release(&work->sums);
    pairings_release(&work->pairs);
    model_release(&work->target);
    free(work->results);
    free(work->copy);
    free(work->keys);
    memset(work, 0, sizeof(*work));
}

static bool copy_small(struct init_run *run, struct init_work *work, const bool *small,
                       struct err *err)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < work->pairs.count; i++)
        n += small[i];
    if (n == 0)
        return true;
    return bulk_copy_small(run->session.conns[SOURCE], run->session.conns[TARGET], &work->pairs,
                           small, run->config.batch_size, work->results, err) &&
           pipeline_end(run->session.conns[SOURCE], err) &&
           pipeline_end(run->session.conns[TARGET], err);
}

/* Keys of tables that no worker builds. */
static bool build_keys(const struct init_work *work, struct plan_run *ddl, struct err *err)
{
    struct strlist chosen = STRLIST_INIT;
    size_t i;
    bool ok;

    for (i = 0; i < work->pairs.count; i++)
        if (work->keys[i])
            strlist_add(&chosen, work->pairs.items[i].name);
    ddl->only_tables = &chosen;
    ok = plan_run_each(ddl, PLAN_KEYS, PLAN_KEYS, err);
    ddl->only_tables = NULL;
    strlist_release(&chosen);
    return ok;
}

bool init_copy_rows(struct init_run *run, struct init_work *work, struct plan_run *ddl, bool hash,
                    struct err *err)
{
    bool *small = mem_alloc((work->pairs.count + 1) * sizeof(*small));
    bool *large = mem_alloc((work->pairs.count + 1) * sizeof(*large));
    struct jobs jobs = {.session = &run->session,
                        .pairs = &work->pairs,
                        .copy = large,
                        .keys = work->keys,
                        .hash = hash,
                        .workers = run->options->jobs,
                        .plan = ddl,
                        .results = work->results,
                        .sums = &work->sums,
                        .warnings = &run->outcome.warnings};
    size_t larges = 0;
    int64_t rows = 0;
    size_t i;
    bool ok;

    for (i = 0; i < work->pairs.count; i++) {
        small[i] = work->copy[i] && bulk_is_small(&work->pairs.items[i]);
        large[i] = work->copy[i] && !small[i];
        larges += large[i];
        rows += large[i] ? compare_row_estimate(&work->pairs.items[i]) : 0;
    }
    progress_begin("copying", rows);
    ok = copy_small(run, work, small, err) &&
         (larges ? jobs_run(&jobs, err) : build_keys(work, ddl, err));
    progress_clear();
    free(small);
    free(large);
    return ok;
}

struct copying {
    const struct init_run *run;
    struct init_work *work;
};

/* What the servers cannot hash is read, if the rest is equal: a difference there is one already. */
static bool read_unproven(const struct init_run *run, struct init_work *work, struct err *err)
{
    size_t i;

    for (i = 0; i < work->pairs.count; i++)
        if (!work->sums.items[i].unproven || !work->sums.items[i].equal)
            work->sums.items[i].method = COMPARE_SKIP;
    return compare_keys(run->session.conns, &work->pairs, &work->sums, err);
}

/* Sums of the tables that no worker has hashed already. */
static bool hash_rest(void *context, struct err *err)
{
    const struct copying *copying = context;
    const struct init_run *run = copying->run;
    struct init_work *work = copying->work;
    size_t i;

    /* An earlier attempt may have left answers of the source unread. */
    if (!pipeline_end(run->session.conns[SOURCE], err))
        return false;
    work->sums.remember = true;
    for (i = 0; i < work->pairs.count; i++) {
        const struct pairing *pair = &work->pairs.items[i];

        if (row_sql_client_columns(&pair->rows[SOURCE]))
            comparison_restart(&work->sums, i, compare_by_size(pair));
        else if (work->sums.items[i].rows[SOURCE] < 0 || work->sums.items[i].rows[TARGET] < 0)
            work->sums.items[i].method = COMPARE_WHOLE;
    }
    if (!compare_queue_sums(run->session.conns, &work->pairs, &work->sums, err) ||
        !pipeline_send(run->session.conns, 2, err) ||
        !compare_receive_sums(run->session.conns, &work->pairs, &work->sums, err))
        return false;
    for (i = 0; i < work->pairs.count; i++) {
        struct comparison *c = &work->sums.items[i];

        c->equal = c->rows[SOURCE] == c->rows[TARGET] && c->sum[SOURCE] == c->sum[TARGET];
    }
    return read_unproven(run, work, err) && pipeline_end(run->session.conns[SOURCE], err) &&
           pipeline_end(run->session.conns[TARGET], err);
}

/* The sums of the source in the snapshot that the reconciliation used are what the copy must equal.
 */
static bool take_sums(struct init_work *work, const struct reconciliation *found, struct err *err)
{
    size_t i;

    for (i = 0; i < found->pairs.count; i++) {
        const struct pairing *pair = &found->pairs.items[i];
        size_t at = pairings_index(&work->pairs, pair->name);

        if (pair->hold != HOLD_NONE || at == work->pairs.count)
            return err_set_hint(
                err, ERR_REFUSED,
                "run dbr-init-secondary --recreate, or dbr-sync --repair once it is initialised",
                "table %s could not be completed: %s", pair->name,
                pair->why ? pair->why : "it is new on the primary");
        work->sums.items[at].rows[SOURCE] = found->all.items[i].rows[SOURCE];
        work->sums.items[at].sum[SOURCE] = found->all.items[i].sum[SOURCE];
        work->sums.items[at].rows[TARGET] = -1;
    }
    return true;
}

/*
 * After an interruption the finished tables are as of an older moment than the others: one
 * reconciliation brings all to the same one, before foreign keys are checked.
 */
static bool catch_up(struct init_run *run, struct init_work *work, struct err *err)
{
    struct strlist all = STRLIST_INIT;
    struct reconciliation found;
    struct reconcile_options how = {.source = ROLE_PRIMARY,
                                    .write = true,
                                    .every_table = true,
                                    .force = true,
                                    .tables = &all,
                                    .batch_rows = run->config.batch_size,
                                    .program = "init"};
    bool ok = reconcile(&found, &run->config, &run->state, &how, err);

    if (!ok)
        return false;
    ok = take_sums(work, &found, err);
    reconcile_release(&found);
    return ok;
}

/* The primary may have gone on: what was copied is compared with the moment that was copied. */
static bool hash_copy(void *context, struct err *err)
{
    const struct copying *copying = context;
    const struct init_run *run = copying->run;
    struct init_work *work = copying->work;
    struct conn *target = run->session.conns[TARGET];
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < work->pairs.count && ok; i++) {
        buf_reset(&sql);
        row_sql_fingerprint(&sql, &work->pairs.items[i].rows[TARGET]);
        ok = pipeline_add(target, sql.data, 0, NULL, err);
    }
    buf_release(&sql);
    ok = ok && pipeline_sync(target, err) && pipeline_send(&target, 1, err);
    for (i = 0; i < work->pairs.count && ok; i++) {
        struct comparison *c = &work->sums.items[i];
        struct result *result;

        ok = pipeline_next(target, &result, err);
        if (!ok)
            break;
        compare_take_sum(c, TARGET, result);
        result_free(result);
        c->equal = c->rows[SOURCE] == c->rows[TARGET] && c->sum[SOURCE] == c->sum[TARGET];
    }
    return ok && pipeline_end(target, err);
}

/* Triggers and rules must not fire on rows that dbr applies. */
bool init_quiet_triggers(struct init_run *run, struct err *err)
{
    strlist_release(&run->quiet_triggers);
    return triggers_quiet(run->session.conns[TARGET], &run->config, run->session.unchecked,
                          &run->quiet_triggers, err);
}

static bool move_sequences(void *context, struct err *err)
{
    const struct copying *copying = context;
    const struct init_run *run = copying->run;
    const struct init_work *work = copying->work;
    struct conn *target = run->session.conns[TARGET];
    size_t statements;

    if (!sequences_queue(target, &run->session.models[SOURCE], &work->target, SEQUENCES_ALL,
                         &statements, err))
        return false;
    return statements == 0 || (pipeline_sync(target, err) && pipeline_send(&target, 1, err) &&
                               pipeline_end(target, err));
}

static void collect(struct init_run *run, const struct init_work *work)
{
    size_t i;

    for (i = 0; i < work->pairs.count; i++) {
        const struct comparison *c = &work->sums.items[i];
        struct table_outcome *t = outcome_table(&run->outcome, work->pairs.items[i].name);
        bool compared = c->rows[SOURCE] >= 0 && c->rows[TARGET] >= 0;

        t->rows = compared ? c->rows[TARGET] : work->results[i].done ? work->results[i].rows : -1;
        t->inserted = work->results[i].rows;
        t->bytes = work->results[i].bytes;
        t->duration_ms = work->results[i].done ? work->results[i].duration_ms : -1;
        if (compared)
            t->verified = c->equal ? VERDICT_EQUAL : VERDICT_DIFFERENT;
    }
}

static bool judge(const struct init_work *work, struct err *err)
{
    struct buf names = BUF_INIT;
    size_t i;

    for (i = 0; i < work->pairs.count; i++) {
        const struct comparison *c = &work->sums.items[i];

        if (c->rows[SOURCE] >= 0 && c->rows[TARGET] >= 0 && !c->equal)
            buf_addf(&names, "%s%s", names.len ? ", " : "", work->pairs.items[i].name);
    }
    if (names.len) {
        err_set(err, ERR_DIFFERENT, "the copy differs from the primary in %s", names.data);
        err_hint(err, "something else writes to the secondary; stop it and run dbr-init-secondary "
                      "--recreate");
    }
    buf_release(&names);
    return err->code == ERR_NONE;
}

static void summarise(struct init_run *run)
{
    run->outcome.duration_ms = clock_mono_ms() - run->started;
    outcome_report(&run->outcome, run->cli, OUTCOME_COPY);
    init_report_notes(run, &run->plan);
    fflush(stdout);
}

static void announce(struct init_run *run)
{
    struct totals sum = outcome_totals(&run->outcome);
    struct json *extra;

    log_info("Init completed: %zu tables, %" PRId64 " rows copied", run->outcome.count,
             sum.inserted);
    extra = json_object();
    json_set_int(extra, "tables", (int64_t)run->outcome.count);
    json_set_int(extra, "rows", sum.inserted);
    json_set_int(extra, "durationMs", run->outcome.duration_ms);
    events_write(&run->state, "init", NULL, "the secondary has been initialised", extra);
}

/* Its rows went in piece by piece, and not all of them: none may come twice. */
static bool empty_begun(struct init_run *run, const struct init_work *work,
                        const struct strlist *begun, struct err *err)
{
    size_t i;

    for (i = 0; i < begun->count; i++) {
        if (pairings_index(&work->pairs, begun->items[i]) < work->pairs.count &&
            !ledger_empty(run->session.conns[TARGET], run->config.schema, begun->items[i], err))
            return false;
    }
    return true;
}

static bool copy_all(struct init_run *run, struct init_work *work,
                     const struct init_progress *progress, struct err *err)
{
    struct plan_run ddl = {.target = run->session.conns[TARGET],
                           .plan = &run->plan,
                           .failures = &run->failures,
                           .exists_is_fine = run->options->resume};
    bool verify = !run->options->no_verify && !run->options->schema_only;
    bool resumed = run->options->resume;
    struct copying copying = {run, work};
    size_t i;

    for (i = 0; i < work->pairs.count; i++) {
        work->copy[i] = !run->options->schema_only &&
                        !strlist_has(&progress->complete, work->pairs.items[i].name);
        work->keys[i] = true;
    }
    if (!empty_begun(run, work, &progress->begun, err) ||
        !plan_run_each(&ddl, PLAN_EARLY, PLAN_EARLY, err) ||
        !init_copy_rows(run, work, &ddl, verify && !resumed, err))
        return false;
    if (resumed && !catch_up(run, work, err))
        return false;
    if (!plan_run_each(&ddl, PLAN_FOREIGN_KEYS, PLAN_COMMENTS, err) ||
        !init_quiet_triggers(run, err) ||
        (!resumed && !run->options->schema_only &&
         !weather_pass(ddl.target, move_sequences, &copying, err)))
        return false;
    return !verify || weather_pass(ddl.target, resumed ? hash_copy : hash_rest, &copying, err);
}

bool init_copy(struct init_run *run, const struct init_progress *progress, struct err *err)
{
    struct init_work work;
    bool ok =
        init_work_open(run, &work, err) && copy_all(run, &work, progress, err) && judge(&work, err);

    if (ok || err->code == ERR_DIFFERENT)
        collect(run, &work);
    ok = ok && init_complete(run, &work, err);
    if (ok || err->code == ERR_DIFFERENT)
        summarise(run);
    if (ok)
        announce(run);
    init_work_release(&work);
    return ok;
}
