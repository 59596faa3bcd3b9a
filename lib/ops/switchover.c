/*
 * A switch from the wish to the report. The look at both databases decides: planned where both
 * answer, forced where the one to be left does not.
 */
#include "ops/switchover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/progress.h"
#include "ops/past.h"
#include "ops/pointer.h"
#include "ops/preempt.h"
#include "ops/switch_run.h"
#include "ops/switch_wish.h"
#include "ops/transition.h"
#include "repl/probe.h"

/* --- before anything is changed -----------------------------------------------------------------
 */

static bool check_init(const struct state *state, struct err *err)
{
    switch (state_init_status(state)) {
    case INIT_DONE:
        return true;
    case INIT_NONE:
        err_set(err, ERR_REFUSED,
                "the standby has not been initialised: there is nothing to "
                "switch to");
        return err_hint(err,
                        "run dbr-init-secondary first; if it had been initialised, this is not "
                        "its DB_STATE_DIR or user, or the state is lost: see \"The state file "
                        "is lost\" in dbr(7)");
    default:
        err_set(err, ERR_REFUSED,
                "the last dbr-init-secondary did not finish: the standby is not "
                "complete");
        return err_hint(err, "run dbr-init-secondary --resume, or --recreate to start over");
    }
}

static bool check_targets(const struct switch_run *run, const struct wish *wish, struct err *err)
{
    if (pointer_check(run->config, err))
        return true;
    /* The application is out: a target that cannot follow is moved when it has been mended. */
    if (!wish->forced)
        return false;
    log_warn("%s", err->message);
    err_clear(err);
    return true;
}

/* Who is asked is to know what the application will miss there. */
static bool foresee(struct switch_run *run, struct err *err)
{
    const bool both[2] = {true, true};

    if (!switch_connect(run, both, 0, err))
        return false;
    switch_tell_drift(run);
    /* The answer may take its time: the switch itself looks anew. */
    switch_disconnect(run);
    return true;
}

static bool ask(struct switch_run *run, const struct wish *wish, struct err *err)
{
    char question[256];

    if (wish->automatic || wish->options->force)
        return true;
    if (!wish->forced && !run->cli->common.yes && !foresee(run, err))
        return false;
    (void)snprintf(question, sizeof(question), "%s %s: make the %s the active database?",
                   wish->forced ? "forced" : "planned", switch_op_name(wish->op),
                   role_name(run->to));
    return cli_confirm(run->cli, question, err);
}

/* --- the switch ---------------------------------------------------------------------------------
 */

/* What nobody asked for is said under --quiet, too: it is to be in cron's mail. */
static void announce(const struct switch_run *run)
{
    const char *phrase = run->journal.op == SWITCH_FAILOVER
                             ? "INITIATING FAILOVER TO SECONDARY DATABASE"
                             : "INITIATING FAILBACK TO PRIMARY DATABASE";

    if (run->journal.automatic)
        log_error("%s", phrase);
    else
        log_info("%s", phrase);
}

/* While the application still writes: whatever can be brought over beforehand shortens the time
 * behind the fence. */
static bool approach(struct switch_run *run, struct err *err)
{
    const bool both[2] = {true, true};

    if (!past_pay(run->cli, run->config, run->state, run->to, err) ||
        !switch_connect(run, both, 0, err) || !switch_check_fences(run, err))
        return false;
    switch_tell_drift(run);
    announce(run);
    return past_learn(run->cli, run->config, run->state, err) && switch_merge(run, false, err) &&
           switch_sync(run, false, err) &&
           switch_connect(run, both, 0, err); /* what was lost there comes back before the fence */
}

static bool approach_forced(struct switch_run *run, struct err *err)
{
    const bool wanted[2] = {run->to == ROLE_PRIMARY, run->to == ROLE_SECONDARY};

    if (!past_pay(run->cli, run->config, run->state, run->to, err) ||
        !switch_connect(run, wanted, 0, err) || !switch_check_fences(run, err) ||
        !switch_check_rows(run, err))
        return false;
    announce(run);
    return true;
}

static bool perform(struct switch_run *run, const struct wish *wish, struct err *err)
{
    bool from_fenced = run->journal.from_fenced;

    journal_begin(&run->journal, run->state, wish->op, wish->forced, wish->automatic,
                  wish->options->reason);
    run->journal.from_fenced = from_fenced;
    run->unasked = wish->options->force;
    run->started_ms = clock_mono_ms();
    if (!(wish->forced ? approach_forced(run, err) : approach(run, err)))
        return false;
    return switch_enter(run, transition_first(wish->forced), err) && switch_walk(run, err);
}

