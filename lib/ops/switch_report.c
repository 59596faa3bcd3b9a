/* What a switch tells: the pair before and after, the rows that moved, what may be stranded. */
#include "ops/switch_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/report.h"
#include "repl/drift.h"

static int64_t since_sync_ms(const struct state *state)
{
    const char *last = json_str(json_get(state->root, "sync"), "lastSync", NULL);
    int64_t at;

    if (!last || !clock_parse(last, &at))
        return -1;
    return (clock_now_us() - at) / 1000;
}

bool switch_probe(struct switch_run *run, struct probe probes[2], struct err *err)
{
    struct conn_params params[2];
    enum role role;

    memset(probes, 0, 2 * sizeof(*probes));
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        params[role] =
            (struct conn_params){role_name(role), run->config->urls[role], run->config->schema,
                                 run->config->health_timeout_ms, false};
    return probe_run(params, 2, run->config->health_timeout_ms, probes, err);
}

void switch_look(struct switch_run *run, const struct probe *probes, struct switch_side sides[2])
{
    enum role role;

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        sides[role].known = true;
        sides[role].active = state_active(run->state) == role;
        sides[role].reachable = probes[role].connected;
        sides[role].writable = probes[role].connected && !probes[role].read_only;
        sides[role].lag_ms = sides[role].active ? 0 : since_sync_ms(run->state);
    }
}

static const char *yes_no(bool known, bool value)
{
    return !known ? "unknown" : value ? "yes" : "no";
}

static const char *lag_text(const struct switch_side *side, char *text)
{
    if (side->active)
        return "-";
    if (side->lag_ms < 0)
        return "unknown";
    return report_duration(side->lag_ms, text);
}

static void print_sides(const struct switch_run *run, const char *title,
                        const struct switch_side sides[2])
{
    static const char *const headings[] = {"Database", "Role", "Reachable", "Writable", ">Lag"};
    struct report *report = report_new(headings, 5);
    enum role role;
    char text[2][32];

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        const struct switch_side *side = &sides[role];
        const char *cells[] = {role_name(role), side->active ? "active" : "standby",
                               yes_no(side->known, side->reachable),
                               yes_no(side->known && side->reachable, side->writable),
                               lag_text(side, text[role])};

        report_row(report, cells);
        if (side->known)
            report_mark(report, 2, side->reachable ? REPORT_GOOD : REPORT_BAD);
    }
    printf("%s\n", title);
    report_print(report, stdout, run->cli->color_out);
    report_free(report);
}

static void set_side(struct json *parent, const char *name, const struct switch_side *side)
{
    struct json *item = json_set_object(parent, name);

    json_set_str(item, "role", side->active ? "active" : "standby");
    if (side->known)
        json_set_bool(item, "reachable", side->reachable);
    else
        json_set_null(item, "reachable");
    if (side->known && side->reachable)
        json_set_bool(item, "writable", side->writable);
    else
        json_set_null(item, "writable");
    if (side->active || side->lag_ms < 0)
        json_set_null(item, "lagMs");
    else
        json_set_int(item, "lagMs", side->lag_ms);
}

/* --- what a forced switch may have left behind --------------------------------------------------
 */

/* By the configuration: such a table is not merged later. */
static bool is_left_out(const struct switch_run *run, const char *name)
{
    const struct model_table *table = model_table(&run->models[run->to], name);

    return table && table->excluded;
}

static void stranded_document(const struct switch_run *run, struct json *document)
{
    struct json *stranded = json_set_object(document, "stranded");
    const struct json *tables = json_get(run->state->root, "tables");
    struct json *list;
    const struct json *item;
    int64_t since = since_sync_ms(run->state);

    if (since < 0)
        json_set_null(stranded, "sinceLastSyncMs");
    else
        json_set_int(stranded, "sinceLastSyncMs", since);
    list = json_set_array(stranded, "tables");
    for (item = json_first(tables); item; item = json_next(item)) {
        struct json *entry = json_add(list, json_object());
        int64_t rows = json_int(item, "rows", -1);

        json_set_str(entry, "name", json_key(item));
        if (rows < 0)
            json_set_null(entry, "lastKnownRows");
        else
            json_set_int(entry, "lastKnownRows", rows);
        json_set_null(entry, "strandedRows");
        json_set_bool(entry, "leftOut", is_left_out(run, json_key(item)));
        json_set_str(entry, "lastFingerprint", json_str(item, "lastFingerprint", NULL));
    }
}

#define LATE_TABLES 10

