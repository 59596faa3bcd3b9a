/* Results of a run: totals, the table for people, the JSON document. */
#include "ops/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "repl/weather.h"

void outcome_init(struct outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    outcome->warnings = (struct strlist)STRLIST_INIT;
    outcome->retries_before = weather_retries();
    traffic_mark(&outcome->traffic);
}

static int64_t retries(const struct outcome *outcome)
{
    return weather_retries() - outcome->retries_before;
}

struct table_outcome *outcome_table(struct outcome *outcome, const char *name)
{
    struct table_outcome *table;
    size_t i;

    for (i = 0; i < outcome->count; i++)
        if (!strcmp(outcome->tables[i].name, name))
            return &outcome->tables[i];
    outcome->tables = mem_array(outcome->tables, outcome->count + 1, sizeof(*outcome->tables));
    table = &outcome->tables[outcome->count++];
    memset(table, 0, sizeof(*table));
    table->name = mem_strdup(name);
    table->rows = -1;
    table->duration_ms = -1;
    return table;
}

struct totals outcome_totals(const struct outcome *outcome)
{
    struct totals sum = {0, 0, 0, 0, 0};
    size_t i;

    for (i = 0; i < outcome->count; i++) {
        sum.inserted += outcome->tables[i].inserted;
        sum.updated += outcome->tables[i].updated;
        sum.deleted += outcome->tables[i].deleted;
        sum.conflicts += outcome->tables[i].conflicts;
    }
    sum.conflicts += outcome->merged_conflicts;
    sum.records = sum.inserted + sum.updated + sum.deleted;
    return sum;
}

static void set_table(struct json *list, const struct table_outcome *table)
{
    struct json *item = json_add(list, json_object());

    json_set_str(item, "name", table->name);
    if (table->rows >= 0)
        json_set_int(item, "rows", table->rows);
    else
        json_set_null(item, "rows");
    json_set_int(item, "inserted", table->inserted);
    json_set_int(item, "updated", table->updated);
    json_set_int(item, "deleted", table->deleted);
    json_set_int(item, "conflicts", table->conflicts);
    if (table->verified == VERDICT_NONE)
        json_set_null(item, "verified");
    else
        json_set_bool(item, "verified", table->verified == VERDICT_EQUAL);
    json_set_str(item, "error", table->error);
    if (table->duration_ms >= 0) {
        json_set_int(item, "bytes", table->bytes);
        json_set_int(item, "durationMs", table->duration_ms);
    }
}

static void fill_document(const struct outcome *outcome, struct json *document, const char *program)
{
    struct totals sum = outcome_totals(outcome);
    struct json *list;
    size_t i;

    json_set_str(document, "program", program);
    json_set_int(document, "recordsSynced", sum.records);
    json_set_int(document, "inserted", sum.inserted);
    json_set_int(document, "updated", sum.updated);
    json_set_int(document, "deleted", sum.deleted);
    json_set_int(document, "conflicts", sum.conflicts);
    json_set_int(document, "durationMs", outcome->duration_ms);
    json_set_int(document, "retries", retries(outcome));
    list = json_set_array(document, "tables");
    for (i = 0; i < outcome->count; i++)
        set_table(list, &outcome->tables[i]);
    list = json_set_array(document, "warnings");
    for (i = 0; i < outcome->warnings.count; i++)
        json_add_str(list, outcome->warnings.items[i]);
}

static const char *state_word(const struct table_outcome *table)
{
    if (table->error)
        return table->error;
    switch (table->verified) {
    case VERDICT_EQUAL:
        return "equal";
    case VERDICT_DIFFERENT:
        return "DIFFERENT";
    default:
        return "not compared";
    }
}

static void mark_state(struct report *report, size_t column, const struct table_outcome *table)
{
    if (table->error || table->verified == VERDICT_DIFFERENT)
        report_mark(report, column, REPORT_BAD);
    else if (table->verified == VERDICT_EQUAL)
        report_mark(report, column, REPORT_GOOD);
}

