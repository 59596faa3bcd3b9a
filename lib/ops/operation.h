/*
 * What is being done to the pair right now, for those who look at it from outside: who holds
 * op.lock, and how far a switch has come.
 */
#ifndef DBR_OPS_OPERATION_H
#define DBR_OPS_OPERATION_H

#include "base/json.h"
#include "state/state.h"

/*
 * Sets "operation" in document: null, or {"program", "pid", "since", "switch": null or {"id", "op",
 * "kind", "step", "undoing", "startedAt", "reason"}}. pid is null for a moment after the lock was
 * taken.
 */
void operation_report(struct json *document, const struct state *state);

#endif