/* Large tables that the last sync did not compare as a whole (repl/reconcile_find.c). */
static void late_print(const struct switch_run *run)
{
    const char *last = json_str(json_get(run->state->root, "sync"), "lastSync", NULL);
    const struct json *item = json_first(json_get(run->state->root, "tables"));
    int64_t synced, compared;
    size_t late = 0;

    for (; clock_parse(last, &synced) && item; item = json_next(item)) {
        char age[32];

        if (!clock_parse(json_str(item, "lastFingerprint", NULL), &compared) || compared >= synced)
            continue;
        if (late++ < LATE_TABLES)
            printf("%s%s (%s)",
                   late > 1 ? ", "
                            : "Large tables that it did not compare as a whole may lack what they "
                              "took since that was done: ",
                   json_key(item), report_duration((clock_now_us() - compared) / 1000, age));
    }
    if (late > LATE_TABLES)
        printf(" and %zu more", late - LATE_TABLES);
    if (late)
        printf("\n");
}

static void stranded_print(const struct switch_run *run)
{
    static const char *const headings[] = {"Table", ">Rows at the last sync", "Stranded rows"};
    const struct json *tables = json_get(run->state->root, "tables");
    struct report *report = report_new(headings, 3);
    const struct json *item;
    int64_t since = since_sync_ms(run->state);
    char text[32];

    for (item = json_first(tables); item; item = json_next(item)) {
        int64_t rows = json_int(item, "rows", -1);
        const char *cells[] = {json_key(item), rows < 0 ? "unknown" : report_count(rows, text),
                               is_left_out(run, json_key(item)) ? "unknown, not merged: left out"
                                                                : "unknown"};

        report_row(report, cells);
    }
    printf("The %s was not asked. What it took since the last sync (%s ago) may be stranded "
           "there:\n",
           role_name(run->from), since < 0 ? "an unknown time" : report_duration(since, text));
    report_print(report, stdout, run->cli->color_out);
    report_free(report);
    late_print(run);
    if (run->to == ROLE_SECONDARY)
        printf("It is kept there and merged by dbr-failback, or by the next dbr-sync.\n");
    else
        printf("It will not be merged. Should the secondary return: dbr-export --source=secondary "
               "copies what is\nwanted; dbr-sync --force then makes it equal to the primary, and "
               "keeps what it overwrites or\ndeletes in salvage/ of the state directory.\n");
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static void set_counts(struct json *parent, const struct merge_counts *counts)
{
    static const char *const names[] = {"toPrimary", "toSecondary"};
    enum role role;

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        struct json *side = json_set_object(parent, names[role]);

        json_set_int(side, "inserted", counts->inserted[role]);
        json_set_int(side, "updated", counts->updated[role]);
        json_set_int(side, "deleted", counts->deleted[role]);
    }
    json_set_int(parent, "conflicts", counts->conflicts);
    json_set_int(parent, "kept", counts->kept);
}

static void merge_document(const struct switch_run *run, struct json *document)
{
    struct json *merge = json_set_object(document, "merge");
    struct json *list;
    size_t i;

    set_counts(merge, &run->sum);
    list = json_set_array(merge, "tables");
    for (i = 0; i < run->merged_count; i++) {
        struct json *item = json_add(list, json_object());

        json_set_str(item, "name", run->merged[i].name);
        set_counts(item, &run->merged[i].counts);
    }
}

static void merge_row(struct report *report, const char *name, const struct merge_counts *counts)
{
    char text[7][32];
    const char *cells[] = {name,
                           report_count(counts->inserted[ROLE_PRIMARY], text[0]),
                           report_count(counts->updated[ROLE_PRIMARY], text[1]),
                           report_count(counts->deleted[ROLE_PRIMARY], text[2]),
                           report_count(counts->inserted[ROLE_SECONDARY], text[3]),
                           report_count(counts->updated[ROLE_SECONDARY], text[4]),
                           report_count(counts->deleted[ROLE_SECONDARY], text[5]),
                           report_count(counts->conflicts, text[6])};

    report_row(report, cells);
}

static void merge_print(const struct switch_run *run)
{
    static const char *const headings[] = {"Merge",    ">To primary: new",   ">Changed",
                                           ">Deleted", ">To secondary: new", ">Changed",
                                           ">Deleted", ">Conflicts"};
    struct report *report = report_new(headings, 8);
    size_t i;

    for (i = 0; i < run->merged_count; i++)
        merge_row(report, run->merged[i].name, &run->merged[i].counts);
    merge_row(report, "all tables", &run->sum);
    report_print(report, stdout, run->cli->color_out);
    report_free(report);
    printf("%lld conflicts%s%s\n\n", (long long)run->sum.conflicts, run->sum.conflicts ? ": " : "",
           run->sum.conflicts ? merge_losers(run->sum.conflicts, run->sum.equal) : "");
}

