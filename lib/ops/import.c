/*
 * dbr-import, in the order it happens: the file is read to its end and checked; the target is
 * looked at; one transaction takes everything; the file is checked once more as it passes; commit.
 * A pipe can be read only once: it is checked as it passes, and before the commit.
 */
#include "ops/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "cli/progress.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "ops/import_run.h"
#include "ops/past.h"
#include "repl/sequences.h"
#include "repl/triggers.h"
#include "repl/weather.h"
#include "state/breaker.h"
#include "state/events.h"
#include "state/journal.h"

/* How long the end of a transaction is waited for whose COMMIT was not answered. */
#define STATUS_ATTEMPTS 10
#define STATUS_PAUSE_MS 500

static bool check_options(const struct import_options *o, struct err *err)
{
    if (!o->input) {
        err_set(err, ERR_USAGE, "--input is missing");
        return err_hint(err, "for example --input=backup.sql.gz; --input=- is standard input");
    }
    if (o->clean && o->upsert)
        return options_exclude("--clean", "--upsert", err);
    if (o->check && (o->clean || o->upsert))
        return options_exclude("--check", o->clean ? "--clean" : "--upsert", err);
    if (!o->target && !o->check) {
        err_set(err, ERR_USAGE, "--target is missing");
        return err_hint(err, "--target=primary or --target=secondary; --check reads the file only");
    }
    return true;
}

/* --- the file ----------------------------------------------------------------- */

static bool read_file(struct import_run *run, struct err *err)
{
    run->in = infile_open(run->options->input, err);
    if (!run->in)
        return false;
    if (!run->options->check && !infile_can_rewind(run->in)) {
        if (!run->options->clean)
            return true;
        err_set(err, ERR_USAGE, "--clean reads its input twice, and %s can be read only once",
                infile_name(run->in));
        return err_hint(err, "save it to a file first");
    }
    run->outlined = outline_read(&run->outline, run->in, err);
    return run->outlined;
}

/* --- whether it may be -------------------------------------------------------- */

static bool ask(struct import_run *run, struct err *err)
{
    if (run->asked || run->role != state_active(&run->state))
        return true;
    char *question = mem_printf("import %s into the %s, which is the active database?",
                                infile_name(run->in), role_name(run->role));
    run->asked = cli_confirm(run->cli, question, err);
    free(question);
    return run->asked;
}

/* Nobody waits for an answer while it holds the lock; what another run changed meanwhile decides.
 */
static bool lock_state(struct import_run *run, struct err *err)
{
    if (!state_load(&run->state, run->config.state_dir, err) || !ask(run, err) ||
        !state_lock_operation(&run->state, run->cli->program->name, 0, &run->lock, err))
        return false;
    state_release(&run->state);
    run->state = (struct state)STATE_INIT;
    return state_load(&run->state, run->config.state_dir, err) && ask(run, err);
}

static bool settle_past(struct import_run *run, struct err *err)
{
    struct journal left;
    bool due;

    if (journal_read(&run->state, &left) && !past_resume(run->cli, &run->config, &run->state, err))
        return false;
    if (run->role != ROLE_PRIMARY || !run->config.urls[ROLE_SECONDARY])
        return true;
    if (!past_is_merge_due(run->cli, &run->config, &run->state, &due, err))
        return false;
    if (!due)
        return true;
    err_set(err, ERR_REFUSED,
            "the primary may hold rows since the failover that are merged nowhere yet");
    return err_hint(err, "run dbr-sync, which merges them, then import");
}

static bool prepare(struct import_run *run, struct err *err)
{
    const struct options_common *common = &run->cli->common;

    if (!config_load(&run->config, common->env_file, common->state_dir, false, err))
        return false;
    run->role = strcmp(run->options->target, "secondary") == 0 ? ROLE_SECONDARY : ROLE_PRIMARY;
    if (run->role == ROLE_SECONDARY && !config_need_secondary(&run->config, err))
        return false;
    return lock_state(run, err) && breaker_check_one(&run->state, run->role, err) &&
           settle_past(run, err) && ask(run, err);
}

/* --- the transaction ---------------------------------------------------------- */

static bool advance_sequences(struct import_run *run, struct err *err)
{
    size_t statements = 0;

    if (!sequences_queue_advance(run->conn, &run->model, 0, &statements, err))
        return false;
    if (statements == 0)
        return true;
    bool ok = pipeline_sync(run->conn, err) && pipeline_send(&run->conn, 1, err);
    while (ok && statements-- > 0)
        ok = pipeline_next(run->conn, NULL, err);
    return ok && pipeline_end(run->conn, err);
}

static bool merge_rows(struct import_run *run, struct err *err)
{
    if (upsert_merge(&run->upsert, err))
        return true;
    if (strcmp(err->sqlstate, "23505") == 0)
        err_hint(err, "another row of the target holds that value: change or delete it first; rows "
                      "that exchange such values cannot be merged");
    return false;
}

