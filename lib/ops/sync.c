/*
 * dbr-sync, in the order it happens: configuration, state, lock; find and apply (repl/reconcile.h);
 * remember; report. What was left as it is decides the exit status after the rest is done.
 */
#include "ops/sync.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ops/past.h"
#include "ops/sync_run.h"
#include "repl/fence.h"
#include "state/breaker.h"
#include "state/journal.h"

static bool check_options(const struct sync_options *o, struct err *err)
{
    if (o->verify && (o->repair || o->full || o->force)) {
        err_set(err, ERR_USAGE, "--verify only compares: it excludes %s",
                o->repair ? "--repair"
                : o->full ? "--full"
                          : "--force");
        return err_hint(err, "use --repair to compare and then mend");
    }
    return true;
}

/* A standby that was never filled, or only in part, is not synced: init makes it whole. */
static bool check_init(const struct state *state, struct err *err)
{
    switch (state_init_status(state)) {
    case INIT_DONE:
        return true;
    case INIT_NONE:
        err_set(err, ERR_REFUSED, "the standby has not been initialised yet");
        return err_hint(err,
                        "run dbr-init-secondary first; if it had been initialised, this is not "
                        "its DB_STATE_DIR or user, or the state is lost: see \"The state file "
                        "is lost\" in dbr(7)");
    default:
        err_set(err, ERR_REFUSED,
                "the last dbr-init-secondary did not finish: the standby is not complete");
        return err_hint(err, "run dbr-init-secondary --resume, or --recreate to start over");
    }
}

/* What another run changed while this one waited for the lock decides, not what stood there before.
 */
static bool lock_and_reload(struct sync_run *run, struct err *err)
{
    if (!state_lock_operation(&run->state, run->cli->program->name,
                              (int64_t)run->options->wait_s * 1000, &run->lock, err))
        return false;
    state_release(&run->state);
    run->state = (struct state)STATE_INIT;
    return state_load(&run->state, run->config.state_dir, err);
}

/* What the primary holds would look like rows to be deleted; the real run merges them first. */
static bool refuse_unmerged(struct sync_run *run, struct err *err)
{
    bool due;

    if (!past_is_merge_due(run->cli, &run->config, &run->state, &due, err))
        return false;
    if (!due)
        return true;
    err_set(err, ERR_REFUSED, "what the primary holds since the failover is to be merged first");
    return err_hint(err, "dbr-failback --dry-run shows what the merge would do; dbr-sync without "
                         "--dry-run does it");
}

static bool prepare(struct sync_run *run, struct err *err)
{
    const struct options_common *common = &run->cli->common;
    bool loaded;

    if (!check_options(run->options, err) ||
        !config_load(&run->config, common->env_file, common->state_dir, false, err) ||
        !config_need_secondary(&run->config, err))
        return false;
    loaded = run->options->dry_run ? state_peek(&run->state, run->config.state_dir, err)
                                   : state_load(&run->state, run->config.state_dir, err);
    if (!loaded || !breaker_check(&run->state, err))
        return false;
    if (!run->options->dry_run && !lock_and_reload(run, err))
        return false;
    /* What an earlier run left is seen to all the same. */
    if (!run->options->dry_run && !past_is_open(&run->state) && !breaker_admit(&run->state, err))
        return false;
    if (!check_init(&run->state, err))
        return false;
    if (run->options->dry_run)
        return refuse_unmerged(run, err);
    return past_settle(run->cli, &run->config, &run->state, err);
}

/* What the primary took before a failover. */
static bool merge(struct sync_run *run, struct err *err)
{
    if (run->options->dry_run || !sync_writes(run->options) ||
        past_merge(run->cli, &run->config, &run->state, run->options->force, &run->outcome, err))
        return true;
    sync_remember_failure(run, err);
    return false;
}

static const char *hold_reason(const struct pairing *pair)
{
    return pair->hold == HOLD_NONE ? NULL : pair->why;
}

static enum verdict verdict_of(const struct sync_run *run, const struct pairing *pair,
                               const struct comparison *c)
{
    if (pair->hold != HOLD_NONE || c->method == COMPARE_SKIP)
        return VERDICT_NONE;
    if (c->equal)
        return c->method == COMPARE_WINDOW ? VERDICT_NONE : VERDICT_EQUAL;
    if (!sync_writes(run->options))
        return VERDICT_DIFFERENT;
    if (pair->hold_deletes && c->deletes)
        return VERDICT_DIFFERENT;
    return c->method == COMPARE_WINDOW ? VERDICT_NONE : VERDICT_EQUAL;
}

