/* The rows of a switch: the merge, the sync while the application still writes, and the last one
 * behind the fence. */
#include "ops/switch_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "repl/base.h"
#include "repl/crash.h"
#include "repl/drift.h"
#include "repl/merge_run.h"
#include "repl/moment.h"
#include "repl/probe.h"
#include "repl/reconcile.h"
#include "state/breaker.h"

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

/* What only the database that takes over has may be a migration that has yet to reach the other
 * one: --update would undo it. */
static bool hint_schema(const struct switch_run *run, const struct pairing *pair, struct err *err)
{
    if (pair->needs_force)
        return err_hint(err,
                        "if a migration ran on the %s only, run it on the %s as well, then dbr-%s "
                        "again; dbr-init-secondary --update --force would undo it, and is for what "
                        "was dropped or retyped on the %s on purpose",
                        role_name(run->to), role_name(run->from), switch_op_name(run->journal.op),
                        role_name(run->from));
    return err_hint(err,
                    "run dbr-init-secondary --update, or dbr-%s --force to switch without the last "
                    "changes",
                    switch_op_name(run->journal.op));
}

/* A forced failover leaves both where they are, and the merge that follows it keeps them. */
static bool hint_unmerged(const struct switch_run *run, struct err *err)
{
    return err_hint(err,
                    "%sdbr-sync --force lets the %s's rows win there and keeps the %s's in "
                    "salvage/",
                    run->to == ROLE_SECONDARY
                        ? "dbr-failover --force keeps what the secondary has and merges the "
                          "primary's rows at the failback; "
                        : "",
                    role_name(run->from), role_name(run->to));
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
        if (pair->hold == HOLD_UNMERGED)
            return hint_unmerged(run, err);
        if (pair->hold == HOLD_SCHEMA)
            return hint_schema(run, pair, err);
        return err_hint(err, pair->hold == HOLD_GUARD
                                 ? "if these deletes are meant, run dbr-sync --force first"
                                 : "run dbr-sync to see what is wrong, and mend it first");
    }
    if (found->pairs.strays.count) {
        err_set(err, ERR_REFUSED, "%s is on the %s but not on the active database any more",
                found->pairs.strays.items[0], role_name(run->to));
        return err_hint(err,
                        "if a migration made it on the %s only, run it on the %s as well; if it "
                        "was dropped there on purpose, dbr-init-secondary --update --force follows",
                        role_name(run->to), role_name(run->from));
    }
    return reconcile_check_gone(found, run->state, err);
}

/* What the standby holds from now on is known as of this sync. */
static bool remember(struct switch_run *run, const struct reconciliation *found, struct err *err)
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
    json_set_int(sync, "conflicts", run->sum.conflicts);
    json_set_int(sync, "conflictsEqual", run->sum.equal);
    session_remember(&found->session, run->state);
    tables = state_part(run->state, "tables");
    for (i = 0; i < found->pairs.count; i++) {
        struct json *table = json_get(tables, found->pairs.items[i].name);

        if (!pairing_active(&found->pairs.items[i]))
            continue;
        if (!table)
            table = json_set_object(tables, found->pairs.items[i].name);
        journal_set_left_out(run->state, found->pairs.items[i].name, false);
        journal_set_unmerged(run->state, found->pairs.items[i].name, false);
        json_set_str(table, "source", role_name(run->from));
        json_set_str(table, "watermark", found->session.watermark);
        json_set_str(table, "lastFingerprint", now);
        json_set_int(table, "rows", found->all.items[i].rows[SOURCE]);
        crash_remember(table, &found->session);
    }
    if (state_update_failure(run->state) &&
        drift_none(&found->session.models[SOURCE], &found->session.models[TARGET],
                   conn_engine(found->session.conns[TARGET])))
        state_forget_update_failure(run->state);
    breaker_close_all(run->state);
    return state_commit(run->state, err);
}

/* final: behind the fence. A plan (neither) is guarded as what it plans will be. */
static bool reconcile_once(struct switch_run *run, bool write, bool final,
                           struct reconciliation *found, struct err *err)
{
    struct reconcile_options how = {
        .source = run->from,
        .write = write,
        .compare_only = !write && final,
        .every_table = true,
        .latest = final,
        .tables = &every_table,
        .lent = run->control[0] && run->control[1] ? run->control : NULL,
        .batch_rows = run->config->batch_size,
        .program = switch_op_name(run->journal.op),
    };

    return reconcile(found, run->config, run->state, &how, err);
}

