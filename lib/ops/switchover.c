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
#include "ops/transition.h"
#include "ops/witness.h"
#include "repl/identity.h"
#include "repl/probe.h"
#include "repl/switch_mark.h"
#include "state/events.h"

/* One wish, with what was seen. */
struct wish {
    enum switch_op op;
    const struct switch_options *options;
    bool automatic;
    struct probe probes[2]; /* by role */
    bool forced;            /* decided by the look */
};

static void wish_release(struct wish *wish)
{
    probe_release(&wish->probes[ROLE_PRIMARY]);
    probe_release(&wish->probes[ROLE_SECONDARY]);
}

/* --- looking ------------------------------------------------------------------------------------
 */

static bool look(struct switch_run *run, struct wish *wish, struct err *err)
{
    const struct config *config = run->config;
    struct conn_params params[2];
    struct probe probes[2];
    enum role roles[2];
    size_t count = 0;
    size_t i;
    enum role role;
    bool ok;

    memset(probes, 0, sizeof(probes));
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        if (wish->options->force && role == run->from)
            continue;
        params[count] = (struct conn_params){role_name(role), config->urls[role], config->schema,
                                             config->health_timeout_ms, false};
        roles[count++] = role;
    }
    ok = probe_run(params, count, config->health_timeout_ms, probes, err);
    for (i = 0; i < count; i++)
        wish->probes[roles[i]] = probes[i];
    if (!ok)
        return false;
    switch_look(run, wish->probes, run->before);
    if (wish->probes[0].connected && wish->probes[1].connected)
        switch_note_skew(run, wish->probes);
    if (wish->options->force)
        run->before[run->from].known = false;
    return true;
}

static bool both_away(struct switch_run *run, const struct wish *wish, struct err *err)
{
    const struct probe *to = &wish->probes[run->to];

    if (!wish->options->force && !wish->probes[run->from].connected &&
        wish->probes[run->from].failure == CONN_DOWN && to->failure == CONN_DOWN) {
        log_error("both databases offline");
        events_write(run->state, "error", switch_op_name(wish->op), "both databases offline", NULL);
    }
    *err = to->err;
    err->code = ERR_UNREACHABLE;
    err_prefix(err, "the %s cannot take over", role_name(run->to));
    return false;
}

/* The database to be left must be gone for sure before the other one is opened without it. */
static bool decide_failover(struct switch_run *run, struct wish *wish, struct err *err)
{
    const struct probe *from = &wish->probes[run->from];

    wish->forced = wish->options->force || !from->connected;
    if (!wish->forced && wish->automatic) {
        err_set(err, ERR_REFUSED, "the primary answers again");
        return err_hint(err, "nothing is to be done");
    }
    if (!wish->forced)
        return true;
    if (!wish->options->force && from->failure != CONN_DOWN) {
        *err = from->err;
        err->code = ERR_REFUSED;
        err_prefix(err, "the primary is there but cannot be used");
        return err_hint(err, "mend that first (it cannot be fenced as it is), or switch without it "
                             "by --force");
    }
    return wish->options->force || witness_check(run->config, err);
}

static bool decide_failback(struct switch_run *run, struct wish *wish, struct err *err)
{
    const struct probe *from = &wish->probes[run->from];

    wish->forced = wish->options->force;
    if (wish->forced || from->connected)
        return true;
    *err = from->err;
    err->code = ERR_UNREACHABLE;
    err_prefix(err, "the secondary does not answer, and its changes must be merged first");
    return err_hint(err, "try again when it is back; --force makes the primary active without "
                         "them");
}

static bool check_marks(const struct switch_run *run, const struct wish *wish, struct err *err)
{
    enum role role;

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        if (wish->probes[role].connected &&
            !switch_mark_check(run->state, wish->probes[role].epoch, 0, err))
            return false;
    return true;
}

static bool decide(struct switch_run *run, struct wish *wish, struct err *err)
{
    char *identities[2] = {wish->probes[0].identity, wish->probes[1].identity};

    if (!wish->probes[run->to].connected)
        return both_away(run, wish, err);
    if (wish->probes[run->to].in_recovery) {
        err_set(err, ERR_REFUSED, "the %s is a physical standby and takes no writes",
                role_name(run->to));
        return err_hint(err, "promote it first");
    }
    if (!identity_check(run->state, identities, err) || !check_marks(run, wish, err))
        return false;
    return wish->op == SWITCH_FAILOVER ? decide_failover(run, wish, err)
                                       : decide_failback(run, wish, err);
}

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
        return err_hint(err, "run dbr-init-secondary first");
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
    if (err->code == ERR_USAGE || !wish->forced)
        return false;
    log_warn("%s", err->message);
    err_clear(err);
    return true;
}

