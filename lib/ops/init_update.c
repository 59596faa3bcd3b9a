/*
 * dbr-init-secondary --update: follows what a migration changed. Additions first made on the
 * standby, rows of new tables copied, everything reconciled, then what needs the rows to be there
 * (NOT NULL, unique indexes, foreign keys).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "ops/init_run.h"
#include "repl/archive.h"
#include "repl/dropped.h"
#include "repl/ledger.h"
#include "repl/reconcile.h"
#include "repl/weather.h"
#include "state/events.h"

struct update {
    struct plan additions, removals;
    struct strlist new_tables;
    bool replans; /* plan_update returned true */
    struct archive archive;
    size_t left; /* removals as they are listed */
    char *kept;  /* the file with what was dropped, NULL when that held nothing */
};

static bool check_state(const struct init_run *run, struct err *err)
{
    if (state_init_status(&run->state) == INIT_DONE)
        return true;
    err_set(err, ERR_REFUSED,
            "the secondary has not been initialised completely, so there is nothing to update");
    return err_hint(err, "run dbr-init-secondary, or dbr-init-secondary --resume");
}

static bool read_target(void *context, struct err *err)
{
    struct init_run *run = context;

    return session_read_target(&run->session, &run->config, err);
}

/* Into additions and new_tables, in place of what they hold, what is missing by now. */
static bool plan_again(struct init_run *run, struct plan *additions, struct strlist *new_tables,
                       struct err *err)
{
    struct plan left = PLAN_INIT;

    if (!weather_pass(run->session.conns[TARGET], read_target, run, err))
        return false;
    plan_release(additions);
    strlist_release(new_tables);
    plan_update(&run->session.models[SOURCE], &run->session.models[TARGET],
                conn_engine(run->session.conns[TARGET]), additions, &left, new_tables);
    plan_release(&left);
    return true;
}

/* The active database may never have had what is dropped here. */
static bool keep_rows(struct init_run *run, struct update *u, struct err *err)
{
    bool ok;

    archive_init(&u->archive, run->state.dir, "update");
    ok = dropped_keep(run->session.conns[TARGET], &run->session.models[TARGET], &u->removals,
                      &u->archive, err);
    if (ok && u->archive.path)
        u->kept = mem_strdup(u->archive.path);
    if (!ok)
        archive_discard(&u->archive);
    return ok && archive_close(&u->archive, err);
}

static bool remove_old(struct init_run *run, struct update *u, struct err *err)
{
    struct plan_run ddl = init_on_target(run, &u->removals);

    if (!run->options->force || u->removals.statement_count == 0)
        return true;
    /* What was dropped to be made anew is a new table then. */
    return keep_rows(run, u, err) &&
           plan_run_transaction(&ddl, PLAN_SCHEMA, PLAN_COMMENTS, NULL, 0, err) &&
           (!u->replans || plan_again(run, &u->additions, &u->new_tables, err));
}

/* New tables get their rows and keys; the reconciliation that follows needs the keys. */
static bool fill_new_tables(struct init_run *run, const struct update *u, struct err *err)
{
    struct plan_run ddl = init_on_target(run, &u->additions);
    struct init_work work;
    size_t i;
    bool ok;

    if (u->new_tables.count == 0)
        return true;
    ok = init_work_open(run, &work, err);
    for (i = 0; ok && i < work.pairs.count; i++) {
        work.copy[i] = strlist_has(&u->new_tables, work.pairs.items[i].name);
        work.keys[i] = work.copy[i];
    }
    ok = ok && ledger_make(run->session.conns[TARGET], LEDGER, err) &&
         init_copy_rows(run, &work, &ddl, false, err) &&
         ledger_drop(run->session.conns[TARGET], LEDGER, err);
    for (i = 0; ok && i < work.pairs.count; i++)
        if (work.copy[i])
            outcome_table(&run->outcome, work.pairs.items[i].name)->inserted = work.results[i].rows;
    init_work_release(&work);
    return ok;
}

