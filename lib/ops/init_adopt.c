/*
 * --resume where the state was lost: a secondary that is a twin of the primary, but whose init
 * nobody remembers. It is taken over when the schemas agree; every row is compared, and only what
 * differs is written. A lost state also forgets which database is active: what speaks for the
 * secondary stops the run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "ops/init_run.h"
#include "repl/fence.h"
#include "repl/ledger.h"
#include "repl/reconcile.h"
#include "state/events.h"

static bool ask_fences(struct init_run *run, bool fenced[2], struct err *err)
{
    struct conn *const *conns = run->session.conns;
    enum side side;

    for (side = SOURCE; side <= TARGET; side++)
        if (!fence_queue_state(conns[side], NULL, err) || !pipeline_sync(conns[side], err))
            return false;
    if (!pipeline_send(conns, 2, err))
        return false;
    for (side = SOURCE; side <= TARGET; side++)
        if (!fence_receive_state(conns[side], &fenced[side], err) ||
            !pipeline_end(conns[side], err))
            return false;
    return true;
}

/* A primary that was down at the failover is not fenced before a run with the state sees it. */
static bool check_marks(const struct init_run *run, struct err *err)
{
    const struct session *s = &run->session;

    if (s->epochs[TARGET] <= s->epochs[SOURCE])
        return true;
    err_set(err, ERR_REFUSED,
            "the secondary was made the active database by switch %" PRId64
            ", which the state %s does not know: it may be the database that the application uses",
            s->epochs[TARGET], run->state.dir);
    return err_hint(err,
                    "look for the lost state (another user, another DB_STATE_DIR); without it, "
                    "find out which database the application uses: dbr(7), \"The state file "
                    "is lost\", says how to go on from there");
}

bool init_check_lost_state(struct init_run *run, bool *target_fenced, struct err *err)
{
    bool fenced[2];

    if (!ask_fences(run, fenced, err))
        return false;
    *target_fenced = fenced[TARGET];
    if (!fenced[SOURCE])
        return fenced[TARGET] || check_marks(run, err);
    err_set(err, ERR_REFUSED, "the primary is fenced%s, but the state %s knows of no failover: %s",
            fenced[TARGET] ? "" : " and the secondary is not", run->state.dir,
            fenced[TARGET] ? "a switch may have been under way"
                           : "the secondary may be the database that the application uses");
    return err_hint(err,
                    "look for the lost state (another user, another DB_STATE_DIR); without it, "
                    "find out which database the application uses: dbr(7), \"The state file "
                    "is lost\", says how to go on from there");
}

/* Name of the first thing that stands otherwise on the secondary; NULL when the schemas agree. */
static char *schema_difference(const struct init_run *run)
{
    struct plan additions = PLAN_INIT;
    struct plan removals = PLAN_INIT;
    struct strlist new_tables = STRLIST_INIT;
    char *name = NULL;

    plan_update(&run->session.models[SOURCE], &run->session.models[TARGET],
                conn_engine(run->session.conns[TARGET]), &additions, &removals, &new_tables);
    if (additions.statement_count)
        name = mem_strdup(additions.statements[0].object);
    else if (removals.statement_count)
        name = mem_strdup(removals.statements[0].object);
    plan_release(&additions);
    plan_release(&removals);
    strlist_release(&new_tables);
    return name;
}

static bool check_schemas(const struct init_run *run, struct err *err)
{
    char *name = schema_difference(run);

    if (!name)
        return true;
    err_set(err, ERR_REFUSED,
            "there is nothing to resume: the state knows of no interrupted init, and the "
            "secondary's tables are no twin of the primary's (%s differs)",
            name);
    free(name);
    return err_hint(err, "--recreate drops what is there first");
}

