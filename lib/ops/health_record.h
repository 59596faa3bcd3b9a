/* What a check leaves behind: the counters in the state, a line of history, events for what
 * changed. */
#ifndef DBR_OPS_HEALTH_RECORD_H
#define DBR_OPS_HEALTH_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "ops/health_judge.h"
#include "repl/probe.h"
#include "state/state.h"

/*
 * Puts the probes (by role; count 1 without a secondary) into state->root; nothing is written. What
 * changed since the record before is added to changes, in words; the list may be NULL.
 */
void health_apply(struct state *state, const struct probe *probes, size_t count,
                  struct strlist *changes);

/* Notes the judgement in state->root; a new one is added to changes when nothing else was. */
void health_apply_status(struct state *state, const struct health_judgement *judgement,
                         struct strlist *changes);

/* Appends to history and events. Failures are logged: the check itself stands. */
void health_append(const struct state *state, const struct strlist *changes);

#endif