/* Brings all rows in step, and adds what that took to the outcome. */
static bool follow_rows(struct init_run *run, struct err *err)
{
    struct strlist all = STRLIST_INIT;
    struct reconciliation found;
    struct reconcile_options how = {.source = state_active(&run->state),
                                    .write = true,
                                    .every_table = true,
                                    .tables = &all,
                                    .batch_rows = run->config.batch_size,
                                    .program = "init"};
    size_t i;

    if (!reconcile(&found, &run->config, &run->state, &how, err))
        return false;
    for (i = 0; i < found.pairs.count; i++) {
        const struct pairing *pair = &found.pairs.items[i];
        const struct comparison *c = &found.all.items[i];
        struct table_outcome *t = outcome_table(&run->outcome, pair->name);

        t->rows = c->rows[SOURCE];
        t->verified = pair->hold == HOLD_NONE ? VERDICT_EQUAL : VERDICT_NONE;
        free(t->error);
        t->error = mem_strdup(pair->why);
        if (pair->hold != HOLD_NONE)
            continue;
        t->inserted += c->inserts;
        t->updated += c->updates;
        t->deleted += c->deletes;
        t->conflicts += found.conflicts[i];
    }
    reconcile_release(&found);
    return true;
}

static bool any_held(const struct init_run *run)
{
    size_t i;

    for (i = 0; i < run->outcome.count; i++)
        if (run->outcome.tables[i].error)
            return true;
    return false;
}

/* Keys that a killed sync had taken off are back with the rows, as they were then. */
static bool make_missing_keys(struct init_run *run, struct err *err)
{
    struct plan missing = PLAN_INIT;
    struct strlist new_tables = STRLIST_INIT;
    struct strlist told = STRLIST_INIT;
    struct plan_run again = init_on_target(run, &missing);
    struct plan_run rest = again;
    bool ok;

    again.failures = &told; /* what could not be made before has been told of */
    ok = plan_again(run, &missing, &new_tables, err) &&
         plan_run_each(&again, PLAN_SCHEMA, PLAN_KEYS, err) &&
         plan_run_each(&rest, PLAN_FOREIGN_KEYS, PLAN_COMMENTS, err);
    plan_release(&missing);
    strlist_release(&new_tables);
    strlist_release(&told);
    return ok;
}

static bool make_additions(struct init_run *run, const struct update *u, struct err *err)
{
    struct plan_run ddl = init_on_target(run, &u->additions);
    struct plan_run names = ddl;
    struct plan_run rest = ddl;

    names.no_table = true; /* old objects give up their names before new tables take them */
    rest.with_table = true;
    rest.except_tables = &u->new_tables; /* their keys are built with their rows */
    if (!plan_run_each(&ddl, PLAN_SCHEMA, PLAN_EARLY, err) ||
        !plan_run_each(&names, PLAN_KEYS, PLAN_KEYS, err) || !fill_new_tables(run, u, err) ||
        !follow_rows(run, err) || !plan_run_each(&rest, PLAN_KEYS, PLAN_KEYS, err))
        return false;
    /* A table whose key is new could not be compared before. */
    if (any_held(run) && !follow_rows(run, err))
        return false;
    if (run->session.off[TARGET].keys)
        return make_missing_keys(run, err) && init_quiet_triggers(run, err);
    return plan_run_each(&ddl, PLAN_FOREIGN_KEYS, PLAN_COMMENTS, err) &&
           init_quiet_triggers(run, err);
}

static bool drops_view(const struct plan_statement *s)
{
    static const char plain[] = "DROP VIEW ";
    static const char filled[] = "DROP MATERIALIZED VIEW ";

    return !strncmp(s->sql, plain, sizeof(plain) - 1) ||
           !strncmp(s->sql, filled, sizeof(filled) - 1);
}

static bool any_view_dropped(const struct plan *plan)
{
    size_t i;

    for (i = 0; i < plan->statement_count; i++)
        if (drops_view(&plan->statements[i]))
            return true;
    return false;
}