static void collect_tables(struct sync_run *run)
{
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++) {
        const struct pairing *pair = &run->found.pairs.items[i];
        const struct comparison *c = &run->found.all.items[i];
        struct table_outcome *t;

        if (!pair->selected)
            continue;
        t = outcome_table(&run->outcome, pair->name);
        t->rows = c->rows[SOURCE];
        t->verified = verdict_of(run, pair, c);
        if (hold_reason(pair)) {
            t->error = mem_strdup(hold_reason(pair));
            continue;
        }
        if (run->options->verify)
            continue;
        t->inserted = c->inserts;
        t->updated = c->updates;
        t->deleted = pair->hold_deletes ? 0 : c->deletes;
        t->conflicts = run->found.conflicts[i];
    }
}

static bool find_and_apply(struct sync_run *run, struct err *err)
{
    const struct sync_options *o = run->options;
    struct reconcile_options how = {
        .source = state_active(&run->state),
        .write = sync_writes(o),
        .compare_only = o->verify,
        .every_table = o->full || o->verify || o->repair,
        .force = o->force,
        .tables = &o->tables,
        .batch_rows = o->batch_size ? o->batch_size : run->config.batch_size,
        .program = "sync",
    };

    run->reconciled = reconcile(&run->found, &run->config, &run->state, &how, err);
    return run->reconciled;
}

/* After a repair the two are compared once more; what the repair did is kept for the report. */
static bool verify_again(struct sync_run *run, struct err *err)
{
    struct reconcile_options how = {
        .source = state_active(&run->state),
        .every_table = true,
        .force = run->options->force,
        .tables = &run->options->tables,
        .batch_rows = run->config.batch_size,
        .program = "sync",
    };
    size_t i;

    reconcile_release(&run->found);
    run->reconciled = reconcile(&run->found, &run->config, &run->state, &how, err);
    if (!run->reconciled)
        return err_prefix(err, "comparing after the repair");
    run->repaired = true;
    for (i = 0; i < run->outcome.count; i++) {
        size_t at = pairings_index(&run->found.pairs, run->outcome.tables[i].name);

        if (at < run->found.pairs.count && pairing_active(&run->found.pairs.items[at]))
            run->outcome.tables[i].verified =
                run->found.all.items[at].equal ? VERDICT_EQUAL : VERDICT_DIFFERENT;
    }
    return true;
}

/* Somebody lifted the fence of the standby: it is placed again, and said. */
static void keep_fence(struct sync_run *run)
{
    struct session *session = &run->found.session;
    struct fence fence = {session->identities[session->roles[TARGET]], run->config.fence_role};
    struct err why = ERR_INIT;

    if (!run->config.fence || session->fenced || !sync_writes(run->options))
        return;
    if (session_settle(session, &why) &&
        fence_place(session->conns[TARGET], &fence, &run->outcome.warnings, &why)) {
        strlist_add(&run->outcome.warnings, "the standby was not fenced any more; it is again");
        run->fenced = true;
    } else {
        run->fence_trouble = mem_printf("%s (standby) is not fenced as it should be: %s",
                                        role_name(session->roles[TARGET]), why.message);
        strlist_add(&run->outcome.warnings, run->fence_trouble);
    }
}

static bool run_sync(struct sync_run *run, struct err *err)
{
    struct err trouble = ERR_INIT;

    if (!find_and_apply(run, err)) {
        sync_remember_failure(run, err);
        return false;
    }
    run->watermark = mem_strdup(run->found.session.watermark);
    collect_tables(run);
    sync_collect_warnings(run);
    keep_fence(run);
    if (run->options->repair && !run->options->dry_run && !verify_again(run, err))
        return false;
    run->outcome.duration_ms = clock_mono_ms() - run->started;
    sync_judge(run, &trouble);
    if (!sync_remember(run, &trouble, err))
        return false;
    sync_write_events(run, &trouble);
    sync_summarise(run, &trouble);
    if (trouble.code == ERR_NONE)
        return true;
    *err = trouble;
    return false;
}

bool ops_sync(struct cli *cli, const struct sync_options *options, struct err *err)
{
    struct sync_run run;
    bool ok;

    memset(&run, 0, sizeof(run));
    run.cli = cli;
    run.options = options;
    run.lock = (struct lock)LOCK_INIT;
    run.state = (struct state)STATE_INIT;
    run.started = clock_mono_ms();
    outcome_init(&run.outcome);
    ok = prepare(&run, err) && merge(&run, err) && run_sync(&run, err);
    if (run.reconciled)
        reconcile_release(&run.found);
    outcome_release(&run.outcome);
    free(run.watermark);
    free(run.fence_trouble);
    lock_release(&run.lock);
    state_release(&run.state);
    config_release(&run.config);
    return ok;
}
