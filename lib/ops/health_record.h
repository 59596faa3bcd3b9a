/* What a check leaves behind: the counters in the state, a line of history, events for what
 * changed. */
#ifndef DBR_OPS_HEALTH_RECORD_H
#define DBR_OPS_HEALTH_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "ops/health_judge.h"
#include "ops/health_probes.h"
#include "state/state.h"

/*
 * Puts what was seen into state->root; nothing is written. counts: as one more check in a row, else
 * only as the facts of now. What changed since the record before is added to changes, in words; the
 * list may be NULL.
 */
void health_apply(const struct config *config, struct state *state, const struct checked *checked,
                  bool counts, struct strlist *changes);

/* Notes the judgement in state->root; a new one is added to changes when nothing else was. */
void health_apply_status(struct state *state, const struct health_judgement *judgement,
                         struct strlist *changes);

/* Failures to append are logged: the check itself stands. */
void health_append_history(const struct state *state);
void health_append_events(const struct state *state, const struct strlist *changes);

#endif
