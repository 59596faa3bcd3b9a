/* What dbr-import says: what a file holds, and what became of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "ops/import_run.h"
#include "state/events.h"

/* Tables outside of the kept schema are named with theirs. */
static char *shown_name(const struct sql_file_table *table, const char *schema)
{
    if (!table->schema || (schema && strcmp(table->schema, schema) == 0))
        return mem_strdup(table->name);
    return mem_printf("%s.%s", table->schema, table->name);
}

static void set_file(const struct import_run *run, struct json *doc)
{
    json_set_str(doc, "input", infile_name(run->in));
    json_set_int(doc, "storedBytes", infile_position(run->in));
    json_set_bool(doc, "gzip", infile_is_gzip(run->in));
}

/* --- --check ------------------------------------------------------------------ */

static void describe_document(const struct import_run *run)
{
    struct json *doc = run->cli->document;
    const struct outline *o = &run->outline;

    set_file(run, doc);
    json_set_bool(doc, "complete", true);
    json_set_str(doc, "origin", sql_origin_name(o->origin));
    json_set_str(doc, "dialect", o->dialect->name);
    json_set_str(doc, "source", o->source);
    json_set_str(doc, "snapshot", o->snapshot);
    json_set_int(doc, "rows", o->rows);
    json_set_int(doc, "statements", o->statements);
    json_set_int(doc, "bytes", o->bytes);
    struct json *list = json_set_array(doc, "tables");
    for (size_t i = 0; i < o->table_count; i++) {
        struct json *item = json_add(list, json_object());
        json_set_str(item, "schema", o->tables[i].schema);
        json_set_str(item, "name", o->tables[i].name);
        json_set_int(item, "rows", o->tables[i].rows);
    }
}

static void describe_tables(const struct import_run *run)
{
    static const char *const headings[] = {"Table", ">Rows"};
    const struct outline *o = &run->outline;
    struct report *report = report_new(headings, 2);

    for (size_t i = 0; i < o->table_count; i++) {
        char *name = shown_name(&o->tables[i], o->schema);
        char rows[32];
        const char *cells[] = {name, report_count(o->tables[i].rows, rows)};
        report_row(report, cells);
        free(name);
    }
    report_print(report, stdout, run->cli->color_out);
    report_free(report);
}

void import_describe(struct import_run *run)
{
    const struct outline *o = &run->outline;
    char bytes[32];

    if (run->cli->common.json) {
        describe_document(run);
        return;
    }
    if (run->cli->common.quiet)
        return;
    printf("%s of %s%s%s, for %s\n", sql_origin_name(o->origin), o->source ? o->source : "?",
           o->snapshot ? ", " : "", o->snapshot ? o->snapshot : "", o->dialect->name);
    if (o->table_count > 0)
        describe_tables(run);
    log_info("Check completed: %s is whole: %zu objects, %" PRId64 " rows, %s",
             infile_name(run->in), o->object_count, o->rows, report_bytes(o->bytes, bytes));
}

/* --- the result --------------------------------------------------------------- */

static void collect_loaded(struct import_run *run)
{
    for (size_t i = 0; i < run->file.table_count; i++) {
        char *name = shown_name(&run->file.tables[i], run->model.schema);
        struct table_outcome *table = outcome_table(&run->outcome, name);
        table->rows = run->file.tables[i].rows;
        table->inserted = i < run->load.taken_count ? run->load.taken[i] : 0;
        free(name);
    }
}

static void collect_merged(struct import_run *run)
{
    for (size_t i = 0; i < run->upsert.count; i++) {
        const struct upsert_table *from = &run->upsert.tables[i];
        struct table_outcome *table = outcome_table(&run->outcome, from->table->name);
        table->rows = from->rows;
        table->inserted = from->inserted;
        table->updated = from->updated;
        if (from->kept > 0)
            strlist_addf(&run->outcome.warnings,
                         "table %s: %" PRId64 " rows of the target are newer than the file's and "
                         "stay",
                         from->table->name, from->kept);
    }
}

static void collect_warnings(struct import_run *run)
{
    struct strlist *warnings = &run->outcome.warnings;

    for (size_t i = 0; i < run->config.warnings.count; i++)
        strlist_add(warnings, run->config.warnings.items[i]);
    for (size_t i = 0; i < run->load.skipped.count; i++)
        strlist_addf(warnings, "not run: %s", run->load.skipped.items[i]);
    if (run->file.schema && strcmp(run->file.schema, run->model.schema) != 0)
        strlist_addf(warnings, "the file is about the schema %s, and dbr keeps %s (DB_SCHEMA)",
                     run->file.schema, run->model.schema);
    if (run->state.fresh || state_init_status(&run->state) != INIT_DONE)
        return;
    if (run->role != state_active(&run->state))
        strlist_addf(warnings, "the %s is the standby: the next dbr-sync makes it what the %s is",
                     role_name(run->role), role_name(role_other(run->role)));
}

static void finish_document(const struct import_run *run)
{
    struct json *doc = run->cli->document;

    set_file(run, doc);
    json_set_str(doc, "target", role_name(run->role));
    json_set_str(doc, "origin", sql_origin_name(run->file.origin));
    json_set_int(doc, "rows", run->file.rows);
    json_set_int(doc, "dropped", (int64_t)run->dropped);
    json_set_int(doc, "ownersSkipped", run->load.owners);
    struct json *list = json_set_array(doc, "skipped");
    for (size_t i = 0; i < run->load.skipped.count; i++)
        json_add_str(list, run->load.skipped.items[i]);
    json_set_str(doc, "salvage", run->archive.path);
}

void import_summarise(struct import_run *run)
{
    struct totals sum;

    if (run->options->upsert)
        collect_merged(run);
    else
        collect_loaded(run);
    collect_warnings(run);
    sum = outcome_totals(&run->outcome);
    run->outcome.duration_ms = clock_mono_ms() - run->started;
    progress_clear();
    outcome_report(&run->outcome, run->cli, OUTCOME_IMPORT);
    if (run->cli->common.json)
        finish_document(run);
    if (run->load.owners > 0)
        log_info("not run: %" PRId64 " statements about owners and privileges: everything belongs "
                 "to the role that dbr connects as",
                 run->load.owners);
    char *message =
        mem_printf("%s into the %s: %" PRId64 " rows inserted, %" PRId64 " updated",
                   infile_name(run->in), role_name(run->role), sum.inserted, sum.updated);
    log_info("Import completed: %s", message);
    struct json *extra = json_object();
    json_set_str(extra, "target", role_name(run->role));
    json_set_str(extra, "file", infile_name(run->in));
    json_set_int(extra, "inserted", sum.inserted);
    json_set_int(extra, "updated", sum.updated);
    events_write(&run->state, "import", NULL, message, extra);
    free(message);
}
