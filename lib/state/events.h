/* events.jsonl: one line per event. A failure to write is a warning on stderr, never the end of a
 * run. */
#ifndef DBR_STATE_EVENTS_H
#define DBR_STATE_EVENTS_H

#include "base/json.h"
#include "state/state.h"

/*
 * event: init, sync, failover, failback, health, conflict, export, import, backup, alert, error.
 * Adds time and active; reason and message may be NULL; extra (may be NULL) is freed and its
 * members are added. Rotated by size (events.jsonl.1).
 */
void events_write(const struct state *state, const char *event, const char *reason,
                  const char *message, struct json *extra);

/* The last of them as an array, the newest first; lines that are damaged are left out. The caller
 * frees it; NULL on error. limit must not be 0. */
struct json *events_last(const struct state *state, size_t limit, struct err *err);

#endif