static void print_sync(const struct outcome *outcome, bool color)
{
    static const char *const headings[] = {"Table",    ">Rows",      ">Inserted", ">Updated",
                                           ">Deleted", ">Conflicts", "State"};
    struct report *report = report_new(headings, 7);
    size_t i;

    for (i = 0; i < outcome->count; i++) {
        const struct table_outcome *t = &outcome->tables[i];
        char text[5][32];
        const char *cells[] = {t->name,
                               t->rows >= 0 ? report_count(t->rows, text[0]) : NULL,
                               report_count(t->inserted, text[1]),
                               report_count(t->updated, text[2]),
                               report_count(t->deleted, text[3]),
                               report_count(t->conflicts, text[4]),
                               state_word(t)};

        report_row(report, cells);
        mark_state(report, 6, t);
    }
    report_print(report, stdout, color);
    report_free(report);
}

static void print_copy(const struct outcome *outcome, bool color)
{
    static const char *const headings[] = {"Table", ">Rows", ">Bytes", ">Time", "Verified"};
    struct report *report = report_new(headings, 5);
    size_t i;

    for (i = 0; i < outcome->count; i++) {
        const struct table_outcome *t = &outcome->tables[i];
        char text[3][32];
        const char *cells[] = {t->name, t->rows >= 0 ? report_count(t->rows, text[0]) : NULL,
                               report_bytes(t->bytes, text[1]),
                               t->duration_ms >= 0 ? report_duration(t->duration_ms, text[2])
                                                   : NULL,
                               t->verified == VERDICT_EQUAL ? "yes" : state_word(t)};

        report_row(report, cells);
        mark_state(report, 4, t);
    }
    report_print(report, stdout, color);
    report_free(report);
}

static void print_verify(const struct outcome *outcome, bool color)
{
    static const char *const headings[] = {"Table", ">Rows", "State"};
    struct report *report = report_new(headings, 3);
    size_t i;

    for (i = 0; i < outcome->count; i++) {
        const struct table_outcome *t = &outcome->tables[i];
        char text[32];
        const char *cells[] = {t->name, t->rows >= 0 ? report_count(t->rows, text) : NULL,
                               state_word(t)};

        report_row(report, cells);
        mark_state(report, 2, t);
    }
    report_print(report, stdout, color);
    report_free(report);
}

static void print_import(const struct outcome *outcome, bool color)
{
    static const char *const headings[] = {"Table", ">Rows", ">Inserted", ">Updated"};
    struct report *report = report_new(headings, 4);
    size_t i;

    for (i = 0; i < outcome->count; i++) {
        const struct table_outcome *t = &outcome->tables[i];
        char text[3][32];
        const char *cells[] = {t->name, report_count(t->rows, text[0]),
                               report_count(t->inserted, text[1]),
                               report_count(t->updated, text[2])};

        report_row(report, cells);
    }
    report_print(report, stdout, color);
    report_free(report);
}

static void print(const struct outcome *outcome, enum outcome_style style, bool color)
{
    static void (*const tables[])(const struct outcome *, bool) = {
        [OUTCOME_SYNC] = print_sync,
        [OUTCOME_VERIFY] = print_verify,
        [OUTCOME_COPY] = print_copy,
        [OUTCOME_IMPORT] = print_import,
    };

    if (outcome->count > 0)
        tables[style](outcome, color);
    if (retries(outcome) > 0)
        printf("Retries: %" PRId64 " (serialization failures or lost connections)\n",
               retries(outcome));
}

void outcome_report(const struct outcome *outcome, struct cli *cli, enum outcome_style style)
{
    size_t i;

    if (cli->common.json) {
        fill_document(outcome, cli->document, cli->program->name);
        traffic_report(&outcome->traffic, cli);
        return;
    }
    progress_clear();
    for (i = 0; i < outcome->warnings.count; i++)
        log_warn("%s", outcome->warnings.items[i]);
    if (!cli->common.quiet)
        print(outcome, style, cli->color_out);
    traffic_report(&outcome->traffic, cli);
}

void outcome_release(struct outcome *outcome)
{
    size_t i;

    for (i = 0; i < outcome->count; i++) {
        free(outcome->tables[i].name);
        free(outcome->tables[i].error);
    }
    free(outcome->tables);
    strlist_release(&outcome->warnings);
    outcome_init(outcome);
}
