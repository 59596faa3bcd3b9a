/* What one check asks the databases: both at the same time, whether nothing is reached from this
 * machine, and whether they are the databases of the state. */
#ifndef DBR_OPS_HEALTH_PROBES_H
#define DBR_OPS_HEALTH_PROBES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"
#include "repl/probe.h"
#include "state/config.h"
#include "state/state.h"

/* What one check saw. */
struct checked {
    struct probe probes[PROBE_MAX];   /* by role */
    struct position known[PROBE_MAX]; /* by role, when it was asked */
    size_t count;                     /* 1 without a secondary */
    bool isolated;                    /* neither a database nor a witness answers */
};

/* Looks once more, in place of what was seen before. False only when the run is to end. */
bool health_probes_run(const struct config *config, const struct state *state, struct checked *seen,
                       struct err *err);
void health_probes_release(struct checked *seen);
/* Those that did not answer, to the log. */
void health_probes_log(const struct checked *seen);

/* A state that needs the secondary while none is configured would be judged by the wrong database:
 * ERR_USAGE. */
bool health_probes_check_active(const struct config *config, const struct state *state,
                                struct err *err);
/*
 * The databases must be those of the state. While the active one is down that comes second: the
 * outage is what whoever is called must hear of, and what is wrong is added to notes, in words.
 */
bool health_probes_check_identities(const struct state *state, const struct checked *seen,
                                    struct strlist *notes, struct err *err);

#endif