static bool load_file(struct import_run *run, struct err *err)
{
    if (run->outlined && !infile_rewind(run->in, err))
        return false;
    sql_file_open(&run->file, run->in);
    run->existing.conn = run->conn;
    run->existing.model = &run->model;
    run->existing.tables = run->outlined ? &run->tables : NULL;
    run->load.cleaned = run->options->clean;
    run->load.conn = run->conn;
    run->load.file = &run->file;
    run->load.schemas = &run->schemas;
    run->load.existing = &run->existing;
    if (run->options->upsert) {
        archive_init(&run->archive, run->config.state_dir, "import");
        upsert_init(&run->upsert, run->conn, &run->model, &run->archive, run->config.change_column);
        run->load.upsert = &run->upsert;
    }
    return load_run(&run->load, err) && (!run->options->upsert || merge_rows(run, err)) &&
           existing_end(&run->existing, err);
}

/* A standby's triggers do not fire on rows that dbr applies: neither do those of the file. */
static bool quiet_standby(struct import_run *run, struct err *err)
{
    struct strlist names = STRLIST_INIT;

    if (run->role == state_active(&run->state) || state_init_status(&run->state) != INIT_DONE)
        return true;
    bool ok = triggers_quiet(run->conn, &run->config, false, &names, err);
    if (ok && names.count > 0)
        strlist_addf(&run->outcome.warnings,
                     "%zu triggers and rules are disabled until a switch: the %s is the standby",
                     names.count, role_name(run->role));
    strlist_release(&names);
    return ok;
}

/*
 * What was known of these tables' rows is not so any more: the next sync compares them all. Before
 * the commit, since it does no harm when that fails; on CockroachDB before the first of the rows,
 * since those that are in stay there.
 */
static bool forget_watermarks(struct import_run *run, const struct sql_file_table *named,
                              size_t count, struct err *err)
{
    if (!state_begin(&run->state, err))
        return false;
    struct json *tables = state_part(&run->state, "tables");
    for (size_t i = 0; i < count; i++) {
        const struct model_table *there = model_table(&run->model, named[i].name);
        json_remove(tables, there ? model_root(&run->model, there)->name : named[i].name);
    }
    return state_commit(&run->state, err);
}

/* Constraints that wait for the commit would fail there; positions of sequences come behind all
 * that can fail, since no rollback takes them back. */
static bool finish(struct import_run *run, struct err *err)
{
    bool postgres = conn_kind(run->conn) == ENGINE_POSTGRES;

    return (!postgres ||
            (query_run(run->conn, "SET CONSTRAINTS ALL IMMEDIATE", 0, NULL, NULL, err) &&
             query_value(run->conn, "SELECT pg_catalog.pg_current_xact_id()::text", 0, NULL,
                         &run->transaction, err) &&
             forget_watermarks(run, run->file.tables, run->file.table_count, err))) &&
           (run->options->upsert ? advance_sequences(run, err) : load_finish(&run->load, err));
}

/* The connection was lost with the COMMIT under way: another one asks the server. */
static bool was_committed(struct import_run *run, bool *known)
{
    const char *id = run->transaction;
    struct conn *conn = NULL;
    struct err why = ERR_INIT;
    char *status = NULL;

    for (int attempt = 0; !status && attempt < STATUS_ATTEMPTS; attempt++) {
        if (attempt > 0)
            clock_sleep_ms(STATUS_PAUSE_MS);
        if (!conn && !conn_clone(run->conn, &conn, &why))
            continue;
        if (!query_value(conn, "SELECT pg_catalog.pg_xact_status($1::xid8)", 1, &id, &status, &why))
            break;
        if (status && strcmp(status, "in progress") == 0) {
            free(status);
            status = NULL;
        }
    }
    bool committed = status && strcmp(status, "committed") == 0;
    *known = status != NULL;
    free(status);
    conn_close(conn);
    return committed;
}

static bool commit(struct import_run *run, struct err *err)
{
    if (conn_kind(run->conn) != ENGINE_POSTGRES) {
        if (!load_leave(&run->load, err))
            strlist_addf(&run->outcome.warnings,
                         "records of the import stay in the schema _dbr: %s", err->message);
        err_clear(err);
        return true;
    }
    if (query_run(run->conn, "COMMIT", 0, NULL, NULL, err))
        return true;
    if (err->code != ERR_UNREACHABLE)
        return false;
    bool known;
    if (was_committed(run, &known)) {
        err_clear(err);
        return true;
    }
    if (known)
        return false;
    run->unknown = true;
    err_prefix(err, "whether the import was committed is not known");
    return err_hint(err, "look whether the rows are there before you import again%s%s",
                    run->archive.path ? "; what it may have overwritten is in " : "",
                    run->archive.path ? run->archive.path : "");
}