/* Behind the fence nothing changes any more: now the two must be equal. */
static bool prove_equal(struct switch_run *run, struct err *err)
{
    struct reconciliation found;

    if (!reconcile_once(run, false, true, &found, err))
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

static bool note_proof(struct switch_run *run, struct err *err)
{
    char now[CLOCK_TEXT_SIZE];
    struct json *last;

    if (!state_begin(run->state, err))
        return false;
    last = json_set_object(state_part(run->state, "sync"), "lastVerification");
    json_set_str(last, "time", clock_format(clock_now_us(), now));
    json_set_bool(last, "ok", true);
    return state_commit(run->state, err);
}

bool switch_sync(struct switch_run *run, bool final, struct err *err)
{
    struct reconciliation found;
    bool applied;
    bool ok;

    if (!reconcile_once(run, true, final, &found, err))
        return false;
    applied = found.applied;
    ok = check_whole(run, &found, err);
    if (ok) {
        collect(run, &found, final);
        ok = remember(run, &found, err);
    }
    /* The connections are lent: only now has their snapshot ended. */
    reconcile_release(&found);
    if (!ok || !final)
        return ok;
    /* Nothing to apply: that very comparison was the proof. */
    return (!applied || prove_equal(run, err)) && note_proof(run, err);
}

bool switch_plan(struct switch_run *run, struct err *err)
{
    struct reconciliation found;
    bool ok;

    if (run->merge_done)
        return true;
    if (!reconcile_once(run, false, false, &found, err))
        return false;
    ok = check_whole(run, &found, err);
    collect(run, &found, false);
    reconcile_release(&found);
    return ok;
}

/* --- the merge ----------------------------------------------------------------------------------
 */

/* By times of two servers who wins can only be said when their clocks agree. */
static bool measure_skew(struct switch_run *run, struct err *err)
{
    struct probe probes[2];
    bool ok;

    if (run->skew_known)
        return true;
    ok = switch_probe(run, probes, err);
    if (ok && probes[0].connected && probes[1].connected)
        switch_note_skew(run, probes);
    probe_release(&probes[0]);
    probe_release(&probes[1]);
    return ok;
}

void switch_note_skew(struct switch_run *run, const struct probe *probes)
{
    run->skew_known = true;
    run->skew_ms = llabs(probes[0].clock_skew_ms - probes[1].clock_skew_ms);
}

static void collect_merge(struct switch_run *run, const struct reconciliation *found,
                          const struct merge *merge)
{
    size_t i;

    run->merge_done = true;
    run->sum = merge_totals(merge);
    run->merged = mem_array(NULL, merge->count + 1, sizeof(*run->merged));
    run->merged_count = merge->count;
    for (i = 0; i < merge->count; i++) {
        run->merged[i].name = mem_strdup(found->pairs.items[i].name);
        run->merged[i].counts = merge->counts[i];
    }
}

/* Tables that the configuration left out are not taken for merged by a sync without it. */
static void note_left_out(struct switch_run *run, const struct reconciliation *found)
{
    const struct model *primary = &found->session.models[SOURCE];
    struct buf names = BUF_INIT;
    size_t i;

    for (i = 0; i < primary->table_count; i++) {
        const struct model_table *table = &primary->tables[i];

        if (table->partition && model_table(primary, table->parent))
            continue;
        journal_set_left_out(run->state, table->name, table->excluded);
        if (!table->excluded)
            journal_set_unmerged(run->state, table->name, false);
        if (table->excluded)
            buf_addf(&names, "%s%s", names.len ? ", " : "", table->name);
    }
    if (names.len)
        log_warn("the configuration left out of the merge: %s; where the primary holds rows of its "
                 "own there, they stay where they are until dbr-sync --force overwrites them",
                 names.data);
    buf_release(&names);
}

/* From here on the active wins everywhere: whoever reads it next, through whichever node, is to
 * find what the merge has written. */
static bool note_merged(struct switch_run *run, struct reconciliation *found,
                        const struct merge *merge, struct err *err)
{
    struct err why = ERR_INIT;

    if (!state_begin(run->state, err))
        return false;
    journal_set_merge(run->state, NULL);
    note_left_out(run, found);
    if (!state_commit(run->state, err))
        return false;
    if (conn_kind(found->session.conns[TARGET]) == ENGINE_COCKROACH)
        clock_sleep_ms(MOMENT_SLACK_MS);
    /* What is left of the base harms nobody: the next failover replaces it. */
    if (!session_settle(&found->session, &why) ||
        !base_drop(found->session.conns[TARGET], &merge->base, &why))
        log_warn("the base of the merge stays in _dbr: %s", why.message);
    return true;
}

bool switch_merge(struct switch_run *run, bool plan, struct err *err)
{
    const char *base = journal_merge(run->state);
    struct merge_options how = {
        .run = base, .write = !plan, .force = run->force, .skew_ms = -1, .program = "merge"};
    struct reconciliation found;
    struct merge merge;
    bool already;
    bool ok;

    if (!base || run->from != ROLE_SECONDARY)
        return true;
    if (!measure_skew(run, err))
        return false;
    if (run->skew_known)
        how.skew_ms = run->skew_ms;
    ok = merge_run(&found, &merge, &already, run->config, run->state, &how, err);
    if (ok && !already)
        collect_merge(run, &found, &merge);
    if (ok && !plan)
        ok = note_merged(run, &found, &merge, err);
    reconcile_release(&found);
    merge_release(&merge);
    return ok;
}
