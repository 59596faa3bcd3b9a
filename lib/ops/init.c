/*
 * dbr-init-secondary, in the order it happens: what state the secondary is in and whether this run
 * may touch it, structure, rows and keys (init_copy.c), the end of it. A run that fails leaves the
 * secondary empty or resumable, and the state says which.
 */
#include "ops/init.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/progress.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "ops/init_run.h"
#include "ops/past.h"
#include "repl/catalog.h"
#include "repl/crash.h"
#include "repl/fence.h"
#include "repl/fence_sessions.h"
#include "repl/ledger.h"
#include "repl/nested.h"
#include "repl/weather.h"
#include "state/breaker.h"
#include "state/events.h"
#include "state/journal.h"

static bool check_options(const struct init_options *o, struct err *err)
{
    if (o->recreate + o->resume + o->update > 1)
        return options_exclude(o->recreate ? "--recreate" : "--resume",
                               o->update ? "--update" : "--resume", err);
    if (o->dialect && !o->dry_run) {
        err_set(err, ERR_USAGE,
                "--dialect is for --dry-run: the secondary's own engine decides otherwise");
        return err_hint(err, "add --dry-run");
    }
    if (o->schema_only && (o->resume || o->update))
        return err_set_hint(
            err, ERR_USAGE,
            "leave --schema-only out, or add --recreate in place of the other option",
            "--schema-only goes with a fresh secondary or --recreate");
    if (o->force && !o->update && !o->recreate) {
        err_set(err, ERR_USAGE,
                "--force is for --update, where it drops and retypes what the primary no longer "
                "has, and for --recreate");
        return err_hint(err, "to start over on a secondary that is not empty, use --recreate");
    }
    return true;
}

static bool load(struct init_run *run, struct err *err)
{
    const struct options_common *common = &run->cli->common;
    const struct init_options *o = run->options;

    if (!check_options(o, err) ||
        !config_load(&run->config, common->env_file, common->state_dir, false, err))
        return false;
    if (!(o->dry_run && o->dialect) && !config_need_secondary(&run->config, err))
        return false;
    if (o->dry_run)
        return state_peek(&run->state, run->config.state_dir, err);
    if (!state_load(&run->state, run->config.state_dir, err) ||
        !state_lock_operation(&run->state, run->cli->program->name, (int64_t)o->wait_s * 1000,
                              &run->lock, err))
        return false;
    /* Another run may have changed it until it gave up the lock. */
    state_release(&run->state);
    run->state = (struct state)STATE_INIT;
    return state_load(&run->state, run->config.state_dir, err);
}

/* Init writes to the secondary what the primary holds: never while the secondary is the one in use.
 */
static bool check_active(const struct init_run *run, struct err *err)
{
    if (state_active(&run->state) == ROLE_PRIMARY)
        return true;
    err_set(err, ERR_REFUSED,
            "the secondary is the active database: init would overwrite what the application uses");
    return err_hint(err, "make the primary active first: dbr-failback");
}

bool init_note_begin(struct init_run *run, struct err *err)
{
    if (!state_begin(&run->state, err))
        return false;
    state_set_init(&run->state, INIT_RUNNING, NULL);
    session_remember(&run->session, &run->state);
    return state_commit(&run->state, err);
}

static void note_failure(struct init_run *run, const struct err *why)
{
    struct err ignored = ERR_INIT;

    if (!state_begin(&run->state, &ignored))
        return;
    state_set_init(&run->state, INIT_FAILED, why->message);
    state_commit(&run->state, &ignored);
    events_write(&run->state, "error", "init", why->message, NULL);
}

struct plan_run init_on_target(struct init_run *run, const struct plan *plan)
{
    struct plan_run ddl;

    memset(&ddl, 0, sizeof(ddl));
    ddl.target = run->session.conns[TARGET];
    ddl.plan = plan;
    ddl.failures = &run->failures;
    return ddl;
}

/* An init was killed, or failed. */
static bool is_interrupted(const struct init_run *run)
{
    enum state_init status = state_init_status(&run->state);

    return status == INIT_RUNNING || status == INIT_FAILED;
}

/* What is in the way is dropped in one transaction (one by one on CockroachDB). */
static bool drop_everything(struct init_run *run, struct err *err)
{
    struct plan drop = PLAN_INIT;
    struct plan_run ddl;
    bool ok;

    plan_drop(&run->session.models[TARGET], conn_engine(run->session.conns[TARGET]), &drop);
    ddl = init_on_target(run, &drop);
    ok = plan_run_transaction(&ddl, PLAN_SCHEMA, PLAN_COMMENTS, ledger_forget, ledger_forget_count,
                              err);
    plan_release(&drop);
    return ok ? true : err_prefix(err, "dropping what the secondary holds");
}

