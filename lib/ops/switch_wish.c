/* Looking and deciding: planned where both answer, forced where the one to be left does not. */
#include "ops/switch_wish.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ops/witness.h"
#include "repl/identity.h"
#include "repl/switch_mark.h"
#include "state/events.h"

/* What was seen longer ago may have become otherwise. */
#define LOOK_LASTS_MS 5000

void wish_release(struct wish *wish)
{
    probe_release(&wish->probes[ROLE_PRIMARY]);
    probe_release(&wish->probes[ROLE_SECONDARY]);
    memset(wish->probes, 0, sizeof(wish->probes));
}

bool wish_look(struct switch_run *run, struct wish *wish, struct err *err)
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
    wish_release(wish);
    wish->looked_ms = clock_mono_ms();
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

    if (!wish->options->force && !wish->options->dry_run && !wish->probes[run->from].connected &&
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

bool wish_check_pair(const struct switch_run *run, const struct wish *wish, struct err *err)
{
    char *identities[2] = {wish->probes[0].identity, wish->probes[1].identity};
    enum role role;

    if (!identity_check(run->state, identities, err))
        return false;
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        if (wish->probes[role].connected &&
            !switch_mark_check(run->state, wish->probes[role].epoch, 0, err))
            return false;
    return true;
}

bool wish_decide(struct switch_run *run, struct wish *wish, struct err *err)
{
    if (!wish->probes[run->to].connected)
        return both_away(run, wish, err);
    if (wish->probes[run->to].in_recovery) {
        err_set(err, ERR_REFUSED, "the %s is a physical standby and takes no writes",
                role_name(run->to));
        return err_hint(err, "promote it first");
    }
    if (!wish_check_pair(run, wish, err))
        return false;
    return wish->op == SWITCH_FAILOVER ? decide_failover(run, wish, err)
                                       : decide_failback(run, wish, err);
}

/* The question, or the lock, may have taken its time. */
bool wish_still_so(struct switch_run *run, struct wish *wish, struct err *err)
{
    bool forced = wish->forced;

    if (clock_mono_ms() - wish->looked_ms < LOOK_LASTS_MS)
        return true;
    if (!wish_look(run, wish, err) || !wish_decide(run, wish, err))
        return false;
    if (wish->forced == forced)
        return true;
    err_set(err, ERR_REFUSED,
            "the %s %s meanwhile: this would be another switch than the one you "
            "agreed to",
            role_name(run->from), forced ? "has come back" : "has gone away");
    return err_hint(err, "run dbr-%s again", switch_op_name(wish->op));
}
