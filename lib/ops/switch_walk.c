/*
 * Walking the steps of a switch. Each step is in the journal before it begins, so whatever ends a
 * run, the next one knows how far it had come. Until the pointer moves, a failure is undone.
 */
#include "ops/switch_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "db/query.h"
#include "ops/auto.h"
#include "ops/hook.h"
#include "ops/past.h"
#include "ops/pointer.h"
#include "ops/transition.h"
#include "repl/base.h"
#include "state/events.h"

/* --- the state ----------------------------------------------------------------------------------
 */

/* What automation counts begins anew with the switch: neither five good checks before it nor an
 * outage before it may lead to the next one. */
static void reset_counters(struct state *state)
{
    struct json *health = json_get(state->root, "health");
    enum role role;

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        struct json *entry = json_get(health, role_name(role));

        if (!json_is_object(entry))
            continue;
        json_set_int(entry, "consecutiveSuccesses", 0);
        json_set_int(entry, "consecutiveDown", 0);
    }
}

/* What the two hold of these tables may have gone apart, since the application has written to
 * either of them: all of them when the secondary was given up, those that the configuration leaves
 * out after any switch. None is overwritten without a word. */
static void note_unmerged(struct switch_run *run)
{
    const struct model *model = &run->models[run->to];
    bool given_up = run->journal.forced && run->journal.op == SWITCH_FAILBACK;

    for (size_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];

        if (table->partition && model_table(model, table->parent))
            continue;
        if (table->excluded)
            journal_set_left_out(run->state, table->name, true);
        else if (given_up)
            journal_set_unmerged(run->state, table->name, true);
    }
}

static void take_effect(struct switch_run *run)
{
    journal_take_effect(run->state, &run->journal);
    reset_counters(run->state);
    if (run->journal.forced)
        journal_set_debt(run->state, run->from, true);
    journal_set_debt(run->state, run->to, false);
    journal_set_merge(run->state, run->journal.forced && run->journal.op == SWITCH_FAILOVER
                                      ? run->journal.id
                                      : NULL);
    note_unmerged(run);
}

bool switch_enter(struct switch_run *run, enum switch_step step, struct err *err)
{
    if (!state_begin(run->state, err))
        return false;
    run->journal.step = step;
    if (step == STEP_NONE)
        journal_remove(run->state);
    else
        journal_put(run->state, &run->journal);
    /* Recorded before the other side opens: from then on the old one must not take a write. */
    if (step == STEP_OPEN && run->journal.forced)
        journal_set_debt(run->state, run->from, true);
    if (step == STEP_POINT)
        take_effect(run);
    log_debug("%s: step %s", switch_op_name(run->journal.op), switch_step_name(step));
    return state_commit(run->state, err);
}

/* --- the steps ----------------------------------------------------------------------------------
 */

static bool need(struct switch_run *run, enum role role, struct err *err)
{
    const bool wanted[2] = {role == ROLE_PRIMARY, role == ROLE_SECONDARY};

    return switch_connect(run, wanted, 0, err);
}

static bool do_pause(struct switch_run *run, struct err *err)
{
    return pointer_pause(run->config, err);
}

static bool do_fence(struct switch_run *run, struct err *err)
{
    return need(run, run->from, err) && switch_fence(run, run->from, err);
}

static bool do_settle(struct switch_run *run, struct err *err)
{
    return switch_sync(run, true, err);
}

/* What was written to a database whose fence was lifted after the last changes were brought over
 * would be left behind. */
static bool check_from(struct switch_run *run, struct err *err)
{
    bool fenced = false;

    if (run->journal.forced || run->marked || !run->config->fence)
        return true;
    /* One that is gone by now takes no writes, and all that it had is there. */
    if (!switch_still_fenced(run, &fenced, err)) {
        err_clear(err);
        return true;
    }
    if (fenced)
        return true;
    err_set(err, ERR_REFUSED, "the fence of the %s was taken off meanwhile", role_name(run->from));
    return err_hint(err, "another state directory undid a switch of its own, or somebody lifted "
                         "it: run the program again");
}

static bool do_open(struct switch_run *run, struct err *err)
{
    const struct conn *to = run->control[run->to];
    bool lost = to && !conn_alive(to);

    if (!check_from(run, err) || !need(run, run->to, err))
        return false;
    /* A server that was away may have come back as an older copy of itself. Where the other one is
     * gone there is nothing to compare it with. */
    if (lost && run->control[run->from] && !run->journal.forced && !run->marked &&
        !do_settle(run, err))
        return false;
    return switch_open(run, err);
}

void switch_note_followers(struct switch_run *run)
{
    const char *failed = run->failed.count ? run->failed.items[0] : NULL;
    struct err why = ERR_INIT;

    if (!failed && !auto_unfollowed(run->state))
        return;
    if (!state_begin(run->state, &why)) {
        log_warn("%s", why.message);
        return;
    }
    auto_set_unfollowed(run->state, failed);
    if (!state_commit(run->state, &why))
        log_warn("%s", why.message);
}