/* The ledger is made in the same transaction (on CockroachDB before the rest): where it stands, the
 * structure stands, or complete_structure makes what is missing. */
static bool create_structure(struct init_run *run, struct err *err)
{
    struct plan_run ddl = init_on_target(run, &run->plan);

    return plan_run_transaction(&ddl, PLAN_SCHEMA, PLAN_STRUCTURE, ledger_create,
                                ledger_create_count, err);
}

/* On CockroachDB an interrupted run may have made a part of it only. */
static bool complete_structure(struct init_run *run, struct err *err)
{
    struct plan_run ddl = init_on_target(run, &run->plan);

    ddl.exists_is_fine = true;
    return conn_kind(ddl.target) == ENGINE_POSTGRES ||
           plan_run_each(&ddl, PLAN_SCHEMA, PLAN_STRUCTURE, err);
}

/* Most likely not the schema, or not the database, that is meant. */
static bool check_source(const struct init_run *run, struct err *err)
{
    if (!catalog_is_empty(&run->session.models[SOURCE]))
        return true;
    err_set(err, ERR_REFUSED, "the schema %s of the primary holds nothing to copy",
            run->config.schema);
    return err_hint(err, "check DB_SCHEMA and the database name in DATABASE_URL");
}

/* Consent to drop a copy is none to drop what the secondary alone has: no salvage file has it. */
static bool check_unmerged(const struct init_run *run, struct err *err)
{
    const struct session *s = &run->session;

    if (run->options->force)
        return true;
    if (run->config.fence && s->source_fenced && !s->fenced)
        return fence_refuse_wrong_state(s->roles[SOURCE], run->config.state_dir, err);
    if (!journal_unmerged(&run->state, NULL))
        return true;
    err_set(
        err, ERR_REFUSED,
        "the secondary may hold rows that nobody has merged (of a forced failback, or the primary "
        "came back older): --recreate would drop them");
    return err_hint(err, "copy them first: dbr-export --source=secondary --data-only "
                         "--output=FILE; --recreate --force gives them up");
}

/* A fresh start: the secondary is empty, or is made so. */
static bool begin_fresh(struct init_run *run, struct err *err)
{
    bool fenced;

    /* Consent to drop the secondary is none to drop the database that the application uses. */
    if (!catalog_is_empty(&run->session.models[TARGET]) &&
        state_init_status(&run->state) != INIT_DONE && !init_check_lost_state(run, &fenced, err))
        return false;
    if (!catalog_is_empty(&run->session.models[TARGET]) && !run->options->recreate) {
        err_set(err, ERR_REFUSED, "the secondary is not empty: its schema %s has %zu tables",
                run->config.schema, run->session.models[TARGET].table_count);
        return err_hint(
            err, "%s",
            state_init_status(&run->state) == INIT_DONE
                ? "dbr-sync keeps it in step; --update follows schema changes, --recreate drops "
                  "and copies "
                  "everything again"
                : "--resume continues an interrupted init, or takes over a twin whose state was "
                  "lost; --recreate drops what is there first");
    }
    if (!catalog_is_empty(&run->session.models[TARGET]) && !check_unmerged(run, err))
        return false;
    /* One that an update has left says nothing of what is resumed when the drops fail. */
    if (!is_interrupted(run) && !catalog_is_empty(&run->session.models[TARGET]) &&
        !ledger_drop(run->session.conns[TARGET], LEDGER, err))
        return false;
    if (!init_note_begin(run, err))
        return false;
    return (catalog_is_empty(&run->session.models[TARGET]) || drop_everything(run, err)) &&
           create_structure(run, err);
}

static bool run_fresh(struct init_run *run, struct err *err)
{
    const struct init_progress none = {false, STRLIST_INIT, STRLIST_INIT};

    return begin_fresh(run, err) && init_copy(run, &none, err);
}

static void forget_progress(struct init_progress *progress)
{
    progress->exists = false;
    strlist_release(&progress->complete);
    strlist_release(&progress->begun);
}

/* A ledger says nothing of tables that are gone, and is not trusted where the state knows of no
 * interrupted run: an update that was killed may have left it. */
