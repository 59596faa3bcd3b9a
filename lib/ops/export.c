/*
 * dbr-export, in the order it happens: which database, where to, one snapshot, the script
 * (repl/dump.h), the report. It reads, and locks out nothing but changes of the tables' definition.
 */
#include "ops/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "ops/source.h"
#include "ops/traffic.h"
#include "repl/dump.h"
#include "state/events.h"

struct export_run {
    struct cli *cli;
    const struct export_options *options;
    struct config config;
    struct state state;
    enum role role;
    const char *output;
    bool gzip;
    struct snapshot snapshot;
    struct dump dump;
    struct strlist warnings;
    struct traffic_mark traffic;
    int64_t bytes, stored;
    int64_t started;
};

static bool to_stdout(const struct export_run *run)
{
    return strcmp(run->output, "-") == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static bool choose_output(struct export_run *run, struct err *err)
{
    const struct export_options *o = run->options;

    if (!o->output && (isatty(STDOUT_FILENO) || run->cli->common.json)) {
        err_set(err, ERR_USAGE, "--output is missing");
        return err_hint(err, "for example --output=backup.sql.gz; --output=- is standard output");
    }
    /* By whatever name: what else this program prints must not get between. */
    run->output = o->output && !outfile_is_stdout(o->output) ? o->output : "-";
    if (to_stdout(run) && run->cli->common.json) {
        err_set(err, ERR_USAGE, "--json and the script cannot both go to standard output");
        return err_hint(err, "name a file with --output");
    }
    run->gzip = o->gzip || (o->output && ends_with(o->output, ".gz"));
    if (o->level && !run->gzip) {
        err_set(err, ERR_USAGE, "--level is for output that is compressed");
        return err_hint(err, "let the file's name end in .gz, or add --gzip");
    }
    if (to_stdout(run) && run->gzip && isatty(STDOUT_FILENO))
        return err_set_hint(err, ERR_USAGE, "name a file with --output, or leave --gzip out",
                            "compressed output is not for a terminal");
    return true;
}

/* To overwrite it would take away the databases' addresses. */
static bool check_env_file(const struct export_run *run, struct err *err)
{
    const char *env_file = run->config.env_file;
    struct stat env, out;

    if (!env_file || stat(env_file, &env) != 0 || !S_ISREG(env.st_mode) ||
        (to_stdout(run) ? fstat(STDOUT_FILENO, &out) : stat(run->output, &out)) != 0 ||
        env.st_dev != out.st_dev || env.st_ino != out.st_ino)
        return true;
    err_set(err, ERR_USAGE, "--output leads to %s, which dbr reads its configuration from",
            env_file);
    return err_hint(err, "name another file");
}

static bool check_options(struct export_run *run, struct err *err)
{
    const struct export_options *o = run->options;

    if (o->schema_only && o->data_only)
        return options_exclude("--schema-only", "--data-only", err);
    if (o->schema_only && o->inserts)
        return options_exclude("--schema-only", "--inserts", err);
    return choose_output(run, err);
}

static void warn(struct export_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void warn(struct export_run *run, const char *format, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    log_warn("%s", text.data);
    strlist_add(&run->warnings, text.data);
    buf_release(&text);
}

/* Something of it is there, but nobody says that it is all. */
static void warn_of_standby(struct export_run *run)
{
    if (run->state.fresh || run->role == state_active(&run->state))
        return;
    if (run->role == ROLE_SECONDARY && state_init_status(&run->state) != INIT_DONE)
        warn(run, "the secondary has not been initialised completely: this is what it holds now");
}

static bool write_file(struct export_run *run, struct err *err)
{
    const struct outfile_options how = {
        .gzip = run->gzip,
        .level = run->options->level ? (int)run->options->level : EXPORT_LEVEL,
    };
    struct outfile *out = outfile_open(run->output, &how, err);
    bool ok = out != NULL;

    run->dump.out = out;
    ok = ok && dump_write(&run->dump, err) && outfile_finish(out, err);
    if (ok) {
        run->bytes = outfile_bytes(out);
        run->stored = outfile_stored(out);
    }
    outfile_free(out);
    return ok;
}

static void warn_of_cycles(struct export_run *run)
{
    if (run->dump.schema || run->dump.cycles.count == 0)
        return;
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < run->dump.cycles.count; i++)
        buf_addf(&names, "%s%s", i ? ", " : "", run->dump.cycles.items[i]);
    /* dbr-import puts the check of the keys off, which only PostgreSQL lets it do. */
    if (run->dump.dialect->kind == ENGINE_POSTGRES)
        warn(run,
             "these tables refer to each other in a circle, and psql cannot load their rows one "
             "after the other: %s; dbr-import can",
             names.data);
    else
        warn(
            run,
            "these tables refer to each other in a circle, and CockroachDB cannot load their rows "
            "one after the other: %s; drop a foreign key of the circle there until they are loaded",
            names.data);
    buf_release(&names);
}

/* A state that was lost or is the past, or a machine that did not switch, names the wrong one. */
static bool check_active(const struct export_run *run, struct err *err)
{
    const char *wish = run->options->source;

    if (!run->snapshot.fenced || !run->config.urls[ROLE_SECONDARY] ||
        (wish && strcmp(wish, "active") != 0))
        return true;
    err_set(err, ERR_REFUSED,
            "the %s is the active database by the state in %s, but it is fenced as a standby is",
            role_name(run->role), run->config.state_dir);
    return err_hint(err, "run dbr-health --doctor, which finds the active database; "
                         "--source=primary or --source=secondary exports the one that is named");
}

static bool export_database(struct export_run *run, struct err *err)
{
    const struct export_options *o = run->options;
    const struct state *known = run->state.fresh ? NULL : &run->state;

    if (!snapshot_open(&run->snapshot, &run->config, known, run->role, err))
        return false;
    if (!check_active(run, err))
        return false;
    run->dump = (struct dump){
        .snapshot = &run->snapshot,
        .dialect = o->dialect ? engine_by_name(o->dialect) : conn_engine(run->snapshot.conn),
        .schema = !o->data_only,
        .data = !o->schema_only,
        .inserts = o->inserts,
        .tables = &o->tables,
        .plan = PLAN_INIT,
        .cycles = STRLIST_INIT,
    };
    if (!dump_prepare(&run->dump, err))
        return false;
    warn_of_standby(run);
    warn_of_cycles(run);
    return write_file(run, err);
}

/* --- the report --------------------------------------------------------------- */

static void fill_document(struct export_run *run)
{
    struct json *doc = run->cli->document;
    const struct dump *dump = &run->dump;
    char crc[16];

    json_set_str(doc, "source", role_name(run->role));
    json_set_str(doc, "output", run->output);
    json_set_str(doc, "dialect", dump->dialect->name);
    json_set_str(doc, "content", dump_content(dump));
    json_set_str(doc, "snapshot", run->snapshot.time);
    json_set_int(doc, "rows", dump->rows);
    json_set_int(doc, "bytes", run->bytes);
    json_set_int(doc, "storedBytes", run->stored);
    (void)snprintf(crc, sizeof crc, "%08" PRIx32, dump->crc);
    json_set_str(doc, "crc32", crc);
    json_set_int(doc, "retries", weather_retries());
    json_set_int(doc, "durationMs", clock_mono_ms() - run->started);
    struct json *list = json_set_array(doc, "tables");
    for (size_t i = 0; i < dump->count; i++) {
        struct json *item = json_add(list, json_object());
        json_set_str(item, "name", dump->items[i].table->name);
        json_set_int(item, "rows", dump->items[i].rows);
        json_set_int(item, "bytes", dump->items[i].bytes);
    }
    list = json_set_array(doc, "notes");
    for (size_t i = 0; i < dump->plan.note_count; i++) {
        const struct plan_note *note = &dump->plan.notes[i];
        struct json *item = json_add(list, json_object());
        json_set_str(item, "kind", dump_note_kind(note));
        json_set_str(item, "object", note->object);
        json_set_str(item, "text", note->text);
    }
    list = json_set_array(doc, "warnings");
    for (size_t i = 0; i < run->warnings.count; i++)
        json_add_str(list, run->warnings.items[i]);
}

static void print_tables(const struct export_run *run)
{
    static const char *const headings[] = {"Table", ">Rows", ">Bytes"};
    struct report *report = report_new(headings, 3);
    for (size_t i = 0; i < run->dump.count; i++) {
        char rows[32], bytes[32];
        const char *cells[] = {run->dump.items[i].table->name,
                               report_count(run->dump.items[i].rows, rows),
                               report_bytes(run->dump.items[i].bytes, bytes)};
        report_row(report, cells);
    }
    report_print(report, stdout, run->cli->color_out);
    report_free(report);
}

static void log_notes(const struct dump *dump)
{
    for (size_t i = 0; i < dump->plan.note_count; i++) {
        char *text = dump_note_text(&dump->plan.notes[i]);
        log_info("%s", text);
        free(text);
    }
}

static void summarise(struct export_run *run)
{
    char stored[32];
    char *message = mem_printf("%s of the %s: %zu tables, %" PRId64 " rows, %s to %s",
                               dump_content(&run->dump), role_name(run->role), run->dump.count,
                               run->dump.rows, report_bytes(run->stored, stored),
                               to_stdout(run) ? "standard output" : run->output);

    progress_clear();
    traffic_report(&run->traffic, run->cli);
    if (run->cli->common.json) {
        fill_document(run);
    } else {
        log_notes(&run->dump);
        if (!to_stdout(run) && !run->cli->common.quiet && run->dump.count > 0)
            print_tables(run);
        log_info("Export completed: %s", message);
    }
    if (!run->state.fresh) {
        struct json *extra = json_object();
        json_set_str(extra, "source", role_name(run->role));
        json_set_str(extra, "file", to_stdout(run) ? NULL : run->output);
        json_set_int(extra, "rows", run->dump.rows);
        json_set_int(extra, "bytes", run->stored);
        events_write(&run->state, "export", NULL, message, extra);
    }
    free(message);
}

bool ops_export(struct cli *cli, const struct export_options *options, struct err *err)
{
    struct export_run run = {
        .cli = cli, .options = options, .state = STATE_INIT, .started = clock_mono_ms()};

    traffic_mark(&run.traffic);
    json_set_str(cli->document, "program", cli->program->name);
    if (!check_options(&run, err))
        return false;
    bool ok =
        config_load(&run.config, cli->common.env_file, cli->common.state_dir, false, err) &&
        check_env_file(&run, err) &&
        source_choose(&run.config, options->source, &run.state, &run.role, &run.warnings, err) &&
        export_database(&run, err);
    if (ok)
        summarise(&run);
    dump_release(&run.dump);
    snapshot_close(&run.snapshot);
    strlist_release(&run.warnings);
    state_release(&run.state);
    config_release(&run.config);
    return ok;
}