static bool ask(struct switch_run *run, const struct wish *wish, struct err *err)
{
    char question[256];

    if (wish->automatic || wish->options->force)
        return true;
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
    announce(run);
    return switch_merge(run, false, err) && switch_sync(run, false, err);
}

static bool approach_forced(struct switch_run *run, struct err *err)
{
    const bool wanted[2] = {run->to == ROLE_PRIMARY, run->to == ROLE_SECONDARY};

    if (!past_pay(run->cli, run->config, run->state, run->to, err) ||
        !switch_connect(run, wanted, 0, err) || !switch_check_fences(run, err))
        return false;
    announce(run);
    return true;
}

static bool perform(struct switch_run *run, const struct wish *wish, struct err *err)
{
    journal_begin(&run->journal, run->state, wish->op, wish->forced, wish->automatic,
                  wish->options->reason);
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
    struct conn_params params[2];
    struct err ignored = ERR_INIT;
    enum role role;

    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        params[role] =
            (struct conn_params){role_name(role), run->config->urls[role], run->config->schema,
                                 run->config->health_timeout_ms, false};
    memset(probes, 0, sizeof(probes));
    if (probe_run(params, 2, run->config->health_timeout_ms, probes, &ignored))
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
    return err_hint(err, "mend it, then run dbr-%s again: it sets right what does not agree",
                    switch_op_name(run->journal.op));
}

/* --- already there ------------------------------------------------------------------------------
 */

/* A state that has missed a switch would point the application at the wrong database. Where none
 * answers it is believed: nobody can say otherwise. */
static bool is_current(struct switch_run *run, struct wish *wish, struct err *err)
{
    char *identities[2];

    if (!look(run, wish, err))
        return false;
    identities[0] = wish->probes[0].identity;
    identities[1] = wish->probes[1].identity;
    return identity_check(run->state, identities, err) && check_marks(run, wish, err);
}

/* Nothing to switch; targets that did not follow, and a fence that is owed, are seen to now. */
static bool converge(struct switch_run *run, struct wish *wish, struct err *err)
{
    struct err failure = ERR_INIT;

    if (!check_init(run->state, err) || !is_current(run, wish, err))
        return false;
    if (!wish->options->dry_run)
        pay_now(run);
    if (!wish->options->dry_run && !pointer_move(run->config, run->to, &run->failed, &failure) &&
        run->failed.count == 0)
        strlist_add(&run->failed, failure.message);
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

    if (journal_read(run->state, &left))
        log_warn("an interrupted %s comes first: the next run finishes or undoes it",
                 switch_op_name(left.op));
    if (!check_init(run->state, err) || !look(run, wish, err) || !decide(run, wish, err) ||
        !check_targets(run, wish, err))
        return false;
    journal_begin(&run->journal, run->state, wish->op, wish->forced, false, wish->options->reason);
    wanted[run->from] = !wish->forced;
    if (!switch_connect(run, wanted, 0, err) || !switch_check_fences(run, err))
        return false;
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
 * A switch that was left comes first. A failover that cannot be undone, since the primary is away,
 * is *abandoned* for a forced one, once that has been consented to.
 */
static bool settle_left(struct switch_run *run, const struct wish *wish, bool *abandoned,
                        struct err *err)
{
    struct journal left;

    *abandoned = false;
    if (!journal_read(run->state, &left) || past_resume(run->cli, run->config, run->state, err))
        return true;
    *abandoned = err->code == ERR_UNREACHABLE && wish->op == SWITCH_FAILOVER &&
                 left.op == SWITCH_FAILOVER && !left.forced;
    if (!*abandoned)
        return false;
    log_warn("%s", err->message);
    err_clear(err);
    return true;
}

/* Everything that must hold before the lock is taken, as far as it can be known then. */
static bool prepare(struct switch_run *run, struct wish *wish, struct err *err)
{
    return check_init(run->state, err) && look(run, wish, err) && decide(run, wish, err) &&
           check_targets(run, wish, err) && ask(run, wish, err);
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
    if (abandoned && !(wish->forced ? past_abandon(run->state, run->config, err)
                                    : past_resume(run->cli, run->config, run->state, err)))
        return false;
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
        return err_set(err, ERR_USAGE, "--reason is longer than %d bytes", JOURNAL_REASON_SIZE - 1);
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
