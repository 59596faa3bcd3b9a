/* Acting on a check. The switch itself, with its lock and its journal, is that of the programs. */
#include "ops/health_act.h"

#include <stdio.h>

#include "base/lock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/stop.h"
#include "ops/past.h"
#include "ops/switchover.h"
#include "state/journal.h"
#include "state/remains.h"

/* --- what was left ------------------------------------------------------------------------------
 */

/* Waiting for the timeout of a database that is known to be away would help nobody. */
static bool can_resume(const struct state *state, const struct checked *checked)
{
    struct journal journal;
    if (!journal_read(state, &journal))
        return false;
    enum role to = switch_target(journal.op);
    if (journal.step >= STEP_POINT && !journal.undoing)
        return true;
    if (journal.step == STEP_OPEN && !journal.undoing && checked->probes[to].connected)
        return true;
    return (!journal.forced || journal.from_fenced) && checked->probes[role_other(to)].connected;
}

static void complain(struct err *why)
{
    log_warn("%s", why->message);
    err_clear(why);
}

static void settle(struct cli *cli, const struct config *config, struct state *state,
                   const struct checked *checked, bool *settled)
{
    static const enum role roles[] = {ROLE_PRIMARY, ROLE_SECONDARY};
    struct err why = ERR_INIT;
    if (can_resume(state, checked)) {
        *settled = true;
        if (!past_resume(cli, config, state, &why)) {
            complain(&why);
            return;
        }
    }
    for (int i = 0; i < 2; i++) {
        if (!journal_debt(state, roles[i]) || state_active(state) == roles[i] ||
            !checked->probes[roles[i]].connected)
            continue;
        *settled = true;
        if (!past_pay(cli, config, state, roles[i], &why))
            complain(&why);
    }
    if (remains_due(state) && checked->probes[state_active(state)].connected)
        past_mend(cli, config, state);
}

bool health_settle(struct cli *cli, const struct config *config, struct state *state,
                   const struct checked *checked, bool *settled, struct err *err)
{
    struct lock lock = LOCK_INIT;
    *settled = false;
    if (checked->count < 2 || !past_is_open(state))
        return true;
    if (!state_lock_operation(state, cli->program->name, 0, &lock, err)) {
        bool busy = err->code == ERR_LOCKED;
        if (busy)
            err_clear(err);
        return busy;
    }
    state_release(state);
    bool ok = state_load(state, config->state_dir, err);
    notify_hold_watchdog();
    if (ok)
        settle(cli, config, state, checked, settled);
    notify_release_watchdog();
    lock_release(&lock);
    return ok && stop_check(err);
}

/* --- switching ----------------------------------------------------------------------------------
 */

bool health_must_act(const struct state *state, enum auto_decision decision)
{
    return decision == AUTO_FAILOVER || decision == AUTO_FAILBACK || auto_unfollowed(state);
}

static enum switch_op op_of(const struct state *state, enum auto_decision decision)
{
    if (decision == AUTO_FAILOVER)
        return SWITCH_FAILOVER;
    if (decision == AUTO_FAILBACK)
        return SWITCH_FAILBACK;
    /* Nothing to switch: the way to where it is already sets right what did not follow. */
    return state_active(state) == ROLE_SECONDARY ? SWITCH_FAILOVER : SWITCH_FAILBACK;
}

static void describe(const struct config *config, const struct state *state, enum switch_op op,
                     char *reason, size_t size)
{
    const struct json *primary = health_entry(state, ROLE_PRIMARY);
    if (op == SWITCH_FAILOVER)
        (void)snprintf(reason, size, "%lld failed checks in a row: %s",
                       (long long)json_int(primary, "consecutiveDown", 0),
                       json_str(primary, "error", "the primary is down"));
    else
        (void)snprintf(reason, size, "%lld good checks in a row (threshold %lld)",
                       (long long)json_int(primary, "consecutiveSuccesses", 0),
                       (long long)auto_failback_threshold(config, state));
}

/* A switch that stands although not everything followed, or one that could not be made. */
static bool remember(struct state *state, enum switch_op op, const struct err *why, struct err *err)
{
    if (!state_begin(state, err))
        return false;
    if (state_active(state) == switch_target(op)) {
        auto_clear_blocked(state);
        auto_set_unfollowed(state, why->code == ERR_NONE ? NULL : why->message);
    } else {
        auto_set_blocked(state, op, why);
    }
    return state_commit(state, err);
}

bool health_act(struct cli *cli, const struct config *config, struct state *state,
                enum auto_decision decision, struct err *err)
{
    enum switch_op op = op_of(state, decision);
    bool switches = decision == AUTO_FAILOVER || decision == AUTO_FAILBACK;
    /* A sync is asked to make way for a switch only. */
    if (!switches && health_is_busy(state))
        return true;
    char reason[JOURNAL_REASON_SIZE];
    struct err why = ERR_INIT;
    describe(config, state, op, reason, sizeof reason);
    notify_hold_watchdog();
    bool ok = switch_automatically(cli, config, state, op, reason, &why);
    notify_release_watchdog();
    if (!ok && (why.code == ERR_STOPPED || !state->dir)) {
        *err = why;
        return false;
    }
    if (ok)
        return remember(state, op, &why, err);
    log_warn("automatic %s: %s", switch_op_name(op), why.message);
    /* Another run is at it, or at something that comes first. */
    if (why.code == ERR_LOCKED)
        return true;
    return remember(state, op, &why, err);
}