static bool run_resume(struct init_run *run, struct err *err)
{
    struct init_progress progress = {false, STRLIST_INIT, STRLIST_INIT};
    bool empty = catalog_is_empty(&run->session.models[TARGET]);
    bool ok;

    if (state_init_status(&run->state) == INIT_DONE) {
        if (run->cli->common.json)
            outcome_report(&run->outcome, run->cli, OUTCOME_SYNC);
        log_info("Nothing to resume: the secondary has been initialised completely");
        return true;
    }
    if (!ledger_read(run->session.conns[TARGET], &progress.exists, &progress.complete,
                     &progress.begun, err))
        return false;
    if (empty)
        forget_progress(&progress);
    if (!empty && !(progress.exists && is_interrupted(run)))
        ok = init_adopt(run, progress.exists, err);
    else
        ok = init_note_begin(run, err) &&
             (progress.exists ? complete_structure(run, err) : create_structure(run, err)) &&
             init_copy(run, &progress, err);
    forget_progress(&progress);
    return ok;
}

static bool dispatch(struct init_run *run, struct err *err)
{
    bool ok;

    if (conn_kind(run->session.conns[TARGET]) == ENGINE_COCKROACH &&
        !nested_find(run->session.conns[SOURCE], &run->session.models[SOURCE], err))
        return false;
    if (run->options->update)
        return init_update(run, err);
    plan_create(&run->session.models[SOURCE], conn_engine(run->session.conns[TARGET]),
                conn_version(run->session.conns[TARGET]), &run->plan);
    if (!check_source(run, err))
        return false;
    ok = run->options->resume ? run_resume(run, err) : run_fresh(run, err);
    if (!ok && state_init_status(&run->state) == INIT_RUNNING)
        note_failure(run, err);
    return ok;
}

/*
 * What an update does to rows makes the standby equal to the active database: after a forced
 * failover the rows that only the primary has are merged before that, or given up with consent.
 */
static bool merge_first(struct init_run *run, struct err *err)
{
    if (!run->options->update ||
        past_merge(run->cli, &run->config, &run->state, run->options->force, &run->outcome, err))
        return true;
    if (err->code != ERR_REFUSED)
        return false;
    if (!run->options->force)
        return err_hint(err,
                        "bring the table back to what it was at the failover, on whichever "
                        "database was migrated, run dbr-sync, then migrate again (\"A migration "
                        "before the merge\" in dbr(7) keeps what is in it); --update --force "
                        "lets the secondary's rows win and keeps the primary's in salvage/");
    strlist_addf(&run->outcome.warnings, "not merged, the secondary's rows win: %s", err->message);
    err_clear(err);
    if (!state_begin(&run->state, err))
        return false;
    journal_set_merge(&run->state, NULL);
    return state_commit(&run->state, err);
}

static bool open_session(struct init_run *run, struct err *err)
{
    enum role source = run->options->update ? state_active(&run->state) : ROLE_PRIMARY;
    struct weather weather = {0};

    for (;;) {
        run->open =
            session_open(&run->session, &run->config, &run->state, source, false, NULL, err);
        if (run->open || !weather_wait(&weather, run->session.connected, err))
            return run->open;
        err_clear(err);
    }
}

static bool look_behind(void *context, struct err *err)
{
    struct init_run *run = context;

    return fence_sessions_end_own(run->session.conns[TARGET], err) &&
           session_read_target(&run->session, &run->config, err);
}

/* What a killed run sent goes on for a moment on the server: nothing is judged amid it. */
static bool end_interrupted(struct init_run *run, struct err *err)
{
    const struct init_options *o = run->options;

    return !(o->resume || o->recreate) || !is_interrupted(run) ||
           weather_pass(run->session.conns[TARGET], look_behind, run, err);
}

static bool run_all(struct init_run *run, struct err *err)
{
    size_t i;

    if (!load(run, err))
        return false;
    if (run->options->dry_run)
        return init_dry_run(run, err);
    if (!breaker_admit(&run->state, err) ||
        !past_settle(run->cli, &run->config, &run->state, err) || !merge_first(run, err))
        return false;
    if (!run->options->update && !check_active(run, err))
        return false;
    if (run->options->recreate) { /* consent to another database and schema in their place */
        state_set_identity(&run->state, ROLE_SECONDARY, NULL);
        state_set_schema(&run->state, NULL);
    }
    if (!open_session(run, err) || !pipeline_end(run->session.conns[SOURCE], err) ||
        !pipeline_end(run->session.conns[TARGET], err) || !end_interrupted(run, err))
        return false;
    for (i = 0; i < run->config.warnings.count; i++)
        strlist_add(&run->outcome.warnings, run->config.warnings.items[i]);
    return dispatch(run, err);
}