/* Views stood in the way of what failed: they come back as they were, as far as they can. */
static void restore_views(struct init_run *run, const struct update *u)
{
    struct conn *target = run->session.conns[TARGET];
    struct plan views = PLAN_INIT;
    struct strlist failures = STRLIST_INIT;
    struct plan_run ddl = init_on_target(run, &views);
    struct err err = ERR_INIT;
    size_t i;

    if (!any_view_dropped(&u->additions) && !any_view_dropped(&u->removals))
        return;
    plan_views(&run->session.models[SOURCE], &run->session.models[TARGET], conn_engine(target),
               &views);
    ddl.failures = &failures;
    ddl.exists_is_fine = true;
    pipeline_end(target, &err);
    err_clear(&err);
    if (!conn_alive(target) || !query_run(target, "ROLLBACK", 0, NULL, NULL, &err) ||
        !plan_run_each(&ddl, PLAN_PROGRAMS, PLAN_PROGRAMS, &err))
        log_warn("The views of the standby were dropped and not made again: the next "
                 "dbr-init-secondary --update makes them");
    for (i = 0; i < failures.count; i++)
        log_warn("Not made again on the standby: %s", failures.items[i]);
    strlist_release(&failures);
    plan_release(&views);
}

/* The new object's name is taken, or the table has a primary key already. */
static bool is_in_the_way(const struct err *err)
{
    return !strcmp(err->sqlstate, "42P07") || !strcmp(err->sqlstate, "42710") ||
           !strcmp(err->sqlstate, "42P16");
}

/* What was renamed keeps its name and place on the standby until the old object is dropped. */
static bool apply(struct init_run *run, struct update *u, struct err *err)
{
    if (!remove_old(run, u, err))
        return false;
    if (make_additions(run, u, err))
        return true;
    restore_views(run, u);
    if (u->removals.statement_count == 0 || run->options->force || !is_in_the_way(err))
        return false;
    err->code = ERR_REFUSED;
    return err_hint(err, "something that the active database dropped or renamed is still in its "
                         "place: dbr-init-secondary --update --force drops it first");
}

static size_t find_object(const struct plan *plan, const char *object)
{
    size_t i;

    for (i = 0; i < plan->statement_count && strcmp(plan->statements[i].object, object) != 0; i++)
        ;
    return i;
}

/* "object: reason" */
static bool is_about(const char *failure, const char *object)
{
    size_t len = strlen(object);

    return !strncmp(failure, object, len) && failure[len] == ':';
}

static bool has_failed(const struct init_run *run, const char *object)
{
    size_t i;

    for (i = 0; i < run->failures.count; i++)
        if (is_about(run->failures.items[i], object))
            return true;
    return false;
}

/* By more than dropping a view that stands in the way. */
static bool makes(const struct plan *plan, const char *object)
{
    size_t i;

    for (i = 0; i < plan->statement_count; i++)
        if (!strcmp(plan->statements[i].object, object) && !drops_view(&plan->statements[i]))
            return true;
    return false;
}

/*
 * One line per object, whatever number of statements it takes; a view that is made again is not one
 * that is dropped. Without consent to the removals, what the additions did alone needs none, and
 * what they tried and could not do is one of those that do.
 */
static bool is_listed(const struct init_run *run, const struct update *u, const struct plan *plan,
                      size_t i)
{
    const struct plan_statement *s = &plan->statements[i];

    if (find_object(plan, s->object) != i)
        return false;
    if (plan == &u->additions)
        return makes(plan, s->object) && !has_failed(run, s->object);
    return !makes(&u->additions, s->object) ||
           (run->options->force ? !drops_view(s) : has_failed(run, s->object));
}

static size_t count_listed(const struct init_run *run, const struct update *u,
                           const struct plan *plan)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < plan->statement_count; i++)
        n += is_listed(run, u, plan, i);
    return n;
}

/* Why an object that needs --force could not be made without it is no news. */
static void forget_expected(struct init_run *run, const struct update *u)
{
    struct strlist rest = STRLIST_INIT;
    size_t i;
    size_t j;

    for (i = 0; i < run->failures.count; i++) {
        for (j = 0; j < u->removals.statement_count; j++)
            if (is_about(run->failures.items[i], u->removals.statements[j].object))
                break;
        if (run->options->force || j == u->removals.statement_count)
            strlist_add(&rest, run->failures.items[i]);
    }
    strlist_release(&run->failures);
    run->failures = rest;
}