/* The switch stands whatever happens here: a target that failed is tried again by the next run. */
static bool do_point(struct switch_run *run, struct err *err)
{
    struct err failure = ERR_INIT;

    (void)err;
    if (!pointer_move(run->config, run->to, &run->failed, &failure) && run->failed.count == 0)
        strlist_add(&run->failed, failure.message);
    run->pointed_ms = clock_mono_ms() - run->started_ms;
    switch_note_followers(run);
    return true;
}

static void write_event(const struct switch_run *run, const char *message)
{
    struct totals sum = outcome_totals(&run->outcome);
    struct json *extra = json_object();

    json_set_str(extra, "id", run->journal.id);
    json_set_str(extra, "kind", run->journal.forced ? "forced" : "planned");
    json_set_str(extra, "by", run->journal.automatic ? "auto" : "manual");
    json_set_int(extra, "recordsSynced", sum.records);
    json_set_int(extra, "conflicts", run->sum.conflicts);
    events_write(run->state, switch_op_name(run->journal.op),
                 run->journal.reason[0] ? run->journal.reason : NULL, message, extra);
}

static void note_hook(struct switch_run *run, bool failed)
{
    struct err why = ERR_INIT;

    if (journal_hook_failed(run->state) == failed)
        return;
    if (!state_begin(run->state, &why)) {
        log_warn("%s", why.message);
        return;
    }
    journal_set_hook_failed(run->state, failed);
    if (!state_commit(run->state, &why))
        log_warn("%s", why.message);
}

static void describe(const struct switch_run *run, char *message, size_t size)
{
    (void)snprintf(message, size, "the %s is active now (%s %s)", role_name(run->to),
                   run->journal.forced ? "forced" : "planned", switch_op_name(run->journal.op));
}

void switch_tell(struct switch_run *run)
{
    struct err failure = ERR_INIT;
    char message[160];
    struct hook_event event = {.event = switch_op_name(run->journal.op),
                               .active = run->to,
                               .reason = run->journal.reason,
                               .message = message};
    bool ok;

    describe(run, message, sizeof(message));
    ok = hook_run(run->config, &event, &failure);
    if (!ok)
        strlist_add(&run->failed, failure.message);
    note_hook(run, !ok);
}

static bool do_notify(struct switch_run *run, struct err *err)
{
    struct err why = ERR_INIT;
    char message[160];

    (void)err;
    describe(run, message, sizeof(message));
    write_event(run, message);
    /* One that may be alive takes writes until then, beside the new one. */
    if (run->unasked && !past_pay(run->cli, run->config, run->state, run->from, &why))
        log_debug("%s", why.message);
    /* The mark is there, then one looks; who undoes a switch lifts the fence, then looks for marks:
     * of two runs that meet, one sees the other. */
    if (!run->journal.forced && run->config->fence)
        switch_keep_fenced(run);
    switch_tell(run);
    return true;
}

static bool (*const actions[])(struct switch_run *run, struct err *err) = {
    [STEP_PAUSE] = do_pause, [STEP_FENCE] = do_fence, [STEP_SETTLE] = do_settle,
    [STEP_OPEN] = do_open,   [STEP_POINT] = do_point, [STEP_NOTIFY] = do_notify,
};

/* --- back ---------------------------------------------------------------------------------------
 */

/* The other side was opened, or may have been: it is closed again before the old one serves. */
static bool close_again(struct switch_run *run, struct err *err)
{
    const char *const values[] = {run->journal.id};
    struct err why = ERR_INIT;

    if (switch_look_at_mark(run, &why)) {
        if (!run->marked)
            return true;
        if (switch_fence(run, run->to, &why) &&
            query_run(run->control[run->to], "DELETE FROM _dbr.switches WHERE id = $1::text", 1,
                      values, NULL, &why))
            return true;
    }
    /* Nobody was pointed there yet. What it may have taken all the same is fenced off as soon as
     * it can be reached; its mark is not to look like another machine's. */
    log_warn("%s", why.message);
    if (!state_begin(run->state, err))
        return false;
    journal_set_debt(run->state, run->to, true);
    journal_learn_epoch(run->state, run->journal.epoch);
    return state_commit(run->state, err);
}

/* Clients that cannot be let go now are let go by the next run that moves the pointer; that must
 * not keep the databases from their places. */
static void let_clients_go(struct switch_run *run)
{
    struct err why = ERR_INIT;

    if (pointer_resume(run->config, &why))
        return;
    log_warn("%s", why.message);
    strlist_add(&run->failed, why.message);
    switch_note_followers(run);
}

/* A switch of another state directory has opened the other side: that one serves now, and this one
 * must stay out. */
static bool is_overtaken(struct switch_run *run)
{
    run->overtaken = switch_is_overtaken(run);
    return run->overtaken;
}

