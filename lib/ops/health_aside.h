/*
 * What --watch has running beside its checks: the commands that are told of alerts. A check does
 * not wait for them, since a switch may be due by it.
 */
#ifndef DBR_OPS_HEALTH_ASIDE_H
#define DBR_OPS_HEALTH_ASIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "ops/alerts.h"
#include "ops/unrecorded.h"
#include "state/config.h"
#include "state/state.h"

struct health_aside {
    struct alerts_telling **items;
    size_t count;
    struct unrecorded_telling *record; /* of checks that find no place in the record; or NULL */
};

/* As alerts_tell; state is not between state_begin and state_commit. */
void health_aside_tell(struct health_aside *aside, struct alerts *news, const struct config *config,
                       struct state *state);
/* Serves the commands without waiting, and notes in the state what became of those that have ended.
 * False: none runs any more. */
bool health_aside_serve(struct health_aside *aside, const struct config *config);
/* Waits for all, 25 s at most, not at all when this run is to stop. */
void health_aside_end(struct health_aside *aside, const struct config *config);

#endif
