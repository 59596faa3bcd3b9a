/*
 * A whole merge: opens both databases, compares every table, decides, writes to the secondary and
 * marks the base as merged (repl/merge.h tells what that means). What remains is an ordinary sync
 * secondary -> primary.
 */
#ifndef DBR_REPL_MERGE_RUN_H
#define DBR_REPL_MERGE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "repl/merge.h"
#include "repl/reconcile.h"
#include "state/config.h"
#include "state/state.h"

struct merge_options {
    const char *run;     /* of the failover that froze the base */
    bool write;          /* false: decide and count, write nothing anywhere */
    bool force;          /* past the delete guard and the clocks */
    int64_t skew_ms;     /* measured difference of the two clocks; -1: not known */
    const char *program; /* names the salvage file: "failback" */
};

/*
 * The primary must be fenced. On success merge has the base and the counts per table (in the order
 * of r->pairs.items); *already tells that an earlier run had merged, and that nothing was done now.
 * ERR_REFUSED for trouble that no rule decides: base missing or of another run, a table whose
 * columns or key changed since, a table that is held, the delete guard in either direction, clocks
 * too far apart, a unique value that new rows of both sides have. Release both r and merge in
 * either case.
 */
bool merge_run(struct reconciliation *r, struct merge *merge, bool *already,
               const struct config *config, const struct state *state,
               const struct merge_options *options, struct err *err);

#endif
