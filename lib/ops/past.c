/* Finishing, undoing, paying. */
#include "ops/past.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "ops/transition.h"
#include "repl/base.h"
#include "repl/position.h"
#include "repl/weather.h"
#include "state/events.h"
#include "state/remains.h"

bool past_is_open(const struct state *state)
{
    struct journal journal;

    return journal_read(state, &journal) || journal_debt(state, ROLE_PRIMARY) ||
           journal_debt(state, ROLE_SECONDARY) || remains_any(state);
}

/* --- a switch that was left ---------------------------------------------------------------------
 */

/* It may have been opened. */
static bool owe_target(struct switch_run *run, struct err *err)
{
    if (!state_begin(run->state, err))
        return false;
    journal_set_debt(run->state, run->to, true);
    journal_learn_epoch(run->state, run->journal.epoch);
    return state_commit(run->state, err);
}

/* *forward: whether the switch took hold. */
static bool find_way(struct switch_run *run, bool *forward, struct err *err)
{
    const struct transition *t = transition_of(run->journal.forced, run->journal.step);

    *forward = t->way == WAY_FORWARD && !run->journal.undoing;
    if (t->way != WAY_LOOK || run->journal.undoing)
        return true;
    if (switch_look_at_mark(run, err)) {
        *forward = run->marked;
        return true;
    }
    /* The one that serves now is not fenced, nor its switch taken for one of ours. */
    if (switch_told_overtaken(run)) {
        err_clear(err);
        return true;
    }
    /* Nobody was pointed at the new side yet, and it is away or another one: the old one serves on,
     * when it can. Whether the new side was opened is seen to when it is back. Only where the old
     * side was never fenced, that can wait. */
    if (err->code == ERR_STOPPED || (run->journal.forced && !run->journal.from_fenced))
        return false;
    log_warn("%s", err->message);
    err_clear(err);
    return !run->journal.forced || owe_target(run, err);
}

static bool resume(struct switch_run *run, struct err *err)
{
    const char *op = switch_op_name(run->journal.op);
    bool forward;

    if (!find_way(run, &forward, err))
        return err_prefix(err, "a %s that was begun at %s is not complete", op,
                          run->journal.started);
    log_warn("a %s that was begun at %s stopped at step %s: %s", op, run->journal.started,
             switch_step_name(run->journal.step), forward ? "finishing it" : "undoing it");
    if (forward)
        return switch_walk(run, err);
    if (!switch_undo(run, err))
        return err_prefix(err, "undoing a %s that was begun at %s", op, run->journal.started);
    events_write(run->state, "error", op,
                 run->overtaken
                     ? "an interrupted switch was given up: another state directory has switched"
                     : "an interrupted switch was undone",
                 NULL);
    return true;
}

bool past_resume(struct cli *cli, const struct config *config, struct state *state, struct err *err)
{
    struct switch_run run;
    bool ok = true;
    size_t i;

    switch_init(&run, cli, config, state);
    if (journal_read(state, &run.journal)) {
        run.to = switch_target(run.journal.op);
        run.from = role_other(run.to);
        ok = resume(&run, err);
        for (i = 0; i < run.failed.count; i++)
            log_warn("%s", run.failed.items[i]);
    }
    switch_release(&run);
    return ok;
}

/* --- fences that are owed -----------------------------------------------------------------------
 */

static bool fence_now(struct switch_run *run, enum role role, struct err *err)
{
    const bool wanted[2] = {role == ROLE_PRIMARY, role == ROLE_SECONDARY};

    return switch_connect(run, wanted, run->config->health_timeout_ms, err) &&
           switch_end_own(run, role, err) && switch_fence(run, role, err);
}

/* The other database serves already: half a fence is better than none. *soft, malloced: what it
 * lacks. */
static bool fence_as_far(struct switch_run *run, enum role role, char **soft, struct err *err)
{
    if (fence_now(run, role, err))
        return true;
    if (!run->config->fence_role || run->role_missing || strcmp(err->sqlstate, "42501") != 0)
        return false;
    *soft = mem_printf("%s (DB_FENCE_ROLE) cannot be barred from the %s, which is fenced without "
                       "that: the application may still write there if it overrides "
                       "default_transaction_read_only: %s",
                       run->config->fence_role, role_name(role), err->message);
    log_warn("%s", *soft);
    err_clear(err);
    run->role_missing = true;
    switch_disconnect(run); /* the failed transaction with it */
    return fence_now(run, role, err);
}

static void tell_older(const struct state *state, enum role role)
{
    struct buf text = BUF_INIT;

    position_tell(&text, role);
    events_write(state, "health", NULL, text.data, NULL);
    buf_release(&text);
}

static bool pay(struct switch_run *run, enum role role, struct err *err)
{
    char *soft = NULL;
    bool ok = fence_as_far(run, role, &soft, err) && state_begin(run->state, err);
    bool older = false;

    if (ok) {
        older = position_note(run->state, role, &run->looks[role]);
        journal_set_debt(run->state, role, false);
        journal_set_fence_trouble(run->state, role, soft);
    }
    free(soft);
    if (!ok || !state_commit(run->state, err))
        return false;
    log_warn("the %s is back and has been fenced: it takes no writes beside the %s",
             role_name(role), role_name(state_active(run->state)));
    if (older)
        tell_older(run->state, role);
    return true;
}

bool past_pay(struct cli *cli, const struct config *config, struct state *state, enum role role,
              struct err *err)
{
    struct switch_run run;
    bool ok = true;

    /* The active database owes nothing, whatever the state says. */
    if (!journal_debt(state, role) || state_active(state) == role)
        return true;
    switch_init(&run, cli, config, state);
    ok = pay(&run, role, err);
    switch_release(&run);
    return ok || err_prefix(err, "the fence of the %s is owed", role_name(role));
}