static bool write_target(struct import_run *run, struct err *err)
{
    if (!load_file(run, err) || !quiet_standby(run, err) || !stop_check(err))
        return false;
    /* From here on there is no way back: a stop comes too late. */
    stop_hold();
    bool ok = finish(run, err) && commit(run, err);
    stop_unhold();
    return ok;
}

/* Where statements are committed one by one, what they have made is dropped: nothing of it was
 * there before. */
static bool drop_made(void *context, struct err *err)
{
    struct import_run *run = context;

    return load_leave(&run->load, err) &&
           objects_drop(run->conn, run->outline.objects, run->outline.object_count, err);
}

static void hint_filled(const struct strlist *tables, struct err *err)
{
    struct buf names = BUF_INIT;

    for (size_t i = 0; i < tables->count; i++)
        buf_addf(&names, "%s%s", i ? ", " : "", tables->items[i]);
    err_hint(err, "a part of the file's rows may be there: empty before you import again: %s",
             names.data);
    buf_release(&names);
}

static void undo_apart(struct import_run *run, struct err *err)
{
    struct err why = ERR_INIT;
    struct weather weather = {0};

    if ((weather_settle(run->conn, &why) || weather_recover(&weather, run->conn, &why)) &&
        weather_pass(run->conn, drop_made, run, &why)) {
        if (run->load.filled.count > 0)
            hint_filled(&run->load.filled, err);
        return;
    }
    err_hint(err, "what the import has made could not be dropped again (%s): drop it by hand",
             why.message);
}

/* The server undoes everything; what was put aside is still where it was. */
static void give_up(struct import_run *run, struct err *err)
{
    struct err why = ERR_INIT;

    (void)pipeline_end(run->conn, &why);
    err_clear(&why);
    if (conn_kind(run->conn) != ENGINE_POSTGRES) {
        if (run->begun)
            undo_apart(run, err);
    } else if (conn_alive(run->conn)) {
        (void)query_run(run->conn, "ROLLBACK", 0, NULL, NULL, &why);
    }
    if (run->options->upsert && !run->unknown)
        archive_discard(&run->archive);
}

static void forget_target(struct import_run *run)
{
    conn_close(run->conn);
    run->conn = NULL;
    model_release(&run->model);
    memset(&run->model, 0, sizeof run->model);
    strlist_release(&run->schemas);
}

/* Nothing has been done yet that another attempt could do twice. */
static bool open_target(struct import_run *run, struct err *err)
{
    struct weather weather = {0};

    while (!import_open_target(run, err)) {
        if (!run->conn || conn_kind(run->conn) != ENGINE_COCKROACH ||
            !weather_wait(&weather, true, err))
            return false;
        forget_target(run);
        err_clear(err);
    }
    return true;
}

static bool import_into_target(struct import_run *run, struct err *err)
{
    if (!open_target(run, err))
        return false;
    if (!import_make_room(run, err) ||
        (conn_kind(run->conn) != ENGINE_POSTGRES &&
         !forget_watermarks(run, run->outline.tables, run->outline.table_count, err))) {
        give_up(run, err);
        return false;
    }
    run->begun = true;
    if (!write_target(run, err)) {
        give_up(run, err);
        return false;
    }
    /* It is committed: whatever comes now is no reason to say otherwise. */
    struct err late = ERR_INIT;
    if (run->options->upsert && !archive_close(&run->archive, &late))
        strlist_addf(&run->outcome.warnings, "the salvage file may not be complete: %s",
                     late.message);
    return true;
}

static void release(struct import_run *run)
{
    upsert_release(&run->upsert);
    load_release(&run->load);
    sql_file_release(&run->file);
    outline_release(&run->outline);
    model_release(&run->model);
    conn_close(run->conn);
    infile_free(run->in);
    strlist_release(&run->schemas);
    strlist_release(&run->tables);
    free(run->transaction);
    outcome_release(&run->outcome);
    lock_release(&run->lock);
    state_release(&run->state);
    config_release(&run->config);
}

static bool run_all(struct import_run *run, struct err *err)
{
    if (!check_options(run->options, err) || !read_file(run, err))
        return false;
    if (run->options->check) {
        import_describe(run);
        return true;
    }
    if (!prepare(run, err) || !import_into_target(run, err))
        return false;
    import_summarise(run);
    return true;
}

bool ops_import(struct cli *cli, const struct import_options *options, struct err *err)
{
    struct import_run run;

    memset(&run, 0, sizeof run);
    run.cli = cli;
    run.options = options;
    run.lock = (struct lock)LOCK_INIT;
    run.state = (struct state)STATE_INIT;
    run.load.block = (struct buf)BUF_INIT;
    run.started = clock_mono_ms();
    outcome_init(&run.outcome);
    json_set_str(cli->document, "program", cli->program->name);
    bool ok = run_all(&run, err);
    progress_clear();
    release(&run);
    return ok;
}