static void list(struct init_run *run, const struct update *u, const char *what, const char *key,
                 const struct plan *plan)
{
    struct json *items = run->cli->common.json ? json_set_array(run->cli->document, key) : NULL;
    size_t i;

    for (i = 0; i < plan->statement_count; i++) {
        if (!is_listed(run, u, plan, i))
            continue;
        if (items)
            json_add_str(items, plan->statements[i].object);
        else if (!run->cli->common.quiet)
            printf("%s: %s\n", what, plan->statements[i].object);
    }
}

static void report_kept(const struct init_run *run, const struct update *u)
{
    if (run->cli->common.json)
        json_set_str(run->cli->document, "salvage", u->kept);
    else if (u->kept && !run->cli->common.quiet)
        printf("kept: %" PRId64 " rows of what was dropped or retyped, in %s\n", u->archive.rows,
               u->kept);
}

static void remember(struct init_run *run)
{
    struct err err = ERR_INIT;
    struct json *extra = json_object();

    if (state_begin(&run->state, &err)) {
        state_set_update(&run->state, NULL);
        state_commit(&run->state, &err);
    }
    json_set_int(extra, "recordsSynced", outcome_totals(&run->outcome).records);
    events_write(&run->state, "init", "update", "the standby follows the schema changes", extra);
}

/* dbr-health tells of it until an update comes to its end. */
static void remember_failure(struct init_run *run, const struct err *why)
{
    struct err ignored = ERR_INIT;

    if (why->code == ERR_STOPPED || why->code == ERR_USAGE || !state_begin(&run->state, &ignored))
        return;
    state_set_update(&run->state, why->message);
    state_commit(&run->state, &ignored);
    events_write(&run->state, "error", "update", why->message, NULL);
}

static bool judge(const struct init_run *run, const struct update *u, struct err *err)
{
    size_t i;

    if (u->left && !run->options->force) {
        err_set(err, ERR_REFUSED,
                "changes that would drop or retype something on the standby were left: %zu",
                u->left);
        return err_hint(err, "%sdbr-init-secondary --update --force makes them",
                        run->cli->common.json    ? "needsForce lists them; "
                        : run->cli->common.quiet ? "--update without -q lists them, "
                                                 : "they are listed above; ");
    }
    for (i = 0; i < run->outcome.count; i++)
        if (run->outcome.tables[i].error) {
            err_set(err, ERR_REFUSED, "table %s was left as it is: %s", run->outcome.tables[i].name,
                    run->outcome.tables[i].error);
            return err_hint(err, "see dbr-sync for the rows; --update --force for the schema");
        }
    return true;
}

bool init_update(struct init_run *run, struct err *err)
{
    struct update u = {.additions = PLAN_INIT, .removals = PLAN_INIT, .new_tables = STRLIST_INIT};
    bool ok;

    if (!check_state(run, err))
        return false;
    u.replans = plan_update(&run->session.models[SOURCE], &run->session.models[TARGET],
                            conn_engine(run->session.conns[TARGET]), &u.additions, &u.removals,
                            &u.new_tables);
    ok = apply(run, &u, err);
    if (ok) {
        run->outcome.duration_ms = clock_mono_ms() - run->started;
        outcome_report(&run->outcome, run->cli, OUTCOME_SYNC);
        list(run, &u, "added or changed", "changes", &u.additions);
        list(run, &u, run->options->force ? "dropped or retyped" : "needs --force", "needsForce",
             &u.removals);
        report_kept(run, &u);
        u.left = count_listed(run, &u, &u.removals);
        forget_expected(run, &u);
        init_report_notes(run, &u.additions);
        if (!run->cli->common.json && !run->cli->common.quiet && !u.additions.statement_count &&
            !u.removals.statement_count)
            printf("The schemas are equal: nothing to change.\n");
        remember(run);
        ok = judge(run, &u, err);
    }
    if (!ok)
        remember_failure(run, err);
    plan_release(&u.additions);
    plan_release(&u.removals);
    strlist_release(&u.new_tables);
    free(u.kept);
    return ok;
}