/* Nothing is written where the rows do not look like those of a twin either. */
static bool check_holds(const struct reconciliation *found, struct err *err)
{
    size_t i;

    for (i = 0; i < found->pairs.count; i++) {
        const struct pairing *pair = &found->pairs.items[i];

        if (pair->hold == HOLD_NONE)
            continue;
        if (pair->hold == HOLD_FAILED)
            return err_set_hint(err, ERR_FAILED,
                                "mend that table, then run dbr-init-secondary --resume",
                                "table %s: %s", pair->name, pair->why);
        err_set(err, ERR_REFUSED, "the secondary is no twin of the primary: table %s: %s",
                pair->name, pair->why);
        return err_hint(err, "nothing was written; if that database may be overwritten, "
                             "dbr-init-secondary --recreate does so");
    }
    return true;
}

static void collect(struct init_run *run, const struct reconciliation *found, bool written)
{
    size_t i;

    for (i = 0; i < found->pairs.count; i++) {
        const struct comparison *c = &found->all.items[i];
        struct table_outcome *t = outcome_table(&run->outcome, found->pairs.items[i].name);

        t->rows = c->rows[SOURCE];
        t->verified = VERDICT_EQUAL;
        if (!written)
            continue;
        t->inserted = c->inserts;
        t->updated = c->updates;
        t->deleted = c->deletes;
        t->conflicts = found->conflicts[i];
    }
}

static bool pass(struct init_run *run, bool write, bool *equal, struct err *err)
{
    struct strlist all = STRLIST_INIT;
    struct reconciliation found;
    struct reconcile_options how = {.source = ROLE_PRIMARY,
                                    .write = write,
                                    .every_table = true,
                                    .tables = &all,
                                    .batch_rows = run->config.batch_size,
                                    .program = "init"};
    bool ok = reconcile(&found, &run->config, &run->state, &how, err);

    if (!ok)
        return false;
    ok = check_holds(&found, err);
    *equal = reconcile_equal(&found) && found.sequences == 0;
    if (ok)
        collect(run, &found, write);
    reconcile_release(&found);
    return ok;
}

static bool complete(struct init_run *run, struct err *err)
{
    struct init_work work;
    bool ok = init_work_open(run, &work, err);
    size_t i;

    for (i = 0; ok && i < work.pairs.count; i++)
        work.sums.items[i].rows[TARGET] =
            outcome_table(&run->outcome, work.pairs.items[i].name)->rows;
    ok = ok && init_complete(run, &work, err);
    init_work_release(&work);
    return ok;
}

static void report(struct init_run *run)
{
    struct json *extra = json_object();

    run->outcome.duration_ms = clock_mono_ms() - run->started;
    outcome_report(&run->outcome, run->cli, OUTCOME_SYNC);
    fflush(stdout);
    log_info("Init completed: the secondary is a twin of the primary, and taken over as such");
    json_set_int(extra, "tables", (int64_t)run->outcome.count);
    json_set_int(extra, "recordsSynced", outcome_totals(&run->outcome).records);
    json_set_int(extra, "durationMs", run->outcome.duration_ms);
    events_write(&run->state, "init", "adopted", "the secondary has been taken over", extra);
}

bool init_adopt(struct init_run *run, bool has_ledger, struct err *err)
{
    bool fenced = false;
    bool equal = false;

    if (!init_check_lost_state(run, &fenced, err) || !check_schemas(run, err) ||
        !pass(run, false, &equal, err))
        return false;
    /* Only the standby is fenced: that one is, says that it is the standby. */
    if (!equal && !fenced &&
        !cli_confirm(run->cli,
                     "The rows differ, and no state says which database the application uses. "
                     "Overwrite those of the secondary with the primary's?",
                     err))
        return false;
    /* The ledger first: killed from here on, this is to be done again, and nothing copied. */
    if ((has_ledger && !ledger_drop(run->session.conns[TARGET], LEDGER, err)) ||
        !init_note_begin(run, err) || !init_quiet_triggers(run, err) ||
        (!equal && !pass(run, true, &equal, err)) || !complete(run, err))
        return false;
    report(run);
    return true;
}
