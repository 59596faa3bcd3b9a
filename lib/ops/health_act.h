/* What dbr-health does besides looking: it settles what earlier runs left, and under --auto it
 * switches. */
#ifndef DBR_OPS_HEALTH_ACT_H
#define DBR_OPS_HEALTH_ACT_H

#include <stdbool.h>

#include "cli/main.h"
#include "ops/auto.h"
#include "ops/health_record.h"
#include "state/config.h"
#include "state/state.h"

/*
 * Finishes or undoes an interrupted switch and pays fences that are owed, as far as the databases
 * for it have just answered; nothing while another run holds op.lock. *settled: something was done,
 * so that what was seen is out of date. What fails is logged and left to a later run. False:
 * ERR_STOPPED, or the state is not usable any more.
 */
bool health_settle(struct cli *cli, const struct config *config, struct state *state,
                   const struct checked *checked, bool *settled, struct err *err);

/*
 * Carries out AUTO_FAILOVER or AUTO_FAILBACK, or moves what did not follow the last switch. What
 * stands in the way is logged and remembered in the state. False as above.
 */
bool health_act(struct cli *cli, const struct config *config, struct state *state,
                enum auto_decision decision, struct err *err);

/* True when a run with --auto has something to do. */
bool health_must_act(const struct state *state, enum auto_decision decision);

#endif