/* One line of the report, or one object of the JSON list; nothing under --quiet. */
static void report_note(struct json *list, bool people, const char *kind, const char *word,
                        const char *object, const char *text)
{
    if (list) {
        struct json *item = json_add(list, json_object());

        json_set_str(item, "kind", kind);
        json_set_str(item, "object", object);
        json_set_str(item, "text", text ? text : "the secondary refused it");
    } else if (people) {
        printf("%s: %s%s%s\n", word, object, text ? ": " : "", text ? text : "");
    }
}

void init_report_notes(struct init_run *run, const struct plan *plan)
{
    bool people = !run->cli->common.json && !run->cli->common.quiet;
    struct json *list = run->cli->common.json ? json_set_array(run->cli->document, "notes") : NULL;
    size_t i;

    for (i = 0; i < plan->note_count; i++) {
        const struct plan_note *note = &plan->notes[i];
        bool substituted = note->kind == NOTE_SUBSTITUTED;

        report_note(list, people, substituted ? "substituted" : "notCarried",
                    substituted ? "substituted" : "not carried over", note->object, note->text);
    }
    for (i = 0; i < run->failures.count; i++)
        report_note(list, people, "notCarried", "not carried over", run->failures.items[i], NULL);
    for (i = 0; i < run->quiet_triggers.count; i++)
        report_note(list, people, "disabled", "disabled", run->quiet_triggers.items[i],
                    "it stays disabled on the standby until a switch");
}

static void remember_done(struct init_run *run, const struct init_work *work)
{
    char now[CLOCK_TEXT_SIZE];
    struct json *tables;
    struct json *sync;
    size_t i;

    clock_format(clock_now_us(), now);
    state_set_init(&run->state, INIT_DONE, NULL);
    sync = state_part(&run->state, "sync");
    json_set_str(sync, "lastSync", run->options->schema_only ? NULL : now);
    json_set_str(sync, "status", "healthy");
    json_set_str(sync, "error", NULL);
    json_set_int(sync, "recordsSynced", outcome_totals(&run->outcome).records);
    json_remove(run->state.root, "tables");
    json_remove(run->state.root, "leftOut");
    json_remove(run->state.root, "unmerged");
    tables = state_part(&run->state, "tables");
    for (i = 0; i < work->pairs.count && !run->options->schema_only; i++) {
        struct json *table = json_set_object(tables, work->pairs.items[i].name);

        json_set_str(table, "source", role_name(run->session.roles[SOURCE]));
        json_set_str(table, "watermark", run->session.watermark);
        crash_remember(table, &run->session);
        if (work->sums.items[i].rows[TARGET] >= 0) {
            json_set_str(table, "lastFingerprint", now);
            json_set_int(table, "rows", work->sums.items[i].rows[TARGET]);
        }
    }
}

/* The state first: a run killed in between is done, and a ledger that is left over is harmless. */
bool init_complete(struct init_run *run, const struct init_work *work, struct err *err)
{
    enum role target = run->session.roles[TARGET];
    struct fence fence = {run->session.identities[target], run->config.fence_role};

    if (run->config.fence &&
        !fence_place(run->session.conns[TARGET], &fence, &run->outcome.warnings, err)) {
        strlist_addf(&run->outcome.warnings,
                     "the fence could not be placed, so stray writes to the %s are possible: %s",
                     role_name(target), err->message);
        err_clear(err);
    }
    if (!state_begin(&run->state, err))
        return false;
    remember_done(run, work);
    breaker_close_all(&run->state);
    return state_commit(&run->state, err) && ledger_drop(run->session.conns[TARGET], LEDGER, err);
}

bool ops_init(struct cli *cli, const struct init_options *options, struct err *err)
{
    struct init_run run;
    bool ok;

    memset(&run, 0, sizeof(run));
    run.cli = cli;
    run.options = options;
    run.lock = (struct lock)LOCK_INIT;
    run.state = (struct state)STATE_INIT;
    run.plan = (struct plan)PLAN_INIT;
    run.failures = (struct strlist)STRLIST_INIT;
    run.quiet_triggers = (struct strlist)STRLIST_INIT;
    run.started = clock_mono_ms();
    outcome_init(&run.outcome);
    ok = run_all(&run, err);
    progress_clear();
    if (run.open)
        session_close(&run.session);
    plan_release(&run.plan);
    strlist_release(&run.failures);
    strlist_release(&run.quiet_triggers);
    outcome_release(&run.outcome);
    lock_release(&run.lock);
    state_release(&run.state);
    config_release(&run.config);
    return ok;
}
