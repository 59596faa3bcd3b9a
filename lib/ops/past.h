/*
 * What an earlier run left behind and every later one sees to first: a switch that was killed,
 * fences that are owed, and what a sync that was broken off has left in the active database.
 */
#ifndef DBR_OPS_PAST_H
#define DBR_OPS_PAST_H

#include <stdbool.h>

#include "cli/main.h"
#include "ops/switch_run.h"
#include "state/config.h"
#include "state/state.h"

/* True when there is something to see to; needs no lock. */
bool past_is_open(const struct state *state);

/*
 * Finishes or undoes a switch that another run left; the caller holds op.lock and has read the
 * state under it. True also when there is none. ERR_UNREACHABLE: a database that is needed for it
 * is away, and everything is as it was.
 */
bool past_resume(struct cli *cli, const struct config *config, struct state *state,
                 struct err *err);

/* Pays the fence of a database, when it is owed: fences it now. ERR_UNREACHABLE while it is away.
 * Lock as above. */
bool past_pay(struct cli *cli, const struct config *config, struct state *state, enum role role,
              struct err *err);

/* Mends what a sync that was broken off has left in the active database (ops/switch_remains.c), as
 * far as that can be done now; what cannot is told, and no failure. Lock as above. */
void past_mend(struct cli *cli, const struct config *config, struct state *state);

/*
 * A state that was written by hand after it was lost says which database is active, and nothing of
 * what a forced failover has left to be merged: the base of it lies in the secondary. Looks there,
 * once. Lock as above.
 */
bool past_learn(struct cli *cli, const struct config *config, struct state *state, struct err *err);
/* Whether the primary is still to be merged, by the state or as past_learn would find; notes
 * nothing. */
bool past_is_merge_due(struct cli *cli, const struct config *config, struct state *state, bool *due,
                       struct err *err);

/* All of this, for programs that need both databases anyway. */
bool past_settle(struct cli *cli, const struct config *config, struct state *state,
                 struct err *err);

/*
 * After a forced failover, once the primary is back and fenced: merges what it holds into the
 * secondary (repl/merge.h), and says so in the outcome's warnings; its conflicts are in the totals.
 * From then on the active wins everywhere. Content when nothing is to be merged. force: past the
 * delete guard and the clocks.
 */
bool past_merge(struct cli *cli, const struct config *config, struct state *state, bool force,
                struct outcome *outcome, struct err *err);

#endif