static bool undo_planned(struct switch_run *run, struct err *err)
{
    enum switch_step step = run->journal.step;

    if (step >= STEP_FENCE && is_overtaken(run)) {
        let_clients_go(run);
        return true;
    }
    if (step >= STEP_OPEN && !close_again(run, err))
        return false;
    if (step >= STEP_FENCE && !(need(run, run->from, err) && switch_unfence(run, run->from, err))) {
        err_prefix(err, "taking the fence off the %s again", role_name(run->from));
        return err_hint(err,
                        "it may be fenced still, so that the application cannot write: run dbr-%s "
                        "again %s",
                        switch_op_name(run->journal.op),
                        err->code == ERR_UNREACHABLE
                            ? (run->journal.op == SWITCH_FAILOVER
                                   ? "when it answers, or at once to go on without it"
                                   : "when it answers, or with --force to go on without it")
                            : "when that is mended; any run undoes this switch first");
    }
    /* One that did not answer before is not waited for once more: the clients wait, too. */
    if (step >= STEP_FENCE && run->control[run->to] && is_overtaken(run) &&
        !(need(run, run->from, err) && switch_fence(run, run->from, err)))
        return err_prefix(err, "fencing the %s again", role_name(run->from));
    let_clients_go(run);
    return true;
}

/* Until this is written, what is done already could still be finished by the next run. */
static bool note_undoing(struct switch_run *run, struct err *err)
{
    if (run->journal.undoing)
        return true;
    if (!state_begin(run->state, err))
        return false;
    run->journal.undoing = true;
    journal_put(run->state, &run->journal);
    return state_commit(run->state, err);
}

/* A forced switch that did not open the other side leaves what it found: a database that an earlier
 * planned one had fenced is still to be let go. */
static void forget(struct switch_run *run)
{
    bool fenced = run->journal.forced && run->journal.from_fenced;

    if (run->journal.forced)
        journal_set_debt(run->state, run->from, false);
    if (!fenced) {
        journal_remove(run->state);
        return;
    }
    run->journal.forced = run->journal.from_fenced = false;
    run->journal.step = STEP_FENCE;
    run->journal.undoing = true;
    journal_put(run->state, &run->journal);
}

static bool undo(struct switch_run *run, struct err *err)
{
    if (!note_undoing(run, err) || (!run->journal.forced && !undo_planned(run, err)) ||
        !state_begin(run->state, err))
        return false;
    forget(run);
    run->journal.step = STEP_NONE;
    return state_commit(run->state, err);
}

/* Whoever asks the run to stop wants the databases as they were, not half way back. */
bool switch_undo(struct switch_run *run, struct err *err)
{
    bool ok;

    stop_hold();
    /* Whatever broke the step off may have left its connections in the middle of an answer. */
    switch_disconnect(run);
    ok = undo(run, err);
    stop_unhold();
    return ok;
}

/* A step failed: what can be undone is. err keeps the reason. */
static bool fail(struct switch_run *run, const struct transition *t, struct err *err)
{
    struct err trouble = ERR_INIT;
    /* Of a forced switch whose answer was lost the next run must find out what became of it. */
    bool unknown = run->journal.forced && !run->marked && err->code == ERR_UNREACHABLE;

    if (t->way == WAY_FORWARD || unknown ||
        (t->way == WAY_LOOK && run->journal.forced && run->marked)) {
        err_hint(err, "%s%srun dbr-%s again: it goes on where this run stopped", err->hint,
                 err->hint[0] ? "; then " : "", switch_op_name(run->journal.op));
        return err_prefix(err, "%s", t->doing);
    }
    err_prefix(err, "%s", t->doing);
    events_write(run->state, "error", switch_op_name(run->journal.op), err->message, NULL);
    if (switch_undo(run, &trouble)) {
        if (run->overtaken)
            log_warn("the %s was given up: another state directory has made the %s active "
                     "meanwhile, and the %s stays fenced: what was written there since this run "
                     "began is on it alone",
                     switch_op_name(run->journal.op), role_name(run->to), role_name(run->from));
        else
            log_warn("the %s was undone: the %s is active as before",
                     switch_op_name(run->journal.op), role_name(run->from));
        return false;
    }
    log_error("undoing failed as well: %s", trouble.message);
    return err_hint(err, "%s", trouble.hint[0] ? trouble.hint : "run the program again");
}

/* From the opening to the pointer nobody stops on the way: the application waits in between. */
static bool take(struct switch_run *run, const struct transition *t, struct err *err)
{
    bool hold = run->journal.step == STEP_OPEN || run->journal.step == STEP_POINT;
    bool ok;

    if (hold)
        stop_hold();
    ok = actions[run->journal.step](run, err) && switch_enter(run, t->next, err);
    if (hold)
        stop_unhold();
    return ok;
}

bool switch_walk(struct switch_run *run, struct err *err)
{
    while (run->journal.step != STEP_NONE) {
        const struct transition *t = transition_of(run->journal.forced, run->journal.step);

        if (!take(run, t, err))
            return fail(run, t, err);
    }
    return true;
}
