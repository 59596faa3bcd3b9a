/* The rows of a switch: the merge, the sync while the application still writes, and the last one
 * behind the fence. */
#include "ops/switch_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "repl/identity.h"
#include "repl/reconcile.h"

static const struct strlist every_table = STRLIST_INIT;

static void collect(struct switch_run *run, const struct reconciliation *found, bool proven)
{
    size_t i;

    for (i = 0; i < found->pairs.count; i++) {
        const struct pairing *pair = &found->pairs.items[i];
        const struct comparison *c = &found->all.items[i];
        struct table_outcome *t;

        if (!pair->selected)
            continue;
        t = outcome_table(&run->outcome, pair->name);
        if (c->rows[SOURCE] >= 0)
            t->rows = c->rows[SOURCE];
        t->inserted += c->inserts;
        t->updated += c->updates;
        t->deleted += c->deletes;
        t->conflicts += found->conflicts[i];
        t->verified = proven ? VERDICT_EQUAL : VERDICT_NONE;
    }
}

/* A table that cannot follow would be left behind by the switch. */
static bool check_whole(const struct switch_run *run, const struct reconciliation *found,
                        struct err *err)
{
    size_t i;

    for (i = 0; i < found->pairs.count; i++) {
        const struct pairing *pair = &found->pairs.items[i];

        if (!pair->selected ||
            (pair->hold == HOLD_NONE && !(pair->hold_deletes && found->all.items[i].deletes)))
            continue;
        err_set(err, ERR_REFUSED, "the %s cannot take over: %s: %s", role_name(run->to), pair->name,
                pair->why ? pair->why : "deletes wait for another table");
        return err_hint(err, "%s",
                        pair->hold == HOLD_SCHEMA
                            ? "run dbr-init-secondary --update, or dbr-failover --force to switch "
                              "without the last changes"
                        : pair->hold == HOLD_GUARD
                            ? "if these deletes are meant, run dbr-sync --force first"
                            : "run dbr-sync to see what is wrong, and mend it first");
    }
    if (found->pairs.strays.count) {
        err_set(err, ERR_REFUSED, "%s is on the %s but not on the active database any more",
                found->pairs.strays.items[0], role_name(run->to));
        return err_hint(err, "run dbr-init-secondary --update --force, which drops it");
    }
    return true;
}

/* What the standby holds from now on is known as of this sync. */
static bool remember(struct switch_run *run, const struct reconciliation *found, bool proven,
                     struct err *err)
{
    char now[CLOCK_TEXT_SIZE];
    struct totals sum = outcome_totals(&run->outcome);
    struct json *sync;
    struct json *tables;
    size_t i;

    clock_format(clock_now_us(), now);
    if (!state_begin(run->state, err))
        return false;
    sync = state_part(run->state, "sync");
    json_set_str(sync, "lastSync", now);
    json_set_str(sync, "lastRun", now);
    json_set_str(sync, "status", "healthy");
    json_set_str(sync, "error", NULL);
    json_set_int(sync, "recordsSynced", sum.records);
    if (proven) {
        struct json *last = json_set_object(sync, "lastVerification");

        json_set_str(last, "time", now);
        json_set_bool(last, "ok", true);
    }
    tables = state_part(run->state, "tables");
    for (i = 0; i < found->pairs.count; i++) {
        struct json *table = json_get(tables, found->pairs.items[i].name);

        if (!pairing_active(&found->pairs.items[i]))
            continue;
        if (!table)
            table = json_set_object(tables, found->pairs.items[i].name);
        json_set_str(table, "source", role_name(run->from));
        json_set_str(table, "watermark", found->session.watermark);
        json_set_str(table, "lastFingerprint", now);
        json_set_int(table, "rows", found->all.items[i].rows[SOURCE]);
    }
    identity_remember(run->state, found->session.identities);
    return state_commit(run->state, err);
}

static bool reconcile_once(struct switch_run *run, bool write, struct reconciliation *found,
                           struct err *err)
{
    struct reconcile_options how = {
        .source = run->from,
        .write = write,
        .compare_only = !write,
        .every_table = true,
        .tables = &every_table,
        .batch_rows = run->config->batch_size,
        .program = switch_op_name(run->journal.op),
    };

    return reconcile(found, run->config, run->state, &how, err);
}

/* Behind the fence nothing changes any more: now the two must be equal. */
static bool prove_equal(struct switch_run *run, struct err *err)
{
    struct reconciliation found;

    if (!reconcile_once(run, false, &found, err))
        return false;
    bool equal = reconcile_equal(&found) && found.sequences == 0;
    reconcile_release(&found);
    if (equal)
        return true;
    err_set(err, ERR_DIFFERENT, "the databases differ although the %s is fenced",
            role_name(run->from));
    return err_hint(err, "run dbr-sync --verify to see where; something still writes to one of "
                         "them, or a column does not survive the copy");
}

bool switch_sync(struct switch_run *run, bool final, struct err *err)
{
    struct reconciliation found;
    bool proven;
    bool ok;

    if (!reconcile_once(run, true, &found, err))
        return false;
    /* Nothing to apply: this very comparison was the proof. */
    proven = final && !found.applied;
    ok = check_whole(run, &found, err);
    if (ok && final && !proven)
        ok = prove_equal(run, err);
    if (ok) {
        collect(run, &found, final);
        ok = remember(run, &found, final, err);
    }
    reconcile_release(&found);
    return ok;
}

bool switch_plan(struct switch_run *run, struct err *err)
{
    struct reconciliation found;
    bool ok;

    if (!reconcile_once(run, false, &found, err))
        return false;
    ok = check_whole(run, &found, err);
    collect(run, &found, false);
    reconcile_release(&found);
    return ok;
}

bool switch_merge(struct switch_run *run, bool plan, struct err *err)
{
    (void)plan;
    (void)run;
    (void)err;
    return true;
}