/* What can be done at once about the database that was left in a hurry. */
static void pay_now(struct switch_run *run)
{
    struct err why = ERR_INIT;

    if (!journal_debt(run->state, run->from))
        return;
    if (!past_pay(run->cli, run->config, run->state, run->from, &why))
        log_warn("the %s is not fenced yet: every later run tries it first", role_name(run->from));
}

static void look_after(struct switch_run *run)
{
    struct probe probes[2];
    struct err ignored = ERR_INIT;

    if (switch_probe(run, probes, &ignored))
        switch_look(run, probes, run->after);
    probe_release(&probes[0]);
    probe_release(&probes[1]);
}

/* The switch stands; whether everything that hangs on it followed decides the exit status. */
static bool conclude(struct switch_run *run, struct err *err)
{
    if (run->failed.count == 0)
        return true;
    err_set(err, ERR_FAILED, "the %s is active, but not everything followed: %s",
            role_name(run->to), run->failed.items[0]);
    /* Not the journal's: where there was nothing to switch it is empty. */
    return err_hint(err, "mend it, then run dbr-fail%s again: it sets right what does not agree",
                    run->to == ROLE_SECONDARY ? "over" : "back");
}

/* --- already there ------------------------------------------------------------------------------
 */

/* Nothing to switch; targets that did not follow, and a fence that is owed, are seen to now. */
static bool converge(struct switch_run *run, struct wish *wish, struct err *err)
{
    struct err failure = ERR_INIT;

    /* A state that has missed a switch would point the application at the wrong database. Where
     * none answers it is believed: nobody can say otherwise. */
    if (!check_init(run->state, err) || !wish_look(run, wish, err) ||
        !wish_check_pair(run, wish, err))
        return false;
    if (!wish->options->dry_run) {
        pay_now(run);
        past_mend(run->cli, run->config, run->state);
    }
    if (!wish->options->dry_run && !pointer_move(run->config, run->to, &run->failed, &failure) &&
        run->failed.count == 0)
        strlist_add(&run->failed, failure.message);
    if (!wish->options->dry_run)
        switch_note_followers(run);
    if (!wish->options->dry_run && journal_hook_failed(run->state) &&
        journal_last(run->state, &run->journal))
        switch_tell(run);
    if (wish->automatic)
        return conclude(run, err);
    if (!run->cli->common.json && !run->cli->common.quiet)
        printf("the %s is the active database already\n", role_name(run->to));
    if (run->cli->common.json) {
        outcome_report(&run->outcome, run->cli, OUTCOME_SYNC);
        json_set_str(run->cli->document, "activeDatabase", role_name(run->to));
        json_set_bool(run->cli->document, "alreadyActive", true);
    }
    return conclude(run, err);
}

/* --- the programs -------------------------------------------------------------------------------
 */

static bool dry_run(struct switch_run *run, struct wish *wish, struct err *err)
{
    bool wanted[2] = {true, true};
    struct journal left;

    if (journal_read(run->state, &left)) {
        err_set(err, ERR_REFUSED, "a %s that was begun at %s is not complete",
                switch_op_name(left.op), left.started);
        return err_hint(err, "the next run of any program finishes or undoes it; plan after that");
    }
    if (!check_init(run->state, err) || !wish_look(run, wish, err) ||
        !wish_decide(run, wish, err) || !check_targets(run, wish, err))
        return false;
    journal_begin(&run->journal, run->state, wish->op, wish->forced, false, wish->options->reason);
    wanted[run->from] = !wish->forced;
    run->unasked = wish->options->force;
    if (!switch_connect(run, wanted, 0, err) || !switch_check_fences(run, err) ||
        (wish->forced && !switch_check_rows(run, err)))
        return false;
    if (!wish->forced)
        switch_tell_drift(run);
    if (!wish->forced && !(switch_merge(run, true, err) && switch_plan(run, err)))
        return false;
    if (!run->cli->common.json && !run->cli->common.quiet)
        printf("%s %s, not carried out\n\n", wish->forced ? "forced" : "planned",
               switch_op_name(wish->op));
    switch_report(run, true);
    return true;
}

static bool perform_and_report(struct switch_run *run, struct wish *wish, struct err *err)
{
    bool ok = perform(run, wish, err);

    if (state_active(run->state) != run->to)
        return false;
    pay_now(run);
    if (!wish->automatic) {
        look_after(run);
        switch_report(run, false);
    }
    return ok && conclude(run, err);
}

