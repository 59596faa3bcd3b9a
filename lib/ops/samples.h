/*
 * What each check measures beside the databases, since it costs nothing: CPU, memory, the disk of
 * the state directory, connections in use. The member "samples" of the state keeps it:
 *
 *  {"time": of the check, "measured": {NAME: {"time", "percent"}},
 *   "cpu": {"time", "uptime", "busy", "total", "limited"}}
 *
 * NAME is that of the alert. cpu is the sample that the next one is measured against, when it is 10
 * seconds to an hour old then: a shorter time would be chance, and a longer one would hide much.
 */
#ifndef DBR_OPS_SAMPLES_H
#define DBR_OPS_SAMPLES_H

#include <stddef.h>

#include "ops/health_judge.h"
#include "repl/probe.h"
#include "state/config.h"
#include "state/state.h"

/* Measures, and puts it into state->root; what cannot be measured now stays as it was. count: of
 * probes, by role. */
void samples_remember(const struct config *config, const struct probe *probes, size_t count,
                      struct state *state);
/* What is beyond its threshold is an alert, for a day also where the last check could not measure
 * it. */
void samples_judge(const struct config *config, const struct state *state,
                   struct health_judgement *judgement);

#endif
