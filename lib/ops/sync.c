/*
 * dbr-sync, in the order it happens: configuration, state, lock; find and apply (repl/reconcile.h);
 * remember; report. What was left as it is decides the exit status after the rest is done.
 */
#include "ops/sync.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/past.h"
#include "ops/sync_run.h"
#include "repl/fence.h"
#include "state/breaker.h"
#include "state/events.h"
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
        return err_hint(err, "run dbr-init-secondary first");
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
static bool refuse_unmerged(const struct sync_run *run, struct err *err)
{
    if (!journal_merge(&run->state) || state_active(&run->state) != ROLE_SECONDARY)
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
    return past_settle(run->cli, &run->config, &run->state, err) &&
           (!sync_writes(run->options) ||
            past_merge(run->cli, &run->config, &run->state, run->options->force,
                       &run->outcome.warnings, err));
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

static void remember_table(struct sync_run *run, struct json *tables, size_t i, const char *now)
{
    const struct pairing *pair = &run->found.pairs.items[i];
    const struct comparison *c = &run->found.all.items[i];
    struct json *table;

    if (!pairing_active(pair) || pair->hold_deletes || c->method == COMPARE_SKIP)
        return;
    if (run->repaired && !c->equal)
        return;
    table = json_get(tables, pair->name);
    if (!table)
        table = json_set_object(tables, pair->name);
    json_set_str(table, "source", role_name(run->found.session.roles[SOURCE]));
    json_set_str(table, "watermark", run->watermark);
    if (c->method == COMPARE_WINDOW)
        return;
    json_set_str(table, "lastFingerprint", now);
    json_set_int(table, "rows", c->rows[SOURCE]);
}

static size_t count_holds(const struct sync_run *run, enum hold_kind kind)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++) {
        const struct pairing *pair = &run->found.pairs.items[i];

        n += pair->selected && (kind == HOLD_NONE ? pair->hold != HOLD_NONE : pair->hold == kind);
    }
    return n;
}

static bool is_selection(const struct sync_run *run)
{
    return run->options->tables.count > 0;
}

/* Nothing of what was asked for was left out. Strays are nobody's selection. */
static bool is_whole(const struct sync_run *run)
{
    return count_holds(run, HOLD_NONE) == 0 &&
           (is_selection(run) || run->found.pairs.strays.count == 0);
}

static bool is_complete(const struct sync_run *run)
{
    return !is_selection(run) && is_whole(run);
}

static void remember_sync(struct sync_run *run, const char *now, const struct err *trouble)
{
    struct json *sync = state_part(&run->state, "sync");
    struct totals sum = outcome_totals(&run->outcome);

    json_set_str(sync, "lastRun", now);
    /* That a part is in step says nothing of what is wrong with the rest. */
    if (is_selection(run) && trouble->code == ERR_NONE)
        return;
    json_set_int(sync, "durationMs", run->outcome.duration_ms);
    json_set_str(sync, "error", trouble->code == ERR_NONE ? NULL : trouble->message);
    json_set_str(sync, "status",
                 trouble->code == ERR_NONE ? "healthy" : err_code_name(trouble->code));
    if (sync_writes(run->options)) {
        json_set_int(sync, "recordsSynced", sum.records);
        json_set_int(sync, "conflicts", sum.conflicts);
        if (is_complete(run) && trouble->code == ERR_NONE)
            json_set_str(sync, "lastSync", now);
    }
    if (run->options->tables.count == 0 && (run->options->verify || run->repaired)) {
        struct json *last = json_set_object(sync, "lastVerification");

        json_set_str(last, "time", now);
        json_set_bool(last, "ok", trouble->code == ERR_NONE);
    }
}

static bool remember(struct sync_run *run, const struct err *trouble, struct err *err)
{
    char now[CLOCK_TEXT_SIZE];
    struct json *tables;
    size_t i;

    if (run->options->dry_run)
        return true;
    clock_format(clock_now_us(), now);
    if (!state_begin(&run->state, err))
        return false;
    tables = state_part(&run->state, "tables");
    for (i = 0; i < run->found.pairs.count && sync_writes(run->options); i++)
        remember_table(run, tables, i, now);
    remember_sync(run, now, trouble);
    session_remember(&run->found.session, &run->state);
    breaker_close_all(&run->state);
    return state_commit(&run->state, err);
}

/* "a, b, c and 4 more" of the tables with a hold of that kind (HOLD_NONE: any). */
static char *name_holds(const struct sync_run *run, enum hold_kind kind)
{
    struct buf names = BUF_INIT;
    size_t n = 0;
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++) {
        const struct pairing *pair = &run->found.pairs.items[i];

        if (!pair->selected || pair->hold == HOLD_NONE || (kind != HOLD_NONE && pair->hold != kind))
            continue;
        if (n++ < 5)
            buf_addf(&names, "%s%s", n > 1 ? ", " : "", pair->name);
    }
    if (n > 5)
        buf_addf(&names, " and %zu more", n - 5);
    return buf_detach(&names);
}

static bool needs_force(const struct sync_run *run)
{
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++)
        if (run->found.pairs.items[i].selected && run->found.pairs.items[i].needs_force)
            return true;
    return false;
}

/* Sequences of tables that were not asked for do not count. */
static bool is_equal(const struct sync_run *run)
{
    return reconcile_equal(&run->found) && (is_selection(run) || run->found.sequences == 0);
}