/*
 * A switch that was left comes first. One that cannot be undone, since the database that it was to
 * leave is away, is *abandoned* for a forced one, once that has been consented to.
 */
static bool settle_left(struct switch_run *run, const struct wish *wish, bool *abandoned,
                        struct err *err)
{
    struct journal left;

    *abandoned = false;
    if (!journal_read(run->state, &left) || past_resume(run->cli, run->config, run->state, err))
        return true;
    *abandoned = err->code == ERR_UNREACHABLE && wish->op == left.op && !left.forced &&
                 (wish->op == SWITCH_FAILOVER || wish->options->force);
    if (!*abandoned)
        return false;
    log_warn("%s", err->message);
    err_clear(err);
    return true;
}

/* Everything that must hold before the lock is taken, as far as it can be known then. */
static bool prepare(struct switch_run *run, struct wish *wish, struct err *err)
{
    return check_init(run->state, err) && wish_look(run, wish, err) &&
           wish_decide(run, wish, err) && check_targets(run, wish, err) && ask(run, wish, err);
}

static bool lock_now(struct switch_run *run, const struct wish *wish, struct lock *lock,
                     struct err *err)
{
    return preempt_lock(run->cli, run->config, run->state, (int64_t)wish->options->wait_s * 1000,
                        lock, err);
}

static bool run_wish(struct switch_run *run, struct wish *wish, struct lock *lock, struct err *err)
{
    struct journal left;
    bool abandoned = false;
    /* Nobody is asked about what has been begun already; an init that runs is one that holds the
     * lock, not one that has failed. */
    bool early = journal_read(run->state, &left) || state_active(run->state) == run->to ||
                 state_init_status(run->state) == INIT_RUNNING;

    if (early && (!lock_now(run, wish, lock, err) || !settle_left(run, wish, &abandoned, err)))
        return false;
    if (state_active(run->state) == run->to)
        return converge(run, wish, err);
    if (!prepare(run, wish, err))
        return false;
    /* The state may say something else now than when the user was asked. */
    if (!early && (!lock_now(run, wish, lock, err) || !settle_left(run, wish, &abandoned, err)))
        return false;
    if (state_active(run->state) == run->to)
        return converge(run, wish, err);
    if (!wish_still_so(run, wish, err))
        return false;
    if (abandoned && !wish->forced && !past_resume(run->cli, run->config, run->state, err))
        return false;
    /* Its journal replaces the other one in the same breath as the fence is owed. */
    run->journal.from_fenced = abandoned && wish->forced;
    return check_init(run->state, err) && perform_and_report(run, wish, err);
}

static void begin(struct switch_run *run, struct cli *cli, const struct config *config,
                  struct state *state, enum switch_op op)
{
    switch_init(run, cli, config, state);
    run->to = switch_target(op);
    run->from = role_other(run->to);
}

bool ops_switch(struct cli *cli, enum switch_op op, const struct switch_options *options,
                struct err *err)
{
    struct config config;
    struct state state = STATE_INIT;
    struct lock lock = LOCK_INIT;
    struct wish wish = {.op = op, .options = options};
    struct switch_run run;
    bool ok;

    if (options->reason && strlen(options->reason) >= JOURNAL_REASON_SIZE)
        return err_set_hint(err, ERR_USAGE, "shorten the text", "--reason is longer than %d bytes",
                            JOURNAL_REASON_SIZE - 1);
    ok = config_load(&config, cli->common.env_file, cli->common.state_dir, false, err) &&
         config_need_secondary(&config, err) &&
         (options->dry_run ? state_peek(&state, config.state_dir, err)
                           : state_load(&state, config.state_dir, err));
    begin(&run, cli, &config, &state, op);
    if (ok && options->dry_run)
        ok =
            state_active(&state) == run.to ? converge(&run, &wish, err) : dry_run(&run, &wish, err);
    else if (ok)
        ok = run_wish(&run, &wish, &lock, err);
    progress_clear();
    switch_release(&run);
    wish_release(&wish);
    lock_release(&lock);
    state_release(&state);
    config_release(&config);
    return ok;
}

bool switch_automatically(struct cli *cli, const struct config *config, struct state *state,
                          enum switch_op op, const char *reason, struct err *err)
{
    const struct switch_options options = {.reason = reason};
    struct wish wish = {.op = op, .options = &options, .automatic = true};
    struct lock lock = LOCK_INIT;
    struct switch_run run;
    bool ok;

    begin(&run, cli, config, state, op);
    ok = run_wish(&run, &wish, &lock, err);
    switch_release(&run);
    wish_release(&wish);
    lock_release(&lock);
    return ok;
}
