/*
 * dbr-failover and dbr-failback, and the same asked for by dbr-health --auto: which kind of switch
 * the situation allows, consent, the lock, the switch itself (switch_walk.c), the report.
 */
#ifndef DBR_OPS_SWITCHOVER_H
#define DBR_OPS_SWITCHOVER_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/main.h"
#include "state/config.h"
#include "state/journal.h"
#include "state/state.h"

struct switch_options {
    const char *reason; /* NULL: none */
    bool force;         /* neither wait for the database that is left behind nor sync from it */
    bool dry_run;
    long wait_s; /* for the lock */
};

/*
 * The whole program. What is already so is done. ERR_UNREACHABLE: the database to switch to is
 * away. ERR_REFUSED: unsafe, or no consent; nothing was changed. ERR_FAILED after a switch that
 * stands: a pointer target or the hook failed.
 */
bool ops_switch(struct cli *cli, enum switch_op op, const struct switch_options *options,
                struct err *err);

/*
 * A switch that automation has decided on: nobody is asked, nothing is printed, op.lock is taken
 * here. state is read anew under it, and is of after the switch when this returns.
 */
bool switch_automatically(struct cli *cli, const struct config *config, struct state *state,
                          enum switch_op op, const char *reason, struct err *err);

#endif
