/* What dbr-sync leaves behind: watermarks and the outcome in the state, lines in the events. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ops/sync_run.h"
#include "repl/crash.h"
#include "repl/drift.h"
#include "repl/merge.h"
#include "state/breaker.h"
#include "state/events.h"
#include "state/journal.h"

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
    journal_set_left_out(&run->state, pair->name, false);
    journal_set_unmerged(&run->state, pair->name, false);
    json_set_str(table, "lastFingerprint", now);
    json_set_int(table, "rows", c->rows[SOURCE]);
    crash_remember(table, &run->found.session);
}

/* A migration was run on the other side by hand since. */
static void forget_update_failure(struct sync_run *run)
{
    const struct session *session = &run->found.session;

    if (state_update_failure(&run->state) &&
        drift_none(&session->models[SOURCE], &session->models[TARGET],
                   conn_engine(session->conns[TARGET])))
        state_forget_update_failure(&run->state);
}

/* What is known of tables that are gone would be taken for what is known of the pair. */
static void forget_tables(const struct sync_run *run, struct json *tables)
{
    struct json *next;
    for (struct json *table = json_first(tables); table; table = next) {
        bool there = false;
        next = json_next(table);
        for (size_t i = 0; i < run->found.pairs.count && !there; i++)
            there = strcmp(run->found.pairs.items[i].name, json_key(table)) == 0;
        if (!there)
            json_remove(tables, json_key(table));
    }
}

static void remember_sync(struct sync_run *run, const char *now, const struct err *trouble)
{
    struct json *sync = state_part(&run->state, "sync");
    struct totals sum = outcome_totals(&run->outcome);

    json_set_str(sync, "lastRun", now);
    /* That a part is in step says nothing of what is wrong with the rest. */
    if (sync_is_selection(run) && trouble->code == ERR_NONE)
        return;
    json_set_int(sync, "durationMs", run->outcome.duration_ms);
    json_set_str(sync, "error", trouble->code == ERR_NONE ? NULL : trouble->message);
    json_set_str(sync, "status",
                 trouble->code == ERR_NONE ? "healthy" : err_code_name(trouble->code));
    if (sync_writes(run->options)) {
        json_set_int(sync, "recordsSynced", sum.records);
        json_set_int(sync, "conflicts", sum.conflicts);
        json_set_int(sync, "conflictsEqual", run->outcome.merged_equal);
        json_set_int(sync, "totalRecords", json_int(sync, "totalRecords", 0) + sum.records);
        json_set_int(sync, "totalConflicts", json_int(sync, "totalConflicts", 0) + sum.conflicts);
        if (sync_is_complete(run) && trouble->code == ERR_NONE)
            json_set_str(sync, "lastSync", now);
    }
    if (run->options->tables.count == 0 && (run->options->verify || run->repaired)) {
        struct json *last = json_set_object(sync, "lastVerification");

        json_set_str(last, "time", now);
        json_set_bool(last, "ok", trouble->code == ERR_NONE);
    }
}

bool sync_remember(struct sync_run *run, const struct err *trouble, struct err *err)
{
    char now[CLOCK_TEXT_SIZE];
    struct json *tables;
    struct json *health;
    size_t i;

    if (run->options->dry_run)
        return true;
    clock_format(clock_now_us(), now);
    if (!state_begin(&run->state, err))
        return false;
    session_remember(&run->found.session, &run->state);
    tables = state_part(&run->state, "tables");
    for (i = 0; i < run->found.pairs.count && sync_writes(run->options); i++)
        remember_table(run, tables, i, now);
    if (trouble->code == ERR_NONE && sync_writes(run->options) && sync_is_complete(run)) {
        forget_tables(run, tables);
        forget_tables(run, json_get(run->state.root, "unmerged"));
    }
    remember_sync(run, now, trouble);
    forget_update_failure(run);
    if (sync_writes(run->options))
        journal_set_fence_trouble(&run->state, run->found.session.roles[TARGET],
                                  run->fence_trouble);
    /* Until the next check looks itself. */
    health =
        json_get(state_part(&run->state, "health"), role_name(run->found.session.roles[TARGET]));
    if (run->fenced && json_is_object(health))
        json_set_bool(health, "readOnly", true);
    breaker_close_all(&run->state);
    return state_commit(&run->state, err);
}

void sync_remember_failure(struct sync_run *run, const struct err *err)
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

void sync_write_events(struct sync_run *run, const struct err *trouble)
{
    struct totals sum = outcome_totals(&run->outcome);
    struct json *extra;
    char *text;

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
        text = mem_printf("rows were changed on both sides: %s",
                          merge_losers(sum.conflicts, run->outcome.merged_equal));
        events_write(&run->state, "conflict", NULL, text, extra);
        free(text);
    }
}