static bool has_waiting_deletes(const struct sync_run *run)
{
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++)
        if (pairing_active(&run->found.pairs.items[i]) && run->found.pairs.items[i].hold_deletes &&
            run->found.all.items[i].deletes)
            return true;
    return false;
}

/* The error that the run ends with although it did what it could. */
static void judge(const struct sync_run *run, struct err *trouble)
{
    char *names;

    if (run->options->verify && !(is_equal(run) && is_whole(run))) {
        err_set(trouble, ERR_DIFFERENT, "the databases differ");
        err_hint(trouble,
                 "run dbr-sync --repair to make the standby equal to the active database%s",
                 reconcile_would_guard(&run->found, &run->config)
                     ? ", with --force if so many deletes are meant"
                     : "");
        return;
    }
    if (run->repaired && !is_equal(run)) {
        err_set(trouble, ERR_DIFFERENT, "the databases still differ after the repair");
        err_hint(trouble, "something writes to the active database; run dbr-sync --verify again in "
                          "a quiet moment");
        return;
    }
    if (is_whole(run)) {
        if (!has_waiting_deletes(run))
            return;
        err_set(trouble, ERR_REFUSED, "some deletes wait for tables that were not synced now");
        err_hint(trouble,
                 "run dbr-sync without --tables; the warnings name what refers to the rows");
        return;
    }
    if (count_holds(run, HOLD_FAILED)) {
        names = name_holds(run, HOLD_FAILED);
        err_set(trouble, ERR_FAILED, "the standby did not take the rows of %s", names);
        err_hint(trouble, "the reason stands beside each table; after a schema change on the "
                          "active database run dbr-init-secondary --update");
    } else if (count_holds(run, HOLD_NONE) == 0) {
        names = mem_strdup(run->found.pairs.strays.items[0]);
        err_set(trouble, ERR_REFUSED,
                "%s is on the standby but not on the active database any more", names);
        err_hint(trouble,
                 "dbr-init-secondary --update --force drops what the active database dropped");
    } else {
        names = name_holds(run, HOLD_NONE);
        err_set(trouble, ERR_REFUSED, "left as they are: %s", names);
        err_hint(
            trouble, "%s%s%s%s%s",
            count_holds(run, HOLD_SCHEMA) ? "run dbr-init-secondary --update" : "",
            needs_force(run) ? " --force" : "",
            count_holds(run, HOLD_SCHEMA) ? " to follow the schema changes, then dbr-sync again"
                                          : "",
            count_holds(run, HOLD_SCHEMA) && count_holds(run, HOLD_GUARD) ? "; " : "",
            count_holds(run, HOLD_GUARD) ? "if these deletes are meant, run dbr-sync --force" : "");
    }
    free(names);
}

static void write_events(struct sync_run *run, const struct err *trouble)
{
    struct totals sum = outcome_totals(&run->outcome);
    struct json *extra;

    if (!sync_writes(run->options))
        return;
    extra = json_object();
    json_set_int(extra, "recordsSynced", sum.records);
    json_set_int(extra, "inserted", sum.inserted);
    json_set_int(extra, "updated", sum.updated);
    json_set_int(extra, "deleted", sum.deleted);
    json_set_int(extra, "conflicts", sum.conflicts);
    json_set_int(extra, "durationMs", run->outcome.duration_ms);
    events_write(&run->state, "sync", NULL,
                 trouble->code == ERR_NONE ? "sync completed" : trouble->message, extra);
    if (sum.conflicts) {
        extra = json_object();
        json_set_int(extra, "conflicts", sum.conflicts);
        events_write(&run->state, "conflict", NULL,
                     "rows of the standby were newer and have been overwritten", extra);
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

/* A run that fails altogether is remembered too, so that health can say so. */
static void remember_failure(struct sync_run *run, const struct err *err)
{
    struct err ignored = ERR_INIT;
    struct json *sync;

    /* A typing error or a wish to stop says nothing of the databases. */
    if (run->options->dry_run || err->code == ERR_USAGE || err->code == ERR_STOPPED ||
        !state_begin(&run->state, &ignored))
        return;
    sync = state_part(&run->state, "sync");
    json_set_str(sync, "status", err_code_name(err->code));
    json_set_str(sync, "error", err->message);
    state_commit(&run->state, &ignored);
    events_write(&run->state, "error", "sync", err->message, NULL);
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
        fence_place(session->conns[TARGET], &fence, &run->outcome.warnings, &why))
        strlist_add(&run->outcome.warnings, "the standby was not fenced any more; it is again");
    else
        strlist_addf(&run->outcome.warnings, "the standby is not fenced: %s", why.message);
}

static bool run_sync(struct sync_run *run, struct err *err)
{
    struct err trouble = ERR_INIT;

    if (!find_and_apply(run, err)) {
        remember_failure(run, err);
        return false;
    }
    run->watermark = mem_strdup(run->found.session.watermark);
    collect_tables(run);
    sync_collect_warnings(run);
    keep_fence(run);
    if (run->options->repair && !run->options->dry_run && !verify_again(run, err))
        return false;
    run->outcome.duration_ms = clock_mono_ms() - run->started;
    judge(run, &trouble);
    if (!remember(run, &trouble, err))
        return false;
    write_events(run, &trouble);
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
    ok = prepare(&run, err) && run_sync(&run, err);
    if (run.reconciled)
        reconcile_release(&run.found);
    outcome_release(&run.outcome);
    free(run.watermark);
    lock_release(&run.lock);
    state_release(&run.state);
    config_release(&run.config);
    return ok;
}
