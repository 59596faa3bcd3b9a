#include "ops/health_probes.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/stop.h"
#include "ops/witness.h"
#include "repl/identity.h"
#include "repl/switch_mark.h"
#include "state/journal.h"

static const enum role roles[PROBE_MAX] = {ROLE_PRIMARY, ROLE_SECONDARY};

void health_probes_release(struct checked *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        probe_release(&seen->probes[i]);
    seen->count = 0;
}

/* Where nothing answers, the witnesses say whether it is this machine that is cut off. */
static bool find_isolation(const struct config *config, struct checked *seen, struct err *err)
{
    struct err answer = ERR_INIT;
    seen->isolated = false;
    for (size_t i = 0; i < seen->count; i++)
        if (seen->probes[i].failure != CONN_DOWN)
            return true;
    seen->isolated = witness_configured(config) && !witness_check(config, &answer);
    return stop_check(err);
}

bool health_probes_run(const struct config *config, const struct state *state, struct checked *seen,
                       struct err *err)
{
    struct conn_params params[2];
    health_probes_release(seen);
    seen->count = config->urls[ROLE_SECONDARY] ? 2 : 1;
    for (size_t i = 0; i < seen->count; i++) {
        seen->known[i] = position_known(state, roles[i]);
        params[i] = (struct conn_params){role_name(roles[i]), config->urls[roles[i]],
                                         config->schema, config->health_timeout_ms, false};
    }
    if (!probe_run(params, seen->count, config->health_timeout_ms, seen->probes, err))
        return false;
    return find_isolation(config, seen, err);
}

void health_probes_log(const struct checked *seen)
{
    for (size_t i = 0; i < seen->count && i < PROBE_MAX; i++) {
        if (!seen->probes[i].connected)
            log_error("Health check failed for %s: %s", role_name(roles[i]),
                      seen->probes[i].err.message);
    }
}

bool health_probes_check_active(const struct config *config, const struct state *state,
                                struct err *err)
{
    if (config->urls[ROLE_SECONDARY] || state_active(state) == ROLE_PRIMARY)
        return true;
    err_set(err, ERR_USAGE, "the secondary is active, but DATABASE_URL_SECONDARY is not set");
    return err_hint(err, "set it again, in the env file that dbr has been run with so far");
}

/* A state that was begun anew takes the primary for active, whatever the databases tell. */
static void note_unknown_switch(const struct state *state, const struct probe *probes,
                                struct strlist *notes)
{
    int64_t epoch = probes[ROLE_SECONDARY].epoch;
    if (state_init_status(state) != INIT_DONE && state_active(state) == ROLE_PRIMARY &&
        probes[ROLE_PRIMARY].connected && epoch > probes[ROLE_PRIMARY].epoch &&
        epoch > journal_epoch(state))
        strlist_addf(notes,
                     "the secondary was made the active database by switch %" PRId64
                     ", which this state does not know: look for the lost state, or see dbr(7), "
                     "\"The state file is lost\"",
                     epoch);
}

bool health_probes_check_identities(const struct state *state, const struct checked *seen,
                                    struct strlist *notes, struct err *err)
{
    const struct probe *probes = seen->probes;
    char *identities[2] = {probes[ROLE_PRIMARY].identity, probes[ROLE_SECONDARY].identity};
    struct err refusal = ERR_INIT;
    int64_t epoch = probes[ROLE_PRIMARY].epoch > probes[ROLE_SECONDARY].epoch
                        ? probes[ROLE_PRIMARY].epoch
                        : probes[ROLE_SECONDARY].epoch;
    struct journal left;
    int64_t under_way = journal_read(state, &left) ? left.epoch : 0;
    if (identity_check(state, identities, &refusal) &&
        switch_mark_check(state, epoch, under_way, &refusal)) {
        note_unknown_switch(state, probes, notes);
        return true;
    }
    if (probes[state_active(state)].connected) {
        *err = refusal;
        return false;
    }
    strlist_addf(notes, "%s: %s", refusal.message, refusal.hint);
    return true;
}
