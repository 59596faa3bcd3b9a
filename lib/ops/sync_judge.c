/* What dbr-sync ends with although it did what it could: differences, and what was left as it is.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ops/sync_run.h"
#include "state/journal.h"

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

bool sync_is_selection(const struct sync_run *run)
{
    return run->options->tables.count > 0;
}

/* Nothing of what was asked for was left out. Strays are nobody's selection. */
static bool is_whole(const struct sync_run *run)
{
    return count_holds(run, HOLD_NONE) == 0 &&
           (sync_is_selection(run) || run->found.pairs.strays.count == 0);
}

bool sync_is_complete(const struct sync_run *run)
{
    return !sync_is_selection(run) && is_whole(run);
}

/* "a, b, c and 4 more". */
struct name_list {
    struct buf text;
    size_t count;
};

static void add_name(struct name_list *list, const char *name)
{
    if (list->count++ < 5)
        buf_addf(&list->text, "%s%s", list->count > 1 ? ", " : "", name);
}

static char *end_names(struct name_list *list)
{
    if (list->count > 5)
        buf_addf(&list->text, " and %zu more", list->count - 5);
    return buf_detach(&list->text);
}

/* Of the tables with a hold of that kind (HOLD_NONE: any). */
static char *name_holds(const struct sync_run *run, enum hold_kind kind)
{
    struct name_list names = {BUF_INIT, 0};
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++) {
        const struct pairing *pair = &run->found.pairs.items[i];

        if (pair->selected && pair->hold != HOLD_NONE && (kind == HOLD_NONE || pair->hold == kind))
            add_name(&names, pair->name);
    }
    return end_names(&names);
}

/* Of all that keeps the databases from being equal: tables that differ or could not be compared,
 * those that are on the standby only, and the sequences. */
static char *name_differences(const struct sync_run *run)
{
    struct name_list names = {BUF_INIT, 0};
    size_t i;

    for (i = 0; i < run->found.pairs.count; i++) {
        const struct pairing *pair = &run->found.pairs.items[i];

        if ((pair->selected && pair->hold != HOLD_NONE) ||
            (pairing_active(pair) && !run->found.all.items[i].equal))
            add_name(&names, pair->name);
    }
    if (!sync_is_selection(run)) {
        for (i = 0; i < run->found.pairs.strays.count; i++)
            add_name(&names, run->found.pairs.strays.items[i]);
        if (run->found.sequences)
            add_name(&names, "sequences");
    }
    return end_names(&names);
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
    return reconcile_equal(&run->found) && (sync_is_selection(run) || run->found.sequences == 0);
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

static void add_hint(struct buf *hint, const char *text)
{
    buf_addf(hint, "%s%s", hint->len ? "; " : "", text);
}

/* What to do about tables that were left as they are. */
static void hint_holds(const struct sync_run *run, struct err *trouble)
{
    struct buf hint = BUF_INIT;

    if (count_holds(run, HOLD_SCHEMA))
        buf_adds(&hint, needs_force(run)
                            ? "if a migration ran on the standby only, run it on the active "
                              "database as well; of one that ran on the active database "
                              "dbr-init-secondary --update follows what it added, and with --force "
                              "what it dropped or retyped; then dbr-sync again"
                            : "run dbr-init-secondary --update to follow the schema changes, then "
                              "dbr-sync again");
    if (count_holds(run, HOLD_GUARD))
        add_hint(&hint, "if these deletes are meant, run dbr-sync --force");
    if (count_holds(run, HOLD_UNMERGED))
        add_hint(&hint, "what the standby alone has of them is overwritten by dbr-sync --force "
                        "only, which keeps it in salvage/; rows that you want are copied before "
                        "that, with dbr-export from the standby and dbr-import --upsert");
    err_hint(trouble, "%s", hint.data);
    buf_release(&hint);
}

static void hint_verify(const struct sync_run *run, struct err *trouble)
{
    if (journal_merge(&run->state))
        err_hint(trouble, "what the primary holds since the failover is yet to be merged: "
                          "dbr-failback --dry-run shows what that would do, dbr-sync does it");
    else
        err_hint(trouble,
                 "run dbr-sync --repair to make the standby equal to the active database%s",
                 reconcile_would_guard(&run->found, &run->config)
                     ? ", with --force if so many deletes are meant"
                     : "");
}

void sync_judge(const struct sync_run *run, struct err *trouble)
{
    char *names;

    if (!run->options->force && !reconcile_check_gone(&run->found, &run->state, trouble))
        return;
    if (run->options->verify && !(is_equal(run) && is_whole(run))) {
        names = name_differences(run);
        err_set(trouble, ERR_DIFFERENT, "the databases differ: %s", names);
        free(names);
        hint_verify(run, trouble);
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
                          "active database run dbr-init-secondary --update, which also disables "
                          "triggers and rules of the standby");
    } else if (count_holds(run, HOLD_NONE) == 0) {
        names = mem_strdup(run->found.pairs.strays.items[0]);
        err_set(trouble, ERR_REFUSED,
                "%s is on the standby but not on the active database any more", names);
        err_hint(trouble,
                 "dbr-init-secondary --update --force drops what the active database dropped; what "
                 "was dropped by mistake is brought back first: dbr(7), \"A table was lost\"");
    } else {
        names = name_holds(run, HOLD_NONE);
        err_set(trouble, ERR_REFUSED, "left as they are: %s", names);
        hint_holds(run, trouble);
    }
    free(names);
}