static void fill_document(struct switch_run *run, bool dry_run)
{
    struct json *document = run->cli->document;
    struct json *databases;
    struct json *list;
    enum role role;
    size_t i;

    outcome_report(&run->outcome, run->cli, OUTCOME_SYNC);
    json_set_str(document, "activeDatabase", role_name(state_active(run->state)));
    json_set_str(document, "operation", switch_op_name(run->journal.op));
    json_set_str(document, "kind", run->journal.forced ? "forced" : "planned");
    json_set_bool(document, "dryRun", dry_run);
    if (run->merge_done) {
        merge_document(run, document);
        json_set_int(document, "conflicts", run->sum.conflicts);
    }
    if (run->pointed_ms >= 0)
        json_set_int(document, "pointerMovedMs", run->pointed_ms);
    databases = json_set_object(document, "databases");
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        struct json *item = json_set_object(databases, role_name(role));

        set_side(item, "before", &run->before[role]);
        if (!dry_run)
            set_side(item, "after", &run->after[role]);
    }
    list = json_set_array(document, "failedTargets");
    for (i = 0; i < run->failed.count; i++)
        json_add_str(list, run->failed.items[i]);
    if (run->journal.forced)
        stranded_document(run, document);
}

static void tell(struct switch_run *run, const char *text)
{
    log_warn("%s", text);
    if (run->cli->common.json)
        strlist_add(&run->outcome.warnings, text);
}

/* The application has written to these tables, and will miss its rows. */
static void tell_left_out(struct switch_run *run)
{
    const struct model *model = &run->models[run->from];
    struct strlist names = STRLIST_INIT;
    struct buf text = BUF_INIT;
    size_t i;

    for (i = 0; i < model->table_count; i++)
        if (model->tables[i].excluded && !model->tables[i].partition)
            strlist_add(&names, model->tables[i].name);
    if (names.count > 0) {
        buf_adds(&text, "the configuration leaves out ");
        drift_add_names(&text, &names, 10);
        buf_addf(&text, ": rows that the %s holds there stay there, and are not on the %s",
                 role_name(run->from), role_name(run->to));
        tell(run, text.data);
    }
    buf_release(&text);
    strlist_release(&names);
}

void switch_tell_drift(struct switch_run *run)
{
    struct drift drift;
    char *text;

    if (run->drift_told)
        return;
    run->drift_told = true;
    drift_find(&drift, &run->models[run->from], &run->models[run->to],
               conn_engine(run->control[run->to]));
    text = drift_text(&drift, run->from, run->to,
                      run->from == ROLE_SECONDARY && journal_merge(run->state) != NULL);
    if (text)
        tell(run, text);
    tell_left_out(run);
    free(text);
    drift_release(&drift);
}

/* dbr brings rows over, not what a view was filled with. */
static void note_views(struct switch_run *run)
{
    const struct model *model = &run->models[run->to];
    struct buf names = BUF_INIT;
    size_t i;

    for (i = 0; i < model->object_count; i++)
        if (model->objects[i].kind == OBJECT_MATERIALIZED_VIEW && model->objects[i].populated)
            buf_addf(&names, "%s%s", names.len ? ", " : "", model->objects[i].plain);
    if (names.len)
        strlist_addf(&run->outcome.warnings,
                     "materialized views are as old as their last refresh on the %s: %s; run "
                     "REFRESH MATERIALIZED VIEW there",
                     role_name(run->to), names.data);
    buf_release(&names);
}

void switch_report(struct switch_run *run, bool dry_run)
{
    if (!dry_run)
        note_views(run);
    run->outcome.duration_ms = clock_mono_ms() - run->started_ms;
    if (run->cli->common.json) {
        fill_document(run, dry_run);
        return;
    }
    if (run->cli->common.quiet) {
        outcome_report(&run->outcome, run->cli, OUTCOME_SYNC);
        return;
    }
    print_sides(run, "Before", run->before);
    if (!dry_run)
        print_sides(run, "\nAfter", run->after);
    printf("\n");
    if (run->merge_done)
        merge_print(run);
    outcome_report(&run->outcome, run->cli, OUTCOME_SYNC);
    if (run->journal.forced)
        stranded_print(run);
}