void past_mend(struct cli *cli, const struct config *config, struct state *state)
{
    enum role role = state_active(state);
    const bool wanted[2] = {role == ROLE_PRIMARY, role == ROLE_SECONDARY};
    struct switch_run run;
    struct err why = ERR_INIT;

    if (!remains_any(state))
        return;
    switch_init(&run, cli, config, state);
    if (switch_connect(&run, wanted, config->health_timeout_ms, &why))
        switch_mend(&run, role);
    else
        log_warn("%s", why.message);
    switch_release(&run);
}

/* The report of the sync that follows shows its own conflicts only. */
static void warn_of_conflicts(const struct switch_run *run, struct outcome *outcome)
{
    struct buf text = BUF_INIT;
    size_t i;

    for (i = 0; i < run->merged_count; i++)
        if (run->merged[i].counts.conflicts)
            buf_addf(&text, "%s%s %lld", text.len ? ", " : "", run->merged[i].name,
                     (long long)run->merged[i].counts.conflicts);
    strlist_addf(&outcome->warnings, "rows were changed on both sides (%s): %s", text.data,
                 merge_losers(run->sum.conflicts, run->sum.equal));
    outcome->merged_conflicts += run->sum.conflicts;
    outcome->merged_equal += run->sum.equal;
    buf_release(&text);
}

bool past_merge(struct cli *cli, const struct config *config, struct state *state, bool force,
                struct outcome *outcome, struct err *err)
{
    struct switch_run run;
    bool ok;

    if (!journal_merge(state) || state_active(state) != ROLE_SECONDARY)
        return true;
    switch_init(&run, cli, config, state);
    run.from = ROLE_SECONDARY;
    run.to = ROLE_PRIMARY;
    run.force = force;
    ok = switch_merge(&run, false, err);
    if (ok && run.merge_done)
        strlist_addf(&outcome->warnings,
                     "what the primary held since the failover was merged into the secondary: "
                     "%lld new, %lld changed, %lld deleted, %lld conflicts",
                     (long long)run.sum.inserted[ROLE_SECONDARY],
                     (long long)run.sum.updated[ROLE_SECONDARY],
                     (long long)run.sum.deleted[ROLE_SECONDARY], (long long)run.sum.conflicts);
    if (ok && run.merge_done && run.sum.conflicts)
        warn_of_conflicts(&run, outcome);
    switch_release(&run);
    if (ok)
        past_mend(cli, config, state);
    return ok || err_prefix(err, "merging the primary into the secondary");
}

/* --- a state that was written by hand -----------------------------------------------------------
 */

static const char newest_switch[] =
    "SELECT id FROM _dbr.switches ORDER BY epoch DESC, id DESC LIMIT 1";

struct finding {
    struct conn *secondary;
    char *id; /* of the failover that froze the base which is still to be merged, or NULL */
};

static bool find_base(void *context, struct err *err)
{
    struct finding *finding = context;
    struct base base;
    char *newest = NULL;
    bool ok;

    if (!base_read(finding->secondary, &base, err))
        return false;
    ok = pipeline_end(finding->secondary, err);
    if (ok && base.found && !base.merged_at)
        ok = query_value(finding->secondary, newest_switch, 0, NULL, &newest, err);
    if (ok && newest && strcmp(newest, base.run) == 0)
        finding->id = mem_strdup(base.run);
    else if (ok && newest)
        log_warn("the secondary holds the base of failover %s, which is not the last switch (%s): "
                 "what it was for is not merged by it",
                 base.run, newest);
    free(newest);
    base_release(&base);
    return ok;
}

/* *id: malloced, or NULL. */
static bool ask_secondary(struct cli *cli, const struct config *config, struct state *state,
                          char **id, struct err *err)
{
    const bool wanted[2] = {[ROLE_SECONDARY] = true};
    struct finding finding = {NULL, NULL};
    struct switch_run run;
    bool ok;

    switch_init(&run, cli, config, state);
    ok = switch_connect(&run, wanted, config->health_timeout_ms, err);
    finding.secondary = run.control[ROLE_SECONDARY];
    ok = ok && weather_pass(finding.secondary, find_base, &finding, err);
    *id = finding.id;
    switch_release(&run);
    return ok || err_prefix(err, "looking for a merge that is due");
}

static bool note_base(struct state *state, const char *id, struct err *err)
{
    if (!state_begin(state, err))
        return false;
    journal_set_base_looked(state);
    if (id)
        journal_set_merge(state, id);
    if (!state_commit(state, err))
        return false;
    if (id)
        log_warn("the state did not know that the primary is still to be merged; the secondary "
                 "does, since failover %s",
                 id);
    return true;
}

bool past_learn(struct cli *cli, const struct config *config, struct state *state, struct err *err)
{
    char *id = NULL;
    bool ok = !journal_merge_unknown(state) ||
              (ask_secondary(cli, config, state, &id, err) && note_base(state, id, err));

    free(id);
    return ok;
}

bool past_is_merge_due(struct cli *cli, const struct config *config, struct state *state, bool *due,
                       struct err *err)
{
    char *id = NULL;
    bool ok = !journal_merge_unknown(state) || ask_secondary(cli, config, state, &id, err);

    *due = id || (journal_merge(state) && state_active(state) == ROLE_SECONDARY);
    free(id);
    return ok;
}

bool past_settle(struct cli *cli, const struct config *config, struct state *state, struct err *err)
{
    if (!past_resume(cli, config, state, err))
        return false;
    past_mend(cli, config, state);
    return past_learn(cli, config, state, err) && past_pay(cli, config, state, ROLE_PRIMARY, err) &&
           past_pay(cli, config, state, ROLE_SECONDARY, err);
}
